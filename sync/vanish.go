package sync

import (
	"context"
	"slices"
	"strconv"
	"time"

	"convoke/store"
)

// A meeting that the platform does not find was deleted there, or the key or the user ID is another one's. It is looked for
// twice before that is believed, and when many are missing nothing is done but to look again.
const (
	lookAgain  = time.Minute    // between the two looks, and how long the second one holds
	lookMany   = time.Hour      // between looks while many meetings are missing
	manyWithin = 24 * time.Hour // how long a meeting that was replaced counts among those that are missing
)

// vanished decides about a change of a meeting that the platform did not find when it was asked last.
func (s Situation) vanished(d Decision) Decision {
	if d.Action == nil || d.Action.Kind != UpdateMeeting || s.Meeting.MissingAt.IsZero() {
		return d
	}
	asked := s.Meeting.UpdatedAt
	switch {
	case s.Meeting.State != store.Vanished:
		if again := asked.Add(lookAgain); s.Now.Before(again) && !asked.After(s.Now) {
			return Decision{Rule: Vanished, Due: again, Text: "the platform does not find the meeting; it is looked for once more before that is believed"}
		}
		return d
	case s.Event != nil && d.Rule != Cancel && !d.Action.Meeting.End.After(s.Now):
		return s.forget(Vanished, "the platform does not know the meeting any more, and its time is over")
	case s.ManyMissing:
		if again := asked.Add(lookMany); s.Now.Before(again) && !asked.After(s.Now) {
			return Decision{Rule: MassVanished, Due: again, Text: "the platform does not find the meeting, nor many others; check the API key and the user IDs; if they are gone for good: convoke approve platform"}
		}
		return d
	case s.Now.Sub(asked) >= lookAgain:
		return d // it may be there again
	case s.Event == nil || d.Rule == Cancel:
		return s.forget(Vanished, "the platform does not know the meeting any more, so there is nothing to give up")
	}
	return s.renew("the platform does not know the meeting any more, so the event gets another one, with another link")
}

// renew makes another meeting for an event, like the one that it had.
func (s Situation) renew(text string) Decision {
	d := s.create(Renew, s.Meeting.Generation+1)
	if d.Rule != Renew { // it waits, or there is one already
		return d
	}
	d.Text = text
	if _, asked := s.asked(); !asked { // else the marker says which preset is meant
		m, old := &d.Action.Meeting, s.Meeting
		m.Type, m.Recorded, m.Dialin, m.Permission = old.Type, old.Recorded, old.Dialin, old.Permission
		d.Action.Request = request(*m)
	}
	return d
}

// unfound records that the platform does not find a meeting. The second time, a minute and a pass later, that is believed.
func (p *pass) unfound(ctx context.Context, m store.Meeting) error {
	now := p.Now()
	switch {
	case m.MissingAt.IsZero():
		m.MissingAt = now
	case now.Sub(m.UpdatedAt) >= lookAgain:
		m.State = store.Vanished
	}
	m.UpdatedAt = now
	p.Log.Warn("the platform does not find a meeting", "meeting_id", m.ID, "state", string(m.State))
	_, err := p.Ledger.SaveMeeting(ctx, m)
	return ledger(err)
}

// replaced marks the meeting that an old copy of the ledger has for an event which got another one since: the first was not there
// any more.
func (p *pass) replaced(ctx context.Context, s Situation, a Action) (Situation, error) {
	if s.Meeting == nil || s.Meeting.State != store.Live || s.Meeting.PlatformID == a.Meeting.PlatformID {
		return s, nil
	}
	m := *s.Meeting
	m.State, m.UpdatedAt = store.Vanished, p.Now()
	s.Meeting = &m
	_, err := p.Ledger.SaveMeeting(ctx, m)
	return s, ledger(err)
}

