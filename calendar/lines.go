package calendar

import (
	"fmt"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// A line is one logical line (RFC 5545, 3.1): the physical lines as they are, and what they say unfolded.
type line struct {
	raw   string // physical lines, with their line ends
	text  string // unfolded, without line end
	name  string // upper-case property name, "" where the line has none
	colon int    // where in text the value's colon stands; -1 where there is none
	in    int    // the section that the line stands in; BEGIN and END stand in their own
}

// value is what follows the colon, as it is written.
func (l line) value() string {
	if l.colon < 0 {
		return ""
	}
	return l.text[l.colon+1:]
}

// head is the name with its parameters, as it is written, without the colon.
func (l line) head() string {
	if l.colon < 0 {
		return l.text
	}
	return l.text[:l.colon]
}

// maxHead bounds the length of what golang-ical is given: its cost grows with the square.
const maxHead = 4096

// param returns the values of a parameter; golang-ical reads the grammar. A head that it cannot read has none.
func (l line) param(name string) []string {
	if !strings.Contains(l.head(), ";") || len(l.head()) > maxHead {
		return nil
	}
	p, err := ics.ParseProperty(ics.ContentLine(l.head() + ":"))
	if err != nil || p == nil {
		return nil
	}
	for key, values := range p.ICalParameters {
		if strings.EqualFold(key, name) {
			return values
		}
	}
	return nil
}

// A section is a component of the file, nested ones included, by the lines of its BEGIN and END.
type section struct {
	name        string // upper case
	parent      int    // -1 for a VCALENDAR
	begin, end  int
	childBegins int // the line of the first nested BEGIN, or end
}

// A document is a file as lines and sections. It is the authority on which physical lines belong to what.
type document struct {
	lines    []line
	sections []section // in the order of their BEGIN
}

// readDocument splits a file into lines and finds its sections. Lines that make no sense are kept; sections that
// do not close are an error.
func readDocument(s string) (*document, error) {
	d := &document{lines: readLines(s)}
	open := -1
	for i := range d.lines {
		l := &d.lines[i]
		l.in = open
		if (l.name == "BEGIN" || l.name == "END") && len(l.head()) != len(l.name) {
			return nil, fmt.Errorf("%w: line %d: %.40q with parameters", ErrMalformed, i+1, l.name)
		}
		switch l.name {
		case "BEGIN":
			open = d.begin(i, open)
			l.in = open
		case "END":
			name := strings.ToUpper(strings.TrimSpace(l.value()))
			if open < 0 || d.sections[open].name != name {
				return nil, fmt.Errorf("%w: line %d: END:%.40q closes nothing", ErrMalformed, i+1, name)
			}
			open = d.close(i, open)
		}
	}
	if open >= 0 {
		return nil, fmt.Errorf("%w: BEGIN:%.40q is never closed", ErrMalformed, d.sections[open].name)
	}
	return d, nil
}

func (d *document) begin(i, parent int) int {
	name := strings.ToUpper(strings.TrimSpace(d.lines[i].value()))
	if parent >= 0 && d.sections[parent].childBegins < 0 {
		d.sections[parent].childBegins = i
	}
	d.sections = append(d.sections, section{name: name, parent: parent, begin: i, end: -1, childBegins: -1})
	return len(d.sections) - 1
}

func (d *document) close(i, open int) (parent int) {
	s := &d.sections[open]
	s.end = i
	if s.childBegins < 0 {
		s.childBegins = i
	}
	return s.parent
}

// own calls fn for the properties that stand directly in a section.
func (d *document) own(sec int, fn func(i int, l line)) {
	s := d.sections[sec]
	for i := s.begin + 1; i < s.end; i++ {
		if d.lines[i].in == sec {
			fn(i, d.lines[i])
		}
	}
}

// first returns the first property of a name that stands directly in a section.
func (d *document) first(sec int, name string) (line, bool) {
	s := d.sections[sec]
	for i := s.begin + 1; i < s.end; i++ {
		if l := d.lines[i]; l.in == sec && l.name == name {
			return l, true
		}
	}
	return line{colon: -1, in: -1}, false
}

// readLines splits a text into logical lines. Joining their raw parts gives the text back.
func readLines(s string) []line {
	lines := make([]line, 0, strings.Count(s, "\n")+1)
	for start := 0; start < len(s); {
		end := lineEnd(s, start)
		folded := false
		for end < len(s) && (s[end] == ' ' || s[end] == '\t') {
			end = lineEnd(s, end)
			folded = true
		}
		raw := s[start:end]
		lines = append(lines, newLine(raw, folded))
		start = end
	}
	if len(lines) > 0 && strings.HasPrefix(lines[0].text, "\ufeff") {
		bom := lines[0]
		lines[0] = parseLine(strings.TrimPrefix(bom.text, "\ufeff"))
		lines[0].raw = bom.raw
	}
	return lines
}

func lineEnd(s string, start int) int {
	if n := strings.IndexByte(s[start:], '\n'); n >= 0 {
		return start + n + 1
	}
	return len(s)
}

func newLine(raw string, folded bool) line {
	text := strings.TrimRight(raw, "\r\n")
	if folded {
		text = unfold(raw)
	}
	l := parseLine(text)
	l.raw = raw
	return l
}

// unfold joins physical lines before anything decodes them: a fold may stand within a UTF-8 sequence.
func unfold(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for start := 0; start < len(raw); {
		end := lineEnd(raw, start)
		part := strings.TrimRight(raw[start:end], "\r\n")
		if start > 0 && part != "" {
			part = part[1:]
		}
		b.WriteString(part)
		start = end
	}
	return b.String()
}

func parseLine(text string) line {
	l := line{text: text, colon: valueColon(text), in: -1}
	if l.colon >= 0 {
		name, _, _ := strings.Cut(text[:l.colon], ";")
		l.name = strings.ToUpper(name)
	}
	return l
}

// valueColon finds the colon before the value: the first one outside quotes, or the first one where quotes
// are not balanced.
func valueColon(text string) int {
	first := strings.IndexByte(text, ':')
	if first < 0 || strings.IndexByte(text[:first], '"') < 0 {
		return first
	}
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i
			}
		}
	}
	return first
}
