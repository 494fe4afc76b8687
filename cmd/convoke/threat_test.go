package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
)

// The tests whose names begin with TestThreat are the threat table: what an attacker may send, put or own, against the program
// as a process of its own. They measure what each payload costs, and log one line of figures each.

// A target is a convoke with its configuration, and the servers that it is configured for. An attacker may stand between it
// and them; the canary is a host of his, which nobody configured.
type target struct {
	testing.TB
	dir, bin string
	dav      *caldavtest.Server
	platform *meetingtest.Server
	account  meetingtest.Account
	user     meetingtest.User

	davFront, apiFront, canary *front
	spent                      *figures
}

// newTarget has one organizer, alice, with the calendar "Work". Lines are added to her configuration.
func newTarget(t testing.TB, lines ...string) *target {
	t.Helper()
	x := &target{TB: t, dir: t.TempDir(), bin: filepath.Dir(built(t, "")), spent: &figures{}, dav: caldavtest.New(caldavtest.User("alice", canaryPassword, alice))}
	x.platform, _, x.account = newPlatform(t)
	x.user = x.platform.Users()[0]
	x.davFront, x.apiFront = newFront(t, x.dav), newFront(t, x.platform)
	x.canary = newFront(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "canary") }))
	x.configure(`calendars = ["Work"]` + "\n" + strings.Join(lines, "\n"))
	writeFiles(t, x.dir, map[string]string{"platform-api-key": canaryKey, "alice.password": canaryPassword})
	return x
}

// in is the same target in a subtest.
func (x *target) in(t testing.TB) *target {
	y := *x
	y.TB = t
	return &y
}

// configure writes the configuration: lines are alice's, or of tables behind hers.
func (x *target) configure(lines string) {
	x.Helper()
	organizer := fmt.Sprintf("caldav_url = %q\nusername = \"alice\"\npassword_file = \"alice.password\"\n%s", x.davFront.url+"/", lines)
	text := configuration(x.apiFront.url, x.account.ID, organizer)
	if strings.Contains(organizer, "[select]") {
		text = strings.Replace(text, "[select]\nhorizon = \"0s\"\n", "", 1)
	}
	writeFiles(x, x.dir, map[string]string{"config.toml": text})
}

// subscribe writes a configuration with an ICS feed in place of the calendar, and returns where convoke listens.
func (x *target) subscribe(url string) (address string) {
	x.Helper()
	address = freeAddress(x)
	text := configuration(x.apiFront.url, x.account.ID, fmt.Sprintf("ics_url = %q", url))
	writeFiles(x, x.dir, map[string]string{"config.toml": strings.Replace(text, `listen = ""`, fmt.Sprintf("listen = %q", address), 1)})
	return address
}

// forget takes away what convoke knows, but for its configuration.
func (x *target) forget() {
	x.Helper()
	for _, pattern := range []string{"ledger.db*", "convoke.key*"} {
		found, err := filepath.Glob(filepath.Join(x.dir, pattern))
		require.NoError(x, err)
		for _, name := range found {
			require.NoError(x, os.Remove(name))
		}
	}
}

func (x *target) path(name string) string { return x.dav.Calendar("alice", "work") + name + ".ics" }

// put has alice, or somebody who can write to her calendar, put an object there.
func (x *target) put(name, data string) {
	x.Helper()
	require.NoError(x, x.dav.Put(x.path(name), data))
}

func (x *target) object(name string) string {
	x.Helper()
	data, _, ok := x.dav.Get(x.path(name))
	require.True(x, ok, name)
	return string(data)
}

