package calendar_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// dateutil answers with the same rules followed by python3-dateutil, and zones by Python's zoneinfo: both know nothing of
// rrule-go and of Go's time. Each question and each answer is one line of JSON; times are Unix seconds.
const dateutil = `
import json, sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr

def clock(s): return datetime.strptime(s, "%Y%m%dT%H%M%S")

def answer(q):
    zone = ZoneInfo(q["zone"])
    unix = lambda wall: int(wall.replace(tzinfo=zone, fold=0).timestamp())
    start = clock(q["start"])
    rule = dict(part.split("=") for part in q["rule"].split(";"))
    until, count = rule.pop("UNTIL", None), int(rule.pop("COUNT", 0))
    text = ";".join(k + "=" + v for k, v in rule.items())
    if until:
        limit = clock(until.rstrip("Z")) if "T" in until else clock(until + "T235959")
        if until.endswith("Z"):
            ends = lambda wall: unix(wall) > int(limit.replace(tzinfo=timezone.utc).timestamp())
        else:
            ends = lambda wall: wall > limit
    else:
        ends = lambda wall: False
    dates, given = {unix(start)}, 0
    for wall in rrulestr(text, dtstart=start):
        if given == 0 and wall != start:
            given = 1
        given += 1
        if ends(wall) or count and given > count or unix(wall) > q["to"] + 86400:
            break
        dates.add(unix(wall))
    dates |= {unix(clock(d)) for d in q["rdate"] or []}
    dates -= {unix(clock(d)) for d in q["exdate"] or []}
    return sorted(d for d in dates if d + 3600 > q["from"] and d < q["to"])

for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
`

// needDateutil finds python3-dateutil, and installs it where that is possible.
func needDateutil(t *testing.T) {
	t.Helper()
	found := func() bool {
		return exec.Command("/usr/bin/python3", "-c", "import dateutil.rrule, zoneinfo").Run() == nil
	}
	if found() {
		return
	}
	if os.Getuid() == 0 {
		out, err := exec.Command("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends", "python3-dateutil", "tzdata").CombinedOutput()
		t.Logf("apt-get install python3-dateutil: %v\n%s", err, out)
	}
	switch {
	case found():
	case os.Getenv("CI") == "true":
		t.Fatal("python3-dateutil is not there and could not be installed")
	default:
		t.Skip("no python3-dateutil to compare with (Debian: apt-get install python3-dateutil)")
	}
}

// A question is a series and a window of it.
type question struct {
	Zone   string   `json:"zone"`
	Start  string   `json:"start"`
	Rule   string   `json:"rule"`
	RDates []string `json:"rdate"`
	EXDate []string `json:"exdate"`
	From   int64    `json:"from"`
	To     int64    `json:"to"`

	floating bool
}

const clockLayout = "20060102T150405"

