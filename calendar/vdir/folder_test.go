package vdir_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/vdir"
)

func event(uid string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTART:20261210T140000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

func folder(t *testing.T, files map[string][]byte) (*vdir.Folder, string) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o640))
	}
	f, err := vdir.Open(dir)
	require.NoError(t, err)
	return f, dir
}

// look collects what Changes reports, given what was seen before.
func look(t *testing.T, f *vdir.Folder, seen map[string]string) map[string]calendar.Change {
	t.Helper()
	rows := map[string]calendar.Change{}
	since := calendar.Since{ETag: func(href string) string { return seen[href] }}
	l, err := f.Changes(t.Context(), since, func(c calendar.Change) error {
		assert.NotContains(t, rows, c.Href, "reported twice")
		rows[c.Href] = c
		return nil
	})
	require.NoError(t, err)
	assert.True(t, l.Complete)
	return rows
}

func etags(rows map[string]calendar.Change) map[string]string {
	seen := map[string]string{}
	for href, c := range rows {
		seen[href] = c.ETag
	}
	return seen
}

func TestFirstAndIdleLook(t *testing.T) {
	f, _ := folder(t, map[string][]byte{"a.ics": event("a"), "b c.ics": event("b")})
	rows := look(t, f, nil)
	require.Len(t, rows, 2)
	assert.Equal(t, event("a"), rows["a.ics"].Data)
	assert.Regexp(t, `^"\d+-\d+-\d+"$`, rows["a.ics"].ETag)

	for href, c := range look(t, f, etags(rows)) {
		assert.Equal(t, rows[href].ETag, c.ETag, href)
		assert.Nil(t, c.Data, href)
		assert.NoError(t, c.Err, href)
	}
}

func TestChangesSeen(t *testing.T) {
	cases := []struct {
		name   string
		change func(dir string) error
		want   map[string]string // href → UID of the data, "" for none
	}{
		{"rewritten in place", func(dir string) error { return os.WriteFile(dir+"/a.ics", event("other"), 0o600) }, map[string]string{"a.ics": "other", "b.ics": ""}},
		{"added", func(dir string) error { return os.WriteFile(dir+"/c.ics", event("c"), 0o600) }, map[string]string{"a.ics": "", "b.ics": "", "c.ics": "c"}},
		{"removed", func(dir string) error { return os.Remove(dir + "/a.ics") }, map[string]string{"b.ics": ""}},
		{"replaced by as long a file with the same time", func(dir string) error {
			info, err := os.Stat(dir + "/a.ics")
			return errors.Join(err, os.WriteFile(dir+"/x", event("x"), 0o600),
				os.Chtimes(dir+"/x", info.ModTime(), info.ModTime()), os.Rename(dir+"/x", dir+"/a.ics"))
		}, map[string]string{"a.ics": "x", "b.ics": ""}},
		{"renamed", func(dir string) error { return os.Rename(dir+"/a.ics", dir+"/z.ics") }, map[string]string{"b.ics": "", "z.ics": "a"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, dir := folder(t, map[string][]byte{"a.ics": event("a"), "b.ics": event("b")})
			seen := etags(look(t, f, nil))
			require.NoError(t, c.change(dir))
			rows := look(t, f, seen)
			require.Len(t, rows, len(c.want))
			for href, uid := range c.want {
				if uid == "" {
					assert.Nil(t, rows[href].Data, href)
				} else {
					assert.Equal(t, string(event(uid)), string(rows[href].Data), href)
				}
			}
		})
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	f, dir := folder(t, map[string][]byte{
		".hidden.ics": event("h"), "a.ics.tmp": event("t"), "displayname": []byte("Team calendar\n"), "color": []byte("#ff0000"), "notes.txt": nil, "A.ICS": event("upper"),
	})
	outside := filepath.Join(t.TempDir(), "secret.ics")
	require.NoError(t, os.WriteFile(outside, event("secret"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link.ics")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub.ics"), 0o700))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.ics"), 0o600))

	assert.Empty(t, look(t, f, nil))
	for _, href := range []string{".hidden.ics", "link.ics", "sub.ics", "pipe.ics", "../" + filepath.Base(dir) + "/a.ics", outside, "", "absent.ics"} {
		_, err := f.Get(t.Context(), href)
		assert.ErrorIs(t, err, calendar.ErrNotFound, href)
		_, err = f.Put(t.Context(), calendar.Object{Href: href, ETag: `"1-1-1"`, Data: event("x")})
		assert.ErrorIs(t, err, calendar.ErrPrecondition, href)
	}
	data, err := os.ReadFile(outside)
	require.NoError(t, err)
	assert.Equal(t, event("secret"), data)
}

func TestOneBadFileDoesNotHideTheOthers(t *testing.T) {
	f, _ := folder(t, map[string][]byte{"a.ics": event("a"), "big.ics": bytes.Repeat([]byte("x"), calendar.MaxObject+1)})
	rows := look(t, f, nil)
	require.Len(t, rows, 2)
	assert.NoError(t, rows["a.ics"].Err)
	assert.ErrorIs(t, rows["big.ics"].Err, calendar.ErrTooLarge)
	assert.Nil(t, rows["big.ics"].Data)
	assert.NotEmpty(t, rows["big.ics"].ETag, "it is set aside until the ETag changes")
}

func TestTooManyFiles(t *testing.T) {
	f, _ := folder(t, map[string][]byte{"a.ics": event("a"), "b.ics": event("b"), "c.ics": event("c"), "d.txt": nil})
	f.SetLimit(3)
	assert.Len(t, look(t, f, nil), 3)
	f.SetLimit(2)
	_, err := f.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error {
		t.Error("a look that is void reports nothing")
		return nil
	})
	assert.ErrorIs(t, err, calendar.ErrTooLarge)
}

