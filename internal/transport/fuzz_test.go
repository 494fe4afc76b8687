package transport

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

// FuzzRedirect: wherever a server sends a request on to, it goes to an origin that may be asked, without a user in the URL and
// never from https to http; and a refusal is one line, without the path.
func FuzzRedirect(f *testing.F) {
	for _, location := range []string{
		"/x", "//dav.example.com/x", "https://DAV.example.com:443/x", "http://dav.example.com/", "https://evil.example/CANARY?CANARY", "https://dav.example.com@evil.example/",
		"https://u:p@dav.example.com/", "https://dav.example.com.evil.example/", "https:dav.example.com/", "?x", "#x", "", "javascript:x", "https://[::1]/",
		"https://dav.example.com:444/", "\\\\evil.example\\x", "https://dav.example.com\\@evil.example/", "https://%C2%85/", "https://other.example.com/y", "///evil.example",
	} {
		f.Add(location)
	}
	c, err := New(Options{Origin: "https://dav.example.com", AllowOrigins: []string{"https://other.example.com"}, Redirects: true, MaxBody: 1, Timeout: time.Second})
	require.NoError(f, err)
	from, err := url.Parse("https://dav.example.com/cal/?q")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, location string) {
		u, err := c.target(from, location)
		if err != nil {
			require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err)
			require.NotContains(t, err.Error(), "CANARY")
			return
		}
		require.Equal(t, "https", u.Scheme)
		require.Nil(t, u.User)
		require.Contains(t, []string{"dav.example.com", "other.example.com"}, strings.ToLower(u.Hostname()))
		require.Contains(t, []string{"", "443"}, u.Port())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil)
		require.NoError(t, err, "what is asked is what was looked at")
		require.Equal(t, origin(u), origin(req.URL))
	})
}

// FuzzRetryAfter: a wait is told only where there is one; a number of seconds is what it says, up to where it is parked.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "120", "-5", "-10000000000", "-9223372036854775808", "99999999999999999999", "3601", "Wed, 21 Oct 2026 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "soon",
	} {
		f.Add(value, "Wed, 21 Oct 2026 07:27:00 GMT", "10.0.0.1")
		f.Add(value, "", "::ffff:127.0.0.1")
	}
	f.Add("", "", "64:ff9b::7f00:1")
	f.Add("", "", "fe80::1%eth0")
	f.Fuzz(func(t *testing.T, value, date, address string) {
		now := time.Date(2026, 10, 21, 7, 27, 30, 0, time.UTC)
		resp := &http.Response{Header: http.Header{"Retry-After": {value}, "Date": {date}}}
		wait, told := retryAfter(resp, now)
		require.Equal(t, told, wait > 0)
		if strings.HasPrefix(value, "-") {
			require.False(t, told, "%s is no wait: %s", value, wait)
		}
		if a, err := netip.ParseAddr(address); err == nil {
			require.NotEmpty(t, reachOf(a).String())
			require.False(t, a.IsLoopback() && reachOf(a) != loopback)
			require.Equal(t, reachOf(a), reachOf(a.WithZone("")), "a zone changes nothing")
			require.Equal(t, reachOf(a.Unmap()), reachOf(a))
		}
	})
}
