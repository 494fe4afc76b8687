package calendar

import "github.com/teambition/rrule-go"

func (r *rule) firstPeriod() wallClock {
	first := r.start.day()
	switch o := &r.option; o.Freq {
	case rrule.YEARLY:
		return first.AddDate(0, 1-int(first.Month()), 1-first.Day())
	case rrule.MONTHLY:
		return first.AddDate(0, 0, 1-first.Day())
	case rrule.WEEKLY:
		monday := (int(first.Weekday()) + 6) % 7
		return first.AddDate(0, 0, -(monday-o.Wkst.Day()+7)%7)
	}
	return first
}

// period is the beginning of the last period that is not after w, and in which the rule holds: what happens in it does
// not depend on those before. A COUNT does, so then it is the first.
func (r *rule) period(w wallClock) wallClock {
	if r.count > 0 || w.Before(r.begin.Time) {
		return r.begin
	}
	skip := func(unit int) int { return unit / r.option.Interval * r.option.Interval }
	years, days := w.Year()-r.begin.Year(), int((w.Unix()-r.begin.Unix())/secondsPerDay)
	switch r.option.Freq {
	case rrule.YEARLY:
		return r.begin.AddDate(skip(years), 0, 0)
	case rrule.MONTHLY:
		return r.begin.AddDate(0, skip(years*12+int(w.Month()-r.begin.Month())), 0)
	case rrule.WEEKLY:
		return r.begin.AddDate(0, 0, 7*skip(days/7))
	}
	return r.begin.AddDate(0, 0, skip(days))
}

// The calendar repeats itself after 400 years, weekdays included. rrule-go looks on until the year 9999 where a rule
// yields nothing more, so it is made to look at the years before that one: 40 at least, 440 at most.
const (
	calendarCycle = 400
	latestBegin   = 9959
)

// from lists the dates of the rule in order; it may leave out those before w. Each costs one of the budget.
func (r *rule) from(w wallClock, budget *budget) stream {
	next := r.given(w, budget)
	taken := 0
	return func() (candidate, bool) {
		for (r.count == 0 || taken < r.count) && budget.spend() {
			wall, ok := next()
			c := newCandidate(wall, r.loc)
			if !ok || r.ended(c) {
				return candidate{}, false
			}
			if wall.Before(r.start.Time) {
				continue
			}
			if taken == 0 && !wall.Equal(r.start.Time) {
				taken = 1 // DTSTART counts, though the rule does not give it
			}
			taken++
			return c, r.count == 0 || taken <= r.count
		}
		return candidate{}, false
	}
}

// given lists what rrule-go gives, from the beginning of a period on.
func (r *rule) given(w wallClock, budget *budget) func() (wallClock, bool) {
	begin := r.period(w)
	years := max(0, latestBegin-begin.Year()) / calendarCycle * calendarCycle
	option := r.option
	option.Dtstart = begin.AddDate(years, 0, 0).Time
	lib, err := rrule.NewRRule(option)
	if err != nil { // readRule has made one of it, so this is for nothing
		budget.err = err
		return func() (wallClock, bool) { return wallClock{}, false }
	}
	next := lib.Iterator()
	return func() (wallClock, bool) {
		t, ok := next()
		return wallClock{t}.AddDate(-years, 0, 0), ok
	}
}
