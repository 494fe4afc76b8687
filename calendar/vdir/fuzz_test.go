package vdir_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/vdir"
)

// FuzzNames: whatever a file is called, it is an event under just that name or none; and no name, of a file or of another, leads
// to anything that is not listed.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"a.ics", "ü.ics", ".a.ics", "a.ICS", "a b.ics", "a\nb.ics", "\xff.ics", "..ics", ".ics", "a.ics.tmp", "displayname", "-rf.ics", "%2e%2e.ics", "a\\b.ics",
	} {
		f.Add(name, "../secret.ics")
		f.Add(name, "sub/../../secret.ics")
	}
	f.Add("a.ics", "a.ics\x00")
	f.Add("a.ics", "link.ics")
	f.Add("a.ics", "sub")
	f.Add("a.ics", "")
	base := f.TempDir()
	dir := filepath.Join(base, "folder")
	require.NoError(f, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
	require.NoError(f, os.WriteFile(filepath.Join(base, "secret.ics"), []byte("secret"), 0o600))
	require.NoError(f, os.WriteFile(filepath.Join(dir, "sub", "secret.ics"), []byte("secret"), 0o600))
	require.NoError(f, os.Symlink("../secret.ics", filepath.Join(dir, "link.ics")))
	f.Fuzz(func(t *testing.T, name, href string) {
		file := filepath.Join(dir, name)
		taken := name == "link.ics" || name == "sub"
		if taken || filepath.Base(name) != name || name == "." || name == ".." || os.WriteFile(file, []byte("event"), 0o600) != nil {
			name, file = "a.ics", filepath.Join(dir, "a.ics")
			require.NoError(t, os.WriteFile(file, []byte("event"), 0o600))
		}
		defer os.Remove(file)
		folder, err := vdir.Open(dir)
		require.NoError(t, err)
		tags := map[string]string{}
		_, err = folder.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(c calendar.Change) error {
			require.NoError(t, c.Err)
			require.Equal(t, "event", string(c.Data))
			tags[c.Href] = c.ETag
			return nil
		})
		require.NoError(t, err)
		if strings.HasSuffix(name, ".ics") && !strings.HasPrefix(name, ".") {
			require.Contains(t, tags, name)
		}
		require.Subset(t, []string{name}, keys(tags))
		o, err := folder.Get(context.Background(), href)
		if tag, listed := tags[href]; listed {
			require.NoError(t, err)
			require.Equal(t, calendar.Object{Href: href, ETag: tag, Data: []byte("event")}, o)
			return
		}
		require.Error(t, err)
		require.Empty(t, o.Data)
		_, err = folder.Put(context.Background(), calendar.Object{Href: href, ETag: tags[name], Data: []byte("changed")})
		require.ErrorIs(t, err, calendar.ErrPrecondition)
		secret, err := os.ReadFile(filepath.Join(base, "secret.ics"))
		require.NoError(t, err)
		require.Equal(t, "secret", string(secret))
	})
}

func keys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}
