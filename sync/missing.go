package sync

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"convoke/store"
)

// A calendar that is configured and not there is missing: it was deleted, its share was withdrawn, or its server lost it.
// Nothing follows from that at first.
const (
	awayAfter = rediscovery    // until then an event that is gone elsewhere may have moved into it
	heldAfter = 72 * time.Hour // then the meetings to come of its events wait for an admin
)

// missingKey is the note that tells since when a calendar is missing, as a Unix time in seconds.
func missingKey(calendar int64) string { return fmt.Sprintf("missing/%d", calendar) }

// MissingSince tells since when a calendar is missing; the zero time when it is not.
func MissingSince(ctx context.Context, l store.Ledger, calendar int64) (time.Time, error) {
	note, err := l.Notes(ctx, missingKey(calendar))
	if err != nil || note == "" {
		return time.Time{}, err
	}
	at, err := strconv.ParseInt(note, 10, 64)
	return time.Unix(at, 0), err
}

// miss notes when a calendar was first missed.
func (p *pass) miss(ctx context.Context, calendar int64) error {
	since, err := MissingSince(ctx, p.Ledger, calendar)
	if err != nil || !since.IsZero() {
		return err
	}
	return p.Ledger.Note(ctx, missingKey(calendar), fmt.Sprint(p.Now().Unix()))
}

// lost marks a calendar that discovery does not find any more. Whether it can be looked at all the same, the look tells.
func (p *pass) lost(ctx context.Context, c store.Calendar) error {
	if c.Trouble == store.Missing {
		return nil
	}
	c.State, c.Trouble, c.DueAt = "discovery does not find the calendar any more", store.Missing, time.Time{}
	_, err := p.Ledger.SaveCalendar(ctx, c)
	return err
}

// absences looks at the calendars that are missing, and notes since when. After a day they stop nothing any more; after three, the meetings to come
// of their events are held.
func (p *pass) absences(ctx context.Context) error {
	for _, w := range p.calendars {
		if w.Trouble != store.Missing {
			continue
		}
		if err := p.miss(ctx, w.ID); err != nil {
			return err
		}
		since, err := MissingSince(ctx, p.Ledger, w.ID)
		if err != nil {
			return err
		}
		w.away = p.Now().Sub(since) >= awayAfter
		w.bereft = p.Now().Sub(since) >= heldAfter
	}
	if !p.whole() {
		return nil // its events may stand in the calendar that could not be looked at
	}
	for _, w := range p.calendars {
		if !w.bereft {
			continue
		}
		if err := p.holdAll(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// holdAll holds the meetings to come of a missing calendar's events. When there are none, convoke stops looking for the
// calendar; discovery takes it up again. A ledger that may have forgotten some does not know that there are none.
func (p *pass) holdAll(ctx context.Context, w *watched) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	left := 0
	for _, l := range links {
		if l.Calendar != w.ID || l.State == store.Ended || l.Reason == string(OrganizerChanged) {
			continue
		}
		m, err := p.Ledger.Meeting(ctx, l.Meeting)
		if err != nil {
			return err
		}
		if !m.End.After(p.Now()) {
			continue
		}
		left++
		if awaitsAdmin(l) {
			continue
		}
		if err := p.holdOne(ctx, w, l, m); err != nil {
			return err
		}
	}
	if left > 0 || !p.recovery.Since.IsZero() {
		return nil
	}
	return p.leave(ctx, w.Calendar)
}

// holdOne holds the meeting of an event whose calendar is missing, unless the event stands in another one.
func (p *pass) holdOne(ctx context.Context, w *watched, l store.Link, m store.Meeting) error {
	moved, err := p.moved(ctx, l)
	if err != nil || moved {
		return err
	}
	if l.State == store.Ending { // its undo window began before the calendar was missed
		l = hold(l, m)
		l.UpdatedAt = p.Now()
		_, err := p.Ledger.SaveLink(ctx, l)
		return err
	}
	_, err = p.absent(ctx, w, store.ObjectRow{Calendar: w.ID, Href: l.Href}, l)
	return err
}

// orphaned reports whether a meeting was held because its calendar is missing: it is decided about when that was approved or its
// time is over.
func orphaned(w *watched, l store.Link) bool {
	return w != nil && w.Trouble == store.Missing && awaitsAdmin(l)
}

// returned has the events of a calendar that is back decided about again whose meetings were held, or given up, because it was
// missing; that is forgotten last.
func (p *pass) returned(ctx context.Context, calendar int64) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Calendar != calendar || !awaitsAdmin(l) {
			continue
		}
		if err := awaken(ctx, p.Ledger, l); err != nil {
			return err
		}
	}
	return p.Ledger.Note(ctx, missingKey(calendar), "")
}

// leave stops watching a calendar, which cancels nothing: its links stay, and none of them ends any more.
func (p *pass) leave(ctx context.Context, c store.Calendar) error {
	if err := p.stay(ctx, c.ID); err != nil {
		return err
	}
	if err := p.Ledger.Note(ctx, missingKey(c.ID), ""); err != nil {
		return err
	}
	c.Left, c.State, c.Trouble, c.Attempts, c.DueAt = true, "", store.NoTrouble, 0, time.Time{}
	_, err := p.Ledger.SaveCalendar(ctx, c)
	return err
}

// stay ends the undo windows of a calendar's events, and what is held of them. Those that were gone already are missed anew when the
// calendar is back.
func (p *pass) stay(ctx context.Context, calendar int64) error {
	links, err := p.Ledger.Links(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Calendar != calendar || l.State != store.Ending {
			continue
		}
		row, err := p.Ledger.Object(ctx, calendar, l.Href)
		if errors.Is(err, store.ErrNotFound) {
			row, err = store.ObjectRow{Calendar: calendar, Href: l.Href, UID: l.UID}, nil
		}
		if err == nil && row.Seen == "" {
			row.Seen, row.Done = notDone, notDone
			err = p.Ledger.SaveObject(ctx, row)
		}
		if err != nil {
			return err
		}
		l.State, l.Reason, l.DueAt, l.UpdatedAt = store.Active, "", time.Time{}, p.Now()
		if _, err := p.Ledger.SaveLink(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