// booked is an event of the day after tomorrow that asks for a meeting, with more lines in it. Its title is its UID, unless the
// lines have one.
func booked(uid string, lines ...string) string {
	start := time.Now().UTC().AddDate(0, 0, 2)
	more := strings.Join(lines, "\r\n")
	if !strings.Contains("\r\n"+more, "\r\nSUMMARY") {
		more = "SUMMARY:" + uid + " @meet\r\n" + more
	}
	if !strings.Contains("\r\n"+more, "\r\nDTSTART") {
		more = fmt.Sprintf("DTSTART:%s\r\nDURATION:PT1H\r\n%s", start.Format("20060102T150000Z"), more)
	}
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T080000Z\r\n" +
		strings.TrimRight(more, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// An aftermath is what a run of the program did, and what it cost.
type aftermath struct {
	result
	took time.Duration
	peak int64 // bytes of memory at most
}

// convoke runs the program as a process of its own and waits for its end.
func (x *target) convoke(args ...string) aftermath {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.Context(), 3*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	c := x.command(ctx, args...)
	c.Stdout, c.Stderr = &out, &errOut
	began := time.Now()
	require.NoError(x, c.Start())
	peak := watch(c.Process.Pid)
	err := c.Wait()
	o := aftermath{took: time.Since(began), peak: peak(), result: result{out: out.String(), err: errOut.String()}}
	require.NoError(x, ctx.Err(), "it does not end")
	if failed, ok := err.(*exec.ExitError); ok {
		o.code = failed.ExitCode()
	} else {
		require.NoError(x, err)
	}
	x.spent.add(o)
	assert.NotContains(x, o.err, "fault of convoke")
	assert.NotContains(x, o.err, "goroutine ")
	return o
}

func (x *target) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(x.bin, program), append(args, "-c", filepath.Join(x.dir, "config.toml"))...)
	c.Dir, c.Env = x.dir, []string{"TZ=UTC"}
	return c
}

// Figures are what the payloads of one threat have cost.
type figures struct {
	payloads int
	peak     int64
	longest  time.Duration
}

func (f *figures) add(o aftermath) {
	f.payloads++
	f.peak, f.longest = max(f.peak, o.peak), max(f.longest, o.took)
}

// publish logs the figures, and holds them against what a payload may cost.
func (x *target) publish(class string, payloads int, peakMiB int64, longest time.Duration) {
	x.Helper()
	x.Logf("figures: %s: %d payloads, peak memory %d MiB, longest %s", class, payloads, x.spent.peak>>20, x.spent.longest.Round(time.Millisecond))
	assert.Positive(x, x.spent.peak, "a run that ends at once may not be seen, but not all of them")
	assert.Less(x, x.spent.peak>>20, peakMiB, "MiB at most")
	assert.Less(x, x.spent.longest, longest)
}

// watch follows the peak of a process's resident set (VmHWM, proc_pid_status(5)), until it has ended; what its parent had before it
// is not counted, as it is in getrusage(2).
func watch(pid int) (peak func() int64) {
	var most int64
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, found := strings.Cut(string(status), "VmHWM:")
			var kib int64
			if _, scanned := fmt.Sscanf(after, "%d kB", &kib); err != nil || !found || scanned != nil {
				return // it has ended
			}
			most = max(most, kib<<10)
			time.Sleep(time.Millisecond)
		}
	}()
	return func() int64 { <-done; return most }
}

// A front stands before a server and sees everything that it is asked. What it has instead, when set, answers in its place.
type front struct {
	url string

	mu      stdsync.Mutex
	instead http.Handler
	seen    []*http.Request // bodies are gone
}

func newFront(t testing.TB, h http.Handler) *front {
	t.Helper()
	f := &front{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.seen = append(f.seen, r)
		instead := f.instead
		f.mu.Unlock()
		if instead != nil {
			instead.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

// answer has something else answer; nil for the server again.
func (f *front) answer(instead http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instead = instead
}

// take returns the requests since the last time.
func (f *front) take() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen
	f.seen = nil
	return seen
}

// lines tells what was asked.
func lines(requests []*http.Request) []string {
	var all []string
	for _, r := range requests {
		all = append(all, r.Method+" "+r.Host+r.RequestURI)
	}
	return all
}

// tampered is a server whose answers somebody changes on their way.
func tampered(h http.Handler, change func(r *http.Request, answer *httptest.ResponseRecorder) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		body := change(r, rec)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
}

// posts are the creations that the platform was asked for.
func (x *target) posts() int { return x.platform.CountCalls(meetingtest.CreateMeeting) }
