package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"convoke/store"
)

// open opens the organizer's calendars, and finds them first when that is due.
func (p *pass) open(ctx context.Context) error {
	rows, err := p.found(ctx)
	if err != nil {
		return err
	}
	if err := p.widen(ctx); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Left {
			continue
		}
		w := p.watch(row)
		w.col, w.err = p.Calendars.Open(row)
		if w.err != nil && !(p.Patient && p.Now().Before(row.DueAt)) {
			if err := p.unlooked(ctx, w, w.err); err != nil {
				return err
			}
		}
		p.calendars = append(p.calendars, w)
	}
	return nil
}

// rules are the organizer's, with the mode that this calendar has of its own.
func (o Organizer) rules(c store.Calendar) Rules {
	r := o.Rules
	for _, name := range []string{c.URL, c.Name} {
		if mode, ok := o.Modes[name]; ok {
			r.Mode = mode
		}
	}
	return r
}

// home is the time zone of a calendar's floating times: the organizer's, else the calendar's own, else UTC.
func (p *pass) home(c store.Calendar) *time.Location {
	if p.o.Home != nil {
		return p.o.Home
	}
	if zone, err := time.LoadLocation(c.TimeZone); err == nil {
		return zone // UTC for ""
	}
	return time.UTC
}

// rediscovery is how often the organizer's calendars are searched for again, so that a new one is found.
const rediscovery = 24 * time.Hour

// found returns the calendars of the organizer that are in the ledger, after discovery where the configuration changed
// or a day has passed. A calendar that discovery does not find any more is missing, or, when the configuration changed, left;
// neither cancels anything.
func (p *pass) found(ctx context.Context) ([]store.Calendar, error) {
	key, source := p.foundKey(), p.Calendars.Source(p.o.Email)
	known, err := p.reckon(ctx)
	if err != nil {
		return nil, err
	}
	note, err := p.Ledger.Notes(ctx, key)
	if err != nil {
		return nil, err
	}
	var at int64
	var from string
	fmt.Sscanf(note, "%d %q", &at, &from)
	if from == source && p.Now().Sub(time.Unix(at, 0)) < rediscovery && at >= p.recovery.Since.Unix() { // an old ledger knows an old list
		return known, nil
	}
	if from != source {
		known = nil // what was configured before is not looked at any more, but by what discovery finds
	}
	if wait, err := p.parked(ctx); wait || err != nil {
		return known, err
	}
	found, err := p.Calendars.Find(ctx, p.o.Email)
	if err != nil {
		p.failed(nil, "", err)
		return known, p.park(ctx, err)
	}
	if err := p.replace(ctx, found.Calendars, from == source); err != nil {
		return nil, err
	}
	slices.Sort(found.Addresses)
	if err := p.Ledger.Note(ctx, p.addressesKey(), strings.Join(found.Addresses, " ")); err != nil {
		return nil, err
	}
	if err := p.park(ctx, nil); err != nil {
		return nil, err
	}
	if err := p.Ledger.Note(ctx, key, fmt.Sprintf("%d %q", p.Now().Unix(), source)); err != nil {
		return nil, err
	}
	return p.Ledger.Calendars(ctx, p.o.Email)
}

// foundKey is the note of when discovery ran last, as a Unix time in seconds, and for which configuration.
func (p *pass) foundKey() string { return "found/" + p.o.Email }

// addressesKey is the note in which an organizer's addresses stand as her calendar server tells them, parted by spaces.
func (p *pass) addressesKey() string { return "addresses/" + p.o.Email }

// widen adds the addresses that her calendar server has for the organizer to those of the configuration. One that the
// configuration has for somebody else is not hers: people may change what their server says.
func (p *pass) widen(ctx context.Context) error {
	note, err := p.Ledger.Notes(ctx, p.addressesKey())
	if err != nil {
		return err
	}
	all := slices.Clone(p.o.Addresses)
	for _, a := range strings.Fields(note) {
		if owner, known := p.o.Owners[a]; (!known || owner == p.o.Email) && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	p.o.Addresses = all
	return nil
}

// replace brings the ledger's calendars in line with what discovery found. One that it does not find under the same
// configuration as before is missing; after a change of the configuration it was left on purpose.
func (p *pass) replace(ctx context.Context, found []store.Calendar, same bool) error {
	known, err := p.Ledger.Calendars(ctx, p.o.Email)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, f := range found {
		there[f.URL] = true
		row := store.Calendar{Organizer: p.o.Email, URL: f.URL}
		for _, k := range known {
			if k.URL == f.URL {
				row = k
			}
		}
		if row.Left {
			if err := p.returned(ctx, row.ID); err != nil {
				return err
			}
		}
		row.Name, row.Source, row.TimeZone, row.Shared, row.Left = f.Name, f.Source, f.TimeZone, f.Shared, false
		if row.Profile == "" {
			row.Profile = f.Profile
		}
		if _, err := p.Ledger.SaveCalendar(ctx, row); err != nil {
			return err
		}
	}
	for _, k := range known {
		if there[k.URL] || k.Left {
			continue
		}
		forgo := p.leave
		if same {
			forgo = p.lost
		}
		if err := forgo(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// organizer is the ledger's row of the organizer, or a new one.
func (p *pass) organizer(ctx context.Context) (store.Organizer, error) {
	o, err := p.Ledger.Organizer(ctx, p.o.Email)
	if errors.Is(err, store.ErrNotFound) {
		return store.Organizer{Email: p.o.Email}, nil
	}
	return o, err
}

// parked reports whether discovery failed a moment ago and is not to be tried again yet: accounts lock.
func (p *pass) parked(ctx context.Context) (bool, error) {
	o, err := p.organizer(ctx)
	return p.Patient && p.Now().Before(o.DueAt), err
}

// park records, for people, why nothing can be done for the organizer, and when that is tried again; nil says that all is
// well. A refused password, or access, is tried three times, then hourly.
func (p *pass) park(ctx context.Context, why error) error {
	o, err := p.organizer(ctx)
	if err != nil {
		return err
	}
	switch {
	case why == nil && o.DueAt.IsZero():
		return nil // what else is wrong is the platform's business
	case why == nil:
		o.State, o.Trouble, o.Attempts, o.DueAt = "", store.NoTrouble, 0, time.Time{}
		return p.Ledger.SaveOrganizer(ctx, o)
	}
	o.State, o.Trouble, o.Attempts = why.Error(), trouble(why), o.Attempts+1
	o.DueAt = later(p.Now(), o.Attempts)
	if locks(why, o.Attempts) {
		o.DueAt = p.Now().Add(time.Hour)
	}
	return p.Ledger.SaveOrganizer(ctx, o)
}

// standing records, for people, that the platform refuses the organizer's calls, and that it does not any more.
func (p *pass) standing(ctx context.Context) error {
	if p.refusal == nil && !p.accepted {
		return nil
	}
	o, err := p.organizer(ctx)
	if err != nil || !o.DueAt.IsZero() { // discovery has failed, which says more
		return err
	}
	o.State, o.Trouble = "", store.NoTrouble
	if p.refusal != nil {
		o.State, o.Trouble = p.refusal.Error(), store.Platform
	}
	return p.Ledger.SaveOrganizer(ctx, o)
}
