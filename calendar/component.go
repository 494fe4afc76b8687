package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Component is one VEVENT: the master, or an override of one occurrence.
type Component struct {
	RecurrenceID string // raw value, "" for the master

	Summary, Description, Location, URL string   // decoded
	HTML                                string   // X-ALT-DESC with FMTTYPE=text/html, decoded
	Status, Class                       string   // upper case
	Categories                          []string // decoded, without empty ones

	Organizer string   // address in lower case without "mailto:", or another URI in lower case; "" = none
	SentBy    string   // SENT-BY of the ORGANIZER, in the same form
	Attendees []string // in the same form

	Start, End time.Time // End from DTEND, or from DTSTART and DURATION, else as RFC 5545, 3.6.1 says
	AllDay     bool      // DTSTART is a date; Start and End are midnights in the home zone
	Floating   bool      // DTSTART has no zone and was read in the home zone
	ZoneNote   string    // "" or why the zone is a guess, for people

	Conferences []string // values of CONFERENCE (RFC 7986, 5.11), decoded
	Seal        string   // value of X-CONVOKE, "" = none
	Sequence    int

	doc    *document
	sec    int // the section in doc
	recurs bool
	wall   wallClock // DTSTART as it is written
	length length    // from DTSTART to the end
}

func readComponent(doc *document, sec int, zones *zones) (*Component, error) {
	c := &Component{doc: doc, sec: sec}
	var t times
	seen := make(map[string]bool, 16)
	doc.own(sec, func(_ int, l line) {
		c.readRepeated(l)
		if !seen[l.name] { // of what may stand there once, the first counts
			seen[l.name] = true
			c.readSingle(l)
			t.read(l)
		}
	})
	if err := t.resolve(c, zones); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return c, nil
}

func (c *Component) readRepeated(l line) {
	switch l.name {
	case "CATEGORIES":
		for _, s := range splitList(l.value()) {
			if s = strings.TrimSpace(s); s != "" {
				c.Categories = append(c.Categories, s)
			}
		}
	case "ATTENDEE":
		if a := address(l.value()); a != "" {
			c.Attendees = append(c.Attendees, a)
		}
	case "CONFERENCE":
		c.Conferences = append(c.Conferences, decodeText(l.value()))
	case "X-ALT-DESC":
		if c.HTML == "" && isHTML(l) {
			c.HTML = decodeText(l.value())
		}
	case "RRULE", "RDATE":
		c.recurs = true
	}
}

func (c *Component) readSingle(l line) {
	switch l.name {
	case "RECURRENCE-ID":
		c.RecurrenceID = l.value()
	case "SUMMARY":
		c.Summary = decodeText(l.value())
	case "DESCRIPTION":
		c.Description = decodeText(l.value())
	case "LOCATION":
		c.Location = decodeText(l.value())
	case "URL":
		c.URL = strings.TrimSpace(decodeText(l.value()))
	case "STATUS":
		c.Status = strings.ToUpper(strings.TrimSpace(l.value()))
	case "CLASS":
		c.Class = strings.ToUpper(strings.TrimSpace(l.value()))
	case "ORGANIZER":
		c.Organizer = address(l.value())
		if by := l.param("SENT-BY"); len(by) > 0 {
			c.SentBy = address(by[0])
		}
	case sealProperty:
		c.Seal = strings.TrimSpace(decodeText(l.value()))
	case "SEQUENCE":
		c.Sequence, _ = strconv.Atoi(strings.TrimSpace(l.value())) // only told to people; no reason to refuse an event
	}
}

func isHTML(l line) bool {
	for _, t := range l.param("FMTTYPE") {
		if strings.EqualFold(t, "text/html") {
			return true
		}
	}
	return false
}

// address reads a CAL-ADDRESS (RFC 5545, 3.3.3): lower case, without "mailto:".
func address(value string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(decodeText(value))), "mailto:"))
}
