package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// TestLife follows an event from its booking to its end, over every kind of calendar: what the issue calls done.
func TestLife(t *testing.T) {
	for name, open := range benches() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			booked := b.book(t)
			b.idle(t)
			b.moved(t, booked)
			b.deleted(t)
			b.idle(t)
		})
	}
}

// marked has one of everything that servers are known to damage. Bob is invited, so that a server that schedules does.
const marked = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar 1.0//EN
BEGIN:VTIMEZONE
TZID:Europe/Brussels
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:budget@example.com
DTSTAMP:20260101T080000Z
CREATED:20260101T080000Z
LAST-MODIFIED:20260101T080000Z
SEQUENCE:0
SUMMARY:Budget\, Zürich and the long-winded explanation of all that is to be decided about it
DTSTART;TZID=Europe/Brussels:20990615T100000
DTEND;TZID=Europe/Brussels:20990615T110000
LOCATION:Room 5 @meet
DESCRIPTION:Bring the figures.\nAnd a pencil\; really.
ORGANIZER;CN="Alice, Accounts":mailto:alice@example.com
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@example.com
ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.com
CATEGORIES:Money,Plans
CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Phone:tel:+1-412-555-0123,,,654321
GEO:52.5;13.4
ATTACH:https://example.com/figures.pdf
COLOR:turquoise
TRANSP:OPAQUE
CLASS:PUBLIC
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="Room 5":geo:52.5,13.4
X-FOO;X-BAR="q;r":kept
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
`

const other = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar 1.0//EN
BEGIN:VEVENT
UID:dentist@example.com
DTSTAMP:20260101T080000Z
SUMMARY:Dentist
DTSTART:20990616T080000Z
DTEND:20990616T083000Z
DESCRIPTION:I said I would @meet him\, but this is not a marker.
END:VEVENT
END:VCALENDAR
`

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// book puts two events into the calendar, one of them marked, and returns that one as the organizer finds it afterwards.
func (b *bench) book(t *testing.T) string {
	require.NoError(t, b.put(t, "budget.ics", crlf(marked)))
	require.NoError(t, b.put(t, "dentist.ics", crlf(other)))
	before, untouched := b.get(t, "budget.ics"), b.get(t, "dentist.ics")

	out := b.sync(t)
	assert.Contains(t, out, "1 created, 1 written")
	meetings := b.platform.Meetings()
	require.Len(t, meetings, 1)
	m := meetings[0]
	assert.Equal(t, "Budget, Zürich and the long-winded explanation of all that is to be decided about it", m.Topic)
	assert.Equal(t, "2099-06-15T08:00:00Z", m.Start.UTC().Format(time.RFC3339))
	assert.Equal(t, "2099-06-15T09:00:00Z", m.End.UTC().Format(time.RFC3339))
	assert.Equal(t, 60, m.Duration)
	assert.Empty(t, b.platform.Mails())

	after := b.get(t, "budget.ics")
	b.assertDetails(t, after, joinStart+m.Number)
	theirs := meaning(before, b.aside)
	require.Greater(t, len(theirs), 25)
	assert.Equal(t, theirs, meaning(after, b.aside), "what is not ours")
	assert.Equal(t, untouched, b.get(t, "dentist.ics"))
	return after
}

// assertDetails wants the join link in all three properties, and the organizer's own text beside it. Where a new LOCATION
// makes attendees answer again, it stays as it was.
func (b *bench) assertDetails(t *testing.T, event, link string) {
	t.Helper()
	found := map[string]bool{}
	for _, p := range properties(event) {
		if p.path != "VCALENDAR/VEVENT" || !strings.Contains(p.value, link) {
			continue
		}
		found[p.name] = true
		switch p.name {
		case "LOCATION":
			assert.Equal(t, "Room 5 "+link, p.value)
		case "DESCRIPTION":
			assert.True(t, strings.HasPrefix(p.value, `Bring the figures.\nAnd a pencil\; really.\n\n`), p.value)
		}
	}
	assert.Subset(t, found, map[string]bool{"DESCRIPTION": true, "CONFERENCE": true})
	assert.Equal(t, !b.resets, found["LOCATION"])
}

