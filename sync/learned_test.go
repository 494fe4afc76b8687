package sync_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// What is learned of the platform's feed decides how long a creation without an answer waits, and whether it is sent again: nothing may
// teach what was not seen.

// december is far enough away for a meeting that nothing but the test touches.
func december(title string) []string {
	return []string{"SUMMARY:" + title + " @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z"}
}

func (w *world) learned() sync.Learned {
	w.t.Helper()
	l, err := w.engine.Learned(w.t.Context())
	require.NoError(w.t, err)
	return l
}

// A meeting that was made while the clock was ahead has an age below its own, or below zero.
func TestLearnedWhileTheClockWasAhead(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.clock.set(time.Hour)
	w.book("first", december("First")...)
	w.pass()
	w.clock.set(0)
	w.later(time.Minute)
	w.book("second", december("Second")...)
	w.pass()
	assert.EqualValues(t, 3600, w.learned().Lag, "nothing is known yet")
	w.later(time.Hour)
	w.book("third", december("Third")...)
	w.pass()
	assert.EqualValues(t, 3600, w.learned().Lag, "the first looks as if it had just been made")

	w.later(24 * time.Hour)
	w.book("budget", december("Budget")...)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.Late())
	w.try()
	w.clock.add(2 * time.Minute)
	w.try()
	w.platform.ReleaseLate()
	w.minutes(120)
	assert.Len(t, w.topics(), 4)
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// What was learned while the clock was wrong is learned again: how far ahead a meeting may begin that the feed shows, say.
func TestLearnedAgainWhenTheClockWasSet(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.clock.set(-10 * 24 * time.Hour)
	w.book("first", december("First")...)
	w.pass()
	w.later(time.Hour)
	w.book("second", december("Second")...)
	w.pass()
	require.Greater(t, w.learned().Ahead, int64(20*24))
	w.clock.set(0)
	w.pass()
	w.later(time.Hour)
	w.book("third", december("Third")...)
	w.pass()
	assert.Less(t, w.learned().Ahead, int64(13*24))
	assert.Positive(t, w.learned().Ahead)
}

// Where meetings are made days apart, the feed is read a while after each as long as that is needed to tell how fast it is, and a
// creation without an answer does not wait for days.
func TestLearnedSoon(t *testing.T) {
	for name, c := range map[string]struct {
		lag   time.Duration
		reads int // of the feed, because of the second meeting
		known time.Duration
	}{
		"a feed that is fast": {0, 1, 6 * time.Minute},
		"a feed that lags":    {time.Hour, 1, 80 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.readsBack()
			w.platform.Set(func(k *meetingtest.Knobs) { k.FeedLag = c.lag })
			w.book("first", december("First")...)
			w.pass()
			w.later(80 * time.Hour)
			before := w.platform.CountCalls(meetingtest.Feed)
			w.book("second", december("Second")...)
			w.pass()
			w.minutes(60)
			assert.LessOrEqual(t, w.platform.CountCalls(meetingtest.Feed)-before, 1+c.reads, "one is asked whether the meeting is there already")
			assert.LessOrEqual(t, time.Duration(w.learned().Lag)*time.Second, c.known)
			w.later(80 * time.Hour)
			if c.lag > 0 {
				return
			}
			before = w.platform.CountCalls(meetingtest.Feed)
			w.book("third", december("Third")...)
			w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
			w.try()
			w.minutes(20)
			assert.Equal(t, sync.Unchanged, w.rule("third"), "not after days")
			assert.LessOrEqual(t, w.platform.CountCalls(meetingtest.Feed)-before, 5)
		})
	}
}

// A meeting whose link was restored was not changed: it teaches nothing of what a change does to a reference. (Where it took the
// reference away, an old ledger would make a second meeting.)
func TestLearnedKeptOfChangesOnly(t *testing.T) {
	w := newWorld(t).onDisk()
	w.readsBack()
	w.rules(func(r *sync.Rules) { r.Cancel = sync.Keep })
	w.people[0].Feed = w.forgetsWhatChanged(w.people[0].Feed)
	first := w.book("first", december("First")...)
	w.pass()
	w.later(time.Hour)
	w.book("second", december("Second")...)
	w.pass()
	raw := first.raw()
	first.delete()
	w.later(time.Minute)
	w.later(11 * time.Minute)
	first.restore(raw)
	w.later(time.Minute)
	w.later(time.Hour)
	w.book("third", december("Third")...)
	w.pass()
	require.Zero(t, w.puts())
	assert.False(t, w.learned().Kept)
}

// forgetsWhatChanged is a feed in which a meeting that was changed has lost its reference.
func (w *world) forgetsWhatChanged(feed func(context.Context) ([]meetingapi.FeedEntry, error)) func(context.Context) ([]meetingapi.FeedEntry, error) {
	return func(ctx context.Context) ([]meetingapi.FeedEntry, error) {
		all, err := feed(ctx)
		for i := range all {
			for _, m := range w.platform.Meetings() {
				if len(m.History) > 1 && strings.Contains(all[i].Raw, m.ID) {
					all[i].Raw = references.ReplaceAllString(all[i].Raw, "")
				}
			}
		}
		return all, err
	}
}

// Nor does one whose cancellation was refused.
func TestLearnedNothingOfRefusals(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	e := w.book("budget", december("Budget")...)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	e.delete()
	for range 50 {
		w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(400))
	}
	w.minutes(60)
	require.Contains(t, w.topics(), "Budget", "its cancellation is refused")
	assert.False(t, w.learned().Kept)
	w.platform.Heal()
	w.minutes(60)
	assert.Contains(t, w.topics(), "Cancelled: Budget")
}

// An event that shares a meeting, and is gone and back, leaves the meeting the reference that it was made with.
func TestLearnedOfSharedMeeting(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.book("budget", december("Budget")...)
	w.pass()
	board := w.book("board", "SUMMARY:Board", "LOCATION:"+joinPrefix+w.meetings()[2].Number, "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.later(time.Minute)
	require.Equal(t, w.link("budget").Meeting, w.link("board").Meeting)
	before, err := w.ledger.Meeting(t.Context(), w.link("budget").Meeting)
	require.NoError(t, err)
	raw := board.raw()
	board.delete()
	w.later(time.Minute)
	w.later(11 * time.Minute)
	require.Equal(t, store.Ended, w.link("board").State)
	board.restore(raw)
	w.later(time.Minute)
	require.Equal(t, store.Active, w.link("board").State)
	after, err := w.ledger.Meeting(t.Context(), w.link("budget").Meeting)
	require.NoError(t, err)
	assert.Equal(t, before.Token, after.Token)
	assert.Equal(t, before.CreatedAt, after.CreatedAt)

	w.later(2 * time.Hour)
	w.book("new", december("New")...)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
	w.try()
	w.minutes(120)
	assert.Equal(t, sync.Unchanged, w.rule("new"), "it is not held until the shared one is over")
}
