package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

var decisionChecks = []check{
	{"recorded when they change", func(t *testing.T, d *desk) {
		first := store.Decision{Organizer: alice, UID: "u", Calendar: 1, Href: "1", Rule: "marked", Text: "x", At: at(1)}
		want := []store.Decision{first}
		require.NoError(t, d.Decide(d.ctx, first))
		for i, change := range []func(*store.Decision){
			func(d *store.Decision) { d.Rule = "not marked" },
			func(d *store.Decision) { d.Text = "y" },
			func(d *store.Decision) { d.Calendar = 2 },
			func(d *store.Decision) { d.Href = "2" },
			func(d *store.Decision) { *d = first; d.At = at(1) }, // back again
		} {
			next := want[0]
			next.At = at(i + 2)
			require.NoError(t, d.Decide(d.ctx, next), "the same, later")
			assert.Equal(t, want, must[[]store.Decision](t)(d.Decisions(d.ctx, "u")))
			change(&next)
			require.NoError(t, d.Decide(d.ctx, next))
			want = append([]store.Decision{next}, want...)
			assert.Equal(t, want, must[[]store.Decision](t)(d.Decisions(d.ctx, "u")), "newest first")
		}
	}},
	{"of all organizers, each with a last one of his own", func(t *testing.T, d *desk) {
		a := store.Decision{Organizer: alice, UID: "u", Rule: "marked", At: at(1)}
		b := store.Decision{Organizer: bob, UID: "u", Rule: "claimed", At: at(2)}
		other := store.Decision{Organizer: bob, UID: "v", Rule: "marked", At: at(3)}
		for _, x := range []store.Decision{a, b, other, a, b} {
			require.NoError(t, d.Decide(d.ctx, x))
		}
		assert.Equal(t, []store.Decision{b, a}, must[[]store.Decision](t)(d.Decisions(d.ctx, "u")))
	}},
	{"pruned", func(t *testing.T, d *desk) {
		for i, rule := range []string{"a", "b", "c"} {
			require.NoError(t, d.Decide(d.ctx, store.Decision{Organizer: alice, UID: "u", Rule: rule, At: at(i)}))
		}
		require.NoError(t, d.Prune(d.ctx, at(1)))
		left := must[[]store.Decision](t)(d.Decisions(d.ctx, "u"))
		require.Len(t, left, 2, "what is as old as that stays")
		assert.Equal(t, "b", left[1].Rule)
	}},
	{"pruning leaves calls without an outcome", func(t *testing.T, d *desk) {
		open, unknown := d.begin(creation(alice, "open", 1)), d.begin(creation(alice, "unknown", 1))
		require.NoError(t, d.Failed(d.ctx, unknown, store.Unknown, "", at(2)))
		gone := d.begin(creation(alice, "refused", 1))
		require.NoError(t, d.Failed(d.ctx, gone, store.Refused, "", at(2)))
		require.NoError(t, d.Prune(d.ctx, at(99)))
		assert.Equal(t, []int64{open, unknown}, intentIDs(must[[]store.Intent](t)(d.Intents(d.ctx, ""))))
		m, k := made()
		k.UID = "refused"
		_, _, err := d.Made(d.ctx, gone, m, k)
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.Greater(t, d.begin(creation(alice, "refused", 1)), gone, "a number is given once")
	}},
}

