package sync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// A pass is one look at all calendars of one organizer.
type pass struct {
	*Engine
	o               Organizer
	calendars       []*watched
	report          Report
	links           map[place]bool // where linked events are, loaded when first asked for
	refusal         error          // the platform refuses everything just now
	accepted        bool           // it has answered a call
	forbidden       bool           // its last answer was that it does not allow the call
	clockSet        time.Duration  // the wall clock was set by so much since the last pass
	recovery        Recovery       // what holds after the ledger was lost or put back
	fed             *reading       // the platform's feed, when it was read
	unfed           error          // why it could not be read
	looking         bool           // nothing is to be kept
	queue           Queue          // Until is set once there is no room for another meeting
	roused          bool           // events are to be decided about again, since one that shared their meeting is gone
	missingMeetings *Missing       // loaded when first asked for
}

// watched is a calendar of the pass.
type watched struct {
	store.Calendar
	col     calendar.Collection
	rules   Rules                      // hers, as they are for this calendar
	home    *time.Location             // for floating times and time zones that nobody knows
	mass    bool                       // so many events are gone from it that no meeting of theirs is given up without a person
	writeAt time.Time                  // nothing is written to it before
	away    bool                       // it has been missing for a day
	bereft  bool                       // … and for so long that its meetings are held
	err     error                      // it could not be looked at, or failed since
	read    map[string]calendar.Object // what the look brought along, by href, up to readAhead
	size    int
}

// place is where an event stands.
type place struct {
	calendar int64
	href     string
}

// readAhead is how many bytes of events a look may keep for the decisions that follow it.
const readAhead = 8 << 20

func (p *pass) run(ctx context.Context) error {
	if err := p.leftovers(ctx); err != nil {
		return err
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	for _, w := range p.calendars {
		if err := p.look(ctx, w); err != nil {
			return err
		}
	}
	if err := p.absences(ctx); err != nil {
		return err
	}
	if err := p.pending(ctx); err != nil {
		return err
	}
	if err := p.due(ctx); err != nil {
		return err
	}
	if p.roused {
		if err := p.pending(ctx); err != nil {
			return err
		}
	}
	if err := p.sweep(ctx); err != nil {
		return err
	}
	if err := p.study(ctx); err != nil {
		return err
	}
	return p.standing(ctx)
}

// leftovers closes the intents that an earlier process left open: nobody knows whether those calls were sent.
func (p *pass) leftovers(ctx context.Context) error {
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if in.State != store.Open || in.Kind == store.CreateAccount {
			continue
		}
		if err := p.Ledger.Failed(ctx, in.ID, store.Unknown, "convoke stopped before the platform answered", p.Now()); err != nil {
			return err
		}
	}
	return nil
}

// pending decides about every object that changed or whose time has come: first those that are there, over all
// calendars, then those that are gone, so that an event that moved is found before it is missed.
func (p *pass) pending(ctx context.Context) error {
	type missing struct {
		w   *watched
		row store.ObjectRow
	}
	var gone []missing
	for _, w := range p.calendars {
		if w.err != nil {
			continue
		}
		rows, err := p.waiting(ctx, w)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if row.Seen == "" {
				gone = append(gone, missing{w, row})
			} else if err := p.object(ctx, w, row); err != nil {
				return err
			}
		}
	}
	if !p.whole() {
		return nil // an event that is missing here may stand in the calendar that could not be looked at
	}
	if len(gone) > 0 {
		if err := p.alarm(ctx); err != nil {
			return err
		}
	}
	for _, m := range gone {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.object(ctx, m.w, m.row); err != nil {
			return err
		}
	}
	return nil
}

