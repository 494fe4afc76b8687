package sync_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// references are what looks like one of ours.
var references = regexp.MustCompile(`\b[A-Z2-7]{20}\b`)

// stands logs what was decided about events last, and the meetings that there are.
func (w *world) stands(what string, uids ...string) {
	for _, u := range uids {
		all, _ := w.ledger.Decisions(w.t.Context(), u)
		if len(all) > 0 {
			w.t.Logf("%s %s: %s: %s: %s", w.clock.Now().Format("01-02 15:04"), what, u, all[0].Rule, all[0].Text)
		}
	}
	w.t.Logf("   topics %v", w.topics())
}

// minutes makes that many passes, a minute apart, in which things may fail.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range n {
		w.clock.add(time.Minute)
		w.try()
	}
}

// known has the feed of the platform learned, by two meetings an hour apart.
func (w *world) known(lines ...string) {
	w.t.Helper()
	w.readsBack()
	w.book("first", append([]string{"SUMMARY:First @meet"}, lines...)...)
	w.pass()
	w.later(time.Hour)
	w.book("second", append([]string{"SUMMARY:Second @meet"}, lines...)...)
	w.pass()
}

// A renewal whose answer is lost, where the feed shows nothing of use and unknown = hold.
func TestDoubtRenewalIsHeld(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
	w.rules(func(r *sync.Rules) { r.Cancel = sync.DeleteCall })
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	raw := e.raw()
	e.delete()
	w.pass()
	w.later(10 * time.Minute)
	require.Empty(t, w.meetings())
	e.restore(raw)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	require.Len(t, w.meetings(), 1)
	w.minutes(60)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 1, "held: never two")
}

// The same of a meeting that vanished.
func TestDoubtRenewalOfVanishedIsHeld(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	w.platform.Drop(w.meeting().ID)
	e.edit("Budget", "Budgets")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.minutes(60)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 1, "held: never two")
}

// The same, and the feed tells after a lag.
func TestDoubtRenewalAndLag(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedLag = 20 * time.Minute })
	w.rules(func(r *sync.Rules) { r.Cancel = sync.DeleteCall })
	w.book("first", "SUMMARY:First @meet")
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	for range 3 { // the feed is learned
		w.later(15 * time.Minute)
		w.book("x"+w.clock.Now().Format("1504"), "SUMMARY:X @meet")
		w.pass()
	}
	raw := e.raw()
	e.delete()
	w.pass()
	w.later(10 * time.Minute)
	n := len(w.meetings())
	e.restore(raw)
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	require.Len(t, w.meetings(), n+1)
	w.minutes(120)
	assert.Len(t, w.meetings(), n+1)
}

// A calendar that cannot be read for a day ends the recovery all the same.
func TestDoubtRecoveryWaitsForCalendars(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
	e := w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	marked := e.raw()
	w.pass()
	e.restore(marked) // killed before the details were written, say
	w.loseLedger()
	w.dav.Inject(caldavtest.Fault{Path: w.dav.Calendar("alice", "work"), Status: 403})
	w.minutes(26 * 60)
	t.Log("stamp", w.witness.text)
	w.dav.Heal()
	w.newClient()
	w.minutes(180)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 1, "the ledger is in doubt until the event was looked at")
}

