package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"convoke/store"
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
	if !s.doubtful() && !p.worth(learned) {
		return nil
	}
	refused, err := p.Ledger.Notes(ctx, agendaRefused)
	if err != nil {
		return ledger(err)
	}
	r, err := p.feed(ctx)
	var broken *ledgerError
	switch {
	case errors.As(err, &broken):
		return err
	case err != nil && learned.Shown:
		s.Feed = Readback{State: Unreadable, Text: "the platform's feed, which would tell, cannot be read: " + err.Error()}
	case err != nil:
		s.Feed = Readback{State: Unclear, Text: "the platform's feed cannot be read: " + err.Error()}
	default:
		s.Feed = p.lookUp(r, *s, a)
	}
	if s.Feed.State == Absent {
		s.Feed = p.doubted(s.Feed, *s, r, refused != "")
	}
	return nil
}

// generations is how many meetings, one after the other, an event is looked for that the ledger may not know.
const generations = 3

// lookUp asks a reading for the meeting of an event: the one that is to be made or, where the ledger may have forgotten others, the
// last of several.
func (p *pass) lookUp(r *reading, s Situation, a Action) Readback {
	start := a.Meeting.Start
	if s.Pending != nil {
		if sent, err := sentMeeting(*s.Pending); err == nil {
			start = sent.Start
		}
	}
	if !s.Recovery.Since.IsZero() {
		for g := generations; g > a.Meeting.Generation; g-- {
			if back := r.of(p.Token(p.o.Email, s.Event.UID, g), start); back.State == Shows {
				back.Generation = g
				return back
			}
		}
	}
	return r.of(p.Token(p.o.Email, s.Event.UID, a.Meeting.Generation), start)
}

// doubted is what is left of an absence where the meeting might be there without its reference.
func (p *pass) doubted(back Readback, s Situation, r *reading, refused bool) Readback {
	unclear := func(why string) Readback { return Readback{State: Unclear, Text: why} }
	switch {
	case s.Pending != nil && !bytes.Contains(s.Pending.Request, []byte(s.Pending.Token)):
		return unclear("the creation carried no reference by which the platform's feed could show it")
	case !s.Recovery.Since.IsZero() && refused:
		return unclear("the platform has not always taken the reference by which its feed could show a meeting")
	case !s.Recovery.Since.IsZero() && !r.learned.Kept:
		return unclear("the platform's feed has not shown yet that a meeting keeps its reference when it is changed")
	}
	return back
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
	r.learned.At = r.at.Unix()
	p.fed = &r
	if r.learned == was || p.looking {
		return p.fed, nil
	}
	return p.fed, ledger(p.keep(ctx, r.learned))
}

func (p *pass) keep(ctx context.Context, l Learned) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return p.Ledger.Note(ctx, learnedNote, string(text))
}

// study reads the feed once a while after a meeting was made, as long as it is not known to show one within platform.settle: for as
// long as it lags would a creation wait that gets no answer, and where meetings are rare nothing else would tell.
func (p *pass) study(ctx context.Context) error {
	if p.o.Feed == nil || !p.o.Agenda {
		return nil
	}
	learned, err := p.Learned(ctx)
	settle := p.o.Rules.Settle
	if err != nil || !p.worth(learned) || learned.Shown && time.Duration(learned.Lag)*time.Second <= settle {
		return ledger(err)
	}
	from, until := time.Unix(learned.At, 0).Add(-settle/2), p.Now().Add(-settle/2)
	if since := p.Now().Add(-settle); from.Before(since) {
		from = since
	}
	sent, err := p.Ledger.Created(ctx, p.o.Email, from, until)
	if err != nil || sent == 0 {
		return ledger(err)
	}
	mine, err := p.Ledger.Meetings(ctx, p.o.Email)
	made := func(m store.Meeting) bool { return m.CreatedAt.After(from) && !m.CreatedAt.After(until) }
	if err != nil || !slices.ContainsFunc(mine, made) {
		return ledger(err)
	}
	_, err = p.feed(ctx)
	if broken := (*ledgerError)(nil); errors.As(err, &broken) {
		return err
	}
	return nil // whoever needs the feed is told that it cannot be read
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
	refused, err := e.Ledger.Notes(ctx, agendaRefused)
	if err != nil {
		return AtMostOnce, "", err
	}
	if refused != "" {
		return AtMostOnce, "the platform does not take the reference by which a meeting could be found", nil
	}
	p := pass{Engine: e, o: o, looking: true}
	r, err := p.feed(ctx)
	if err != nil {
		return AtMostOnce, "", err
	}
	l := r.learned
	switch {
	case l.Shown && r.gap == "" && r.seen:
		return Exact, fmt.Sprintf("the feed shows reference, id and number; it has shown meetings up to %d days ahead, and such as were made %s before",
			l.Ahead/24, time.Duration(l.Lag)*time.Second), nil
	case l.Shown && r.gap == "":
		return AtMostOnce, "other feeds of the platform have shown reference, id and number; this one shows no meeting yet that is known", nil
	case l.Shown:
		return AtMostOnce, "the feed has shown reference, id and number, but now " + r.gap, nil
	case r.gap != "":
		return AtMostOnce, "the feed is of no use: " + r.gap, nil
	}
	return AtMostOnce, fmt.Sprintf("the feed (entries: %d) has not shown yet what can be learned from meetings that convoke has made", len(r.entries)), nil
}
