// Package meetingtest is the meeting platform as a server in memory. It serves the documented routes only, is strict about
// headers, fields, types and times, answers with the oddities that the vendor's tutorial shows, and misbehaves on request:
// what the platform does not document is a knob (Knobs) and what can go wrong is a fault (Fault).
//
// It ships in `convoke demo`, so it imports no test library; and it must not know package meetingapi, whose errors it
// would otherwise share.
package meetingtest

import (
	"fmt"
	"io"
	"net/http"
	stdsync "sync"
	"time"
)

// DefaultKey is the instance-level API key of a server whose options name none.
const DefaultKey = "instance-key"

// Options say how a server starts.
type Options struct {
	InstanceKey string           // default DefaultKey
	Now         func() time.Time // the platform's clock; default time.Now
	TimeZone    string           // of users that are given none; default Europe/Paris
	Knobs       Knobs
}

// Knobs are what the platform's documentation leaves open. The zero value is the default.
type Knobs struct {
	Agenda      Agenda        // what becomes of `agenda` in a request
	ClosedStays bool          // a meeting whose end has passed stays closed, whatever window it is given
	FeedDetails bool          // the feed shows internal ids, numbers and agenda, not just UID, SUMMARY, DTSTART and DTEND
	FeedLag     time.Duration // how old the feed is
	AllowDelete bool          // DELETE /api/v6/meeting/{id} is there
	Failures    FailureStyle  // how a refusal looks
	Stingy      bool          // recording and dial-in are not granted
	DialIns     []any         // items of dialInNumbers of a meeting with dial-in: strings or objects; the pin is 4711
}

// Agenda says what becomes of a request's agenda.
type Agenda int

const (
	AgendaAccepted Agenda = iota
	AgendaIgnored
	AgendaRefused
)

// A Server is the platform. It is safe for concurrent use.
type Server struct {
	mu       stdsync.Mutex
	knobs    Knobs
	now      func() time.Time
	timeZone string
	keys     map[string]string // key to the account it is for, "" for the instance
	serial   int
	accounts []*account
	users    []*User
	meetings []*meeting
	calls    []Call
	mails    []Mail
	faults   map[Route][]Fault
	late     []func()
}

// New returns a server without accounts.
func New(o Options) *Server {
	s := &Server{
		knobs:    o.Knobs,
		now:      o.Now,
		timeZone: o.TimeZone,
		keys:     map[string]string{},
		faults:   map[Route][]Fault{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.timeZone == "" {
		s.timeZone = "Europe/Paris"
	}
	if o.InstanceKey == "" {
		o.InstanceKey = DefaultKey
	}
	s.keys[o.InstanceKey] = ""
	return s
}

// Set turns knobs.
func (s *Server) Set(change func(*Knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.knobs)
}

// SetNow stops the platform's clock at t.
func (s *Server) SetNow(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = func() time.Time { return t }
}

// A request is what was read of an HTTP request.
type request struct {
	route  Route
	arg    string // the id or token in the path
	header http.Header
	body   []byte
}

// A reply is what is to be answered.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// ServeHTTP answers one call, or lets the next fault of its route do so.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler) // the client hung up
	}
	route, arg := match(r.Method, r.URL.EscapedPath())
	req := request{route: route, arg: arg, header: r.Header, body: body}
	fault := s.record(r, req)
	if fault.Hook != nil {
		fault.Hook(r.Context())
	}
	answer := fault.run(s, func() reply { return s.apply(req) })
	w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
	fault.send(w, answer)
}

func (s *Server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// record notes a call and takes the next fault of its route.
func (s *Server) record(r *http.Request, req request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, Call{
		At: s.now(), Route: req.route, Method: r.Method, Path: r.URL.EscapedPath(),
		UserID: r.Header.Get("X-User-Id"), Body: req.body,
	})
	queue := s.faults[req.route]
	if len(queue) == 0 {
		return Fault{}
	}
	s.faults[req.route] = queue[1:]
	return queue[0]
}

// apply carries a call out, whole or not at all.
func (s *Server) apply(req request) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.route == Feed {
		return s.feed(req)
	}
	data, refused := s.dispatch(req)
	if refused != nil {
		return s.knobs.Failures.reply(refused)
	}
	return envelope(http.StatusOK, 0, "", data)
}

// dispatch checks the headers and calls the route's handler.
func (s *Server) dispatch(req request) (any, *refusal) {
	if req.route == "" || (req.route == DeleteMeeting && !s.knobs.AllowDelete) {
		return nil, notFound("no such method and path")
	}
	caller, refused := s.authenticate(req)
	if refused != nil {
		return nil, refused
	}
	switch req.route {
	case CreateAccount:
		return s.createAccount(caller, req.body)
	case Admins:
		return s.admins(caller, req.arg)
	case CreateMeeting:
		return s.createMeeting(caller, req.body)
	case UpdateMeeting:
		return s.updateMeeting(caller, req.arg, req.body)
	case DeleteMeeting:
		return s.deleteMeeting(caller, req.arg)
	}
	panic(fmt.Sprintf("meetingtest: no handler for %q", req.route))
}
