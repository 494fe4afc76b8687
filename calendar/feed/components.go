package feed

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// A vcalendar is one VCALENDAR of a stream (RFC 5545, 3.4).
type vcalendar struct {
	begin, end string // its BEGIN and END, as they stand there
	header     []line // its own properties
	zones      map[string]*part
	parts      []*part // VTIMEZONE and VEVENT, in their order
}

// A part is a component directly in a VCALENDAR.
type part struct {
	kind     string            // VTIMEZONE or VEVENT; others are passed over
	raw      string            // from BEGIN to END, as it stands there
	name     string            // UID, or TZID
	named    bool              // the line with it has come
	override bool              // it has a RECURRENCE-ID
	zones    []string          // what it may refer to
	sum      [sha256.Size]byte // of what it says, without stamps
	broken   bool              // components in it do not close
}

const (
	maxDepth = 16  // of nested components; an alarm in an event in a calendar is three
	maxZones = 100 // names that one event may refer to; the rest is not looked for
)

// stamps are renewed by many servers with each download, and alone they mean no edit.
var stamps = []string{"DTSTAMP", "LAST-MODIFIED", "CREATED"}

// A reader finds the components of a text.
type reader struct {
	text string
	all  []*vcalendar

	cal  *vcalendar // that is open
	part *part      // that is open
	from int        // where it begins
	open []string   // components, from that one on
	says []byte     // what it says so far
}

// read finds the components of a whole iCalendar stream. An error means that nothing may be concluded from it: it wraps
// ErrNoCalendar or ErrIncomplete. What is wrong with one event only is noted there.
func read(text string) ([]*vcalendar, error) {
	r := &reader{text: text}
	for l := range lines(text) {
		if l.blank() {
			continue
		}
		if err := r.line(l); err != nil {
			return nil, err
		}
	}
	switch {
	case r.cal != nil:
		return nil, fmt.Errorf("%w: END:VCALENDAR is missing", ErrIncomplete)
	case len(r.all) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrNoCalendar)
	}
	return r.all, nil
}

// beginning is that of a line that is none of a calendar's, up to what may be an address: that of the feed is as good as a
// password, and pages that say what is wrong repeat it.
func beginning(text string) string {
	if end := strings.IndexAny(text, "/?=&@"); end >= 0 {
		text = text[:end]
	}
	return strings.ToValidUTF8(text[:min(len(text), 20)], "")
}

func (r *reader) line(l line) error {
	switch name := l.name(); {
	case r.part != nil:
		return r.inPart(name, l)
	case r.cal != nil:
		return r.inCalendar(name, l)
	case name != "BEGIN" || l.component() != "VCALENDAR":
		return fmt.Errorf("%w: %q where BEGIN:VCALENDAR was expected", ErrNoCalendar, beginning(l.text))
	}
	r.cal = &vcalendar{begin: r.raw(l), zones: map[string]*part{}}
	return nil
}

func (r *reader) raw(l line) string { return r.text[l.from:l.to] }

// inCalendar takes a line directly in a VCALENDAR.
func (r *reader) inCalendar(name string, l line) error {
	switch {
	case name == "BEGIN" && l.component() == "VCALENDAR":
		return fmt.Errorf("%w: a VCALENDAR within another", ErrIncomplete)
	case name == "BEGIN":
		r.part, r.from, r.open = &part{kind: l.component()}, l.from, append(r.open[:0], l.component())
	case name == "END" && l.component() == "VCALENDAR":
		r.cal.end = r.raw(l)
		r.all, r.cal = append(r.all, r.cal), nil
	case name == "END":
		return fmt.Errorf("%w: END:%.40q closes nothing", ErrIncomplete, l.component())
	default:
		r.cal.header = append(r.cal.header, l)
	}
	return nil
}

// inPart takes a line of a component, or of one nested in it.
func (r *reader) inPart(name string, l line) error {
	switch name {
	case "BEGIN":
		if r.open = append(r.open, l.component()); len(r.open) > maxDepth {
			return fmt.Errorf("%w: components nested deeper than %d", ErrIncomplete, maxDepth)
		}
	case "END":
		return r.close(l)
	default:
		r.property(name, l)
	}
	if !slices.Contains(stamps, name) {
		r.says = append(append(r.says, l.text...), '\n')
	}
	return nil
}

func (r *reader) property(name string, l line) {
	if len(r.open) == 1 {
		switch {
		case name == "UID" && r.part.kind == "VEVENT" && !r.part.named:
			r.part.name, r.part.named = textDecoder.Replace(l.value()), true
		case name == "TZID" && r.part.kind == "VTIMEZONE" && !r.part.named:
			r.part.name, r.part.named = zoneName(l.value()), true
		case name == "RECURRENCE-ID":
			r.part.override = true
		}
	}
	for _, zone := range l.zoneNames() {
		if len(r.part.zones) < maxZones && !slices.Contains(r.part.zones, zone) {
			r.part.zones = append(r.part.zones, zone)
		}
	}
}

// close takes an END. One that closes the whole component, though something within is still open, or one that closes
// nothing, harms that component alone.
func (r *reader) close(l line) error {
	name := l.component()
	switch last := len(r.open) - 1; {
	case name == "VCALENDAR":
		return fmt.Errorf("%w: a %.40s is not closed", ErrIncomplete, r.open[0])
	case name == r.open[last]:
		r.open = r.open[:last]
	case name == r.open[0]:
		r.open, r.part.broken = r.open[:0], true
	default:
		r.part.broken = true
	}
	if len(r.open) == 0 {
		r.finish(l)
	}
	return nil
}

// finish ends a component. Of two time zones with one name the first counts.
func (r *reader) finish(l line) {
	p := r.part
	p.raw, p.sum = r.text[r.from:l.to], sha256.Sum256(r.says)
	r.part, r.says = nil, r.says[:0]
	switch {
	case p.kind == "VEVENT":
		r.cal.parts = append(r.cal.parts, p)
	case p.kind == "VTIMEZONE" && !p.broken && r.cal.zones[p.name] == nil:
		r.cal.zones[p.name] = p
		r.cal.parts = append(r.cal.parts, p)
	}
}

// zonesOf lists the time zones of the VCALENDAR that its parts refer to, in the order of their names.
func (c *vcalendar) zonesOf(parts []*part) []*part {
	used := map[string]*part{}
	for _, p := range parts {
		for _, name := range p.zones {
			if zone := c.zones[name]; zone != nil {
				used[name] = zone
			}
		}
	}
	return sortedByName(used)
}

// headerSays is what of the header has a meaning for events: the other lines may change without any of them changing.
func (c *vcalendar) headerSays() string {
	var b strings.Builder
	for _, l := range c.header {
		switch l.name() {
		case "METHOD", "CALSCALE", "X-WR-TIMEZONE":
			b.WriteString(l.text + "\n")
		}
	}
	return b.String()
}