func TestStopped(t *testing.T) {
	f, _ := folder(t, map[string][]byte{"a.ics": event("a"), "b.ics": event("b")})
	none := calendar.Since{ETag: func(string) string { return "" }}
	stop := errors.New("stop")
	calls := 0
	l, err := f.Changes(t.Context(), none, func(calendar.Change) error { calls++; return stop })
	assert.ErrorIs(t, err, stop)
	assert.Equal(t, 1, calls)
	assert.False(t, l.Complete)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Changes(ctx, none, func(calendar.Change) error { t.Error("called"); return nil })
	assert.ErrorIs(t, err, context.Canceled)
}

func TestMissingFolder(t *testing.T) {
	_, err := vdir.Open(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, calendar.ErrMissing)

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = vdir.Open(file)
	assert.ErrorIs(t, err, calendar.ErrMissing)

	f, dir := folder(t, map[string][]byte{"a.ics": event("a")})
	require.NoError(t, os.RemoveAll(dir))
	l, err := f.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
	assert.ErrorIs(t, err, calendar.ErrMissing, "never an empty calendar")
	assert.False(t, l.Complete)
}

func TestName(t *testing.T) {
	f, _ := folder(t, map[string][]byte{"displayname": []byte("Team Ä \n")})
	assert.Equal(t, "Team Ä", f.Name())
	f, dir := folder(t, nil)
	assert.Equal(t, filepath.Base(dir), f.Name())
}

func TestPut(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a")})
	require.NoError(t, os.Chmod(dir+"/a.ics", 0o664))
	old, err := f.Get(t.Context(), "a.ics")
	require.NoError(t, err)

	changed := calendar.Object{Href: "a.ics", ETag: old.ETag, Data: event("changed")}
	now, err := f.Put(t.Context(), changed)
	require.NoError(t, err)
	assert.Equal(t, event("changed"), now.Data)
	assert.NotEqual(t, old.ETag, now.ETag)
	info, err := os.Stat(dir + "/a.ics")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o664), info.Mode().Perm())
	assert.Equal(t, now.ETag, look(t, f, nil)["a.ics"].ETag)
	assert.Equal(t, []string{"a.ics"}, entries(t, dir), "nothing is left behind")

	_, err = f.Put(t.Context(), changed)
	assert.ErrorIs(t, err, calendar.ErrPrecondition, "the ETag is an old one")
	assert.Equal(t, []string{"a.ics"}, entries(t, dir))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.ics"), event("by hand"), 0o600))
	_, err = f.Put(t.Context(), calendar.Object{Href: "a.ics", ETag: now.ETag, Data: event("x")})
	assert.ErrorIs(t, err, calendar.ErrPrecondition)
	data, err := os.ReadFile(dir + "/a.ics")
	require.NoError(t, err)
	assert.Equal(t, event("by hand"), data, "an edit by hand is not overwritten")
}

