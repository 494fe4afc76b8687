package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrRecurrence says that the dates of a series cannot be told: a rule that is none, that happens more often than daily,
// or that takes more work than a series of meetings is worth. Nothing is guessed then.
var ErrRecurrence = errors.New("the dates of the series cannot be worked out")

// How much of a series is considered.
const (
	maxRules      = 4     // RRULEs and EXRULEs
	maxDates      = 1_000 // of RDATE, of EXDATE, and of overrides each
	maxIterations = 5_000 // dates that rules give in one call
)

// A candidate is a date of the series before overrides are looked at.
type candidate struct {
	at       time.Time // the instant, in the zone of the master
	wall     wallClock // what clocks there show
	end      time.Time // of a PERIOD; else zero
	excluded bool
}

func newCandidate(wall wallClock, loc *time.Location) candidate {
	return candidate{at: wall.in(loc), wall: wall}
}

// A series is what an event says about its dates (RFC 5545, 3.8.5).
type series struct {
	master     *Component // nil when only overrides are left
	rules      []*rule
	exceptions []*rule        // EXRULE, of RFC 2445
	dates      []candidate    // DTSTART and RDATE, by wall clock
	excluded   map[int64]bool // EXDATE: the instants
	days       map[int64]bool // EXDATE that is a date only: midnights on the wall

	overrides map[int64]override // by the instant that RECURRENCE-ID names
	ranges    []override         // those for THISANDFUTURE, by that instant
}

// An override is a component with a RECURRENCE-ID.
type override struct {
	id        candidate
	component *Component
	shift     int64 // how far it moves, in seconds on the wall
	least     int64 // least shift of this and the following ranges
}

func readSeries(e *Event) (*series, error) {
	s := &series{master: e.Master(), excluded: map[int64]bool{}, days: map[int64]bool{}, overrides: map[int64]override{}}
	if err := s.readOverrides(e); err != nil {
		return nil, err
	}
	if s.master == nil {
		return s, nil
	}
	s.dates = append(s.dates, candidate{at: s.master.Start, wall: s.master.wall})
	var errs []error
	e.doc.own(s.master.sec, func(_ int, l line) {
		if len(errs) == 0 {
			if err := s.readLine(l, e.zones); err != nil {
				errs = append(errs, fmt.Errorf("%s %.80q: %w", l.name, l.value(), err))
			}
		}
	})
	slices.SortStableFunc(s.dates, func(a, b candidate) int { return a.wall.Compare(b.wall.Time) })
	return s, errors.Join(errs...)
}

func (s *series) readLine(l line, zones *zones) error {
	switch l.name {
	case "RRULE", "EXRULE":
		return s.readRule(l)
	case "RDATE":
		return eachValue(l, func(value, tzid string) error { return s.readDate(value, tzid, zones) })
	case "EXDATE":
		return eachValue(l, func(value, tzid string) error { return s.readException(value, tzid, zones) })
	}
	return nil
}

func (s *series) readRule(l line) error {
	if strings.TrimSpace(l.value()) == "" {
		return nil
	}
	if len(s.rules)+len(s.exceptions) >= maxRules {
		return fmt.Errorf("more than %d rules", maxRules)
	}
	r, err := readRule(l.value(), s.master)
	if err != nil {
		return err
	}
	if l.name == "RRULE" {
		s.rules = append(s.rules, r)
	} else {
		s.exceptions = append(s.exceptions, r)
	}
	return nil
}

// eachValue goes through the list of an RDATE or EXDATE; some clients leave one empty.
func eachValue(l line, fn func(value, tzid string) error) error {
	list, tzid := momentParts(l)
	for value := range strings.SplitSeq(list, ",") {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if err := fn(value, tzid); err != nil {
			return err
		}
	}
	return nil
}

