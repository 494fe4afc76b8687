package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
	"convoke/calendar/vdir"
	"convoke/internal/keyring"
	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// monday is when every story begins.
var monday = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const joinPrefix = "https://meet.example.com/join/"

// A world has people with calendars on a CalDAV server in memory, a platform in memory, a ledger, and an engine between
// them. Nothing in it has a socket or looks at the real clock.
type world struct {
	t        testing.TB
	clock    *clock
	dav      *caldavtest.Server
	platform *meetingtest.Server
	client   *meetingapi.Client
	keys     keyring.Keyring
	ledger   store.Ledger
	file     string // of the ledger; "" in memory
	people   []sync.Organizer
	shelf    *shelf
	engine   *sync.Engine
	steps    []sync.Step
	log      *logbook
	witness  *witness // nil: the ledger is never in doubt
}

// A witness is what stands in the stamp file.
type witness struct {
	mu   stdsync.Mutex
	text string
}

func (w *witness) Read() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text, nil
}

func (w *witness) Write(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = text
	return nil
}

// readsBack lets convoke read the platform's feed, which shows what is in a meeting, and notice that the ledger was lost.
func (w *world) readsBack() {
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = true })
	w.witness = &witness{text: sync.FreshInstall}
	w.engine.Witness = w.witness
	for i := range w.people {
		w.people[i].Feed = w.feedOf(w.people[i].Email)
	}
}

// feedOf reads somebody's feed.
func (w *world) feedOf(email string) func(context.Context) ([]meetingapi.FeedEntry, error) {
	for _, u := range w.platform.Users() {
		if u.Email == email {
			return func(ctx context.Context) ([]meetingapi.FeedEntry, error) { return w.client.Feed(ctx, u.ICSPath()) }
		}
	}
	return nil
}

// newWorld makes a world with alice in it, who has a calendar "work".
func newWorld(t testing.TB, opts ...caldavtest.Option) *world {
	ledger, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	w := newWorldOn(t, ledger, opts...)
	t.Cleanup(func() { require.NoError(t, w.ledger.Close()) })
	return w
}

func newWorldOn(t testing.TB, ledger store.Ledger, opts ...caldavtest.Option) *world {
	c := &clock{now: monday}
	w := &world{
		t: t, clock: c, ledger: ledger, keys: keyring.Generate(), log: &logbook{},
		dav:      caldavtest.New(append([]caldavtest.Option{caldavtest.Clock(c.Now)}, opts...)...),
		platform: meetingtest.New(meetingtest.Options{Now: c.Now, Knobs: meetingtest.Knobs{AllowDelete: true}}),
	}
	w.shelf = &shelf{world: w, places: map[string][]store.Calendar{}}
	w.client = w.platformClient(w.platform)
	w.join("alice")
	w.start()
	return w
}

// onDisk moves the ledger of a world that has not begun into a file.
func (w *world) onDisk() *world {
	require.NoError(w.t, w.ledger.Close())
	w.file = filepath.Join(w.t.TempDir(), "ledger.db")
	w.open()
	return w
}

func (w *world) open() {
	ledger, err := sqlite.Open(context.Background(), w.file, sqlite.Options{})
	require.NoError(w.t, err)
	w.ledger = ledger
	w.start()
}

// copied is the ledger's file as it is now.
func (w *world) copied() []byte {
	w.t.Helper()
	require.NoError(w.t, w.ledger.Close())
	data, err := os.ReadFile(w.file)
	require.NoError(w.t, err)
	w.open()
	return data
}

// putBack puts an old copy in the place of the ledger.
func (w *world) putBack(data []byte) {
	w.t.Helper()
	require.NoError(w.t, w.ledger.Close())
	require.NoError(w.t, os.WriteFile(w.file, data, 0o600))
	for _, beside := range []string{"-wal", "-shm"} {
		os.Remove(w.file + beside) // of the ledger before it
	}
	w.open()
}

// restart is what a new process finds: the ledger, and nothing that was in memory.
func (w *world) restart() {
	if w.file != "" {
		require.NoError(w.t, w.ledger.Close())
		w.open()
		return
	}
	w.start()
}

// loseLedger puts an empty ledger in the place of the one there was.
func (w *world) loseLedger() {
	require.NoError(w.t, w.ledger.Close())
	ledger, err := sqlite.Memory(w.t.Context())
	require.NoError(w.t, err)
	w.ledger, w.file = ledger, ""
	w.start()
}

