package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"convoke/store"
)

// ErrNotHeld says that there is no creation without an outcome for a UID.
var ErrNotHeld = errors.New("no creation without an answer is known for this event")

// ErrSeveral says that several organizers have one, so that it takes her address to say which is meant.
var ErrSeveral = errors.New("more than one organizer has a creation without an answer for this event")

// Retry ends an unknown outcome: the meeting was not made, says the admin, who has looked. The next pass makes it.
func (e *Engine) Retry(ctx context.Context, uid, organizer string) error {
	in, err := e.unanswered(ctx, uid, organizer)
	if err != nil {
		return err
	}
	if err := e.Ledger.Failed(ctx, in.ID, store.Refused, "not made, says the admin", e.Now()); err != nil {
		return err
	}
	if _, err = e.reopen(ctx, in); errors.Is(err, store.ErrNotFound) {
		return nil // the event is gone, and there is nothing to make any more
	}
	return err
}

// Adopt ends an unknown outcome: the meeting was made, says the admin, who has looked, and is known by its internal id and
// its number. The next pass brings it in line with the event and writes the details.
func (e *Engine) Adopt(ctx context.Context, uid, organizer, platformID, number string) error {
	in, err := e.unanswered(ctx, uid, organizer)
	if err != nil {
		return err
	}
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
	m.Topic = "" // so that the next pass sends what holds
	_, _, err = e.Ledger.Made(ctx, in.ID, m, store.Link{
		Organizer: in.Organizer, UID: in.UID, Calendar: row.Calendar, Href: row.Href, State: store.Active, UpdatedAt: now,
	})
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

// unanswered finds the creation that is meant.
func (e *Engine) unanswered(ctx context.Context, uid, organizer string) (store.Intent, error) {
	intents, err := e.Ledger.Intents(ctx, organizer)
	if err != nil {
		return store.Intent{}, err
	}
	given, err := e.Ledger.GivenUp(ctx, organizer)
	if err != nil {
		return store.Intent{}, err
	}
	for _, in := range given { // one that its event waits for all the same
		if in.Kind != store.CreateMeeting || in.UID != uid {
			continue
		}
		switch _, err := e.Ledger.Link(ctx, in.Organizer, in.UID); {
		case errors.Is(err, store.ErrNotFound):
			in.State = store.Unknown
			intents = append(intents, in)
		case err != nil:
			return store.Intent{}, err
		}
	}
	var found []store.Intent
	for _, in := range intents {
		if in.Kind == store.CreateMeeting && in.State == store.Unknown && in.UID == uid {
			found = append(found, in)
		}
	}
	switch len(found) {
	case 0:
		return store.Intent{}, ErrNotHeld
	case 1:
		return found[0], nil
	}
	return store.Intent{}, ErrSeveral
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
