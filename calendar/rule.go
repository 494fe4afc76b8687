package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/teambition/rrule-go"
)

// What a rule may ask for. Each bound is far from what people book, and near to what can be worked out at once.
const (
	maxInterval    = 100_000
	maxTimesPerDay = 24
	maxPositions   = 12 // of BYSETPOS
)

// A rule is an RRULE or EXRULE (RFC 5545, 3.3.10) of an event. It is followed in wall-clock time, which is what it
// speaks of; the zone comes in afterwards, and so the changes of clocks do.
type rule struct {
	option rrule.ROption // nothing is left to be taken from DTSTART; COUNT and UNTIL are kept here
	start  wallClock     // DTSTART
	begin  wallClock     // midnight at the beginning of the first period: year, month, week or day
	loc    *time.Location

	count      int       // 0 = no COUNT
	until      time.Time // zero = no UNTIL
	untilLocal bool      // until is a wall clock, not an instant
}

// readRule reads the rule of an event that begins as c does.
func readRule(text string, c *Component) (*rule, error) {
	r := &rule{start: c.wall, loc: c.Start.Location()}
	parts, err := r.readParts(text, c.AllDay)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errors.New("no FREQ in it")
	}
	option, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return nil, err
	}
	r.option = *option
	if err := r.check(); err != nil {
		return nil, err
	}
	r.complete(c.AllDay)
	if err := r.normalize(); err != nil {
		return nil, err
	}
	r.begin = r.firstPeriod()
	_, err = rrule.NewRRule(r.option) // checks the ranges of numbers
	return r, err
}

// readParts takes COUNT and UNTIL out, and what makes no difference; the rest is left to rrule-go.
func (r *rule) readParts(text string, allDay bool) ([]string, error) {
	var parts []string
	for part := range strings.SplitSeq(strings.ToUpper(withoutSpace(text)), ";") {
		name, value, _ := strings.Cut(part, "=")
		var err error
		switch {
		case name == "COUNT":
			if r.count, err = strconv.Atoi(value); err != nil || r.count < 1 {
				return nil, fmt.Errorf("COUNT: %.40q is no count", value)
			}
		case name == "UNTIL":
			if err = r.readUntil(value, allDay); err != nil {
				return nil, fmt.Errorf("UNTIL: %w", err)
			}
		case name == "BYEASTER" || name == "DTSTART": // of rrule-go, not of the standard
			return nil, fmt.Errorf("%.40q is no part of a rule", name)
		case name == "", strings.HasPrefix(name, "X-"), part == "RSCALE=GREGORIAN", part == "SKIP=OMIT": // the last two: RFC 7529
		default:
			parts = append(parts, part)
		}
	}
	return parts, nil
}

func withoutSpace(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, s)
}

// readUntil reads UNTIL, which should be of the same type as DTSTART and often is not. A date means the whole day. An
// all-day series takes an instant as such, as it is the end of the last day where the author is; but midnight in UTC is
// what those write who only had a date. What lies before DTSTART leaves DTSTART.
func (r *rule) readUntil(value string, allDay bool) error {
	wall, form, err := parseWall(value)
	if err != nil {
		return err
	}
	r.until, r.untilLocal = wall.Time, true
	switch {
	case form == formDate:
		r.until = wall.add(secondsPerDay - 1).Time
	case form == formUTC && !(allDay && wall == wall.day()):
		r.untilLocal = false
	}
	return nil
}

func (r *rule) ended(c candidate) bool {
	switch {
	case r.until.IsZero():
		return false
	case r.untilLocal:
		return c.wall.After(r.until)
	}
	return c.at.After(r.until)
}

// check refuses what would take too long, and what rrule-go cannot bear.
func (r *rule) check() error {
	o := &r.option
	switch {
	case o.Freq > rrule.DAILY:
		return errors.New("FREQ: more often than daily")
	case o.Interval > maxInterval:
		return fmt.Errorf("INTERVAL: more than %d", maxInterval)
	}
	weeks := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		weeks = 5
	}
	for _, d := range o.Byweekday {
		if o.Freq < rrule.WEEKLY && (d.N() > weeks || d.N() < -weeks) {
			return fmt.Errorf("BYDAY: there is no weekday number %d", d.N())
		}
	}
	return nil
}

