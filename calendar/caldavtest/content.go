package caldavtest

import (
	"bytes"
	"slices"
	"strings"
)

// A content is an object as its content lines (RFC 5545, 3.1). Those that nobody changes keep their bytes.
type content []contentLine

type contentLine struct {
	raw   string // with folds and line end
	text  string // without
	event int    // the VEVENT whose own property it is, from 0; -1 for none
}

func readContent(data []byte) content {
	var out content
	text := string(data)
	for from := 0; from < len(text); {
		to := endOfLine(text, from)
		folds := to
		for to < len(text) && (text[to] == ' ' || text[to] == '\t') {
			to = endOfLine(text, to)
		}
		raw := text[from:to]
		line := raw
		if to > folds {
			line = unfolder.Replace(raw)
		}
		out = append(out, contentLine{raw: raw, text: strings.TrimRight(line, "\r\n"), event: -1})
		from = to
	}
	out.assign()
	return out
}

var unfolder = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "")

// endOfLine is where the next physical line begins.
func endOfLine(text string, from int) int {
	if n := strings.IndexByte(text[from:], '\n'); n >= 0 {
		return from + n + 1
	}
	return len(text)
}

// assign finds out to which VEVENT each line belongs.
func (c content) assign() {
	event, depth := -1, 0
	for i := range c {
		switch upper := strings.ToUpper(c[i].text[:min(len(c[i].text), len("BEGIN:VEVENT")+1)]); {
		case depth == 0 && upper == "BEGIN:VEVENT":
			event, depth = event+1, 1
		case depth == 1 && upper == "END:VEVENT":
			depth = 0
		case depth > 0 && strings.HasPrefix(upper, "BEGIN:"):
			depth++
		case depth > 1 && strings.HasPrefix(upper, "END:"):
			depth--
		case depth == 1:
			c[i].event = event
		}
	}
}

func (c content) bytes() []byte {
	var out bytes.Buffer
	for _, l := range c {
		out.WriteString(l.raw)
	}
	return out.Bytes()
}

// each changes the properties of a name in all VEVENTs: fn returns the new line, "" to remove it.
func (c content) each(property string, fn func(l contentLine) string) content {
	out := make(content, 0, len(c))
	for _, l := range c {
		if l.event >= 0 && name(l.text) == property {
			text := fn(l)
			if text == "" {
				continue
			}
			if text != l.text {
				l.text, l.raw = text, folded(text)
			}
		}
		out = append(out, l)
	}
	return out
}

// set gives every VEVENT exactly one property of that name; value sees the old value, "" for none.
func (c content) set(property string, value func(old string) string) content {
	old := map[int]string{}
	for _, l := range c {
		if l.event >= 0 && name(l.text) == property {
			_, old[l.event], _ = cutValue(l.text)
		}
	}
	out, event := make(content, 0, len(c)+1), -1
	for _, l := range c {
		if l.event >= 0 && name(l.text) == property {
			continue
		}
		out = append(out, l)
		if strings.EqualFold(l.text, "BEGIN:VEVENT") {
			event++
			text := property + ":" + value(old[event])
			out = append(out, contentLine{raw: folded(text), text: text, event: event})
		}
	}
	return out
}

// take replaces the properties of some names in the first VEVENT by those of another object's first one.
func (c content) take(from content, names []string) content {
	taken := func(l contentLine) bool { return l.event == 0 && slices.Contains(names, name(l.text)) }
	out := make(content, 0, len(c))
	for _, l := range c {
		if taken(l) {
			continue
		}
		out = append(out, l)
		if strings.EqualFold(l.text, "BEGIN:VEVENT") && !slices.ContainsFunc(out, func(l contentLine) bool { return l.event >= 0 }) {
			for _, f := range from {
				if taken(f) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// values are those of a property in one VEVENT.
func (c content) values(event int, property string) []string {
	var out []string
	for _, l := range c {
		if l.event == event && name(l.text) == property {
			_, value, _ := cutValue(l.text)
			out = append(out, value)
		}
	}
	return out
}

// first is the first value of a property in any VEVENT.
func (c content) first(property string) string {
	for _, l := range c {
		if l.event >= 0 && name(l.text) == property {
			_, value, _ := cutValue(l.text)
			return value
		}
	}
	return ""
}

// events are the properties of each VEVENT by its RECURRENCE-ID, then by name, sorted.
func (c content) events() map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for _, l := range c {
		if l.event < 0 {
			continue
		}
		id := c.id(l)
		if out[id] == nil {
			out[id] = map[string][]string{}
		}
		n := name(l.text)
		out[id][n] = append(out[id][n], l.text)
		slices.Sort(out[id][n])
	}
	return out
}

// changes are the names of the properties that differ between two states, sorted; those of people are left out.
func changes(old, now content) []string {
	was, is := old.events(), now.events()
	found := map[string]bool{}
	compare := func(a, b map[string]map[string][]string) {
		for id, properties := range a {
			if b[id] == nil {
				found["RECURRENCE-ID"] = true
			}
			for n, lines := range properties {
				if b[id] != nil && !slices.Equal(lines, b[id][n]) {
					found[n] = true
				}
			}
		}
	}
	compare(was, is)
	compare(is, was)
	delete(found, "ATTENDEE")
	delete(found, "ORGANIZER")
	return sorted(found)
}

func sorted(set map[string]bool) []string {
	var out []string
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func folded(text string) string {
	var out bytes.Buffer
	writeLines(&out, []string{text})
	return out.String()
}
