package calendar_test

import (
	"fmt"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

var (
	longAgo = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	never   = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
)

// dates lists up to limit occurrences, each as: start in UTC, length, then what is special about it.
func dates(t testing.TB, e *calendar.Event, from, to time.Time, limit int) []string {
	t.Helper()
	var all []string
	require.NoError(t, e.Occurrences(from, to, func(o calendar.Occurrence) bool {
		all = append(all, describe(e, o))
		return len(all) < limit
	}))
	return all
}

func describe(e *calendar.Event, o calendar.Occurrence) string {
	s := instant(o.Start) + " " + o.End.Sub(o.Start).String()
	if !o.ID.Equal(o.Start) {
		s += " was " + instant(o.ID)
	}
	if o.Component != e.Master() {
		s += " " + o.Component.Summary
	}
	if o.Cancelled {
		s += " (cancelled)"
	}
	return s
}

func instant(t time.Time) string { return t.UTC().Format("06-01-02 15:04") }

func TestSeriesOfFiles(t *testing.T) {
	cases := map[string][]string{
		"moved": {"26-10-05 08:00 1h0m0s", "26-10-13 12:00 1h0m0s was 26-10-12 08:00 A day later",
			"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"moved-over-neighbours": {"26-09-30 08:00 30m0s was 26-11-02 09:00 Last, now first", "26-10-12 08:00 1h0m0s", "26-10-19 08:00 1h0m0s",
			"26-10-26 09:00 1h0m0s", "26-10-27 08:00 1h0m0s was 26-10-05 08:00 First, now fourth"},
		"retitled": {"26-10-05 08:00 1h0m0s", "26-10-12 08:00 1h0m0s", "26-10-19 08:00 1h0m0s Budget", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"cancelled": {"26-10-05 08:00 1h0m0s", "26-10-12 08:00 1h0m0s", "26-10-19 08:00 1h0m0s Weekly (cancelled)",
			"26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"override-in-utc": {"26-10-05 08:00 1h0m0s", "26-10-12 08:30 1h0m0s was 26-10-12 08:00 Id in UTC", "26-10-19 08:00 1h0m0s",
			"26-10-26 09:00 1h0m0s", "26-11-02 09:30 1h0m0s was 26-11-02 09:00 Id in UTC, winter"},
		"override-in-another-zone": {"26-10-05 08:00 1h0m0s", "26-10-12 09:00 1h0m0s was 26-10-12 08:00 From New York",
			"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"override-by-date": {"26-10-05 08:00 1h0m0s", "26-10-12 10:00 1h0m0s was 26-10-12 08:00 Id is a date",
			"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"override-floating-id": {"26-10-05 14:00 1h0m0s", "26-10-12 16:00 1h0m0s was 26-10-12 14:00 Id without zone",
			"26-10-19 14:00 1h0m0s", "26-10-26 14:00 1h0m0s", "26-11-02 15:00 1h0m0s"},
		"override-of-no-date": {"26-10-05 08:00 1h0m0s", "26-10-12 08:00 1h0m0s", "26-10-15 14:00 1h0m0s was 26-10-15 08:00 Extra",
			"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"override-and-exdate": {"26-10-05 08:00 1h0m0s", "26-10-14 08:00 1h0m0s was 26-10-12 08:00 Moved and excluded",
			"26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"override-twice": {"26-10-05 08:00 1h0m0s", "26-10-12 13:00 1h0m0s was 26-10-12 08:00 Newer",
			"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"only-overrides": {"26-10-06 08:00 1h0m0s was 26-10-05 08:00 First", "26-10-19 08:00 1h0m0s Second", "26-10-26 11:00 1h0m0s By date"},
		"this-and-future": {"26-10-05 08:00 1h0m0s", "26-10-13 12:00 1h30m0s was 26-10-12 08:00 From now on Tuesdays",
			"26-10-20 12:00 1h30m0s was 26-10-19 08:00 From now on Tuesdays", "26-10-30 07:00 30m0s was 26-10-26 09:00 Only once",
			"26-11-03 13:00 1h30m0s was 26-11-02 09:00 From now on Tuesdays",
			"26-11-09 08:00 30m0s was 26-11-09 09:00 No more (cancelled)", "26-11-16 08:00 30m0s was 26-11-16 09:00 No more (cancelled)"},
		"this-and-future-earlier": {"26-10-01 07:00 30m0s was 26-10-26 09:00 Weeks earlier", "26-10-05 08:00 1h0m0s",
			"26-10-08 07:00 30m0s was 26-11-02 09:00 Weeks earlier", "26-10-12 08:00 1h0m0s",
			"26-10-15 07:00 30m0s was 26-11-09 09:00 Weeks earlier", "26-10-19 08:00 1h0m0s"},
		"this-and-future-twice": {"26-10-05 08:00 1h0m0s", "26-10-12 08:00 1h0m0s", "26-10-30 09:00 1h0m0s was 26-11-23 09:00 Weeks earlier",
			"26-11-06 09:00 1h0m0s was 26-11-30 09:00 Weeks earlier",
			"26-11-08 09:00 10h0m0s was 26-10-19 08:00 Weeks later", "26-11-15 09:00 10h0m0s was 26-10-26 09:00 Weeks later",
			"26-11-22 09:00 10h0m0s was 26-11-02 09:00 Weeks later", "26-11-29 09:00 10h0m0s was 26-11-09 09:00 Weeks later",
			"26-12-06 09:00 10h0m0s was 26-11-16 09:00 Weeks later"},
		"this-and-future-in-another-zone": {"26-10-18 13:00 1h0m0s", "26-10-25 14:00 1h0m0s New York clock",
			"26-11-01 15:00 1h0m0s was 26-11-01 14:00 New York clock", "26-11-08 15:00 1h0m0s was 26-11-08 14:00 New York clock"},
		"all-day":            {"26-10-22 22:00 48h0m0s", "26-10-25 23:00 24h0m0s was 26-10-24 22:00 One day", "26-10-28 23:00 48h0m0s", "26-11-04 23:00 48h0m0s"},
		"windows-zone":       {"26-10-19 08:00 1h0m0s", "26-11-02 10:00 1h0m0s was 26-11-02 09:00 Moved", "26-11-09 09:00 1h0m0s"},
		"lower-case":         {"26-10-19 08:00 1h0m0s", "26-10-26 09:00 1h0m0s", "26-10-28 09:00 1h0m0s"},
		"own-timezone":       {"26-10-19 08:00 1h0m0s", "26-11-02 09:00 1h0m0s"},
		"deleted-dates-only": nil,
	}
	files, err := filepath.Glob("testdata/series/*.ics")
	require.NoError(t, err)
	assert.Len(t, files, len(cases), "every file has its case")
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			e := parse(t, load(t, "series/"+name+".ics"))
			assert.Equal(t, want, dates(t, e, longAgo, never, 100))
			first, last, err := e.Bounds()
			require.NoError(t, err)
			if len(want) == 0 {
				assert.True(t, first.IsZero() && last.IsZero())
				return
			}
			assert.Equal(t, want[0][:14], instant(first), "first")
			assert.Equal(t, want[len(want)-1][:14], instant(last), "last")
			assertResumes(t, e, want)
		})
	}
}

