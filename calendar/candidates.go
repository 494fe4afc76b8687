package calendar

import "fmt"

// A stream gives candidates in the order of their wall clocks, then false.
type stream func() (candidate, bool)

// A budget bounds the work of one call.
type budget struct {
	left int
	err  error // why the streams ended before their end
}

func (b *budget) spend() bool {
	if b.left--; b.left < 0 && b.err == nil {
		b.err = fmt.Errorf("more than %d dates of its rules were tried", maxIterations)
	}
	return b.err == nil
}

// candidates merges what DTSTART, RDATE and RRULE give, and marks what EXDATE and EXRULE exclude. It may leave out what is
// before from.
func (s *series) candidates(from wallClock, b *budget) stream {
	all := []stream{listed(s.dates)}
	for _, r := range s.rules {
		all = append(all, r.from(from, b))
	}
	next := merge(all)
	byRule := s.excludedByRule(from, b)
	return func() (candidate, bool) {
		c, ok := next()
		c.excluded = ok && (s.excluded[c.at.Unix()] || s.days[c.wall.day().Unix()] || byRule(c))
		return c, ok
	}
}

func listed(dates []candidate) stream {
	i := 0
	return func() (candidate, bool) {
		if i++; i > len(dates) {
			return candidate{}, false
		}
		return dates[i-1], true
	}
}

// merge puts streams into one, each wall clock once. Of equal ones that with an end of its own counts.
func merge(all []stream) stream {
	heads := make([]*candidate, len(all))
	advance := func(i int) {
		heads[i] = nil
		if c, ok := all[i](); ok {
			heads[i] = &c
		}
	}
	for i := range all {
		advance(i)
	}
	return func() (candidate, bool) {
		first := earliest(heads)
		if first == nil {
			return candidate{}, false
		}
		c := *first
		for i := range heads {
			for heads[i] != nil && heads[i].wall.Equal(c.wall.Time) {
				if c.end.IsZero() {
					c = *heads[i]
				}
				advance(i)
			}
		}
		return c, true
	}
}

func earliest(heads []*candidate) *candidate {
	var first *candidate
	for _, h := range heads {
		if h != nil && (first == nil || h.wall.Before(first.wall.Time)) {
			first = h
		}
	}
	return first
}

// excludedByRule tells whether an EXRULE gives a date. It has to be asked in the order of wall clocks.
func (s *series) excludedByRule(from wallClock, b *budget) func(candidate) bool {
	var all []stream
	for _, r := range s.exceptions {
		all = append(all, r.from(from, b))
	}
	next := merge(all)
	head, more := next()
	return func(c candidate) bool {
		for more && head.wall.Before(c.wall.Time) {
			head, more = next()
		}
		return more && head.wall.Equal(c.wall.Time)
	}
}
