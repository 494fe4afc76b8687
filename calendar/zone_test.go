package calendar_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func TestInstants(t *testing.T) {
	cases := []struct {
		file, start, end, note string
		allDay, floating       bool
	}{
		{file: "outlook-display-name.ics", start: "2026-12-10T03:00:00Z", end: "2026-12-10T04:00:00Z"},
		{file: "windows-zone.ics", start: "2026-12-10T13:00:00Z", end: "2026-12-10T14:00:00Z"},
		{file: "vtimezone-only.ics", start: "2026-07-10T12:00:00Z", end: "2026-07-10T12:45:00Z"},
		{file: "vendor-prefix.ics", start: "2026-12-10T17:00:00Z", end: "2026-12-10T19:00:00Z"},
		{file: "floating.ics", start: "2026-12-10T13:00:00Z", end: "2026-12-10T14:00:00Z", floating: true},
		{file: "all-day.ics", start: "2026-12-09T23:00:00Z", end: "2026-12-10T23:00:00Z", allDay: true},
		{file: "unquoted-display-name.ics", start: "2026-12-10T19:00:00Z", end: "2026-12-10T20:00:00Z"},
		{file: "unknown-zone.ics", start: "2026-12-10T13:00:00Z", end: "2026-12-10T14:00:00Z", note: `unknown time zone "Foo/Bar", read as Europe/Brussels`},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			got := parse(t, load(t, c.file)).Components[0]
			assert.Equal(t, c.start, got.Start.UTC().Format(time.RFC3339))
			assert.Equal(t, c.end, got.End.UTC().Format(time.RFC3339))
			assert.Equal(t, c.allDay, got.AllDay)
			assert.Equal(t, c.floating, got.Floating)
			assert.Equal(t, c.note, got.ZoneNote)
		})
	}
}

// span parses an event that has these lines in the place of DTSTART, in the home zone given.
func span(t *testing.T, home string, lines ...string) *calendar.Component {
	t.Helper()
	loc, err := time.LoadLocation(home)
	require.NoError(t, err)
	data := strings.Replace(string(event()), "DTSTART:20261210T140000Z", strings.Join(lines, "\r\n"), 1)
	e, err := calendar.Parse([]byte(data), loc)
	require.NoError(t, err)
	return e.Components[0]
}

func TestTimes(t *testing.T) {
	cases := []struct {
		name       string
		lines      []string
		start, end string
	}{
		{"no end", []string{"DTSTART:20261210T140000Z"}, "2026-12-10T14:00:00Z", "2026-12-10T14:00:00Z"},
		{"UTC wins over TZID", []string{"DTSTART;TZID=Europe/Berlin:20261210T140000Z"}, "2026-12-10T14:00:00Z", "2026-12-10T14:00:00Z"},
		{"several days", []string{"DTSTART;VALUE=DATE:20261210", "DTEND;VALUE=DATE:20261213"}, "2026-12-09T23:00:00Z", "2026-12-12T23:00:00Z"},
		{"all day over the change of clocks", []string{"DTSTART;VALUE=DATE:20261025"}, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"hours are exact", []string{"DTSTART:20261024T120000", "DURATION:PT24H"}, "2026-10-24T10:00:00Z", "2026-10-25T10:00:00Z"},
		{"days are of the calendar", []string{"DTSTART:20261024T120000", "DURATION:P1D"}, "2026-10-24T10:00:00Z", "2026-10-25T11:00:00Z"},
		{"weeks, lower case", []string{"DTSTART:20261210T140000Z", "DURATION:p1w"}, "2026-12-10T14:00:00Z", "2026-12-17T14:00:00Z"},
		{"all parts", []string{"DTSTART:20261210T140000Z", "DURATION:+P1DT2H3M4S"}, "2026-12-10T14:00:00Z", "2026-12-11T16:03:04Z"},
		{"backwards", []string{"DTSTART:20261210T140000Z", "DURATION:-PT1H"}, "2026-12-10T14:00:00Z", "2026-12-10T13:00:00Z"},
		{"leap second", []string{"DTSTART:20161231T235960Z"}, "2016-12-31T23:59:59Z", "2016-12-31T23:59:59Z"},
		{"repeated hour: the first", []string{"DTSTART:20261025T023000"}, "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"},
		{"repeated hour, west of Greenwich", []string{"DTSTART;TZID=America/New_York:20261101T013000"}, "2026-11-01T05:30:00Z", "2026-11-01T05:30:00Z"},
		{"the gap: offset before", []string{"DTSTART:20260329T023000"}, "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"},
		{"the gap, west of Greenwich", []string{"DTSTART;TZID=America/New_York:20260308T023000"}, "2026-03-08T07:30:00Z", "2026-03-08T07:30:00Z"},
		{"a day that Samoa left out", []string{"DTSTART;TZID=Pacific/Apia:20111230T120000"}, "2011-12-30T22:00:00Z", "2011-12-30T22:00:00Z"},
		{"half an hour, Lord Howe", []string{"DTSTART;TZID=Australia/Lord_Howe:20260405T014500"}, "2026-04-04T14:45:00Z", "2026-04-04T14:45:00Z"},
		{"empty TZID is floating", []string{"DTSTART;TZID=:20261210T140000"}, "2026-12-10T13:00:00Z", "2026-12-10T13:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := span(t, "Europe/Brussels", c.lines...)
			assert.Equal(t, c.start, got.Start.UTC().Format(time.RFC3339))
			assert.Equal(t, c.end, got.End.UTC().Format(time.RFC3339))
		})
	}
}

