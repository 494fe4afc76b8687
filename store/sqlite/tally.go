package sqlite

import (
	"context"

	"convoke/store"
)

const (
	tallyMeetings = "SELECT state, count(*) FROM meetings GROUP BY state"
	tallyLinks    = "SELECT state, reason, count(*) FROM links GROUP BY state, reason"
)

// Tally counts meetings by state, and links by state and reason.
func (l *Ledger) Tally(ctx context.Context) (store.Tally, error) {
	t := store.Tally{Meetings: map[store.MeetingState]int{}, Links: map[store.LinkKind]int{}}
	err := each(ctx, l.read, func(r row) error {
		var state store.MeetingState
		var n int
		err := r.Scan(&state, &n)
		t.Meetings[state] = n
		return err
	}, tallyMeetings)
	if err == nil {
		err = each(ctx, l.read, func(r row) error {
			var kind store.LinkKind
			var n int
			err := r.Scan(&kind.State, &kind.Reason, &n)
			t.Links[kind] = n
			return err
		}, tallyLinks)
	}
	return t, fail("tally", err)
}
