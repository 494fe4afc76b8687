package crashpoint

import (
	"context"
	"time"

	"convoke/store"
)

// Ledger puts points around every method of a ledger that writes: "commit NAME before" and "commit NAME after". Since each
// of them is one transaction, there is nothing in between but what SQLite answers for.
func (p *Points) Ledger(l store.Ledger) store.Ledger { return ledger{l, p} }

// A ledger has the reading methods of the one that it is put around.
type ledger struct {
	store.Ledger
	points *Points
}

func (l ledger) commit(name string, write func() error) error {
	_, err := commit(l, name, func() (struct{}, error) { return struct{}{}, write() })
	return err
}

func commit[T any](l ledger, name string, write func() (T, error)) (T, error) {
	l.points.Pass("commit " + name + " before")
	value, err := write()
	l.points.Pass("commit " + name + " after")
	return value, err
}

func (l ledger) SaveOrganizer(ctx context.Context, o store.Organizer) error {
	return l.commit("SaveOrganizer", func() error { return l.Ledger.SaveOrganizer(ctx, o) })
}

func (l ledger) SaveCalendar(ctx context.Context, c store.Calendar) (int64, error) {
	return commit(l, "SaveCalendar", func() (int64, error) { return l.Ledger.SaveCalendar(ctx, c) })
}

func (l ledger) Seen(ctx context.Context, rows []store.ObjectRow) error {
	return l.commit("Seen", func() error { return l.Ledger.Seen(ctx, rows) })
}

func (l ledger) Looked(ctx context.Context, calendar int64, token string, fullAt time.Time) error {
	return l.commit("Looked", func() error { return l.Ledger.Looked(ctx, calendar, token, fullAt) })
}

func (l ledger) SaveObject(ctx context.Context, row store.ObjectRow) error {
	return l.commit("SaveObject", func() error { return l.Ledger.SaveObject(ctx, row) })
}

func (l ledger) DropObject(ctx context.Context, calendar int64, href string) error {
	return l.commit("DropObject", func() error { return l.Ledger.DropObject(ctx, calendar, href) })
}

func (l ledger) SaveLink(ctx context.Context, k store.Link) (int64, error) {
	return commit(l, "SaveLink", func() (int64, error) { return l.Ledger.SaveLink(ctx, k) })
}

func (l ledger) SaveMeeting(ctx context.Context, m store.Meeting) (int64, error) {
	return commit(l, "SaveMeeting", func() (int64, error) { return l.Ledger.SaveMeeting(ctx, m) })
}

func (l ledger) Begin(ctx context.Context, in store.Intent) (int64, error) {
	return commit(l, "Begin", func() (int64, error) { return l.Ledger.Begin(ctx, in) })
}

func (l ledger) Made(ctx context.Context, intent int64, m store.Meeting, k store.Link) (store.Meeting, store.Link, error) {
	err := l.commit("Made", func() (err error) {
		m, k, err = l.Ledger.Made(ctx, intent, m, k)
		return err
	})
	return m, k, err
}

func (l ledger) Changed(ctx context.Context, intent int64, m store.Meeting, k store.Link) error {
	return l.commit("Changed", func() error { return l.Ledger.Changed(ctx, intent, m, k) })
}

func (l ledger) Failed(ctx context.Context, intent int64, state store.IntentState, reason string, at time.Time) error {
	return l.commit("Failed", func() error { return l.Ledger.Failed(ctx, intent, state, reason, at) })
}

func (l ledger) Decide(ctx context.Context, d store.Decision) error {
	return l.commit("Decide", func() error { return l.Ledger.Decide(ctx, d) })
}

func (l ledger) Prune(ctx context.Context, before time.Time) error {
	return l.commit("Prune", func() error { return l.Ledger.Prune(ctx, before) })
}

func (l ledger) Note(ctx context.Context, key, value string) error {
	return l.commit("Note", func() error { return l.Ledger.Note(ctx, key, value) })
}
