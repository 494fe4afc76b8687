package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// The secrets of every world. None of them may ever be seen in what a command prints or keeps.
const (
	canaryKey      = "canary-api-key-9f2c"
	canaryPassword = "canary-password-41d7"
)

// The organizer of every world.
const (
	alice     = "alice@example.com"
	joinURL   = "https://meeting.example.com/join/{meetingId}"
	joinStart = "https://meeting.example.com/join/"
)

// newPlatform starts a platform on loopback where alice has an account; join links may lead to its /join/.
func newPlatform(t testing.TB) (p *meetingtest.Server, address string, account meetingtest.Account) {
	t.Helper()
	p = meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
	account, _ = p.AddAccount(meetingtest.User{
		Email: alice, FirstName: "Alice", LastName: "Liddell", TimeZone: "Europe/Brussels", Language: "en",
	})
	mux := http.NewServeMux()
	mux.Handle("/", p)
	mux.HandleFunc("GET /join/{number}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "a meeting") })
	return p, serve(t, mux), account
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// writeFiles puts files that are nobody else's into a folder.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// configuration is a file that leads to a platform and, by the keys in organizer, to calendars.
func configuration(platform, account, organizer string) string {
	return fmt.Sprintf(`database = "ledger.db"
listen = ""

[platform]
url = %q
api_key_file = "platform-api-key"
join_url = %q
requests_per_second = 1000

[limits]
creations_per_hour = 0
creations_per_day = 0
creations_overall = 0

[select]
horizon = "0s"

[cancel]
undo = "0s"

[[organizer]]
email = %q
account_id = %q
%s
`, platform, joinURL, alice, account, organizer)
}

// A counter is a proxy before a server that counts what it is asked.
type counter struct {
	mu     stdsync.Mutex
	counts map[string]int
	proxy  *httputil.ReverseProxy
}

// newCounter starts a counter before the server at an address, and returns its own.
func newCounter(t testing.TB, address string) (*counter, string) {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	c := &counter{counts: map[string]int{}}
	c.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
		r.Out.Host = r.In.Host // what the server puts into redirects leads here again
	}}
	return c, serve(t, c)
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.counts[r.Method]++
	c.mu.Unlock()
	c.proxy.ServeHTTP(w, r)
}

// take returns the requests by method since the last time.
func (c *counter) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := maps.Clone(c.counts)
	clear(c.counts)
	return counts
}