var restChecks = []check{
	{"notes", func(t *testing.T, d *desk) {
		assert.Empty(t, must[string](t)(d.Notes(d.ctx, "k")))
		for _, value := range []string{"a", "b", "b", "", "c"} {
			require.NoError(t, d.Note(d.ctx, "k", value))
			require.NoError(t, d.Note(d.ctx, "other", "o"))
			assert.Equal(t, value, must[string](t)(d.Notes(d.ctx, "k")))
		}
		assert.Equal(t, "o", must[string](t)(d.Notes(d.ctx, "other")))
	}},
	{"counts", countRules},
	{"times are UTC and whole seconds", func(t *testing.T, d *desk) {
		local := time.Date(2026, 3, 29, 3, 30, 15, 999_000_000, time.FixedZone("", 2*3600))
		require.NoError(t, d.SaveOrganizer(d.ctx, store.Organizer{Email: alice, DueAt: local}))
		assert.Equal(t, time.Date(2026, 3, 29, 1, 30, 15, 0, time.UTC), must[store.Organizer](t)(d.Organizer(d.ctx, alice)).DueAt)
		epoch := time.Unix(0, 0).UTC()
		require.NoError(t, d.SaveOrganizer(d.ctx, store.Organizer{Email: alice, DueAt: epoch}))
		assert.Equal(t, epoch, must[store.Organizer](t)(d.Organizer(d.ctx, alice)).DueAt, "1970 is a time, too")
	}},
	{"texts come back as they are", func(t *testing.T, d *desk) {
		for _, text := range []string{"'; DROP TABLE notes; --", "%_\\\"", "Größe 会議 🗓", " a ", "a\nb\x00c"} {
			require.NoError(t, d.Note(d.ctx, text, text+"!"))
			assert.Equal(t, text+"!", must[string](t)(d.Notes(d.ctx, text)))
		}
	}},
	{"a context that has ended changes nothing", func(t *testing.T, d *desk) {
		require.NoError(t, d.Note(d.ctx, "k", "before"))
		ended, cancel := context.WithCancel(d.ctx)
		cancel()
		assert.ErrorIs(t, d.Note(ended, "k", "after"), context.Canceled)
		assert.ErrorIs(t, d.Seen(ended, []store.ObjectRow{{Calendar: 1, Href: "1", Seen: "1"}}), context.Canceled)
		_, err := d.Notes(ended, "k")
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "before", must[string](t)(d.Notes(d.ctx, "k")))
	}},
	{"lock: one at a time", func(t *testing.T, d *desk) {
		release, err := d.Lock()
		require.NoError(t, err)
		_, err = d.Lock()
		assert.ErrorIs(t, err, store.ErrLocked)
		require.NoError(t, d.Note(d.ctx, "k", "v"), "it guards passes, not rows")
		release()
		again, err := d.Lock()
		require.NoError(t, err)
		release() // of the first, once more: not the second's
		_, err = d.Lock()
		assert.ErrorIs(t, err, store.ErrLocked)
		again()
	}},
}

func countRules(t *testing.T, d *desk) {
	assert.Equal(t, store.Counts{}, must[store.Counts](t)(d.Counts(d.ctx, "")))
	for _, who := range []string{alice, bob} {
		c, left := d.calendar(who, "c"), must[int64](t)(d.SaveCalendar(d.ctx, store.Calendar{Organizer: who, URL: "d", Left: true}))
		for _, o := range []store.ObjectRow{
			{Calendar: c, Href: "1", Seen: "1", Done: "1"},
			{Calendar: c, Href: "2", Seen: "1", Error: "no", DueAt: at(1)},
			{Calendar: c, Href: "3", Seen: "1", Done: "1", DueAt: at(1)},
			{Calendar: c, Href: "4", Done: "1", Error: "gone, and failing"},
			{Calendar: left, Href: "1", Seen: "1", Error: "no", DueAt: at(1)},
		} {
			require.NoError(t, d.SaveObject(d.ctx, o))
		}
		m := d.meeting(who, "p")
		must[int64](t)(d.SaveMeeting(d.ctx, store.Meeting{Organizer: who, PlatformID: "q", State: store.Voided}))
		d.link(who, "u"+who, m.ID, func(k *store.Link) { k.State = store.Ending })
		d.link(who, "v"+who, m.ID, nil)
		d.begin(creation(who, "open", 1))
		require.NoError(t, d.Failed(d.ctx, d.begin(creation(who, "unknown", 1)), store.Unknown, "", at(1)))
		require.NoError(t, d.Failed(d.ctx, d.begin(creation(who, "refused", 1)), store.Refused, "", at(1)))
	}
	assert.Equal(t, store.Counts{Objects: 3, Failing: 2, Waiting: 2, Meetings: 1, Ending: 1, Unknown: 2}, must[store.Counts](t)(d.Counts(d.ctx, alice)))
	assert.Equal(t, store.Counts{Objects: 6, Failing: 4, Waiting: 4, Meetings: 2, Ending: 2, Unknown: 4}, must[store.Counts](t)(d.Counts(d.ctx, "")))
	assert.Equal(t, store.Tally{
		Meetings: map[store.MeetingState]int{store.Live: 2, store.Voided: 2},
		Links:    map[store.LinkKind]int{{State: store.Ending}: 2, {State: store.Active}: 2},
	}, must[store.Tally](t)(d.Tally(d.ctx)))
}
