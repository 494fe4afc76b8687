package sync_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// What an event waits for, `convoke resolve` can end.

// Of one organizer's two creations the first was given up, and the second is waited for: the admin has looked for both.
func TestResolveTwoOfOne(t *testing.T) {
	for _, adopt := range []bool{false, true} {
		w := newWorld(t)
		w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
		w.book("budget", december("Budget")...)
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest(), meetingtest.LostAnswer())
		for n := w.posts(); w.posts() < n+2; {
			w.clock.add(time.Minute)
			w.try()
		}
		w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
		w.minutes(120)
		require.Equal(t, sync.Unanswered, w.rule("budget"))
		m := w.meetings()[2]
		if adopt {
			require.NoError(t, w.engine.Adopt(t.Context(), "budget", "", m.ID, m.Number))
		} else {
			require.NoError(t, w.engine.Retry(t.Context(), "budget", ""))
		}
		w.minutes(5)
		assert.Equal(t, sync.Unchanged, w.rule("budget"))
		open, err := w.ledger.Intents(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, open)
		if adopt {
			assert.Len(t, w.meetings(), 3)
			assert.ErrorIs(t, w.engine.Retry(t.Context(), "budget", ""), sync.ErrNotHeld)
		}
	}
}

// A creation in the place of a meeting that was deleted was given up while its event was away, and the event is back.
func TestResolveRenewal(t *testing.T) {
	for _, adopt := range []bool{false, true} {
		w := newWorld(t)
		w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
		w.rules(func(r *sync.Rules) { r.Cancel = sync.DeleteCall })
		e := w.book("budget", december("Budget")...)
		w.pass()
		raw := e.raw()
		e.delete()
		w.pass()
		w.later(10 * time.Minute)
		require.Len(t, w.meetings(), 2)
		e.restore(raw)
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
		w.try()
		w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
		w.clock.add(time.Minute)
		w.try()
		e.delete()
		w.minutes(15)
		e.restore(raw)
		w.minutes(60)
		require.Equal(t, sync.Unanswered, w.rule("budget"))
		m := w.meetings()[2]
		if adopt {
			require.NoError(t, w.engine.Adopt(t.Context(), "budget", "", m.ID, m.Number))
		} else {
			require.NoError(t, w.engine.Retry(t.Context(), "budget", ""))
		}
		w.minutes(5)
		assert.Equal(t, sync.Unchanged, w.rule("budget"))
		assert.Equal(t, store.Active, w.link("budget").State)
		if adopt {
			assert.Len(t, w.meetings(), 3)
			assert.Contains(t, e.text(), joinPrefix+m.Number)
		}
	}
}

// The marker is taken out after the creation was given up: what it left behind is given up, too.
func TestDoubtUnmarkedAfterGivenUp(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	feed := w.people[0].Feed
	w.people[0].Feed = nil
	w.rules(func(r *sync.Rules) { r.RetryUnknown = true })
	e := w.book("budget", december("Budget")...)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	for range 3 {
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(403))
	}
	w.minutes(12)
	e.edit(" @meet", "")
	w.people[0].Feed = feed
	w.minutes(60)
	assert.Contains(t, w.topics(), "Cancelled: Budget")
}

// Once the ledger counts as whole, what waited for that does not wait any longer.
func TestTrustWakens(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.loseLedger()
	w.engine.Patient = true
	w.book("budget", december("Budget")...)
	w.clock.add(time.Minute)
	w.try()
	require.Equal(t, sync.Recovering, w.rule("budget"))
	require.NoError(t, w.engine.Trust(t.Context()))
	w.pass()
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// An event whose creation got no answer has got the join link of another event since: it does not leave that one's meeting.
func TestResolveOfAnEventThatShares(t *testing.T) {
	w := newWorld(t)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	e := w.book("budget", december("Budget")...)
	w.try()
	left := w.meeting()
	w.book("review", "SUMMARY:Review @meet", "DTSTART:20261205T130000Z", "DTEND:20261205T140000Z")
	w.minutes(1)
	shared := w.meetings()[1]
	e.set("LOCATION", "LOCATION:"+joinPrefix+shared.Number)
	w.minutes(1)
	require.Equal(t, "Budget", w.meetings()[1].Topic, "it comes first")
	require.Error(t, w.engine.Adopt(t.Context(), "budget", "", left.ID, left.Number))
	require.NoError(t, w.engine.Retry(t.Context(), "budget", ""))
	w.minutes(3)
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
	assert.Equal(t, w.link("review").Meeting, w.link("budget").Meeting)
	assert.Len(t, w.meetings(), 2)
}
