package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

// What convoke says when it cannot keep anything.
const (
	saysFull     = "the disk is full, nothing was recorded: make room"
	saysReadOnly = "it cannot be written to: run as its owner, and look at the mode of the file and its folder and at the mount"
)

// A cellar is a convoke whose ledger and key lie on a disk of their own.
type cellar struct {
	t        *testing.T
	dav      *caldavtest.Server
	platform *meetingtest.Server
	config   string
	ledger   string
}

// newCellar makes one; name tells the ledgers of a disk apart.
func newCellar(t *testing.T, d *storetest.Disk, name string) *cellar {
	t.Helper()
	c := &cellar{t: t, dav: caldavtest.New(caldavtest.User("alice", canaryPassword, alice)), ledger: filepath.Join(d.Dir, name, "ledger.db")}
	require.NoError(t, os.Mkdir(filepath.Dir(c.ledger), 0o700))
	platform, address, account := newPlatform(t)
	c.platform = platform
	organizer := fmt.Sprintf("caldav_url = %q\nusername = \"alice\"\npassword_file = \"alice.password\"", serve(t, c.dav)+"/")
	text := strings.Replace(configuration(address, account.ID, organizer), `database = "ledger.db"`,
		fmt.Sprintf("database = %q\nschedule = \"@every 1s\"", c.ledger), 1)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "alice.password": canaryPassword, "config.toml": text})
	c.config = filepath.Join(dir, "config.toml")
	return c
}

// book puts a marked event into alice's calendar.
func (c *cellar) book(uid string) {
	c.t.Helper()
	text := strings.NewReplacer("dentist@example.com", uid, "SUMMARY:Dentist", "SUMMARY:Dentist @meet").Replace(other)
	require.NoError(c.t, c.dav.Put(c.path(uid), crlf(text)))
}

func (c *cellar) path(uid string) string { return c.dav.Calendar("alice", "work") + uid + ".ics" }

// linked reports whether the join link of a meeting of the platform stands in the event.
func (c *cellar) linked(uid string) bool {
	data, _, _ := c.dav.Get(c.path(uid))
	for _, m := range c.platform.Meetings() {
		if strings.Contains(strings.ReplaceAll(string(data), "\r\n ", ""), joinStart+m.Number) {
			return true
		}
	}
	return false
}

func (c *cellar) posts() int { return c.platform.CountCalls(meetingtest.CreateMeeting) }

// puts counts the writes to alice's calendar.
func (c *cellar) puts() int { return c.dav.Counts()[http.MethodPut] }

// remembered requires that for each meeting there is a link, or an intent.
func (c *cellar) remembered() {
	c.t.Helper()
	l, err := sqlite.Open(c.t.Context(), c.ledger, sqlite.Options{})
	require.NoError(c.t, err)
	defer l.Close()
	links, err := l.Links(c.t.Context(), "")
	require.NoError(c.t, err)
	intents, err := l.Intents(c.t.Context(), "")
	require.NoError(c.t, err)
	assert.Len(c.t, c.platform.Meetings(), len(links)+len(intents), "links %v, intents %v", links, intents)
}

// settled brings the event of the one meeting to its end, with an admin's help where nobody knows what became of the call.
func (c *cellar) settled(uid string) {
	c.t.Helper()
	convoke("sync", "-c", c.config)
	if !c.linked(uid) {
		m := c.platform.Meetings()[len(c.platform.Meetings())-1]
		r := convoke("resolve", uid, "--adopt", m.ID, "--number", m.Number, "-c", c.config)
		require.Zero(c.t, r.code, r.err)
		r = convoke("sync", "-c", c.config)
		require.Zero(c.t, r.code, r.err)
	}
	assert.True(c.t, c.linked(uid))
}

// TestFaultDiskFull lets a pass run out of disk at each page that it writes, from making the key on. It fails and says why,
// nothing was asked of the platform or the calendar, and it works as soon as there is room.
func TestFaultDiskFull(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		failed := 0
		for free := 0; ; free++ {
			c := newCellar(t, d, fmt.Sprint(free))
			c.book("budget@example.com")
			d.Fill(free)
			r := convoke("sync", "-c", c.config)
			d.Room()
			if r.code == exitDone {
				assert.True(t, c.linked("budget@example.com"))
				break
			}
			failed++
			c.full(r)
			require.Zero(t, c.posts())
			require.Zero(t, c.puts())
			c.settled("budget@example.com")
			require.Len(t, c.platform.Meetings(), 1)
			require.NoError(t, os.RemoveAll(filepath.Dir(c.ledger)))
			if strings.Contains(r.err, "are kept for what comes of a call") {
				free += 9 // until there is room for that, too
			}
		}
		t.Logf("out of disk %d times", failed)
		assert.Greater(t, failed, 50)
	})
}

// TestFaultDiskFillsDuringCall lets the disk fill while the platform makes a meeting, which the reserve does not prevent, to each
// page that the rest of the pass writes. The meeting is remembered, if only as a call without an answer, and no second one
// is made.
func TestFaultDiskFillsDuringCall(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		failed := 0
		for free := 0; ; free++ {
			c := newCellar(t, d, fmt.Sprint(free))
			c.book("budget@example.com")
			c.platform.Fail(meetingtest.CreateMeeting, meetingtest.Delay(func(context.Context) { d.Fill(free) }))
			r := convoke("sync", "-c", c.config)
			d.Room()
			require.Equal(t, 1, c.posts())
			c.remembered()
			if r.code == exitDone {
				assert.True(t, c.linked("budget@example.com"))
				break
			}
			failed++
			c.full(r)
			c.settled("budget@example.com")
			require.Equal(t, 1, c.posts())
			require.NoError(t, os.RemoveAll(filepath.Dir(c.ledger)))
		}
		t.Logf("out of disk %d times", failed)
		assert.Greater(t, failed, 10)
	})
}

