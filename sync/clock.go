package sync

import (
	"context"
	"fmt"
	"time"

	"convoke/store"
)

// jump is by how much the wall clock may differ from the time that passed, before it counts as set by hand.
const jump = time.Minute

// clocks are the wall clock, and one that only ever counts on.
type clocks struct {
	wall time.Time
	up   time.Duration
}

func (e *Engine) readClocks() clocks {
	if e.Uptime == nil {
		return clocks{}
	}
	return clocks{e.Now().Round(0), e.Uptime()} // without the monotonic reading that time.Now has, Sub is by the wall clock
}

// moved tells by how much the wall clock was set since an earlier reading; 0 when it was not.
func (c clocks) moved(earlier clocks) time.Duration {
	by := c.wall.Sub(earlier.wall) - (c.up - earlier.up)
	if earlier.wall.IsZero() || by.Abs() < jump {
		return 0
	}
	return by
}

// reckon begins anew what is under way by a wall clock that was set meanwhile. What waits for a time to pass, an undo window or
// platform.settle, has waited for nobody knows how long, and waits once more. When the clock went back, all that was decided
// by the wrong time is decided again, and no time to come keeps anything waiting. It returns the organizer's calendars.
func (p *pass) reckon(ctx context.Context) ([]store.Calendar, error) {
	known, err := p.Ledger.Calendars(ctx, p.o.Email)
	if err != nil {
		return nil, err
	}
	back := p.clockSet < 0
	for _, c := range known { // it may have been set while no convoke was running
		back = back || !c.Left && c.FullAt.After(p.Now().Add(jump))
	}
	if !back && p.clockSet == 0 {
		return known, nil
	}
	p.Log.Warn("the clock was set", "by", p.clockSet, "back", back)
	if err := p.unlearn(ctx); err != nil {
		return nil, err
	}
	if err := p.waitAgain(ctx); err != nil || !back {
		return known, err
	}
	for _, c := range known {
		if err := p.lookAfresh(ctx, c); err != nil {
			return nil, err
		}
	}
	if err := p.findAfresh(ctx); err != nil {
		return nil, err
	}
	return p.Ledger.Calendars(ctx, p.o.Email)
}

// unlearn forgets what the wrong clock taught of the platform's feed: ages of meetings, and how far away they begin.
func (p *pass) unlearn(ctx context.Context) error {
	p.learning.Lock()
	defer p.learning.Unlock()
	l, err := p.Learned(ctx)
	if err != nil || !l.Shown {
		return err
	}
	l.Lag, l.Past, l.Ahead = unknownLag, 0, 0
	if p.clockSet < 0 {
		l.From = max(l.From, p.Now().Add(-p.clockSet).Unix())
	}
	return p.keep(ctx, l)
}

// waitAgain begins undo windows, and the time in which a call without an answer may take effect, anew.
func (p *pass) waitAgain(ctx context.Context) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.State != store.Ending || awaitsAdmin(l) {
			continue
		}
		l.DueAt = p.Now().Add(p.o.Rules.Undo)
		if _, err := p.Ledger.SaveLink(ctx, l); err != nil {
			return err
		}
	}
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	given, err := p.Ledger.GivenUp(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, in := range append(intents, given...) {
		if in.Kind == store.CreateAccount {
			continue
		}
		if err := p.Ledger.Failed(ctx, in.ID, in.State, in.Error, p.Now()); err != nil {
			return err
		}
	}
	return nil
}

// lookAfresh has a calendar looked at as if another selection were configured: what was passed over by the wrong time, as being
// over say, is not.
func (p *pass) lookAfresh(ctx context.Context, c store.Calendar) error {
	if c.Left {
		return nil
	}
	c.DueAt = time.Time{}
	if c.FullAt.After(p.Now()) { // else it would tell of a clock that went back until the next look that succeeds
		c.FullAt = p.Now().Add(-jump)
	}
	if _, err := p.Ledger.SaveCalendar(ctx, c); err != nil {
		return err
	}
	rows, err := p.Ledger.Pending(ctx, c.ID, p.Now().AddDate(100, 0, 0))
	if err != nil {
		return err
	}
	for _, row := range rows {
		row.DueAt, row.Done = time.Time{}, notDone
		if err := p.Ledger.SaveObject(ctx, row); err != nil {
			return err
		}
	}
	since, err := MissingSince(ctx, p.Ledger, c.ID)
	if err == nil && since.After(p.Now()) {
		err = p.Ledger.Note(ctx, missingKey(c.ID), fmt.Sprint(p.Now().Unix()))
	}
	if err != nil {
		return err
	}
	return p.Ledger.Note(ctx, selectionKey(c.ID), "")
}

// findAfresh has discovery run again, whenever that was due.
func (p *pass) findAfresh(ctx context.Context) error {
	if err := p.Ledger.Note(ctx, p.foundKey(), fmt.Sprintf("0 %q", p.Calendars.Source(p.o.Email))); err != nil {
		return err
	}
	o, err := p.organizer(ctx)
	if err != nil || !o.DueAt.After(p.Now()) {
		return err
	}
	o.DueAt = p.Now()
	return p.Ledger.SaveOrganizer(ctx, o)
}
