package sync

import (
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