// aside leaves out what convoke writes, and what a server that schedules adds: its word on an attendee. Nothing else may differ: what a server damages, it has damaged when it first took the event.
func (b *bench) aside(p property) (property, bool) {
	if p.path == "VCALENDAR/VEVENT" {
		switch p.name {
		case "LOCATION", "DESCRIPTION", "URL", "X-CONVOKE", "DTSTAMP", "LAST-MODIFIED":
			return p, false
		case "CONFERENCE":
			if strings.Contains(p.value, joinStart) {
				return p, false
			}
		}
	}
	if p.name == "ATTENDEE" {
		p.params = slices.DeleteFunc(slices.Clone(p.params), func(s string) bool { return strings.HasPrefix(s, "SCHEDULE-STATUS=") })
	}
	return p, true
}

// idle makes three passes: two by a program of their own each, the last two by the same. None of them writes, or asks
// more than one question.
func (b *bench) idle(t *testing.T) {
	t.Helper()
	b.asked(0)
	calls := b.platform.CountCalls()
	for range 2 {
		r := convoke("sync", "-c", b.config)
		require.Zero(t, r.code, r.err)
		assert.Equal(t, "nothing to do\n", r.out)
		b.oneQuestion(t, calls)
	}
	s := &streams{config: b.config, silent: true}
	a, err := s.open(t.Context(), writing)
	require.NoError(t, err)
	defer a.ledger.Close()
	for range 2 {
		report, err := a.engine.Pass(t.Context(), "")
		require.NoError(t, err)
		assert.Zero(t, report)
		b.oneQuestion(t, calls)
	}
}

func (b *bench) oneQuestion(t *testing.T, calls int) {
	t.Helper()
	requests, platform := b.asked(calls)
	assert.Zero(t, platform, "calls to the platform")
	if b.requests != nil {
		assert.Contains(t, []map[string]int{{"REPORT": 1}, {"PROPFIND": 1}}, requests)
	}
}

// moved gives the event another time and title in the calendar.
func (b *bench) moved(t *testing.T, event string) {
	link := b.platform.Meetings()[0].Number
	changed := strings.NewReplacer("20990615T100000", "20990616T143000", "20990615T110000", "20990616T160000",
		"SUMMARY:Budget", "SUMMARY:New budget").Replace(event)
	require.NoError(t, b.put(t, "budget.ics", changed))
	before := b.get(t, "budget.ics")

	calls := b.platform.CountCalls()
	out := b.sync(t)
	assert.Contains(t, out, "1 updated")
	assert.NotContains(t, out, "written")
	require.Equal(t, 1, b.platform.CountCalls()-calls, "calls to the platform")
	m := b.platform.Meetings()[0]
	assert.Equal(t, 1, b.platform.CountCalls(meetingtest.UpdateMeeting))
	assert.Equal(t, link, m.Number)
	assert.Equal(t, "New budget, Zürich and the long-winded explanation of all that is to be decided about it", m.Topic)
	assert.Equal(t, "2099-06-16T12:30:00Z", m.Start.UTC().Format(time.RFC3339))
	assert.Equal(t, 90, m.Duration)
	assert.Equal(t, before, b.get(t, "budget.ics"), "the block holds neither title nor time, so nothing is written")
}

func (b *bench) deleted(t *testing.T) {
	b.remove(t, "budget.ics")
	out := b.sync(t)
	assert.Contains(t, out, "1 cancelled")
	m := b.platform.Meetings()[0]
	assert.True(t, strings.HasPrefix(m.Topic, "Cancelled: New budget"), m.Topic)
	assert.Equal(t, "2099-06-16T12:30:00Z", m.Start.UTC().Format(time.RFC3339), "the window stays")
	assert.Equal(t, 2, b.platform.CountCalls(meetingtest.UpdateMeeting))
}

// sync runs plan and then sync, wants both to tell the same, placeholders aside, and returns what sync printed. Plan must
// not have written anywhere.
func (b *bench) sync(t *testing.T) string {
	t.Helper()
	b.asked(0)
	writes := b.platform.CountCalls(meetingtest.CreateMeeting, meetingtest.UpdateMeeting)
	plan := convoke("plan", "-c", b.config)
	require.Zero(t, plan.code, plan.err)
	requests, _ := b.asked(0)
	assert.Zero(t, requests["PUT"]+requests["DELETE"], "plan writes to the calendar")
	assert.Zero(t, b.platform.CountCalls(meetingtest.CreateMeeting, meetingtest.UpdateMeeting)-writes, "plan writes to the platform")

	did := convoke("sync", "-c", b.config)
	require.Zero(t, did.code, did.err)
	assert.Equal(t, plan.out, withPlaceholders(did.out), "what plan said, and what sync did")
	return did.out
}