// A feed that for a moment is refused, as an unanswered creation is looked up.
func TestDoubtFeedRefusedOnce(t *testing.T) {
	w := newWorld(t)
	w.known()
	w.later(time.Hour)
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	w.clock.add(time.Minute)
	w.platform.Fail(meetingtest.Feed, meetingtest.ErrorBefore(403))
	w.try()
	w.stands("refused", "budget")
	w.minutes(26 * 60)
	w.stands("end", "budget")
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// A meeting that somebody deletes on the platform is learned as lag, for ever.
func TestDoubtDeletedMeetingIsNoLag(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(30 * time.Minute)
	w.book("second", "SUMMARY:Second @meet")
	w.pass()
	for _, m := range w.meetings() {
		if strings.HasPrefix(m.Topic, "Second") {
			w.platform.Drop(m.ID)
		}
	}
	w.later(20 * time.Hour)
	w.book("third", "SUMMARY:Third @meet", "DTSTART:20261125T090000Z", "DTEND:20261125T100000Z")
	w.pass()
	l, err := w.engine.Learned(t.Context())
	require.NoError(t, err)
	t.Logf("learned %+v", l)
	w.later(9 * 24 * time.Hour)
	w.book("a", "SUMMARY:A @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.pass()
	w.later(time.Hour)
	w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261204T090000Z", "DTEND:20261204T100000Z")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
	w.try()
	feeds := w.platform.CountCalls(meetingtest.Feed)
	w.minutes(90)
	t.Log("feeds", w.platform.CountCalls(meetingtest.Feed)-feeds)
	l, _ = w.engine.Learned(t.Context())
	t.Logf("learned %+v", l)
	w.stands("end", "budget")
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// Feed of the wrong user: alice's taught what it shows, bob's is empty.
func TestDoubtEmptyFeedProvesNothing(t *testing.T) {
	w := newWorld(t)
	w.join("bob")
	w.readsBack()
	empty := func(context.Context) ([]meetingapi.FeedEntry, error) { return nil, nil }
	w.people[1].Feed = empty
	w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(time.Hour)
	w.book("second", "SUMMARY:Second @meet")
	w.pass()
	w.bookAt(w.dav.Calendar("bob", "work")+"budget.ics", "budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	require.Len(t, w.meetings(), 3)
	w.minutes(30)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 3)
}

// An old copy, and a platform that drops the reference with a change.
func TestDoubtReferenceLostByChange(t *testing.T) {
	w := newWorld(t).onDisk()
	w.readsBack()
	w.people[0].Feed = w.forgetsWhatChanged(w.people[0].Feed)
	w.dav.SetReadOnly(w.dav.AddCalendar("alice", "ro", "ro"), false)
	w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(time.Hour)
	w.book("second", "SUMMARY:Second @meet")
	w.pass()
	old := w.copied()
	w.dav.SetReadOnly(w.dav.Calendar("alice", "work"), true)
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.try()
	w.clock.add(time.Minute)
	e.edit("Budget", "Budget 2027")
	w.try()
	w.stands("made", "budget")
	require.Len(t, w.meetings(), 3)
	w.putBack(old)
	w.minutes(30)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 3)
}

// The platform takes no agenda any more; the creation without one gets no answer, and the feed cannot show it by our reference.
func TestDoubtAgendaRefusedLater(t *testing.T) {
	w := newWorld(t)
	w.known()
	w.platform.Set(func(k *meetingtest.Knobs) { k.Agenda = meetingtest.AgendaRefused })
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.Fault{}, meetingtest.LostAnswer())
	w.try()
	require.Len(t, w.meetings(), 3)
	w.minutes(40)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 3)
}

// What was given up is looked after at ever longer intervals, and not at every pass.
func TestDoubtFeedIsNotReadEveryPass(t *testing.T) {
	for _, lag := range []bool{true, false} {
		w := newWorld(t)
		w.readsBack()
		if lag {
			w.platform.Set(func(k *meetingtest.Knobs) { k.FeedLag = 3 * time.Hour })
		}
		w.book("first", "SUMMARY:First @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
		w.pass()
		for i := range 5 {
			w.later(time.Hour)
			w.book("x"+string(rune('a'+i)), "SUMMARY:X @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
			w.pass()
		}
		l, _ := w.engine.Learned(t.Context())
		t.Logf("learned %+v", l)
		e := w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
		w.try()
		e.delete()
		n, posts := w.platform.CountCalls(meetingtest.Feed), w.posts()
		w.minutes(6 * 60)
		t.Log("lag", lag, "feeds in six hours:", w.platform.CountCalls(meetingtest.Feed)-n, "posts", w.posts()-posts)
		assert.Less(t, w.platform.CountCalls(meetingtest.Feed)-n, 20)
	}
}

// One that is capped, after its first creation was given up.
func TestDoubtFeedIsNotReadForRefused(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.rules(func(r *sync.Rules) { r.RetryUnknown = true })
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
	w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
	w.try()
	for range 20 {
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(400))
	}
	n, posts := w.platform.CountCalls(meetingtest.Feed), w.posts()
	w.minutes(6 * 60)
	t.Log("feeds in six hours:", w.platform.CountCalls(meetingtest.Feed)-n, "posts", w.posts()-posts)
	w.stands("end", "budget")
	assert.Greater(t, w.posts(), posts, "it is tried again")
	assert.LessOrEqual(t, w.platform.CountCalls(meetingtest.Feed)-n, w.posts()-posts+3, "a look for each attempt, not for each pass")
}

// No feed was known while the outage lasted that also swallowed the answer.
func TestDoubtFeedKnownLater(t *testing.T) {
	w := newWorld(t)
	w.known()
	feed := w.people[0].Feed
	w.people[0].Feed = nil
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	w.clock.add(time.Minute)
	w.try()
	w.people[0].Feed = feed
	w.minutes(26 * 60)
	w.stands("end", "budget")
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// The feed lags by longer than platform.settle, and nobody looked while it did: the lag that is learned is none.
func TestDoubtLagThatNobodySaw(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.platform.Set(func(k *meetingtest.Knobs) { k.FeedLag = 30 * time.Minute })
	w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(50 * time.Minute)
	w.book("second", "SUMMARY:Second @meet")
	w.pass()
	w.later(50 * time.Minute)
	l, _ := w.engine.Learned(t.Context())
	t.Logf("learned %+v", l)
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	require.Len(t, w.meetings(), 3)
	w.minutes(15)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 3)
	w.minutes(120)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 3)
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// A title with something in the form of an id.
func TestDoubtTitleWithAnID(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(time.Hour)
	w.book("second", "SUMMARY:Review 5e9459c5b863b82cefdddf4e @meet")
	w.pass()
	w.later(time.Hour)
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	w.minutes(60)
	w.stands("end", "budget")
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
}

// What holds is sent once more while a newer change got no answer.
func TestDoubtResendWaitsForNewer(t *testing.T) {
	w := newWorld(t)
	e := w.book("budget", "SUMMARY:Zero @meet")
	w.pass()
	w.clock.add(time.Minute)
	e.edit("Zero", "One")
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
	w.try()
	w.clock.add(time.Minute)
	w.try() // the same again, answered
	w.clock.add(10 * time.Minute)
	e.edit("One", "Two")
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer()) // carried out
	w.steps = nil
	w.try()
	assert.Equal(t, "Two", w.meeting().Topic, "no PUT with other content until one is answered")
}

