package sync

import (
	"context"
	"time"
)

// Rebuild makes a ledger whole again that was lost, or is an old copy: it lists every calendar completely, takes over the
// meetings that seals and the platform's feed prove, and makes and gives up none. Whole reports whether nothing is left in
// doubt; then the recovery ends. The caller holds the ledger's lock.
func (e *Engine) Rebuild(ctx context.Context) (r Report, whole bool, err error) {
	rows, err := e.Ledger.Calendars(ctx, "")
	if err != nil {
		return r, false, err
	}
	for _, row := range rows {
		row.Token, row.DueAt = "", time.Time{}
		if _, err := e.Ledger.SaveCalendar(ctx, row); err != nil {
			return r, false, err
		}
	}
	e.rebuilding = true
	defer func() { e.rebuilding = false }()
	if r, err = e.Pass(ctx, ""); err != nil {
		return r, false, err
	}
	if r.Failed > 0 || r.recovering > 0 {
		return r, false, nil
	}
	return r, true, e.Trust(ctx)
}