// withPlaceholders puts what plan cannot know yet in its place.
func withPlaceholders(out string) string {
	for _, r := range placeholders {
		out = r.form.ReplaceAllString(out, r.with)
	}
	return out
}

var placeholders = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b\d{4}-\d{4}-\d{4}-\d{4}\b`), "{meetingId}"},
	{regexp.MustCompile(`(?m)^(    \+ X-CONVOKE[^:]*:).*$`), "${1}{seal}"},
	{regexp.MustCompile(`(?m)^(    \+ (?:DTSTAMP|LAST-MODIFIED)[^:]*:).*$`), "${1}{now}"},
}

// TestZones wants meetings at the right instant, whatever names the time zone.
func TestZones(t *testing.T) {
	for name, open := range benches() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			for name, z := range zoneCases {
				t.Run(name, func(t *testing.T) { b.zone(t, z) })
			}
		})
	}
}

type zoneCase struct {
	uid, definition, start, end string
	at                          string // the right instant
}

// In January daylight saving is on in Sydney: a zone read by the offset in its name would be an hour off.
var zoneCases = map[string]zoneCase{
	"Outlook's name with its VTIMEZONE": {
		uid: "outlook", definition: sydney,
		start: `DTSTART;TZID="(GMT+10:00) Canberra, Melbourne, Sydney":20990115T100000`,
		end:   `DTEND;TZID="(GMT+10:00) Canberra, Melbourne, Sydney":20990115T103000`, at: "2099-01-14T23:00:00Z",
	},
	"Windows name": {
		uid: "windows", start: "DTSTART;TZID=W. Europe Standard Time:20990715T100000",
		end: "DTEND;TZID=W. Europe Standard Time:20990715T103000", at: "2099-07-15T08:00:00Z",
	},
	"only a VTIMEZONE": {
		uid: "office", definition: office, start: "DTSTART;TZID=Office Time:20990115T100000",
		end: "DTEND;TZID=Office Time:20990115T103000", at: "2099-01-15T04:15:00Z",
	},
	"floating": {
		uid: "floating", start: "DTSTART:20990115T100000", end: "DTEND:20990115T103000", at: "2099-01-15T09:00:00Z",
	},
}

const sydney = `BEGIN:VTIMEZONE
TZID:(GMT+10:00) Canberra\, Melbourne\, Sydney
BEGIN:STANDARD
DTSTART:16010401T030000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4
TZOFFSETFROM:+1100
TZOFFSETTO:+1000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16011007T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=10
TZOFFSETFROM:+1000
TZOFFSETTO:+1100
END:DAYLIGHT
END:VTIMEZONE
`

const office = `BEGIN:VTIMEZONE
TZID:Office Time
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0545
TZOFFSETTO:+0545
END:STANDARD
END:VTIMEZONE
`

func (z zoneCase) event() string {
	return crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Calendar 1.0//EN\n" + z.definition +
		"BEGIN:VEVENT\nUID:" + z.uid + "@example.com\nDTSTAMP:20260101T080000Z\nSUMMARY:" + z.uid + " @meet\n" +
		z.start + "\n" + z.end + "\nEND:VEVENT\nEND:VCALENDAR\n")
}

func (b *bench) zone(t *testing.T, z zoneCase) {
	require.NoError(t, b.put(t, z.uid+".ics", z.event()))
	served := b.get(t, z.uid+".ics")
	require.Contains(t, b.sync(t), "1 created, 1 written")
	for _, m := range b.platform.Meetings() {
		if m.Topic == z.uid {
			assert.Equal(t, z.at, m.Start.UTC().Format(time.RFC3339), "of\n%s", served)
			assert.Equal(t, 30, m.Duration)
			return
		}
	}
	assert.Fail(t, "no meeting", fmt.Sprint(b.platform.Meetings()))
}
