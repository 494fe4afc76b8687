package sync_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wallLayout is how iCalendar writes a clock on the wall (RFC 5545, 3.3.5).
const wallLayout = "20060102T150405"

// A series is what its author says about it. Where nothing else is said its times are clocks on the wall of Zone.
type series struct {
	Since     int64         `json:"since"` // Unix time from which the calendar has it so
	Zone      string        `json:"zone"`
	Start     string        `json:"start"`
	Minutes   int           `json:"minutes"`
	Rule      string        `json:"rule"`
	Until     int64         `json:"until"` // Unix time; 0: not by time
	RDates    []string      `json:"rdates"`
	EXDates   []string      `json:"exdates"`
	Title     string        `json:"title"`
	Overrides []exceptional `json:"overrides"`
}

// exceptional is a date of a series that is not like the others.
type exceptional struct {
	ID        string `json:"id"` // the start that it would have
	Zone      string `json:"zone"`
	Start     string `json:"start"`
	Minutes   int    `json:"minutes"`
	Title     string `json:"title"`
	Cancelled bool   `json:"cancelled"`
}

// object is the series as a calendar program writes it. The lines stand in each component: such programs make an override
// as a copy of the master.
func (s series) object(lines ...string) string {
	rule := "RRULE:" + s.Rule
	if s.Until != 0 {
		rule += ";UNTIL=" + time.Unix(s.Until, 0).UTC().Format(wallLayout) + "Z"
	}
	own := []string{rule}
	for _, d := range s.RDates {
		own = append(own, "RDATE;TZID="+s.Zone+":"+d)
	}
	for _, d := range s.EXDates {
		own = append(own, "EXDATE;TZID="+s.Zone+":"+d)
	}
	master := exceptional{Zone: s.Zone, Start: s.Start, Minutes: s.Minutes, Title: s.Title}
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar//EN"}, master.component(append(own, lines...)...)...)
	for _, o := range s.Overrides {
		own := []string{"RECURRENCE-ID;TZID=" + s.Zone + ":" + o.ID}
		if o.Cancelled {
			own = append(own, "STATUS:CANCELLED")
		}
		all = append(all, o.component(append(own, lines...)...)...)
	}
	return strings.Join(append(all, "END:VCALENDAR", ""), "\r\n")
}

func (o exceptional) component(lines ...string) []string {
	start, err := time.Parse(wallLayout, o.Start)
	if err != nil {
		panic(err)
	}
	end := start.Add(time.Duration(o.Minutes) * time.Minute).Format(wallLayout)
	all := []string{
		"BEGIN:VEVENT", "UID:series", "DTSTAMP:20261101T080000Z", "SUMMARY:" + o.Title,
		"DTSTART;TZID=" + o.Zone + ":" + o.Start, "DTEND;TZID=" + o.Zone + ":" + end,
	}
	return append(append(all, lines...), "END:VEVENT")
}

// details are the unfolded lines of the first component of an object that its author's program does not know, or keeps.
func details(object string) []string {
	_, text, _ := strings.Cut(strings.ReplaceAll(object, "\r\n ", ""), "BEGIN:VEVENT\r\n")
	text, _, _ = strings.Cut(text, "END:VEVENT")
	own := regexp.MustCompile(`^(UID|DTSTAMP|SUMMARY|DTSTART|DTEND|RRULE|RDATE|EXDATE)[:;]`)
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if !own.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// A question is what becomes of a series at each of some instants, in order.
type question struct {
	Versions []series `json:"versions"`
	Linger   int64    `json:"linger"` // roll_after, in seconds
	Times    []int64  `json:"times"`  // Unix
}

// A standing is the answer from one of the instants on.
type standing struct {
	From    int     `json:"from"`    // index into Times
	Window  *window `json:"window"`  // what Window shall say; nil: the last date is over
	Meeting *window `json:"meeting"` // where the meeting shall stand
}

type window struct {
	Start, End time.Time
	Topic      string
}

// UnmarshalJSON reads [start, id, end, title].
func (w *window) UnmarshalJSON(data []byte) error {
	var start, id, end int64
	if err := json.Unmarshal(data, &[]any{&start, &id, &end, &w.Topic}); err != nil {
		return err
	}
	w.Start, w.End = time.Unix(start, 0).UTC(), time.Unix(end, 0).UTC()
	return nil
}

func (w *window) String() string {
	if w == nil {
		return "none"
	}
	return fmt.Sprintf("%q %s - %s", w.Topic, w.Start.UTC().Format("2006-01-02 15:04"), w.End.UTC().Format("2006-01-02 15:04"))
}

// dateutil answers with python3-dateutil; see testdata/window.py.
func dateutil(t *testing.T, questions ...question) [][]standing {
	t.Helper()
	needDateutil(t)
	var in strings.Builder
	for _, q := range questions {
		require.NoError(t, json.NewEncoder(&in).Encode(q))
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/window.py")
	cmd.Stdin, cmd.Stderr = strings.NewReader(in.String()), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	answers, read := make([][]standing, len(questions)), json.NewDecoder(strings.NewReader(string(out)))
	for i := range answers {
		require.NoError(t, read.Decode(&answers[i]))
	}
	return answers
}

// needDateutil wants python3-dateutil, which CI must have.
func needDateutil(t *testing.T) {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "-c", "import dateutil.rrule, zoneinfo; zoneinfo.ZoneInfo('Europe/Brussels')").CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("python3-dateutil is not there (Debian: apt-get install python3-dateutil tzdata): %v\n%s", err, out)
	default:
		t.Skip("no python3-dateutil to compare with (Debian: apt-get install python3-dateutil tzdata)")
	}
}
