package feed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/feed"
)

// Feeds that are made to be slow cost no more than their length does. One that were quadratic would take hours.
func TestBombs(t *testing.T) {
	repeat := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i) + "\r\n")
		}
		return b.String()
	}
	const many = 100_000
	events := repeat(10_000, func(i int) string { return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%d\r\nEND:VEVENT", i) })
	for _, c := range []struct {
		name, text string
		rows       int
	}{
		{"long header", vcalendar(repeat(many, func(i int) string { return fmt.Sprintf("X-%d:x", i) }), events), 10_000},
		{"one UID", vcalendar(repeat(many, func(i int) string { return fmt.Sprintf("BEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:%d\r\nEND:VEVENT", i) })), 1},
		{"one event over and over", vcalendar(repeat(many, func(int) string { return "BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT" })), 1},
		{"many zones", vcalendar(repeat(many, func(i int) string { return fmt.Sprintf("BEGIN:VTIMEZONE\r\nTZID:%d\r\nEND:VTIMEZONE", i) }), events), 10_000},
		{"many zones in one event", vcalendar("BEGIN:VEVENT\r\nUID:a\r\n", repeat(many, func(i int) string { return fmt.Sprintf("RDATE;TZID=%d:20260101T000000", i) }), "END:VEVENT\r\n"), 1},
		{"many folds", vcalendar("BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:x\r\n", strings.Repeat(" \r\n", many), "END:VEVENT\r\n"), 1},
		{"many calendars", strings.Repeat(vcalendar(), many), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			rows, err := feed.Split(c.text)
			require.NoError(t, err)
			assert.Len(t, rows, c.rows)
			assert.Less(t, time.Since(began), 30*time.Second)
		})
	}
}