func TestAgainstDateutil(t *testing.T) {
	needDateutil(t)
	const n = 2000
	r := rand.New(rand.NewPCG(5545, 2026))
	questions := make([]question, n)
	var in bytes.Buffer
	for i := range questions {
		questions[i] = newQuestion(t, r)
		require.NoError(t, json.NewEncoder(&in).Encode(questions[i]))
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", dateutil)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	answers := json.NewDecoder(bytes.NewReader(out))
	compared := 0
	for _, q := range questions {
		var want []int64
		require.NoError(t, answers.Decode(&want))
		got := q.starts(t)
		if len(got) == 0 {
			got = []int64{}
		}
		require.Equal(t, want, got, "%s\nfrom %s to %s", q.data(), time.Unix(q.From, 0).UTC(), time.Unix(q.To, 0).UTC())
		compared += len(want)
	}
	t.Logf("%d series, %d occurrences", n, compared)
	require.Greater(t, compared, 5*n)
}

func (q question) line(name, value string) string {
	switch {
	case q.floating:
		return name + ":" + value
	case q.Zone == "UTC":
		return name + ":" + value + "Z"
	}
	return name + ";TZID=" + q.Zone + ":" + value
}

func (q question) data() []byte {
	lines := []string{q.line("DTSTART", q.Start), "DURATION:PT1H", "RRULE:" + q.Rule}
	for _, d := range q.RDates {
		lines = append(lines, q.line("RDATE", d))
	}
	for _, d := range q.EXDate {
		lines = append(lines, q.line("EXDATE", d))
	}
	return recurring(lines...)
}

func (q question) starts(t *testing.T) []int64 {
	t.Helper()
	home, err := time.LoadLocation(q.Zone)
	require.NoError(t, err)
	e, err := calendar.Parse(q.data(), home)
	require.NoError(t, err)
	var all []int64
	err = e.Occurrences(time.Unix(q.From, 0), time.Unix(q.To, 0), func(o calendar.Occurrence) bool {
		all = append(all, o.Start.Unix())
		return true
	})
	require.NoError(t, err, string(q.data()))
	return all
}

// newQuestion makes up a series. Some of its dates are excluded, as our own answer has them: were that wrong, the
// comparison would show it.
func newQuestion(t *testing.T, r *rand.Rand) question {
	q := question{Zone: pick(r, "Europe/Brussels", "America/New_York", "UTC", "Europe/Brussels")}
	q.floating = q.Zone == "Europe/Brussels" && r.IntN(2) == 0
	start := time.Date(2015+r.IntN(10), time.Month(1+r.IntN(12)), 1+r.IntN(31), pick(r, 0, 1, 2, 3, 9, 14, 23), pick(r, 0, 30), 0, 0, time.UTC)
	q.Start = start.Format(clockLayout)
	q.Rule = randomRule(r, start)
	from := start.Add(time.Duration(r.IntN(1200)-60) * 24 * time.Hour)
	q.From, q.To = from.Unix(), from.AddDate(0, pick(r, 1, 6, 30), 0).Unix()
	for range r.IntN(3) {
		q.RDates = append(q.RDates, from.Add(time.Duration(r.IntN(9000))*time.Hour).Format(clockLayout))
	}
	loc, err := time.LoadLocation(q.Zone)
	require.NoError(t, err)
	for _, unix := range q.starts(t) {
		if r.IntN(5) == 0 {
			q.EXDate = append(q.EXDate, time.Unix(unix, 0).In(loc).Format(clockLayout))
		}
	}
	return q
}

// randomRule leaves out what dateutil reads in its own way: days with and without a number in one rule, BYSETPOS in a
// week that DTSTART cuts, BYWEEKNO without a day.
func randomRule(r *rand.Rand, start time.Time) string {
	freq := pick(r, "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
	parts := []string{"FREQ=" + freq}
	add := func(format string, values ...any) { parts = append(parts, fmt.Sprintf(format, values...)) }
	some := func(n int) bool { return r.IntN(n) == 0 }
	day := func() string { return pick(r, "MO", "TU", "WE", "TH", "FR", "SA", "SU") }
	if some(2) {
		add("INTERVAL=%d", 1+r.IntN(5))
	}
	if some(3) {
		add("WKST=%s", day())
	}
	if some(4) {
		add("BYMONTH=%d,%d", 1+r.IntN(12), 1+r.IntN(12))
	}
	switch r.IntN(6) {
	case 0:
		add("BYDAY=%s,%s,%s", day(), day(), day())
		if (freq == "MONTHLY" || freq == "YEARLY") && some(2) {
			add("BYSETPOS=%d,%d", 1+r.IntN(4), -1-r.IntN(4))
		}
	case 1:
		if freq == "MONTHLY" || freq == "YEARLY" {
			add("BYDAY=%d%s,%d%s", 1+r.IntN(5), day(), -1-r.IntN(5), day())
		}
	case 2:
		if freq != "WEEKLY" {
			add("BYMONTHDAY=%d,%d", 1+r.IntN(31), -1-r.IntN(31))
		}
	case 3:
		if freq == "YEARLY" {
			add("%s", pick(r, fmt.Sprintf("BYYEARDAY=%d,%d", 1+r.IntN(366), -1-r.IntN(366)), fmt.Sprintf("BYWEEKNO=%d,%d;BYDAY=%s", 1+r.IntN(52), 1+r.IntN(52), day())))
		}
	}
	if some(5) {
		add("BYHOUR=%d,%d", r.IntN(24), r.IntN(4))
	}
	switch r.IntN(6) {
	case 0:
		add("COUNT=%d", 1+r.IntN(300))
	case 1:
		end := start.Add(time.Duration(r.IntN(2000*24)) * time.Hour)
		add("UNTIL=%s", end.Format(pick(r, "20060102", clockLayout, clockLayout+"Z")))
	}
	return strings.Join(parts, ";")
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
