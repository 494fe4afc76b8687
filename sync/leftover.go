package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"convoke/store"
)

// A leftover is a meeting on the platform that carries the reference of an event and that no event has: a creation was given up,
// and carried out all the same. It is ours, since nobody else can make the reference, and is given up as cancel.action says.

// tidy looks for what creations that were given up have left behind, when that is due or the feed was read anyway.
func (p *pass) tidy(ctx context.Context, given []store.Intent) error {
	ripe := func(in store.Intent) bool { return !p.Now().Before(p.sweepAt(in)) }
	if p.o.Feed == nil || (p.fed == nil && !slices.ContainsFunc(given, ripe)) || !p.recovery.Since.IsZero() || !p.whole() {
		return nil
	}
	r, unfed := p.feed(ctx)
	if err := broke(unfed); err != nil {
		return err
	}
	for _, in := range given {
		var err error
		if unfed == nil {
			err = p.leftover(ctx, r, in)
		} else if ripe(in) { // told where it matters; not tried at each pass
			err = p.again(ctx, in, unfed)
		}
		if err != nil {
			return err
		}
	}
	if unfed != nil {
		return nil
	}
	return p.doubles(ctx, r)
}

// sweepAt is when to look for what a creation left behind: when it cannot take effect any more, and then at ever longer
// intervals, as long as the feed does not tell.
func (p *pass) sweepAt(in store.Intent) time.Time {
	return in.ClosedAt.Add(max(p.o.Rules.Settle, in.ClosedAt.Sub(in.SentAt)))
}

// leftover gives up the meeting that a creation left behind.
func (p *pass) leftover(ctx context.Context, r *reading, in store.Intent) error {
	sent, err := sentMeeting(in)
	if err != nil {
		return p.Ledger.Failed(ctx, in.ID, store.Refused, err.Error(), p.Now())
	}
	found := false
	for _, m := range r.meetings(in.Token) {
		ours, err := p.spokenFor(ctx, m.id)
		if err != nil {
			return err
		}
		if ours {
			continue
		}
		wanted, err := p.wants(ctx, in.UID)
		if err != nil {
			return err
		}
		if wanted {
			return p.again(ctx, in, errors.New("the event itself asks for it"))
		}
		sent.PlatformID, sent.Number, found = m.id, m.number, true
		if !r.learned.Shown {
			return p.again(ctx, in, errors.New("the platform's feed shows the reference, but which id and number belong to it is not known"))
		}
		if err := p.void(ctx, sent, in.UID); err != nil {
			return p.again(ctx, in, err)
		}
	}
	settled := in.SentAt.Add(p.o.Rules.Settle + time.Duration(r.learned.Lag)*time.Second)
	switch {
	case found:
		return p.Ledger.Failed(ctx, in.ID, store.Refused, "a meeting was left over, and is given up", p.Now())
	case p.Now().Before(p.sweepAt(in)):
		return nil // the feed was read for another reason
	case p.Now().Before(settled):
		return p.again(ctx, in, errors.New("the platform's feed may not show yet whether a meeting was left over"))
	case len(r.by[in.Token]) > 0 && len(r.meetings(in.Token)) == len(r.by[in.Token]), r.of(in.Token, sent.Start).State == Absent, !sent.End.After(p.Now()):
		return p.Ledger.Failed(ctx, in.ID, store.Refused, "nothing was left over", p.Now())
	}
	return p.again(ctx, in, errors.New("the platform's feed does not tell whether a meeting was left over"))
}

