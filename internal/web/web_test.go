package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/web"
)

var key = bytes.Repeat([]byte{7}, 32)

const (
	ics  = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
	etag = `"v1"`
)

// A source publishes alice's feed, and may fail.
type source struct {
	fail  func(token string) error // nil for none
	asked chan string              // nil when nobody wants to know
}

func (s *source) Feed(_ context.Context, token string) ([]byte, string, bool, error) {
	if s.asked != nil {
		s.asked <- token
	}
	if s.fail != nil {
		if err := s.fail(token); err != nil {
			return nil, "", false, err
		}
	}
	valid := []string{web.Token(key, "bob@example.com", 1), web.Token(key, "alice@example.com", 1)}
	return []byte(ics), etag, web.Match(token, valid) == 1, nil
}

// A log can be read while it is written.
type log struct {
	mu   stdsync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A site is a running server.
type site struct {
	t    *testing.T
	log  *log
	addr string
	stop func() error
}

func start(t *testing.T, o web.Options) *site {
	t.Helper()
	s := &site{t: t, log: &log{}}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	o.Log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, err := web.New(o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	s.addr = server.Addr().String()
	s.stop = stdsync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { assert.NoError(t, s.stop()) })
	return s
}

// ask sends a request; headers come in pairs, and Host is one of them.
func (s *site) ask(method, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, nil)
	require.NoError(s.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res, string(body)
}

func path(token string) string { return "/feed/" + token + ".ics" }

func TestFeed(t *testing.T) {
	s := start(t, web.Options{Feeds: &source{}})
	alice := path(web.Token(key, "alice@example.com", 1))
	for _, c := range []struct {
		name, method string
		header       []string
		status       int
		body         string
	}{
		{"GET", "GET", nil, 200, ics},
		{"HEAD", "HEAD", nil, 200, ""},
		{"as it was", "GET", []string{"If-None-Match", etag}, 304, ""},
		{"as it was, weakly and among others", "GET", []string{"If-None-Match", `"v0", W/"v1"`}, 304, ""},
		{"changed", "GET", []string{"If-None-Match", `"v0"`}, 200, ics},
		{"any", "GET", []string{"If-None-Match", "*"}, 304, ""},
		{"HEAD, as it was", "HEAD", []string{"If-None-Match", etag}, 304, ""},
		{"a part", "GET", []string{"Range", "bytes=0-4"}, 206, ics[:5]},
		{"from another site's page", "GET", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.com"}, 200, ics},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := s.ask(c.method, alice, c.header...)
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, c.body, body)
			assert.Equal(t, etag, res.Header.Get("ETag"))
			assert.Equal(t, "private, no-cache", res.Header.Get("Cache-Control"))
			if c.status == 200 {
				assert.Equal(t, "text/calendar; charset=utf-8", res.Header.Get("Content-Type"))
				assert.EqualValues(t, len(ics), res.ContentLength)
				assert.Contains(t, res.Header.Get("Content-Disposition"), `"calendar.ics"`)
			}
		})
	}
}

// Every answer has the headers that keep a browser from making anything of it, whatever its status.
func TestHeadersOfEveryAnswer(t *testing.T) {
	numbers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "convoke_held_meetings 0\n") })
	s := start(t, web.Options{Feeds: &source{}, Metrics: numbers})
	for _, c := range []struct {
		method, path, host string
		status             int
	}{
		{"GET", path(web.Token(key, "alice@example.com", 1)), "", 200},
		{"GET", path(web.Token(key, "mallory@example.com", 1)), "", 404},
		{"GET", "/healthz", "", 200},
		{"GET", "/", "", 404},
		{"POST", "/healthz", "", 405},
		{"GET", "/healthz", "evil.example.com", 421},
		{"GET", "/metrics", "", 200},
		{"GET", "/metrics", "evil.example.com", 421},
	} {
		res, _ := s.ask(c.method, c.path, "Host", c.host)
		assert.Equal(t, c.status, res.StatusCode, c.path)
		assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'", c.path)
		assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), c.path)
		assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"), c.path)
		assert.Equal(t, "same-origin", res.Header.Get("Cross-Origin-Resource-Policy"), c.path)
		assert.Regexp(t, "^(no-store|private, no-cache)$", res.Header.Get("Cache-Control"), c.path)
		assert.Empty(t, res.Header.Get("Access-Control-Allow-Origin"), c.path)
		assert.Empty(t, res.Header.Get("Server"), c.path)
	}
}

