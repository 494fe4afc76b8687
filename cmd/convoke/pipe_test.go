package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// aFile is a file of a vdir, with one event.
func aFile(uid, title string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed(uid, title) + "END:VCALENDAR\r\n"
}

// leaving is a command whose standard output or error goes into a pipe that is left after its first line.
func leaving(t *testing.T, attach func(*exec.Cmd, *os.File), args ...string) (c *exec.Cmd, leave func()) {
	t.Helper()
	c = exec.CommandContext(t.Context(), filepath.Join(programFolder(t), program), args...)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	attach(c, w)
	require.NoError(t, c.Start())
	require.NoError(t, w.Close())
	return c, func() {
		_, err := bufio.NewReader(r).ReadString('\n')
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
}

// Whoever reads what a sync prints goes away (`convoke sync | head -1`) while the call for another organizer is out: it gets its
// answer, and nothing is held afterwards.
func TestReaderLeavesSync(t *testing.T) {
	dir, hers, his := t.TempDir(), t.TempDir(), t.TempDir()
	p, _, account := newPlatform(t)
	second, _ := p.AddAccount(meetingtest.User{Email: "bob@example.com"})
	left := make(chan struct{})
	api := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		p.ServeHTTP(w, r)
		if strings.Contains(string(body), "Slow") || strings.Contains(string(body), "Two") {
			select {
			case <-left: // made, and not answered before nobody reads any more
			case <-time.After(10 * time.Second):
			}
			if strings.Contains(string(body), "Slow") {
				time.Sleep(300 * time.Millisecond) // the step of the other comes meanwhile
			}
		}
	}))
	writeFiles(t, hers, map[string]string{"1.ics": aFile("one", "One @meet"), "2.ics": aFile("two", "Two @meet")})
	writeFiles(t, his, map[string]string{"1.ics": aFile("slow", "Slow @meet")})
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": configuration(api, account.ID, fmt.Sprintf("vdir = %q", hers)) +
		fmt.Sprintf("[[organizer]]\nemail = \"bob@example.com\"\naccount_id = %q\nvdir = %q\n", second.ID, his)})
	config := filepath.Join(dir, "config.toml")

	c, leave := leaving(t, func(c *exec.Cmd, w *os.File) { c.Stdout = w }, "sync", "-c", config)
	leave()
	close(left)
	_ = c.Wait()
	assert.Equal(t, exitSome, c.ProcessState.ExitCode(), "it ended by itself")
	assert.Equal(t, 3, len(p.Meetings()))
	again := convoke("sync", "-c", config)
	assert.Equal(t, result{exitDone, "nothing to do\n", ""}, again)
}

// The daemon goes on when nobody reads its log any more.
func TestReaderLeavesDaemon(t *testing.T) {
	dir, hers := t.TempDir(), t.TempDir()
	p, api, account := newPlatform(t)
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey,
		"config.toml": "schedule = \"@every 1s\"\n" + configuration(api, account.ID, fmt.Sprintf("vdir = %q", hers))})
	c, leave := leaving(t, func(c *exec.Cmd, w *os.File) { c.Stderr = w }, "run", "-c", filepath.Join(dir, "config.toml"))
	leave()
	writeFiles(t, hers, map[string]string{"1.ics": aFile("one", "One @meet")}) // whose pass is a line in the log
	require.Eventually(t, func() bool { return len(p.Meetings()) == 1 }, 15*time.Second, 10*time.Millisecond)
	writeFiles(t, hers, map[string]string{"2.ics": aFile("two", "Two @meet")})
	require.Eventually(t, func() bool { return len(p.Meetings()) == 2 }, 15*time.Second, 10*time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, c.Wait())
}
