package calendar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markers are the words by which an organizer asks for a meeting or declines one, such as "@meet" and "#nomeet". An
// empty one is never found.
type Markers struct{ Ask, Decline string }

// A Mark says where an organizer asked for a meeting.
type Mark struct {
	Property string // LOCATION, SUMMARY, CATEGORIES or DESCRIPTION
	Preset   string // "record" of "@meet:record"; "" = none
}

// Asked finds the ask marker: a whole word, in any case, in LOCATION or SUMMARY; a whole category; a line of its own in
// DESCRIPTION. The first of them counts.
func (m Markers) Asked(c *Component) (Mark, bool) { return findMark(c, m.Ask) }

// Declined tells whether the opt-out marker stands where Asked would look.
func (m Markers) Declined(c *Component) bool {
	_, ok := findMark(c, m.Decline)
	return ok
}

// Topic is the summary without the markers and without the spaces that they leave behind.
func (m Markers) Topic(summary string) string {
	cut := false
	for _, marker := range []string{m.Ask, m.Decline} {
		for found := true; found; cut = cut || found {
			summary, found = cutTokens(summary, marker)
		}
	}
	if !cut {
		return strings.TrimSpace(summary)
	}
	return strings.Join(strings.Fields(summary), " ")
}

// cutTokens puts a space in the place of each marker, in one go: a title may be a megabyte of them.
func cutTokens(text, marker string) (rest string, found bool) {
	var b strings.Builder
	for t, ok := findToken(text, marker); ok; t, ok = findToken(text, marker) {
		b.WriteString(text[:t.from] + " ")
		text, found = text[t.to:], true
	}
	return b.String() + text, found
}

func findMark(c *Component, marker string) (Mark, bool) {
	if t, ok := findToken(c.Location, marker); ok {
		return Mark{"LOCATION", t.preset}, true
	}
	if t, ok := findToken(c.Summary, marker); ok {
		return Mark{"SUMMARY", t.preset}, true
	}
	for _, category := range c.Categories {
		if t, ok := wholeToken(category, marker); ok {
			return Mark{"CATEGORIES", t.preset}, true
		}
	}
	if t, ok := findTokenLine(c.Description, marker); ok {
		return Mark{"DESCRIPTION", t.preset}, true
	}
	return Mark{}, false
}

// A token is a marker found in a text, with its preset.
type token struct {
	span
	preset string
}

// findToken finds the first marker that is a word of its own: not part of an address (bob@meet.example.com), of a longer
// word (@meetup) or of a path.
func findToken(text, marker string) (token, bool) {
	if marker == "" {
		return token{}, false
	}
	previous := ' '
	for i, r := range text {
		if opensToken(previous) {
			if t, ok := tokenAt(text, i, marker); ok {
				return t, true
			}
		}
		previous = r
	}
	return token{}, false
}

// wholeToken finds a marker that is all there is, spaces aside.
func wholeToken(text, marker string) (token, bool) {
	t, ok := findToken(text, marker)
	return t, ok && strings.TrimSpace(text[:t.from]) == "" && strings.TrimSpace(text[t.to:]) == ""
}

// findTokenLine finds a marker on a line of its own.
func findTokenLine(text, marker string) (token, bool) {
	start := 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		if t, ok := wholeToken(l, marker); ok {
			t.from, t.to = t.from+start, t.to+start
			return t, true
		}
		start += len(l)
	}
	return token{}, false
}

func tokenAt(text string, from int, marker string) (token, bool) {
	to := from + len(marker)
	if to > len(text) || !strings.EqualFold(text[from:to], marker) {
		return token{}, false
	}
	t := token{span: span{from, to}}
	if strings.HasPrefix(text[to:], ":") {
		t.preset = presetName(text[to+1:])
		if t.preset != "" {
			t.to = to + 1 + len(t.preset)
		}
	}
	t.preset = strings.ToLower(t.preset)
	return t, closesToken(text[t.to:])
}

func presetName(s string) string {
	n := 0
	for n < len(s) && (s[n] == '-' || s[n] == '_' || isAlnum(s[n])) {
		n++
	}
	return s[:n]
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func opensToken(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("([{<>\"'“„«,;:|–—\u200b", r)
}

// closesToken tells whether a word may end before rest: at a space, or at punctuation that does not go on as a word.
func closesToken(rest string) bool {
	r, n := utf8.DecodeRuneInString(rest)
	switch {
	case n == 0 || unicode.IsSpace(r) || strings.ContainsRune(")]}<>\"”“»,;|–—\u200b", r):
		return true
	case strings.ContainsRune(".:!?'’", r):
		next, m := utf8.DecodeRuneInString(rest[n:])
		return m == 0 || !unicode.IsLetter(next) && !unicode.IsDigit(next) && next != '/'
	}
	return false
}