// There are two routes; nothing but GET and HEAD is served, and nothing else is there.
func TestRoutes(t *testing.T) {
	s := start(t, web.Options{Feeds: &source{}})
	alice := path(web.Token(key, "alice@example.com", 1))
	for _, c := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"GET", "/", nil, 404},
		{"GET", "/feed", nil, 404},
		{"GET", "/feed/", nil, 404},
		{"GET", "/healthz/", nil, 404},
		{"GET", "/healthz.ics", nil, 404},
		{"GET", "/metrics", nil, 404},
		{"GET", "/debug/pprof/", nil, 404},
		{"GET", "/%2e%2e/healthz", nil, 404},
		{"GET", strings.TrimSuffix(alice, ".ics"), nil, 404},
		{"GET", alice + "/", nil, 404},
		{"GET", strings.Replace(alice, ".ics", ".ICS", 1), nil, 404},
		{"GET", alice + "?x=1", nil, 200},
		{"POST", alice, nil, 405},
		{"PUT", alice, nil, 405},
		{"DELETE", alice, nil, 405},
		{"OPTIONS", alice, nil, 405},
		{"PROPFIND", alice, nil, 405},
		{"POST", alice, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", alice, []string{"Origin", "https://evil.example.com"}, 403},
	} {
		t.Run(c.method+" "+strings.ReplaceAll(c.path, alice, "alice"), func(t *testing.T) {
			res, body := s.ask(c.method, c.path, c.header...)
			assert.Equal(t, c.status, res.StatusCode)
			if c.status != 200 {
				assert.NotContains(t, body, "VCALENDAR")
			}
		})
	}
}

func TestHosts(t *testing.T) {
	s := start(t, web.Options{PublicURL: "https://Calendar.example.com/convoke/", Feeds: &source{}})
	any4 := start(t, web.Options{Addr: "0.0.0.0:0", Feeds: &source{}})
	_, port, err := net.SplitHostPort(any4.addr)
	require.NoError(t, err)
	any4.addr = "127.0.0.1:" + port
	for _, c := range []struct {
		site   *site
		host   string
		status int
	}{
		{s, s.addr, 200},
		{s, "127.0.0.1", 200},
		{s, "localhost:8330", 200},
		{s, "LOCALHOST.", 200},
		{s, "[::1]", 200},
		{s, "[::1]:8330", 200},
		{s, "calendar.example.com", 200},
		{s, "calendar.example.com:443", 200},
		{s, "evil.example.com", 421},
		{s, "calendar.example.com.evil.example.com", 421},
		{s, "127.0.0.1.evil.example.com", 421},
		{s, "127.0.0.2", 421},
		{s, "10.0.0.1:8330", 421},
		{s, "[::2]", 421},
		{any4, "127.0.0.1", 200},
		{any4, "[::ffff:127.0.0.1]:80", 200},
		{any4, "evil.example.com", 421},
		{any4, "192.0.2.1", 421},
	} {
		res, _ := c.site.ask("GET", "/healthz", "Host", c.host)
		assert.Equal(t, c.status, res.StatusCode, c.host)
	}
}

// A proxy may cut the path of public_url off, or not.
func TestPathOfPublicURL(t *testing.T) {
	const public = "https://example.com/tools/convoke/"
	s := start(t, web.Options{PublicURL: public, Feeds: &source{}})
	token := web.Token(key, "alice@example.com", 1)
	u, err := web.FeedURL(public, s.addr, token)
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/tools/convoke/feed/"+token+".ics", u)
	for p, status := range map[string]int{
		"/tools/convoke" + path(token): 200, path(token): 200, "/tools" + path(token): 404, "/tools/convoke/": 404,
		"/tools/convoke/tools/convoke" + path(token): 404,
	} {
		res, _ := s.ask("GET", p, "Host", "example.com")
		assert.Equal(t, status, res.StatusCode, p)
	}
}

func TestFeedURL(t *testing.T) {
	for _, c := range []struct{ public, addr, want string }{
		{"", "127.0.0.1:8330", "http://127.0.0.1:8330/feed/T.ics"},
		{"https://example.com", "127.0.0.1:8330", "https://example.com/feed/T.ics"},
		{"https://example.com/a/", "x", "https://example.com/a/feed/T.ics"},
		{"example.com", "x", ""},
		{"https://exa mple.com", "x", ""},
	} {
		got, err := web.FeedURL(c.public, c.addr, "T")
		assert.Equal(t, c.want, got)
		assert.Equal(t, c.want == "", err != nil, c.public)
	}
}

// Wrong tokens get one answer, and after many of them another one that tells no more; the right token is served meanwhile.
func TestWrongTokens(t *testing.T) {
	s := start(t, web.Options{Feeds: &source{}})
	right := web.Token(key, "alice@example.com", 1)
	wrong := []string{
		web.Token(key, "alice@example.com", 2), web.Token(key, "bob@example.com", 1), right[:42], right + "A", right[:42] + "!", strings.ToLower(right), "", "a",
	}
	var answers []string
	for _, token := range wrong {
		res, body := s.ask("GET", path(token))
		assert.Equal(t, 404, res.StatusCode)
		res.Header.Del("Date")
		answers = append(answers, fmt.Sprint(res.Header, body))
	}
	for _, a := range answers {
		assert.Equal(t, answers[0], a, "nothing tells one wrong token from another")
	}
	limited := 0
	for range 60 {
		res, _ := s.ask("GET", path(wrong[0]))
		if res.StatusCode == 429 {
			limited++
			assert.NotEmpty(t, res.Header.Get("Retry-After"))
		}
	}
	assert.Greater(t, limited, 10)
	res, body := s.ask("GET", path(right))
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, ics, body)
	assert.LessOrEqual(t, strings.Count(s.log.String(), "no feed has this address"), len(wrong)+60-limited, "what is over the limit is not logged")
}