// start makes a new engine over what is there.
func (w *world) start() {
	w.engine = &sync.Engine{
		Ledger: w.ledger,
		People: func(context.Context) ([]sync.Organizer, error) {
			return append([]sync.Organizer(nil), w.people...), nil
		},
		Calendars: w.shelf, Seals: calendar.NewSealer(w.keys.Seal()), Token: w.keys.MeetingToken,
		Now: w.clock.Wall, Uptime: w.clock.Uptime, Stamp: sync.Stamp, Workers: 4, Patient: true, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Step: func(s sync.Step) { w.steps = append(w.steps, s) },
	}
	if w.witness != nil {
		w.engine.Witness = w.witness
	}
}

func (w *world) platformClient(d meetingapi.Doer) *meetingapi.Client {
	c, err := meetingapi.New("https://platform.example.com", func() (string, error) { return meetingtest.DefaultKey, nil }, d,
		meetingapi.Options{PerSecond: 1e6, InFlight: 4, AllowDelete: true})
	require.NoError(w.t, err)
	return c
}

// join makes somebody an organizer, with a calendar "work".
func (w *world) join(name string) {
	caldavtest.User(name, "secret")(w.dav)
	email := name + "@example.com"
	_, user := w.platform.AddAccount(meetingtest.User{Email: email, FirstName: name, LastName: "Liddell"})
	template, err := calendar.ParseJoinTemplate(joinPrefix + "{meetingId}")
	require.NoError(w.t, err)
	w.people = append(w.people, sync.Organizer{
		Email: email, Addresses: []string{email}, UserID: user.ID, Home: time.UTC, Platform: w.client, Agenda: true,
		Rules: sync.Rules{
			Mode: sync.Marked, Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"}, Preset: sync.Preset{Type: "standard"}, Join: template,
			Cancel: sync.Retitle, Undo: 10 * time.Minute, Settle: 10 * time.Minute,
		},
	})
	w.shelf.add(name, w.dav.Calendar(name, "work"), "Work")
}

// rules changes what the admin set for everybody.
func (w *world) rules(change func(*sync.Rules)) {
	for i := range w.people {
		change(&w.people[i].Rules)
	}
}

// pass makes a pass in which nothing may go wrong.
func (w *world) pass() sync.Report {
	w.t.Helper()
	r := w.try()
	require.Empty(w.t, r.Errors)
	return r
}

// try makes a pass in which calendars, events and the platform may fail, but not the ledger.
func (w *world) try() sync.Report {
	w.t.Helper()
	r, err := w.engine.Pass(w.t.Context(), "")
	require.NoError(w.t, err)
	require.Equal(w.t, r.Failed, len(r.Errors))
	return r
}

// idle makes a pass that must find nothing to do: no write to a calendar, no call to the platform, and no question
// but one a calendar.
func (w *world) idle() {
	w.t.Helper()
	calls := w.platform.CountCalls()
	w.dav.ResetLog()
	w.steps = nil
	r := w.pass()
	assert.Zero(w.t, r, "an idle pass")
	assert.Empty(w.t, w.steps)
	assert.Equal(w.t, calls, w.platform.CountCalls(), "calls of the platform")
	assert.Len(w.t, w.dav.Requests(), w.shelf.count(), "one question a calendar: %v", w.dav.Counts())
}

// newClient forgets what the client of the platform remembers: for how long, by the real clock, it was asked to wait.
func (w *world) newClient() {
	w.client = w.platformClient(w.platform)
	for i := range w.people {
		w.people[i].Platform = w.client
	}
}

// later moves the clock and makes a pass.
func (w *world) later(d time.Duration) sync.Report {
	w.t.Helper()
	w.clock.add(d)
	return w.pass()
}

// rest makes passes until one changes nothing: what was written comes back once in the next report.
func (w *world) rest() {
	w.t.Helper()
	w.pass()
	w.idle()
}

// The calls that were made so far, by route.
func (w *world) posts() int { return w.platform.CountCalls(meetingtest.CreateMeeting) }
func (w *world) puts() int  { return w.platform.CountCalls(meetingtest.UpdateMeeting) }

// meetings are those that are there.
func (w *world) meetings() []meetingtest.Meeting {
	var there []meetingtest.Meeting
	for _, m := range w.platform.Meetings() {
		if m.DeletedAt.IsZero() {
			there = append(there, m)
		}
	}
	return there
}

// meeting is the one meeting that the platform has.
func (w *world) meeting() meetingtest.Meeting {
	w.t.Helper()
	all := w.meetings()
	require.Len(w.t, all, 1)
	return all[0]
}

// topics are the titles of all meetings in the order of their creation.
func (w *world) topics() []string {
	topics := []string{}
	for _, m := range w.meetings() {
		topics = append(topics, m.Topic)
	}
	return topics
}

