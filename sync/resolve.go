package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"convoke/store"
)

// ErrNotHeld says that there is no creation without an outcome for a UID.
var ErrNotHeld = errors.New("no creation without an answer is known for this event")

// ErrSeveral says that several organizers have one, so that it takes her address to say which is meant.
var ErrSeveral = errors.New("more than one organizer has a creation without an answer for this event")

// Retry ends an unknown outcome: the meeting was not made, says the admin, who has looked. The next pass makes it.
func (e *Engine) Retry(ctx context.Context, uid, organizer string) error {
	all, err := e.unanswered(ctx, uid, organizer)
	if err != nil {
		return err
	}
	for _, in := range all {
		if err := e.Ledger.Failed(ctx, in.ID, store.Refused, "not made, says the admin", e.Now()); err != nil {
			return err
		}
	}
	if _, err = e.reopen(ctx, all[0]); errors.Is(err, store.ErrNotFound) {
		return nil // the event is gone, and there is nothing to make any more
	}
	return err
}

// Adopt ends an unknown outcome: the meeting was made, says the admin, who has looked, and is known by its internal id and
// its number. The next pass brings it in line with the event and writes the details.
func (e *Engine) Adopt(ctx context.Context, uid, organizer, platformID, number string) error {
	all, err := e.unanswered(ctx, uid, organizer)
	if err != nil {
		return err
	}
	in := all[0]
	row, err := e.reopen(ctx, in)
	if err != nil {
		return err
	}
	if err := e.free(ctx, in.Organizer, platformID); err != nil {
		return err
	}
	m, err := sentMeeting(in)
	if err != nil {
		return err
	}
	now := e.Now()
	m.PlatformID, m.Number, m.CreatedAt, m.UpdatedAt = platformID, number, time.Time{}, now
	m.Topic = ""                                       // so that the next pass sends what holds
	l, err := e.Ledger.Link(ctx, in.Organizer, in.UID) // of a meeting that is gone, in whose place this one comes
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := e.vacant(ctx, l); err != nil {
		return err
	}
	l.Organizer, l.UID, l.Calendar, l.Href = in.Organizer, in.UID, row.Calendar, row.Href
	l.State, l.Reason, l.DueAt, l.Written, l.UpdatedAt = store.Active, "", time.Time{}, false, now
	_, _, err = e.Ledger.Made(ctx, in.ID, m, l)
	return err
}

// vacant refuses a link whose event has got another meeting meanwhile, which it may share with others.
func (e *Engine) vacant(ctx context.Context, l store.Link) error {
	if l.ID == 0 || l.State == store.Ended {
		return nil
	}
	m, err := e.Ledger.Meeting(ctx, l.Meeting)
	if err == nil && m.State == store.Live {
		err = fmt.Errorf("event %q has got meeting %s meanwhile; if another one was made, cancel it on the platform, then: --retry", l.UID, m.Number)
	}
	return err
}

// free refuses a meeting that another event has, or that was given up.
func (e *Engine) free(ctx context.Context, organizer, platformID string) error {
	m, err := e.Ledger.MeetingByPlatformID(ctx, organizer, platformID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	links, err := e.Ledger.LinksOf(ctx, m.ID)
	switch {
	case err != nil:
		return err
	case len(links) > 0:
		return fmt.Errorf("meeting %s is that of event %q: look for another one on the platform", m.Number, links[0].UID)
	case m.State != store.Live:
		return fmt.Errorf("meeting %s was given up: look for another one on the platform", m.Number)
	}
	return nil
}

// unanswered finds the creations that are meant, all of one organizer's: the one whose outcome is waited for first.
func (e *Engine) unanswered(ctx context.Context, uid, organizer string) ([]store.Intent, error) {
	intents, err := e.Ledger.Intents(ctx, organizer)
	if err != nil {
		return nil, err
	}
	given, err := e.Ledger.GivenUp(ctx, organizer)
	if err != nil {
		return nil, err
	}
	slices.Reverse(given) // the newest first
	var found []store.Intent
	for _, in := range append(intents, given...) {
		if in.Kind != store.CreateMeeting || in.UID != uid || in.State == store.Open {
			continue
		}
		if waits, err := e.waitedFor(ctx, in); err != nil {
			return nil, err
		} else if waits {
			found = append(found, in)
		}
	}
	if len(found) == 0 {
		return nil, ErrNotHeld
	}
	if slices.ContainsFunc(found, func(in store.Intent) bool { return in.Organizer != found[0].Organizer }) {
		return nil, ErrSeveral
	}
	return found, nil
}

// waitedFor reports whether an event waits for a creation, also for one that was given up: it has no meeting, or one that is gone
// and older.
func (e *Engine) waitedFor(ctx context.Context, in store.Intent) (bool, error) {
	if in.State != store.GivenUp {
		return true, nil
	}
	l, err := e.Ledger.Link(ctx, in.Organizer, in.UID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	m, err := e.Ledger.Meeting(ctx, l.Meeting)
	return (m.State == store.Vanished || m.State == store.Deleted) && in.Generation > m.Generation, err
}

// reopen has the event decided about at the next pass, and tells where it stands.
func (e *Engine) reopen(ctx context.Context, in store.Intent) (store.ObjectRow, error) {
	rows, err := e.Ledger.ObjectsByUID(ctx, in.Organizer, in.UID)
	if err != nil {
		return store.ObjectRow{}, err
	}
	for _, row := range rows {
		if row.Seen == "" {
			continue
		}
		row.Done, row.Error, row.Attempts, row.DueAt = notDone, "", 0, time.Time{}
		return row, e.Ledger.SaveObject(ctx, row)
	}
	return store.ObjectRow{}, fmt.Errorf("event %q is in no calendar any more (%w); if its meeting was made, cancel it on the platform, then: --retry", in.UID, store.ErrNotFound)
}
