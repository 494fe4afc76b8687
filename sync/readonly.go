package sync

import (
	"context"
	"time"

	"convoke/calendar"
	"convoke/store"
)

// unwritable decides about a write to a calendar that did not accept one a while ago: it waits, and people are told the link.
func (s Situation) unwritable(d Decision) Decision {
	if d.Action == nil || (d.Action.Kind != WriteDetails && d.Action.Kind != EraseDetails) || !s.Now.Before(s.WriteAt) {
		return d
	}
	due := s.WriteAt
	if change := s.target().Change; !change.IsZero() && change.Before(due) {
		due = change // a series moves on whatever its calendar refuses
	}
	text := "the calendar does not accept changes; the join link is " + s.Rules.Join.URL(s.Meeting.Number)
	if d.Action.Kind == EraseDetails {
		text = "the calendar does not accept changes, so the join details stay in the event"
	}
	return Decision{Rule: Unwritable, Text: text, Due: due}
}

// closed records that a calendar does not accept changes. Nothing more is written to it before DueAt.
func (p *pass) closed(ctx context.Context, w *watched, why error) error {
	p.failed(w, "", why)
	w.writeAt = p.Now().Add(longestWait)
	w.State, w.Trouble, w.DueAt = why.Error(), store.ReadOnly, w.writeAt
	_, err := p.Ledger.SaveCalendar(ctx, w.Calendar)
	return err
}

// opened records that a calendar accepts changes.
func (p *pass) opened(ctx context.Context, w *watched) error {
	w.writeAt = time.Time{}
	if w.Trouble != store.ReadOnly {
		return nil
	}
	w.State, w.Trouble, w.DueAt = "", store.NoTrouble, time.Time{}
	_, err := p.Ledger.SaveCalendar(ctx, w.Calendar)
	return ledger(err)
}

// watch is a calendar of the pass, not opened yet. Who asks for a pass by hand has a calendar that took no changes tried again.
func (p *pass) watch(row store.Calendar) *watched {
	w := &watched{Calendar: row, rules: p.o.rules(row), home: p.home(row), read: map[string]calendar.Object{}}
	if p.Patient && row.Trouble == store.ReadOnly {
		w.writeAt = row.DueAt
	}
	return w
}
