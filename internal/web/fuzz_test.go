package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneFeed has a feed under one token, and fails the test when it is asked for what cannot be a token.
type oneFeed struct {
	t     *testing.T
	token string
}

func (o oneFeed) Feed(_ context.Context, token string) ([]byte, string, bool, error) {
	require.Regexp(o.t, `\A[A-Za-z0-9_-]{43}\z`, token)
	return []byte("BEGIN:VCALENDAR"), `"1"`, Match(token, []string{"", o.token}) == 1, nil
}

// FuzzRequest: whatever is asked for, by whatever method and name, the feed is given to who has its token and asks for a name of
// ours, and to nobody else.
func FuzzRequest(f *testing.F) {
	token := Token([]byte("a key for a test"), "alice@example.com", 1)
	for _, path := range []string{
		"/feed/" + token + ".ics", "/feed/" + token, "/feed/" + token[:42] + "%0A.ics", "/calendars/feed/" + token + ".ics", "//feed/" + token + ".ics",
		"/feed/../feed/" + token + ".ics", "/feed/" + token + ".ics/", "/healthz", "/feed/%2e%2e", "/", "*", "/feed/" + strings.ToLower(token) + ".ics",
		"/feed/" + token[:42] + "=.ics",
	} {
		f.Add("GET", "calendar.example.com", path)
		f.Add("HEAD", "127.0.0.1:8330", path)
		f.Add("POST", "evil.example", path)
		f.Add("GET", "[::1]:1", path)
		f.Add("GET", "", path)
	}
	f.Fuzz(func(t *testing.T, method, host, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" && u.Host != host {
			return // net/http answers that by itself
		}
		h, err := newHandler(Options{
			Addr: "127.0.0.1:8330", PublicURL: "https://calendar.example.com/calendars", Feeds: oneFeed{t, token}, Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		r := (&http.Request{Method: method, URL: u, Host: host, Header: http.Header{}, RequestURI: path}).WithContext(
			context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8330}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.NotEqual(t, http.StatusInternalServerError, w.Code, "a panic")
		require.Equal(t, "default-src 'none'; frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"))
		require.NotContains(t, w.Header().Get("Location"), "evil")
		if strings.Contains(w.Body.String(), "VCALENDAR") {
			require.Contains(t, []string{"GET", "HEAD"}, method)
			require.Contains(t, u.Path, "/feed/"+token+".ics")
			name := strings.ToLower(host)
			ours := []string{"localhost", "127.0.0.1", "::1", "calendar.example.com", "192.0.2.1"}
			require.True(t, containsAny(name, ours), host)
		}
		if w.Code == http.StatusOK && u.Path != "/healthz" && u.Path != "/calendars/healthz" {
			require.Contains(t, u.Path, token)
		}
	})
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
