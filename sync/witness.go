package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"convoke/store"
)

// A Witness stands outside the ledger, beside the key, and remembers how far the ledger had come. When the two do not agree,
// the ledger was lost, or an old copy of it was put back: it may not know of meetings that were made.
type Witness interface {
	Read() (string, error) // "" when there is nothing yet
	Write(text string) error
}

// A Recovery is what holds after the ledger was lost or put back. No meeting is made before platform.settle has passed since,
// and then only where the platform's feed proves that there is none; none is given up before a day has passed, or an admin has
// agreed.
type Recovery struct {
	Since time.Time // zero: all is well
}

// recoveryHold is how long nothing is given up.
const recoveryHold = 24 * time.Hour

// Holds reports whether nothing is given up yet.
func (r Recovery) Holds(now time.Time) bool {
	return !r.Since.IsZero() && now.Before(r.Since.Add(recoveryHold))
}

// settled is when a call that the lost ledger knew of cannot be carried out any more; zero when no ledger was lost.
func (r Recovery) settled(settle time.Duration) time.Time {
	if r.Since.IsZero() {
		return time.Time{}
	}
	return r.Since.Add(settle)
}

// testimony is what a Witness keeps.
type testimony struct {
	ledger string
	n      int64 // intents begun
	since  int64 // of the recovery that goes on (Unix time); 0: none
	fresh  bool  // FreshInstall
}

// FreshInstall is what a Witness says when there was no key yet: there is nothing that a ledger could have forgotten.
const FreshInstall = "convoke-stamp-1 fresh"

const testimonyForm = "convoke-stamp-1 %s %d %d"

func (t testimony) String() string { return fmt.Sprintf(testimonyForm, t.ledger, t.n, t.since) }

// testify compares witness and ledger. Whatever the witness says that cannot be read agrees with no ledger.
func (e *Engine) testify(ctx context.Context) (said, is testimony, err error) {
	text, err := e.Witness.Read()
	if err != nil {
		return said, is, err
	}
	if text == FreshInstall {
		is.ledger, is.n, err = e.Ledger.Sequence(ctx)
		return testimony{ledger: is.ledger, fresh: true}, is, err
	}
	if _, err := fmt.Sscanf(text, testimonyForm, &said.ledger, &said.n, &said.since); err != nil {
		said = testimony{}
	}
	is.ledger, is.n, err = e.Ledger.Sequence(ctx)
	return said, is, err
}

// Recovery tells what holds just now, and changes nothing.
func (e *Engine) Recovery(ctx context.Context) (Recovery, error) {
	if e.Witness == nil {
		return Recovery{}, nil
	}
	said, is, err := e.testify(ctx)
	if err != nil {
		return Recovery{}, err
	}
	return said.weigh(is, e.Now()), nil
}

// weigh says what follows from what the witness says and what the ledger is.
func (t testimony) weigh(is testimony, now time.Time) Recovery {
	switch {
	case t.ledger != is.ledger || t.n > is.n:
		return Recovery{Since: now}
	case t.since == 0:
		return Recovery{}
	}
	return Recovery{Since: time.Unix(t.since, 0)}
}

// recovery is Recovery at the start of a pass: one that begins is remembered. It begins anew when the clock was set.
func (e *Engine) recovery(ctx context.Context, moved time.Duration) (Recovery, error) {
	if e.Witness == nil {
		return Recovery{}, nil
	}
	said, is, err := e.testify(ctx)
	if err != nil {
		return Recovery{}, err
	}
	r := said.weigh(is, e.Now())
	if r.Since.IsZero() {
		return r, nil
	}
	if now := e.Now(); moved != 0 || r.Since.After(now.Add(jump)) {
		r.Since = now
	}
	if said.since == r.Since.Unix() && said.ledger == is.ledger {
		return r, nil
	}
	e.Log.Error("the ledger is new or an old copy: nothing is given up for a day, and no meeting made that cannot be proved to be missing; see: convoke status")
	is.since = r.Since.Unix()
	return r, e.Witness.Write(is.String())
}

// Notice begins a recovery where one is due, as a pass does, for whoever announces a call of another kind before the next pass.
func (e *Engine) Notice(ctx context.Context) error {
	_, err := e.recovery(ctx, 0)
	return err
}

// doubt begins a recovery by hand.
func (e *Engine) doubt(ctx context.Context, since time.Time) error {
	_, is, err := e.testify(ctx)
	if err != nil {
		return err
	}
	is.since = since.Unix()
	return e.Witness.Write(is.String())
}

// recovered ends a recovery when a day has passed, everything was looked at since, and nothing is left that it holds back.
func (e *Engine) recovered(ctx context.Context, r Recovery, people []Organizer, total Report) error {
	if r.Since.IsZero() || r.Holds(e.Now()) || total.Failed > 0 {
		return nil
	}
	for _, o := range people {
		if seen, err := e.seenSince(ctx, o.Email, r.Since); !seen || err != nil {
			return err
		}
	}
	doubts, err := e.Doubts(ctx)
	if err != nil || len(doubts) > 0 {
		return err
	}
	e.Log.Info("the ledger is whole again")
	return e.Trust(ctx)
}

// seenSince reports whether an organizer's calendars were found, and each of them listed completely since.
func (e *Engine) seenSince(ctx context.Context, organizer string, since time.Time) (bool, error) {
	o, err := e.Ledger.Organizer(ctx, organizer)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	rows, err := e.Ledger.Calendars(ctx, organizer)
	if err != nil || len(rows) == 0 || o.DueAt.After(e.Now()) {
		return false, err
	}
	return !slices.ContainsFunc(rows, unlisted(since)), nil
}

// unlisted tells the calendars that could not be listed completely since, or cannot be looked at now.
func unlisted(since time.Time) func(store.Calendar) bool {
	return func(c store.Calendar) bool {
		return !c.Left && (c.FullAt.Before(since) || (c.Trouble != store.NoTrouble && c.Trouble != store.ReadOnly))
	}
}

// Unlisted are the calendars whose events nobody has seen since the ledger was lost.
func (e *Engine) Unlisted(ctx context.Context) ([]store.Calendar, error) {
	r, err := e.Recovery(ctx)
	if err != nil || r.Since.IsZero() {
		return nil, err
	}
	rows, err := e.Ledger.Calendars(ctx, "")
	listed := func(c store.Calendar) bool { return !unlisted(r.Since)(c) }
	return slices.DeleteFunc(rows, listed), err
}

// Trust declares that the ledger is whole: that of a fresh install, or one that was rebuilt. What waited because it might not be is
// decided about at the next pass.
func (e *Engine) Trust(ctx context.Context) error {
	if e.Witness == nil {
		return nil
	}
	_, is, err := e.testify(ctx)
	if err != nil {
		return err
	}
	if err := e.undoubted(ctx); err != nil {
		return err
	}
	return e.Witness.Write(is.String())
}

// attest has the witness remember an intent, before its call is sent.
func (e *Engine) attest(ctx context.Context, intent int64) error {
	if e.Witness == nil {
		return nil
	}
	e.attesting.Lock() // several organizers may be at it, and the number never falls
	defer e.attesting.Unlock()
	said, is, err := e.testify(ctx)
	if err != nil || !said.fresh && said.ledger == is.ledger && said.n >= intent {
		return err
	}
	said.ledger, said.n = is.ledger, is.n
	return e.Witness.Write(said.String())
}