// No token stands in the log, whatever happens to it.
func TestTokensAreNotLogged(t *testing.T) {
	fails := &source{}
	s := start(t, web.Options{Feeds: fails})
	canaries := []string{web.Token(key, "alice@example.com", 1), web.Token(key, "canary@example.com", 9), "canary"}
	for _, fail := range []func(string) error{
		func(string) error { return nil },
		func(token string) error { return errors.New("no row for " + token) },
		func(token string) error { panic("no row for " + token) },
	} {
		fails.fail = fail
		for _, token := range canaries {
			for _, p := range []string{path(token), path(token) + "/x", "/feed/" + token, "/x/" + token, path(token) + "?a;b=" + token} {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					res, body := s.ask(method, p, "Host", "127.0.0.1")
					assert.NotContains(t, body, token)
					assert.NotContains(t, fmt.Sprint(res.Header), token)
				}
			}
			s.ask("GET", path(token), "Host", "evil.example.com")
		}
	}
	text := s.log.String()
	assert.Contains(t, text, "no feed has this address")
	assert.Contains(t, text, "no row for <token>")
	assert.Contains(t, text, "a defect of convoke")
	for _, token := range canaries {
		assert.NotContains(t, text, token)
	}
}

// A feed that cannot be built is no feed that is gone: programs keep what they have.
func TestFailingFeed(t *testing.T) {
	s := start(t, web.Options{Feeds: &source{fail: func(string) error { return errors.New("ledger is busy") }}})
	res, body := s.ask("GET", path(web.Token(key, "alice@example.com", 1)))
	assert.Equal(t, 503, res.StatusCode)
	assert.NotContains(t, body, "ledger")
	assert.Contains(t, s.log.String(), "ledger is busy")
}

func TestNoFeeds(t *testing.T) {
	s := start(t, web.Options{})
	res, _ := s.ask("GET", path(web.Token(key, "alice@example.com", 1)))
	assert.Equal(t, 404, res.StatusCode)
}

func TestHealth(t *testing.T) {
	s := start(t, web.Options{})
	res, body := s.ask("GET", "/healthz")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "ok\n", body)

	ill := start(t, web.Options{Health: func(context.Context) error { return errors.New("no pass for an hour") }})
	res, body = ill.ask("GET", "/healthz")
	assert.Equal(t, 503, res.StatusCode)
	assert.NotContains(t, body, "pass")
	assert.Contains(t, ill.log.String(), "no pass for an hour")
}

func TestBadOptions(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	for _, c := range []struct {
		name string
		o    web.Options
		says string
	}{
		{"no port", web.Options{Addr: "127.0.0.1"}, "missing port"},
		{"no host", web.Options{Addr: ":8330"}, "127.0.0.1:8330"},
		{"no such port", web.Options{Addr: "127.0.0.1:99999"}, "99999"},
		{"taken", web.Options{Addr: busy.Addr().String()}, "another program"},
		{"public_url without scheme", web.Options{Addr: "127.0.0.1:0", PublicURL: "example.com"}, "public_url"},
		{"public_url of another scheme", web.Options{Addr: "127.0.0.1:0", PublicURL: "ftp://example.com"}, "public_url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := web.New(c.o)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

// A request that is under way when the daemon stops is answered; afterwards the address is free.
func TestStop(t *testing.T) {
	asked := make(chan string)
	s := start(t, web.Options{Feeds: &source{asked: asked}})
	answered := make(chan string, 1)
	go func() {
		_, body := s.ask("GET", path(web.Token(key, "alice@example.com", 1)))
		answered <- body
	}()
	<-asked
	require.NoError(t, s.stop())
	assert.Equal(t, ics, <-answered)
	again, err := net.Listen("tcp", s.addr)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestCloseWithoutRun(t *testing.T) {
	server, err := web.New(web.Options{Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	require.NoError(t, server.Close())
	again, err := net.Listen("tcp", server.Addr().String())
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// Too large a header, and a connection that says nothing, end; neither keeps others from being served.
func TestRudeClients(t *testing.T) {
	s := start(t, web.Options{})
	long, err := net.DialTimeout("tcp", s.addr, time.Second)
	require.NoError(t, err)
	defer long.Close()
	_, _ = fmt.Fprintf(long, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	answer, _ := io.ReadAll(long) // the answer, or a reset connection
	assert.NotContains(t, string(answer), "200")

	silent, err := net.DialTimeout("tcp", s.addr, time.Second)
	require.NoError(t, err)
	defer silent.Close()
	res, _ := s.ask("GET", "/healthz")
	assert.Equal(t, 200, res.StatusCode)
}
