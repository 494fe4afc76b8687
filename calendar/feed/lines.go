package feed

import (
	"iter"
	"strings"
)

// A line is one logical line (RFC 5545, 3.1).
type line struct {
	from, to int    // where its physical lines stand in the text, line ends included
	text     string // unfolded, without line end
}

// lines goes through a text line by line. A byte order mark before the first one is no part of it.
func lines(s string) iter.Seq[line] {
	return func(yield func(line) bool) {
		start := len(s) - len(strings.TrimPrefix(s, "\ufeff"))
		for start < len(s) {
			end := lineEnd(s, start)
			folded := false
			for end < len(s) && (s[end] == ' ' || s[end] == '\t') {
				end, folded = lineEnd(s, end), true
			}
			text := strings.TrimRight(s[start:end], "\r\n")
			if folded {
				text = unfold(s[start:end])
			}
			if !yield(line{start, end, text}) {
				return
			}
			start = end
		}
	}
}

func lineEnd(s string, start int) int {
	if n := strings.IndexByte(s[start:], '\n'); n >= 0 {
		return start + n + 1
	}
	return len(s)
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

func (l line) blank() bool { return strings.TrimSpace(l.text) == "" }

// name is the property's name in upper case, "" where the line has none.
func (l line) name() string {
	end := strings.IndexAny(l.text, ":;")
	if end < 0 || strings.IndexByte(l.text[end:], ':') < 0 {
		return ""
	}
	return strings.ToUpper(l.text[:end])
}

// value is what follows the name and its parameters: the first colon outside quotes, or the first one where quotes are
// not balanced.
func (l line) value() string {
	first := strings.IndexByte(l.text, ':')
	if first < 0 || strings.IndexByte(l.text[:first], '"') < 0 {
		return l.text[first+1:]
	}
	quoted := false
	for i := range len(l.text) {
		switch {
		case l.text[i] == '"':
			quoted = !quoted
		case l.text[i] == ':' && !quoted:
			return l.text[i+1:]
		}
	}
	return l.text[first+1:]
}

// component is the value of BEGIN and END.
func (l line) component() string { return strings.ToUpper(strings.TrimSpace(l.value())) }

// textDecoder reads a TEXT value as package calendar does (RFC 5545, 3.3.11, and what servers escape besides).
var textDecoder = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\"`, `"`)

// zoneNames lists what a line may mean by its TZID, most likely first: some write a display name such as (UTC-05:00)
// Eastern Time, US without quotes.
func (l line) zoneNames() []string {
	if head, _, _ := strings.Cut(l.text, ":"); !strings.Contains(head, ";") {
		return nil
	}
	at := strings.Index(l.text, ";TZID=")
	if at < 0 {
		if at = strings.Index(strings.ToUpper(l.text), ";TZID="); at < 0 {
			return nil
		}
	}
	rest := l.text[at+len(";TZID="):]
	if quoted, found := strings.CutPrefix(rest, `"`); found {
		name, _, _ := strings.Cut(quoted, `"`)
		return []string{zoneName(name)}
	}
	short := rest[:max(0, strings.IndexAny(rest+":", ":;"))]
	long := rest[:max(0, strings.LastIndexByte(rest, ':'))]
	return []string{zoneName(short), zoneName(long)}
}

// zoneName brings the value of TZID and of the parameters that refer to it into one form.
func zoneName(raw string) string { return strings.Trim(textDecoder.Replace(raw), `" `) }
