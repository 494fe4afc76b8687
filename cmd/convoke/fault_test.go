package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/config"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

// TestFaultLedgerDamaged breaks the ledger in every way: each command that needs it ends with 4 and says what to do, nothing is made
// in its place, not a byte of it changes, and nobody is asked anything.
func TestFaultLedgerDamaged(t *testing.T) {
	overwrite := func(at int64, text []byte) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			require.NoError(t, err)
			defer f.Close()
			_, err = f.WriteAt(text, at)
			require.NoError(t, err)
		}
	}
	replace := func(text string) func(t *testing.T, file string) {
		return func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	}
	for name, spoil := range map[string]func(t *testing.T, file string){
		"newer":             overwrite(60, binary.BigEndian.AppendUint32(nil, 1000)), // user_version, in the header
		"no header":         overwrite(0, []byte(strings.Repeat("damage", 10))),
		"the first page":    overwrite(100, []byte(strings.Repeat("damage", 500))),
		"the pages after":   overwrite(4096, []byte(strings.Repeat("damage", 4096))),
		"another program's": overwrite(68, binary.BigEndian.AppendUint32(nil, 7)), // application_id
		"text":              replace(strings.Repeat("Dear diary, this is no ledger at all. ", 300)),
		"cut in half": func(t *testing.T, file string) {
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(file, info.Size()/2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCellar(t, &storetest.Disk{Dir: t.TempDir()}, "ledger")
			c.book("budget@example.com")
			require.Zero(t, convoke("sync", "-c", c.config).code)
			spoil(t, c.ledger)
			before := filesIn(t, filepath.Dir(c.ledger))
			asked, calls := len(c.dav.Requests()), c.platform.CountCalls()
			for _, command := range [][]string{
				{"sync"}, {"run"}, {"plan"}, {"status"}, {"why", "budget@example.com"}, {"organizer", "list"}, {"rebuild"}, {"eject"},
				{"approve", "1"}, {"resolve", "budget@example.com", "--retry"},
			} {
				r := convoke(append(command, "-c", c.config)...)
				assert.Equal(t, exitDamaged, r.code, "%v: %s", command, r.err)
				assert.Contains(t, r.err, c.ledger, command)
				assert.Regexp(t, `bring back the last backup|newer than this program|must name convoke's own`, r.err, command)
			}
			assert.Equal(t, exitDamaged, convoke("check", "-c", c.config).code)
			assert.Equal(t, before, filesIn(t, filepath.Dir(c.ledger)))
			assert.Equal(t, calls, c.platform.CountCalls(), "the platform is asked nothing")
			for _, r := range c.dav.Requests()[asked:] {
				assert.NotEqual(t, "PUT", r.Method)
			}
		})
	}
}

// filesIn is what is in a folder, by name; what SQLite and the lock keep beside a ledger has nothing in it.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		if len(text) > 0 && !strings.HasSuffix(e.Name(), "-shm") {
			files[e.Name()] = string(text)
		}
	}
	return files
}

