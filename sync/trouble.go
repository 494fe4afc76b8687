package sync

import (
	"errors"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// trouble is of which kind an error is that concerns a calendar or an organizer as a whole.
func trouble(err error) store.Trouble {
	var api *meetingapi.Error
	switch {
	case errors.Is(err, calendar.ErrAuth):
		return store.Password
	case errors.Is(err, calendar.ErrForbidden):
		return store.Denied
	case errors.Is(err, calendar.ErrMissing):
		return store.Missing
	case errors.Is(err, calendar.ErrReadOnly):
		return store.ReadOnly
	case errors.As(err, &api), refusesAll(err):
		return store.Platform
	}
	return store.Unreachable
}

// refusesAll reports whether an error is a kind of refusal that stands for all calls of the platform.
func refusesAll(err error) bool {
	return errors.Is(err, meetingapi.ErrAuth) || errors.Is(err, meetingapi.ErrForbidden) || errors.Is(err, meetingapi.ErrRateLimited)
}
