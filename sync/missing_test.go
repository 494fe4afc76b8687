package sync_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// A calendar is missing at once, tells since when, and is well again with the first look that succeeds.
func TestFaultCalendarMissingSince(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	e := w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
	w.rest()
	since := func() time.Time {
		at, err := sync.MissingSince(t.Context(), w.ledger, w.calendar("Home").ID)
		require.NoError(t, err)
		return at
	}
	assert.True(t, since().IsZero())

	w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
	w.clock.add(time.Minute)
	began := w.clock.Now()
	w.try()
	assert.Equal(t, store.Missing, w.calendar("Home").Trouble)
	w.clock.add(time.Hour)
	w.try()
	assert.True(t, began.Equal(since()), "the first time counts")

	w.clock.add(72 * time.Hour)
	w.try()
	assert.Equal(t, string(sync.Hold), w.link("sprint").Reason)
	calls := w.platform.CountCalls()

	w.dav.Heal()
	w.later(time.Hour)
	assert.Equal(t, store.NoTrouble, w.calendar("Home").Trouble)
	assert.True(t, since().IsZero())
	assert.Equal(t, store.Active, w.link("sprint").State)
	assert.Equal(t, calls, w.platform.CountCalls())
	e.shows(w.meeting())
	w.rest()
}

// A calendar that is taken out of the configuration on purpose is no batch, also when it was one before.
func TestMissingCalendarIsLeft(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
	w.rest()
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 404})
	w.clock.add(time.Minute)
	w.try()
	w.clock.add(73 * time.Hour)
	w.try()
	require.True(t, sync.IsHeld(w.link("sprint")))

	w.shelf.leave("alice", "Home")
	w.later(time.Minute)
	assert.True(t, w.calendar("Home").Left)
	assert.Equal(t, store.NoTrouble, w.calendar("Home").Trouble)
	assert.Equal(t, store.Active, w.link("sprint").State, "as it was")
	n, err := sync.Approve(t.Context(), w.ledger, w.calendar("Home").ID, w.clock.Now())
	require.NoError(t, err)
	assert.Zero(t, n)
	w.later(240 * time.Hour)
	assert.Equal(t, []string{"sprint"}, w.topics())
}

// A calendar that is missing, and has no meetings to come, is looked for for three days, and then no more.
func TestMissingCalendarWithoutMeetings(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	w.rest()
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 404})
	w.shelf.unlist("alice", "Home")
	w.clock.add(time.Minute)
	assert.Len(t, w.try().Errors, 1)
	w.clock.add(73 * time.Hour)
	w.try()
	assert.True(t, w.calendar("Home").Left)
	w.clock.add(time.Hour)
	w.pass()
}

// What is wrong with a calendar is of a kind.
func TestTroubleOfCalendar(t *testing.T) {
	for status, want := range map[int]store.Trouble{
		401: store.Password, 403: store.Denied, 404: store.Missing, 410: store.Missing, 429: store.Unreachable, 500: store.Unreachable,
	} {
		w := newWorld(t)
		w.rest()
		w.dav.Inject(caldavtest.Fault{Status: status})
		w.try()
		assert.Equal(t, want, w.calendar("Work").Trouble, status)
		w.dav.Heal()
		w.clock.add(time.Hour)
		w.pass()
		assert.Equal(t, store.NoTrouble, w.calendar("Work").Trouble, status)
	}
}

// An organizer is parked while her calendars cannot be found, and while the platform refuses her calls.
func TestTroubleOfOrganizer(t *testing.T) {
	w := newWorld(t)
	trouble := func() store.Trouble {
		o, err := w.ledger.Organizer(t.Context(), "alice@example.com")
		require.NoError(t, err)
		return o.Trouble
	}
	for why, want := range map[error]store.Trouble{
		calendar.ErrAuth: store.Password, calendar.ErrForbidden: store.Denied, calendar.ErrMissing: store.Missing, errors.New("no answer"): store.Unreachable,
	} {
		w.shelf.broken = fmt.Errorf("find the calendars: %w", why)
		w.shelf.source += "!"
		w.clock.add(7 * time.Hour)
		w.try()
		assert.Equal(t, want, trouble())
	}
	w.shelf.broken = nil
	w.clock.add(7 * time.Hour)
	w.pass()
	assert.Equal(t, store.NoTrouble, trouble())

	w.book("sprint", "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(401))
	w.try()
	assert.Equal(t, store.Platform, trouble())
	w.later(time.Hour)
	assert.Equal(t, store.NoTrouble, trouble())
}

// That a calendar was missing once is forgotten when it is there again, whatever else was wrong with it in between.
func TestMissingThenUnreachableThenThere(t *testing.T) {
	for name, between := range map[string][]int{"there": nil, "unreachable": {500}, "password": {401}, "both": {500, 401}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			home := w.secondCalendar()
			w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
			w.rest()
			for _, status := range append([]int{410}, between...) {
				w.dav.Heal()
				w.dav.Inject(caldavtest.Fault{Path: home, Status: status})
				w.clock.add(time.Hour)
				w.try()
			}
			w.dav.Heal()
			w.later(2 * time.Hour)
			require.Equal(t, store.NoTrouble, w.calendar("Home").Trouble)
			since, err := sync.MissingSince(t.Context(), w.ledger, w.calendar("Home").ID)
			require.NoError(t, err)
			assert.True(t, since.IsZero())

			w.clock.add(14 * 24 * time.Hour)
			w.pass()
			w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
			w.clock.add(time.Hour)
			w.try()
			assert.False(t, sync.IsHeld(w.link("sprint")), "three days begin anew")
		})
	}
}

