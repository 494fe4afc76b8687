package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/internal/chaos"
	"convoke/meetingapi/meetingtest"
)

var update = flag.Bool("update", false, "write the golden files anew; read every change of them before it is kept")

// TestFaultsByRequest has one request of each kind meet each fault, and wants the one right meeting and the details in the event
// all the same. testdata/faults.txt says after which pass.
func TestFaultsByRequest(t *testing.T) {
	var mu stdsync.Mutex
	ends := map[string]string{}
	t.Run("each", func(t *testing.T) {
		for _, kind := range chaos.Kinds {
			for _, fault := range chaos.Faults {
				t.Run(string(kind)+", "+string(fault), func(t *testing.T) {
					t.Parallel()
					end := newCell(t).play(t, kind, fault)
					mu.Lock()
					defer mu.Unlock()
					ends[string(kind)+string(fault)] = end
				})
			}
		}
	})
	if t.Failed() || len(ends) < len(chaos.Kinds)*len(chaos.Faults) { // some were chosen by -run
		return
	}
	matrix := chaos.Table(chaos.Faults, chaos.Kinds, func(f chaos.Fault, k chaos.Kind) string { return ends[string(k)+string(f)] })
	t.Logf("what became of it:\n%s", matrix)
	golden := filepath.Join("testdata", "faults.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(matrix), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), matrix)
}

// patientPasses is after how many passes all must be well.
const patientPasses = 12

// A cell is a world for one fault and one kind of request: a calendar and a platform in memory, behind proxies.
type cell struct {
	*spoiled
	dav      *caldavtest.Server
	server   *meetingtest.Server
	dir      string // of the configuration
	alice    booking
	path     string // of the event
	theirs   []string
	title    string
	at       time.Time
	others   int // meetings that were there before
	passes   int
	statuses status
}

func newCell(t testing.TB) *cell {
	platform, address, accounts := newFeedPlatform(t, alice)
	c := &cell{dav: caldavtest.New(caldavtest.User("alice", canaryPassword, alice)), server: platform, dir: t.TempDir()}
	c.spoiled = spoilBetween(t, serve(t, c.dav), address, chaos.Options{Pause: 200 * time.Millisecond})
	c.path = c.dav.Calendar("alice", "work") + "budget.ics"
	c.alice = booking{alice, accounts[0], "alice", c.dav.Calendar("alice", "work")}
	writeFiles(t, c.dir, map[string]string{"platform-api-key": canaryKey, "alice.password": canaryPassword})
	c.settles(t, time.Hour)
	return c
}

// settles says how long a call without an answer may still take effect.
func (c *cell) settles(t testing.TB, settle time.Duration) {
	t.Helper()
	writeFiles(t, c.dir, map[string]string{"config.toml": c.configuration(settle, c.alice)})
}

// play books, or changes what was booked before, has the next request of a kind meet a fault, and says when all was well again.
func (c *cell) play(t *testing.T, kind chaos.Kind, fault chaos.Fault) string {
	if kind == chaos.PlatformPost || kind == chaos.PlatformFeed {
		c.learn(t)
	}
	c.book(t, "Budget", time.Now().UTC().AddDate(0, 0, 3))
	if kind == chaos.PlatformPut {
		c.pass(t)
		c.book(t, "Budget, second round", time.Now().UTC().AddDate(0, 0, 4))
	}
	c.arm(kind, fault)
	end := ""
	for c.passes < patientPasses && end == "" {
		if c.passes++; c.passes > 2 { // whatever was sent has taken effect by now, or never will
			c.settles(t, time.Second)
			time.Sleep(time.Second / 2)
		}
		c.pass(t)
		end = c.end()
	}
	c.assertNothingLeaked(t)
	met := c.tally()[kind]
	delete(met, chaos.None)
	if !assert.NotEmpty(t, end, "never well again: %s, meetings %+v", c.passed(t), c.server.Meetings()) {
		return "lost"
	}
	c.quietly(t)
	if len(met) == 0 {
		assert.Contains(t, []chaos.Fault{chaos.Half, chaos.Trickle}, fault, "the fault was not met")
		return "no body"
	}
	assert.Equal(t, map[chaos.Fault]int{fault: 1}, met)
	return end
}

// learn has convoke make two other meetings, and read the first one in the platform's feed: from then on it is asked before a
// meeting is made, and believed.
func (c *cell) learn(t testing.TB) {
	t.Helper()
	for n := range 2 {
		other := strings.NewReplacer("budget@", fmt.Sprintf("other-%d@", n), "20990615", time.Now().AddDate(0, 0, farthest).Format("20060102")).Replace(crlf(marked))
		require.NoError(t, c.dav.Put(c.dav.Calendar("alice", "work")+fmt.Sprintf("other-%d.ics", n), other))
		c.pass(t)
	}
	c.others = len(c.server.Meetings())
	require.Equal(t, 2, c.others)
}

// book puts the event there, or gives it a new title and time.
func (c *cell) book(t testing.TB, title string, at time.Time) {
	t.Helper()
	c.title, c.at = title, at.Truncate(time.Hour)
	data, _, there := c.dav.Get(c.path)
	text := string(data)
	if !there {
		text = crlf(marked)
	}
	for name, line := range map[string]string{
		"SUMMARY": "SUMMARY:" + strings.ReplaceAll(title, ",", `\,`), "DTSTART;TZID[^:]*|DTSTART": "DTSTART:" + c.at.Format("20060102T150405Z"),
		"DTEND;TZID[^:]*|DTEND": "DTEND:" + c.at.Add(time.Hour).Format("20060102T150405Z"),
	} {
		begin := strings.Index(text, "BEGIN:VEVENT")
		text = text[:begin] + regexp.MustCompile(`(?m)^(?:`+name+`):.*(?:\r\n[ \t].*)*`).ReplaceAllLiteralString(text[begin:], line+"\r")
		text = strings.ReplaceAll(text, "\r\r\n", "\r\n")
	}
	require.NoError(t, c.dav.Put(c.path, text))
	c.theirs = users(text)
}

// pass makes a pass with a new program.
func (c *cell) pass(t testing.TB) {
	t.Helper()
	r := convoke("sync", "-c", filepath.Join(c.dir, "config.toml"))
	require.Contains(t, []int{exitDone, exitSome}, r.code, r.err)
	assert.NotContains(t, r.out+r.err, canaryKey)
	assert.NotContains(t, r.out+r.err, canaryPassword)
	s := convoke("status", "--json", "-c", filepath.Join(c.dir, "config.toml"))
	require.Zero(t, s.code, s.err)
	c.statuses = status{}
	require.NoError(t, json.Unmarshal([]byte(s.out), &c.statuses))
}

// end says when all was well, "" when it is not yet.
func (c *cell) end() string {
	data, _, _ := c.dav.Get(c.path)
	meetings := c.server.Meetings()[c.others:]
	switch {
	case len(c.statuses.Unanswered)+len(c.statuses.Failing) > 0, // convoke does not know yet that it is well
		!slices.Equal(c.theirs, users(string(data))),
		len(meetings) != 1, meetings[0].Topic != c.title, !meetings[0].Start.Equal(c.at), !meetings[0].End.Equal(c.at.Add(time.Hour)),
		!slices.Equal(numbersIn(string(data)), []string{meetings[0].Number}):
		return ""
	case c.passes == 1:
		return "same pass"
	case c.passes == 2:
		return "next pass"
	}
	return "after settle"
}

// passed is what the last pass and the event say, for a failure.
func (c *cell) passed(t testing.TB) string {
	t.Helper()
	data, _, _ := c.dav.Get(c.path)
	return fmt.Sprintf("%+v\n%s\nfailing %+v, unanswered %+v", c.title, data, c.statuses.Failing, c.statuses.Unanswered)
}

// quietly wants that nothing is left to do.
func (c *cell) quietly(t testing.TB) {
	t.Helper()
	before := c.server.CountCalls(meetingtest.CreateMeeting, meetingtest.UpdateMeeting)
	data, etag, _ := c.dav.Get(c.path)
	c.pass(t)
	after, same, _ := c.dav.Get(c.path)
	assert.Equal(t, before, c.server.CountCalls(meetingtest.CreateMeeting, meetingtest.UpdateMeeting), "calls of an idle pass")
	assert.Equal(t, etag, same)
	assert.Equal(t, string(data), string(after))
}
