package sync

import (
	"context"
	"fmt"

	"convoke/calendar"
	"convoke/store"
)

// Publish returns the events of an organizer's calendars that cannot be written to, with the join details in those that have
// a meeting: what people subscribe to instead. It changes nothing.
func (e *Engine) Publish(ctx context.Context, organizer string) ([][]byte, error) {
	people, err := e.People(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range people {
		if o.Email != organizer {
			continue
		}
		p := pass{Engine: e, o: o}
		if err := p.known(ctx); err != nil {
			return nil, err
		}
		return p.publish(ctx)
	}
	return nil, fmt.Errorf("organizer %s is not configured", organizer)
}

func (p *pass) publish(ctx context.Context) ([][]byte, error) {
	var all [][]byte
	for _, w := range p.calendars {
		source, ok := w.col.(interface {
			Objects(ctx context.Context) ([]calendar.Object, error)
		})
		if w.Left || !ok || !w.server().ReadOnly {
			continue
		}
		objects, err := source.Objects(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			data, err := p.published(ctx, w, o)
			if err != nil {
				return nil, err
			}
			all = append(all, data)
		}
	}
	return all, nil
}

// published is one event as it is published. What cannot be read, or has no meeting, is published as it is.
func (p *pass) published(ctx context.Context, w *watched, o calendar.Object) ([]byte, error) {
	if _, hit := calendar.Scan(o.Data, w.needles()); !hit && w.rules.Mode == Marked {
		return o.Data, nil
	}
	ev, err := calendar.Parse(o.Data, w.home)
	if err != nil {
		return o.Data, nil
	}
	l, err := p.Ledger.Link(ctx, p.o.Email, ev.UID)
	if err != nil || l.State != store.Active {
		return o.Data, nil
	}
	s := p.blank(w, o.Href)
	s.Event = ev
	if err := p.withLink(ctx, &s, l); err != nil {
		return nil, err
	}
	a := Action{Kind: WriteDetails, Link: l, Meeting: *s.Meeting}
	details, err := p.details(ctx, w, s, a)
	if err != nil {
		return nil, err
	}
	details.Stamp = p.Stamp(l.UpdatedAt) // the same events give the same feed
	data, err := patched(ev, a, details)
	if err != nil {
		return o.Data, nil
	}
	return data, nil
}
