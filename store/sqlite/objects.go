package sqlite

import (
	"context"
	"time"

	"convoke/store"
)

const (
	objectKey     = "calendar, href"
	objectValues  = "uid, seen, done, error, attempts, due_at"
	objectColumns = "o.calendar, o.href, o.uid, o.seen, o.done, o.error, o.attempts, o.due_at, o.seen_at"
	selectObjects = "SELECT " + objectColumns + " FROM objects o"
	objectByHref  = selectObjects + " WHERE o.calendar = ? AND o.href = ?"
	dropObject    = "DELETE FROM objects WHERE calendar = ? AND href = ?"
	etags         = "SELECT href, seen FROM objects WHERE calendar = ? AND seen <> ''"

	// Beside another index the planner looks at the value of a plain condition x = ?, and compiles the statement anew whenever
	// it changes; that of unlikely(x = ?) it leaves alone. It is so in all statements that every pass asks for each calendar.
	//
	// Each half has an index of its own, which is empty while nothing is to be done; left to itself SQLite, which keeps
	// no statistics here, would go through all objects of the calendar. A condition uid <> '' is that of an index, too.
	pendingObjects = selectObjects + " INDEXED BY objects_new WHERE unlikely(o.calendar = ?1) AND o.due_at IS NULL AND o.seen <> o.done" +
		" UNION ALL " + selectObjects + " INDEXED BY objects_due WHERE unlikely(o.calendar = ?1) AND o.due_at <= ?2 ORDER BY 2"
	failingObjects  = selectObjects + " INDEXED BY objects_failing WHERE unlikely(o.calendar = ?) AND o.error <> '' ORDER BY o.href"
	objectsByUID    = selectObjects + " WHERE o.uid = ? AND o.uid <> '' ORDER BY o.calendar, o.href"
	objectsByUIDFor = selectObjects + " JOIN calendars c ON c.id = o.calendar" +
		" WHERE o.uid = ? AND o.uid <> '' AND c.organizer = ? ORDER BY o.calendar, o.href"

	// An object that was never known needs no row to say that it is gone.
	sawObject = "INSERT INTO objects (calendar, href, uid, seen, seen_at, done, error, attempts)" +
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, '', 0" +
		" WHERE ?4 <> '' OR EXISTS (SELECT 1 FROM objects WHERE calendar = ?1 AND href = ?2)" +
		" ON CONFLICT (calendar, href) DO UPDATE SET" +
		" uid = iif(excluded.uid = '', uid, excluded.uid)," +
		" done = iif(excluded.done = '', done, excluded.done)," +
		" seen = excluded.seen," +
		" seen_at = iif(seen = excluded.seen, seen_at, excluded.seen_at)," +
		" error = iif(seen = excluded.seen, error, '')," +
		" attempts = iif(seen = excluded.seen, attempts, 0)," +
		" due_at = iif(seen = excluded.seen, due_at, NULL)" +
		" WHERE seen <> excluded.seen OR excluded.uid NOT IN ('', uid) OR excluded.done NOT IN ('', done)"
)

var saveObject = upsert("objects", objectKey, objectValues)

func scanObject(r row) (o store.ObjectRow, err error) {
	err = r.Scan(&o.Calendar, &o.Href, &o.UID, &o.Seen, &o.Done, &o.Error, &o.Attempts, when{&o.DueAt}, when{&o.SeenAt})
	return o, err
}

// ETags calls fn for each object of a calendar that has not been found gone, in no order. fn may use the ledger; it
// reads on what was there at the start.
func (l *Ledger) ETags(ctx context.Context, calendar int64, fn func(href, etag string)) error {
	type object struct{ href, etag string }
	var kept []object // in memory the only connection must be free again before fn is called
	err := each(ctx, l.read, func(r row) error {
		var o object
		err := r.Scan(&o.href, &o.etag)
		switch {
		case err != nil:
			return err
		case l.read == l.write:
			kept = append(kept, o)
		default:
			fn(o.href, o.etag)
		}
		return nil
	}, etags, calendar)
	if err != nil {
		return fail("etags", err)
	}
	for _, o := range kept {
		fn(o.href, o.etag)
	}
	return nil
}

// Seen records rows of a look. Seen "" says that the calendar reported the object gone: it stays worth a look until it
// is dropped. SeenAt is kept with a changed Seen only, so that being reported again changes nothing.
func (l *Ledger) Seen(ctx context.Context, rows []store.ObjectRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := l.write.transact(ctx, func(t *tx) error {
		s, err := t.prepare(ctx, sawObject)
		if err != nil {
			return err
		}
		once := context.WithoutCancel(ctx) // each call with a context that may end costs a goroutine
		for _, o := range rows {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := s.ExecContext(once, o.Calendar, o.Href, o.UID, o.Seen, seconds(o.SeenAt), o.Done); err != nil {
				return err
			}
		}
		return nil
	})
	return fail("seen", err)
}

// Object returns one row, or store.ErrNotFound.
func (l *Ledger) Object(ctx context.Context, calendar int64, href string) (store.ObjectRow, error) {
	o, err := one(ctx, l.read, scanObject, objectByHref, calendar, href)
	return o, fail("object", err)
}

// Pending returns the objects of a calendar that are worth a look at now, ordered by href.
func (l *Ledger) Pending(ctx context.Context, calendar int64, now time.Time) ([]store.ObjectRow, error) {
	all, err := many(ctx, l.read, scanObject, pendingObjects, calendar, now.Unix())
	return all, fail("pending", err)
}

// Failing returns the objects of a calendar with an Error, ordered by href.
func (l *Ledger) Failing(ctx context.Context, calendar int64) ([]store.ObjectRow, error) {
	all, err := many(ctx, l.read, scanObject, failingObjects, calendar)
	return all, fail("failing", err)
}

// ObjectsByUID returns every object with that UID, those found gone too, ordered by calendar and href. There are none
// for the UID "".
func (l *Ledger) ObjectsByUID(ctx context.Context, organizer, uid string) (all []store.ObjectRow, err error) {
	if organizer == "" {
		all, err = many(ctx, l.read, scanObject, objectsByUID, uid)
	} else {
		all, err = many(ctx, l.read, scanObject, objectsByUIDFor, uid, organizer)
	}
	return all, fail("objects by UID", err)
}

// SaveObject records the outcome of a try: all of the row but SeenAt.
func (l *Ledger) SaveObject(ctx context.Context, o store.ObjectRow) error {
	err := l.write.transact(ctx, func(t *tx) error {
		_, err := t.exec(ctx, saveObject, o.Calendar, o.Href, o.UID, o.Seen, o.Done, o.Error, o.Attempts, seconds(o.DueAt))
		return err
	})
	return fail("save object", err)
}

// DropObject forgets an object. Where there is none it does nothing.
func (l *Ledger) DropObject(ctx context.Context, calendar int64, href string) error {
	err := l.write.transact(ctx, func(t *tx) error {
		_, err := t.exec(ctx, dropObject, calendar, href)
		return err
	})
	return fail("drop object", err)
}