// resolve --adopt with the id of another event's meeting.
func TestDoubtAdoptOfAnother(t *testing.T) {
	w := newWorld(t)
	w.book("other", "SUMMARY:Other @meet")
	w.pass()
	o := w.meeting()
	w.clock.add(time.Minute)
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
	w.try()
	err := w.engine.Adopt(t.Context(), "budget", "", o.ID, o.Number)
	assert.ErrorContains(t, err, `is that of event "other"`)
	w.later(time.Minute)
	w.later(time.Minute)
	l, err := w.ledger.Links(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, l, 1)
	assert.Equal(t, "other", l[0].UID)
	assert.Equal(t, sync.Unanswered, w.rule("budget"))
}

// An event that is taken out for a while, as its creation has no outcome and the feed does not tell.
func TestDoubtAbandonedAndBack(t *testing.T) {
	for _, how := range []string{"delete", "marker"} {
		w := newWorld(t)
		w.readsBack()
		w.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = false })
		e := w.book("budget", "SUMMARY:Budget @meet")
		raw := e.raw()
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
		w.try()
		w.clock.add(time.Minute)
		w.try()
		if how == "delete" {
			e.delete()
		} else {
			e.edit(" @meet", "")
		}
		w.minutes(15)
		e.restore(raw)
		w.minutes(15)
		w.stands(how, "budget")
		assert.Len(t, w.meetings(), 1, how)
	}
}

// Only young meetings are known, and the feed answers with nothing.
func TestDoubtYoungMeetingsProveNothing(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	a := w.book("first", "SUMMARY:First @meet")
	w.pass()
	w.later(time.Hour)
	b := w.book("second", "SUMMARY:Second @meet")
	w.pass()
	a.delete()
	b.delete()
	w.later(time.Minute)
	w.later(11 * time.Minute)
	w.later(time.Hour)
	w.book("third", "SUMMARY:Third @meet")
	w.pass()
	w.book("budget", "SUMMARY:Budget @meet")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	w.people[0].Feed = func(context.Context) ([]meetingapi.FeedEntry, error) { return nil, nil }
	w.minutes(30)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 4)
}

// A meeting was renewed, then the ledger is lost; what was written into the event did not stay.
func TestDoubtLostGeneration(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.book("first", "SUMMARY:First @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.pass()
	w.later(time.Hour)
	e := w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	marked := e.raw()
	w.pass()
	for _, m := range w.meetings() {
		if m.Topic == "Budget" {
			w.platform.Drop(m.ID)
		}
	}
	e.edit("Budget", "Budgets")
	w.minutes(5)
	w.stands("renewed", "budget")
	require.Len(t, w.meetings(), 2)
	e.restore(marked)
	w.loseLedger()
	w.minutes(30)
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), 2)
}

// The marker is taken out again, as the creation has no outcome: the feed shows the meeting, which nobody wants.
func TestDoubtMarkerTakenOut(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	e := w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	e.edit(" @meet", "")
	w.minutes(26 * 60)
	w.stands("end", "budget")
	in, err := w.ledger.Intents(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, in)
	assert.Contains(t, w.topics(), "Cancelled: Budget")
}

