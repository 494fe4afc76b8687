package sync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// rounds is how many steps one event may take in one pass. Creation and write-back are two, and an event that somebody
// edits meanwhile takes a few more.
const rounds = 8

// unfitTries is how often an object is asked for again whose text does not come to its end, before it is believed to be so: what
// stands between may have answered in the place of the calendar.
const unfitTries = 8

// finished reports whether a text ends as an iCalendar object does.
func finished(data []byte) bool {
	return bytes.HasSuffix(bytes.ToUpper(bytes.TrimSpace(data)), []byte("END:VCALENDAR"))
}

// notDone stands where the ETag of what was done would stand. No calendar has such an ETag (RFC 9110, 8.8.3), not even for
// an object that is gone.
const notDone = "-"

// object decides about one object and acts, round by round, until nothing is left to do. It returns an error only when
// the ledger fails or the pass is to stop.
func (p *pass) object(ctx context.Context, w *watched, row store.ObjectRow) (err error) {
	if w.err != nil {
		return nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			p.Log.Error("an event met a fault of convoke", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			err = p.retry(ctx, w, row, fmt.Errorf("a fault of convoke (%v); please report it with the log", fault))
		}
	}()
	at, err := p.read(ctx, w, row)
	if err != nil {
		return p.unread(ctx, w, row, err)
	}
	if at == nil {
		return p.missing(ctx, w, row)
	}
	return p.settle(ctx, w, row, *at)
}

// read fetches the object that a row speaks of; nil when it is not there any more.
func (p *pass) read(ctx context.Context, w *watched, row store.ObjectRow) (*calendar.Object, error) {
	if o, ok := w.read[row.Href]; ok && o.ETag == row.Seen {
		delete(w.read, row.Href)
		return &o, nil
	}
	o, err := w.col.Get(ctx, row.Href)
	if errors.Is(err, calendar.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// unread records that an object could not be fetched; the calendar is left alone for the rest of the pass when it is the
// calendar that is ill.
func (p *pass) unread(ctx context.Context, w *watched, row store.ObjectRow, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, calendar.ErrAuth) || errors.Is(err, calendar.ErrMissing) || errors.Is(err, calendar.ErrForbidden) {
		return p.unlooked(ctx, w, err)
	}
	return p.retry(ctx, w, row, err)
}

// settle goes round with an event that is there: decide, act, and look at what the calendar holds by then.
func (p *pass) settle(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object) error {
	row.Seen = o.ETag
	for range rounds {
		s, err := p.situation(ctx, w, row, o)
		if err != nil {
			if bad := (*unfit)(nil); errors.As(err, &bad) {
				if row.Attempts < unfitTries && !finished(o.Data) {
					return p.retry(ctx, w, row, bad.err)
				}
				return p.setAside(ctx, w, row, o, bad.err)
			}
			return p.undecided(ctx, w, row, err)
		}
		row.UID = s.Event.UID
		d := Decide(s)
		if d.Ask {
			if err := p.ask(ctx, &s, *d.Action); err != nil {
				return p.undecided(ctx, w, row, err)
			}
			d = Decide(s)
		}
		if err := p.record(ctx, s, d); err != nil {
			return err
		}
		if d.Action == nil {
			return p.done(ctx, w, row, o, s, d)
		}
		o, err = p.apply(ctx, w, s, d, o)
		if errors.Is(err, calendar.ErrReadOnly) {
			if err := p.closed(ctx, w, err); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			row.DueAt = s.target().Change
			if errors.Is(err, calendar.ErrAuth) {
				w.err = err // one refusal is enough to know: accounts lock
			}
			return p.retry(ctx, w, row, err)
		}
		row.Seen = o.ETag
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return p.retry(ctx, w, row, fmt.Errorf("the event changed again and again while convoke worked on it; tried again later"))
}

// undecided tries again later where not enough is known of an event; any other error is the ledger's.
func (p *pass) undecided(ctx context.Context, w *watched, row store.ObjectRow, err error) error {
	if u := (*unclear)(nil); errors.As(err, &u) {
		return p.retry(ctx, w, row, u.err)
	}
	return err
}

// done records that nothing is left to do about this version of the object.
func (p *pass) done(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object, s Situation, d Decision) error {
	p.report.rests(d.Rule)
	if d.Rule == Capped {
		p.queue.Behind++
	}
	row.Done, row.Error, row.Attempts, row.DueAt = o.ETag, "", 0, time.Time{}
	if d.Rule != Undo { // which the link has
		row.DueAt = d.Due
	}
	if postponed[d.Rule] || d.Rule == Unanswered && !d.Due.IsZero() {
		row.Done = notDone
	}
	if held[d.Rule] {
		row.Error = d.Text
	} else if note := s.component().ZoneNote; note != "" && s.Link != nil {
		row.Error = note
	}
	if again, err := p.missed(ctx, w, row); again || err != nil {
		return err
	}
	return p.Ledger.SaveObject(ctx, row)
}

// missing goes round with an object that is gone.
func (p *pass) missing(ctx context.Context, w *watched, row store.ObjectRow) error {
	row.UID = ""
	if again, err := p.missed(ctx, w, row); again || err != nil {
		return err
	}
	return p.Ledger.DropObject(ctx, w.ID, row.Href)
}

// missed goes round with the events that have a meeting and stood in the place of row, where another one (UID), or none, is
// now. It answers true when that is to be tried again.
func (p *pass) missed(ctx context.Context, w *watched, row store.ObjectRow) (bool, error) {
	links, err := p.Ledger.LinksAt(ctx, w.ID, row.Href)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		if l.UID == row.UID {
			continue
		}
		if !p.whole() { // it may stand in the calendar that could not be looked at
			row.Done = notDone
			return true, p.Ledger.SaveObject(ctx, row)
		}
		moved, err := p.moved(ctx, l)
		if err != nil {
			return false, err
		}
		if moved {
			continue
		}
		if again, err := p.absent(ctx, w, row, l); again || err != nil {
			return again, err
		}
	}
	return false, nil
}

// moved looks for the event of a link in another place, and decides about it there. It answers false when the event is gone
// from there, too.
func (p *pass) moved(ctx context.Context, l store.Link) (bool, error) {
	rows, err := p.Ledger.ObjectsByUID(ctx, p.o.Email, l.UID)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		w := p.calendar(row.Calendar)
		if w == nil || row.Seen == "" || (row.Calendar == l.Calendar && row.Href == l.Href) {
			continue
		}
		row.Done, row.DueAt = notDone, time.Time{} // whatever becomes of this pass, it is decided about again
		if err := p.Ledger.SaveObject(ctx, row); err != nil {
			return false, err
		}
		if err := p.Ledger.DropObject(ctx, l.Calendar, l.Href); err != nil {
			return false, err
		}
		if err := p.object(ctx, w, row); err != nil {
			return false, err
		}
		switch _, err := p.Ledger.Object(ctx, row.Calendar, row.Href); {
		case err == nil:
			return true, nil
		case !errors.Is(err, store.ErrNotFound):
			return false, err
		}
	}
	return false, nil
}