func TestZoneNames(t *testing.T) {
	cases := []struct{ tzid, want string }{ // 12:00 on 2026-07-01 in UTC; the home zone is Pacific/Apia (+13)
		{"Europe/Berlin", "10:00"},
		{"/Europe/Stockholm", "10:00"},
		{"/freeassociation.sourceforge.net/Europe/Berlin", "10:00"},
		{"/softwarestudio.org/Tzfile/America/Indiana/Indianapolis", "16:00"},
		{"/example.org/UTC", "12:00"},
		{"Japan", "03:00"},
		{"europe/berlin", "10:00"},
		{"AMERICA/PORT-AU-PRINCE", "16:00"},
		{"/example.org/america/indiana/indianapolis", "16:00"},
		{"Eastern Standard Time", "16:00"},
		{"eastern standard time", "16:00"},
		{`"(UTC+10:00) Canberra, Melbourne, Sydney"`, "02:00"},
		{`"(GMT+10:00) Canberra, Melbourne, Sydney"`, "02:00"},
		{`"Canberra, Melbourne, Sydney"`, "02:00"},
	}
	for _, c := range cases {
		t.Run(c.tzid, func(t *testing.T) {
			got := span(t, "Pacific/Apia", "DTSTART;TZID="+c.tzid+":20260701T120000")
			assert.Equal(t, c.want, got.Start.UTC().Format("15:04"))
			assert.Empty(t, got.ZoneNote)
		})
	}
	for _, tzid := range []string{"Local", "localtime", "posixrules", "../../etc/passwd", "Europe", "/etc/localtime", "Foo"} {
		t.Run(tzid, func(t *testing.T) {
			got := span(t, "Pacific/Apia", "DTSTART;TZID="+tzid+":20260701T120000")
			assert.Equal(t, "23:00", got.Start.UTC().Format("15:04"))
			assert.Equal(t, fmt.Sprintf("unknown time zone %q, read as Pacific/Apia", tzid), got.ZoneNote)
		})
	}
}

func TestWindowsZone(t *testing.T) {
	iana, ok := calendar.WindowsZone("Romance Standard Time")
	assert.True(t, ok)
	assert.Equal(t, "Europe/Paris", iana)
	_, ok = calendar.WindowsZone("Romantic Standard Time")
	assert.False(t, ok)
}

// TestVTimezoneAgainstTzdata rebuilds zones from VTIMEZONEs and compares every hour of some years.
func TestVTimezoneAgainstTzdata(t *testing.T) {
	cases := []struct {
		iana, standard, daylight string
	}{
		{"Europe/Brussels", "DTSTART:19961027T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100", "DTSTART:19810329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200"},
		{"America/New_York", "DTSTART:16011101T020000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500", "DTSTART:16010301T020000\nRRULE:freq=yearly;byday=2SU;bymonth=3\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400"},
		{"Australia/Sydney", "DTSTART:20080406T030000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\nTZOFFSETFROM:+1100\nTZOFFSETTO:+1000", "DTSTART:20081005T020000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU\nTZOFFSETFROM:+1000\nTZOFFSETTO:+1100"},
		{"Asia/Kolkata", "DTSTART:19451015T000000\nTZOFFSETFROM:+0630\nTZOFFSETTO:+0530", ""},
		{"Asia/Tokyo", "DTSTART:19510101T000000\nRDATE:19510102T000000,19510103T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900", ""},
	}
	for _, c := range cases {
		t.Run(c.iana, func(t *testing.T) {
			want, err := time.LoadLocation(c.iana)
			require.NoError(t, err)
			loc := ownZone(t, c.standard, c.daylight)
			for at := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2038; at = at.Add(time.Hour) {
				_, expected := at.In(want).Zone()
				if _, offset := at.In(loc).Zone(); offset != expected {
					t.Fatalf("%s: %d seconds east of Greenwich, want %d", at, offset, expected)
				}
			}
		})
	}
}

