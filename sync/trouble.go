package sync

import (
	"context"
	"errors"

	"convoke/calendar"
	"convoke/store"
)

// trouble is of which kind an error of a calendar, or of discovery, is.
func trouble(err error) store.Trouble {
	switch {
	case errors.Is(err, calendar.ErrAuth):
		return store.Password
	case errors.Is(err, calendar.ErrForbidden):
		return store.Denied
	case errors.Is(err, calendar.ErrMissing):
		return store.Missing
	}
	return store.Unreachable
}

// Unpark has everybody asked again who is parked since a login, a right or a key was refused: an admin has mended it, perhaps.
func (e *Engine) Unpark(ctx context.Context) error {
	refused := map[store.Trouble]bool{store.Password: true, store.Denied: true, store.Platform: true}
	organizers, err := e.Ledger.Organizers(ctx)
	if err != nil {
		return err
	}
	for _, o := range organizers {
		if !refused[o.Trouble] || o.DueAt.IsZero() {
			continue
		}
		o.DueAt = e.Now()
		if err := e.Ledger.SaveOrganizer(ctx, o); err != nil {
			return err
		}
	}
	calendars, err := e.Ledger.Calendars(ctx, "")
	if err != nil {
		return err
	}
	for _, c := range calendars {
		if !refused[c.Trouble] || c.DueAt.IsZero() {
			continue
		}
		c.DueAt = e.Now()
		if _, err := e.Ledger.SaveCalendar(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
