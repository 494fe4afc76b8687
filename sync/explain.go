package sync

import (
	"context"
	"errors"

	"convoke/store"
)

// An Explanation tells what Decide says of an event now, in one place where it stands, or where it was.
type Explanation struct {
	Organizer string    `json:"organizer"`
	Calendar  string    `json:"calendar"`
	Href      string    `json:"href"`
	Rule      Rule      `json:"rule,omitempty"`
	Text      string    `json:"text,omitempty"`
	Seal      string    `json:"seal,omitempty"`
	Meeting   string    `json:"meeting,omitempty"`   // its number
	Link      string    `json:"link,omitempty"`      // state of the link
	LastError string    `json:"lastError,omitempty"` // why the last try failed
	Problem   string    `json:"problem,omitempty"`   // why it cannot be told
	Decision  *Decision `json:"-"`
}

// Explain asks Decide about every event with that UID, as the calendars hold it now. It changes nothing.
func (e *Engine) Explain(ctx context.Context, uid string) ([]Explanation, error) {
	people, err := e.People(ctx)
	if err != nil {
		return nil, err
	}
	recovery, err := e.Recovery(ctx)
	if err != nil {
		return nil, err
	}
	var all []Explanation
	for _, o := range people {
		p := pass{Engine: e, o: o, recovery: recovery, looking: true}
		if err := p.known(ctx); err != nil {
			return nil, err
		}
		found, err := p.explain(ctx, uid)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// known opens the calendars that the ledger knows, without discovery.
func (p *pass) known(ctx context.Context) error {
	if err := p.widen(ctx); err != nil {
		return err
	}
	rows, err := p.Ledger.Calendars(ctx, p.o.Email)
	if err != nil {
		return err
	}
	for _, row := range rows {
		w := p.watch(row)
		w.col, w.err = p.Calendars.Open(row)
		p.calendars = append(p.calendars, w)
	}
	return nil
}

func (p *pass) explain(ctx context.Context, uid string) ([]Explanation, error) {
	rows, err := p.Ledger.ObjectsByUID(ctx, p.o.Email, uid)
	if err != nil {
		return nil, err
	}
	var all []Explanation
	for _, row := range rows {
		if w := p.calendar(row.Calendar); w != nil && row.Seen != "" {
			all = append(all, p.explainObject(ctx, w, row))
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	l, err := p.Ledger.Link(ctx, p.o.Email, uid)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := p.withoutEvent(ctx, l)
	if err != nil {
		return nil, err
	}
	x := Explanation{Organizer: p.o.Email, Href: l.Href}
	if w := p.calendar(l.Calendar); w != nil {
		x.Calendar = w.Name
	}
	x.says(s)
	return []Explanation{x}, nil
}

func (p *pass) explainObject(ctx context.Context, w *watched, row store.ObjectRow) Explanation {
	x := Explanation{Organizer: p.o.Email, Calendar: w.Name, Href: row.Href, LastError: row.Error}
	if w.err != nil {
		x.Problem = w.err.Error()
		return x
	}
	o, err := w.col.Get(ctx, row.Href)
	if err != nil {
		x.Problem = err.Error()
		return x
	}
	s, err := p.situation(ctx, w, row, o)
	if err != nil {
		x.Problem = err.Error()
		return x
	}
	if d := Decide(s); d.Ask {
		if err := p.ask(ctx, &s, *d.Action); err != nil {
			x.Problem = err.Error()
			return x
		}
	}
	x.says(s)
	if s.Link == nil && row.Done == o.ETag && x.Decision.Action != nil {
		x.Text = "it was there at the first look, and is left alone until it is edited (select.existing = false)"
		x.Rule = Existing
	}
	return x
}

// says fills in what Decide says.
func (x *Explanation) says(s Situation) {
	d := Decide(s)
	x.Rule, x.Text, x.Decision = d.Rule, d.Text, &d
	x.Seal = map[SealState]string{
		NoSeal: "none", OwnSeal: "ours, for this event", CopiedSeal: "ours, for the event that this one was copied from", ForeignSeal: "not ours for this event",
	}[s.Seal]
	if s.Meeting != nil {
		x.Meeting, x.Link = s.Meeting.Number, string(s.Link.State)
	}
}
