package caldav_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

// ownTransport has connections of its own: closing any httptest.Server closes those of http.DefaultTransport.
var ownTransport http.RoundTripper = http.DefaultTransport.(*http.Transport).Clone()

// A browser is a Doer for tests: it logs in, follows redirects within the origin with method and body kept, and counts.
type browser struct {
	user, password string
	transport      http.RoundTripper
	before         func(*http.Request) // called before each request

	mu    stdsync.Mutex
	asked []string // method and path of each request
}

func newBrowser(user, password string, useDigest bool) *browser {
	b := &browser{user: user, password: password, transport: ownTransport}
	if useDigest {
		b.transport = &digest.Transport{Username: user, Password: password, Transport: ownTransport}
	}
	return b
}

func (b *browser) Do(req *http.Request) (*http.Response, error) {
	for hop := 0; ; hop++ {
		if b.before != nil {
			b.before(req)
		}
		b.note(req)
		if b.transport == ownTransport {
			req.SetBasicAuth(b.user, b.password)
		}
		res, err := b.transport.RoundTrip(req)
		if err != nil || res.StatusCode < 300 || res.StatusCode >= 400 || hop == 5 || req.Method == http.MethodPut {
			return res, err
		}
		next, err := req.URL.Parse(res.Header.Get("Location"))
		if err != nil || next.Host != req.URL.Host {
			return res, nil
		}
		_ = res.Body.Close()
		again := req.Clone(req.Context())
		again.URL = next
		if req.GetBody != nil {
			again.Body, _ = req.GetBody()
		}
		req = again
	}
}

func (b *browser) note(req *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, req.Method+" "+req.URL.EscapedPath())
}

// count forgets the requests so far, runs f, and returns those that f made.
func (b *browser) count(f func()) []string {
	b.mu.Lock()
	b.asked = nil
	b.mu.Unlock()
	f()
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.asked...)
}

// send is what another program does: one request, its status and its body.
func (b *browser) send(t testing.TB, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if b.transport == ownTransport {
		req.SetBasicAuth(b.user, b.password)
	}
	res, err := b.transport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// event is an event in the form that every server keeps.
func event(uid, summary string, more ...string) string {
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//convoke//test//EN", "BEGIN:VEVENT", "UID:" + uid,
		"DTSTAMP:20261101T100000Z", "DTSTART:20261224T100000Z", "DTEND:20261224T110000Z", "SUMMARY:" + summary,
	}
	lines = append(append(lines, more...), "END:VEVENT", "END:VCALENDAR", "")
	return strings.Join(lines, "\r\n")
}

// startFake serves a caldavtest server until the test ends.
func startFake(t testing.TB, s *caldavtest.Server) string {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web.URL
}

func contains(data []byte, text string) bool { return bytes.Contains(data, []byte(text)) }
