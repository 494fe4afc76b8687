package meetingapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// calendar puts lines into a VCALENDAR, with the line ends of RFC 5545.
func calendar(lines ...string) string {
	all := append(append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"}, lines...), "END:VCALENDAR", "")
	return strings.Join(all, "\r\n")
}

func event(lines ...string) string {
	return calendar(append(append([]string{"BEGIN:VEVENT"}, lines...), "END:VEVENT")...)
}

func TestFeedEntry(t *testing.T) {
	start := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		lines []string
		want  FeedEntry
	}{
		"all of it": {
			[]string{
				"UID:u1", "SUMMARY:Budget\\, 2nd", "DESCRIPTION:one\\ntwo", "LOCATION:Room 1", "URL:https://example.com/x",
				"DTSTART:20260701T090000Z", "DTEND:20260701T100000Z",
			},
			FeedEntry{
				UID: "u1", Summary: "Budget, 2nd", Description: "one\ntwo", Location: "Room 1",
				URL: "https://example.com/x", Start: start, End: start.Add(time.Hour),
			},
		},
		"zone by name": {
			[]string{"UID:u1", `DTSTART;TZID="Europe/Paris":20260701T110000`, "DTEND;TZID=Europe/Paris:20260701T120000"},
			FeedEntry{UID: "u1", Start: start, End: start.Add(time.Hour)},
		},
		"zone unknown":  {[]string{"UID:u1", "DTSTART;TZID=Mars/Base:20260701T110000"}, FeedEntry{UID: "u1"}},
		"zone of ours":  {[]string{"UID:u1", "DTSTART;TZID=Local:20260701T110000"}, FeedEntry{UID: "u1"}},
		"floating":      {[]string{"UID:u1", "DTSTART:20260701T110000"}, FeedEntry{UID: "u1"}},
		"date":          {[]string{"UID:u1", "DTSTART;VALUE=DATE:20260701"}, FeedEntry{UID: "u1"}},
		"lower case":    {[]string{"uid:u1", "summary:x"}, FeedEntry{UID: "u1", Summary: "x"}},
		"folded":        {[]string{"UID:u", " 1", "SUMMARY:a", "\tb"}, FeedEntry{UID: "u1", Summary: "ab"}},
		"alarm within":  {[]string{"BEGIN:VALARM", "DESCRIPTION:no", "END:VALARM", "UID:u1"}, FeedEntry{UID: "u1"}},
		"broken line":   {[]string{"UID:u1", "X;A=b", "SUMMARY;=:x", "nonsense"}, FeedEntry{UID: "u1", Summary: "x"}},
		"nothing in it": {nil, FeedEntry{}},
	} {
		t.Run(name, func(t *testing.T) {
			entries, err := parseFeed([]byte(event(tc.lines...)))
			require.NoError(t, err)
			require.Len(t, entries, 1)
			assert.True(t, strings.HasPrefix(entries[0].Raw, "BEGIN:VEVENT\n"), entries[0].Raw)
			assert.True(t, strings.HasSuffix(entries[0].Raw, "\nEND:VEVENT\n"), entries[0].Raw)
			entries[0].Raw = ""
			assert.Equal(t, tc.want, entries[0])
		})
	}
}

func TestFeedRawIsUnfolded(t *testing.T) {
	entries, err := parseFeed([]byte(event("UID:u1", "X-REF:abcdef", " ghijkl")))
	require.NoError(t, err)
	assert.Equal(t, "BEGIN:VEVENT\nUID:u1\nX-REF:abcdefghijkl\nEND:VEVENT\n", entries[0].Raw)
}

func TestFeedThatIsComplete(t *testing.T) {
	zone := []string{"BEGIN:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VTODO", "END:VTODO"}
	for name, tc := range map[string]struct {
		feed string
		want int
	}{
		"no events":       {calendar(), 0},
		"other things":    {calendar(zone...), 0},
		"bare line feeds": {strings.ReplaceAll(event("UID:1"), "\r\n", "\n"), 1},
		"no last newline": {strings.TrimRight(event("UID:1"), "\r\n"), 1},
		"byte order mark": {"\ufeff" + event("UID:1"), 1},
		"two calendars":   {event("UID:1") + event("UID:2"), 2},
		"blank lines":     {strings.ReplaceAll(event("UID:1"), "\r\n", "\r\n\r\n"), 1},
		"lower case":      {strings.ToLower(event("UID:1")), 1},
	} {
		t.Run(name, func(t *testing.T) {
			entries, err := parseFeed([]byte(tc.feed))
			require.NoError(t, err)
			assert.NotNil(t, entries)
			assert.Len(t, entries, tc.want)
		})
	}
}

func TestFeedCutAnywhereIsAnError(t *testing.T) {
	whole := strings.TrimRight(event("UID:u1", "SUMMARY:x"), "\r\n")
	for n := range len(whole) {
		entries, err := parseFeed([]byte(whole[:n]))
		require.Error(t, err, "%q", whole[:n])
		assert.Nil(t, entries)
	}
}

func TestFeedThatIsNone(t *testing.T) {
	for name, text := range map[string]string{
		"html":             "<html></html>",
		"json":             `{"responseCode":0}`,
		"vcard":            "BEGIN:VCARD\r\nEND:VCARD\r\n",
		"event alone":      "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
		"crossed ends":     calendar("BEGIN:VEVENT", "BEGIN:VALARM", "END:VEVENT", "END:VALARM"),
		"text behind":      calendar() + "hello",
		"second one cut":   calendar() + "BEGIN:VCALENDAR\r\n",
		"end without open": "END:VCALENDAR\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseFeed([]byte(text))
			assert.ErrorContains(t, err, "the feed is not a complete calendar")
		})
	}
}

func BenchmarkFeed(b *testing.B) {
	var lines []string
	for i := range 1000 {
		lines = append(lines, "BEGIN:VEVENT", fmt.Sprintf("UID:%d", i), "SUMMARY:Meeting", "DTSTART:20260701T090000Z",
			"DTEND:20260701T100000Z", "DESCRIPTION:reference ABCDEFGHIJ0123456789", "END:VEVENT")
	}
	text := []byte(calendar(lines...))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if entries, err := parseFeed(text); err != nil || len(entries) != 1000 {
			b.Fatal(len(entries), err)
		}
	}
}
