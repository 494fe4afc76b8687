package sqlite_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

func fileURI(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

func TestCopyOfNothing(t *testing.T) {
	path := newPath(t)
	l, err := sqlite.Copy(t.Context(), path)
	require.NoError(t, err)
	storetest.Fill(t, l)
	require.NoError(t, l.Close())
	assert.Empty(t, folder(t, path))
}

// A copy of a ledger that nobody works with leaves no trace, not even the files that SQLite keeps beside one in use.
func TestCopyAtRest(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	storetest.Fill(t, l)
	content := storetest.Read(t, l)
	require.NoError(t, l.Close())
	before := folder(t, path)

	c, err := sqlite.Copy(t.Context(), path)
	require.NoError(t, err)
	assert.Equal(t, content, storetest.Read(t, c))
	require.NoError(t, c.Note(t.Context(), "agenda", "in the copy only"))
	_, err = c.Lock()
	require.NoError(t, err)
	require.NoError(t, c.Close())
	assert.Equal(t, before, folder(t, path))
}

// What a crash left behind lies partly in the write-ahead log.
func TestCopyAfterCrash(t *testing.T) {
	path, crashed := newPath(t), newPath(t)
	l := openAt(t, path)
	storetest.Fill(t, l)
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + end)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(crashed+end, data, 0o600))
	}
	before := folder(t, crashed)
	require.NotEmpty(t, before[filepath.Base(crashed)+"-wal"])

	c, err := sqlite.Copy(t.Context(), crashed)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, storetest.Read(t, l), storetest.Read(t, c))
	after := folder(t, crashed)
	for name := range before {
		assert.Equal(t, before[name], after[name], name)
	}
}

// What is in the write-ahead log is copied too when the ledger is known by another name, such as a symbolic link to it.
func TestCopyByAnotherName(t *testing.T) {
	path, name := newPath(t), newPath(t)
	l := openAt(t, path)
	storetest.Fill(t, l)
	require.NoError(t, os.Symlink(path, name))
	require.NoFileExists(t, name+"-wal")
	c, err := sqlite.Copy(t.Context(), name)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, storetest.Read(t, l), storetest.Read(t, c))
}

// A copy made while another program writes is of one moment.
func TestCopyWhileWriting(t *testing.T) {
	path := newPath(t)
	lines, kill := child(t, "book", path, nil)
	for range 2 { // the first meeting is begun, and made
		<-lines
	}
	go func() {
		for range lines { // let it go on
		}
	}()
	grown := 0
	for i := range 30 {
		c, err := sqlite.Copy(context.Background(), path)
		require.NoError(t, err)
		meetings, err := c.Meetings(t.Context(), "")
		require.NoError(t, err)
		links, err := c.Links(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, len(meetings), len(links))
		open, err := c.Intents(t.Context(), "")
		require.NoError(t, err)
		assert.LessOrEqual(t, len(open), 1)
		assert.GreaterOrEqual(t, len(links), grown)
		grown = len(links)
		require.NoError(t, book(io.Discard, c, fmt.Sprint("in the copy ", i)))
		require.NoError(t, c.Close())
	}
	kill()
	links, err := openAt(t, path).Links(t.Context(), "")
	require.NoError(t, err)
	assert.Positive(t, grown)
	assert.GreaterOrEqual(t, len(links), grown)
	for _, k := range links {
		assert.NotContains(t, k.UID, "in the copy")
	}
}

// A backup that is put back beside the write-ahead log of the ledger that it replaces is spoiled by it; the error says so, and
// without these files it is whole.
func TestBackupBesideAnOldLog(t *testing.T) {
	path, backup, put := newPath(t), newPath(t), newPath(t)
	fillMuch(t, path)
	l := openAt(t, path)
	require.NoError(t, l.Backup(t.Context(), backup))
	storetest.Fill(t, l)
	for from, to := range map[string]string{backup: put, path + "-wal": put + "-wal"} {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, data, 0o600))
	}

	_, err := sqlite.Open(t.Context(), put, sqlite.Options{})
	require.ErrorIs(t, err, store.ErrDamaged)
	assert.Contains(t, err.Error(), "no -wal and -shm file of the old one beside it")

	data, err := os.ReadFile(backup)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(put, data, 0o600))
	require.NoError(t, os.RemoveAll(put+"-wal")) // Open may have folded it in
	require.NoError(t, os.RemoveAll(put+"-shm"))
	saved := openAt(t, put)
	assert.NotEmpty(t, storetest.Read(t, saved))
}