// spokenFor reports whether a meeting is an event's, or was given up.
func (p *pass) spokenFor(ctx context.Context, platformID string) (bool, error) {
	m, err := p.Ledger.MeetingByPlatformID(ctx, p.o.Email, platformID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || m.State != store.Live {
		return true, err
	}
	links, err := p.Ledger.LinksOf(ctx, m.ID)
	return len(links) > 0, err
}

// wants reports whether an event is there that asks for a meeting and has none: it asks the feed by itself before it gets one.
func (p *pass) wants(ctx context.Context, uid string) (bool, error) {
	l, err := p.Ledger.Link(ctx, p.o.Email, uid)
	if err == nil {
		m, err := p.Ledger.Meeting(ctx, l.Meeting)
		if err != nil || (m.State != store.Vanished && m.State != store.Deleted) {
			return false, err
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	rows, err := p.Ledger.ObjectsByUID(ctx, p.o.Email, uid)
	if err != nil || !slices.ContainsFunc(rows, func(row store.ObjectRow) bool { return row.Seen != "" }) {
		return false, err
	}
	d, err := p.lastDecision(ctx, p.o.Email, uid)
	return err == nil && !without[Rule(d.Rule)], err // where nothing was decided yet it may
}

// lastDecision is what was decided about an organizer's event last; the zero value when nothing was.
func (e *Engine) lastDecision(ctx context.Context, organizer, uid string) (store.Decision, error) {
	all, err := e.Ledger.Decisions(ctx, uid) // the newest first
	for _, d := range all {
		if d.Organizer == organizer {
			return d, err
		}
	}
	return store.Decision{}, err
}

// again has a call that was given up looked after once more, later.
func (p *pass) again(ctx context.Context, in store.Intent, why error) error {
	if err := broke(why); err != nil {
		return err
	}
	return p.Ledger.Failed(ctx, in.ID, store.GivenUp, why.Error(), p.Now())
}

// doubles gives up the second of two meetings that carry the reference of one event and are alike, whoever made it: a ledger
// that was lost does not know. One that differs may have been made by hand from the first, and is left alone.
func (p *pass) doubles(ctx context.Context, r *reading) error {
	if !r.learned.Shown {
		return nil
	}
	mine, err := p.Ledger.Meetings(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, m := range mine {
		if m.State != store.Live {
			continue
		}
		all := r.meetings(m.Token)
		kept := slices.IndexFunc(all, func(i identity) bool { return i.id == m.PlatformID })
		for _, second := range all {
			if kept < 0 || second.id == m.PlatformID {
				continue
			}
			if err := p.double(ctx, m, all[kept], second); err != nil {
				return err
			}
		}
	}
	return nil
}

// double gives up the second meeting of an event, unless it is known or differs.
func (p *pass) double(ctx context.Context, m store.Meeting, kept, second identity) error {
	if ours, err := p.spokenFor(ctx, second.id); ours || err != nil {
		return err
	}
	if !alike(kept.shown, second.shown) {
		p.Log.Warn("two meetings carry the reference of one event, and differ: the second is left alone", "meeting_id", m.ID)
		return nil
	}
	m.ID, m.PlatformID, m.Number, m.Answer = 0, second.id, second.number, nil
	err := p.void(ctx, m, "")
	if broken := broke(err); broken != nil {
		return broken
	}
	if err != nil {
		p.failed(nil, "", fmt.Errorf("meeting %s, the second one of an event, cannot be given up: %w", m.Number, err))
	}
	return nil
}

func alike(a, b shown) bool {
	return a.Summary == b.Summary && a.Start.Equal(b.Start) && a.End.Equal(b.End) && !a.Start.IsZero()
}

// void gives a meeting up that no event has, as cancel.action says. It is ours: it carries a reference that only our key makes.
func (p *pass) void(ctx context.Context, m store.Meeting, uid string) error {
	leave := p.o.Rules.Cancel == Keep || !m.End.After(p.Now())
	m.State, m.CreatedAt, m.UpdatedAt = store.Live, time.Time{}, p.Now()
	if leave { // it stays on the platform as it is, and is no event's
		m.State = store.Voided
	}
	row := m
	row.Topic = "" // what the platform holds of it is not known until it answers
	id, err := p.Ledger.SaveMeeting(ctx, row)
	if err != nil {
		return ledger(err)
	}
	m.ID = id
	if leave {
		return nil
	}
	s := Situation{Now: p.Now(), Rules: p.o.Rules, Organizer: p.o.Email, Meeting: &m, Link: &store.Link{UID: uid, State: store.Ended}}
	d := s.cancel()
	var call string
	if d.Action.Kind == DeleteMeeting {
		call, err = p.delete(ctx, *d.Action)
	} else {
		call, err = p.update(ctx, s, *d.Action)
	}
	if err != nil {
		return err
	}
	p.report.Cancelled++
	p.tell(Step{Organizer: p.o.Email, UID: uid, Rule: Leftover, Text: "a meeting that no event has is given up: " + d.Text, Call: call})
	p.Log.Info("done", "rule", string(Leftover), "uid", uid, "call", true)
	return nil
}

// sentMeeting is the meeting that a creation asked for.
func sentMeeting(in store.Intent) (store.Meeting, error) {
	var sent struct {
		Topic      string    `json:"topic"`
		Type       string    `json:"type"`
		Recorded   bool      `json:"isRecorded"`
		Dialin     bool      `json:"isDialin"`
		Permission *string   `json:"meetingPermissionId"`
		Start      time.Time `json:"startTime"`
		End        time.Time `json:"endTime"`
	}
	if err := json.Unmarshal(in.Request, &sent); err != nil {
		return store.Meeting{}, fmt.Errorf("what was sent for event %q cannot be read: %w", in.UID, err)
	}
	m := store.Meeting{
		Organizer: in.Organizer, Token: in.Token, Generation: in.Generation, State: store.Live, Topic: sent.Topic,
		Start: sent.Start, End: sent.End, Type: sent.Type, Recorded: sent.Recorded, Dialin: sent.Dialin,
	}
	if sent.Permission != nil {
		m.Permission = *sent.Permission
	}
	return m, nil
}