var weekdays = [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}

// complete writes down what the rule takes from DTSTART. An interval of 0 is written by some programs and means 1.
func (r *rule) complete(allDay bool) {
	o, day := &r.option, weekdays[r.start.Weekday()]
	o.Interval = max(1, o.Interval)
	byDay := len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) > 0
	switch {
	case byDay:
	case o.Freq == rrule.WEEKLY || len(o.Byweekno) > 0:
		o.Byweekday = []rrule.Weekday{day}
	case o.Freq == rrule.YEARLY:
		if len(o.Bymonth) == 0 {
			o.Bymonth = []int{int(r.start.Month())}
		}
		o.Bymonthday = []int{r.start.Day()}
	case o.Freq == rrule.MONTHLY:
		o.Bymonthday = []int{r.start.Day()}
	}
	if allDay { // RFC 5545, 3.3.10: these are ignored
		o.Byhour, o.Byminute, o.Bysecond = nil, nil, nil
	}
	o.Byhour = orElse(o.Byhour, r.start.Hour())
	o.Byminute = orElse(o.Byminute, r.start.Minute())
	o.Bysecond = orElse(o.Bysecond, r.start.Second())
}

func orElse(list []int, value int) []int {
	if len(list) == 0 {
		return []int{value}
	}
	return list
}

// normalize makes the lists short and plain.
func (r *rule) normalize() error {
	o := &r.option
	for _, list := range []*[]int{&o.Bysetpos, &o.Bymonth, &o.Bymonthday, &o.Byyearday, &o.Byweekno, &o.Byhour, &o.Byminute, &o.Bysecond} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	r.numberWeekdays()
	times := len(o.Byhour) * len(o.Byminute) * len(o.Bysecond)
	if times > maxTimesPerDay {
		return fmt.Errorf("more than %d times a day", maxTimesPerDay)
	}
	return r.checkPositions(times)
}

// checkPositions leaves out the positions that no period has, as each is looked for in every one.
func (r *rule) checkPositions(timesPerDay int) error {
	o := &r.option
	if len(o.Bysetpos) == 0 {
		return nil
	}
	last := timesPerDay * map[rrule.Frequency]int{rrule.YEARLY: 366, rrule.MONTHLY: 31, rrule.WEEKLY: 7, rrule.DAILY: 1}[o.Freq]
	o.Bysetpos = slices.DeleteFunc(o.Bysetpos, func(n int) bool { return n < -last || n > last })
	switch n := len(o.Bysetpos); {
	case n == 0:
		return fmt.Errorf("BYSETPOS: there are %d positions at most", last)
	case n > maxPositions:
		return fmt.Errorf("BYSETPOS: more than %d positions", maxPositions)
	}
	return nil
}

// numberWeekdays makes MO,1TU into 1MO,2MO,…,1TU: rrule-go wants a day to be among both those with and those without a
// number.
func (r *rule) numberWeekdays() {
	o := &r.option
	last := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		last = 5
	}
	numbered := func(d rrule.Weekday) bool { return d.N() != 0 }
	if o.Freq < rrule.WEEKLY && slices.ContainsFunc(o.Byweekday, numbered) {
		var days []rrule.Weekday
		for _, d := range o.Byweekday {
			if numbered(d) {
				days = append(days, d)
				continue
			}
			for n := 1; n <= last; n++ {
				days = append(days, d.Nth(n))
			}
		}
		o.Byweekday = days
	}
	seen := map[rrule.Weekday]bool{}
	o.Byweekday = slices.DeleteFunc(o.Byweekday, func(d rrule.Weekday) bool {
		twice := seen[d]
		seen[d] = true
		return twice
	})
}
