package sync_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/sync"
)

// explain asks about an event, and sees to it that asking changes nothing.
func (w *world) explain(uid string) []sync.Explanation {
	w.t.Helper()
	calls := w.platform.CountCalls()
	w.dav.ResetLog()
	all, err := w.engine.Explain(w.t.Context(), uid)
	require.NoError(w.t, err)
	assert.Equal(w.t, calls, w.platform.CountCalls())
	assert.Zero(w.t, w.dav.Counts()["PUT"])
	return all
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(w *world, e *entry)
		want sync.Explanation // Organizer, Calendar, Href and Meeting are filled in; Text is looked for
	}{
		{"in line", func(*world, *entry) {}, sync.Explanation{Rule: sync.Unchanged, Text: "agree", Seal: "ours, for this event", Link: "active"}},
		{"changed since the last pass", func(_ *world, e *entry) { e.set("SUMMARY", "SUMMARY:Retro") },
			sync.Explanation{Rule: sync.Update, Text: "title or time", Seal: "ours, for this event", Link: "active"}},
		{"a seal that proves nothing", func(_ *world, e *entry) { e.set("X-CONVOKE", "X-CONVOKE:v1.x") },
			sync.Explanation{Rule: sync.Unchanged, Text: "agree", Seal: "not ours for this event", Link: "active"}},
		{"in its undo window", func(w *world, e *entry) { e.set("STATUS", "STATUS:CANCELLED"); w.pass() },
			sync.Explanation{Rule: sync.Undo, Text: "given up at 2026-11-23 12:10:00 UTC", Seal: "ours, for this event", Link: "ending"}},
		{"cannot be read", func(w *world, e *entry) { w.dav.Inject(caldavtest.Fault{Method: "GET", Status: 500}) },
			sync.Explanation{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			c.do(w, e)
			all := w.explain("sprint")
			require.Len(t, all, 1)
			x := all[0]
			assert.Equal(t, "alice@example.com", x.Organizer)
			assert.Equal(t, "Work", x.Calendar)
			assert.Equal(t, e.path, x.Href)
			assert.Equal(t, c.want.Rule, x.Rule)
			if c.want.Rule == "" {
				assert.Contains(t, x.Problem, "500")
				return
			}
			assert.Contains(t, x.Text, c.want.Text)
			assert.Equal(t, c.want.Seal, x.Seal)
			assert.Equal(t, c.want.Link, x.Link)
			assert.Equal(t, w.meeting().Number, x.Meeting)
		})
	}
	t.Run("without a meeting", func(t *testing.T) {
		w := newWorld(t)
		w.book("dentist")
		w.pass()
		x := w.explain("dentist")
		require.Len(t, x, 1)
		assert.Equal(t, sync.NotMarked, x[0].Rule)
		assert.Equal(t, "none", x[0].Seal)
		assert.Empty(t, x[0].Link)
	})
	t.Run("deleted", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		e.delete()
		w.pass()
		x := w.explain("sprint")
		require.Len(t, x, 1)
		assert.Equal(t, sync.Undo, x[0].Rule)
		assert.Equal(t, "Work", x[0].Calendar)
		w.later(time.Hour)
		assert.Equal(t, sync.Gone, w.explain("sprint")[0].Rule)
	})
	t.Run("left alone since the first look", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Mode = sync.All })
		w.book("old")
		w.pass()
		x := w.explain("old")
		require.Len(t, x, 1)
		assert.Equal(t, sync.Existing, x[0].Rule)
		assert.Contains(t, x[0].Text, "select.existing")
	})
	t.Run("waiting for quiet is not being left alone", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Mode, r.Quiet = sync.Attendees, time.Minute })
		w.pass()
		w.book("new", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net")
		w.pass()
		assert.Equal(t, sync.Quiet, w.explain("new")[0].Rule)
		w.rules(func(r *sync.Rules) { r.Quiet = 0 }) // as `convoke why` asks, beside the daemon
		assert.Equal(t, sync.Create, w.explain("new")[0].Rule)
	})
	t.Run("a copy, and its original", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		c := w.book("copy")
		c.restore(e.text())
		c.edit("UID:sprint", "UID:copy")
		w.engine.Patient = true
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(403))
		w.try()
		x := w.explain("copy")
		require.Len(t, x, 1)
		assert.Equal(t, sync.Create, x[0].Rule)
		assert.Equal(t, "ours, for the event that this one was copied from", x[0].Seal)
		assert.Contains(t, x[0].LastError, "platform")
	})
	t.Run("in two calendars of two people", func(t *testing.T) {
		w := newWorld(t)
		w.join("bob")
		w.shelf.add("bob", w.dav.Share(w.work(), "bob", true), "Work (alice)")
		w.engine.Workers = 1 // she comes first
		w.book("sprint", "LOCATION:@meet")
		w.pass()
		w.pass()
		x := w.explain("sprint")
		require.Len(t, x, 2)
		assert.ElementsMatch(t, []sync.Rule{sync.Unchanged, sync.NotMarked}, []sync.Rule{x[0].Rule, x[1].Rule}, "one of them, whoever was first")
	})
	t.Run("never heard of", func(t *testing.T) {
		w := newWorld(t)
		w.pass()
		assert.Empty(t, w.explain("nothing"))
	})
}