// readDate reads a value of RDATE: a date, a time, or a PERIOD (RFC 5545, 3.3.9).
func (s *series) readDate(value, tzid string, zones *zones) error {
	if len(s.dates) > maxDates {
		return fmt.Errorf("more than %d dates", maxDates)
	}
	value, period, isPeriod := strings.Cut(value, "/")
	local := s.master.Start.Location()
	m, err := zones.moment(value, tzid, local)
	if err != nil {
		return err
	}
	c := m.as(s.master)
	if isPeriod {
		if c.end, err = periodEnd(c.at, period, tzid, zones); err != nil {
			return err
		}
	}
	s.dates = append(s.dates, c)
	return nil
}

func periodEnd(start time.Time, value, tzid string, zones *zones) (time.Time, error) {
	if strings.ContainsAny(value, "Pp") {
		l, err := parseDuration(value)
		return l.after(start), err
	}
	m, err := zones.moment(value, tzid, start.Location())
	return m.at, err
}

// readException reads a value of EXDATE. On a series with times a date means all that begins on that day.
func (s *series) readException(value, tzid string, zones *zones) error {
	if len(s.excluded)+len(s.days) >= maxDates {
		return fmt.Errorf("more than %d exceptions", maxDates)
	}
	m, err := zones.moment(value, tzid, s.master.Start.Location())
	switch {
	case err != nil:
		return err
	case m.date && !s.master.AllDay:
		s.days[m.wall.Unix()] = true
	default:
		s.excluded[m.as(s.master).at.Unix()] = true
	}
	return nil
}

// as reads a value in the terms of a component: a date is one of its days at its time, and in an all-day series a time
// is a day; the day that begins then in its zone, if one does, and else the day that is written.
func (m moment) as(c *Component) candidate {
	loc := c.Start.Location()
	at := m.at.In(loc)
	switch {
	case m.date || c.AllDay:
		day := m.wall.day()
		if shown := wallAt(at); !m.date && shown == shown.day() {
			day = shown
		}
		if !c.AllDay {
			day = day.add(c.wall.Unix() - c.wall.day().Unix())
		}
		return newCandidate(day, loc)
	case m.at.Location() == loc:
		return candidate{at: at, wall: m.wall}
	}
	return candidate{at: at, wall: wallAt(at)}
}

// readOverrides finds the components with a RECURRENCE-ID. Of two for the same date the newer counts.
func (s *series) readOverrides(e *Event) error {
	for _, c := range e.Components {
		if c.RecurrenceID == "" {
			continue
		}
		if len(s.overrides) >= maxDates {
			return fmt.Errorf("more than %d overrides", maxDates)
		}
		o, err := s.readOverride(e, c)
		if err != nil {
			return fmt.Errorf("RECURRENCE-ID %.80q: %w", c.RecurrenceID, err)
		}
		key := o.id.at.Unix()
		if other, ok := s.overrides[key]; !ok || c.Sequence >= other.component.Sequence {
			s.overrides[key] = o
		}
	}
	if s.master != nil {
		s.sortRanges()
	}
	return nil
}

func (s *series) readOverride(e *Event, c *Component) (override, error) {
	master := s.master
	if master == nil {
		master = c
	}
	l, _ := e.doc.first(c.sec, "RECURRENCE-ID")
	value, tzid := momentParts(l)
	m, err := e.zones.moment(value, tzid, master.Start.Location())
	if err != nil {
		return override{}, err
	}
	id := m.as(master)
	return override{id: id, component: c, shift: c.wall.Unix() - id.wall.Unix()}, nil
}

// sortRanges finds the overrides that hold for later dates as well (RFC 5545, 3.2.13).
func (s *series) sortRanges() {
	for _, o := range s.overrides {
		if o.component.andFuture() {
			s.ranges = append(s.ranges, o)
		}
	}
	slices.SortFunc(s.ranges, func(a, b override) int { return cmp.Compare(a.id.at.Unix(), b.id.at.Unix()) })
	for i := len(s.ranges) - 1; i >= 0; i-- {
		o := &s.ranges[i]
		o.least = o.shift
		if i+1 < len(s.ranges) {
			o.least = min(o.least, s.ranges[i+1].least)
		}
	}
}

func (c *Component) andFuture() bool {
	l, _ := c.doc.first(c.sec, "RECURRENCE-ID")
	return slices.ContainsFunc(l.param("RANGE"), func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), "THISANDFUTURE") })
}
