package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"convoke/store"
)

// An intent is born Open by Begin. Open becomes Done (Made, Changed), Refused, Unknown or GivenUp (Failed); so do Unknown and
// GivenUp, when more is learned. Done and Refused are final. A crash leaves Open behind, which Intents shows; a commit
// that the crash cut off leaves the row as it was before.
const (
	intentKey     = "kind, organizer, uid, shared, meeting, token, generation, request, state, error, sent_at"
	selectIntents = "SELECT id, kind, organizer, uid, shared, coalesce(meeting, 0), token, generation, request," +
		" state, error, sent_at, closed_at FROM intents"
	intentByID   = selectIntents + " WHERE id = ?"
	openIntents  = selectIntents + " INDEXED BY intents_open WHERE state IN ('open', 'unknown') ORDER BY id"
	openFor      = selectIntents + " WHERE organizer = ? AND state IN ('open', 'unknown') ORDER BY id"
	givenUp      = selectIntents + " INDEXED BY intents_given_up WHERE state = 'given-up' ORDER BY id"
	givenUpFor   = selectIntents + " WHERE organizer = ? AND state = 'given-up' ORDER BY id"
	createdSince = "SELECT count(*) FROM intents WHERE kind = 'create-meeting' AND state <> 'refused' AND sent_at BETWEEN ? AND ?"
	createdFor   = createdSince + " AND organizer = ?"
	sequence     = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'intents'"
	addIntent    = "INSERT INTO intents (" + intentKey + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', '', ?) RETURNING id"
	closeIntent  = "UPDATE intents SET state = ?, error = ?, closed_at = ? WHERE id = ?"
	pruneIntents = "DELETE FROM intents WHERE state NOT IN ('open', 'unknown') AND closed_at < ?"

	// The conditions on kind and state are those of the index intents_creation.
	creations = " FROM intents WHERE kind IN ('create-meeting', 'create-account') AND state IN ('open', 'unknown')" +
		" AND uid = ?1 AND kind = ?2"
	sameCreation = "SELECT count(*)" + creations + " AND organizer = ?3 AND generation = ?4"
	othersClaim  = "SELECT (SELECT count(*)" + creations + " AND organizer <> ?3)" +
		" + (SELECT count(*) FROM intents WHERE shared = 1 AND state IN ('open', 'unknown') AND uid = ?1 AND organizer <> ?3)" +
		" + (SELECT count(*) FROM links WHERE uid = ?1 AND organizer <> ?3 AND state <> 'ended')"
)

func scanIntent(r row) (in store.Intent, err error) {
	err = r.Scan(&in.ID, &in.Kind, &in.Organizer, &in.UID, &in.Shared, &in.Meeting, &in.Token, &in.Generation,
		&in.Request, &in.State, &in.Error, when{&in.SentAt}, when{&in.ClosedAt})
	return in, err
}

func isCreation(k store.IntentKind) bool { return k == store.CreateMeeting || k == store.CreateAccount }

// Begin writes an intent, whose State, Error and ClosedAt are not taken over. A creation, be it of a meeting or of an
// account, fails with store.ErrUnknown while there is an earlier one like it without an outcome. Whatever is Shared fails
// with store.ErrClaimed when the event is another organizer's already. Nothing is announced on a disk that is about to be
// full: what comes of a call could not be recorded.
func (l *Ledger) Begin(ctx context.Context, in store.Intent) (id int64, err error) {
	if l.path != "" {
		if err := roomy(l.path); err != nil {
			return 0, fail("begin", err)
		}
	}
	err = l.write.transact(ctx, func(t *tx) error {
		if err := t.mayBegin(ctx, in); err != nil {
			return err
		}
		id, err = one(ctx, t, scanID, addIntent, in.Kind, in.Organizer, in.UID, in.Shared, ref(in.Meeting), in.Token,
			in.Generation, blob(in.Request), seconds(in.SentAt))
		return err
	})
	if err != nil {
		return 0, fail("begin", err)
	}
	return id, nil
}

// mayBegin is safe to ask before the row is added: the transaction has the write lock.
func (t *tx) mayBegin(ctx context.Context, in store.Intent) error {
	if isCreation(in.Kind) {
		n, err := one(ctx, t, scanID, sameCreation, in.UID, in.Kind, in.Organizer, in.Generation)
		if err != nil {
			return err
		}
		if n > 0 {
			return store.ErrUnknown
		}
	}
	if !in.Shared {
		return nil
	}
	n, err := one(ctx, t, scanID, othersClaim, in.UID, store.CreateMeeting, in.Organizer)
	if err == nil && n > 0 {
		err = store.ErrClaimed
	}
	return err
}

// Made closes the creation of a meeting and returns the rows as they are kept; the link is tied to the meeting,
// whatever its Meeting says. Organizer and UID must be those of the intent. It fails with store.ErrNotFound when the
// intent is not there or has its outcome already.
func (l *Ledger) Made(ctx context.Context, intent int64, m store.Meeting, k store.Link) (store.Meeting, store.Link, error) {
	err := l.write.transact(ctx, func(t *tx) error {
		in, err := t.unsettled(ctx, intent)
		if err != nil {
			return err
		}
		if in.Kind != store.CreateMeeting || m.Organizer != in.Organizer || k.Organizer != in.Organizer || k.UID != in.UID {
			return errors.New("the intent announced something else")
		}
		if m, err = t.saveMeeting(ctx, m); err != nil {
			return err
		}
		k.Meeting = m.ID
		if k, err = t.saveLink(ctx, k); err != nil {
			return err
		}
		return t.close(ctx, intent, store.Done, "", closedAt(in, m))
	})
	if err != nil {
		return store.Meeting{}, store.Link{}, fail("made", err)
	}
	return m, k, nil
}

