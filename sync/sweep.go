package sync

import (
	"bytes"
	"context"
	"slices"

	"convoke/store"
)

// sweep looks after calls whose outcome nobody waits for any more: creations that were given up, or whose event is gone, may
// have left a meeting behind, which only the platform's feed can show; a change that was answered at the second try may have been
// carried out at last, over what holds, which is then sent once more; and changes of meetings that are over do not matter.
func (p *pass) sweep(ctx context.Context) error {
	if err := p.abandon(ctx); err != nil {
		return err
	}
	given, err := p.Ledger.GivenUp(ctx, p.o.Email)
	if err != nil {
		return err
	}
	var creations []store.Intent
	for _, in := range given {
		if in.Kind == store.CreateMeeting {
			creations = append(creations, in)
		} else if err := p.resend(ctx, in); err != nil {
			return err
		}
	}
	return p.tidy(ctx, creations)
}

// resend sends what holds of a meeting once more, when an earlier change cannot be carried out any more.
func (p *pass) resend(ctx context.Context, in store.Intent) error {
	if p.Now().Before(in.ClosedAt.Add(p.o.Rules.Settle)) || !p.recovery.Since.IsZero() { // an old ledger does not know what holds
		return nil
	}
	m, err := p.Ledger.Meeting(ctx, in.Meeting)
	if err != nil {
		return err
	}
	open, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	over := !m.End.After(p.Now()) && !ahead(in, p.Now())
	if (m.State != store.Live && m.State != store.Voided) || over || m.Topic == "" {
		return p.Ledger.Failed(ctx, in.ID, store.Refused, "it does not matter any more", p.Now())
	}
	body, err := request(m).JSON(m.PlatformID)
	if err != nil {
		return p.again(ctx, in, err)
	}
	if slices.ContainsFunc(open, func(other store.Intent) bool { return other.Meeting == m.ID && !bytes.Equal(other.Request, body) }) {
		return nil // a newer one got no answer: it goes first
	}
	call, err := p.update(ctx, Situation{Now: p.Now(), Link: &store.Link{}, Meeting: &m}, Action{Kind: UpdateMeeting, Meeting: m, Request: request(m), Link: store.Link{UID: in.UID}})
	if err != nil {
		if broke(err) == nil {
			p.failed(nil, in.UID, err)
		}
		return p.again(ctx, in, err)
	}
	if call == "" { // the platform did not find it, which was noted
		return p.Ledger.Failed(ctx, in.ID, store.Refused, "the platform did not find the meeting", p.Now())
	}
	p.report.Updated++
	p.tell(Step{Organizer: p.o.Email, UID: in.UID, Rule: Resend, Text: "an earlier change may have been carried out late, so what holds is sent once more", Call: call})
	p.Log.Info("done", "rule", string(Resend), "uid", in.UID, "call", true)
	return nil
}

// abandon closes unknown changes of meetings that are over, and gives up those of meetings that were given up, and unknown
// creations for events that are gone or do not ask any more, where the feed can tell what became of them.
func (p *pass) abandon(ctx context.Context) error {
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if in.State != store.Unknown || p.Now().Before(in.ClosedAt.Add(p.o.Rules.Settle)) {
			continue
		}
		state, why, err := p.abandoned(ctx, in)
		at := p.Now()
		if in.Kind != store.CreateMeeting {
			at = in.ClosedAt // it has been waited for
		}
		if err == nil && why != "" {
			err = p.Ledger.Failed(ctx, in.ID, state, why, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// abandoned says how an unknown call ends that does not matter any more; why is "" for one that does.
func (p *pass) abandoned(ctx context.Context, in store.Intent) (state store.IntentState, why string, err error) {
	switch in.Kind {
	case store.UpdateMeeting, store.DeleteMeeting:
		m, err := p.Ledger.Meeting(ctx, in.Meeting)
		switch {
		case err != nil:
		case !m.End.After(p.Now()) && !ahead(in, p.Now()):
			return store.Refused, "the meeting is over", nil
		case m.State == store.Voided && in.Kind == store.UpdateMeeting: // it was to be taken up again
			return store.GivenUp, "the meeting was given up", nil
		}
		return "", "", err
	case store.CreateMeeting:
		learned, err := p.Learned(ctx)
		if p.o.Feed == nil || !p.o.Agenda || !learned.Shown || !p.whole() || err != nil {
			return "", "", err
		}
		wanted, err := p.wants(ctx, in.UID)
		if wanted || err != nil {
			return "", "", err
		}
		return store.GivenUp, "the event is gone, or nobody asks for its meeting any more", nil
	}
	return "", "", nil
}
