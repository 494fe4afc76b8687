package feed

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"convoke/calendar"
)

// maxLine is the length in octets at which a line is folded (RFC 5545, 3.1).
const maxLine = 75

// writeLine writes a logical line, folded between characters.
func writeLine(to *bytes.Buffer, text string) {
	room := maxLine
	for len(text) > room {
		end := room
		for end > 1 && !utf8.RuneStart(text[end]) {
			end--
		}
		to.WriteString(text[:end] + "\r\n ")
		text, room = text[end:], maxLine-1
	}
	to.WriteString(text + "\r\n")
}

var textEncoder = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, ";", `\;`, ",", `\,`)

// encodeText writes a TEXT value (RFC 5545, 3.3.11), without control characters.
func encodeText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, textEncoder.Replace(s))
}

func sortedByName(zones map[string]*part) []*part {
	sorted := make([]*part, 0, len(zones))
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		sorted = append(sorted, zones[name])
	}
	return sorted
}

// wellKnown tells whether a time zone's name alone says what it is: one of the IANA database, also behind a vendor's
// prefix, or one of Windows. Package calendar, and most programs, do not look at the definition then.
func wellKnown(name string) bool {
	if _, ok := calendar.WindowsZone(name); ok {
		return true
	}
	parts := strings.Split(name, "/")
	for _, n := range []int{len(parts), 3, 2} {
		if n <= len(parts) && isIANA(strings.Join(parts[len(parts)-n:], "/")) {
			return true
		}
	}
	return false
}

func isIANA(name string) bool {
	if name == "" || strings.EqualFold(name, "Local") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
