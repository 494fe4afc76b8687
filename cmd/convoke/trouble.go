package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"convoke/internal/config"
	"convoke/store"
	"convoke/sync"
)

// organizer is somebody's section of the configuration; the zero value when there is none.
func (a *app) organizer(email string) config.Organizer {
	i := slices.IndexFunc(a.cfg.Organizers, func(o config.Organizer) bool { return o.Email == email })
	if i < 0 {
		return config.Organizer{}
	}
	return a.cfg.Organizers[i]
}

// wayOut says what a person can do about what is wrong with an organizer as a whole.
func (a *app) wayOut(email string, t store.Trouble) string {
	o := a.organizer(email)
	switch t {
	case store.Password:
		return fmt.Sprintf("put the new password into %s, then: convoke reload", o.PasswordFile)
	case store.Denied:
		return fmt.Sprintf("give %s access again, then: convoke reload", cmp.Or(o.Username, "convoke"))
	case store.Missing:
		return "nothing is cancelled; bring back what is missing, or mend caldav_url and calendars of the organizer"
	case store.Platform:
		return fmt.Sprintf("check the API key in %s, and the user and account of the organizer, then: convoke reload", cmp.Or(o.APIKeyFile, a.cfg.Platform.APIKeyFile))
	case store.Unreachable:
		return "nothing is needed once the server answers"
	}
	return ""
}

// userless says so when an organizer has no user on the platform and needs one: the platform acts for a user, but where the key is
// that of one account. Whether the platform's is, nobody tells; a meeting that was made does.
func (a *app) userless(ctx context.Context, o config.Organizer, row store.Organizer) (string, error) {
	if cmp.Or(o.UserID, row.UserID, o.AccountID, row.AccountID, o.APIKeyFile) != "" {
		return "", nil
	}
	made, err := a.ledger.Meetings(ctx, o.Email)
	if err != nil || len(made) > 0 {
		return "", err
	}
	return fmt.Sprintf("no user on the platform: set account_id, or: convoke organizer add %s --account ID; with a key of her account, set api_key_file", o.Email), nil
}

// wayOutOf says the same of a calendar.
func (a *app) wayOutOf(ctx context.Context, c store.Calendar) (string, error) {
	switch c.Trouble {
	case store.Missing:
		since, err := sync.MissingSince(ctx, a.ledger, c.ID)
		return fmt.Sprintf("missing since %s; nothing is cancelled; bring it back, or take it out of the configuration", when(since)), err
	case store.ReadOnly:
		return fmt.Sprintf("give %s the right to write; the meetings are made, and their links are below; written to again %s", cmp.Or(a.organizer(c.Organizer).Username, "convoke"), when(c.DueAt)), nil
	}
	return a.wayOut(c.Organizer, c.Trouble), nil
}

// retryAt is when a calendar is asked again that could not be looked at.
func retryAt(c store.Calendar) time.Time {
	if c.Trouble == store.ReadOnly {
		return time.Time{}
	}
	return c.DueAt
}