// due decides about the meetings whose undo window has passed.
func (p *pass) due(ctx context.Context) error {
	links, err := p.Ledger.DueLinks(ctx, p.o.Email, p.Now())
	if err != nil || !p.whole() || p.recovery.Holds(p.Now()) {
		return err
	}
	for _, l := range links {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w := p.calendar(l.Calendar)
		seen := w != nil && w.err == nil
		if !seen && !orphaned(w, l) {
			continue // a calendar that is not watched any more cancels nothing
		}
		row, err := p.Ledger.Object(ctx, l.Calendar, l.Href)
		if errors.Is(err, store.ErrNotFound) {
			row, err = store.ObjectRow{Calendar: l.Calendar, Href: l.Href, UID: l.UID}, nil
		}
		if err != nil {
			return err
		}
		if p.Now().Before(row.DueAt) {
			continue // it failed, in this pass or before, and its next try is not yet
		}
		if seen {
			delete(w.read, l.Href) // asked again just before something is given up
			err = p.object(ctx, w, row)
		} else {
			_, err = p.absent(ctx, w, row, l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waiting returns the objects of a calendar that are to be decided about, those with a time first, by that time. Who asks
// for a pass by hand does not want to hear that a failure is tried again in five minutes.
func (p *pass) waiting(ctx context.Context, w *watched) ([]store.ObjectRow, error) {
	until := p.Now()
	if !p.Patient {
		until = until.AddDate(100, 0, 0)
	}
	rows, err := p.Ledger.Pending(ctx, w.ID, until)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row store.ObjectRow) bool { // a series that moves on later is done for now
		return row.DueAt.After(p.Now()) && row.Done == row.Seen
	})
	slices.SortStableFunc(rows, func(a, b store.ObjectRow) int {
		if a.DueAt.IsZero() || b.DueAt.IsZero() {
			return cmp.Compare(btoi(a.DueAt.IsZero()), btoi(b.DueAt.IsZero()))
		}
		return a.DueAt.Compare(b.DueAt)
	})
	return rows, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// whole reports whether every calendar of the organizer was looked at, but those that have been missing for long.
func (p *pass) whole() bool {
	for _, w := range p.calendars {
		if w.err != nil && !w.away {
			return false
		}
	}
	return len(p.calendars) > 0
}

func (p *pass) calendar(id int64) *watched {
	for _, w := range p.calendars {
		if w.ID == id {
			return w
		}
	}
	return nil
}

// linked reports whether the event of a meeting was last seen there.
func (p *pass) linked(ctx context.Context, at place) (bool, error) {
	if p.links == nil {
		all, err := p.Ledger.Links(ctx, p.o.Email)
		if err != nil {
			return false, err
		}
		p.links = make(map[place]bool, len(all))
		for _, l := range all {
			if l.State != store.Ended {
				p.links[place{l.Calendar, l.Href}] = true
			}
		}
	}
	return p.links[at], nil
}

// tell hands a step on.
func (p *pass) tell(s Step) {
	if p.Step == nil {
		return
	}
	p.telling.Lock()
	defer p.telling.Unlock()
	p.Step(s)
}

// failed notes what went wrong with a calendar, or (uid) with one of its events.
func (p *pass) failed(w *watched, uid string, err error) {
	problem := Problem{Organizer: p.o.Email, UID: uid, Message: err.Error()}
	id := int64(0)
	if w != nil {
		problem.Calendar, id = w.Name, w.ID
	}
	p.report.Failed++
	p.report.Errors = append(p.report.Errors, problem)
	p.Log.Warn("not done", "calendar_id", id, "calendar", problem.Calendar, "uid", uid, "error", logged(err))
}

// logged is an error as the log may have it: what the platform says may quote a title or an address, and a join link lets
// its reader in.
func logged(err error) string {
	if u := (*unwritten)(nil); errors.As(err, &u) {
		err = u.err
	}
	if api := (*meetingapi.Error)(nil); errors.As(err, &api) {
		bare := *api
		bare.Message = ""
		return bare.Error()
	}
	return err.Error()
}

// longestWait is the longest time between two tries, whatever a server asks for.
const longestWait = 6 * time.Hour

// later is when to try again after so many failures in a row: after one minute, two, four …
func later(now time.Time, attempts int) time.Time {
	return now.Add(min(time.Minute<<min(attempts-1, 10), longestWait))
}

// server is what is known of where the calendar lives.
func (w *watched) server() calendar.Server {
	if s, ok := w.col.(interface{ Server() calendar.Server }); ok {
		return s.Server()
	}
	return calendar.Server{}
}
