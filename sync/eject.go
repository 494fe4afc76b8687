package sync

import (
	"context"
	"errors"

	"convoke/calendar"
	"convoke/store"
)

// Eject takes our text out of the events of all organizers, or of the one named, or (plain) leaves it there as the author's own
// text; no seal remains. The meetings stay as they are, and the links end, so that a later pass does not bring the text
// back. The caller holds the ledger's lock.
func (e *Engine) Eject(ctx context.Context, only string, plain bool) (Report, error) {
	people, err := e.People(ctx)
	if err != nil {
		return Report{}, err
	}
	var total Report
	for _, o := range people {
		if only != "" && o.Email != only {
			continue
		}
		p := pass{Engine: e, o: o}
		if err := p.known(ctx); err != nil {
			return total, err
		}
		err := p.eject(ctx, plain)
		total.add(p.report)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (p *pass) eject(ctx context.Context, plain bool) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	kind := EraseDetails
	if plain {
		kind = SettleDetails
	}
	for _, l := range links {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if w := p.calendar(l.Calendar); w != nil && l.Written {
			if err := p.ejectOne(ctx, w, l, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// ejectOne takes our text out of one event. The link ends only when that is done.
func (p *pass) ejectOne(ctx context.Context, w *watched, l store.Link, kind ActionKind) error {
	o, err := w.col.Get(ctx, l.Href)
	switch {
	case errors.Is(err, calendar.ErrNotFound):
		return nil // the next pass finds that it is gone
	case err != nil:
		p.failed(w, l.UID, err)
		return nil
	}
	s, err := p.situation(ctx, w, store.ObjectRow{Calendar: w.ID, Href: l.Href}, o)
	if err != nil || s.Link == nil {
		if err != nil {
			p.failed(w, l.UID, err)
		}
		return nil
	}
	l.State, l.Reason = store.Ended, string(Ejected)
	d := Decision{Rule: Ejected, Text: "convoke's text is taken out", Action: &Action{Kind: kind, Link: l, Meeting: *s.Meeting}}
	if kind == SettleDetails {
		d.Text = "convoke's text is plain text now"
	}
	if err := p.record(ctx, s, d); err != nil {
		return err
	}
	o, err = p.apply(ctx, w, s, d, o)
	if err != nil {
		if broken := broke(err); broken != nil {
			return broken
		}
		p.failed(w, l.UID, err)
		return nil
	}
	// Our own write is no news: what is ejected stays so until somebody edits it.
	return p.Ledger.SaveObject(ctx, store.ObjectRow{Calendar: w.ID, Href: l.Href, UID: l.UID, Seen: o.ETag, Done: o.ETag})
}
