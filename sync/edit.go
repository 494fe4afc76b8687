package sync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// tries is how often an edit is merged into a fresh copy when somebody else was faster.
const tries = 4

// edit writes our text into the event or takes it out: GET, patch, conditional PUT, read-back. The patch always goes
// into the event as it is at that moment, so that nobody's edit is lost; what else changed in it meanwhile is found by
// the next round, which decides about what was read back.
func (p *pass) edit(ctx context.Context, w *watched, s Situation, a Action) (calendar.Object, []calendar.LineChange, error) {
	details, err := p.details(ctx, w, s, a)
	if err != nil {
		return calendar.Object{}, nil, err
	}
	lost := fmt.Errorf("somebody else changed the event each time: %w", calendar.ErrPrecondition)
	for range tries {
		before, err := w.col.Get(ctx, s.Href)
		if err != nil {
			return before, nil, err
		}
		ev, err := calendar.Parse(before.Data, w.home)
		if err != nil {
			return before, nil, err
		}
		if ev.UID != s.Event.UID || s.withdrawn(ev, a) {
			return before, nil, nil // the next round decides about what it is now
		}
		after, err := patched(ev, a, details)
		if err != nil {
			return before, nil, err
		}
		if bytes.Equal(after, before.Data) {
			return before, nil, p.written(ctx, s, a, details)
		}
		stored, err := w.col.Put(ctx, calendar.Object{Href: before.Href, ETag: before.ETag, Data: after})
		switch {
		case errors.Is(err, calendar.ErrPrecondition):
			continue
		case errors.Is(err, calendar.ErrRefused) && a.Kind == WriteDetails:
			return before, nil, &unwritten{err, details.JoinURL}
		case err != nil:
			return before, nil, err
		}
		if err := p.opened(ctx, w); err != nil {
			return before, nil, err
		}
		a.Link = counted(a.Link, s)
		if stuck(stored, a, details, w.home) {
			return stored, calendar.Diff(before.Data, after), p.written(ctx, s, a, details)
		}
		lost = errors.New("the calendar accepted the join details, but they are not in the event")
		if a.Link.Flips = flipped(after, stored.Data); a.Kind == WriteDetails && (a.Link.Writes >= frozen || s.spent(a.Link)) {
			break
		}
	}
	if _, err := p.Ledger.SaveLink(ctx, a.Link); err != nil {
		return calendar.Object{}, nil, ledger(err)
	}
	return calendar.Object{}, nil, lost
}

// counted is a link with one more write.
func counted(l store.Link, s Situation) store.Link {
	l.Writes++
	if s.Schedules && s.others() {
		l.Mails++
	}
	return l
}

// flipped names the first property that is not as it was written.
func flipped(written, stored []byte) string {
	for _, c := range calendar.Diff(written, stored) {
		name := c.Text[:strings.IndexAny(c.Text+":", ":;")]
		switch name {
		case "LOCATION", "DESCRIPTION", "URL", "CONFERENCE":
			return name
		}
	}
	return "the join link"
}

// unwritten says that the calendar does not take the details. Whoever reads it has at least the link.
type unwritten struct {
	err  error
	link string
}

func (u *unwritten) Error() string { return u.err.Error() + "; the join link is " + u.link }
func (u *unwritten) Unwrap() error { return u.err }

// withdrawn reports whether the details do not belong into the event any more, as it is by now: nobody asks for them, it was
// cancelled, or it is somebody else's. The next round says what that means.
func (s Situation) withdrawn(ev *calendar.Event, a Action) bool {
	s.Event, s.Link = ev, &a.Link
	c := s.component()
	return a.Kind == WriteDetails && (s.Rules.Markers.Declined(c) || !s.own() || c.Status == "CANCELLED" || s.given())
}

func patched(ev *calendar.Event, a Action, d calendar.Details) ([]byte, error) {
	switch a.Kind {
	case EraseDetails:
		return ev.Erase(d)
	case SettleDetails:
		return ev.Settle(d)
	}
	return ev.Write(d)
}