// Changed closes a change or a deletion of a meeting, which is kept as given, and the link if it has an ID. It fails
// with store.ErrNotFound when the intent is not there or has its outcome already.
func (l *Ledger) Changed(ctx context.Context, intent int64, m store.Meeting, k store.Link) error {
	err := l.write.transact(ctx, func(t *tx) error {
		in, err := t.unsettled(ctx, intent)
		if err != nil {
			return err
		}
		if isCreation(in.Kind) || m.ID != in.Meeting {
			return errors.New("the intent announced something else")
		}
		kept, err := t.saveMeeting(ctx, m)
		if err != nil {
			return err
		}
		if kept.ID != m.ID {
			return errors.New("the platform's id of a meeting does not change")
		}
		if k.ID != 0 {
			if _, err := t.saveLink(ctx, k); err != nil {
				return err
			}
		}
		return t.close(ctx, intent, store.Done, "", closedAt(in, m))
	})
	return fail("changed", err)
}

// Failed closes an intent as Refused, or marks it Unknown or, a meeting's creation or change, GivenUp; an account's may also be Done. It fails with
// store.ErrNotFound when the intent is not there or has another outcome already.
func (l *Ledger) Failed(ctx context.Context, intent int64, state store.IntentState, reason string, at time.Time) error {
	err := l.write.transact(ctx, func(t *tx) error {
		in, err := one(ctx, t, scanIntent, intentByID, intent)
		if err != nil {
			return err
		}
		if !failure(in.Kind, state) {
			return fmt.Errorf("an intent of the kind %s cannot fail as %q", in.Kind, state)
		}
		if in.State == state && in.Error == reason && seconds(in.ClosedAt) == seconds(at) {
			return nil
		}
		if _, err := t.unsettled(ctx, intent); err != nil {
			return err
		}
		return t.close(ctx, intent, state, reason, at)
	})
	return fail("failed", err)
}

// closedAt is the time of an answer, and never none: what has none is never pruned.
func closedAt(in store.Intent, m store.Meeting) time.Time {
	if m.UpdatedAt.IsZero() {
		return in.SentAt
	}
	return m.UpdatedAt
}

func failure(k store.IntentKind, s store.IntentState) bool {
	switch s {
	case store.Refused, store.Unknown:
		return true
	case store.GivenUp:
		return k == store.CreateMeeting || k == store.UpdateMeeting
	}
	return s == store.Done && k == store.CreateAccount
}

// unsettled returns an intent that has no outcome yet.
func (t *tx) unsettled(ctx context.Context, intent int64) (store.Intent, error) {
	in, err := one(ctx, t, scanIntent, intentByID, intent)
	if err == nil && in.State != store.Open && in.State != store.Unknown && in.State != store.GivenUp {
		err = fmt.Errorf("an intent without an outcome: %w (it is %s)", store.ErrNotFound, in.State)
	}
	return in, err
}

func (t *tx) close(ctx context.Context, intent int64, s store.IntentState, reason string, at time.Time) error {
	_, err := t.exec(ctx, closeIntent, s, reason, seconds(at), intent)
	return err
}

// Intents returns the intents without an outcome, of one organizer or ("") of all, ordered by ID.
func (l *Ledger) Intents(ctx context.Context, organizer string) ([]store.Intent, error) {
	all, err := ofOne(ctx, l.read, scanIntent, openIntents, openFor, organizer)
	return all, fail("intents", err)
}

// GivenUp returns the creations and changes that are not waited for any more, of one organizer or ("") of all, ordered by ID.
func (l *Ledger) GivenUp(ctx context.Context, organizer string) ([]store.Intent, error) {
	all, err := ofOne(ctx, l.read, scanIntent, givenUp, givenUpFor, organizer)
	return all, fail("given up", err)
}

// Created counts the creations of meetings that were sent since, until now, and not refused, of one organizer or ("") of all.
func (l *Ledger) Created(ctx context.Context, organizer string, since, now time.Time) (n int, err error) {
	var count int64
	if organizer == "" {
		count, err = one(ctx, l.read, scanID, createdSince, seconds(since), seconds(now))
	} else {
		count, err = one(ctx, l.read, scanID, createdFor, seconds(since), seconds(now), organizer)
	}
	return int(count), fail("created", err)
}

// identity is the note by which a ledger is told from another.
const identity = "ledger"

// Sequence tells which ledger this is, and how many intents it has begun.
func (l *Ledger) Sequence(ctx context.Context) (id string, n int64, err error) {
	if id, err = one(ctx, l.read, scanText, noteByKey, identity); err == nil {
		n, err = one(ctx, l.read, scanID, sequence)
	}
	return id, n, fail("sequence", err)
}
