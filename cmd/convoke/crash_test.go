package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/crashpoint"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
)

var (
	pairs = flag.Int("crash.pairs", 60, "how many times convoke is killed, and killed again while it recovers")
	seed  = flag.Uint64("crash.seed", 1, "of the points that are chosen for it")
)

// The program that people install has no crash points in it.
func TestShippedWithoutCrashPoints(t *testing.T) {
	for tags, has := range map[string]bool{"": false, "crashpoints": true} {
		program, err := os.ReadFile(built(t, tags))
		require.NoError(t, err)
		for _, word := range []string{crashpoint.At, crashpoint.Trace, crashpoint.Clock, "convoke/internal/crashpoint"} {
			assert.Equal(t, has, bytes.Contains(program, []byte(word)), "%s with the tags %q", word, tags)
		}
	}
}

// A course is a passage as it goes when nobody is killed.
type course struct {
	*passage
	points []string
	end    end
}

// undisturbed follows a passage to its end.
func undisturbed(t testing.TB, program string, p *passage) course {
	v := newVictim(t, program, p)
	p.prepare(v)
	d := p.start(v, "")
	require.Equal(t, p.code, d.code, d.err)
	v.rest()
	c := course{p, d.passed, v.end(p.places)}
	require.Empty(t, c.end.Lost)
	require.Contains(t, c.points, p.does+"#1", "%s\n%s\n%s", p.name, d.out, d.err)
	return c
}

// A toll counts over all deaths.
type toll struct{ deaths, held, duplicates, lost atomic.Int64 }

func (y *toll) String() string {
	return fmt.Sprintf("%d held, %d duplicates, %d lost links", y.held.Load(), y.duplicates.Load(), y.lost.Load())
}

// Killed at any point, convoke comes to the same end as if nothing had happened when it is started again: at each point of
// every passage, and at random pairs, the second of them in the course of the recovery from the first. No event ever has two
// meetings, and no link is lost.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	program := built(t, "crashpoints")
	var courses []course
	for _, p := range passages {
		courses = append(courses, undisturbed(t, program, p))
	}
	t.Run("once", func(t *testing.T) { killedOnce(t, program, courses) })
	t.Run("twice", func(t *testing.T) { killedTwice(t, program, courses) })
}

func killedOnce(t *testing.T, program string, courses []course) {
	var y toll
	different := map[string]bool{}
	t.Run("at", func(t *testing.T) {
		for _, c := range courses {
			for _, point := range c.points {
				different[ordinal.ReplaceAllString(point, "")] = true
				t.Run(c.name+" "+point, func(t *testing.T) {
					t.Parallel()
					v := newVictim(t, program, c.passage)
					c.prepare(v)
					d := c.start(v, point)
					require.True(t, d.killed, "%s%s", d.out, d.err)
					require.Equal(t, point, d.last())
					y.deaths.Add(1)
					v.compare(c, &y, d)
				})
			}
		}
	})
	t.Logf("%d crash points × %d passages: killed %d times; %s", len(different), len(courses), y.deaths.Load(), &y)
}

var ordinal = regexp.MustCompile(`#\d+$`)

func killedTwice(t *testing.T, program string, courses []course) {
	var y toll
	random := rand.New(rand.NewPCG(*seed, 0))
	t.Run("at", func(t *testing.T) {
		for n := range *pairs {
			c := courses[n%len(courses)]
			i := random.IntN(len(c.points))
			first, second := c.points[i], 1+random.IntN(len(c.points)-i+2)
			t.Run(fmt.Sprintf("%d %s %s and the %dth after it", n, c.name, first, second), func(t *testing.T) {
				t.Parallel()
				v := newVictim(t, program, c.passage)
				c.prepare(v)
				one := c.start(v, first)
				require.True(t, one.killed, "%s%s", one.out, one.err)
				v.now = v.now.Add(settle / 2)
				two := c.start(v, fmt.Sprintf("#%d", second))
				if two.killed {
					y.deaths.Add(1)
				}
				v.compare(c, &y, one, two)
			})
		}
	})
	t.Logf("%d pairs over %d passages (seed %d), %d of them killed twice; %s", *pairs, len(courses), *seed, y.deaths.Load(), &y)
	assert.Greater(t, y.deaths.Load(), int64(*pairs/2), "most of them must be pairs")
}

// compare starts convoke again after it died, until it rests, and compares what there is then.
func (v *victim) compare(c course, y *toll, deaths ...death) {
	v.t.Helper()
	if c.command != "" { // nobody else says it again
		d := c.start(v, "")
		require.Contains(v.t, []int{exitDone, c.code}, d.code, "%s%s", d.out, d.err)
	}
	v.rest()
	if held := v.unanswered(); len(held) > 0 {
		y.held.Add(1)
		v.mayBeHeld(c, held, deaths)
		v.resolve(held)
	}
	got := v.end(c.places)
	y.duplicates.Add(int64(max(0, len(got.Meetings)-len(c.end.Meetings))))
	y.lost.Add(int64(len(got.Lost) + max(0, len(c.end.Links)-len(got.Links))))
	assert.Equal(v.t, c.end, got)
}

// mayBeHeld wants each call without a known outcome to be a creation that was under way when convoke died, and status to report
// it: convoke finds out from the organizer's feed what became of it, where that shows it, and holds it anywhere else, until the admin
// says. There are no more meetings than there should be.
func (v *victim) mayBeHeld(c course, held []store.Intent, deaths []death) {
	v.t.Helper()
	require.False(v.t, c.knobs.FeedDetails, "held: %v", held)
	underWay := 0
	for _, d := range deaths {
		if d.killed && creating.MatchString(d.last()) {
			underWay++
		}
	}
	assert.LessOrEqual(v.t, len(held), min(underWay, c.creates), "%v", held)
	assert.LessOrEqual(v.t, len(v.platform.Meetings()), len(c.end.Meetings))
	reported := v.status().Unanswered
	require.Len(v.t, reported, len(held))
	for i, in := range held {
		assert.Equal(v.t, store.CreateMeeting, in.Kind)
		assert.Equal(v.t, in.UID, reported[i].UID)
	}
}

// creating are the points at which the outcome of a creation is not in the ledger.
var creating = regexp.MustCompile(`^(commit Begin after|stamp (before|after)|platform POST .*|commit (Made|Failed) before)#`)

// resolve is what an admin does: he looks on the platform for each, and says what became of it.
func (v *victim) resolve(held []store.Intent) {
	v.t.Helper()
	for _, h := range held {
		args := []string{"resolve", h.UID, "--retry"}
		if m, made := v.unclaimed(h.UID); made {
			args = []string{"resolve", h.UID, "--adopt", m.ID, "--number", m.Number}
		}
		d := v.run("", args...)
		require.Zero(v.t, d.code, d.err)
	}
	v.rest()
	assert.Empty(v.t, v.unanswered())
}

// unclaimed finds the meeting that was made for an event, by its title, and that the ledger does not know.
func (v *victim) unclaimed(uid string) (meetingtest.Meeting, bool) {
	v.t.Helper()
	known := v.links()
	for _, m := range v.platform.Meetings() {
		if strings.EqualFold(m.Topic, uid) && !slices.ContainsFunc(known, func(k linked) bool { return k.meeting.PlatformID == m.ID }) {
			return m, true
		}
	}
	return meetingtest.Meeting{}, false
}