func TestPutNeverCreates(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a")})
	o, err := f.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	require.NoError(t, os.Remove(dir+"/a.ics"))
	_, err = f.Put(t.Context(), o)
	assert.ErrorIs(t, err, calendar.ErrPrecondition)
	assert.Empty(t, entries(t, dir))
}

func TestPutRefused(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a"), "fixed.ics": event("fixed")})
	require.NoError(t, os.Chmod(dir+"/fixed.ics", 0o444))
	cases := []struct {
		name, href string
		data       []byte
		want       error
	}{
		{"nothing", "a.ics", nil, calendar.ErrRefused},
		{"too large", "a.ics", bytes.Repeat([]byte("x"), calendar.MaxObject+1), calendar.ErrTooLarge},
		{"read-only file", "fixed.ics", event("x"), calendar.ErrReadOnly},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o, err := f.Get(t.Context(), c.href)
			require.NoError(t, err)
			before := o.Data
			o.Data = c.data
			_, err = f.Put(t.Context(), o)
			assert.ErrorIs(t, err, c.want)
			o, err = f.Get(t.Context(), c.href)
			require.NoError(t, err)
			assert.Equal(t, before, o.Data)
			assert.Len(t, entries(t, dir), 2)
		})
	}
}

func TestPutAfterAKilledOne(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a")})
	o, err := f.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	o.Data = event("b")
	o, err = f.Put(t.Context(), o)
	require.NoError(t, err)
	// what a killed attempt leaves behind has the name that the next one uses
	leftover := filepath.Join(dir, vdir.TempName("a.ics"))
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("victim"), 0o600))
	require.NoError(t, os.Symlink(victim, leftover))
	o.Data = event("c")
	_, err = f.Put(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.ics"}, entries(t, dir))
	data, err := os.ReadFile(victim)
	require.NoError(t, err)
	assert.Equal(t, "victim", string(data), "a link in the place of the new file is not followed")
}

func TestReadOnlyFolder(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a")})
	require.NoError(t, os.Chmod(dir+"/a.ics", 0o644))
	o, err := f.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { assert.NoError(t, os.Chmod(dir, 0o700)) })
	asUser(t, dir, func() { _, err = f.Put(t.Context(), o) })
	assert.ErrorIs(t, err, calendar.ErrReadOnly)
	assert.Equal(t, []string{"a.ics"}, entries(t, dir))
}

func TestWhatMayNotBeRead(t *testing.T) {
	f, dir := folder(t, map[string][]byte{"a.ics": event("a"), "b.ics": event("b")})
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Chmod(dir+"/a.ics", 0o000))
	require.NoError(t, os.Chmod(dir+"/b.ics", 0o644))
	var rows map[string]calendar.Change
	asUser(t, dir, func() { rows = look(t, f, nil) })
	require.Len(t, rows, 2)
	assert.ErrorIs(t, rows["a.ics"].Err, calendar.ErrForbidden)
	assert.Equal(t, event("b"), rows["b.ics"].Data)

	require.NoError(t, os.Chmod(dir, 0o000))
	t.Cleanup(func() { assert.NoError(t, os.Chmod(dir, 0o700)) })
	var err error
	asUser(t, dir, func() { _, err = vdir.Open(dir) })
	assert.ErrorIs(t, err, calendar.ErrForbidden)
}

// asUser runs fn as somebody whom file modes bind: root's tests as nobody, everybody else's as they are.
func asUser(t *testing.T, dir string, fn func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		require.NoError(t, syscall.Setfsuid(65534))
		defer func() { require.NoError(t, syscall.Setfsuid(0)) }()
	}
	fn()
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func BenchmarkIdle(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.ics", i)), []byte(strings.Repeat("x", 2000)), 0o600))
	}
	f, err := vdir.Open(dir)
	require.NoError(b, err)
	seen := map[string]string{}
	since := calendar.Since{ETag: func(href string) string { return seen[href] }}
	remember := func(c calendar.Change) error { seen[c.Href] = c.ETag; return nil }
	for b.Loop() {
		if _, err := f.Changes(b.Context(), since, remember); err != nil {
			b.Fatal(err)
		}
	}
}
