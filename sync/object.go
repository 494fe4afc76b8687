package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// rounds is how many steps one event may take in one pass. Creation and write-back are two, and an event that somebody
// edits meanwhile takes a few more.
const rounds = 8

// notDone stands where the ETag of what was done would stand. No calendar has such an ETag (RFC 9110, 8.8.3), not even for
// an object that is gone.
const notDone = "-"

// object decides about one object and acts, round by round, until nothing is left to do. It returns an error only when
// the ledger fails or the pass is to stop.
func (p *pass) object(ctx context.Context, w *watched, row store.ObjectRow) error {
	if w.err != nil {
		return nil
	}
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
		return (&look{pass: p, w: w}).fail(ctx, err)
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
				return p.setAside(ctx, w, row, o, bad.err)
			}
			return err
		}
		row.UID = s.Event.UID
		d := Decide(s)
		if err := p.record(ctx, s, d); err != nil {
			return err
		}
		if d.Action == nil {
			return p.done(ctx, w, row, o, s, d)
		}
		if o, err = p.apply(ctx, w, s, d, o); err != nil {
			return p.retry(ctx, w, row, err)
		}
		row.Seen = o.ETag
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return p.retry(ctx, w, row, fmt.Errorf("the event changed again and again while convoke worked on it; tried again later"))
}

// done records that nothing is left to do about this version of the object.
func (p *pass) done(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object, s Situation, d Decision) error {
	p.report.rests(d.Rule)
	row.Done, row.Error, row.Attempts, row.DueAt = o.ETag, "", 0, time.Time{}
	if d.Rule == Quiet || d.Rule == Unanswered {
		row.DueAt = d.Due
	}
	if d.Rule == Quiet {
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

// moved looks for the event of a link in another place, and decides about it there.
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
		if err := p.Ledger.DropObject(ctx, l.Calendar, l.Href); err != nil {
			return false, err
		}
		row.Done, row.DueAt = notDone, time.Time{} // whatever becomes of this pass, it is decided about again
		if err := p.Ledger.SaveObject(ctx, row); err != nil {
			return false, err
		}
		return true, p.object(ctx, w, row)
	}
	return false, nil
}

// absent decides about an event that is gone, round by round. It answers true when that failed and is to be tried again.
func (p *pass) absent(ctx context.Context, w *watched, row store.ObjectRow, l store.Link) (bool, error) {
	for range rounds {
		s, err := p.vanished(ctx, l)
		if err != nil {
			return false, err
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

// retry records that a step failed, and when it is tried again.
func (p *pass) retry(ctx context.Context, w *watched, row store.ObjectRow, why error) error {
	if ledger := (*ledgerError)(nil); errors.As(why, &ledger) {
		return ledger.err
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
	row.Done, row.Error, row.Attempts = notDone, why.Error(), row.Attempts+1
	row.DueAt = later(p.Now(), row.Attempts)
	if api := (*meetingapi.Error)(nil); errors.As(why, &api) && api.RetryAfter > 0 {
		row.DueAt = p.Now().Add(min(api.RetryAfter, longestWait))
	}
	if errors.Is(why, calendar.ErrReadOnly) || errors.Is(why, calendar.ErrRefused) {
		row.DueAt = p.Now().Add(longestWait)
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

// unfit says that an object holds nothing that can be decided about.
type unfit struct{ err error }

func (u *unfit) Error() string { return u.err.Error() }
func (u *unfit) Unwrap() error { return u.err }

// situation gathers what is known of an event that is there.
func (p *pass) situation(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object) (Situation, error) {
	ev, err := calendar.Parse(o.Data, w.home)
	if err != nil {
		return Situation{}, &unfit{err}
	}
	s := p.blank(w.ID, o.Href)
	s.Shared, s.SeenAt, s.Event = w.Shared, row.SeenAt, ev
	l, err := p.Ledger.Link(ctx, p.o.Email, ev.UID)
	switch {
	case err == nil:
		if err := p.withLink(ctx, &s, l); err != nil {
			return s, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return s, err
	}
	if err := p.withOthers(ctx, &s); err != nil {
		return s, err
	}
	return s, p.withSeal(ctx, &s)
}

// vanished gathers what is known of an event that is gone.
func (p *pass) vanished(ctx context.Context, l store.Link) (Situation, error) {
	s := p.blank(l.Calendar, l.Href)
	return s, p.withLink(ctx, &s, l)
}

func (p *pass) blank(calendar int64, href string) Situation {
	return Situation{
		Now: p.Now(), Rules: p.o.Rules, Organizer: p.o.Email, Addresses: p.o.Addresses, Calendar: calendar, Href: href,
	}
}

// withLink adds the link, its meeting, and where else both are.
func (p *pass) withLink(ctx context.Context, s *Situation, l store.Link) error {
	m, err := p.Ledger.Meeting(ctx, l.Meeting)
	if err != nil {
		return err
	}
	s.Link, s.Meeting = &l, &m
	links, err := p.Ledger.LinksOf(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, other := range links {
		if other.ID != l.ID && other.State != store.Ended {
			s.Sharing++
		}
	}
	if s.Event == nil || (l.Calendar == s.Calendar && l.Href == s.Href) || p.calendar(l.Calendar) == nil {
		return nil
	}
	home, err := p.Ledger.Object(ctx, l.Calendar, l.Href)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	s.Elsewhere = err == nil && home.Seen != "" && home.UID == l.UID
	return err
}

// withOthers adds what other organizers and unanswered calls have to do with the event.
func (p *pass) withOthers(ctx context.Context, s *Situation) error {
	links, err := p.Ledger.LinksByUID(ctx, s.Event.UID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Organizer != p.o.Email && l.State != store.Ended {
			s.Claimed = l.Organizer
		}
	}
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for i, in := range intents {
		if in.Kind == store.CreateMeeting && in.UID == s.Event.UID {
			s.Pending = &intents[i]
		}
	}
	return nil
}

// withSeal adds what the event's seal proves.
func (p *pass) withSeal(ctx context.Context, s *Situation) error {
	value := s.component().Seal
	if value == "" {
		return nil
	}
	s.Seal = ForeignSeal
	seal, err := calendar.ParseSeal(value)
	if err != nil {
		return nil
	}
	for _, address := range p.o.Addresses {
		if p.Seals.Valid(seal, address, s.Event.UID) {
			s.Seal, s.Sealed = OwnSeal, seal
			return nil
		}
	}
	m, err := p.Ledger.MeetingByPlatformID(ctx, p.o.Email, seal.MeetingID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	links, err := p.Ledger.LinksOf(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if p.Seals.Valid(seal, p.o.Email, l.UID) {
			s.Seal, s.Sealed, s.Original = CopiedSeal, seal, &m
			return nil
		}
	}
	return nil
}
