package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// times collects the properties that say when an event is.
type times struct {
	start, end, duration *line
}

func (t *times) read(l line) {
	switch l.name {
	case "DTSTART":
		t.start = &l
	case "DTEND":
		t.end = &l
	case "DURATION":
		t.duration = &l
	}
}

// resolve fills in Start, End and what goes with them (RFC 5545, 3.6.1 and 3.3.5).
func (t *times) resolve(c *Component, zones *zones) error {
	if t.start == nil {
		return errors.New("event without DTSTART")
	}
	start, err := readMoment(*t.start, zones)
	if err != nil {
		return err
	}
	c.Start, c.AllDay, c.Floating, c.ZoneNote, c.wall = start.at, start.date, start.floating, start.note, start.wall
	switch {
	case t.end != nil:
		end, err := readMoment(*t.end, zones)
		if err != nil {
			return err
		}
		c.End, c.length = end.at, lengthBetween(start, end)
		if c.ZoneNote == "" {
			c.ZoneNote = end.note
		}
	case t.duration != nil:
		c.length, err = parseDuration(t.duration.value())
		c.End = c.length.after(c.Start)
		return err
	case c.AllDay:
		c.length = length{wall: secondsPerDay}
		c.End = start.wall.AddDate(0, 0, 1).in(zones.home)
	default:
		c.End = c.Start
	}
	return nil
}

// A moment is a DATE or DATE-TIME with the zone that its line names.
type moment struct {
	at             time.Time
	wall           wallClock
	date, floating bool
	note           string
}

func readMoment(l line, zones *zones) (moment, error) {
	value, tzid := momentParts(l)
	m, err := zones.moment(value, tzid, zones.home)
	if err != nil {
		return moment{}, fmt.Errorf("%s: %w", l.name, err)
	}
	return m, nil
}

// moment reads one value; local is the zone of dates, and of times that name none.
func (z *zones) moment(value, tzid string, local *time.Location) (moment, error) {
	wall, form, err := parseWall(value)
	if err != nil {
		return moment{}, err
	}
	m := moment{wall: wall}
	loc := local
	switch {
	case form == formDate:
		m.date = true
	case form == formUTC:
		loc = time.UTC
	case tzid == "":
		m.floating = true
	default:
		loc, m.note = z.locate(tzid)
	}
	m.at = wall.in(loc)
	return m, nil
}

// momentParts finds value and TZID. Some write a display name such as (UTC-05:00) Eastern Time without quotes: the value
// has no colon of its own, so what stands before the last one belongs to the parameter.
func momentParts(l line) (value, tzid string) {
	value = strings.TrimSpace(l.value())
	if last := strings.LastIndexByte(l.text, ':'); last > l.colon {
		if _, name, ok := strings.Cut(l.text[:last], "TZID="); ok {
			return strings.TrimSpace(l.text[last+1:]), strings.Trim(name, `" `)
		}
	}
	if p := l.param("TZID"); len(p) > 0 {
		tzid = strings.Join(p, ",") // an unquoted comma splits a display name
	}
	return value, strings.TrimSpace(tzid)
}

// A wallClock is what a clock on the wall shows, kept as a time in UTC.
type wallClock struct{ time.Time }

func (w wallClock) AddDate(years, months, days int) wallClock {
	return wallClock{w.Time.AddDate(years, months, days)}
}

// wallAt is what clocks show at an instant, where t.Location is.
func wallAt(t time.Time) wallClock {
	return wallClock{time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)}
}

// add moves a wall clock by seconds; a time.Duration would end after 292 years.
func (w wallClock) add(seconds int64) wallClock {
	return wallClock{time.Unix(w.Unix()+seconds, 0).UTC()}
}

// day is the midnight before.
func (w wallClock) day() wallClock {
	return wallClock{time.Date(w.Year(), w.Month(), w.Day(), 0, 0, 0, 0, time.UTC)}
}

// in finds the instant at which clocks in loc show w. Where they show it twice it is the first time, and where they
// never do it is read with the offset before the gap (RFC 5545, 3.3.5); time.Date promises neither.
func (w wallClock) in(loc *time.Location) time.Time {
	_, before := w.Time.Add(-24 * time.Hour).In(loc).Zone()
	_, after := w.Time.Add(24 * time.Hour).In(loc).Zone()
	first := w.Time.Add(-time.Duration(before) * time.Second).In(loc)
	second := w.Time.Add(-time.Duration(after) * time.Second).In(loc)
	if !w.shownAt(first) && w.shownAt(second) {
		return second
	}
	return first
}

func (w wallClock) shownAt(t time.Time) bool {
	_, offset := t.Zone()
	return t.Unix()+int64(offset) == w.Time.Unix()
}

type form int

const (
	formDate form = iota
	formLocal
	formUTC
)

// parseWall reads a DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5). A leap second is read as the one before it.
func parseWall(value string) (wallClock, form, error) {
	v, f := strings.ToUpper(value), formLocal
	layout := "20060102T150405"
	switch {
	case len(v) == 8:
		f, layout = formDate, "20060102"
	case strings.HasSuffix(v, "Z"):
		f, v = formUTC, v[:len(v)-1]
	}
	if len(v) == 15 && v[13:] == "60" {
		v = v[:13] + "59"
	}
	t, err := time.Parse(layout, v)
	if err != nil {
		return wallClock{}, 0, fmt.Errorf("%.40q is neither a date nor a time", value)
	}
	return wallClock{t}, f, nil
}

var durationForm = regexp.MustCompile(`^([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

const secondsPerDay = 24 * 60 * 60

// A length is how long an event takes: first what a clock on the wall moves on, in seconds, then exact time.
type length struct {
	wall  int64
	exact time.Duration
}

// lengthBetween keeps the end that people see, wherever the clocks change: calendars show the last day of a series at
// the same hours as the others. RFC 5545, 3.8.5.3 would have the exact time; that is what counts between two zones.
func lengthBetween(start, end moment) length {
	if start.at.Location() == end.at.Location() {
		return length{wall: end.wall.Unix() - start.wall.Unix()}
	}
	return length{exact: end.at.Sub(start.at)}
}

// after is the end of what begins at start.
func (l length) after(start time.Time) time.Time {
	end := start
	if l.wall != 0 {
		end = wallAt(start).add(l.wall).in(start.Location())
	}
	return end.Add(l.exact)
}

// seconds is about how long it is: the clocks may change in it.
func (l length) seconds() int64 { return l.wall + int64(l.exact/time.Second) }

// parseDuration reads a DURATION (RFC 5545, 3.3.6): weeks and days are days of the calendar, the rest is exact.
func parseDuration(value string) (length, error) {
	m := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(value)))
	if m == nil || strings.Join(m[2:], "") == "" {
		return length{}, fmt.Errorf("DURATION: %.40q is no duration", value)
	}
	n := make([]int64, len(m))
	for i := 2; i < len(m); i++ {
		n[i], _ = strconv.ParseInt("0"+m[i], 10, 64) // digits or nothing
		if m[1] == "-" {
			n[i] = -n[i]
		}
	}
	exact := time.Duration(n[4])*time.Hour + time.Duration(n[5])*time.Minute + time.Duration(n[6])*time.Second
	return length{wall: (n[2]*7 + n[3]) * secondsPerDay, exact: exact}, nil
}