// Killed as it notes that a calendar is missing: when that was nothing, the three days begin anew the next time.
func TestKilledAsCalendarIsMissed(t *testing.T) {
	for at := 1; ; at++ {
		w := newWorld(t)
		home := w.secondCalendar()
		w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
		w.rest()
		w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
		w.clock.add(time.Hour)
		f := &fate{at: at, how: die}
		w.mortals(f, false)
		_, err := w.engine.Pass(t.Context(), "")
		require.NoError(t, err)
		if !f.struck {
			assert.Greater(t, at, 2)
			return
		}
		w.revive()
		w.dav.Heal()
		w.minutes(30)
		w.clock.add(14 * 24 * time.Hour)
		w.pass()
		w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
		w.clock.add(time.Hour)
		w.try()
		assert.False(t, sync.IsHeld(w.link("sprint")), "killed %s", f.where)
		w.clock.add(73 * time.Hour)
		w.try()
		assert.True(t, sync.IsHeld(w.link("sprint")), "killed %s", f.where)
	}
}

// A calendar that is taken out of the configuration ends nothing, neither what was approved nor an undo window; when it is there
// again, what is gone from it is given up as ever.
func TestLeftCalendarEndsNothing(t *testing.T) {
	for _, approved := range []bool{false, true} {
		w := newWorld(t)
		if approved {
			w.bereft()
			_, err := sync.Approve(t.Context(), w.ledger, w.calendar("Home").ID, w.clock.Now())
			require.NoError(t, err)
		} else {
			home := w.secondCalendar()
			e := w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
			w.rest()
			e.delete()
			w.later(time.Minute)
			require.Equal(t, store.Ending, w.link("sprint").State)
		}
		w.shelf.leave("alice", "Home")
		w.clock.add(time.Minute)
		w.try()
		w.dav.Heal()
		for range 40 {
			w.clock.add(24 * time.Hour)
			w.try()
		}
		assert.Equal(t, store.Active, w.link("sprint").State, "approved: %v", approved)
		assert.Equal(t, []string{"sprint"}, w.topics())

		w.shelf.add("alice", w.dav.Calendar("alice", "home"), "Home")
		w.clock.add(25 * time.Hour)
		w.try()
		if !approved {
			w.minutes(30)
			assert.Equal(t, []string{"Cancelled: sprint"}, w.topics())
		}
	}
}

// An old copy of the ledger may say that a calendar is looked for no more: it is searched for at once.
func TestRecoverySearchesForCalendars(t *testing.T) {
	w := newWorld(t).onDisk()
	w.known("DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
	home := w.secondCalendar()
	w.rest()
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
	for _, d := range []time.Duration{time.Hour, 80 * time.Hour} {
		w.clock.add(d)
		w.try()
	}
	require.True(t, w.calendar("Home").Left)
	w.dav.Heal()
	w.later(time.Minute)
	require.True(t, w.calendar("Home").Left, "until tomorrow")
	old := w.copied()
	w.book("third", "SUMMARY:Third @meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
	w.pass()
	w.putBack(old)
	w.clock.add(time.Minute)
	w.try()
	assert.False(t, w.calendar("Home").Left)
}

// After the ledger was lost nobody knows that a missing calendar has no meetings: it is looked for until it is there, and the recovery
// lasts as long.
func TestMissingWhileRecovering(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
	home := w.secondCalendar()
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.bookAt(home+"e.ics", "sprint", "SUMMARY:Sprint @meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
	w.clock.add(time.Minute)
	w.try()
	require.Len(t, w.meetings(), 3)
	w.loseLedger()
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 410})
	for _, d := range []time.Duration{time.Hour, 80 * time.Hour, time.Hour} {
		w.clock.add(d)
		w.try()
	}
	require.False(t, w.calendar("Home").Left)
	w.dav.Heal()
	w.minutes(60)
	assert.Len(t, w.meetings(), 3, "the meeting of the event that nobody could see")
}
