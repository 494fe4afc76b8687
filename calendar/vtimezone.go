package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	zoneFrom       = 1990 // rules that began earlier and still hold are followed from here on
	zoneUntil      = 2060 // and no further than this: each year costs some µs
	maxObservances = 256
	maxOnsets      = 1000 // of one rule
)

// An onset is the instant at which an observance of a VTIMEZONE begins.
type onset struct {
	at       int64 // Unix seconds
	from, to int   // offsets from UTC before and after, in seconds
	daylight bool
	name     string
}

// readVTimezone makes a Location of a VTIMEZONE (RFC 5545, 3.6.5).
func readVTimezone(doc *document, sec int, name string) (*time.Location, error) {
	var onsets []onset
	observances := 0
	for i, s := range doc.sections {
		if s.parent != sec || s.name != "STANDARD" && s.name != "DAYLIGHT" {
			continue
		}
		if observances++; observances > maxObservances {
			return nil, fmt.Errorf("time zone %.80q: more than %d observances", name, maxObservances)
		}
		more, err := readObservance(doc, i)
		if err != nil {
			return nil, fmt.Errorf("time zone %.80q: %w", name, err)
		}
		onsets = append(onsets, more...)
	}
	if len(onsets) == 0 {
		return nil, fmt.Errorf("time zone %.80q: no observances", name)
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return int(min(1, max(-1, a.at-b.at))) })
	data, err := tzif(onsets)
	if err != nil {
		return nil, fmt.Errorf("time zone %.80q: %w", name, err)
	}
	return time.LoadLocationFromTZData(name, data)
}

// readObservance expands one STANDARD or DAYLIGHT: its DTSTART, RDATEs and RRULEs are local times of TZOFFSETFROM.
func readObservance(doc *document, sec int) ([]onset, error) {
	o := onset{daylight: doc.sections[sec].name == "DAYLIGHT"}
	var starts []time.Time
	var rules []string
	var start time.Time
	var errs []error
	doc.own(sec, func(_ int, l line) {
		var err error
		switch value := strings.TrimSpace(l.value()); l.name {
		case "TZOFFSETFROM":
			o.from, err = parseOffset(value)
		case "TZOFFSETTO":
			o.to, err = parseOffset(value)
		case "TZNAME":
			o.name = decodeText(value)
		case "DTSTART":
			start, err = parseOnset(value)
			starts = append(starts, start)
		case "RDATE":
			for v := range strings.SplitSeq(value, ",") {
				at, rErr := parseOnset(v)
				starts, err = append(starts, at), errors.Join(err, rErr)
			}
		case "RRULE":
			rules = append(rules, value)
		}
		errs = append(errs, err)
	})
	if start.IsZero() {
		errs = append(errs, errors.New("observance without DTSTART"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, rule := range rules {
		more, err := expandZoneRule(rule, start, o.from)
		if err != nil {
			return nil, err
		}
		starts = append(starts, more...)
	}
	return o.startingAt(starts), nil
}

func (o onset) startingAt(local []time.Time) []onset {
	all := make([]onset, len(local))
	for i, t := range local {
		all[i] = o
		all[i].at = t.Unix() - int64(o.from)
	}
	return all
}

// expandZoneRule lists the local times of a rule up to zoneUntil. Only yearly rules are followed: clocks do not change
// more often by rule, and others can be made expensive.
func expandZoneRule(rule string, start time.Time, from int) ([]time.Time, error) {
	option, err := zoneRule(rule, from)
	if err != nil {
		return nil, err
	}
	option.Dtstart = start
	leapDay := start.Month() == time.February && start.Day() == 29
	if start.Year() < zoneFrom && option.Interval <= 1 && option.Count == 0 && !leapDay {
		option.Dtstart = start.AddDate(zoneFrom-start.Year(), 0, 0) // Exchange begins its rules in 1601
	}
	r, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("RRULE %.80q: %w", rule, err)
	}
	var all []time.Time
	next := r.Iterator()
	for t, ok := next(); ok && t.Year() <= zoneUntil; t, ok = next() {
		if all = append(all, t); len(all) > maxOnsets {
			return nil, fmt.Errorf("RRULE %.80q: clocks do not change that often", rule)
		}
	}
	if len(all) == 0 && option.Until.IsZero() {
		return nil, fmt.Errorf("RRULE %.80q never happens", rule)
	}
	return all, nil
}

// zoneRule reads a rule; its UNTIL is in UTC and the onsets here are local.
func zoneRule(rule string, from int) (*rrule.ROption, error) {
	var parts []string
	var until time.Time
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		value, isUntil := strings.CutPrefix(part, "UNTIL=")
		if !isUntil {
			parts = append(parts, part)
			continue
		}
		wall, form, err := parseWall(value)
		if err != nil {
			return nil, fmt.Errorf("RRULE %.80q: %w", rule, err)
		}
		until = wall.Time
		switch form {
		case formUTC:
			until = until.Add(time.Duration(from) * time.Second)
		case formDate:
			until = until.Add(24*time.Hour - time.Second)
		}
	}
	option, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return nil, fmt.Errorf("RRULE %.80q: %w", rule, err)
	}
	if option.Freq != rrule.YEARLY {
		return nil, fmt.Errorf("RRULE %.80q: a time zone's rule is yearly", rule)
	}
	option.Until = until
	return option, nil
}

func parseOnset(value string) (time.Time, error) {
	wall, _, err := parseWall(strings.TrimSpace(value))
	return wall.Time, err
}

// parseOffset reads a UTC-OFFSET (RFC 5545, 3.3.14) as seconds east of Greenwich.
func parseOffset(value string) (int, error) {
	layout := "-0700"
	if len(value) == 7 {
		layout = "-070000"
	}
	t, err := time.Parse(layout, value)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no offset from UTC", value)
	}
	_, seconds := t.Zone()
	return seconds, nil
}