// row is what the ledger has of an event in a calendar on the server.
func (w *world) row(e *entry) store.ObjectRow {
	w.t.Helper()
	cals, err := w.ledger.Calendars(w.t.Context(), "")
	require.NoError(w.t, err)
	for _, c := range cals {
		if strings.HasPrefix(davOrigin+e.path, c.URL) {
			row, err := w.ledger.Object(w.t.Context(), c.ID, e.path)
			require.NoError(w.t, err)
			return row
		}
	}
	require.Fail(w.t, "no calendar holds "+e.path)
	return store.ObjectRow{}
}

// link is alice's link of an event.
func (w *world) link(uid string) store.Link {
	w.t.Helper()
	l, err := w.ledger.Link(w.t.Context(), "alice@example.com", uid)
	require.NoError(w.t, err)
	return l
}

// rule is the last decision on an event.
func (w *world) rule(uid string) sync.Rule {
	w.t.Helper()
	all, err := w.ledger.Decisions(w.t.Context(), uid)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all, "nothing was decided about %s", uid)
	return sync.Rule(all[0].Rule)
}

// A clock stands still until it is moved. Convoke's own may be wrong.
type clock struct {
	mu    stdsync.Mutex
	now   time.Time
	wrong time.Duration // convoke's is ahead by so much
}

// Wall is what convoke's machine takes for the time.
func (c *clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Add(c.wrong)
}

// Uptime is how long convoke's machine has been running.
func (c *clock) Uptime() time.Duration { return c.Now().Sub(monday) }

// set makes convoke's machine wrong by so much; 0 sets it right.
func (c *clock) set(wrong time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = wrong
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A logbook keeps what was logged.
type logbook struct {
	mu   stdsync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const davOrigin = "http://127.0.0.1:5232"

// A shelf holds everybody's calendars; it is a sync.Calendars.
type shelf struct {
	*world
	mu        stdsync.Mutex
	places    map[string][]store.Calendar    // by organizer
	feeds     map[string]calendar.Collection // subscriptions, by URL
	source    string
	finds     int
	broken    error                                                               // of Find
	addresses []string                                                            // what the server says
	wrap      func(row store.Calendar, c calendar.Collection) calendar.Collection // nil: as they are
}

func (s *shelf) add(who, path, name string) {
	email := who + "@example.com"
	url := path
	if !filepath.IsAbs(path) || !isFolder(path) {
		url = davOrigin + path
	}
	s.places[email] = append(s.places[email], store.Calendar{Organizer: email, URL: url, Name: name, Source: "configured"})
	s.source += "+"
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (s *shelf) count() (n int) {
	for _, rows := range s.places {
		n += len(rows)
	}
	return n
}

func (s *shelf) Source(organizer string) string { return s.source }

func (s *shelf) Find(_ context.Context, organizer string) (sync.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	return sync.Found{Calendars: s.places[organizer], Addresses: s.addresses}, s.broken
}

func (s *shelf) Open(row store.Calendar) (c calendar.Collection, err error) {
	switch {
	case strings.HasPrefix(row.URL, davOrigin):
		user, _, _ := strings.Cut(row.Organizer, "@")
		c, err = caldav.Open(s.doer(user), row.URL, row.Profile)
	case s.feeds[row.URL] != nil:
		c = s.feeds[row.URL]
	default:
		c, err = vdir.Open(row.URL)
	}
	if err == nil && s.wrap != nil {
		c = s.wrap(row, c)
	}
	return c, err
}

// doer sends requests to the server in memory, with a password.
func (s *shelf) doer(user string) caldav.Doer {
	wire := wire{s.dav}
	if strings.HasPrefix(s.dav.Prefix(), "/dav.php") || strings.HasPrefix(s.dav.Prefix(), "/server.php") {
		return &http.Client{Transport: &digest.Transport{Username: user, Password: "secret", Transport: wire}}
	}
	return basic{user, wire}
}

type basic struct {
	user string
	wire
}

func (b basic) Do(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth(b.user, "secret")
	return b.RoundTrip(r)
}

// A wire hands requests to a handler without a network.
type wire struct{ http.Handler }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	if sent.Body == nil {
		sent.Body = http.NoBody
	}
	sent.RequestURI = r.URL.RequestURI()
	rec := httptest.NewRecorder()
	aborted := w.serve(rec, sent)
	if aborted != nil && !rec.Flushed {
		return nil, aborted
	}
	res := rec.Result()
	res.Request = r
	if aborted != nil {
		res.Body = io.NopCloser(io.MultiReader(rec.Body, cutOff{}))
	}
	return res, nil
}

// serve lets the server answer. A connection that it closes is lost; a hook that panics with errNoAnswer has the client wait in vain.
func (w wire) serve(rec *httptest.ResponseRecorder, r *http.Request) (aborted error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = io.ErrUnexpectedEOF
		case errNoAnswer:
			aborted = errNoAnswer
		default:
			panic(p)
		}
	}()
	w.ServeHTTP(rec, r)
	return nil
}

