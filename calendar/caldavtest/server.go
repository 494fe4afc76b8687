// Package caldavtest is a CalDAV server in memory (RFC 4791, 6578, 3744 as far as clients use them). It keeps what it is
// given byte for byte, counts what it is asked, and can be made to behave like the servers that are out there, or to
// fail, by options and faults. Tests run against it, and so does `convoke demo`.
//
// It knows nothing of convoke's own client and imports no test library.
package caldavtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	stdsync "sync"
)

// A Server is an http.Handler with its own store. It is safe for concurrent use.
//
// A user's principal is /principals/NAME/, her home /calendars/NAME/ and her first calendar /calendars/NAME/work/, below
// the prefix that a profile may add (Prefix). All paths that methods take and return are decoded URL paths.
type Server struct {
	mu       stdsync.Mutex
	cfg      config
	users    map[string]*user
	mounts   map[string]*mount // by path, with a slash at the end
	epoch    int               // moves on when the sync tokens are forgotten
	faults   []*Fault
	log      []Request
	counts   map[string]int
	messages []Message
}

type user struct {
	name, password string
	addresses      []string
}

// A mount is a calendar at one place: its owner's home, or that of somebody it is shared with.
type mount struct {
	path     string
	user     string // in whose home it is
	name     string // DAV:displayname
	writable bool
	*collection
}

// New makes a server with the given options; without any it is well-behaved, and empty: User adds people.
func New(opts ...Option) *Server {
	s := &Server{users: map[string]*user{}, mounts: map[string]*mount{}, counts: map[string]int{}, cfg: defaults()}
	s.Set(opts...)
	return s
}

// Set changes options of a running server.
func (s *Server) Set(opts ...Option) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range opts {
		o(s)
	}
}

// Prefix is the path below which everything is; "" unless a profile says otherwise.
func (s *Server) Prefix() string { return s.config().prefix }

// Principal returns the path of a user's principal.
func (s *Server) Principal(name string) string { return s.Prefix() + "/principals/" + name + "/" }

// Home returns the path of a user's calendar home.
func (s *Server) Home(name string) string { return s.Prefix() + "/calendars/" + name + "/" }

// Calendar returns the path of a user's calendar.
func (s *Server) Calendar(name, calendar string) string { return s.Home(name) + calendar + "/" }

// AddCalendar makes another calendar in a user's home and returns its path.
func (s *Server) AddCalendar(owner, segment, displayName string) string {
	path := s.Calendar(owner, segment)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mount(path, owner, displayName, true, newCollection(owner))
	return path
}

// Share shows an owner's calendar in another user's home too, and returns its path there.
func (s *Server) Share(path, with string, writable bool) string {
	home := s.Home(with)
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mounts[path]
	if m == nil {
		return ""
	}
	segment := strings.Trim(path[strings.LastIndexByte(strings.Trim(path, "/"), '/')+1:], "/")
	shared := home + m.owner + "-" + segment + "/"
	s.mount(shared, with, m.name+" ("+m.owner+")", writable, m.collection)
	return shared
}

// Unshare takes a calendar away from where it is mounted; its objects stay where else it is.
func (s *Server) Unshare(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mounts, path)
}

// SetReadOnly makes a calendar refuse changes over the network, or accept them again.
func (s *Server) SetReadOnly(path string, readOnly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.mounts[path]; m != nil {
		m.writable = !readOnly
	}
}

// ForgetTokens makes every sync token that was handed out so far unknown, as after a restored backup.
func (s *Server) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
}

func (s *Server) config() config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

func (s *Server) mount(path, who, displayName string, writable bool, c *collection) *mount {
	m := &mount{path: path, user: who, name: displayName, writable: writable, collection: c}
	s.mounts[path] = m
	return m
}

// ServeHTTP counts the request, lets a fault spoil it, and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	entry := s.record(r)
	defer func() { entry.answered(s, rec.status) }()
	if s.spoil(rec, r) {
		return
	}
	s.serve(rec, r)
}

