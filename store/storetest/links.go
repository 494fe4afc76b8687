package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

var linkChecks = []check{
	{"none", func(t *testing.T, d *desk) {
		_, err := d.Link(d.ctx, alice, "u")
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"every field comes back", func(t *testing.T, d *desk) {
		k := d.link(alice, "u", d.meeting(alice, "p").ID, func(k *store.Link) {
			*k = store.Link{Organizer: alice, UID: "u", Calendar: d.calendar(alice, "c"), Href: "/c/1.ics", Meeting: k.Meeting,
				State: store.Ending, Reason: "deleted", DueAt: at(5), Written: true, UpdatedAt: at(4)}
		})
		assert.Equal(t, k, must[store.Link](t)(d.Link(d.ctx, alice, "u")))
	}},
	{"saving replaces all of the row but the id", func(t *testing.T, d *desk) {
		m, n := d.meeting(alice, "p"), d.meeting(alice, "q")
		k := d.link(alice, "u", m.ID, func(k *store.Link) { k.Calendar, k.Href, k.Written = d.calendar(alice, "c"), "1", true })
		again := store.Link{ID: 99, Organizer: alice, UID: "u", Meeting: n.ID, State: store.Ended}
		assert.Equal(t, k.ID, must[int64](t)(d.SaveLink(d.ctx, again)))
		again.ID = k.ID
		assert.Equal(t, []store.Link{again}, must[[]store.Link](t)(d.Links(d.ctx, "")))
	}},
	{"to a meeting that is not there", func(t *testing.T, d *desk) {
		_, err := d.SaveLink(d.ctx, store.Link{Organizer: alice, UID: "u", Meeting: 9, State: store.Active})
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.Empty(t, must[[]store.Link](t)(d.Links(d.ctx, "")))
	}},
	{"without a UID is refused", func(t *testing.T, d *desk) {
		_, err := d.SaveLink(d.ctx, store.Link{Organizer: alice, Meeting: d.meeting(alice, "p").ID, State: store.Active})
		assert.Error(t, err)
	}},
	{"several share a meeting", func(t *testing.T, d *desk) {
		m, other := d.meeting(alice, "p"), d.meeting(alice, "q")
		a := d.link(alice, "u", m.ID, nil)
		b := d.link(alice, "v", m.ID, func(k *store.Link) { k.State = store.Ended })
		c := d.link(bob, "u", m.ID, func(k *store.Link) { k.State = store.Ending })
		e := d.link(bob, "w", other.ID, nil)
		assert.Equal(t, []store.Link{a, b, c}, must[[]store.Link](t)(d.LinksOf(d.ctx, m.ID)))
		assert.Equal(t, []store.Link{a, c}, must[[]store.Link](t)(d.LinksByUID(d.ctx, "u")))
		assert.Equal(t, []store.Link{a, b}, must[[]store.Link](t)(d.Links(d.ctx, alice)))
		assert.Equal(t, []store.Link{a, b, c, e}, must[[]store.Link](t)(d.Links(d.ctx, "")))
	}},
	{"at a place: those that have not ended", func(t *testing.T, d *desk) {
		m, work, home := d.meeting(alice, "p"), d.calendar(alice, "work"), d.calendar(alice, "home")
		place := func(c int64, href string, s store.LinkState) func(*store.Link) {
			return func(k *store.Link) { k.Calendar, k.Href, k.State = c, href, s }
		}
		a := d.link(alice, "u", m.ID, place(work, "1", store.Active))
		b := d.link(bob, "u", m.ID, place(work, "1", store.Ending))
		d.link(alice, "v", m.ID, place(work, "1", store.Ended))
		d.link(alice, "w", m.ID, place(work, "2", store.Active))
		d.link(alice, "x", m.ID, place(home, "1", store.Active))
		assert.Equal(t, []store.Link{a, b}, must[[]store.Link](t)(d.LinksAt(d.ctx, work, "1")))
	}},
	{"due: which and in what order", func(t *testing.T, d *desk) {
		m := d.meeting(alice, "p")
		ending := func(s store.LinkState, due time.Time) func(*store.Link) {
			return func(k *store.Link) { k.State, k.DueAt = s, due }
		}
		late := d.link(alice, "now", m.ID, ending(store.Ending, at(10)))
		early := d.link(alice, "past", m.ID, ending(store.Ending, at(2)))
		same := d.link(alice, "past too", m.ID, ending(store.Ending, at(2)))
		d.link(alice, "to come", m.ID, ending(store.Ending, at(11)))
		d.link(alice, "held", m.ID, ending(store.Ending, none))
		d.link(alice, "active", m.ID, ending(store.Active, at(2)))
		d.link(alice, "ended", m.ID, ending(store.Ended, at(2)))
		d.link(bob, "another's", m.ID, ending(store.Ending, at(2)))
		assert.Equal(t, []store.Link{early, same, late}, must[[]store.Link](t)(d.DueLinks(d.ctx, alice, at(10))))
	}},
}

var meetingChecks = []check{
	{"none", func(t *testing.T, d *desk) {
		_, err := d.Meeting(d.ctx, 1)
		assert.ErrorIs(t, err, store.ErrNotFound)
		_, err = d.MeetingByPlatformID(d.ctx, alice, "p")
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"every field comes back", func(t *testing.T, d *desk) {
		m := fullMeeting()
		m.ID = must[int64](t)(d.SaveMeeting(d.ctx, m))
		assert.Equal(t, m, must[store.Meeting](t)(d.Meeting(d.ctx, m.ID)))
		assert.Equal(t, m, must[store.Meeting](t)(d.MeetingByPlatformID(d.ctx, alice, m.PlatformID)))
	}},
	{"saving replaces all of the row but the id", func(t *testing.T, d *desk) {
		m := fullMeeting()
		m.ID = must[int64](t)(d.SaveMeeting(d.ctx, m))
		bare := store.Meeting{ID: 99, Organizer: alice, PlatformID: m.PlatformID, State: store.Voided}
		assert.Equal(t, m.ID, must[int64](t)(d.SaveMeeting(d.ctx, bare)))
		bare.ID = m.ID
		assert.Equal(t, []store.Meeting{bare}, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")))
	}},
	{"of one and of all, ordered by id", func(t *testing.T, d *desk) {
		a, b, c := d.meeting(alice, "z"), d.meeting(bob, "z"), d.meeting(alice, "a")
		assert.Equal(t, []store.Meeting{a, c}, must[[]store.Meeting](t)(d.Meetings(d.ctx, alice)))
		assert.Equal(t, []store.Meeting{a, b, c}, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")))
		assert.Equal(t, b, must[store.Meeting](t)(d.MeetingByPlatformID(d.ctx, bob, "z")))
	}},
	{"without the platform's id is refused", func(t *testing.T, d *desk) {
		_, err := d.SaveMeeting(d.ctx, store.Meeting{Organizer: alice, State: store.Live})
		require.Error(t, err)
	}},
}
