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

// The life of an event and of its copies, as alice and the platform see it.
func TestStory(t *testing.T) {
	w := newWorld(t)
	home := w.dav.AddCalendar("alice", "home", "Home")
	w.shelf.add("alice", home, "Home")

	budget := w.book("budget", "LOCATION:Room 5 @meet", `DESCRIPTION:Bring figures`)
	dentist := w.book("dentist", "LOCATION:High Street")
	r := w.pass()
	assert.Equal(t, 1, r.Created)
	assert.Equal(t, 1, r.Written)
	meeting := w.meeting()
	assert.Equal(t, "budget", meeting.Topic)
	assert.Equal(t, utc("2026-11-24 09:00"), meeting.Start)
	assert.Equal(t, utc("2026-11-24 10:00"), meeting.End)
	assert.Equal(t, 60, meeting.Duration)
	budget.shows(meeting)
	assert.Equal(t, "Room 5 "+joinPrefix+meeting.Number, budget.parsed().Location)
	assert.Equal(t, vevent("dentist", "LOCATION:High Street"), dentist.raw())
	w.rest()

	t.Log("she moves it and gives it another title")
	budget.set("DTSTART", "DTSTART:20261125T140000Z")
	budget.set("DTEND", "DTEND:20261125T150000Z")
	budget.set("SUMMARY", "SUMMARY:Budget 2027")
	moved := budget.raw()
	assert.Equal(t, sync.Report{Updated: 1, Unchanged: 1}, w.pass())
	assert.Equal(t, "Budget 2027", w.meeting().Topic)
	assert.Equal(t, utc("2026-11-25 14:00"), w.meeting().Start)
	assert.Equal(t, meeting.Number, w.meeting().Number)
	assert.Equal(t, moved, budget.raw(), "a move causes no write")
	w.rest()

	t.Log("she copies it to another day")
	copied := w.bookAt(w.dav.Calendar("alice", "work")+"copy.ics", "copy")
	copied.restore(budget.text())
	copied.edit("UID:budget", "UID:copy")
	copied.set("SUMMARY", "SUMMARY:Budget again")
	w.pass()
	require.Equal(t, []string{"Budget 2027", "Budget again"}, w.topics())
	copied.shows(w.meetings()[1])
	budget.shows(w.meetings()[0])
	w.rest()

	t.Log("she drags it into her other calendar")
	require.NoError(t, w.dav.Move(budget.path, home+"budget.ics"))
	budget.path = home + "budget.ics"
	calls := w.platform.CountCalls()
	w.pass()
	assert.Equal(t, calls, w.platform.CountCalls(), "the meeting stays as it is")
	assert.Equal(t, budget.path, w.link("budget").Href)
	w.rest()

	t.Log("she deletes it, and restores it after the meeting was given up")
	kept := budget.raw()
	budget.delete()
	w.pass()
	assert.Equal(t, "Budget 2027", w.meetings()[0].Topic, "the undo window runs")
	assert.Equal(t, 1, w.later(11*time.Minute).Cancelled)
	assert.Equal(t, "Cancelled: Budget 2027", w.meetings()[0].Topic)
	w.idle()
	budget.restore(kept)
	w.pass()
	assert.Equal(t, "Budget 2027", w.meetings()[0].Topic)
	budget.shows(w.meetings()[0])
	w.rest()

	t.Log("she opts out of the copy, and wants no link in the first one")
	copied.set("SUMMARY", "SUMMARY:Budget again #nomeet")
	budget.clear()
	w.pass()
	w.later(11 * time.Minute)
	assert.Equal(t, []string{"Cancelled: Budget 2027", "Cancelled: Budget again"}, w.topics())
	copied.bare()
	budget.bare()
	w.rest()

	t.Log("she asks for it again")
	budget.set("SUMMARY", "SUMMARY:Budget 2027 @meet")
	w.pass()
	assert.Equal(t, []string{"Budget 2027", "Cancelled: Budget again"}, w.topics())
	budget.shows(w.meetings()[0])
	w.rest()
	assert.Len(t, w.platform.Meetings(), 2, "one for each event, from the beginning to the end")
	assert.Empty(t, w.platform.Mails())
	assert.Equal(t, vevent("dentist", "LOCATION:High Street"), dentist.raw())
}

// A new title and a new time are one PUT each time, whatever else the edit did.
func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name, property, line string
		topic, start         string
	}{
		{"new title", "SUMMARY", "SUMMARY:Retro", "Retro", "2026-11-24 09:00"},
		{"new start", "DTSTART", "DTSTART:20261124T083000Z", "sprint", "2026-11-24 08:30"},
		{"new start in a zone", "DTSTART", "DTSTART;TZID=Europe/Brussels:20261124T093000", "sprint", "2026-11-24 08:30"},
		{"marker in the title", "SUMMARY", "SUMMARY:Retro @meet", "Retro", "2026-11-24 09:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			number := w.meeting().Number
			e.set(c.property, c.line)
			before := e.raw()
			assert.Equal(t, sync.Report{Updated: 1, Unchanged: 1}, w.pass())
			m := w.meeting()
			assert.Equal(t, 1, w.puts())
			assert.Equal(t, 1, w.posts())
			assert.Equal(t, c.topic, m.Topic)
			assert.Equal(t, utc(c.start), m.Start)
			assert.Equal(t, number, m.Number)
			assert.Equal(t, before, e.raw())
			w.rest()
		})
	}
}

