package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/internal/crashpoint"
	"convoke/internal/scenario"
	"convoke/meetingapi/meetingtest"
	"convoke/sync"
)

// settle is platform.settle in the worlds of these tests: two restarts fall into it.
const settle = 5 * time.Minute

// A victim is a world in which convoke, a process of its own, is killed again and again. Its clock stands still until it is
// moved, for everybody.
type victim struct {
	t        testing.TB
	program  string
	dir      string
	now      time.Time
	dav      *caldavtest.Server
	folder   string // where events are files; "" for a server
	platform *meetingtest.Server
	doors    []*door
}

// newVictim makes a world where alice has a calendar, and convoke was never started.
func newVictim(t testing.TB, program string, p *passage) *victim {
	v := &victim{t: t, program: program, dir: memoryFolder(t), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return v.now } // the servers are asked only while a process runs, and it is moved only while none does
	v.platform = meetingtest.New(meetingtest.Options{InstanceKey: canaryKey, Now: clock, Knobs: p.knobs})
	account, _ := v.platform.AddAccount(meetingtest.User{Email: alice, FirstName: "Alice", LastName: "Liddell", TimeZone: "Europe/Brussels"})
	var organizer string
	if p.folder {
		v.folder = filepath.Join(v.dir, "work")
		require.NoError(t, os.Mkdir(v.folder, 0o700))
		organizer = `vdir = "work"`
	} else {
		v.dav = caldavtest.New(caldavtest.Clock(clock), caldavtest.User("alice", canaryPassword, alice))
		v.dav.AddCalendar("alice", "home", "Home")
		organizer = fmt.Sprintf("caldav_url = %q\nusername = \"alice\"\npassword_file = \"alice.password\"", v.open(v.dav)+"/")
	}
	text := configuration(v.open(v.platform), account.ID, organizer)
	text = strings.Replace(text, "[platform]\n", fmt.Sprintf("[platform]\nsettle = %q\n", settle), 1)
	for old, replacement := range p.configuration {
		require.Contains(t, text, old)
		text = strings.Replace(text, old, replacement, 1)
	}
	writeFiles(t, v.dir, map[string]string{"config.toml": text, "platform-api-key": canaryKey + "\n", "alice.password": canaryPassword + "\n"})
	return v
}

// memoryFolder is a folder in memory, where the system has one. A disk would make no difference but in time: what a process has
// written before SIGKILL, the kernel has.
func memoryFolder(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "convoke-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// open serves a handler behind a door.
func (v *victim) open(h http.Handler) string {
	d := &door{there: map[string]bool{}}
	d.changed = stdsync.NewCond(&d.mu)
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = d.state
	server.Start()
	v.t.Cleanup(server.Close)
	d.address = server.Listener.Addr().String()
	v.doors = append(v.doors, d)
	return server.URL
}

// A death is how a process ended, and what it had passed by then.
type death struct {
	killed bool
	code   int
	out    string
	err    string
	passed []string
}

// last is the point at which it died.
func (d death) last() string {
	if len(d.passed) == 0 {
		return ""
	}
	return d.passed[len(d.passed)-1]
}

// run starts convoke, to be killed at a point ("" for none), and waits until nothing of what it did is under way.
func (v *victim) run(at string, args ...string) death {
	v.t.Helper()
	trace := filepath.Join(v.dir, ".trace")
	require.NoError(v.t, os.WriteFile(trace, nil, 0o600))
	var out, errs bytes.Buffer
	c := exec.Command(v.program, append(args, "-c", filepath.Join(v.dir, "config.toml"))...)
	c.Dir, c.Stdout, c.Stderr = v.dir, &out, &errs
	c.Env = append(os.Environ(), crashpoint.At+"="+at, crashpoint.Trace+"="+trace, crashpoint.Clock+"="+v.now.Format(time.RFC3339))
	err := c.Run()
	for _, d := range v.doors {
		d.empty(v.t)
	}
	passed, readErr := os.ReadFile(trace)
	require.NoError(v.t, readErr)
	ended := death{out: out.String(), err: errs.String(), passed: strings.Split(strings.TrimSpace(string(passed)), "\n")}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		ended.code, ended.killed = exit.ExitCode(), status.Signaled() && status.Signal() == syscall.SIGKILL
	} else {
		require.NoError(v.t, err)
	}
	return ended
}