// stuck reports whether the calendar holds what was written: by meaning, since many rewrite what they are given.
func stuck(o calendar.Object, a Action, d calendar.Details, home *time.Location) bool {
	ev, err := calendar.Parse(o.Data, home)
	if err != nil {
		return false
	}
	if a.Kind == SettleDetails {
		return Situation{Event: ev}.component().Seal == ""
	}
	for _, c := range ev.Components {
		if (d.Only == nil || d.Only(c)) && c.Shows(d.JoinURL) {
			return a.Kind == WriteDetails
		}
	}
	return a.Kind == EraseDetails
}

// written records that the details stand in the event, or were taken out.
func (p *pass) written(ctx context.Context, s Situation, a Action, d calendar.Details) error {
	a.Link.UpdatedAt, a.Link.Flips = p.Now(), ""
	switch {
	case a.Kind == WriteDetails:
		a.Link.Written, a.Link.Block = true, d.Block()
	case a.Link.State != store.Active: // else it was taken out of single dates
		a.Link.Written, a.Link.Block = false, ""
	}
	_, err := p.Ledger.SaveLink(ctx, a.Link)
	return ledger(err)
}

// details are what is written into the event of a meeting.
func (p *pass) details(ctx context.Context, w *watched, s Situation, a Action) (calendar.Details, error) {
	text := Text{JoinURL: w.rules.Join.URL(a.Meeting.Number), Number: a.Meeting.Number}
	if m, err := meetingapi.ReadMeeting(a.Meeting.Answer); err == nil && m.Dialin { // else it was adopted, and nothing is known
		text.PIN = m.DialInPin
		for _, n := range m.DialInNumbers {
			text.Phones = append(text.Phones, Phone(n))
		}
	}
	heading, lines := w.rules.Words.block(text)
	d := calendar.Details{
		JoinURL: text.JoinURL, Number: text.Number, Heading: heading, Lines: lines,
		Seal:    p.Seals.Seal(p.o.Email, s.Event.UID, a.Meeting.PlatformID, a.Meeting.Generation),
		Stamp:   p.Stamp(p.Now()),
		Markers: w.rules.Markers,
		// Where attendees would have to answer again because of it, LOCATION stays as it is.
		KeepLocation: w.server().LocationResets && s.others(),
	}
	for _, n := range text.Phones {
		d.Phones = append(d.Phones, calendar.Phone(n))
	}
	switch {
	case a.Kind == EraseDetails && a.Link.State == store.Active:
		d.Only = s.leftover
	case a.Kind == WriteDetails && s.Event.Recurring():
		d.Only = s.selects
	}
	if a.Link.Block != "" {
		d.Base = []string{a.Link.Block}
	}
	err := p.earlier(ctx, w, s, a.Meeting, &d)
	return d, err
}

// earlier adds the join links of meetings of hers that the event still carries, and what was written with them: it is a copy,
// or its meeting was deleted and made anew, or platform.join_url has changed. The number is what they are known by.
func (p *pass) earlier(ctx context.Context, w *watched, s Situation, m store.Meeting, d *calendar.Details) error {
	var links []string
	told := map[string]bool{d.JoinURL: true}
	for _, c := range s.Event.Components {
		for _, link := range c.Links() {
			if !told[link] {
				told[link] = true
				links = append(links, link)
			}
		}
	}
	if len(links) == 0 {
		return nil
	}
	mine, err := p.Ledger.Meetings(ctx, p.o.Email)
	if err != nil {
		return ledger(err)
	}
	for _, other := range mine {
		found := false
		for _, link := range links {
			if strings.Contains(link, other.Number) {
				d.Replaces, d.OldNumbers, found = append(d.Replaces, link), append(d.OldNumbers, other.Number), true
			}
		}
		if !found || other.ID == m.ID {
			continue
		}
		if err := p.withBlocks(ctx, other, d); err != nil {
			return err
		}
	}
	return nil
}

// withBlocks adds what was written into the events of a meeting.
func (p *pass) withBlocks(ctx context.Context, m store.Meeting, d *calendar.Details) error {
	links, err := p.Ledger.LinksOf(ctx, m.ID)
	if err != nil {
		return ledger(err)
	}
	for _, l := range links {
		if l.Block != "" {
			d.Base = append(d.Base, l.Block)
		}
	}
	return nil
}
