package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

func TestFile(t *testing.T) {
	storetest.Run(t, openNew)
}

func TestCopy(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Ledger {
		path := newPath(t)
		require.NoError(t, openAt(t, path).Close())
		l, err := sqlite.Copy(t.Context(), path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return l
	})
}

func TestShared(t *testing.T) {
	paths := map[store.Ledger]string{}
	open := func(t *testing.T) store.Ledger {
		path := newPath(t)
		l := openAt(t, path)
		paths[l] = path
		return l
	}
	again := func(t *testing.T, l store.Ledger) store.Ledger { return openAt(t, paths[l]) }
	storetest.RunShared(t, open, again)
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "a ledger?#%20.db") }

func openNew(t *testing.T) store.Ledger { return openAt(t, newPath(t)) }

// openAt opens a ledger that is closed when the test ends.
func openAt(t testing.TB, path string) *sqlite.Ledger {
	l, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // once more, where the test did it already
	return l
}