// Edits that say nothing new about the meeting cause no call and no write.
func TestIrrelevantEdit(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	for _, line := range []string{"PRIORITY:1", "DESCRIPTION:see " + joinPrefix + w.meeting().Number, "SEQUENCE:4", "LOCATION:Room 7"} {
		e.set(lineName(line), line)
		before := e.raw()
		assert.Equal(t, sync.Report{Unchanged: 1}, w.pass(), line)
		assert.Equal(t, before, e.raw(), line)
	}
	assert.Zero(t, w.puts())
}

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		action      sync.CancelAction
		topic       string
		puts, calls int // PUTs, and calls in all, for the cancellation
		gone        bool
		ends        time.Time
	}{
		{sync.Keep, "sprint", 0, 0, false, utc("2026-11-24 10:00")},
		{sync.Retitle, "Cancelled: sprint", 1, 1, false, utc("2026-11-24 10:00")},
		{sync.CloseWindow, "Cancelled: sprint", 1, 1, false, utc("2026-11-23 11:59")},
		{sync.DeleteCall, "", 0, 1, true, time.Time{}},
	} {
		for _, undo := range []time.Duration{0, 10 * time.Minute} {
			t.Run(string(c.action)+" after "+undo.String(), func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Cancel, r.Undo = c.action, undo })
				e := w.book("sprint", "LOCATION:@meet")
				w.rest()
				calls := w.platform.CountCalls()
				e.delete()
				w.pass()
				if undo > 0 {
					assert.Equal(t, calls, w.platform.CountCalls(), "nothing happens in the undo window")
					w.later(undo - time.Second)
					assert.Equal(t, calls, w.platform.CountCalls(), "nothing happens in the undo window")
					w.later(time.Second)
				}
				assert.Equal(t, calls+c.calls, w.platform.CountCalls())
				assert.Equal(t, c.puts, w.puts())
				assert.Equal(t, store.Ended, w.link("sprint").State)
				if c.gone {
					assert.Empty(t, w.meetings())
				} else {
					assert.Equal(t, c.topic, w.meeting().Topic)
					assert.WithinDuration(t, c.ends.Add(map[bool]time.Duration{true: undo}[c.action == sync.CloseWindow]), w.meeting().End, 0)
				}
				w.idle()
			})
		}
	}
}

// An event that comes back gets its meeting back: the link that people have stays good.
func TestFaultCancelUndone(t *testing.T) {
	for _, c := range []struct {
		name     string
		action   sync.CancelAction
		after    time.Duration
		puts     int
		meetings int
	}{
		{"within the window", sync.Retitle, 5 * time.Minute, 0, 1},
		{"after it", sync.Retitle, time.Hour, 2, 1},
		{"after it, closed meanwhile", sync.CloseWindow, time.Hour, 2, 1},
		{"after it, kept meanwhile", sync.Keep, time.Hour, 0, 1},
		{"after it, deleted meanwhile", sync.DeleteCall, time.Hour, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Cancel = c.action })
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			text := e.raw()
			e.delete()
			w.pass()
			w.later(c.after)
			e.restore(text)
			w.pass()
			assert.Equal(t, c.puts, w.puts())
			require.Len(t, w.platform.Meetings(), c.meetings)
			m := w.platform.Meetings()[c.meetings-1]
			assert.Equal(t, "sprint", m.Topic)
			assert.Equal(t, utc("2026-11-24 10:00"), m.End)
			e.shows(m)
			if c.meetings == 1 {
				assert.Equal(t, text, e.raw(), "nothing is written")
			}
			w.later(time.Hour)
			w.idle()
		})
	}
}

// Somebody who withdraws her request gets a clean event; what she wrote herself stays.
func TestWithdrawn(t *testing.T) {
	for _, c := range []struct {
		name     string
		withdraw func(e *entry)
		rule     sync.Rule
		bare     bool
	}{
		{"opted out in the title", func(e *entry) { e.set("SUMMARY", "SUMMARY:sprint #nomeet") }, sync.Declined, true},
		{"opted out in a category", func(e *entry) { e.set("CATEGORIES", "CATEGORIES:#nomeet") }, sync.Declined, true},
		{"all traces taken out", func(e *entry) { e.clear() }, sync.OptedOut, true},
		{"cancelled", func(e *entry) { e.set("STATUS", "STATUS:CANCELLED") }, sync.Cancelled, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda", "COMMENT:mine")
			w.rest()
			c.withdraw(e)
			w.pass()
			assert.Equal(t, "sprint", w.meeting().Topic)
			w.later(11 * time.Minute)
			assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
			assert.Equal(t, c.rule, w.rule("sprint"))
			assert.Contains(t, e.text(), "COMMENT:mine")
			if c.bare {
				e.bare()
			}
			w.rest()
			w.clock.add(48 * time.Hour)
			assert.Zero(t, w.pass().Steps(), "it is not asked for again by a complete listing")
		})
	}
	t.Run("the author's words stay", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:Room 5 @meet", `DESCRIPTION:Agenda\nBring figures`)
		w.rest()
		e.set("SUMMARY", "SUMMARY:sprint #nomeet")
		w.pass()
		w.later(11 * time.Minute)
		assert.Equal(t, "Room 5", e.parsed().Location)
		assert.Equal(t, "Agenda\nBring figures", e.parsed().Description)
	})
	t.Run("and asked for again within the window", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		text := e.raw()
		e.clear()
		w.pass()
		e.restore(text)
		w.pass()
		w.later(time.Hour)
		assert.Equal(t, "sprint", w.meeting().Topic)
		assert.Equal(t, 1, w.platform.CountCalls())
	})
}

