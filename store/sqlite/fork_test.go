package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A child process that was just forked still has every file of its parent open.
func TestLockIsFreeBesideAFork(t *testing.T) {
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), Options{})
	require.NoError(t, err)
	defer l.Close()
	release, err := l.Lock()
	require.NoError(t, err)
	child, err := unix.Dup(int(l.held.file.Fd()))
	require.NoError(t, err)
	defer unix.Close(child)
	release()
	release, err = l.Lock()
	require.NoError(t, err)
	release()
}
