package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestObject(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"defaults", "SUMMARY:Budget @meet", "BEGIN:VEVENT UID:budget DTSTAMP:20261101T080000Z DTSTART:20261124T090000Z DTEND:20261124T100000Z SUMMARY:Budget @meet END:VEVENT"},
		{"a duration takes the place of the end", "DURATION:PT1H\nSUMMARY:x", "BEGIN:VEVENT UID:budget DTSTAMP:20261101T080000Z DTSTART:20261124T090000Z DURATION:PT1H SUMMARY:x END:VEVENT"},
		{"one property twice", "SUMMARY:x\nRDATE:1\nRDATE:2", "BEGIN:VEVENT UID:budget DTSTAMP:20261101T080000Z DTSTART:20261124T090000Z DTEND:20261124T100000Z SUMMARY:x RDATE:1 RDATE:2 END:VEVENT"},
		{"an override", "SUMMARY:x\n\nRECURRENCE-ID:1\nSUMMARY:y", "BEGIN:VEVENT UID:budget DTSTAMP:20261101T080000Z DTSTART:20261124T090000Z DTEND:20261124T100000Z SUMMARY:x END:VEVENT " +
			"BEGIN:VEVENT UID:budget DTSTAMP:20261101T080000Z RECURRENCE-ID:1 SUMMARY:y END:VEVENT"},
		{"whole components", "BEGIN:VEVENT\nUID:own\nEND:VEVENT", "BEGIN:VEVENT UID:own END:VEVENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := "BEGIN:VCALENDAR VERSION:2.0 PRODID:-//Example//Calendar//EN " + c.want + " END:VCALENDAR "
			assert.Equal(t, want, strings.ReplaceAll(Object("work/budget", c.body+"\n"), "\r\n", " "))
		})
	}
	assert.Equal(t, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", Object("work/x", "BEGIN:VCALENDAR\nEND:VCALENDAR"))
}

func TestEdited(t *testing.T) {
	before := "DTSTART:zone\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:1\r\nSUMMARY:old\r\nURL:u\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, c := range []struct{ name, edits, old, with, failure string }{
		{"a property", "SUMMARY;LANGUAGE=de:neu", "SUMMARY:old", "SUMMARY;LANGUAGE=de:neu", ""},
		{"not that of a time zone", "DTSTART:2", "DTSTART:1", "DTSTART:2", ""},
		{"a property that was not there", "LOCATION:x", "END:VEVENT", "LOCATION:x\r\nEND:VEVENT", ""},
		{"one more of a kind", "+ URL:v", "END:VEVENT", "URL:v\r\nEND:VEVENT", ""},
		{"without a line", "- URL", "URL:u\r\n", "", ""},
		{"text", "old => new", "old", "new", ""},
		{"two edits", "old => new\n\n- URL", "old\r\nURL:u", "new", ""},
		{"no such line", "- LOCATION", "", "", "no such line"},
		{"no such text", "x => y", "", "", "no such text"},
		{"no edit", "what?", "", "", "no edit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, err := Edited(before, c.edits)
			if c.failure != "" {
				require.ErrorContains(t, err, c.failure)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, strings.Replace(before, c.old, c.with, 1), after)
		})
	}
}

func TestRenamed(t *testing.T) {
	text := Object("work/a", "SUMMARY:x\n\nRECURRENCE-ID:1")
	assert.Equal(t, Object("work/b", "SUMMARY:x\n\nRECURRENCE-ID:1"), Renamed(text, "home/b"))
}
