package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// series are rules and lists of dates that take for ever, or give dates without number, where they are worked out naively.
func series() map[string][]string {
	dates := func(name string, n int) string {
		var b strings.Builder
		for i := range n {
			day := time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i)
			fmt.Fprintf(&b, "%s:%s\r\n", name, day.Format("20060102T150405Z"))
		}
		return b.String()
	}
	list := func(from, to int) string {
		var all []string
		for i := from; i <= to; i++ {
			if i != 0 {
				all = append(all, fmt.Sprint(i))
			}
		}
		return strings.Join(all, ",")
	}
	yearOne := []string{"DTSTART:00010101T080000Z", "DURATION:PT1H"}
	rule := func(r string, more ...string) []string { return append([]string{"RRULE:" + r}, more...) }
	return map[string][]string{
		"SECONDLY":                        rule("FREQ=SECONDLY"),
		"SECONDLY, COUNT=1":               rule("FREQ=SECONDLY;COUNT=1"),
		"MINUTELY":                        rule("FREQ=MINUTELY"),
		"HOURLY":                          rule("FREQ=HOURLY;INTERVAL=1"),
		"HOURLY that never comes":         rule("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"),
		"every second of a day":           rule("FREQ=DAILY;BYHOUR=" + list(0, 23) + ",0;BYMINUTE=0," + list(1, 59) + ";BYSECOND=0," + list(1, 59)),
		"COUNT=1000000000":                rule("FREQ=DAILY;COUNT=1000000000"),
		"COUNT of many digits":            rule("FREQ=DAILY;COUNT=" + strings.Repeat("9", 100)),
		"negative COUNT":                  rule("FREQ=DAILY;COUNT=-1"),
		"COUNT=1000000000 since year 1":   rule("FREQ=DAILY;COUNT=1000000000", yearOne...),
		"YEARLY, BYSETPOS, since year 1":  rule("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS="+list(-12, -1), yearOne...),
		"YEARLY, all positions":           rule("FREQ=YEARLY;BYYEARDAY="+list(-366, 366)+";BYSETPOS="+list(-366, 366), yearOne...),
		"YEARLY that never comes":         rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", yearOne...),
		"MONTHLY that never comes":        rule("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11", yearOne...),
		"WEEKLY that never comes":         rule("FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30"),
		"DAILY that never comes":          rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
		"a position that never comes":     rule("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=31"),
		"29 February on a Monday, week 1": rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYWEEKNO=1"),
		"week 53 of a leap year's first":  rule("FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=1;BYDAY=MO"),
		"UNTIL 9999":                      rule("FREQ=DAILY;UNTIL=99991231T235959Z"),
		"UNTIL 9999 since year 1":         rule("FREQ=DAILY;UNTIL=99991231T235959Z", yearOne...),
		"UNTIL before DTSTART":            rule("FREQ=DAILY;UNTIL=00010101T000000Z"),
		"INTERVAL=0":                      rule("FREQ=DAILY;INTERVAL=0"),
		"INTERVAL=-1":                     rule("FREQ=DAILY;INTERVAL=-1"),
		"INTERVAL of many digits":         rule("FREQ=DAILY;INTERVAL=" + strings.Repeat("9", 30)),
		"INTERVAL=2147483647":             rule("FREQ=YEARLY;INTERVAL=2147483647"),
		"BYEASTER":                        rule("FREQ=YEARLY;BYEASTER=0"),
		"RSCALE":                          rule("RSCALE=CHINESE;FREQ=YEARLY"),
		"DTSTART in a rule":               rule("FREQ=DAILY;DTSTART=00010101T000000Z"),
		"1,000 rules":                     {strings.Repeat("RRULE:FREQ=DAILY\r\n", 1000)},
		"1,000 exceptions":                {"RRULE:FREQ=DAILY", strings.Repeat("EXRULE:FREQ=DAILY\r\n", 1000)},
		"all dates excluded by a rule":    {"RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY"},
		"5,000 RDATEs":                    {dates("RDATE", 5000)},
		"5,000 EXDATEs":                   {"RRULE:FREQ=DAILY", dates("EXDATE", 5000)},
		"RDATE of 5,000 in one line":      {"RDATE:" + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(dates("R", 5000)), "\r\n", ","), "R:", "")},
		"periods of 10,000 years":         {"RDATE;VALUE=PERIOD:" + strings.Repeat("20300101T080000Z/P999999W,", 900) + "20300102T080000Z/PT1H"},
		"a duration of 1,000,000 weeks":   {"DTSTART:20300101T080000Z", "DURATION:P1000000W", "RRULE:FREQ=DAILY"},
		"a duration of many digits":       {"DTSTART:20300101T080000Z", "DURATION:P" + strings.Repeat("9", 300) + "W", "RRULE:FREQ=DAILY"},
		"a rule of 500,000 parts":         rule("FREQ=DAILY" + strings.Repeat(";BYDAY=MO", 50_000)),
		"BYDAY of 100,000":                rule("FREQ=MONTHLY;BYDAY=MO" + strings.Repeat(",1MO", 100_000)),
		"year 9999":                       rule("FREQ=DAILY", "DTSTART:99991231T230000Z", "DURATION:PT1H"),
		"year 0":                          rule("FREQ=DAILY", "DTSTART:00000101T000000Z", "DURATION:PT1H"),
		"zone of a bomb":                  rule("FREQ=DAILY", "DTSTART;TZID=Nowhere:20300101T080000", "DURATION:PT1H"),
	}
}

const bombZone = "BEGIN:VTIMEZONE\r\nTZID:Nowhere\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" +
	"RRULE:FREQ=DAILY\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:00010101T120000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

// No series, in the master or in a zone, keeps convoke from the event beside it: it is worked out within a budget, or the event is
// told as one whose dates cannot be. Each alone, and then all of them at once with series.window = "span".
func TestThreatRecurrenceBombs(t *testing.T) {
	x := newTarget(t)
	payloads := series()
	bomb := func(name string, lines []string) string {
		uid := strings.NewReplacer(" ", "-", ",", "").Replace(name) + "@example.com"
		return strings.Replace(booked(uid, lines...), "BEGIN:VEVENT", bombZone+"BEGIN:VEVENT", 1)
	}
	x.put("budget", booked("budget@example.com"))
	for name, lines := range payloads {
		t.Run(name, func(t *testing.T) {
			x := x.in(t)
			x.forget()
			x.put("budget", booked("budget@example.com"))
			x.put("bomb", bomb(name, lines))
			posts := x.posts()
			o := x.convoke("sync")
			t.Logf("%d MiB, %s, exit %d: %.300s", o.peak>>20, o.took, o.code, o.err)
			assert.Contains(t, x.object("budget"), joinStart)
			most := 2
			if strings.Contains(lines[0], "SECONDLY") || strings.Contains(lines[0], "MINUTELY") || strings.Contains(lines[0], "HOURLY") {
				most = 1
				assert.Contains(t, x.convoke("status").out, "cannot be told")
			}
			assert.LessOrEqual(t, x.posts()-posts, most, "an event has one meeting, whatever its dates are")
			require.NoError(t, x.dav.Delete(x.path("bomb")))
		})
	}
	x.forget()
	x.configure("calendars = [\"Work\"]\n[series]\nwindow = \"span\"\n")
	for name, lines := range payloads {
		x.put(strings.ReplaceAll(name, " ", "-"), bomb(name, lines))
	}
	x.convoke("sync")
	assert.Equal(t, "nothing to do\n", x.convoke("sync").out, "what was worked out once is not worked out again")
	x.publish("recurrence bombs", len(payloads), 120, 10*time.Second)
}