// A feed that was read before settle had passed proves nothing after it.
func TestDoubtStaleReading(t *testing.T) {
	w := newWorld(t)
	w.known("DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	e := w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.Late())
	w.try()
	w.clock.add(5 * time.Minute)
	e.edit("Budget", "Budgets")
	w.book("aaa", "SUMMARY:Aaa @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	n := len(w.meetings())
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.Delay(func(context.Context) { // a long pass: five hundred such calls
		w.platform.ReleaseLate()
		w.clock.add(6 * time.Minute)
	}))
	w.try()
	w.stands("end", "budget")
	assert.Len(t, w.meetings(), n+2)
}

// What holds is sent once more, and that gets no answer either: it is sent until one comes.
func TestDoubtResendWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	e := w.book("budget", "SUMMARY:Zero @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.pass()
	w.clock.add(time.Minute)
	e.edit("Zero", "One")
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.Late())
	w.try()
	w.clock.add(time.Minute)
	w.try() // the same again, answered
	require.Equal(t, 2, w.puts())
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostRequest())
	w.minutes(15)
	require.Equal(t, 3, w.puts(), "what holds, without an answer")
	w.minutes(60)
	intents, err := w.ledger.Intents(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, intents)
	given, err := w.ledger.GivenUp(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, given)
	assert.LessOrEqual(t, w.puts(), 6)
	w.rest()
}

// What holds is sent once more, and that is refused: it is tried again after a while, and not at each pass.
func TestDoubtResendRefused(t *testing.T) {
	w := newWorld(t)
	e := w.book("budget", "SUMMARY:Zero @meet", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")
	w.pass()
	w.clock.add(time.Minute)
	e.edit("Zero", "One")
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
	w.try()
	w.clock.add(time.Minute)
	w.try()
	for range 100 {
		w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(400))
	}
	n := w.puts()
	w.minutes(60)
	assert.Greater(t, w.puts(), n)
	assert.LessOrEqual(t, w.puts()-n, 12, "at most once in platform.settle")
}

// A leftover is given up at the second try, and then its event comes back: it is taken over, and the organizer's other events go on.
func TestDoubtLeftoverComesBack(t *testing.T) {
	w := newWorld(t)
	at := []string{"DTSTART:20261205T090000Z", "DTEND:20261205T100000Z"}
	w.known(at...)
	e := w.book("budget", append([]string{"SUMMARY:Budget @meet"}, at...)...)
	raw := e.raw()
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
	w.try()
	e.delete()
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
	for w.puts() == 0 {
		w.clock.add(time.Minute)
		w.try()
	}
	w.book("third", append([]string{"SUMMARY:Third @meet"}, at...)...) // so that the feed is read at once
	w.clock.add(time.Minute)
	w.try()
	require.Equal(t, 2, w.puts(), "its cancellation was answered at the second try")
	e.restore(raw)
	for range 30 {
		w.clock.add(time.Minute)
		assert.Empty(t, w.try().Errors)
	}
	assert.Equal(t, sync.Unchanged, w.rule("budget"))
	assert.Len(t, w.meetings(), 4)
}

// A backup from before a renewal: the seal in the event proves the later meeting, and the first one counts as gone.
func TestDoubtOldLedgerOfRenewed(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.onDisk()
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	both := w.book("both", "SUMMARY:Together", "LOCATION:"+joinPrefix+w.meeting().Number)
	w.pass()
	old := w.copied()
	w.platform.Drop(w.meeting().ID)
	e.edit("Budget", "Budgets")
	w.minutes(5)
	w.stands("renewed", "budget")
	renewed := w.meeting()
	e.shows(renewed)
	w.putBack(old)
	w.minutes(30)
	w.stands("end", "budget", "both")
	require.Len(t, w.meetings(), 1, "no third one")
	e.shows(w.meeting())
	both.shows(w.meeting())
	assert.Equal(t, renewed.ID, w.meeting().ID)
	doubts, err := w.engine.Doubts(t.Context())
	require.NoError(t, err)
	assert.Empty(t, doubts)
	e.edit("Budgets", "Costs")
	w.later(time.Minute)
	assert.Equal(t, "Costs", w.meeting().Topic)
}

