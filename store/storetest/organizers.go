package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

var organizerChecks = []check{
	{"none", func(t *testing.T, d *desk) {
		assert.Empty(t, must[[]store.Organizer](t)(d.Organizers(d.ctx)))
		_, err := d.Organizer(d.ctx, alice)
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"every field comes back", func(t *testing.T, d *desk) {
		require.NoError(t, d.SaveOrganizer(d.ctx, fullOrganizer()))
		assert.Equal(t, fullOrganizer(), must[store.Organizer](t)(d.Organizer(d.ctx, alice)))
	}},
	{"saving replaces all of the row", func(t *testing.T, d *desk) {
		require.NoError(t, d.SaveOrganizer(d.ctx, fullOrganizer()))
		require.NoError(t, d.SaveOrganizer(d.ctx, store.Organizer{Email: alice}))
		assert.Equal(t, []store.Organizer{{Email: alice}}, must[[]store.Organizer](t)(d.Organizers(d.ctx)))
	}},
	{"without an address is refused", func(t *testing.T, d *desk) {
		require.Error(t, d.SaveOrganizer(d.ctx, store.Organizer{UserID: "1"}))
		assert.Empty(t, must[[]store.Organizer](t)(d.Organizers(d.ctx)))
	}},
}

var calendarChecks = []check{
	{"every field comes back", func(t *testing.T, d *desk) {
		c := fullCalendar()
		c.ID = must[int64](t)(d.SaveCalendar(d.ctx, c))
		assert.Equal(t, []store.Calendar{c}, must[[]store.Calendar](t)(d.Calendars(d.ctx, alice)))
	}},
	{"saving replaces all of the row but the id", func(t *testing.T, d *desk) {
		c := fullCalendar()
		id := must[int64](t)(d.SaveCalendar(d.ctx, c))
		bare := store.Calendar{ID: 99, Organizer: alice, URL: c.URL}
		assert.Equal(t, id, must[int64](t)(d.SaveCalendar(d.ctx, bare)))
		bare.ID = id
		assert.Equal(t, []store.Calendar{bare}, must[[]store.Calendar](t)(d.Calendars(d.ctx, "")))
	}},
	{"of one and of all, ordered by id", func(t *testing.T, d *desk) {
		a, b, c := d.calendar(alice, "z"), d.calendar(bob, "z"), d.calendar(alice, "a")
		assert.Equal(t, []int64{a, c}, calendarIDs(must[[]store.Calendar](t)(d.Calendars(d.ctx, alice))))
		assert.Equal(t, []int64{b}, calendarIDs(must[[]store.Calendar](t)(d.Calendars(d.ctx, bob))))
		assert.Equal(t, []int64{a, b, c}, calendarIDs(must[[]store.Calendar](t)(d.Calendars(d.ctx, ""))))
		assert.Empty(t, must[[]store.Calendar](t)(d.Calendars(d.ctx, "carol@example.com")))
	}},
	{"a look ends with its token", func(t *testing.T, d *desk) {
		c := fullCalendar()
		c.ID = must[int64](t)(d.SaveCalendar(d.ctx, c))
		for _, look := range []struct {
			token  string
			fullAt int
		}{{"t2", 0}, {"t3", 30}, {"t3", 0}, {"", 31}} {
			c.Token = look.token
			if look.fullAt != 0 {
				c.FullAt = at(look.fullAt)
				require.NoError(t, d.Looked(d.ctx, c.ID, look.token, c.FullAt))
			} else {
				require.NoError(t, d.Looked(d.ctx, c.ID, look.token, none))
			}
			assert.Equal(t, []store.Calendar{c}, must[[]store.Calendar](t)(d.Calendars(d.ctx, "")), "only these two change")
		}
	}},
	{"a look at a calendar that is not there", func(t *testing.T, d *desk) {
		assert.ErrorIs(t, d.Looked(d.ctx, 7, "t", none), store.ErrNotFound)
	}},
}

func calendarIDs(all []store.Calendar) (ids []int64) {
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}
