package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"convoke/calendar"
	"convoke/store"
)

// unfit says that an object holds nothing that can be decided about.
type unfit struct{ err error }

func (u *unfit) Error() string { return u.err.Error() }
func (u *unfit) Unwrap() error { return u.err }

// unclear says that not enough can be told of an event just now to decide about it.
type unclear struct{ err error }

func (u *unclear) Error() string { return u.err.Error() }
func (u *unclear) Unwrap() error { return u.err }

// situation gathers what is known of an event that is there.
func (p *pass) situation(ctx context.Context, w *watched, row store.ObjectRow, o calendar.Object) (Situation, error) {
	ev, err := calendar.Parse(o.Data, w.home)
	if err != nil {
		return Situation{}, &unfit{err}
	}
	s := p.blank(w, o.Href)
	s.SeenAt, s.Event = row.SeenAt, ev
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
	if err := p.withQueue(ctx, &s); err != nil {
		return s, err
	}
	return s, p.withSeal(ctx, &s)
}

// withoutEvent gathers what is known of an event that is gone.
func (p *pass) withoutEvent(ctx context.Context, l store.Link) (Situation, error) {
	w := p.calendar(l.Calendar)
	if w == nil {
		w = &watched{Calendar: store.Calendar{ID: l.Calendar}, rules: p.o.Rules}
	}
	s := p.blank(w, l.Href)
	return s, p.withLink(ctx, &s, l)
}

func (p *pass) blank(w *watched, href string) Situation {
	return Situation{
		Now: p.Now(), Rules: w.rules, Organizer: p.o.Email, Addresses: p.o.Addresses, Calendar: w.ID, Href: href,
		Recovery: p.recovery, MayAsk: p.o.Feed != nil && p.o.Agenda,
		WriteAt: w.writeAt, Mass: w.mass || w.bereft, Bereft: w.bereft, Shared: w.Shared, ReadOnly: w.server().ReadOnly, Schedules: w.server().Schedules,
	}
}

// withLink adds the link, its meeting, and where else both are.
func (p *pass) withLink(ctx context.Context, s *Situation, l store.Link) error {
	m, err := p.Ledger.Meeting(ctx, l.Meeting)
	if err != nil {
		return err
	}
	s.Link, s.Meeting = &l, &m
	if !m.MissingAt.IsZero() {
		if s.ManyMissing, err = p.manyMissing(ctx); err != nil {
			return err
		}
	}
	if err := p.withOpen(ctx, s); err != nil {
		return err
	}
	links, err := p.Ledger.LinksOf(ctx, m.ID)
	if err != nil {
		return err
	}
	if err := p.withFormer(ctx, s, links); err != nil {
		return err
	}
	for _, other := range links {
		if other.ID == l.ID || other.State == store.Ended {
			continue
		}
		s.Sharing++
		ev, known, err := p.present(ctx, other)
		switch {
		case err != nil:
			return err
		case !known:
			return &unclear{fmt.Errorf("event %q has the meeting, too, and cannot be read just now", other.UID)}
		case ev != nil:
			s.Siblings = append(s.Siblings, Sibling{other.ID, ev})
		}
	}
	at := p.calendar(l.Calendar)
	if s.Event == nil || (l.Calendar == s.Calendar && l.Href == s.Href) || at == nil || at.away {
		return nil
	}
	home, err := p.Ledger.Object(ctx, l.Calendar, l.Href)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	s.Elsewhere = err == nil && home.Seen != "" && home.UID == l.UID
	return err
}

// withOpen adds the changes of the meeting that got no answer.
func (p *pass) withOpen(ctx context.Context, s *Situation) error {
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if in.Meeting == s.Meeting.ID {
			s.Open = append(s.Open, in)
		}
	}
	return nil
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
	if s.Pending == nil && (s.Meeting == nil || s.Meeting.State != store.Live) {
		return p.withGivenUp(ctx, s)
	}
	return nil
}

