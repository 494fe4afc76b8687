package calendar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// decodeText reads a TEXT value (RFC 5545, 3.3.11). Servers escape more than they should: a backslash before a
// colon or a quote goes as well, any other unknown escape stays as it is.
func decodeText(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		c, n := decodeChar(raw[i:])
		b.WriteByte(c)
		i += n
	}
	return b.String()
}

// decodeChar reads one byte of a TEXT value and says how many raw bytes it takes.
func decodeChar(raw string) (c byte, n int) {
	if raw[0] != '\\' || len(raw) < 2 {
		return raw[0], 1
	}
	switch raw[1] {
	case 'n', 'N':
		return '\n', 2
	case '\\', ',', ';', ':', '"':
		return raw[1], 2
	}
	return '\\', 1
}

// encodeText escapes a TEXT value (RFC 5545, 3.3.11).
func encodeText(s string) string { return textEscaper.Replace(s) }

var textEscaper = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, ";", `\;`, ",", `\,`)

// splitList splits a value at its unescaped commas (RFC 5545, 3.1.1) and decodes the parts.
func splitList(raw string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case ',':
			parts = append(parts, decodeText(raw[start:i]))
			start = i + 1
		}
	}
	return append(parts, decodeText(raw[start:]))
}

// A rawText is a TEXT value that is edited without touching what is not meant: the decoded text, and where in
// the raw value each of its bytes came from.
type rawText struct {
	raw  string
	text string
	at   []int // at[i] is the raw offset of text[i]; one more for the end
}

func newRawText(raw string) *rawText {
	t := &rawText{raw: raw, at: make([]int, 0, len(raw)+1)}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		c, n := decodeChar(raw[i:])
		b.WriteByte(c)
		t.at = append(t.at, i)
		i += n
	}
	t.at = append(t.at, len(raw))
	t.text = b.String()
	return t
}

// A span is a part of a text.
type span struct{ from, to int }

// A change puts something else in the place of a span.
type change struct {
	span
	by string
}

// splice replaces one span; the raw value around it stays as it is.
func (t *rawText) splice(s span, by string) { t.apply([]change{{s, by}}) }

// apply makes changes, which are in the order of the text. One that begins within the last one begins where that ends: two
// blocks may share the line end between them.
//
// A backslash that escapes nothing would escape what comes to stand behind it, so it is doubled. A line end that is put there is
// written as \N, by which the second backslash is known when that line end is removed with all behind it.
func (t *rawText) apply(changes []change) {
	if len(changes) == 0 {
		return
	}
	var w rawWriter
	done := 0
	for _, c := range changes {
		from := max(c.from, done)
		if from > done && c.by == "" && c.to == len(t.text) && strings.HasPrefix(t.raw[t.at[from-1]:], `\\\N\n`) {
			w.keep(t, done, from-1)
			w.put(`\`)
		} else {
			w.keep(t, done, from)
			w.put(encodeText(c.by))
		}
		done = max(c.to, done)
	}
	w.keep(t, done, len(t.text))
	*t = *newRawText(w.String())
}

// A rawWriter puts a raw value together.
type rawWriter struct {
	strings.Builder
	open bool // it ends in a backslash that escapes nothing
}

// keep takes a part of a text over.
func (w *rawWriter) keep(t *rawText, from, to int) {
	if from < to {
		w.put(t.raw[t.at[from]:t.at[to]])
		w.open = t.raw[t.at[to-1]:t.at[to]] == `\`
	}
}

func (w *rawWriter) put(raw string) {
	if raw == "" {
		return
	}
	if _, n := decodeChar(`\` + raw[:1]); w.open && n > 1 {
		w.WriteByte('\\')
		if rest, ok := strings.CutPrefix(raw, `\n`); ok {
			raw = `\N` + rest
		}
	}
	w.WriteString(raw)
	w.open = false
}

// hasControl tells whether a text has what RFC 5545 (3.1, CONTROL) forbids in a value, line ends included, or is no UTF-8; or what
// ends a line for programs that split them as Unicode does: C1 controls, NEL among them, LS and PS.
func hasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' || r == '\u2028' || r == '\u2029' {
			return true
		}
	}
	return !utf8.ValidString(s)
}