// The marker is a request, not the state: taking it away while the link stays changes nothing.
func TestMarkerRemoved(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "SUMMARY:sprint @meet", "LOCATION:Room 5")
	w.rest()
	e.set("SUMMARY", "SUMMARY:sprint")
	assert.Equal(t, sync.Report{Unchanged: 1}, w.pass())
	e.shows(w.meeting())

	t.Run("before the meeting was made", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(403))
		require.Equal(t, 1, w.try().Failed)
		e.set("LOCATION", "LOCATION:Room 5")
		w.later(time.Hour)
		assert.Empty(t, w.meetings())
		assert.Equal(t, vevent("sprint", "LOCATION:Room 5"), e.raw())
	})
}

// What is not hers, not to come, or not to be asked for is left as it is: no call, no write.
func TestLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  sync.Rule
		lines []string
	}{
		{"somebody else's", sync.NotOrganizer, []string{"LOCATION:@meet", "ORGANIZER:mailto:eve@example.net", "ATTENDEE:mailto:alice@example.com"}},
		{"an invitation without an organizer", sync.NotOrganizer, []string{"LOCATION:@meet", "ATTENDEE:mailto:alice@example.com"}},
		{"past", sync.Over, []string{"LOCATION:@meet", "DTSTART:20261122T090000Z", "DTEND:20261122T100000Z"}},
		{"cancelled", sync.Cancelled, []string{"LOCATION:@meet", "STATUS:CANCELLED"}},
		{"all day", sync.AllDay, []string{"LOCATION:@meet", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"}},
		{"no duration", sync.NoDuration, []string{"LOCATION:@meet", "DTEND:20261124T090000Z"}},
		{"a link of another tool", sync.OtherTool, []string{"SUMMARY:x @meet", "LOCATION:https://zoom.us/j/123456789"}},
		{"a link of the platform made by hand", sync.OtherTool, []string{"SUMMARY:x @meet", "LOCATION:" + joinPrefix + "1111-2222-3333-4444"}},
		{"a forged seal", sync.OtherTool, []string{"LOCATION:@meet", "X-CONVOKE:v1.01234567.5e9459c5b863b82cefdddf50.1.AAAA"}},
		{"opted out", sync.Declined, []string{"LOCATION:@meet #nomeet"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("e", c.lines...)
			assert.Equal(t, sync.Report{Skipped: 1}, w.pass())
			assert.Equal(t, c.rule, w.rule("e"))
			assert.Equal(t, vevent("e", c.lines...), e.raw())
			assert.Zero(t, w.platform.CountCalls())
			w.idle()
		})
	}
}

// A forged or foreign seal is never a reason to touch the meeting that it names.
func TestForgedSealAimsAtNothing(t *testing.T) {
	w := newWorld(t)
	w.join("bob")
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	seal := lineOf(e.text(), "X-CONVOKE")
	require.NotEmpty(t, seal)
	theirs := w.bookAt(w.dav.Calendar("bob", "work")+"x.ics", "x", "SUMMARY:mine @meet", seal, lineOf(e.text(), "LOCATION"))
	before := theirs.raw()
	w.pass()
	theirs.delete()
	w.later(time.Hour)
	assert.NotEmpty(t, before)
	assert.Equal(t, "sprint", w.meeting().Topic)
	assert.Equal(t, 1, w.platform.CountCalls())
}

// An event that is deleted after its end leaves its meeting as it is.
func TestPastEventDeleted(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	w.clock.add(23 * time.Hour)
	w.pass()
	calls := w.platform.CountCalls()
	e.delete()
	w.pass()
	assert.Equal(t, store.Ended, w.link("sprint").State)
	assert.Equal(t, sync.Gone, w.rule("sprint"))
	w.later(time.Hour)
	assert.Equal(t, calls, w.platform.CountCalls())
	assert.Equal(t, "sprint", w.meeting().Topic)
}

func lineName(line string) string {
	for i, c := range line {
		if c == ':' || c == ';' {
			return line[:i]
		}
	}
	return line
}
