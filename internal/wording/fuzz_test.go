package wording_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"convoke/internal/wording"
)

// FuzzWords: whatever the platform calls a number, a place or a topic, in whatever language it is told, each line of the block is
// one line, none ends the block or declines the meeting, and one has the link.
func FuzzWords(f *testing.F) {
	words := builtIn(f)
	f.Add("de-CH", "9974-7653-8886-0485", "+41 44 555 01 23", "Zürich", "654321", "topic")
	f.Add("fr_FR.UTF-8", "1\r\nATTACH:x", "+1\u2028x", "a\u0085b", "1\n2", "a\nb")
	f.Add("xx-"+strings.Repeat("a-", 50), "--------", "#nomeet", "{{.JoinURL}}", "----", "\xff\xfe")
	f.Add("", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, lang, number, phone, label, pin, topic string) {
		const url = "https://meeting.example.com/join/1"
		lines := words.Lines(lang, wording.Data{
			JoinURL: url, Number: number, PIN: pin, Marker: "#nomeet",
			Dial: []wording.Dial{{Number: phone, Label: label, Country: number}, {Number: label, Label: phone}},
		})
		require.Contains(t, strings.Join(lines, "\n"), url)
		require.LessOrEqual(t, len(lines), 40)
		for _, l := range append(lines, words.Cancelled(lang, topic), words.Heading(lang), words.Private(lang)) {
			require.False(t, strings.ContainsFunc(l, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), "%q", l)
			require.Equal(t, strings.ToValidUTF8(l, ""), l)
		}
		for _, l := range lines {
			require.False(t, strings.HasPrefix(l, "----"), l)
			require.NotEqual(t, "#nomeet", strings.ToLower(l))
		}
	})
}
