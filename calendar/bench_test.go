package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// benchEvent is an event as a groupware client writes it, about 2.2 kB.
var benchEvent = strings.ReplaceAll(`BEGIN:VCALENDAR
PRODID:-//Example Corp//Calendar 12.4//EN
VERSION:2.0
CALSCALE:GREGORIAN
BEGIN:VTIMEZONE
TZID:Europe/Brussels
X-LIC-LOCATION:Europe/Brussels
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20261101T081512Z
LAST-MODIFIED:20261102T101533Z
DTSTAMP:20261102T101533Z
UID:6f1c0b9e-5a3d-4a1f-9d0a-7a8e1c2b3d4f
SUMMARY:Steering committee: budget for the coming year
ORGANIZER;CN=Alice Smith;SENT-BY="mailto:office@example.com":mailto:alice@example.com
ATTENDEE;CN=Bob Brown;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACC
 EPTED;RSVP=TRUE:mailto:bob@example.com
ATTENDEE;CN="Jones, Carol";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTA
 T=NEEDS-ACTION;RSVP=TRUE:mailto:carol@example.com
ATTENDEE;CN=Dave Miller;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=T
 ENTATIVE;RSVP=TRUE:mailto:dave@partner.example.org
ATTENDEE;CN=Erin Novák;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=D
 ECLINED;RSVP=TRUE:mailto:erin@partner.example.org
ATTENDEE;CN=Room 5;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;PARTSTAT=ACCEPTED:mai
 lto:room5@example.com
DTSTART;TZID=Europe/Brussels:20261210T140000
DTEND;TZID=Europe/Brussels:20261210T153000
TRANSP:OPAQUE
SEQUENCE:2
PRIORITY:5
CLASS:PUBLIC
STATUS:CONFIRMED
CATEGORIES:Finance,Committee
LOCATION:Room 5\, second floor @meet
DESCRIPTION:Dear all\,\n\nplease find the agenda below. Bring the figures 
 of your department\; those who cannot come send somebody in their place.\
 n\n1. Minutes of the last meeting\n2. Figures of the third quarter\n3. Pla
 n for the coming year\n4. Any other business\n\nThe papers are at https:/
 /wiki.example.com/finance/2027 and in the usual folder.\n\nKind regards\n
 Alice
X-MOZ-GENERATION:3
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER:-PT15M
X-WR-ALARMUID:0d6c1f7a-8e55-4c0b-9f43-1b2a3c4d5e6f
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(benchEvent)))
	for b.Loop() {
		if _, err := calendar.Parse([]byte(benchEvent), time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseOwnTimeZone(b *testing.B) {
	data := []byte(strings.ReplaceAll(benchEvent, "Europe/Brussels", "Office clock"))
	for b.Loop() {
		if _, err := calendar.Parse(data, time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	e, err := calendar.Parse([]byte(benchEvent), time.UTC)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := e.Write(testDetails()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteNothing writes details that the event has already: what happens in every pass that looks at it.
func BenchmarkWriteNothing(b *testing.B) {
	e, err := calendar.Parse([]byte(benchEvent), time.UTC)
	require.NoError(b, err)
	after, err := e.Write(testDetails())
	require.NoError(b, err)
	e, err = calendar.Parse(after, time.UTC)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := e.Write(testDetails()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	data := []byte(benchEvent)
	needles := [][]byte{[]byte("#nomeet"), []byte("x-convoke"), []byte("https://meeting.example.com/join/"), []byte("@meeting")}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if uid, hit := calendar.Scan(data, needles); hit || uid == "" {
			b.Fatal(uid, hit)
		}
	}
}