// TestFaultTwoDaemons starts several at once on one ledger, by whatever name it is known to them: one runs, the others end with
// 3 and do nothing. When it is killed the next one may.
func TestFaultTwoDaemons(t *testing.T) {
	binary := filepath.Join(programFolder(t), program)
	c := newCellar(t, &storetest.Disk{Dir: t.TempDir()}, "ledger")
	c.book("budget@example.com")
	t.Run("at the same moment", func(t *testing.T) {
		const many = 5
		var all []*process
		for range many {
			all = append(all, start(t, nil, binary, "run", "-v", "-c", c.config))
		}
		ended := make(chan int, many)
		for i, p := range all {
			go func() { _ = p.Wait(); ended <- i }()
		}
		lost := map[int]bool{}
		for range many - 1 {
			select {
			case i := <-ended:
				lost[i] = true
			case <-time.After(time.Minute):
				require.FailNow(t, "more than one is running")
			}
		}
		for i, p := range all {
			if lost[i] {
				assert.Equal(t, exitLocked, p.ProcessState.ExitCode(), p.printed())
				assert.Contains(t, p.printed(), "another convoke holds the ledger")
				assert.NotContains(t, p.printed(), "msg=pass")
			}
		}
		for i, p := range all {
			if !lost[i] {
				p.says("msg=pass ", 2)
				require.NoError(t, p.Process.Signal(syscall.SIGTERM))
				<-ended
			}
		}
		assert.Len(t, c.platform.Meetings(), 1)
		assert.Equal(t, 1, c.posts())
	})
	t.Run("one after the other", func(t *testing.T) {
		first := start(t, nil, binary, "run", "-v", "-c", c.config)
		first.says("msg=pass ", 1)
		for _, command := range [][]string{{"sync"}, {"run"}, {"rebuild"}, {"eject"}} {
			r := convoke(append(command, "-c", c.config)...)
			assert.Equal(t, exitLocked, r.code, "%v: %s", command, r.err)
			assert.Contains(t, r.err, fmt.Sprintf("process %d", first.Process.Pid))
		}
		for _, command := range [][]string{{"status"}, {"plan"}, {"why", "budget@example.com"}, {"organizer", "list"}} {
			r := convoke(append(command, "-c", c.config)...)
			assert.Zero(t, r.code, "%v: %s", command, r.err)
		}
		elsewhere := filepath.Join(t.TempDir(), "other.db")
		require.NoError(t, os.Symlink(c.ledger, elsewhere))
		text, err := os.ReadFile(c.config)
		require.NoError(t, err)
		byLink := filepath.Join(filepath.Dir(c.config), "link.toml")
		require.NoError(t, os.WriteFile(byLink, []byte(strings.ReplaceAll(string(text), c.ledger, elsewhere)), 0o600))
		assert.Equal(t, exitLocked, convoke("sync", "-c", byLink).code, "the same ledger by another name")

		require.NoError(t, first.Process.Kill())
		_ = first.Wait()
		r := convoke("sync", "-c", c.config)
		assert.Zero(t, r.code, r.err)
		assert.True(t, c.linked("budget@example.com"))
		assert.Equal(t, 1, c.posts())
	})
}

// The watchdog is fed while passes get on and the ledger can be read, and not by the passing of time alone: a pass that hangs,
// one that does not come and a ledger that is gone starve it. To set the wall clock does not.
func TestFaultWatchdog(t *testing.T) {
	dir, err := os.MkdirTemp("", "watchdog-") // a short path: a socket's may have 108 bytes
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	var fed atomic.Int64
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			if string(b[:n]) == "WATCHDOG=1" {
				fed.Add(1)
			}
		}
	}()
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "s"))
	t.Setenv("WATCHDOG_USEC", "30000") // 30 ms, so it is fed each 10
	t.Setenv("WATCHDOG_PID", "")

	ledger, err := sqlite.Open(t.Context(), filepath.Join(dir, "ledger.db"), sqlite.Options{})
	require.NoError(t, err)
	d := &service{}
	schedule := config.Schedule{Schedule: every(time.Minute)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.watchdog(ctx, ledger, slog.New(slog.NewTextHandler(io.Discard, nil)))
	}()
	eats := func(want bool, why string) {
		t.Helper()
		time.Sleep(50 * time.Millisecond) // what is under way
		before := fed.Load()
		if want {
			assert.Eventually(t, func() bool { return fed.Load() > before+2 }, 10*time.Second, 5*time.Millisecond, why)
			return
		}
		time.Sleep(150 * time.Millisecond)
		assert.Equal(t, before, fed.Load(), why)
	}
	// past has the last sign of life be so long ago
	past := func(running bool, ago time.Duration) {
		at := time.Now().Add(-ago)
		d.pulse.last.Store(&at)
		d.pulse.running.Store(running)
	}
	eats(true, "just started")
	d.pulse.schedule.Store(&schedule)
	d.pulse.begin()
	eats(true, "a pass began")
	past(true, patience-time.Minute)
	eats(true, "a long step of a pass")
	past(true, patience+time.Second)
	eats(false, "a pass hangs")
	d.pulse.beat()
	eats(true, "it got on")
	d.pulse.end()
	eats(true, "it came to its end")
	past(false, patience)
	eats(true, "the next one is late, but not by much")
	past(false, patience+2*time.Minute)
	eats(false, "the next one does not come")
	d.pulse.begin()
	eats(true, "it came")
	at := time.Now()
	require.Contains(t, d.pulse.last.Load().String(), " m=+", "by the monotonic clock: whoever sets the other one starves nobody")
	assert.True(t, d.pulse.healthy(at))
	require.NoError(t, ledger.Close())
	eats(false, "the ledger cannot be read")
	cancel()
	<-done
}

// every is a schedule.
type every time.Duration

func (e every) Next(t time.Time) time.Time { return t.Add(time.Duration(e)) }

// The program knows the time zones by itself: a minimal host has none.
func TestFaultZonesEmbedded(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	assert.Contains(t, strings.Fields(string(out)), "time/tzdata")
}