// absent decides about an event that is gone, round by round. It answers true when that failed and is to be tried again.
func (p *pass) absent(ctx context.Context, w *watched, row store.ObjectRow, l store.Link) (bool, error) {
	for range rounds {
		s, err := p.withoutEvent(ctx, l)
		if err != nil {
			row.UID = l.UID
			return true, p.undecided(ctx, w, row, err)
		}
		d := Decide(s)
		if err := p.record(ctx, s, d); err != nil {
			return false, err
		}
		if d.Action == nil {
			p.report.rests(d.Rule)
			return false, nil
		}
		if _, err := p.apply(ctx, w, s, d, calendar.Object{}); err != nil {
			row.UID = l.UID
			return true, p.retry(ctx, w, row, err)
		}
		if l, err = p.Ledger.Link(ctx, l.Organizer, l.UID); err != nil {
			return false, err
		}
	}
	return false, nil
}

// setAside records that an object is of no use as it is: it is not looked at again until it changes.
func (p *pass) setAside(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object, why error) error {
	row.Done, row.Error, row.Attempts, row.DueAt = o.ETag, "", 0, time.Time{}
	if !errors.Is(why, calendar.ErrNoEvent) { // a task or a journal entry is no fault
		name := row.UID
		if name == "" {
			name = row.Href
		}
		p.failed(w, name, fmt.Errorf("set aside until it changes: %w", why))
		row.Error = why.Error()
	}
	return p.Ledger.SaveObject(ctx, row)
}

// retry records that a step failed, and when it is tried again: at row.DueAt when that comes first, since a series moves on
// whatever its calendar refuses.
func (p *pass) retry(ctx context.Context, w *watched, row store.ObjectRow, why error) error {
	if err := broke(why); err != nil {
		return err
	}
	name := row.UID
	if name == "" {
		name = row.Href
	}
	if errors.Is(why, store.ErrClaimed) { // another organizer was faster, by a moment
		p.report.Held++
	} else {
		p.failed(w, name, why)
	}
	change := row.DueAt
	row.Done, row.Error = notDone, why.Error()
	if skipped := (*notAsked)(nil); !errors.As(why, &skipped) { // else it is no failure of this event
		row.Attempts++
	}
	row.DueAt = later(p.Now(), max(1, row.Attempts))
	if api := (*meetingapi.Error)(nil); errors.As(why, &api) && api.RetryAfter > 0 {
		row.DueAt = p.Now().Add(min(api.RetryAfter, longestWait))
	}
	row.DueAt = asked(why, p.Now(), row.DueAt)
	if errors.Is(why, calendar.ErrRefused) {
		row.DueAt = p.Now().Add(longestWait)
	}
	if change.After(p.Now()) && change.Before(row.DueAt) {
		row.DueAt = change
	}
	return p.Ledger.SaveObject(ctx, row)
}

// record keeps the decision for `why`.
func (p *pass) record(ctx context.Context, s Situation, d Decision) error {
	uid := ""
	switch {
	case s.Event != nil:
		uid = s.Event.UID
	case s.Link != nil:
		uid = s.Link.UID
	}
	return p.Ledger.Decide(ctx, store.Decision{
		Organizer: s.Organizer, UID: uid, Calendar: s.Calendar, Href: s.Href, Rule: string(d.Rule), Text: d.Text, At: s.Now,
	})
}

// rouse has the events decided about again that shared a meeting with one that does not any more: it may stand on a date of
// that one.
func (p *pass) rouse(ctx context.Context, s Situation) error {
	links, err := p.Ledger.LinksOf(ctx, s.Meeting.ID)
	if err != nil {
		return ledger(err)
	}
	for _, l := range links {
		if l.ID == s.Link.ID || l.State == store.Ended {
			continue
		}
		row, err := p.Ledger.Object(ctx, l.Calendar, l.Href)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			row.Done, row.DueAt, p.roused = notDone, time.Time{}, true
			err = p.Ledger.SaveObject(ctx, row)
		}
		if err != nil {
			return ledger(err)
		}
	}
	return nil
}
