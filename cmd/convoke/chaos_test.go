package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"convoke/internal/chaos"
	"convoke/meetingapi/meetingtest"
)

const (
	chaosRate   = 0.15            // of every request between convoke and its servers, so many meet a fault
	chaosPause  = time.Second     // the longest that one is held up
	chaosSettle = 5 * time.Second // platform.settle: longer than any request is under way, on a busy machine too
)

// A chaosSize says how long requests are spoiled, and how many events there are in the end.
type chaosSize struct {
	spoil  time.Duration
	events int
	seed   uint64
}

// newChaosSize is, under CI=true, 500 events and so long that all of it takes three minutes at most, and a short one elsewhere;
// CONVOKE_CHAOS_FOR=2h is as long as one likes, and CONVOKE_CHAOS_SEED repeats the order of the faults and edits.
func newChaosSize(t testing.TB) chaosSize {
	s := chaosSize{spoil: 20 * time.Second, events: 60, seed: uint64(time.Now().UnixNano())}
	if os.Getenv("CI") == "true" {
		s.spoil, s.events = 100*time.Second, 500
	}
	var err error
	if text := os.Getenv("CONVOKE_CHAOS_FOR"); text != "" {
		s.spoil, err = time.ParseDuration(text)
		require.NoError(t, err)
		s.events = 500
	}
	if text := os.Getenv("CONVOKE_CHAOS_SEED"); text != "" {
		s.seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("CONVOKE_CHAOS_FOR=%s CONVOKE_CHAOS_SEED=%d", s.spoil, s.seed)
	return s
}

// TestChaos lets two organizers book, change, delete, restore and copy events on a real Radicale, while one in seven of the
// requests that convoke makes there or to the platform is spoiled, and its process is killed every few seconds. When that ends,
// every event that asks has exactly one meeting, those of deleted events are given up, and nobody's text was changed.
func TestChaos(t *testing.T) {
	t.Parallel()
	c := newChaosRun(t)
	c.learn()
	c.setRate(chaosRate)
	limited, stop := context.WithTimeout(t.Context(), c.size.spoil)
	daemon, ctx := errgroup.WithContext(limited)
	daemon.Go(func() error { return c.program.live(ctx) })
	defer func() { stop(); _ = daemon.Wait() }() // also when an organizer gives up
	c.book(ctx)
	require.NoError(t, daemon.Wait())
	c.setRate(0)
	c.converge()
	c.judge()
}

// A chaosRun is all that takes part in it.
type chaosRun struct {
	*spoiled
	t        *testing.T
	size     chaosSize
	server   *meetingtest.Server
	bookers  []*booker
	program  *lives
	items    int
	approved int // batches of meetings that an admin let go
	rounds   int // passes until all was well

	spoiledMeetings int // that were made while requests were spoiled
}

func newChaosRun(t *testing.T) *chaosRun {
	c := &chaosRun{t: t, size: newChaosSize(t)}
	radicale := realServer(t, "radicale")
	platform, address, accounts := newFeedPlatform(t, alice, carol)
	c.server = platform
	c.spoiled = spoilBetween(t, strings.TrimSuffix(radicale.Base, "/"), address,
		chaos.Options{Seed: c.size.seed, Pause: chaosPause})
	files := map[string]string{"platform-api-key": canaryKey}
	var organizers []booking
	for i, email := range []string{alice, carol} {
		user := radicale.User(strings.TrimSuffix(email, "@example.com"))
		files[user.Name+".password"] = user.Password
		at, err := url.Parse(user.Calendar)
		require.NoError(t, err)
		organizers = append(organizers, booking{email, accounts[i], user.Name, at.Path})
		c.bookers = append(c.bookers, &booker{
			remote: remote{user.Calendar, user.Name, user.Password}, email: email, from: time.Now(), did: map[string]int{},
			random: rand.New(rand.NewPCG(c.size.seed, uint64(i))), number: func() int { c.items++; return c.items },
		})
	}
	files["config.toml"] = c.configuration(chaosSettle, organizers...)
	dir := t.TempDir()
	writeFiles(t, dir, files)
	c.program = &lives{
		path: filepath.Join(programFolder(t), program), config: filepath.Join(dir, "config.toml"), log: filepath.Join(dir, "log"),
		random: rand.New(rand.NewPCG(c.size.seed, 100)),
	}
	return c
}

const carol = "carol@example.com"

// learn has convoke make meetings and read them in the platform's feed before anything is spoiled: from then on it is asked before
// a meeting is made, and believed.
func (c *chaosRun) learn() {
	for range 2 {
		for _, b := range c.bookers {
			b.create(c.t, b.from.AddDate(0, 0, farthest))
		}
		code, out := c.program.run(c.t.Context(), "sync")
		require.Zero(c.t, code, out)
	}
}

// book lets the organizers work until the time is over: new events come evenly over its first half, and there is an edit for each
// of them at least.
func (c *chaosRun) book(ctx context.Context) {
	begin := time.Now()
	for n := 0; (ctx.Err() == nil || c.items < c.size.events) && !c.t.Failed(); n++ {
		b := c.bookers[n%len(c.bookers)]
		due := float64(c.size.events) * time.Since(begin).Seconds() / (0.5 * c.size.spoil.Seconds())
		late := c.items < min(c.size.events, int(due)+1)
		if late {
			b.create(c.t, b.day())
		}
		if ctx.Err() != nil {
			continue
		}
		if b.act(c.t, c.items < 2*c.size.events); !late {
			time.Sleep(100 * time.Millisecond)
		}
	}
	c.spoiledMeetings = len(c.server.Meetings())
}

// converge makes passes until nothing is left to do, nothing waits, and nothing has failed. What a creation left behind long ago
// is looked for at intervals as long.
func (c *chaosRun) converge() {
	for late := time.Now().Add(2*time.Minute + c.size.spoil); time.Now().Before(late); time.Sleep(time.Second) {
		c.rounds++
		code, out := c.program.run(c.t.Context(), "sync")
		require.Contains(c.t, []int{exitDone, exitSome}, code, out)
		s := c.status()
		for _, held := range s.Held {
			code, out := c.program.run(c.t.Context(), "approve", fmt.Sprint(held.Batch))
			require.Zero(c.t, code, out)
			c.approved++
		}
		if out == "nothing to do\n" && s.rests() {
			return
		}
	}
	require.Fail(c.t, "it does not come to rest", "%+v", c.status())
}

func (c *chaosRun) status() (s status) {
	code, out := c.program.run(c.t.Context(), "status", "--json")
	require.Zero(c.t, code, out)
	require.NoError(c.t, json.Unmarshal([]byte(out), &s))
	return s
}

// rests reports whether nothing is under way, waits or has failed.
func (st status) rests() bool {
	return len(st.Ending)+len(st.Held)+len(st.Failing)+len(st.Unanswered) == 0
}

// assertLog wants neither secrets nor titles in what all processes logged, and no fault of the program.
func (c *chaosRun) assertLog() {
	text, err := os.ReadFile(c.program.log)
	require.NoError(c.t, err)
	require.Contains(c.t, string(text), "msg=done")
	for _, secret := range []string{canaryKey, c.bookers[0].password, c.bookers[1].password, "Item 0", "fault of convoke", "DATA RACE", "panic:"} {
		assert.NotContains(c.t, string(text), secret)
	}
}