// withGivenUp adds a creation that nobody waited for any more, of the meeting that the event would get now.
func (p *pass) withGivenUp(ctx context.Context, s *Situation) error {
	given, err := p.Ledger.GivenUp(ctx, p.o.Email)
	for i, in := range given {
		if in.Kind == store.CreateMeeting && in.UID == s.Event.UID && (s.Meeting == nil || in.Generation > s.Meeting.Generation) {
			s.Pending = &given[i]
		}
	}
	return err
}

// withSeal adds what the event's seal proves.
func (p *pass) withSeal(ctx context.Context, s *Situation) error {
	value := s.component().Seal
	if value == "" {
		return p.withBorrowed(ctx, s)
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
	if err == nil && m.State == store.Vanished { // its events have another one by now
		links, err = p.Ledger.Links(ctx, p.o.Email)
	}
	if err != nil {
		return err
	}
	for _, l := range links {
		if p.Seals.Valid(seal, p.o.Email, l.UID) {
			s.Seal, s.Sealed, s.Original = CopiedSeal, seal, &m
			return p.withSource(ctx, s, l)
		}
	}
	return nil
}

// withSource adds the event that the seal of a copy was made for.
func (p *pass) withSource(ctx context.Context, s *Situation, l store.Link) error {
	if s.Link != nil {
		return nil // it is known already what the event is
	}
	ev, known, err := p.present(ctx, l)
	if err != nil {
		return err
	}
	if !known {
		return &unclear{fmt.Errorf("the event that this one was made from (%q) cannot be read just now", l.UID)}
	}
	s.Origin, s.Source = &l, ev
	return nil
}

// withBorrowed adds the meeting that the join link of an event leads to which has neither seal nor meeting: the organizer
// may have put it there. The link is a key to look up her own rows by, never an authority.
func (p *pass) withBorrowed(ctx context.Context, s *Situation) error {
	if s.Link != nil {
		return nil
	}
	c := s.component()
	for _, link := range c.Links() {
		number, ours := s.Rules.Join.Number(link)
		if !ours || !placed(c, link) {
			continue
		}
		mine, err := p.Ledger.Meetings(ctx, p.o.Email)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(mine, func(m store.Meeting) bool { return m.Number == number }); i >= 0 {
			s.Original, err = p.successor(ctx, mine[i])
		}
		return err
	}
	return nil
}

// successor is the meeting that came in the place of one that vanished; that one itself where there is none.
func (p *pass) successor(ctx context.Context, m store.Meeting) (*store.Meeting, error) {
	if m.State != store.Vanished {
		return &m, nil
	}
	links, err := p.Ledger.Links(ctx, p.o.Email)
	i := slices.IndexFunc(links, func(l store.Link) bool {
		return l.Meeting != m.ID && p.Token(p.o.Email, l.UID, m.Generation) == m.Token
	})
	if i >= 0 {
		m, err = p.Ledger.Meeting(ctx, links[i].Meeting)
	}
	return &m, err
}

// placed reports whether a link stands where an event says how to join it. One in the running text of a note is talked about.
func placed(c *calendar.Component, link string) bool {
	ofLink := func(s string) bool { return strings.TrimSpace(s) == link }
	return strings.Contains(c.Location, link) || c.URL == link || slices.ContainsFunc(c.Conferences, ofLink) ||
		slices.ContainsFunc(strings.Split(c.Description, "\n"), ofLink)
}

// present reads the event of a link where it stands now; nil when it is gone. It is not known while one of the organizer's
// calendars cannot be looked at.
func (p *pass) present(ctx context.Context, l store.Link) (ev *calendar.Event, known bool, err error) {
	rows, err := p.Ledger.ObjectsByUID(ctx, p.o.Email, l.UID)
	if err != nil {
		return nil, false, err
	}
	for _, row := range rows {
		w := p.calendar(row.Calendar)
		if w == nil || w.err != nil || row.Seen == "" {
			continue
		}
		o, err := w.col.Get(ctx, row.Href)
		if errors.Is(err, calendar.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, nil // told by its own calendar
		}
		if ev, err := calendar.Parse(o.Data, w.home); err == nil && ev.UID == l.UID {
			return ev, true, nil
		}
	}
	return nil, p.whole(), nil
}
