package feed_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/feed"
)

const secretPath = "/calendar/ical/canary-5c1d/basic.ics"

// A server serves one feed, in the ways that servers have.
type server struct {
	mu       stdsync.Mutex
	body     string
	etags    bool
	modified time.Time                                                // Last-Modified; zero for none
	fault    func(w http.ResponseWriter, r *http.Request) (done bool) // nil for none
	asked    []http.Header
	answered []int
	url      string
}

func newServer(t testing.TB, body string) *server {
	t.Helper()
	s := &server{body: body}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.url = web.URL + secretPath
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Header.Clone())
	code := &recorder{ResponseWriter: w, code: http.StatusOK}
	defer func() { s.answered = append(s.answered, code.code) }()
	if s.fault != nil && s.fault(code, r) {
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	if s.etags {
		w.Header().Set("ETag", tagOf(s.body))
	}
	http.ServeContent(code, r, "", s.modified, strings.NewReader(s.body))
}

func tagOf(body string) string { return feed.ETag([]byte(body)) }

type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// set changes what the server does.
func (s *server) set(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// codes returns the answers so far, and forgets them.
func (s *server) codes() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	codes := s.answered
	s.answered, s.asked = nil, nil
	return codes
}

// A client is a Doer that follows no redirect.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func open(t testing.TB, address string) *feed.Subscription {
	t.Helper()
	s, err := feed.Open(client, address)
	require.NoError(t, err)
	return s
}

// A report is what a look told.
type report struct {
	rows  map[string]calendar.Change
	order []string
	calendar.Look
}

func (r report) seen(href string) string { return r.rows[href].ETag }

// since is what the ledger would know after the report.
func (r report) since() calendar.Since { return calendar.Since{Token: r.Token, ETag: r.seen} }

func never() calendar.Since { return calendar.Since{ETag: func(string) string { return "" }} }

func look(ctx context.Context, c calendar.Collection, since calendar.Since) (report, error) {
	r := report{rows: map[string]calendar.Change{}}
	var err error
	r.Look, err = c.Changes(ctx, since, func(c calendar.Change) error {
		if _, twice := r.rows[c.Href]; twice {
			return fmt.Errorf("%s was reported twice", c.Href)
		}
		r.rows[c.Href] = c
		r.order = append(r.order, c.Href)
		return nil
	})
	return r, err
}

func mustLook(t testing.TB, c calendar.Collection, since calendar.Since) report {
	t.Helper()
	r, err := look(t.Context(), c, since)
	require.NoError(t, err)
	return r
}

// vevent is an event with a stamp of its own.
func vevent(uid, summary, stamp string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:" + stamp + "\r\nDTSTART:20261210T140000Z\r\nSUMMARY:" + summary + "\r\nEND:VEVENT\r\n"
}

const stamp = "20261101T090000Z"

func vcalendar(parts ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Test//EN\r\n" + strings.Join(parts, "") + "END:VCALENDAR\r\n"
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(data)
}
