package calendar

import (
	"container/heap"
	"fmt"
	"sort"
	"time"
)

// An Occurrence is one date of an event.
type Occurrence struct {
	ID         time.Time  // the instant that RECURRENCE-ID names: its start before it was moved
	Start, End time.Time  // in the zone of its DTSTART
	Component  *Component // the override, or the master
	Cancelled  bool       // STATUS:CANCELLED of its component
}

// Occurrences calls fn for the occurrences that end after from and start before to, in the order of Start, until fn
// returns false. An event that is no series has one. Cancelled ones are among them, excluded ones are not.
//
// Where the standard leaves a choice, or clients make another one:
//   - DTSTART is the first date and counts as one, also when the rule would not give it, and when UNTIL is before it.
//   - A date keeps its time on the wall, and its end does. Times that clocks show twice are the first of both; times
//     that they never show are read with the offset before the gap (RFC 5545, 3.3.5).
//   - An override counts whether or not the rule gives its date, and also where EXDATE excludes it.
//   - RANGE=THISANDFUTURE moves the later dates as far on the wall as its own, and gives them its zone and its length;
//     an override of their own goes before.
//
// Errors wrap ErrRecurrence; fn may have been called before for earlier dates.
func (e *Event) Occurrences(from, to time.Time, fn func(Occurrence) bool) error {
	s, err := readSeries(e)
	if err == nil {
		err = s.walk(from, to, fn)
	}
	if err != nil {
		return fmt.Errorf("event %.80q: %w: %w", e.UID, ErrRecurrence, err)
	}
	return nil
}

var (
	beginning = time.Date(-10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	farFuture = time.Date(100_000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Bounds are the starts of the first and of the last occurrence, cancelled ones included. last is zero when the series
// never ends; both are when every date is excluded. Errors wrap ErrRecurrence.
func (e *Event) Bounds() (first, last time.Time, err error) {
	s, err := readSeries(e)
	if err == nil {
		first, last, err = s.bounds()
	}
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("event %.80q: %w: %w", e.UID, ErrRecurrence, err)
	}
	return first, last, nil
}

func (s *series) bounds() (first, last time.Time, err error) {
	err = s.walk(beginning, farFuture, func(o Occurrence) bool {
		first = o.Start
		return false
	})
	if err != nil || first.IsZero() || s.endless() {
		return first, last, err
	}
	for _, from := range s.nearEnd() {
		last = time.Time{}
		err = s.walk(from, farFuture, func(o Occurrence) bool {
			last = o.Start
			return true
		})
		if err != nil || last.After(from) {
			break
		}
	}
	return first, last, err
}

func (s *series) endless() bool {
	for _, r := range s.rules {
		if r.count == 0 && r.until.IsZero() {
			return true
		}
	}
	return false
}

// nearEnd lists instants from which to look for the last occurrence: near the last UNTIL, long before it, and at the
// beginning. A COUNT says nothing about when the end is.
func (s *series) nearEnd() []time.Time {
	var until time.Time
	for _, r := range s.rules {
		if r.count > 0 {
			return []time.Time{beginning}
		}
		if r.until.After(until) {
			until = r.until
		}
	}
	if until.IsZero() {
		return []time.Time{beginning}
	}
	return []time.Time{until.AddDate(0, 0, -40), until.AddDate(-9, 0, 0), beginning}
}

// slack is more than two instants can be out of the order of their wall clocks: a gap of a day, as in Samoa, and the
// offsets of two zones.
const slack = 3 * secondsPerDay

// A walk goes through a series. What rules give is held back until nothing earlier can come.
type walk struct {
	*series
	source  stream
	budget  *budget
	held    held
	reached int64 // no candidate to come starts before that, in Unix seconds
	done    bool
}

func (s *series) walk(from, to time.Time, fn func(Occurrence) bool) error {
	w := s.newWalk(from)
	var last Occurrence
	for {
		w.fill(to)
		if w.budget.err != nil {
			return w.budget.err
		}
		if len(w.held) == 0 || !w.held[0].Start.Before(to) {
			return nil
		}
		o := heap.Pop(&w.held).(Occurrence)
		twice := last.Component != nil && o.ID.Equal(last.ID) // times in a gap may be the same as those behind it
		last = o
		if o.End.After(from) && !twice && !fn(o) {
			return nil
		}
	}
}

func (s *series) newWalk(from time.Time) *walk {
	w := &walk{series: s, budget: &budget{left: maxIterations}, reached: beginning.Unix()}
	w.source = s.candidates(s.firstNeeded(from), w.budget)
	for _, o := range s.overrides {
		c := o.component
		w.held = append(w.held, Occurrence{ID: o.id.at, Start: c.Start, End: c.End, Component: c, Cancelled: c.cancelled()})
	}
	heap.Init(&w.held)
	return w
}

// firstNeeded is the wall clock before which no date needs to be looked at: one that begins there is over at from, even
// where it is moved to later.
func (s *series) firstNeeded(from time.Time) wallClock {
	if s.master == nil {
		return wallClock{from.UTC()}
	}
	seconds := s.master.length.seconds()
	for _, o := range s.ranges {
		seconds = max(seconds, o.shift+o.component.length.seconds(), o.shift)
	}
	for _, d := range s.dates {
		if !d.end.IsZero() {
			seconds = max(seconds, d.end.Unix()-d.at.Unix())
		}
	}
	return wallAt(from.UTC()).add(-max(0, seconds) - slack)
}

// fill pulls candidates until the earliest that is held is the next one, or none before to can come.
func (w *walk) fill(to time.Time) {
	for !w.done && w.reached < to.Unix() && (len(w.held) == 0 || w.held[0].Start.Unix() > w.reached) {
		c, ok := w.source()
		if !ok {
			w.done = true
			return
		}
		if _, overridden := w.overrides[c.at.Unix()]; !overridden && !c.excluded {
			heap.Push(&w.held, w.occurrence(c))
		}
		w.reached = c.at.Unix() + w.leastShift(c) - slack
	}
}

// inRange finds the range that a date is in: the number of the following one, 0 for none.
func (s *series) inRange(c candidate) int {
	return sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].id.at.After(c.at) })
}

func (s *series) leastShift(c candidate) int64 {
	n := s.inRange(c)
	switch {
	case n > 0:
		return s.ranges[n-1].least
	case len(s.ranges) > 0:
		return min(0, s.ranges[0].least)
	}
	return 0
}

func (s *series) occurrence(c candidate) Occurrence {
	o := Occurrence{ID: c.at, Start: c.at, End: c.end, Component: s.master}
	if n := s.inRange(c); n > 0 {
		r := s.ranges[n-1]
		o.Component = r.component
		o.Start = c.wall.add(r.shift).in(r.component.Start.Location())
		o.End = time.Time{}
	}
	switch {
	case !o.End.IsZero():
	case o.Start.Equal(o.Component.Start):
		o.End = o.Component.End
	default:
		o.End = o.Component.length.after(o.Start)
	}
	o.Cancelled = o.Component.cancelled()
	return o
}

func (c *Component) cancelled() bool { return c.Status == "CANCELLED" }

// held is a heap of occurrences by Start; of equal ones, by ID.
type held []Occurrence

func (h held) Len() int      { return len(h) }
func (h held) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *held) Push(o any)   { *h = append(*h, o.(Occurrence)) }

func (h held) Less(i, j int) bool {
	if n := h[i].Start.Compare(h[j].Start); n != 0 {
		return n < 0
	}
	return h[i].ID.Before(h[j].ID)
}

func (h *held) Pop() any {
	last := len(*h) - 1
	o := (*h)[last]
	*h = (*h)[:last]
	return o
}