// errNoAnswer is what a client has after it waited long enough.
var errNoAnswer = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)

// cutOff is the end of a body that was not whole.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// An entry is an event as its author sees it in a calendar program.
type entry struct {
	*world
	path, uid string
}

// book puts an event into alice's calendar "work": tomorrow from nine to ten, unless the lines say otherwise.
func (w *world) book(name string, lines ...string) *entry {
	w.t.Helper()
	return w.bookAt(w.dav.Calendar("alice", "work")+name+".ics", name, lines...)
}

func (w *world) bookAt(path, uid string, lines ...string) *entry {
	w.t.Helper()
	require.NoError(w.t, w.dav.Put(path, vevent(uid, lines...)))
	return &entry{world: w, path: path, uid: uid}
}

// vevent is an iCalendar object with one event; a line takes the place of the one that it begins like.
func vevent(uid string, lines ...string) string {
	base := []string{
		"UID:" + uid, "DTSTAMP:20261101T080000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:" + uid,
	}
	property := regexp.MustCompile(`^[A-Z-]+`)
	for _, line := range lines {
		replaced := false
		for i := range base {
			if property.FindString(base[i]) == property.FindString(line) && !strings.HasPrefix(line, "ATTENDEE") {
				base[i], replaced = line, true
			}
		}
		if !replaced {
			base = append(base, line)
		}
	}
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar//EN", "BEGIN:VEVENT"}, base...)
	return strings.Join(append(all, "END:VEVENT", "END:VCALENDAR", ""), "\r\n")
}

// raw is what the calendar holds.
func (e *entry) raw() string {
	e.t.Helper()
	data, _, ok := e.dav.Get(e.path)
	require.True(e.t, ok, "no event at %s", e.path)
	return string(data)
}

// text is that without folds.
func (e *entry) text() string {
	e.t.Helper()
	return strings.ReplaceAll(e.raw(), "\r\n ", "")
}

// parsed is the event as convoke reads it.
func (e *entry) parsed() *calendar.Component {
	e.t.Helper()
	ev, err := calendar.Parse([]byte(e.raw()), time.UTC)
	require.NoError(e.t, err)
	return ev.Components[0]
}

// edit changes the unfolded text.
func (e *entry) edit(old, replacement string) {
	e.t.Helper()
	text := e.text()
	require.Contains(e.t, text, old)
	require.NoError(e.t, e.dav.Put(e.path, strings.ReplaceAll(text, old, replacement)))
}

// set gives a property another line, or ("") takes it out.
func (e *entry) set(property, line string) {
	e.t.Helper()
	if line != "" {
		line += "\r\n"
	}
	old := regexp.MustCompile(`(?m)^` + property + `[:;].*\r\n`).FindString(e.text())
	if old == "" {
		e.edit("END:VEVENT", line+"END:VEVENT")
		return
	}
	e.edit(old, line)
}

func (e *entry) delete() {
	e.t.Helper()
	require.NoError(e.t, e.dav.Delete(e.path))
}

// restore puts back a text that was there before.
func (e *entry) restore(raw string) {
	e.t.Helper()
	require.NoError(e.t, e.dav.Put(e.path, raw))
}

// clear takes every trace of the meeting out that a calendar program shows.
func (e *entry) clear() {
	e.t.Helper()
	for _, property := range []string{"LOCATION", "URL", "CONFERENCE", "DESCRIPTION"} {
		if strings.Contains(e.text(), "\r\n"+property) {
			e.set(property, "")
		}
	}
}

// shows asserts that the event carries the join details of a meeting, and of no other.
func (e *entry) shows(m meetingtest.Meeting) {
	e.t.Helper()
	c := e.parsed()
	for _, field := range []string{c.Location, c.URL, c.Description} {
		assert.Contains(e.t, field, joinPrefix+m.Number)
	}
	for _, number := range regexp.MustCompile(joinPrefix+`([0-9-]+)`).FindAllStringSubmatch(e.text(), -1) {
		assert.Equal(e.t, m.Number, number[1], "the number of another meeting in %s", e.text())
	}
	assert.NotContains(e.t, c.Location, "@meet")
}

// bare asserts that no trace of any meeting is in the event.
func (e *entry) bare() {
	e.t.Helper()
	for _, trace := range []string{joinPrefix, "CONFERENCE", "X-CONVOKE", "Web meeting"} {
		assert.NotContains(e.t, e.text(), trace)
	}
}

func lineOf(text, property string) string {
	for line := range strings.SplitSeq(text, "\r\n") {
		if strings.HasPrefix(line, property) {
			return line
		}
	}
	return ""
}

func utc(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(fmt.Sprintf("utc: %v", err))
	}
	return t
}
