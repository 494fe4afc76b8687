package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/storetest"
)

// kept is said where what there is of room is for more important things.
const kept = "are kept for what comes of a call"

const fullDisk = "the disk is full, nothing was recorded: make room"

// TestFullDiskAtEveryPage lets each method run out of disk at each page that it writes, with a checkpoint after the commit
// and without. What it then says holds: nothing was recorded; and it works as soon as there is room.
func TestFullDiskAtEveryPage(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		template := filepath.Join(t.TempDir(), "template.db")
		l := mustOpen(t, template, Options{}, steps)
		storetest.Fill(t, l)
		all := writes(storetest.Read(t, l))
		require.NoError(t, l.Close())
		failures := 0
		for _, checkpoint := range []int{4000, 1} {
			for _, w := range all {
				failed := fullAtEveryPage(t, d, template, w, checkpoint)
				assert.Positive(t, failed, "%s was never out of disk", w.name)
				failures += failed
			}
		}
		t.Logf("%d methods were out of disk %d times", len(all), failures)
	})
}

// fullAtEveryPage counts how often a method failed before there was just enough room for it.
func fullAtEveryPage(t *testing.T, d *storetest.Disk, template string, w write, checkpoint int) (failed int) {
	for free := 0; ; free, failed = free+1, failed+1 {
		path := filepath.Join(d.Dir, "ledger.db")
		copyFile(t, template, path)
		l := mustOpen(t, path, Options{}, steps)
		set(t, l, fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpoint))
		before := storetest.Read(t, l)
		d.Fill(free)
		err := w.do(t.Context(), l)
		if err == nil {
			assert.NotEqual(t, before, storetest.Read(t, l), "%s changed nothing", w.name)
		} else {
			require.ErrorContains(t, err, fullDisk, "%s, room for %d pages", w.name, free)
			assert.Equal(t, before, storetest.Read(t, l), "%s, room for %d pages", w.name, free)
			d.Room()
			require.NoError(t, w.do(t.Context(), l))
		}
		d.Room()
		require.NoError(t, quickCheck(t.Context(), l.write))
		require.NoError(t, l.Close())
		removeAll(t, path+"*")
		if err == nil {
			return failed
		}
		if strings.Contains(err.Error(), kept) {
			free += 15 // until there is room for that, too
		}
	}
}

// No call is announced whose outcome could not be recorded: where an intent finds room, so does what comes of it.
func TestReserve(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		path := filepath.Join(d.Dir, "ledger.db")
		for i := 0; ; i++ {
			l := mustOpen(t, path, Options{}, steps)
			if i == 0 {
				storetest.Fill(t, l)
			}
			in := store.Intent{Kind: store.CreateMeeting, Organizer: "carol@example.com", UID: "new", SentAt: time.Unix(1, 0)}
			d.Fill(16 * i)
			id, err := l.Begin(t.Context(), in)
			if err != nil {
				require.ErrorContains(t, err, fullDisk)
				d.Room()
				require.NoError(t, l.Close())
				continue
			}
			m := store.Meeting{Organizer: in.Organizer, PlatformID: "new", State: store.Live, Answer: bytes.Repeat([]byte("x"), 10_000)}
			k := store.Link{Organizer: in.Organizer, UID: in.UID, State: store.Active, Block: strings.Repeat("x", 10_000)}
			m, k, err = l.Made(t.Context(), id, m, k)
			require.NoError(t, err)
			m.Topic = "another"
			change, err := l.Begin(t.Context(), store.Intent{Kind: store.UpdateMeeting, Organizer: in.Organizer, UID: in.UID, Meeting: m.ID})
			require.ErrorContains(t, err, fullDisk, "the reserve is used")
			assert.Zero(t, change)
			k.Written = true
			_, err = l.SaveLink(t.Context(), k)
			require.NoError(t, err)
			assert.Greater(t, i, 4)
			require.NoError(t, l.Close())
			return
		}
	})
}

// A ledger is not opened, and not made, on a disk that is full. No half of one is left of the attempt, and it works as soon
// as there is room.
func TestOpenOnFullDisk(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		for name, there := range map[string]bool{"new": false, "there": true} {
			path := filepath.Join(d.Dir, name)
			if there {
				l := mustOpen(t, path, Options{}, steps)
				storetest.Fill(t, l)
				require.NoError(t, l.Close())
			}
			for free := 0; ; free++ {
				d.Fill(free)
				l, err := open(t.Context(), path, Options{}, steps)
				d.Room()
				if err == nil {
					assert.Positive(t, free, name)
					if !there {
						storetest.Fill(t, l)
					}
					storetest.Read(t, l)
					require.NoError(t, quickCheck(t.Context(), l.write))
					require.NoError(t, l.Close())
					break
				}
				require.ErrorContains(t, err, fullDisk, "%s, room for %d pages", name, free)
				assert.Empty(t, glob(t, path+".new-*"), "%s, room for %d pages", name, free)
			}
		}
	})
}

// On a disk that is mounted read-only a ledger is neither opened nor made, and what is there stays as it is.
func TestOpenOnReadOnlyDisk(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		path := filepath.Join(d.Dir, "ledger.db")
		l := mustOpen(t, path, Options{}, steps)
		storetest.Fill(t, l)
		content := storetest.Read(t, l)
		require.NoError(t, l.Close())
		d.ReadOnly(true)
		for _, name := range []string{path, filepath.Join(d.Dir, "new.db")} {
			_, err := Open(t.Context(), name, Options{})
			require.ErrorContains(t, err, "ledger "+name+": it cannot be written to: run as its owner, and look at")
		}
		preview, err := Copy(t.Context(), path)
		require.NoError(t, err, "a look ahead writes nothing")
		assert.Equal(t, content, storetest.Read(t, preview))
		require.NoError(t, preview.Close())
		d.ReadOnly(false)
		l = mustOpen(t, path, Options{}, steps)
		assert.Equal(t, content, storetest.Read(t, l))
		require.NoError(t, l.Close())
	})
}

func copyFile(t *testing.T, from, to string) {
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o600))
}

func removeAll(t *testing.T, pattern string) {
	for _, name := range glob(t, pattern) {
		require.NoError(t, os.Remove(name))
	}
}

func glob(t *testing.T, pattern string) []string {
	all, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return all
}
