package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFeedForms(t *testing.T) {
	dir, file := folder(t, readFile(t, "testdata/good/feeds.toml"))
	c, err := Load(file)
	require.NoError(t, err)
	for i, want := range []struct {
		where, shown string
		file         bool
	}{
		{"https://calendar.example.com/a.ics?token=canary", "https://calendar.example.com/…", false},
		{"https://calendar.example.com/a.ics?token=other", "https://calendar.example.com/…", false},
		{"http://127.0.0.1:5232/carol.ics", "http://127.0.0.1:5232/…", false},
		{filepath.Join(dir, "dave.ics"), filepath.Join(dir, "dave.ics"), true},
		{"/tmp/erin#.ics", "/tmp/erin#.ics", true},
		{"/tmp/frank.ics", "/tmp/frank.ics", true},
		{"http://localhost/grace.ics", "http://localhost/…", false},
	} {
		feed := c.Organizers[i].ICSURL
		assert.Equal(t, want.where, feed.Reveal())
		assert.Equal(t, want.shown, feed.String())
		assert.Equal(t, want.file, feed.IsFile(), want.where)
		assert.False(t, feed.IsZero())
	}
}

// A folder that cannot be looked into, or that is a file, is told from one that may be right.
func TestFeedInNoFolder(t *testing.T) {
	for name, c := range map[string]struct{ value, wrong string }{
		"below a file":        {"config.toml/a.ics", "its folder is not there"},
		"an address":          {"calendar.example.com/a.ics", "its folder is not there"},
		"a host and a port":   {"localhost:5232/a.ics", "must begin with https://"},
		"a name and a port":   {"calendar.example.com:443/a.ics", "its folder is not there"},
		"no host":             {"https:/a.ics", "has no host"},
		"control characters":  {"file:///tmp/a%0A.ics", "control characters"},
		"only a scheme":       {"file:", "is not the URL of a file"},
		"a query of a file":   {"file:///tmp/a.ics?b", "is not the URL of a file"},
		"not a text":          {"", "must not be empty"},
		"a form of its own":   {"webcal:calendar.example.com/a.ics", "has no host"},
		"loopback by webcals": {"webcals://127.0.0.1/a.ics", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := folder(t, "")
			_, err := (&reader{dir: dir}).feed(c.value)
			if c.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wrong)
		})
	}
}

// Whatever prints a configuration prints no address of a feed.
func TestFeedIsNotShown(t *testing.T) {
	c, err := load(t, readFile(t, "testdata/good/every-key.toml"))
	require.NoError(t, err)
	bob := c.Organizers[2]
	require.Contains(t, bob.ICSURL.Reveal(), "canary")

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%p", "%t"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+"\n", *c, bob, bob.ICSURL, &bob.ICSURL)
	}
	encoded, err := json.Marshal(bob)
	require.NoError(t, err)
	out.Write(encoded)
	slog.New(slog.NewTextHandler(&out, nil)).Info("", "config", *c, "organizer", bob, "feed", bob.ICSURL)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("", "organizer", bob, "feed", bob.ICSURL)
	assert.NotContains(t, out.String(), "canary")
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", "canary"))
	assert.Contains(t, string(encoded), `"ICSURL":"https://calendar.example.com/…"`)
	assert.Zero(t, fmt.Sprint(Feed{}))
}