// The same of an event in which somebody has kept the link of the first meeting.
func TestDoubtOldLedgerAndOldLink(t *testing.T) {
	w := newWorld(t)
	w.readsBack()
	w.onDisk()
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	old, first := w.copied(), w.meeting()
	w.platform.Drop(first.ID)
	e.edit("Budget", "Budgets")
	w.minutes(5)
	e.edit("LOCATION:", "LOCATION:"+joinPrefix+first.Number+" ")
	w.minutes(2)
	w.putBack(old)
	w.minutes(30)
	m, err := w.ledger.MeetingByPlatformID(t.Context(), "alice@example.com", w.meeting().ID)
	require.NoError(t, err)
	assert.Equal(t, w.meeting().Number, m.Number)
}

// A meeting is taken up again, which gets no answer, and then nobody wants it any more.
func TestDoubtRestorationThatNobodyWants(t *testing.T) {
	for name, end := range map[string]func(e *entry){
		"opted out": func(e *entry) { e.set("SUMMARY", "SUMMARY:Budget #nomeet") },
		"gone":      func(e *entry) { e.delete() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := w.book("budget", "SUMMARY:Budget", "LOCATION:@meet")
			w.pass()
			raw := e.raw()
			e.delete()
			w.pass()
			require.Equal(t, "Cancelled: Budget", w.meeting().Topic)
			e.restore(raw)
			w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
			w.try()
			require.Equal(t, "Budget", w.meeting().Topic)
			end(e)
			w.minutes(20)
			w.stands("end", "budget")
			assert.Equal(t, "Cancelled: Budget", w.meeting().Topic)
			w.rest()
		})
	}
}

// A series moves on without an answer, and is deleted: its meeting may stand on the next date.
func TestDoubtRollWithoutAnAnswerAndDeleted(t *testing.T) {
	for _, undo := range []time.Duration{10 * time.Minute, time.Hour} {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.RollAfter, r.Undo = 30*time.Minute, undo })
		e := w.book("weekly", "SUMMARY:Weekly @meet", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "RRULE:FREQ=WEEKLY;COUNT=4")
		w.pass()
		w.clock.add(24 * time.Hour)
		w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
		w.try()
		require.Equal(t, utc("2026-12-01 09:00"), w.meeting().Start.UTC(), "moved on, and nobody was told")
		e.delete()
		w.minutes(90)
		w.stands("end", "weekly")
		assert.Equal(t, []string{"Cancelled: Weekly"}, w.topics())
	}
}

// The join link of another event is put into a series, which asks for nothing else.
func TestShareWithASeries(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.RollAfter = 30 * time.Minute })
	w.book("budget", "SUMMARY:Budget @meet", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z")
	w.pass()
	m := w.meeting()
	w.book("weekly", "SUMMARY:Weekly", "LOCATION:"+joinPrefix+m.Number, "DTSTART:20261125T090000Z", "DTEND:20261125T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
	w.pass()
	require.Equal(t, m.ID, w.meeting().ID)
	assert.Equal(t, "Budget", w.meeting().Topic, "which comes first")
	w.later(24 * time.Hour)
	assert.Equal(t, "Weekly", w.meeting().Topic, "its first date")
	assert.Equal(t, utc("2026-11-25 09:00"), w.meeting().Start.UTC())
}

// A change gets no answer, then the meeting is closed, and then the change is carried out: what holds is sent over it.
func TestDoubtLateChangeOfAClosedMeeting(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Cancel, r.Undo = sync.CloseWindow, 0 })
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.Late())
	e.edit("Budget", "Budgets")
	w.try()
	w.clock.add(2 * time.Minute)
	w.try() // the same once more, and answered
	e.delete()
	w.minutes(2)
	require.Equal(t, "Cancelled: Budgets", w.meeting().Topic)
	require.Equal(t, 1, w.platform.ReleaseLate())
	require.Equal(t, "Budgets", w.meeting().Topic)
	w.minutes(15)
	assert.Equal(t, "Cancelled: Budgets", w.meeting().Topic)
	assert.False(t, w.meeting().End.After(w.clock.Now()))
	w.rest()
}

// A deletion without an answer, of a meeting that was given up by its title meanwhile, stops nothing.
func TestDoubtDeletionOfAGivenUpMeeting(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e := w.book("budget", "SUMMARY:Budget", "LOCATION:@meet")
	w.pass()
	link := w.link("budget")
	e.delete()
	w.pass()
	id, err := w.ledger.Begin(t.Context(), store.Intent{Kind: store.DeleteMeeting, Organizer: "alice@example.com", UID: "budget", Meeting: link.Meeting, SentAt: w.clock.Now()})
	require.NoError(t, err)
	require.NoError(t, w.ledger.Failed(t.Context(), id, store.Unknown, "no answer", w.clock.Now()))
	w.later(20 * time.Minute)
	assert.Equal(t, "Cancelled: Budget", w.meeting().Topic)
}