// full wants a pass that has failed to say why, and where.
func (c *cellar) full(r result) {
	c.t.Helper()
	require.Equal(c.t, exitSome, r.code, r.err)
	require.Regexp(c.t, saysFull+`|(stamp file|make key file|lock of passes).*: no space left on device`, r.err)
	require.Contains(c.t, r.err, filepath.Dir(c.ledger))
}

// The daemon goes on when its disk is full: it says so in its log and in status, asks nothing of anybody that it could not
// remember, and catches up when there is room.
func TestFaultDiskFullDaemon(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		c := newCellar(t, d, "daemon")
		daemon := start(t, nil, filepath.Join(programFolder(t), program), "run", "-v", "-c", c.config)
		daemon.says(`msg=pass `, 1)
		status := func() string {
			r := convoke("status", "-c", c.config)
			require.Zero(t, r.code, r.err)
			return r.out
		}

		d.Fill(0)
		c.book("before@example.com")
		daemon.says(`level=ERROR msg="pass stopped" error=".*`+saysFull+`.*ledger=`+c.ledger, 2)
		assert.Zero(t, c.posts())
		assert.Zero(t, c.puts())
		assert.Regexp(t, `(?m)^last pass 20.* stopped: .*`+saysFull, status())
		d.Room()
		require.Eventually(t, func() bool { return c.linked("before@example.com") }, time.Minute, 5*time.Millisecond)
		assert.Equal(t, 1, c.posts())
		require.Eventually(t, func() bool { return !strings.Contains(status(), "stopped") }, time.Minute, 5*time.Millisecond)

		// the disk fills while the platform works
		stops := daemon.count("pass stopped")
		c.platform.Fail(meetingtest.CreateMeeting, meetingtest.Delay(func(ctx context.Context) { d.Fill(0) }))
		c.book("between@example.com")
		daemon.says("pass stopped", stops+2)
		assert.Equal(t, 2, c.posts())
		assert.Contains(t, status(), saysFull)
		d.Room()
		daemon.says(`msg=pass `, daemon.count(`msg=pass `)+1)
		daemon.stop()
		c.remembered()
		c.settled("between@example.com")
		assert.Equal(t, 2, c.posts())
		assert.Len(t, c.platform.Meetings(), 2)
	})
}

// A ledger on a disk that is mounted read-only keeps everything from starting: nobody is asked anything.
func TestReadOnlyDisk(t *testing.T) {
	storetest.OnDisk(t, 2<<20, func(t *testing.T, d *storetest.Disk) {
		c := newCellar(t, d, "ledger")
		require.Zero(t, convoke("sync", "-c", c.config).code)
		c.book("budget@example.com")
		asked, calls := len(c.dav.Requests()), c.platform.CountCalls()
		d.ReadOnly(true)
		for _, command := range []string{"sync", "run"} {
			r := convoke(command, "-c", c.config)
			assert.Equal(t, exitSome, r.code, command)
			assert.Contains(t, r.err, "ledger "+c.ledger+": "+saysReadOnly, command)
		}
		assert.Len(t, c.dav.Requests(), asked)
		assert.Equal(t, calls, c.platform.CountCalls())
		d.ReadOnly(false)
		c.settled("budget@example.com")
		assert.Len(t, c.platform.Meetings(), 1)
	})
}

// So does one that its owner may only read. Root becomes its owner, and may no more than he.
func TestReadOnlyLedger(t *testing.T) {
	c := newCellar(t, &storetest.Disk{Dir: t.TempDir()}, "ledger")
	program := filepath.Join(programFolder(t), program)
	require.Zero(t, convoke("sync", "-c", c.config).code)
	c.book("budget@example.com")
	asked, calls := len(c.dav.Requests()), c.platform.CountCalls()
	if os.Getuid() == 0 {
		giveAway(t, filepath.Dir(c.config), filepath.Dir(c.ledger))
	}
	for _, mode := range []struct{ folder, file os.FileMode }{{0o755, 0o400}, {0o555, 0o400}} {
		require.NoError(t, os.Chmod(c.ledger, mode.file))
		require.NoError(t, os.Chmod(filepath.Dir(c.ledger), mode.folder))
		for _, command := range []string{"sync", "run"} {
			p := start(t, nil, program, command, "-c", c.config)
			require.Error(t, p.Wait())
			assert.Equal(t, exitSome, p.ProcessState.ExitCode(), p.printed())
			assert.Contains(t, p.printed(), "ledger "+c.ledger+": "+saysReadOnly)
		}
	}
	assert.Len(t, c.dav.Requests(), asked)
	assert.Equal(t, calls, c.platform.CountCalls())
	require.NoError(t, os.Chmod(filepath.Dir(c.ledger), 0o700))
	require.NoError(t, os.Chmod(c.ledger, 0o600))
	p := start(t, nil, program, "sync", "-c", c.config)
	require.NoError(t, p.Wait(), p.printed())
	assert.True(t, c.linked("budget@example.com"))
}

// giveAway makes folders and all that is in them nobody's (user 65534), who must find his way to them, too.
func giveAway(t *testing.T, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, 65534, 65534))
		}))
		for dir := filepath.Dir(folder); dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
			require.NoError(t, os.Chmod(dir, 0o755))
		}
	}
}
