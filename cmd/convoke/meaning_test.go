package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A property is one content line (RFC 5545, 3.1) without what does not count: case of names, folding, the order and the
// quotes of parameters.
type property struct {
	path   string // the components around it: VCALENDAR/VEVENT
	name   string
	params []string // NAME=value, sorted
	value  string
}

func (p property) String() string {
	return fmt.Sprintf("%s %s;%s:%s", p.path, p.name, strings.Join(p.params, ";"), p.value)
}

// properties reads an object into its properties, sorted: their order does not count either. It is written for the tests
// and shares nothing with package calendar.
func properties(data string) []property {
	data = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(data)
	var all []property
	var path []string
	for line := range strings.Lines(data) {
		p := readProperty(strings.TrimRight(line, "\r\n"))
		switch p.name {
		case "":
			continue
		case "BEGIN":
			path = append(path, strings.ToUpper(p.value))
			continue
		case "END":
			path = path[:len(path)-1]
			continue
		}
		p.path = strings.Join(path, "/")
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b property) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// readProperty splits a line at the separators that are not in quotes.
func readProperty(line string) property {
	var parts []string
	quoted, from := false, 0
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ';':
			parts = append(parts, line[from:i])
			from = i + 1
		case c == ':':
			parts = append(parts, line[from:i])
			p := property{name: strings.ToUpper(parts[0]), value: line[i+1:]}
			for _, raw := range parts[1:] {
				key, value, _ := strings.Cut(raw, "=")
				p.params = append(p.params, strings.ToUpper(key)+"="+strings.ReplaceAll(value, `"`, ""))
			}
			slices.Sort(p.params)
			return p
		}
	}
	return property{}
}

// meaning is an object as one line a property; clean may change one or leave it out.
func meaning(data string, clean func(property) (property, bool)) []string {
	var lines []string
	for _, p := range properties(data) {
		if p, keep := clean(p); keep {
			lines = append(lines, p.String())
		}
	}
	slices.Sort(lines)
	return lines
}

func TestMeaning(t *testing.T) {
	all := func(p property) (property, bool) { return p, true }
	const event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:A rather lo\r\n ng title\r\nDTSTART;VALUE=DATE-TIME;TZID=\"Europe/Bonn\":x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for name, c := range map[string]struct {
		other string
		same  bool
	}{
		"order, case, folding and quotes": {"begin:vcalendar\nBEGIN:VEVENT\ndtstart;tzid=Europe/Bonn;VALUE=DATE-TIME:x\nSUMMARY:A rather long title\nEND:VEVENT\nEND:VCALENDAR\n", true},
		"another value":                   {strings.Replace(event, "A rather", "a rather", 1), false},
		"another parameter":               {strings.Replace(event, "Bonn", "Berlin", 1), false},
		"a property less":                 {strings.Replace(event, "SUMMARY:A rather lo\r\n ng title\r\n", "", 1), false},
		"a property more":                 {strings.Replace(event, "END:VEVENT", "X-A:1\r\nEND:VEVENT", 1), false},
		"in another component":            {strings.NewReplacer("DTSTART;VALUE=DATE-TIME;TZID=\"Europe/Bonn\":x\r\n", "", "END:VCALENDAR", "DTSTART;VALUE=DATE-TIME;TZID=Europe/Bonn:x\r\nEND:VCALENDAR").Replace(event), false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.same, slices.Equal(meaning(event, all), meaning(c.other, all)))
		})
	}
}
