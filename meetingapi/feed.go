package meetingapi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// A FeedEntry is one VEVENT of a user's feed. What a feed shows beyond UID, SUMMARY, DTSTART and DTEND is not documented,
// and neither is what its UID stands for.
type FeedEntry struct {
	UID         string
	Summary     string
	Description string
	Location    string
	URL         string
	Start, End  time.Time // UTC; zero where there is none, or none that stands for an instant
	Raw         string    // the whole VEVENT, its lines unfolded and ended by \n
}

// parseFeed reads a complete VCALENDAR (RFC 5545, 3.4). A VEVENT with something odd in it stays in the list, with what can
// be read of it: what is unreadable must not look as if it were not there.
func parseFeed(body []byte) ([]FeedEntry, error) {
	events, err := splitEvents(body)
	if err != nil {
		return nil, fmt.Errorf("the feed is not a complete calendar: %w", err)
	}
	entries := make([]FeedEntry, 0, len(events))
	for _, raw := range events {
		entries = append(entries, parseEntry(raw))
	}
	return entries, nil
}

// splitEvents returns the VEVENTs of a calendar stream, unfolded, after checking that every component is closed.
func splitEvents(body []byte) ([]string, error) {
	var events []string
	var event strings.Builder
	var open []string // components
	calendars := 0
	for line := range strings.SplitSeq(unfold(body), "\n") {
		if line = strings.TrimRight(line, "\r"); line == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.ToUpper(line), ":")
		value = strings.TrimSpace(value)
		if name == "BEGIN" {
			open = append(open, value)
		}
		if len(open) == 0 || open[0] != "VCALENDAR" {
			return nil, errors.New("something else than a VCALENDAR")
		}
		if len(open) > 1 && open[1] == "VEVENT" {
			event.WriteString(line + "\n")
		}
		if name != "END" {
			continue
		}
		if open[len(open)-1] != value {
			return nil, errors.New("BEGIN and END do not match")
		}
		switch open = open[:len(open)-1]; {
		case len(open) == 0:
			calendars++
		case len(open) == 1 && value == "VEVENT":
			events = append(events, event.String())
			event.Reset()
		}
	}
	if calendars == 0 || len(open) > 0 {
		return nil, errors.New("its end is missing")
	}
	return events, nil
}

// unfold joins folded lines (RFC 5545, 3.1).
func unfold(body []byte) string {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	return strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(string(body))
}

// parseEntry reads one VEVENT; what cannot be read stays empty.
func parseEntry(raw string) FeedEntry {
	entry := FeedEntry{Raw: raw}
	text := "BEGIN:VCALENDAR\n" + raw + "END:VCALENDAR\n"
	cal, err := ics.ParseCalendarWithOptions(strings.NewReader(text), ics.PropertyParser(parseProperty))
	if err != nil || len(cal.Events()) == 0 {
		return entry
	}
	event := cal.Events()[0]
	entry.UID = value(event, ics.ComponentPropertyUniqueId)
	entry.Summary = value(event, ics.ComponentPropertySummary)
	entry.Description = value(event, ics.ComponentPropertyDescription)
	entry.Location = value(event, ics.ComponentPropertyLocation)
	entry.URL = value(event, ics.ComponentPropertyUrl)
	entry.Start = instant(event.GetProperty(ics.ComponentPropertyDtStart))
	entry.End = instant(event.GetProperty(ics.ComponentPropertyDtEnd))
	return entry
}

// maxHead bounds the length of the parameters that golang-ical is given: its cost grows with the square.
const maxHead = 4096

// parseProperty reads a line as well as it can be read; names are in upper case afterwards (RFC 5545, 2: no matter). Of one with
// longer parameters than anybody writes no more than the name is read.
func parseProperty(line ics.ContentLine) (*ics.BaseProperty, error) {
	if head, _, _ := strings.Cut(string(line), ":"); len(head) > maxHead {
		name, _, _ := strings.Cut(head, ";")
		return &ics.BaseProperty{IANAToken: strings.ToUpper(name[:min(len(name), maxHead)])}, nil
	}
	p, err := ics.FallbackParser(ics.LooseParser)(line)
	if err != nil {
		return nil, err
	}
	p.IANAToken = strings.ToUpper(p.IANAToken)
	if p.IANAToken == "BEGIN" || p.IANAToken == "END" {
		p.Value = strings.ToUpper(strings.TrimSpace(p.Value))
	}
	return p, nil
}

func value(event *ics.VEvent, name ics.ComponentProperty) string {
	if p := event.GetProperty(name); p != nil {
		return p.Value
	}
	return ""
}

// instant returns the time of a DATE-TIME in UTC or with a zone that is known by name. A date, and a time without a
// zone, stand for no instant.
func instant(p *ics.IANAProperty) time.Time {
	if p == nil {
		return time.Time{}
	}
	if t, err := time.Parse("20060102T150405Z", p.Value); err == nil {
		return t
	}
	zone := p.ICalParameters["TZID"]
	if len(zone) != 1 || zone[0] == "" || zone[0] == "Local" {
		return time.Time{}
	}
	location, err := time.LoadLocation(zone[0])
	if err != nil {
		return time.Time{}
	}
	t, err := time.ParseInLocation("20060102T150405", p.Value, location)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
