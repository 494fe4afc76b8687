package sync

import (
	"context"
	"errors"

	"convoke/store"
)

// A calendar that loses many of its current events at once has more likely been emptied by accident, restored from an old
// backup or taken for another one than been cleared on purpose. What is too many: more than a few, and more than a tenth.
const (
	fewGone  = 5
	gonePart = 10 // one in so many
)

// alarm looks, in each calendar, how many events with a meeting to come are gone, those in their undo window included. Where
// that is too many, all of them are held until an admin approves, or they come back.
func (p *pass) alarm(ctx context.Context) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, w := range p.calendars {
		current, gone, err := p.losses(ctx, w, links)
		if err != nil {
			return err
		}
		if len(gone) <= max(fewGone, current/gonePart) {
			continue
		}
		w.mass = true
		p.Log.Warn("many events are gone at once, and their meetings are held: see convoke status", "calendar_id", w.ID, "gone", len(gone), "of", current)
		for _, l := range gone {
			if l.State != store.Ending || l.Reason != string(Delete) {
				continue // it is decided about in this pass, or held already
			}
			m, err := p.Ledger.Meeting(ctx, l.Meeting)
			if err != nil {
				return err
			}
			l = hold(l, m)
			l.UpdatedAt = p.Now()
			if _, err := p.Ledger.SaveLink(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold keeps a link and its meeting until a person approves; at the meeting's end there is nothing left to approve.
func hold(l store.Link, m store.Meeting) store.Link {
	l.State, l.Reason, l.DueAt = store.Ending, string(Hold), m.End
	return l
}

// losses counts the events of a calendar with a meeting to come, and lists the links of those that are gone.
func (p *pass) losses(ctx context.Context, w *watched, links []store.Link) (current int, gone []store.Link, err error) {
	for _, l := range links {
		if l.Calendar != w.ID || l.State == store.Ended {
			continue
		}
		m, err := p.Ledger.Meeting(ctx, l.Meeting)
		if err != nil {
			return 0, nil, err
		}
		if !m.End.After(p.Now()) {
			continue
		}
		current++
		row, err := p.Ledger.Object(ctx, w.ID, l.Href)
		switch {
		case errors.Is(err, store.ErrNotFound) && l.State == store.Ending && (l.Reason == string(Delete) || l.Reason == string(Hold)), err == nil && row.Seen == "":
			gone = append(gone, l)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return 0, nil, err
		}
	}
	return current, gone, nil
}