// serve answers a request as a server without faults.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c := s.config()
	w.Header().Set("Date", c.clock().UTC().Format(http.TimeFormat))
	if c.dav != "" {
		w.Header().Set("DAV", c.dav)
	}
	if c.server != "" {
		w.Header().Set("Server", c.server)
	}
	if r.URL.Path == "/.well-known/caldav" && !c.wellKnownAuth {
		s.wellKnown(w, r, c)
		return
	}
	who := s.authenticate(w, r, c)
	if who == nil {
		return
	}
	if r.URL.Path == "/.well-known/caldav" {
		s.wellKnown(w, r, c)
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, REPORT, MKCALENDAR")
		return
	}
	if c.wantXMLType && (r.Method == "PROPFIND" || r.Method == "REPORT") && !strings.Contains(r.Header.Get("Content-Type"), "xml") {
		http.Error(w, "the body must be XML", http.StatusUnsupportedMediaType)
		return
	}
	if c.refuseChunked && r.ContentLength < 0 {
		http.Error(w, "length required", http.StatusBadRequest)
		return
	}
	s.route(w, r, c, who)
}

func (s *Server) wellKnown(w http.ResponseWriter, r *http.Request, c config) {
	if c.wellKnown == http.StatusOK {
		page(w, http.StatusOK, LoginPage)
		return
	}
	http.Redirect(w, r, c.prefix+"/", c.wellKnown)
}

// route sends the request to what it is for: the root, a principal, a home, a calendar or an object.
func (s *Server) route(w http.ResponseWriter, r *http.Request, c config, who *user) {
	path, inside := strings.CutPrefix(r.URL.Path, c.prefix)
	if !inside {
		http.Error(w, "nothing here", http.StatusMethodNotAllowed)
		return
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/" || path == "" || (len(parts) <= 2 && (parts[0] == "principals" || parts[0] == "calendars")):
		if r.Method != "PROPFIND" {
			http.Error(w, "only PROPFIND here", http.StatusMethodNotAllowed)
			return
		}
		s.propfindTop(w, r, c, who, parts)
	case len(parts) >= 3 && parts[0] == "calendars":
		s.serveCalendar(w, r, c, who, parts)
	default:
		http.Error(w, "nothing here", http.StatusNotFound)
	}
}

// serveCalendar answers for a calendar or an object in it.
func (s *Server) serveCalendar(w http.ResponseWriter, r *http.Request, c config, who *user, parts []string) {
	path := c.prefix + "/" + strings.Join(parts[:3], "/") + "/"
	s.mu.Lock()
	m := s.mounts[path]
	s.mu.Unlock()
	if parts[1] != who.name {
		s.foreign(w, r, c, who, path)
		return
	}
	if m == nil {
		if r.Method == "MKCALENDAR" && len(parts) == 3 {
			s.mkcalendar(w, r, who, path, parts[2])
			return
		}
		http.Error(w, "no such calendar", http.StatusNotFound)
		return
	}
	if len(parts) > 3 {
		s.serveObject(w, r, c, m, strings.Join(parts[3:], "/"))
		return
	}
	switch r.Method {
	case "PROPFIND":
		s.propfindCalendar(w, r, c, m, who)
	case "REPORT":
		s.report(w, r, c, m)
	case "MKCALENDAR":
		http.Error(w, "there is one already", http.StatusMethodNotAllowed)
	default:
		http.Error(w, "not on a calendar", http.StatusMethodNotAllowed)
	}
}

// foreign answers for a calendar of somebody else.
func (s *Server) foreign(w http.ResponseWriter, r *http.Request, c config, who *user, path string) {
	switch {
	case c.foreign == http.StatusMovedPermanently:
		http.Redirect(w, r, c.prefix+"/calendars/"+who.name+"/other.Default/", http.StatusMovedPermanently)
	case c.foreign == http.StatusMultiStatus && r.Method == "PROPFIND":
		ms := startMultistatus(w)
		ms.denied(c.href(path), requested(r))
		ms.end("")
	case c.foreign == http.StatusMultiStatus:
		davError(w, http.StatusForbidden, "D:need-privileges")
	default:
		davError(w, c.foreign, "D:need-privileges")
	}
}

func (s *Server) mkcalendar(w http.ResponseWriter, r *http.Request, who *user, path, segment string) {
	name := displayNameIn(r)
	if name == "" {
		name = segment
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mount(path, who.name, name, true, newCollection(who.name))
	w.WriteHeader(http.StatusCreated)
}

// href encodes a path as the server that is played does.
func (c config) href(path string) string {
	if c.hrefs != nil {
		return c.hrefs(path)
	}
	return (&url.URL{Path: path}).EscapedPath()
}

// objectHref encodes the path of an object; a slash in its name stays one by being %2F.
func (c config) objectHref(collection, name string) string {
	return c.href(collection) + strings.ReplaceAll(c.href(name), "/", "%2F")
}

func page(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}