// assertResumes checks that asking from the end of each occurrence gives those that end later.
func assertResumes(t *testing.T, e *calendar.Event, want []string) {
	t.Helper()
	var all []calendar.Occurrence
	require.NoError(t, e.Occurrences(longAgo, never, func(o calendar.Occurrence) bool {
		all = append(all, o)
		return true
	}))
	for _, from := range all {
		var later []string
		for i, o := range all {
			if o.End.After(from.End) {
				later = append(later, want[i])
			}
		}
		assert.Equal(t, later, dates(t, e, from.End, never, 100), "from %s", instant(from.End))
	}
}

// recurring is an event with these lines, DTSTART among them.
func recurring(lines ...string) []byte {
	return []byte(strings.Replace(string(event(lines...)), "DTSTART:20261210T140000Z\r\n", "", 1))
}

func TestRules(t *testing.T) {
	const brussels, newYork = "DTSTART;TZID=Europe/Brussels:", "DTSTART;TZID=America/New_York:"
	cases := []struct {
		name  string
		lines []string
		want  string // starts in UTC, as day and time
	}{
		{"one event", []string{brussels + "20261210T140000"}, "12-10 13:00"},
		{"two rules", []string{brussels + "20261005T100000", "RRULE:FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=MONTHLY;COUNT=2"},
			"10-05 08:00, 10-12 08:00, 11-05 09:00"},
		{"two rules that meet", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3"},
			"10-05 10:00, 10-06 10:00, 10-07 10:00, 10-09 10:00"},
		{"EXRULE", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=6", "EXRULE:FREQ=DAILY;INTERVAL=2"},
			"10-06 10:00, 10-08 10:00, 10-10 10:00"},
		{"only RDATE", []string{"DTSTART:20261005T100000Z", "RDATE:20261209T100000Z,20270109T100000Z,20261107T120000Z"},
			"10-05 10:00, 11-07 12:00, 12-09 10:00, 01-09 10:00"},
		{"RDATE before DTSTART", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260901T100000Z"},
			"09-01 10:00, 10-05 10:00, 10-06 10:00"},
		{"RDATE that the rule gives too", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20261006T100000Z", "RDATE:20261005T100000Z"},
			"10-05 10:00, 10-06 10:00"},
		{"RDATE as a date: at the time of DTSTART", []string{brussels + "20261005T100000", "RDATE;VALUE=DATE:20261105"}, "10-05 08:00, 11-05 09:00"},
		{"RDATE without a zone: in that of DTSTART", []string{newYork + "20261005T100000", "RDATE:20261105T100000"}, "10-05 14:00, 11-05 15:00"},
		{"RDATE in another zone", []string{newYork + "20261005T100000", "RDATE;TZID=Europe/Brussels:20261105T100000"}, "10-05 14:00, 11-05 09:00"},
		{"RDATE that is excluded", []string{"DTSTART:20261005T100000Z", "RDATE:20261006T100000Z,20261007T100000Z", "EXDATE:20261006T100000Z"}, "10-05 10:00, 10-07 10:00"},
		{"empty RDATE and EXDATE", []string{"DTSTART:20261005T100000Z", "RDATE:", "EXDATE:", "RRULE:"}, "10-05 10:00"},
		{"EXDATE as a list", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20261006T100000Z, 20261007T100000Z,"}, "10-05 10:00, 10-08 10:00"},
		{"EXDATE as a date: all of that day", []string{brussels + "20261005T003000", "RRULE:FREQ=DAILY;BYHOUR=0,12;COUNT=5", "EXDATE;VALUE=DATE:20261006"},
			"10-04 22:30, 10-05 10:30, 10-06 22:30"},
		{"EXDATE in UTC", []string{brussels + "20261005T100000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261006T080000Z"}, "10-05 08:00, 10-07 08:00"},
		{"EXDATE in another zone", []string{brussels + "20261005T100000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=America/New_York:20261006T040000"}, "10-05 08:00, 10-07 08:00"},
		{"EXDATE without a zone", []string{newYork + "20261005T100000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261006T100000"}, "10-05 14:00, 10-07 14:00"},
		{"EXDATE of DTSTART", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261005T100000Z"}, "10-06 10:00, 10-07 10:00"},
		{"EXDATE of another time", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261006T110000Z"}, "10-05 10:00, 10-06 10:00"},
		{"EXDATE of an all-day series, midnight in UTC", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261006T000000Z"}, "10-04 22:00, 10-06 22:00"},
		{"EXDATE of an all-day series, its midnight", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261005T220000Z"}, "10-04 22:00, 10-06 22:00"},

		{"UNTIL in UTC includes", []string{brussels + "20261005T100000", "RRULE:FREQ=DAILY;UNTIL=20261006T080000Z"}, "10-05 08:00, 10-06 08:00"},
		{"UNTIL in UTC excludes", []string{brussels + "20261005T100000", "RRULE:FREQ=DAILY;UNTIL=20261006T075959Z"}, "10-05 08:00"},
		{"UNTIL without zone is local", []string{newYork + "20261005T100000", "RRULE:FREQ=DAILY;UNTIL=20261006T100000"}, "10-05 14:00, 10-06 14:00"},
		{"UNTIL as a date is the whole day", []string{newYork + "20261005T230000", "RRULE:FREQ=DAILY;UNTIL=20261006"}, "10-06 03:00, 10-07 03:00"},
		{"UNTIL of an all-day series", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL=20261006"}, "10-04 22:00, 10-05 22:00"},
		{"UNTIL of an all-day series, midnight in UTC", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL=20261006T000000Z"}, "10-04 22:00, 10-05 22:00"},
		{"UNTIL of an all-day series, end of the author's day", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL=20261006T215959Z"}, "10-04 22:00, 10-05 22:00"},
		{"UNTIL before DTSTART", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;UNTIL=20260905T100000Z"}, "10-05 10:00"},
		{"UNTIL and COUNT", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261205T100000Z"}, "10-05 10:00, 10-06 10:00"},

		{"DTSTART that the rule does not give counts", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"}, "10-05 10:00, 10-06 10:00, 10-13 10:00"},
		{"COUNT=1 with such a DTSTART", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1"}, "10-05 10:00"},
		{"WKST", []string{"DTSTART:19970805T100000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO"}, "08-05 10:00, 08-10 10:00, 08-19 10:00, 08-24 10:00"},
		{"WKST on Sunday", []string{"DTSTART:19970805T100000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"}, "08-05 10:00, 08-17 10:00, 08-19 10:00, 08-31 10:00"},
		{"WKST on the day of DTSTART", []string{"DTSTART:20261004T100000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=SU,MO;WKST=SU"}, "10-04 10:00, 10-05 10:00, 10-18 10:00, 10-19 10:00"},
		{"BYSETPOS: last working day", []string{"DTSTART:20261030T100000Z", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"}, "10-30 10:00, 11-30 10:00, 12-31 10:00"},
		{"BYSETPOS in the week of DTSTART", []string{"DTSTART:20261007T100000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=3"}, "10-07 10:00, 10-14 10:00, 10-21 10:00"},
		{"BYWEEKNO takes the weekday of DTSTART", []string{"DTSTART:20260511T100000Z", "RRULE:FREQ=YEARLY;BYWEEKNO=20,21;COUNT=3"}, "05-11 10:00, 05-18 10:00, 05-17 10:00"},
		{"days with and without number", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=MONTHLY;BYDAY=MO,-1FR;COUNT=6"},
			"10-05 10:00, 10-12 10:00, 10-19 10:00, 10-26 10:00, 10-30 10:00, 11-02 10:00"},
		{"31st", []string{"DTSTART:20261031T100000Z", "RRULE:FREQ=MONTHLY;COUNT=3"}, "10-31 10:00, 12-31 10:00, 01-31 10:00"},
		{"29 February", []string{"DTSTART:20240229T100000Z", "RRULE:FREQ=YEARLY;COUNT=3"}, "02-29 10:00, 02-29 10:00, 02-29 10:00"},
		{"BYHOUR of an all-day series is ignored", []string{"DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=2"}, "10-04 22:00, 10-05 22:00"},
		{"interval 0", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;INTERVAL=0;COUNT=2"}, "10-05 10:00, 10-06 10:00"},
		{"numbers twice count once", []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;BYHOUR=10,9,10;BYDAY=MO,TU,MO;COUNT=3"}, "10-05 10:00, 10-06 09:00, 10-06 10:00"},
		{"spaces, empty and vendor's parts", []string{"DTSTART:20261005T100000Z", "RRULE;X-A=b:FREQ=WEEKLY; BYDAY=MO, TU;;X-EVOLUTION-END=1;COUNT=2;"}, "10-05 10:00, 10-06 10:00"},
		{"RFC 7529, Gregorian", []string{"DTSTART:20261005T100000Z", "RRULE:RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT;COUNT=2"}, "10-05 10:00, 10-06 10:00"},

		{"clocks forward: same time on the wall", []string{brussels + "20260328T100000", "RRULE:FREQ=DAILY;COUNT=2"}, "03-28 09:00, 03-29 08:00"},
		{"clocks back", []string{newYork + "20261031T100000", "RRULE:FREQ=DAILY;COUNT=2"}, "10-31 14:00, 11-01 15:00"},
		{"a time that there is not: offset before the gap", []string{brussels + "20260328T023000", "RRULE:FREQ=DAILY;COUNT=3"}, "03-28 01:30, 03-29 01:30, 03-30 00:30"},
		{"a time that there is twice: the first", []string{brussels + "20261024T023000", "RRULE:FREQ=DAILY;COUNT=3"}, "10-24 00:30, 10-25 00:30, 10-26 01:30"},
		{"the gap changes the order, and makes two of one", []string{brussels + "20260328T023000", "RRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;UNTIL=20260329T235959"},
			"03-28 01:30, 03-28 02:00, 03-28 02:30, 03-29 01:00, 03-29 01:30"},
		{"range from a time that there is not", []string{brussels + "20260328T023000", "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT", "BEGIN:VEVENT", "UID:u1",
			brussels + "20260329T043000", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Brussels:20260329T023000"}, "03-28 01:30, 03-29 02:30, 03-30 02:30"},
		{"UTC has no change of clocks", []string{"DTSTART:20260328T100000Z", "RRULE:FREQ=DAILY;COUNT=2"}, "03-28 10:00, 03-29 10:00"},
		{"floating: home zone", []string{"DTSTART:20260328T100000", "RRULE:FREQ=DAILY;COUNT=2"}, "03-28 09:00, 03-29 08:00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := parse(t, recurring(c.lines...))
			var starts []string
			require.NoError(t, e.Occurrences(longAgo, never, func(o calendar.Occurrence) bool {
				starts = append(starts, o.Start.UTC().Format("01-02 15:04"))
				return len(starts) < 50
			}))
			assert.Equal(t, c.want, strings.Join(starts, ", "))
		})
	}
}

// TestUntilOfDaysWestOfGreenwich: midnight in UTC is the day that is written, another time the instant that it is.
func TestUntilOfDaysWestOfGreenwich(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for until, days := range map[string]int{"20261006T000000Z": 2, "20261007T035959Z": 2, "20261007T040000Z": 3, "20261006": 2, "20261006T120000": 2} {
		e, err := calendar.Parse(recurring("DTSTART;VALUE=DATE:20261005", "RRULE:FREQ=DAILY;UNTIL="+until), newYork)
		require.NoError(t, err)
		assert.Len(t, dates(t, e, longAgo, never, 9), days, until)
	}
}

func TestLengthOfOccurrences(t *testing.T) {
	const start = "DTSTART;TZID=Europe/Brussels:20261017T220000" // a week before clocks go back on the 25th at 03:00
	cases := []struct {
		name  string
		lines []string
		want  []time.Duration // of the occurrence on the 17th, and of that on the 24th
	}{
		{"DTEND is a time on the wall", []string{start, "DTEND;TZID=Europe/Brussels:20261018T060000"}, []time.Duration{8 * time.Hour, 9 * time.Hour}},
		{"DTEND in another zone is exact", []string{start, "DTEND:20261018T040000Z"}, []time.Duration{8 * time.Hour, 8 * time.Hour}},
		{"hours of DURATION are exact", []string{start, "DURATION:PT8H"}, []time.Duration{8 * time.Hour, 8 * time.Hour}},
		{"days of DURATION are on the wall", []string{start, "DURATION:P1DT1H"}, []time.Duration{25 * time.Hour, 26 * time.Hour}},
		{"no end", []string{start}, []time.Duration{0, 0}},
		{"days", []string{"DTSTART;VALUE=DATE:20261018"}, []time.Duration{24 * time.Hour, 25 * time.Hour}},
		{"begun in the gap: as the component says", []string{"DTSTART;TZID=Europe/Brussels:20260329T023000", "DTEND;TZID=Europe/Brussels:20260329T033000"}, []time.Duration{0, time.Hour}},
		{"PERIOD of its own", []string{start, "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261017T200000Z/PT5H,20261024T200000Z/20261025T000000Z"}, []time.Duration{5 * time.Hour, 4 * time.Hour}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := parse(t, recurring(append(c.lines, "RRULE:FREQ=WEEKLY;COUNT=2")...))
			var got []time.Duration
			require.NoError(t, e.Occurrences(longAgo, never, func(o calendar.Occurrence) bool {
				got = append(got, o.End.Sub(o.Start))
				return true
			}))
			assert.Equal(t, c.want, got)
		})
	}
}

func TestOccurrencesWindow(t *testing.T) {
	e := parse(t, recurring("DTSTART:20261005T100000Z", "DURATION:PT3H", "RRULE:FREQ=DAILY"))
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, time.UTC) }
	assert.Equal(t, []string{"26-10-07 10:00 3h0m0s"}, dates(t, e, at(7, 12), at(8, 10), 9), "one that goes on counts, one that begins at the end does not")
	assert.Equal(t, []string{"26-10-08 10:00 3h0m0s"}, dates(t, e, at(7, 13), at(8, 11), 9), "one that ends at the beginning does not count")
	assert.Empty(t, dates(t, e, at(7, 13), at(8, 10), 9))
	assert.Empty(t, dates(t, e, at(8, 10), at(7, 13), 9), "a window upside down")
	assert.Len(t, dates(t, e, at(7, 13), never, 3), 3, "until fn has enough")

	long := parse(t, recurring("DTSTART:20261005T100000Z", "DURATION:P30D", "RRULE:FREQ=WEEKLY"))
	assert.Len(t, dates(t, long, at(30, 0), at(30, 1), 9), 4, "those that began weeks ago")
	excluded := parse(t, recurring("DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"))
	assert.Empty(t, dates(t, excluded, at(8, 0), at(20, 0), 9), "all excluded")
	byRule := parse(t, recurring("DTSTART:20191231T100000Z", "EXRULE:FREQ=DAILY", "RDATE;VALUE=PERIOD:20200101T100000Z/20300101T000000Z"))
	assert.Empty(t, dates(t, byRule, at(8, 0), at(20, 0), 9), "a long one is excluded where it begins")
	period := parse(t, recurring("DTSTART:20261005T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261010T000000Z", "RDATE;VALUE=PERIOD:20200101T000000Z/20300101T000000Z"))
	assert.Equal(t, []string{"20-01-01 00:00 87672h0m0s"}, dates(t, period, at(20, 0), at(21, 0), 9))
}

// TestOccurrencesLater compares what a call for a late window gives with the same window seen from the beginning: where
// rules are followed from makes no difference.
func TestOccurrencesLater(t *testing.T) {
	for _, rule := range []string{
		"FREQ=DAILY;INTERVAL=7", "FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU", "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU", "FREQ=WEEKLY;INTERVAL=5;BYDAY=SA,SU;BYSETPOS=2",
		"FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;INTERVAL=7;BYDAY=-1FR", "FREQ=YEARLY;INTERVAL=3;BYWEEKNO=1,53;BYDAY=MO,SU", "FREQ=YEARLY;INTERVAL=4",
		"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=1,5", "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=1,-1",
	} {
		t.Run(rule, func(t *testing.T) {
			e := parse(t, recurring("DTSTART;TZID=Europe/Brussels:20200229T233000", "DURATION:PT1H", "RRULE:"+rule))
			var all []calendar.Occurrence
			require.NoError(t, e.Occurrences(longAgo, time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC), func(o calendar.Occurrence) bool {
				all = append(all, o)
				return true
			}))
			require.Greater(t, len(all), 5)
			for i, o := range all {
				var got []calendar.Occurrence
				require.NoError(t, e.Occurrences(o.Start, all[min(i+3, len(all)-1)].End, func(o calendar.Occurrence) bool {
					got = append(got, o)
					return true
				}))
				require.Equal(t, all[i:min(i+4, len(all))], got)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	cases := []struct {
		name, first, last string
		lines             []string
	}{
		{"one event", "26-10-05 10:00", "26-10-05 10:00", nil},
		{"endless", "26-10-05 10:00", "", []string{"RRULE:FREQ=DAILY"}},
		{"endless beside one that ends", "26-10-05 10:00", "", []string{"RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=YEARLY"}},
		{"count", "26-10-05 10:00", "28-08-28 10:00", []string{"RRULE:FREQ=WEEKLY;COUNT=100"}},
		{"as many as are followed", "26-10-05 10:00", "40-06-12 10:00", []string{"RRULE:FREQ=DAILY;COUNT=5000"}},
		{"until", "26-10-05 10:00", "66-10-04 10:00", []string{"RRULE:FREQ=DAILY;UNTIL=20661004T100000Z"}},
		{"until long after the last", "26-10-05 10:00", "48-02-29 10:00", []string{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;UNTIL=20511231T000000Z"}},
		{"the end of all dates", "26-10-05 10:00", "99-12-31 10:00", []string{"RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"}},
		{"end excluded", "26-10-05 10:00", "26-10-06 10:00", []string{"RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261007T100000Z"}},
		{"date after the rule", "26-10-05 10:00", "27-10-07 10:00", []string{"RRULE:FREQ=DAILY;UNTIL=20261009T000000Z", "RDATE:20271007T100000Z"}},
		{"long one begins first, short one last", "26-10-05 10:00", "27-03-03 10:00",
			[]string{"RRULE:FREQ=DAILY;UNTIL=20270501T000000Z;BYMONTH=10", "RDATE;VALUE=PERIOD:20270301T100000Z/P1000D,20270303T100000Z/PT1H"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			first, last, err := parse(t, recurring(append([]string{"DTSTART:20261005T100000Z"}, c.lines...)...)).Bounds()
			require.NoError(t, err)
			assert.Equal(t, c.first, instant(first))
			if c.last == "" {
				assert.True(t, last.IsZero())
			} else {
				assert.Equal(t, c.last, instant(last))
			}
		})
	}
}

func TestRefusedRecurrence(t *testing.T) {
	many := func(n int, format string) []string {
		lines := make([]string, n)
		for i := range lines {
			lines[i] = fmt.Sprintf(format, time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC).Format("20060102T150405Z"))
		}
		return lines
	}
	cases := []struct {
		name, why string
		lines     []string
	}{
		{"every second", "more often than daily", []string{"RRULE:FREQ=SECONDLY"}},
		{"every minute", "more often than daily", []string{"RRULE:FREQ=MINUTELY;COUNT=1"}},
		{"every hour", "more often than daily", []string{"RRULE:FREQ=HOURLY;INTERVAL=24"}},
		{"every minute in disguise", "more than 24 times a day", []string{"RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"}},
		{"EXRULE every hour", "more often than daily", []string{"EXRULE:FREQ=HOURLY"}},
		{"no rule", "RRULE \"every day\"", []string{"RRULE:every day"}},
		{"no FREQ", "FREQ", []string{"RRULE:COUNT=2"}},
		{"COUNT=0", "is no count", []string{"RRULE:FREQ=DAILY;COUNT=0"}},
		{"UNTIL that is no date", "neither a date nor a time", []string{"RRULE:FREQ=DAILY;UNTIL=tomorrow"}},
		{"another calendar", "RSCALE", []string{"RRULE:RSCALE=HEBREW;FREQ=YEARLY"}},
		{"a part of no standard", "BYEASTER", []string{"RRULE:FREQ=YEARLY;BYEASTER=1000"}},
		{"a start within the rule", "DTSTART", []string{"RRULE:FREQ=YEARLY;DTSTART=20200101T000000Z"}},
		{"month 13", "bymonth", []string{"RRULE:FREQ=YEARLY;BYMONTH=13"}},
		{"53rd Monday of a month", "no weekday number 53", []string{"RRULE:FREQ=MONTHLY;BYDAY=53MO"}},
		{"BYSETPOS that no day has", "1 positions at most", []string{"RRULE:FREQ=DAILY;BYSETPOS=2"}},
		{"many positions", "more than 12 positions", []string{"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=1,2,3,4,5,6,7,8,9,10,11,12,13"}},
		{"interval of ages", "INTERVAL", []string{"RRULE:FREQ=WEEKLY;INTERVAL=1000000000000000000"}},
		{"many rules", "more than 4 rules", []string{"RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"}},
		{"RDATE that is no date", "RDATE \"soon\"", []string{"RDATE:soon"}},
		{"PERIOD that is none", "no duration", []string{"RDATE;VALUE=PERIOD:20261005T100000Z/P"}},
		{"EXDATE that is no date", "EXDATE", []string{"EXDATE:20261301T100000Z"}},
		{"RECURRENCE-ID that is no date", "RECURRENCE-ID \"x\"", []string{"END:VEVENT", "BEGIN:VEVENT", "UID:u1", "DTSTART:20261005T100000Z", "RECURRENCE-ID:x"}},
		{"many RDATEs", "more than 1000 dates", many(1001, "RDATE:%s")},
		{"many EXDATEs", "more than 1000 exceptions", many(1001, "EXDATE:%s")},
		{"many overrides", "more than 1000 overrides", many(1001, "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20261005T100000Z\r\nRECURRENCE-ID:%s")},
		{"more dates than are followed", "more than 5000 dates", []string{"RRULE:FREQ=DAILY"}},
		{"all excluded", "more than 5000 dates", []string{"RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := parse(t, recurring(append([]string{"DTSTART:20261005T100000Z"}, c.lines...)...))
			err := e.Occurrences(longAgo, never, func(calendar.Occurrence) bool { return true })
			require.ErrorIs(t, err, calendar.ErrRecurrence)
			assert.ErrorContains(t, err, c.why)
			if !strings.Contains(c.why, "5000") { // Bounds need not follow the rule
				_, _, err = e.Bounds()
				assert.ErrorIs(t, err, calendar.ErrRecurrence)
			}
		})
	}
	within := parse(t, recurring(append([]string{"DTSTART:20261005T100000Z"}, many(1000, "RDATE:%s")...)...))
	assert.Len(t, dates(t, within, longAgo, never, 2000), 1001, "as many as are allowed")
}

// TestOccurrencesAtOnce is for the race detector: the zones of EXDATE are found when they are needed.
func TestOccurrencesAtOnce(t *testing.T) {
	lines := []string{"DTSTART:20261005T100000Z", "RRULE:FREQ=DAILY;COUNT=3"}
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("EXDATE;TZID=Office %d:20261006T120000", i)) // not known, so the home zone
	}
	e := parse(t, recurring(lines...))
	var group stdsync.WaitGroup
	for range 4 {
		group.Go(func() {
			var days []int
			err := e.Occurrences(longAgo, never, func(o calendar.Occurrence) bool {
				days = append(days, o.Start.Day())
				return true
			})
			assert.NoError(t, err)
			assert.Equal(t, []int{5, 7}, days)
		})
	}
	group.Wait()
}
