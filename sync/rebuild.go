package sync

import (
	"context"
	"time"

	"convoke/store"
)

// Rebuild makes a ledger whole again that was lost, or is an old copy: every calendar is listed completely, and the meetings
// that seals and the platform's feed prove are taken over. No meeting is given up, and none made that is not proved to be
// missing. What is left in doubt is returned; when nothing is, the recovery ends. The caller holds the ledger's lock.
func (e *Engine) Rebuild(ctx context.Context) (Report, []store.Decision, error) {
	recovery, err := e.Recovery(ctx)
	if err == nil && recovery.Since.IsZero() && e.Witness != nil { // an admin knows better
		err = e.doubt(ctx, e.Now())
	}
	if err != nil {
		return Report{}, nil, err
	}
	if err := e.forgetTokens(ctx); err != nil {
		return Report{}, nil, err
	}
	defer func(patient bool) { e.Patient = patient }(e.Patient)
	e.Patient = false
	var total Report
	var doubts []store.Decision
	for range 2 { // what the first pass takes over by seals tells the second one how to read the feed
		r, err := e.Pass(ctx, "")
		total.Unchanged, total.Skipped, total.Held = 0, 0, 0 // of the last pass only
		total.add(r)
		if err != nil || r.Failed > 0 {
			return total, nil, err
		}
		if doubts, err = e.Doubts(ctx); err != nil {
			return total, nil, err
		}
		if len(doubts) == 0 {
			return total, nil, e.Trust(ctx)
		}
	}
	return total, doubts, nil
}

// forgetTokens has every calendar listed completely at the next look.
func (e *Engine) forgetTokens(ctx context.Context) error {
	rows, err := e.Ledger.Calendars(ctx, "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		row.Token = ""
		if _, err := e.Ledger.SaveCalendar(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// Doubts are the events that wait because the ledger may not know their meeting: what was decided about each last.
func (e *Engine) Doubts(ctx context.Context) ([]store.Decision, error) {
	var all []store.Decision
	err := e.eachDoubt(ctx, func(_ store.ObjectRow, d store.Decision) error {
		all = append(all, d)
		return nil
	})
	return all, err
}

// undoubted has them decided about at the next pass, whatever they wait for.
func (e *Engine) undoubted(ctx context.Context) error {
	return e.eachDoubt(ctx, func(row store.ObjectRow, _ store.Decision) error {
		row.DueAt = time.Time{}
		return e.Ledger.SaveObject(ctx, row)
	})
}

func (e *Engine) eachDoubt(ctx context.Context, do func(store.ObjectRow, store.Decision) error) error {
	rows, err := e.Ledger.Calendars(ctx, "")
	if err != nil {
		return err
	}
	for _, c := range rows {
		if c.Left {
			continue
		}
		failing, err := e.Ledger.Failing(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, row := range failing {
			d, err := e.lastDecision(ctx, c.Organizer, row.UID)
			if err != nil {
				return err
			}
			if Rule(d.Rule) == Recovering && d.Href == row.Href {
				if err := do(row, d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
