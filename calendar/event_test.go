package calendar_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

func parse(t testing.TB, data []byte) *calendar.Event {
	t.Helper()
	brussels, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	e, err := calendar.Parse(data, brussels)
	require.NoError(t, err)
	return e
}

// event builds an object of one VEVENT with these lines.
func event(lines ...string) []byte {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:u1", "DTSTAMP:20261101T090000Z", "DTSTART:20261210T140000Z"}, lines...)
	return []byte(strings.Join(append(all, "END:VEVENT", "END:VCALENDAR", ""), "\r\n"))
}

func TestParseProperties(t *testing.T) {
	e := parse(t, load(t, "quoted-parameters.ics"))
	assert.Equal(t, "quoted-1", e.UID)
	require.Len(t, e.Components, 1)
	c := e.Components[0]
	assert.Equal(t, "alice@example.com", c.Organizer)
	assert.Equal(t, "pat@example.com", c.SentBy)
	assert.Equal(t, []string{"bob@example.com", "urn:uuid:0c0ffee0-0000-4000-8000-000000000001"}, c.Attendees)
	assert.Equal(t, "Room 5, second floor", c.Location)
	assert.Equal(t, "Quoted", c.Summary)
	assert.Same(t, c, e.Master())
	assert.False(t, e.Recurring())
	assert.Empty(t, c.ZoneNote)

	c = parse(t, event(`STATUS:cancelled`, `CLASS:Confidential`, `CATEGORIES:Team\, A,,@meet`, `CATEGORIES: Other `, `SEQUENCE:7`,
		`X-CONVOKE;VALUE=TEXT:v1.a.b.0.c`, `URL:https://example.com/a`, `CONFERENCE;VALUE=URI:https\://example.com/b`,
		`X-ALT-DESC;FMTTYPE=text/plain:plain`, `X-ALT-DESC;FMTTYPE=TEXT/HTML:<p>a\;b</p>`, `ORGANIZER:https://example.com/Principals/Alice`)).Components[0]
	assert.Equal(t, "CANCELLED", c.Status)
	assert.Equal(t, "CONFIDENTIAL", c.Class)
	assert.Equal(t, []string{"Team, A", "@meet", "Other"}, c.Categories)
	assert.Equal(t, 7, c.Sequence)
	assert.Equal(t, "v1.a.b.0.c", c.Seal)
	assert.Equal(t, "https://example.com/a", c.URL)
	assert.Equal(t, []string{"https://example.com/b"}, c.Conferences)
	assert.Equal(t, "<p>a;b</p>", c.HTML)
	assert.Equal(t, "https://example.com/principals/alice", c.Organizer)
}

func TestParseLowerCaseFoldedAndNested(t *testing.T) {
	c := parse(t, load(t, "lower-case.ics")).Components[0]
	assert.Equal(t, "alice@example.com", c.Organizer)
	assert.Equal(t, "@MEET", c.Location)
	assert.Equal(t, time.Date(2026, 12, 10, 13, 0, 0, 0, time.UTC), c.Start.UTC())

	for _, name := range []string{"folded-utf8.ics", "folded-within-utf8.ics"} {
		c = parse(t, load(t, name)).Components[0]
		assert.Equal(t, "Gespräch über Grüße und Straßen in Österreich, Ärger und Übermut — mit Umlauten", c.Summary, name)
		assert.Equal(t, "Erste Zeile\n@meet\nLetzte Zeile mit „Anführung“", c.Description, name)
	}

	e := parse(t, load(t, "nested-alarm.ics"))
	assert.Equal(t, "alarm-1", e.UID)
	assert.Equal(t, "Behind the alarm", e.Components[0].Description)
	assert.Empty(t, e.Components[0].Location)
}

