package sqlite

import (
	"context"
	"time"

	"convoke/store"
)

const (
	decisionColumns = "organizer, uid, calendar, href, rule, text, at"
	selectDecisions = "SELECT " + decisionColumns + " FROM decisions"
	decisionsOf     = selectDecisions + " WHERE uid = ? ORDER BY id DESC"
	lastDecision    = selectDecisions + " WHERE organizer = ? AND uid = ? ORDER BY id DESC LIMIT 1"
	addDecision     = "INSERT INTO decisions (" + decisionColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?)"
	pruneDecisions  = "DELETE FROM decisions WHERE at < ?"
)

func scanDecision(r row) (d store.Decision, err error) {
	err = r.Scan(&d.Organizer, &d.UID, &d.Calendar, &d.Href, &d.Rule, &d.Text, when{&d.At})
	return d, err
}

// Decide records a decision when it differs, in more than its time, from the last one of that organizer and UID.
func (l *Ledger) Decide(ctx context.Context, d store.Decision) error {
	err := l.write.transact(ctx, func(t *tx) error {
		last, err := one(ctx, t, scanDecision, lastDecision, d.Organizer, d.UID)
		if err != nil && err != store.ErrNotFound {
			return err
		}
		last.At = d.At
		if err == nil && last == d {
			return nil
		}
		_, err = t.exec(ctx, addDecision, d.Organizer, d.UID, d.Calendar, d.Href, d.Rule, d.Text, seconds(d.At))
		return err
	})
	return fail("decide", err)
}

// Decisions returns the decisions on an event, the one recorded last first, of all organizers.
func (l *Ledger) Decisions(ctx context.Context, uid string) ([]store.Decision, error) {
	all, err := many(ctx, l.read, scanDecision, decisionsOf, uid)
	return all, fail("decisions", err)
}

// Prune forgets the decisions, and the intents with an outcome, that are older than before. One without a time stays.
func (l *Ledger) Prune(ctx context.Context, before time.Time) error {
	err := l.write.transact(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, pruneDecisions, before.Unix()); err != nil {
			return err
		}
		_, err := t.exec(ctx, pruneIntents, before.Unix())
		return err
	})
	return fail("prune", err)
}
