package sync

import (
	"context"
	"fmt"
	"sort"
	"time"

	"convoke/store"
)

// Caps are how many meetings are made at most; 0 for no limit. They are counted from the ledger, so a restart forgets nothing.
type Caps struct {
	PerHour, PerDay int // of an organizer
	Overall         int // an hour, of all organizers together; as many more as organizers are treated at the same time
}

// A Queue tells when there is room for another meeting.
type Queue struct {
	Until  time.Time // zero: there is room now
	Cap    string    // which one is reached, as the configuration calls it
	Size   int       // and what it is
	Period time.Duration
	Behind int // how many events wait already that were decided about before
}

// rationed decides about a meeting that is to be made: not too early, and not too many.
func (s Situation) rationed(d Decision) Decision {
	if d.Action == nil || d.Action.Kind != CreateMeeting || (d.Ask && s.doubtful()) {
		return d
	}
	start := d.Action.Meeting.Start
	if s.Rules.Horizon > 0 && start.Sub(s.Now) > s.Rules.Horizon {
		due := start.Add(-s.Rules.Horizon)
		return Decision{Rule: TooFar, Due: due, Text: "the event begins in more than " + span(s.Rules.Horizon) + " (select.horizon); it gets its meeting on " + due.UTC().Format(time.DateOnly)}
	}
	q := s.Queue
	if q.Until.IsZero() {
		return d
	}
	return Decision{Rule: Capped, Due: q.turn(start), Text: fmt.Sprintf("the event waits for its meeting: no more than %d are made in %s (%s)", q.Size, words(q.Period), q.Cap)}
}

// doubtful reports whether the event may have a meeting already, which the platform's feed tells whatever is capped.
func (s Situation) doubtful() bool { return s.Pending != nil || !s.Recovery.Since.IsZero() }

// turn is when an event is decided about again: in the first minute what begins within a day, the nearest first; then the others,
// so many at a time as there is room for.
func (q Queue) turn(start time.Time) time.Time {
	if ahead := start.Sub(q.Until); ahead < 24*time.Hour {
		return q.Until.Add(max(0, ahead) / (24 * 60))
	}
	return q.Until.Add(time.Minute + time.Duration(q.Behind/q.Size)*q.Period)
}

func words(period time.Duration) string {
	if period == time.Hour {
		return "an hour"
	}
	return "a day"
}

// withQueue adds when there is room for the event's meeting, where one may be made.
func (p *pass) withQueue(ctx context.Context, s *Situation) error {
	if s.Link != nil && s.Link.State != store.Ended && s.Meeting.MissingAt.IsZero() {
		return nil
	}
	if p.queue.Until.IsZero() {
		if err := p.findRoom(ctx); err != nil {
			return err
		}
	}
	s.Queue = p.queue
	return nil
}

// findRoom looks when there is room for another meeting under every cap.
func (p *pass) findRoom(ctx context.Context) error {
	caps := p.o.Rules.Caps
	for _, c := range []struct {
		organizer string
		size      int
		period    time.Duration
		name      string
	}{
		{p.o.Email, caps.PerHour, time.Hour, "limits.creations_per_hour"},
		{p.o.Email, caps.PerDay, 24 * time.Hour, "limits.creations_per_day"},
		{"", caps.Overall, time.Hour, "limits.creations_overall"},
	} {
		if c.size <= 0 {
			continue
		}
		until, err := p.room(ctx, c.organizer, c.size, c.period)
		if err != nil {
			return err
		}
		if until.After(p.queue.Until) {
			p.queue.Until, p.queue.Cap, p.queue.Size, p.queue.Period = until, c.name, c.size, c.period
		}
	}
	return nil
}

// room tells, to the minute, when fewer than size meetings will have been made in the period before; the zero time when that
// is so now.
func (p *pass) room(ctx context.Context, organizer string, size int, period time.Duration) (time.Time, error) {
	now := p.Now()
	var broken error
	free := func(minutes int) bool {
		n, err := p.Ledger.Created(ctx, organizer, now.Add(time.Duration(minutes)*time.Minute-period), now)
		if err != nil {
			broken = err
		}
		return n < size
	}
	if free(0) || broken != nil {
		return time.Time{}, broken
	}
	minutes := sort.Search(int(period/time.Minute)+1, free)
	return now.Add(time.Duration(minutes) * time.Minute), broken
}