func TestParseSeries(t *testing.T) {
	e := parse(t, load(t, "series-with-override.ics"))
	require.Len(t, e.Components, 2)
	assert.True(t, e.Recurring())
	assert.Same(t, e.Components[0], e.Master())
	assert.Equal(t, "20261208T100000", e.Components[1].RecurrenceID)

	override := event("RECURRENCE-ID:20261210T140000Z")
	e = parse(t, override)
	assert.Nil(t, e.Master())
	assert.True(t, e.Recurring())
	assert.True(t, parse(t, event("RDATE:20261211T140000Z")).Recurring())
}

func TestParseErrors(t *testing.T) {
	vevent := "BEGIN:VEVENT\r\nUID:%\r\nDTSTART:20261210T140000Z\r\nEND:VEVENT\r\n"
	object := func(uids ...string) string {
		s := "BEGIN:VCALENDAR\r\n"
		for _, uid := range uids {
			s += strings.Replace(vevent, "%", uid, 1)
		}
		return s + "END:VCALENDAR\r\n"
	}
	cases := []struct {
		name, data string
		want       error
	}{
		{"nothing", "", calendar.ErrMalformed},
		{"HTML", "<html><body>502: Bad Gateway</body></html>", calendar.ErrMalformed},
		{"cut off", object("a")[:60], calendar.ErrMalformed},
		{"crossed", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT\n", calendar.ErrMalformed},
		{"two calendars", object("a") + object("a"), calendar.ErrMalformed},
		{"BEGIN with parameters", "BEGIN;X=1:VCALENDAR\nEND:VCALENDAR\n", calendar.ErrMalformed},
		{"property outside", object("a") + "UID:b\r\n", calendar.ErrMalformed},
		{"no DTSTART", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:VCALENDAR\n", calendar.ErrMalformed},
		{"bad DTSTART", strings.Replace(object("a"), "20261210T140000Z", "next Tuesday", 1), calendar.ErrMalformed},
		{"bad DURATION", strings.Replace(object("a"), "UID:a", "UID:a\r\nDURATION:an hour", 1), calendar.ErrMalformed},
		{"bad DTEND", strings.Replace(object("a"), "UID:a", "UID:a\r\nDTEND:20269999T140000Z", 1), calendar.ErrMalformed},
		{"a task", strings.ReplaceAll(object("a"), "VEVENT", "VTODO"), calendar.ErrNoEvent},
		{"empty", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", calendar.ErrNoEvent},
		{"no UID", strings.Replace(object("a"), "UID:a\r\n", "", 1), calendar.ErrNoUID},
		{"empty UID", object(""), calendar.ErrNoUID},
		{"two UIDs", object("a", "b"), calendar.ErrSeveralUIDs},
		{"too large", strings.Replace(object("a"), "UID:a", "UID:a\r\nX-A:"+strings.Repeat("x", calendar.MaxObject), 1), calendar.ErrTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := calendar.Parse([]byte(c.data), nil)
			assert.ErrorIs(t, err, c.want)
			assert.Nil(t, e)
		})
	}
	_, err := calendar.Parse([]byte(object("a", "a")), nil)
	assert.NoError(t, err)
	_, err = calendar.Parse(append([]byte("\ufeff"), object("a")...), nil)
	assert.NoError(t, err, "with a byte order mark")
}

func TestDataIsWhatWasGiven(t *testing.T) {
	data := load(t, "mixed-line-ends.ics")
	e := parse(t, data)
	assert.True(t, bytes.Equal(data, e.Data()))
}

func TestLinks(t *testing.T) {
	links := parse(t, load(t, "other-tool.ics")).Components[0].Links()
	assert.Equal(t, []string{
		"https://us02web.zoom.us/j/81234567890?pwd=abc",
		"https://wiki.example.com/page",
		"https://wiki.example.com/a_(b)",
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting",
		"https://meet.google.com/abc-defg-hij",
		"https://example.com/bar",
	}, links)

	links = parse(t, load(t, "outlook-display-name.ics")).Components[0].Links()
	assert.Equal(t, []string{"https://wiki.example.com/q?a=1&b=2"}, links)
	assert.Empty(t, parse(t, event("LOCATION:no link here")).Components[0].Links())
}
