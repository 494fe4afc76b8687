package sync_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/sync"
)

// fill puts n marked events into somebody's calendar, in a week.
func (w *world) fill(who string, n int) {
	for i := range n {
		name := fmt.Sprintf("%s-%03d", who, i)
		w.bookAt(w.dav.Calendar(who, "work")+name+".ics", name, "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
	}
}

// However many events ask, no more meetings are made than is allowed, in any hour and in any day, also by another process; the
// calendars are not asked for what waits; and in the end all have one.
func TestCaps(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{PerHour: 20, PerDay: 50} })
	w.fill("alice", 130)
	assert.Equal(t, 20, w.pass().Created)
	w.restart()
	assert.Zero(t, w.pass().Created, "a restart forgets nothing")
	w.dav.ResetLog()
	w.pass()
	assert.Zero(t, w.dav.Counts()["GET"], "what waits is not read")

	for range 4 * 24 * 12 { // every five minutes for four days
		if len(w.meetings()) == 130 {
			break
		}
		w.later(5 * time.Minute)
	}
	made := w.platform.Meetings()
	require.Equal(t, 130, len(made))
	for i, m := range made {
		if i >= 20 {
			assert.Greater(t, m.History[0].At.Sub(made[i-20].History[0].At), 59*time.Minute, "meeting %d", i)
		}
		if i >= 50 {
			assert.Greater(t, m.History[0].At.Sub(made[i-50].History[0].At), 23*time.Hour+59*time.Minute, "meeting %d", i)
		}
	}
	assert.Less(t, w.clock.Now().Sub(monday), 52*time.Hour, "and no later than must be")
	w.rest()
}

// The cap over all holds for people together, who are otherwise independent.
func TestCapOverall(t *testing.T) {
	w := newWorld(t)
	w.join("bob")
	w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{PerHour: 20, Overall: 30} })
	w.engine.Workers = 1
	w.fill("alice", 25)
	w.fill("bob", 25)
	assert.Equal(t, 30, w.pass().Created)
	assert.Equal(t, sync.Capped, w.rule("bob-024"))
	w.later(63 * time.Minute)
	assert.Equal(t, 50, len(w.meetings()))
}

// What begins soon does not wait behind what was there before.
func TestNearestFirst(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{PerHour: 5} })
	w.fill("alice", 60)
	w.pass()
	w.book("zz-soon", "LOCATION:@meet", "DTSTART:20261123T150000Z", "DTEND:20261123T160000Z")
	w.pass()
	assert.Equal(t, sync.Capped, w.rule("zz-soon"))
	w.later(62 * time.Minute)
	assert.Contains(t, w.topics(), "zz-soon")
	assert.Equal(t, 10, len(w.meetings()))
}

// A cap that is raised counts at once.
func TestCapRaised(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{PerHour: 5} })
	w.fill("alice", 10)
	w.pass()
	assert.Equal(t, 5, len(w.meetings()))
	w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{} })
	w.pass()
	assert.Equal(t, 10, len(w.meetings()))
}
