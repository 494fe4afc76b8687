package sqlite

import (
	"context"
	"time"

	"convoke/store"
)

const (
	calendarKey     = "organizer, url"
	calendarValues  = "name, source, profile, time_zone, shared, token, full_at, state, trouble, attempts, due_at, has_left"
	selectCalendars = "SELECT id, " + calendarKey + ", " + calendarValues + " FROM calendars"
	allCalendars    = selectCalendars + " ORDER BY id"
	calendarsOf     = selectCalendars + " WHERE organizer = ? ORDER BY id"
	calendarID      = "SELECT id FROM calendars WHERE organizer = ? AND url = ?"
	calendarLooked  = "UPDATE calendars SET token = ?1, full_at = coalesce(?2, full_at) WHERE id = ?3 AND (token, full_at) IS NOT (?1, coalesce(?2, full_at))"
	calendarThere   = "SELECT id FROM calendars WHERE id = ?"
)

var saveCalendar = upsert("calendars", calendarKey, calendarValues)

func scanCalendar(r row) (c store.Calendar, err error) {
	err = r.Scan(&c.ID, &c.Organizer, &c.URL, &c.Name, &c.Source, &c.Profile, &c.TimeZone, &c.Shared, &c.Token,
		when{&c.FullAt}, &c.State, &c.Trouble, &c.Attempts, when{&c.DueAt}, &c.Left)
	return c, err
}

// Calendars returns the calendars of one organizer or ("") of all, those that were left too, ordered by ID.
func (l *Ledger) Calendars(ctx context.Context, organizer string) ([]store.Calendar, error) {
	all, err := ofOne(ctx, l.read, scanCalendar, allCalendars, calendarsOf, organizer)
	return all, fail("calendars", err)
}

// SaveCalendar adds a calendar or replaces the one of that organizer and URL.
func (l *Ledger) SaveCalendar(ctx context.Context, c store.Calendar) (id int64, err error) {
	err = l.write.transact(ctx, func(t *tx) error {
		_, err := t.exec(ctx, saveCalendar, c.Organizer, c.URL, c.Name, c.Source, c.Profile, c.TimeZone, c.Shared,
			c.Token, seconds(c.FullAt), c.State, c.Trouble, c.Attempts, seconds(c.DueAt), c.Left)
		if err != nil {
			return err
		}
		id, err = one(ctx, t, scanID, calendarID, c.Organizer, c.URL)
		return err
	})
	return id, fail("save calendar", err)
}

// Looked ends a look at a calendar. A zero fullAt leaves the time of the last complete listing alone. It fails with
// store.ErrNotFound for a calendar that is not there.
func (l *Ledger) Looked(ctx context.Context, calendar int64, token string, fullAt time.Time) error {
	err := l.write.transact(ctx, func(t *tx) error {
		if _, err := one(ctx, t, scanID, calendarThere, calendar); err != nil {
			return err
		}
		_, err := t.exec(ctx, calendarLooked, token, seconds(fullAt), calendar)
		return err
	})
	return fail("looked", err)
}
