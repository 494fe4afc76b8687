package sqlite_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
)

// What a power failure leaves of a lock file, its size without its content, is as good as nothing.
func TestBeatTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	for name, left := range map[string]string{"zeros": strings.Repeat("\x00", 80), "half of it": `{"pid":0,"status":{"at`} {
		require.NoError(t, os.WriteFile(path+".lock", []byte(left), 0o600), name)
		_, err := sqlite.ReadBeat(path)
		require.ErrorIs(t, err, store.ErrNotFound, name)
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	lines, kill := child(t, "hold", path, nil)
	require.Equal(t, "held", <-lines)

	_, err := l.Lock()
	require.ErrorIs(t, err, store.ErrLocked)
	pid, err2 := sqlite.Holder(path)
	require.NoError(t, err2)
	assert.NotZero(t, pid)
	assert.Contains(t, err.Error(), strconv.Itoa(pid))
	beat, err := sqlite.ReadBeat(path)
	require.NoError(t, err)
	assert.JSONEq(t, `{"pass":1}`, string(beat))
	require.NoError(t, l.Note(t.Context(), "k", "v"), "short transactions go on")

	kill()
	pid, err = sqlite.Holder(path)
	require.NoError(t, err)
	assert.Zero(t, pid, "the lock dies with its process")
	beat, err = sqlite.ReadBeat(path)
	require.NoError(t, err)
	assert.JSONEq(t, `{"pass":1}`, string(beat), "what it said stays")
	release, err := l.Lock()
	require.NoError(t, err)
	release()
}

func TestBeat(t *testing.T) {
	path := newPath(t)
	_, err := sqlite.ReadBeat(path)
	require.ErrorIs(t, err, store.ErrNotFound, "no ledger")
	l := openAt(t, path)
	_, err = sqlite.ReadBeat(path)
	require.ErrorIs(t, err, store.ErrNotFound, "never locked")
	require.Error(t, l.Beat([]byte(`{}`)), "not held")

	release, err := l.Lock()
	require.NoError(t, err)
	_, err = sqlite.ReadBeat(path)
	require.ErrorIs(t, err, store.ErrNotFound, "locked, no beat yet")
	require.Error(t, l.Beat([]byte(`{"pass":`)), "no JSON")
	for _, status := range []string{`{"pass":"2026-11-03T09:00:00Z","took":"1.5s"}`, `{}`, `{"pass":2}`} { // longer, shorter
		require.NoError(t, l.Beat([]byte(status)))
		got, err := sqlite.ReadBeat(path)
		require.NoError(t, err)
		assert.Equal(t, status, string(got))
	}
	pid, err := sqlite.Holder(path)
	require.NoError(t, err)
	assert.Equal(t, os.Getpid(), pid)

	release()
	require.Error(t, l.Beat([]byte(`{}`)), "released")
	pid, err = sqlite.Holder(path)
	require.NoError(t, err)
	assert.Zero(t, pid)
	release, err = l.Lock()
	require.NoError(t, err)
	defer release()
	got, err := sqlite.ReadBeat(path)
	require.NoError(t, err)
	assert.Equal(t, `{"pass":2}`, string(got), "the next holder keeps it until it has something to say")
}

func TestBeatInMemory(t *testing.T) {
	l, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	defer l.Close()
	require.Error(t, l.Beat([]byte(`{}`)))
	_, err = l.Lock()
	require.NoError(t, err)
	require.NoError(t, l.Beat([]byte(`{}`)))
}

// A lock file that was cut off, or that is none of ours, keeps nobody from locking.
func TestLockFileTorn(t *testing.T) {
	for _, content := range []string{"", "{", `{"pid":`, "not ours", `{"pid":"x"}`} {
		t.Run(content, func(t *testing.T) {
			path := newPath(t)
			l := openAt(t, path)
			require.NoError(t, os.WriteFile(path+".lock", []byte(content), 0o600))
			pid, err := sqlite.Holder(path)
			require.NoError(t, err)
			assert.Zero(t, pid)
			release, err := l.Lock()
			require.NoError(t, err)
			defer release()
			require.NoError(t, l.Beat([]byte(`{"pass":1}`)))
			got, err := sqlite.ReadBeat(path)
			require.NoError(t, err)
			assert.Equal(t, `{"pass":1}`, string(got))
		})
	}
}

// Who asks for the holder must not be in the way of somebody who wants the lock just then.
func TestHolderDoesNotDisturb(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	release, err := l.Lock()
	require.NoError(t, err)
	release()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				_, err := sqlite.Holder(path)
				assert.NoError(t, err)
			}
		}
	}()
	for range 100 {
		release, err := l.Lock()
		if assert.NoError(t, err) {
			release()
		}
	}
	close(done)
	<-ended
}
