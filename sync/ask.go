package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"convoke/meetingapi"
)

// learnedNote is where what was learned of the platform's feed is kept.
const learnedNote = "platform/feed"

// Learned tells what the platform's feed has shown so far.
func (e *Engine) Learned(ctx context.Context) (Learned, error) {
	var l Learned
	text, err := e.Ledger.Notes(ctx, learnedNote)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &l)
	}
	return l, err
}

// ask asks the platform's feed about the meeting that is to be made: it may be there already. The feed is read once a pass.
func (p *pass) ask(ctx context.Context, s *Situation, a Action) error {
	s.MayAsk = false
	learned, err := p.Learned(ctx)
	if err != nil {
		return ledger(err)
	}
	if s.Pending == nil && s.Recovery.Since.IsZero() && !p.worth(learned) {
		return nil
	}
	r, err := p.feed(ctx)
	var broken *ledgerError
	switch {
	case errors.As(err, &broken):
		return err
	case errors.Is(err, meetingapi.ErrNotFound), errors.Is(err, meetingapi.ErrForbidden), errors.Is(err, meetingapi.ErrInvalid):
		s.Feed = Readback{Text: "the platform has no feed for her: " + err.Error()}
	case err != nil && learned.Shown:
		s.Feed = Readback{State: Unreadable, Text: "the platform's feed, which would tell, cannot be read: " + err.Error()}
	case err != nil:
		s.Feed = Readback{State: Unclear, Text: "the platform's feed cannot be read: " + err.Error()}
	default:
		s.Feed = r.of(p.Token(p.o.Email, s.Event.UID, a.Meeting.Generation), a.Meeting.Start)
	}
	return nil
}

// worth reports whether the feed is worth a question where nothing is in doubt: it has proved useful, or may do so.
func (p *pass) worth(l Learned) bool {
	return l.Shown || p.Now().Sub(time.Unix(l.HiddenAt, 0)) > relearns
}

// feed reads the organizer's feed, once a pass, and keeps what was learned of it.
func (p *pass) feed(ctx context.Context) (*reading, error) {
	if p.fed != nil || p.unfed != nil {
		return p.fed, p.unfed
	}
	entries, err := p.o.Feed(ctx)
	if err != nil {
		p.unfed = err
		return nil, err
	}
	mine, err := p.Ledger.Meetings(ctx, p.o.Email)
	if err != nil {
		return nil, ledger(err)
	}
	p.learning.Lock() // several organizers may be at it
	defer p.learning.Unlock()
	was, err := p.Learned(ctx)
	if err != nil {
		return nil, ledger(err)
	}
	r := newReading(p.Now(), p.o.UserID, entries, mine, was)
	p.fed = &r
	if r.learned == was || p.looking {
		return p.fed, nil
	}
	text, err := json.Marshal(r.learned)
	if err != nil {
		return nil, err
	}
	return p.fed, ledger(p.Ledger.Note(ctx, learnedNote, string(text)))
}

// A Rung says how an unanswered creation ends for an organizer.
type Rung string

const (
	Exact      Rung = "exact"        // the feed shows the meeting: it is found, or made once more
	AtMostOnce Rung = "at most once" // it cannot be read back: an admin ends it (convoke resolve)
)

// Reads reads an organizer's feed, and tells what it shows and which rung of the ladder that means.
func (e *Engine) Reads(ctx context.Context, o Organizer) (Rung, string, error) {
	if !o.Agenda {
		return AtMostOnce, "platform.reference = \"none\": no meeting carries a reference by which it could be found", nil
	}
	if o.Feed == nil {
		return AtMostOnce, "the platform told no feed of her meetings; account_id lets convoke read where it is", nil
	}
	p := pass{Engine: e, o: o, looking: true}
	r, err := p.feed(ctx)
	if err != nil {
		return AtMostOnce, "", err
	}
	l := r.learned
	switch {
	case l.Shown && r.gap == "":
		return Exact, fmt.Sprintf("the feed shows reference, id and number; meetings up to %d days ahead were seen in it, up to %s after they were made not yet",
			l.Ahead/24, time.Duration(l.Lag)*time.Second), nil
	case l.Shown:
		return AtMostOnce, "the feed has shown reference, id and number, but now " + r.gap, nil
	case r.gap != "":
		return AtMostOnce, "the feed is of no use: " + r.gap, nil
	}
	return AtMostOnce, fmt.Sprintf("nothing is known yet of the feed (%d entries): it is learned from the first meetings that are made", len(r.entries)), nil
}