func ownZone(t *testing.T, standard, daylight string) *time.Location {
	t.Helper()
	c := withZone(t, standard, daylight)
	require.Empty(t, c.ZoneNote)
	return c.Start.Location()
}

func withZone(t *testing.T, standard, daylight string) *calendar.Component {
	t.Helper()
	zone := "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\n" + standard + "\nEND:STANDARD\n"
	if daylight != "" {
		zone += "BEGIN:DAYLIGHT\n" + daylight + "\nEND:DAYLIGHT\n"
	}
	data := "BEGIN:VCALENDAR\n" + zone + "END:VTIMEZONE\nBEGIN:VEVENT\nUID:u\nDTSTART;TZID=Own:20260701T120000\nEND:VEVENT\nEND:VCALENDAR\n"
	e, err := calendar.Parse([]byte(data), time.UTC)
	require.NoError(t, err)
	return e.Components[0]
}

func TestVTimezoneUntil(t *testing.T) {
	loc := ownZone(t, "DTSTART:20000101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100",
		"DTSTART:20200329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20220327T010000Z\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200")
	_, offset := time.Date(2020, 3, 28, 0, 0, 0, 0, time.UTC).In(loc).Zone()
	assert.Equal(t, 3600, offset)
	_, offset = time.Date(2022, 3, 28, 0, 0, 0, 0, time.UTC).In(loc).Zone()
	assert.Equal(t, 7200, offset, "the onset of the UNTIL itself counts")
}

func TestVTimezoneThatMakesNoSense(t *testing.T) {
	const plain = "DTSTART:20000101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100"
	cases := []struct{ name, standard string }{
		{"no offset", "DTSTART:20000101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:late"},
		{"no start", "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100"},
		{"never", plain + "\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
		{"every second", plain + "\nRRULE:FREQ=SECONDLY"},
		{"nonsense rule", plain + "\nRRULE:often"},
		{"bad RDATE", plain + "\nRDATE:20000101T000000,soon"},
		{"too many observances", plain + strings.Repeat("\nEND:STANDARD\nBEGIN:STANDARD\n"+plain, 300)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := withZone(t, c.standard, "")
			assert.Equal(t, `unknown time zone "Own", read as UTC`, got.ZoneNote)
			assert.Equal(t, "12:00", got.Start.UTC().Format("15:04"))
		})
	}
}

// TestVTimezoneBomb has thousands of zones that cost as much as they can; they are cut short, not worked out.
func TestVTimezoneBomb(t *testing.T) {
	var zones, events strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&zones, "BEGIN:VTIMEZONE\nTZID:Z%d\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nEND:STANDARD\nEND:VTIMEZONE\n", i)
		fmt.Fprintf(&events, "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:%d\nDTSTART;TZID=Z%d:20260701T120000\nEND:VEVENT\n", i, i)
	}
	e, err := calendar.Parse([]byte("BEGIN:VCALENDAR\n"+zones.String()+events.String()+"END:VCALENDAR\n"), nil)
	require.NoError(t, err)
	assert.Len(t, e.Components, 2000)
	assert.NotEmpty(t, e.Components[1999].ZoneNote)
}

// TestUnknownZoneBomb has thousands of names that nobody knows: it took seconds to look all of them up.
func TestUnknownZoneBomb(t *testing.T) {
	var events strings.Builder
	for i := range 16000 {
		fmt.Fprintf(&events, "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=%d:20260101T000000\nEND:VEVENT\n", i)
	}
	known := "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Europe/Berlin:20260101T000000\nEND:VEVENT\n"
	begin := time.Now()
	e, err := calendar.Parse([]byte("BEGIN:VCALENDAR\n"+known+events.String()+known+"END:VCALENDAR\n"), nil)
	t.Log(time.Since(begin))
	require.NoError(t, err)
	assert.Len(t, e.Components, 16002)
	assert.Empty(t, e.Components[0].ZoneNote)
	assert.NotEmpty(t, e.Components[16000].ZoneNote)
	assert.Empty(t, e.Components[16001].ZoneNote, "found before")
}

func TestMain(m *testing.M) {
	time.Local = time.FixedZone("host", 14*60*60) // nothing may depend on the zone of the host
	os.Exit(m.Run())
}
