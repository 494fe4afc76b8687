package caldav

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCanonicalPath(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"plain":            {"/a/b.ics", "/a/b.ics"},
		"lower-case hex":   {"/%c3%bc", "/%C3%BC"},
		"not encoded":      {"/ü x", "/%C3%BC%20x"},
		"reserved":         {"/a@b(c)+d", "/a%40b%28c%29%2Bd"},
		"reserved encoded": {"/a%40b%28c%29%2bd", "/a%40b%28c%29%2Bd"},
		"needless":         {"/%61%2d", "/a-"},
		"slash inside":     {"/a%2fb", "/a%2Fb"},
		"lone percent":     {"/100%/%zz", "/100%25/%25zz"},
		"percent":          {"/100%25", "/100%25"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := canonicalPath(c.in)
			assert.Equal(t, c.want, got)
			assert.Equal(t, got, canonicalPath(got), "it is a fixed form")
			req, err := newRequest(t.Context(), http.MethodGet, place{"http", "x", got}, nil)
			require.NoError(t, err)
			assert.Equal(t, got, req.URL.RequestURI(), "and is sent like that")
		})
	}
}

func TestResolve(t *testing.T) {
	base := place{"https", "dav.example.com", "/cal/work/"}
	cases := map[string]struct {
		href, want string
		fails      bool
	}{
		"path":              {"/cal/work/a.ics", "/cal/work/a.ics", false},
		"whole URL":         {"https://dav.example.com/cal/work/a.ics", "/cal/work/a.ics", false},
		"with its port":     {"https://DAV.example.com:443/a", "/a", false},
		"with a user":       {"https://x:y@dav.example.com/a", "/a", false},
		"relative":          {"a.ics", "/cal/work/a.ics", false},
		"dots":              {"/cal/work/../x/./a", "/cal/x/a", false},
		"encoded dots":      {"/cal/%2e%2E/a", "/a", false},
		"query":             {"/a?b#c", "/a", false},
		"without a scheme":  {"//dav.example.com/a", "/a", false},
		"other host":        {"https://evil.example/a", "", true},
		"other host, short": {"//evil.example/a", "", true},
		"other scheme":      {"http://dav.example.com/a", "", true},
		"user trick":        {"https://dav.example.com@evil.example/a", "", true},
		"empty":             {"", "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := base.resolve(c.href)
			if c.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, base.at(c.want), got)
		})
	}
}

func TestParsePlace(t *testing.T) {
	p, err := parsePlace("https://alice:pass@Dav.Example.com/a@b/?q=1#f")
	require.NoError(t, err)
	assert.Equal(t, "https://dav.example.com/a%40b/", p.String())
	for _, bad := range []string{"", "dav.example.com", "ftp://x/", "http://", "http://alice:pass@x:y/", "://"} {
		_, err := parsePlace(bad)
		require.Error(t, err, bad)
		assert.NotContains(t, err.Error(), "pass")
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("/cal/a%2f%2e%2e/b")
	f.Add("http://x/../..")
	base := place{"http", "x", "/cal/"}
	f.Fuzz(func(t *testing.T, href string) {
		p, err := base.resolve(href)
		if err != nil {
			return
		}
		assert.Equal(t, base.host, p.host)
		assert.Equal(t, p.path, canonicalPath(p.path))
		assert.True(t, strings.HasPrefix(p.path, "/"))
		for _, seg := range strings.Split(p.path, "/") {
			assert.NotEqual(t, "..", seg)
		}
		_, err = newRequest(t.Context(), http.MethodGet, p, nil)
		require.NoError(t, err)
	})
}
