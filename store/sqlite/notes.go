package sqlite

import (
	"context"
	"errors"

	"convoke/store"
)

const (
	noteByKey = "SELECT value FROM notes WHERE key = ?"
	dropNote  = "DELETE FROM notes WHERE key = ?"
)

var saveNote = upsert("notes", "key", "value")

func scanText(r row) (s string, err error) { return s, r.Scan(&s) }

// Note keeps a value under a key; "" forgets it.
func (l *Ledger) Note(ctx context.Context, key, value string) error {
	err := l.write.transact(ctx, func(t *tx) (err error) {
		if value == "" {
			_, err = t.exec(ctx, dropNote, key)
		} else {
			_, err = t.exec(ctx, saveNote, key, value)
		}
		return err
	})
	return fail("note", err)
}

// Notes returns the value under a key, "" when there is none.
func (l *Ledger) Notes(ctx context.Context, key string) (string, error) {
	value, err := one(ctx, l.read, scanText, noteByKey, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return value, fail("notes", err)
}
