package sqlite

import (
	"context"

	"convoke/store"
)

const (
	organizerValues  = "user_id, account_id, time_zone, language, feed, state, trouble, attempts, due_at"
	selectOrganizers = "SELECT email, " + organizerValues + " FROM organizers"
	allOrganizers    = selectOrganizers + " ORDER BY email"
	organizerByEmail = selectOrganizers + " WHERE email = ?"
)

var saveOrganizer = upsert("organizers", "email", organizerValues)

func scanOrganizer(r row) (o store.Organizer, err error) {
	err = r.Scan(&o.Email, &o.UserID, &o.AccountID, &o.TimeZone, &o.Language, &o.Feed, &o.State, &o.Trouble, &o.Attempts,
		when{&o.DueAt})
	return o, err
}

// Organizers returns all organizers, ordered by address.
func (l *Ledger) Organizers(ctx context.Context) ([]store.Organizer, error) {
	all, err := many(ctx, l.read, scanOrganizer, allOrganizers)
	return all, fail("organizers", err)
}

// Organizer returns one organizer, or store.ErrNotFound.
func (l *Ledger) Organizer(ctx context.Context, email string) (store.Organizer, error) {
	o, err := one(ctx, l.read, scanOrganizer, organizerByEmail, email)
	return o, fail("organizer", err)
}

// SaveOrganizer adds an organizer or replaces the one of that address.
func (l *Ledger) SaveOrganizer(ctx context.Context, o store.Organizer) error {
	err := l.write.transact(ctx, func(t *tx) error {
		_, err := t.exec(ctx, saveOrganizer, o.Email, o.UserID, o.AccountID, o.TimeZone, o.Language, blob(o.Feed),
			o.State, o.Trouble, o.Attempts, seconds(o.DueAt))
		return err
	})
	return fail("save organizer", err)
}
