package feed_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/feed"
)

func TestLocation(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"https", "https://Example.com/a.ics?key=1", "https://example.com/a.ics?key=1"},
		{"webcal", "webcal://example.com/a.ics", "https://example.com/a.ics"},
		{"webcals", "webcals://example.com/a.ics", "https://example.com/a.ics"},
		{"upper case", "WEBCAL://example.com/A.ics", "https://example.com/A.ics"},
		{"encoded path", "https://example.com/a%2Fb%40c/x.ics", "https://example.com/a%2Fb%40c/x.ics"},
		{"fragment", "https://example.com/a.ics#x", "https://example.com/a.ics"},
		{"http on loopback", "http://127.0.0.1:8080/a.ics", "http://127.0.0.1:8080/a.ics"},
		{"webcal on loopback", "webcal://localhost/a.ics", "http://localhost/a.ics"},
		{"webcals on loopback", "webcals://[::1]/a.ics", "https://[::1]/a.ics"},
		{"plain http", "http://example.com/canary.ics", ""},
		{"a name that looks like loopback", "http://127.0.0.1.example.com/canary", ""},
		{"password", "https://alice:canary@example.com/a.ics", ""},
		{"no host", "https:///canary.ics", ""},
		{"opaque", "webcal:canary.ics", ""},
		{"other scheme", "ftp://example.com/canary.ics", ""},
		{"no URL", "https://exa mple.com/canary", ""},
		{"control character", "https://example.com/canary\n", "https://example.com/canary"},
		{"control character within", "https://example.com/a\ncanary", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := feed.Location(c.in)
			if c.want == "" {
				require.Error(t, err)
				assert.NotContains(t, err.Error(), "canary")
				_, err = feed.Open(client, c.in)
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, u.String())
		})
	}
}

func TestFilePaths(t *testing.T) {
	for _, c := range []struct {
		in, want string
		isFile   bool
	}{
		{"/srv/a b.ics", "/srv/a b.ics", true},
		{"file:///srv/a%20b.ics", "/srv/a b.ics", true},
		{"file://localhost/srv/a.ics", "/srv/a.ics", true},
		{"FILE:/srv/a.ics", "/srv/a.ics", true},
		{"/srv/../a.ics", "/a.ics", true},
		{"/srv/a:b.ics", "/srv/a:b.ics", true},
		{"./a:b.ics", "", true},
		{"file://server/srv/a.ics", "", true},
		{"file:a.ics", "", true},
		{"file:///a.ics?x", "", true},
		{"a.ics", "", true},
		{"https://example.com/a.ics", "", false},
		{"webcal://example.com/a.ics", "", false},
	} {
		t.Run(c.in, func(t *testing.T) {
			assert.Equal(t, c.isFile, feed.IsFile(c.in))
			s, err := feed.File(c.in)
			if c.want == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, s.String())
		})
	}
}