// follow gives a new meeting to the other events that shared the one in whose place it came.
func (p *pass) follow(ctx context.Context, s Situation) error {
	if s.Link == nil || s.Link.State == store.Ended || s.Meeting.State != store.Vanished {
		return nil
	}
	renewed, err := p.Ledger.Link(ctx, s.Link.Organizer, s.Link.UID)
	if err != nil {
		return ledger(err)
	}
	if err := p.rouse(ctx, s); err != nil {
		return err
	}
	links, err := p.Ledger.LinksOf(ctx, s.Meeting.ID)
	if err != nil {
		return ledger(err)
	}
	for _, l := range links {
		if l.State == store.Ended {
			continue
		}
		l.Meeting, l.Written, l.UpdatedAt = renewed.Meeting, false, p.Now()
		if _, err := p.Ledger.SaveLink(ctx, l); err != nil {
			return ledger(err)
		}
	}
	return nil
}

// withFormer adds the numbers that may stand in events whose meeting came in the place of another one, until the new one is
// written into all of them.
func (p *pass) withFormer(ctx context.Context, s *Situation, links []store.Link) error {
	unwritten := func(l store.Link) bool { return l.State != store.Ended && !l.Written }
	if s.Meeting.Generation < 2 || !slices.ContainsFunc(links, unwritten) {
		return nil
	}
	mine, err := p.Ledger.Meetings(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, m := range mine {
		if m.State == store.Vanished || m.State == store.Deleted {
			s.Former = append(s.Former, m.Number)
		}
	}
	return nil
}

// Missing counts the meetings to come that the platform does not find.
type Missing struct {
	Meetings int  `json:"meetings"`
	Of       int  `json:"of"`   // meetings to come; 0 when so few are missing that nobody counted
	Many     bool `json:"many"` // so many that none is replaced until they are found again, or an admin approves
}

// renewing is the note that an admin has said that what was missing by then is gone for good: a Unix time in seconds.
const renewing = "platform/renew"

// CountMissing counts them over all organizers: a wrong key or user ID looks like many that are missing. Those that were
// replaced count for a day.
func CountMissing(ctx context.Context, l store.Ledger, now time.Time) (Missing, error) {
	missing, err := l.MissingMeetings(ctx)
	if err != nil || len(missing) == 0 {
		return Missing{}, err
	}
	note, err := l.Notes(ctx, renewing)
	if err != nil {
		return Missing{}, err
	}
	approved, _ := strconv.ParseInt(note, 10, 64) // "" is 0
	var c Missing
	for _, m := range missing {
		if !m.End.After(now) || m.MissingAt.Unix() <= approved {
			continue
		}
		counts, err := stillMissed(ctx, l, m, now)
		if err != nil {
			return c, err
		}
		if counts {
			c.Meetings++
		}
	}
	if c.Meetings <= fewGone {
		return c, nil
	}
	all, err := l.Meetings(ctx, "")
	if err != nil {
		return c, err
	}
	for _, m := range all {
		if m.End.After(now) && (m.State == store.Live || m.State == store.Vanished) {
			c.Of++
		}
	}
	c.Many = c.Meetings > max(fewGone, c.Of/gonePart)
	return c, nil
}

// stillMissed reports whether an event has the meeting, or had it not long ago.
func stillMissed(ctx context.Context, l store.Ledger, m store.Meeting, now time.Time) (bool, error) {
	if now.Sub(m.MissingAt) < manyWithin {
		return true, nil
	}
	links, err := l.LinksOf(ctx, m.ID)
	if err != nil {
		return false, err
	}
	for _, k := range links {
		if k.State != store.Ended {
			return true, nil
		}
	}
	return false, nil
}

// manyMissing reports whether so many meetings are missing that none is replaced. What this pass finds missing counts in the next.
func (p *pass) manyMissing(ctx context.Context) (bool, error) {
	if p.missingMeetings == nil {
		c, err := CountMissing(ctx, p.Ledger, p.Now())
		if err != nil {
			return false, err
		}
		p.missingMeetings = &c
	}
	return p.missingMeetings.Many, nil
}
