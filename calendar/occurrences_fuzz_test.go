package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// hostileRules are made to take long, or to break what reads them.
var hostileRules = []string{
	"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
	"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
	"FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
	"FREQ=DAILY;BYHOUR=1,2,3,4,5,6;BYMINUTE=1,2,3,4;BYMONTHDAY=31;BYMONTH=2;BYSETPOS=1,2,3,4,5,6,-1,-2,-3,-4,-5,-6",
	"FREQ=YEARLY;BYMONTH=2;BYSETPOS=366,365,364,-366,-365,-364",
	"FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYDAY=MO,TU,WE,TH,FR,SA,SU",
	"FREQ=YEARLY;BYWEEKNO=53,-53;BYDAY=53MO,-53SU",
	"FREQ=MONTHLY;BYDAY=5MO,-5MO,MO;BYMONTHDAY=31,-31",
	"FREQ=DAILY;INTERVAL=100000;BYMONTHDAY=29;BYMONTH=2",
	"FREQ=YEARLY;INTERVAL=100000",
	"FREQ=DAILY;UNTIL=99991231T235959Z",
	"FREQ=DAILY;COUNT=999999999",
}

// TestHostileRules gives each rule four times, and starts that are as far as they can be. The bound has
// room for the race detector and a busy machine: without them it is tenths of a second for the four calls together.
func TestHostileRules(t *testing.T) {
	for _, rule := range hostileRules {
		for _, start := range []string{"00000101T000000Z", "19700101T100000Z", "20261005T100000Z", "99991231T235959Z"} {
			line := "RRULE:" + rule
			e := parse(t, recurring("DTSTART:"+start, line, line, line, "EXRULE:"+rule))
			begin := time.Now()
			walkOrdered(t, e, longAgo, never)
			walkOrdered(t, e, never, never.AddDate(9000, 0, 0))
			_, _, err := e.Bounds()
			assertRecurrence(t, err)
			require.Less(t, time.Since(begin), 30*time.Second, "%s from %s", rule, start) // the product of what it counts takes hours
		}
	}
}

// FuzzOccurrences looks for panics, for series that take long, and for dates out of order.
func FuzzOccurrences(f *testing.F) {
	for _, rule := range hostileRules {
		f.Add("20261005T100000", rule, "20261006T100000", "20261007T100000Z", "20261008T100000")
	}
	rules := map[string]bool{}
	for _, data := range seeds(f) {
		for _, rule := range propertyLines(data, "RRULE") {
			rules[strings.TrimPrefix(rule, "RRULE:")] = true
		}
	}
	for rule := range rules {
		f.Add("20261005T100000", rule, "20261006T100000", "20261012T100000", "20261013T100000")
	}
	f.Add("20260329T023000", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "20261006/P1D", "20261007", "20261025T023000")
	f.Add("20240229", "freq=monthly;byday=mo,-1fr;wkst=su;until=20301231", "20261006", "20261007", "20261005")
	limit := 2 * time.Second // of a test run, with the race detector and others beside it
	if searching() {
		limit = time.Second // the counters that guide the search cost as much as the detector
	}
	f.Fuzz(func(t *testing.T, start, rule, rdate, exdate, id string) {
		data := recurring("DTSTART;TZID=Europe/Brussels:"+start, "DURATION:PT1H", "RRULE:"+rule, "RDATE:"+rdate, "EXDATE:"+exdate,
			"END:VEVENT", "BEGIN:VEVENT", "UID:u1", "DTSTART:20261010T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:"+id)
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			return
		}
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		walkOrdered(t, e, from, never)
		require.Less(t, fastest(e, from, limit), limit)
		first, last, err := e.Bounds()
		assertRecurrence(t, err)
		require.False(t, !last.IsZero() && last.Before(first), "last %s before first %s", last, first)
	})
}

// fastest measures until one try keeps to the limit: a busy machine is no fault of the rule.
func fastest(e *calendar.Event, from time.Time, limit time.Duration) time.Duration {
	best := time.Hour
	for try := 0; try < 5 && best >= limit; try++ {
		begin := time.Now()
		_ = e.Occurrences(from, never, func(calendar.Occurrence) bool { return true }) // walkOrdered looks at the error
		best = min(best, time.Since(begin))
	}
	return best
}

func walkOrdered(t testing.TB, e *calendar.Event, from, to time.Time) {
	t.Helper()
	var last time.Time
	err := e.Occurrences(from, to, func(o calendar.Occurrence) bool {
		require.False(t, o.Start.Before(last), "%s after %s", o.Start, last)
		require.True(t, o.Start.Before(to) && o.End.After(from), "%s to %s is not in the window", o.Start, o.End)
		require.NotNil(t, o.Component)
		last = o.Start
		return true
	})
	assertRecurrence(t, err)
}

func assertRecurrence(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		require.ErrorIs(t, err, calendar.ErrRecurrence)
	}
}

// TestOccurrencesOfCorpus works out every series that other projects test with.
func TestOccurrencesOfCorpus(t *testing.T) {
	series, refused := 0, 0
	files, whole := corpusFiles(t)
	for _, data := range singleEvents(files) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil || !e.Recurring() {
			continue
		}
		series++
		walkOrdered(t, e, longAgo, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		if _, _, err = e.Bounds(); err != nil {
			assertRecurrence(t, err)
			t.Log(err)
			refused++
		}
	}
	t.Logf("%d series, %d refused", series, refused)
	require.Positive(t, series)
	if !whole {
		withoutCorpus(t)
	}
	require.Greater(t, series, 200)
	require.Less(t, refused, series/5)
}

// BenchmarkNextTwo finds the next two dates of a weekly series that began ten years ago, with an override.
func BenchmarkNextTwo(b *testing.B) {
	benchmarkNextTwo(b, "RRULE:FREQ=WEEKLY;BYDAY=MO")
}

// BenchmarkNextTwoOfCount has to count from the beginning.
func BenchmarkNextTwoOfCount(b *testing.B) {
	benchmarkNextTwo(b, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=1000")
}

func benchmarkNextTwo(b *testing.B, rule string) {
	e := parse(b, recurring("DTSTART;TZID=Europe/Brussels:20161003T100000", "DTEND;TZID=Europe/Brussels:20161003T110000", rule,
		"EXDATE;TZID=Europe/Brussels:20261012T100000", "END:VEVENT", "BEGIN:VEVENT", "UID:u1",
		"RECURRENCE-ID;TZID=Europe/Brussels:20261019T100000", "DTSTART;TZID=Europe/Brussels:20261020T100000"))
	from := time.Date(2026, 10, 6, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		n := 0
		err := e.Occurrences(from, never, func(calendar.Occurrence) bool { n++; return n < 2 })
		if err != nil || n != 2 {
			b.Fatal(n, err)
		}
	}
}