// pass makes a pass in which nothing may go wrong.
func (v *victim) pass() sync.Report {
	v.t.Helper()
	d := v.run("", "sync", "--json")
	require.Zero(v.t, d.code, "%s%s", d.out, d.err)
	var r sync.Report
	require.NoError(v.t, json.Unmarshal([]byte(d.out), &r))
	return r
}

// calm starts convoke again and again, until nothing is left to do at the moment.
func (v *victim) calm() {
	v.t.Helper()
	for range 8 {
		v.now = v.now.Add(time.Minute)
		if v.pass().Steps() == 0 {
			return
		}
	}
	require.Fail(v.t, "it does not come to rest")
}

// rest does so until nothing is left to do, also when everything that was sent must have been carried out, or was lost, and
// everything that was put off has come.
func (v *victim) rest() {
	v.t.Helper()
	v.calm()
	v.now = v.now.Add(settle + 2*time.Hour) // a feed that has shown only what was taken over counts as lagging for an hour
	v.calm()
}

// status is what `convoke status` says.
func (v *victim) status() status {
	v.t.Helper()
	d := v.run("", "status", "--json")
	require.Zero(v.t, d.code, d.err)
	var st status
	require.NoError(v.t, json.Unmarshal([]byte(d.out), &st))
	return st
}

// What alice does with her calendar program. An event is named by its place: work/sprint.

func (v *victim) path(place string) string {
	if v.folder != "" {
		return filepath.Join(v.dir, place+".ics")
	}
	return v.dav.Home("alice") + place + ".ics"
}

func (v *victim) store(place, text string) {
	v.t.Helper()
	if v.folder == "" {
		require.NoError(v.t, v.dav.Put(v.path(place), text))
		return
	}
	temp := v.path(place) + ".tmp" // what is replaced gets another inode, as with every such program
	require.NoError(v.t, os.WriteFile(temp, []byte(text), 0o600))
	require.NoError(v.t, os.Rename(temp, v.path(place)))
}

// book puts an event into the calendar, tomorrow from nine to ten unless the lines say otherwise.
func (v *victim) book(place string, lines ...string) {
	v.t.Helper()
	v.store(place, scenario.Object(place, strings.Join(lines, "\n")))
}

// raw is an event as the calendar holds it, and whether it is there.
func (v *victim) raw(place string) (string, bool) {
	v.t.Helper()
	if v.folder == "" {
		data, _, ok := v.dav.Get(v.path(place))
		return string(data), ok
	}
	data, err := os.ReadFile(v.path(place))
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(v.t, err)
	}
	return string(data), err == nil
}

// text is one that must be there, without folds.
func (v *victim) text(place string) string {
	v.t.Helper()
	text, ok := v.raw(place)
	require.True(v.t, ok, "no event %s", place)
	return strings.ReplaceAll(text, "\r\n ", "")
}

func (v *victim) edit(place, body string) {
	v.t.Helper()
	text, err := scenario.Edited(v.text(place), body)
	require.NoError(v.t, err)
	v.store(place, text)
}

func (v *victim) remove(place string) {
	v.t.Helper()
	if v.folder == "" {
		require.NoError(v.t, v.dav.Delete(v.path(place)))
		return
	}
	require.NoError(v.t, os.Remove(v.path(place)))
}

// loseLedger leaves nothing of the ledger but the key beside it.
func (v *victim) loseLedger() {
	v.t.Helper()
	files, err := filepath.Glob(filepath.Join(v.dir, "ledger.db*"))
	require.NoError(v.t, err)
	require.NotEmpty(v.t, files)
	for _, f := range files {
		require.NoError(v.t, os.Remove(f))
	}
}

// ledgerFile is the whole ledger, when no process has it open.
func (v *victim) ledgerFile() string {
	v.t.Helper()
	require.NoFileExists(v.t, filepath.Join(v.dir, "ledger.db-wal"))
	data, err := os.ReadFile(filepath.Join(v.dir, "ledger.db"))
	require.NoError(v.t, err)
	return string(data)
}
