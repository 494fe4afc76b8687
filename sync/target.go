package sync

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"

	"convoke/calendar"
)

// A WindowMode says what the one meeting of a series stands on.
type WindowMode string

const (
	NextWindow WindowMode = "next" // one occurrence, moved on when it is over
	SpanWindow WindowMode = "span" // from the current start to the last end, or a year
)

// A target is what the meeting of an event shall be at a moment.
type target struct {
	Topic      string
	Start, End time.Time
	Change     time.Time // when it will be another one by itself; zero: never
	Found      bool      // false: the last selected occurrence is over
	Err        error     // the series cannot be expanded
}

const (
	horizon = 366 * 24 * time.Hour     // how far a span reaches in a series without an end
	lookout = 5 * 366 * 24 * time.Hour // how far the next occurrence is looked for
)

// target works out what the meeting shall be. An event that recurs, or shares its meeting, gives it to one occurrence after
// the other.
func (s Situation) target() target {
	if !s.Event.Recurring() && len(s.Siblings) == 0 {
		c := s.component()
		return target{Topic: s.topic(c), Start: c.Start, End: c.End, Found: true}
	}
	dates := s.dates(s.Now.Add(-s.Rules.RollAfter), s.Now.Add(lookout))
	o, change, ok := Window(dates.all, s.Now, s.Rules.RollAfter)
	if ok && !o.End.After(s.Now) && (s.Meeting == nil || !s.Meeting.Start.Equal(o.Start)) {
		o, change, ok = Window(dates.all, s.Now, 0) // a meeting may stay on a date that is over, and never goes to one
	}
	if dates.err != nil || !ok {
		return target{Err: dates.err}
	}
	t := target{Topic: s.topic(o.Component), Start: o.Start, End: o.End, Change: change, Found: true}
	if s.Rules.Window == SpanWindow {
		return s.span(t)
	}
	return t
}

// stranded reports whether the meeting stands on a date to come that is not there any more, and an earlier one was the last.
func (s Situation) stranded() bool { return s.Meeting.End.After(s.Now) && s.last().Found }

// last is the date that came last of those that are over.
func (s Situation) last() target {
	var t target
	dates := s.dates(s.Now.Add(-lookout), s.Now)
	for o := range dates.all {
		if !o.End.After(s.Now) {
			t = target{Topic: s.topic(o.Component), Start: o.Start, End: o.End, Found: true}
		}
	}
	return t
}

// span widens a target to the last occurrence, or as far as the horizon. What the meeting has already is kept as long as it
// will do, so that a series costs a call in half a year and not one a week.
func (s Situation) span(t target) target {
	if m := s.Event.Master(); m != nil {
		t.Topic = s.topic(m)
	}
	dates := s.dates(t.Start, t.Start.Add(horizon))
	last := t.End
	for o := range dates.all {
		if o.End.After(last) {
			last = o.End
		}
	}
	t.Err = dates.err
	if m := s.Meeting; m != nil && !m.Start.After(t.Start) && m.End.After(t.Start) {
		t.Start = m.Start
		if m.End.After(s.Now.Add(horizon/2)) && m.End.Before(last) {
			last = m.End
		}
	}
	t.End = last
	return t
}

// dates are the selected occurrences of the event and of those that share its meeting, in the order of Start.
type dates struct {
	seqs []iter.Seq[calendar.Occurrence]
	err  error
}

func (s Situation) dates(from, to time.Time) *dates {
	d := &dates{}
	for _, sibling := range s.family() {
		ev, one := sibling.Event, s
		one.Event, one.Siblings = ev, nil
		d.seqs = append(d.seqs, func(yield func(calendar.Occurrence) bool) {
			err := ev.Occurrences(from, to, func(o calendar.Occurrence) bool {
				return o.Cancelled || !one.selects(o.Component) || yield(o)
			})
			if err != nil && d.err == nil {
				d.err = err
			}
		})
	}
	return d
}

// family are all events that have the meeting, in the order in which they got it: it decides where two begin at once, and
// must be the same for each of them.
func (s Situation) family() []Sibling {
	if s.Link == nil || len(s.Siblings) == 0 {
		return []Sibling{{Event: s.Event}}
	}
	all := append([]Sibling{{s.Link.ID, s.Event}}, s.Siblings...)
	slices.SortFunc(all, func(a, b Sibling) int { return cmp.Compare(a.Link, b.Link) })
	return all
}

// all merges the sequences.
func (d *dates) all(yield func(calendar.Occurrence) bool) {
	if len(d.seqs) == 1 {
		d.seqs[0](yield)
		return
	}
	var heads []calendar.Occurrence
	var nexts []func() (calendar.Occurrence, bool)
	for _, seq := range d.seqs {
		next, stop := iter.Pull(seq)
		defer stop()
		if o, ok := next(); ok {
			heads, nexts = append(heads, o), append(nexts, next)
		}
	}
	for len(heads) > 0 {
		first := 0
		for i := range heads {
			if heads[i].Start.Before(heads[first].Start) {
				first = i
			}
		}
		if !yield(heads[first]) {
			return
		}
		if o, ok := nexts[first](); ok {
			heads[first] = o
		} else {
			heads = append(heads[:first], heads[first+1:]...)
			nexts = append(nexts[:first], nexts[first+1:]...)
		}
	}
}

// holds reports whether the meeting stands on an occurrence of the event as it is: then another target is the passing of time,
// and else an edit.
func (s Situation) holds() bool {
	found := false
	dates := s.dates(s.Meeting.Start.Add(-time.Second), s.Meeting.Start.Add(time.Second))
	for o := range dates.all {
		if o.Start.Equal(s.Meeting.Start) && o.End.Equal(s.Meeting.End) && s.topic(o.Component) == s.Meeting.Topic {
			found = true
		}
	}
	return found
}

// topic is a component's title as the platform gets it.
func (s Situation) topic(c *calendar.Component) string {
	if s.Rules.Private == PrivateNeutral && (c.Class == "PRIVATE" || c.Class == "CONFIDENTIAL") {
		return s.Rules.Words.private()
	}
	t := strings.Join(strings.FieldsFunc(s.Rules.Markers.Topic(c.Summary), breaks), " ") // one line, whatever the platform makes of it
	if t == "" {
		return s.Rules.Words.untitled()
	}
	return t
}

// breaks tells whether a character parts words or ends a line; LS and PS are spaces, too.
func breaks(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
