package sync_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var seed = flag.Uint64("seed", 2027, "of the random series; a failure names it")

// Random series in random zones, with random dates moved, excluded, added, cancelled and retitled; of every tenth a world is
// made, in which its author goes on changing it. At each of 200 random instants Window, and there the meeting, is where
// python3-dateutil has it, and a move of the meeting is one call.
func TestRandomSeries(t *testing.T) {
	const n, visited, instants = 100, 10, 200
	t.Logf("go test -run TestRandomSeries ./sync -seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 5545))
	questions := make([]question, n)
	for i := range questions {
		questions[i] = randomQuestion(t, r, instants, i%visited == 0)
	}
	var worlds, moves atomic.Int64
	answers := dateutil(t, questions...)
	t.Run("all", func(t *testing.T) {
		for i, q := range questions {
			t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
				if i%visited == 0 {
					t.Parallel()
					worlds.Add(1)
					moves.Add(int64(followed{q: q, answer: answers[i]}.lives(t)))
					return
				}
				f := followed{entry: &entry{world: &world{t: t}}, q: q, answer: answers[i], dates: occurrences(t, q.Versions[0].object(), q.Times)}
				for i := range q.Times {
					f.says(i)
				}
			})
		}
	})
	require.True(t, t.Failed() || moves.Load() > 20*worlds.Load(), "%d moves", moves.Load())
	t.Logf("%d series, %d of them in a world, where the meetings moved %d times", n, worlds.Load(), moves.Load())
}

// lives goes through the instants of a question, and its author's changes.
func (f followed) lives(t *testing.T) int {
	f.begin(t)
	made := f.puts()
	for i := range f.q.Times {
		now, before, calls := f.goTo(i), f.stands(), f.puts()
		if v := slices.IndexFunc(f.q.Versions, func(s series) bool { return s.Since == f.q.Times[i] }); v > 0 {
			f.restore(f.q.Versions[v].object(details(f.raw())...))
		}
		f.pass()
		require.Equal(t, *f.at(i).Meeting, f.stands(), "at %s\n%s", now, f.text())
		require.Equal(t, f.number, f.meeting().Number)
		if f.stands() != before {
			calls++
		}
		require.Equal(t, calls, f.puts(), "at %s", now)
	}
	return f.puts() - made
}

func randomQuestion(t *testing.T, r *rand.Rand, instants int, edited bool) question {
	s := randomSeries(r)
	start, err := time.Parse(wallLayout, s.Start)
	require.NoError(t, err)
	q := question{Linger: pick(r, int64(0), 600, 1800, 7200), Times: []int64{start.Add(-time.Duration(24+r.IntN(240)) * time.Hour).Unix()}}
	for range instants - 1 {
		q.Times = append(q.Times, start.Add(time.Duration(r.IntN(540*24*3600))*time.Second).Unix())
	}
	slices.Sort(q.Times)
	q.Times = slices.Compact(q.Times)
	q.Versions = []series{s.changed(t, r, q.Times)}
	for v := 0; edited && v < 20; v++ {
		later := q.Versions[v].changed(t, r, q.Times)
		later.Since = q.Times[1+(v+1)*(len(q.Times)-1)/22]
		if v > 9 && r.IntN(10) == 0 && !strings.Contains(later.Rule, "COUNT") {
			later.Until, later.RDates, later.Overrides = later.Since, nil, nil // the date that the meeting stands on is not there any more
		}
		q.Versions = append(q.Versions, later)
	}
	return q
}

func randomSeries(r *rand.Rand) series {
	zone := pick(r, "Europe/Brussels", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Auckland")
	var start time.Time
	for !shown(start, zone) {
		start = time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), pick(r, 0, 1, 2, 3, 9, 14, 23), pick(r, 0, 10, 30), 0, 0, time.UTC)
	}
	s := series{Zone: zone, Start: start.Format(wallLayout), Minutes: pick(r, 15, 30, 50, 60, 90, 480, 1500), Title: "Sprint"}
	day := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	own := day[start.Weekday()]
	s.Rule = pick(r,
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY="+own, "FREQ=WEEKLY;INTERVAL=2",
		"FREQ=WEEKLY;BYDAY="+own+","+day[(start.Weekday()+3)%7], "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY="+own+","+day[(start.Weekday()+1)%7],
		fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", start.Day()), fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", (start.Day()+6)/7, own), "FREQ=MONTHLY",
	)
	switch r.IntN(4) {
	case 0:
		s.Rule += fmt.Sprintf(";COUNT=%d", 5+r.IntN(60))
	case 1:
		s.Until = start.AddDate(0, 2+r.IntN(18), 0).Unix()
	}
	return s
}

// changed is the series with some dates changed, which its author knows from a calendar of his own: were that wrong, the
// comparison would show it.
func (s series) changed(t *testing.T, r *rand.Rand, times []int64) series {
	s.RDates, s.EXDates, s.Overrides = slices.Clone(s.RDates), slices.Clone(s.EXDates), slices.Clone(s.Overrides)
	loc, err := time.LoadLocation(s.Zone)
	require.NoError(t, err)
	dates := occurrences(t, s.object(), times)
	for range 1 + r.IntN(5) {
		if len(dates) == 0 {
			return s
		}
		id := dates[r.IntN(len(dates))].ID.In(loc).Format(wallLayout)
		if slices.ContainsFunc(s.Overrides, func(o exceptional) bool { return o.ID == id }) {
			continue
		}
		switch r.IntN(6) {
		case 0:
			s.EXDates = append(s.EXDates, id)
		case 1:
			s.RDates = append(s.RDates, moved(r, s.Zone, id))
		default:
			s.Overrides = append(s.Overrides, s.override(r, id))
		}
	}
	return s
}

func (s series) override(r *rand.Rand, id string) exceptional {
	o := exceptional{ID: id, Zone: s.Zone, Start: id, Minutes: s.Minutes, Title: s.Title}
	switch r.IntN(6) {
	case 0:
		o.Cancelled = true
	case 1:
		o.Title = "About " + id
	case 2:
		o.Minutes = pick(r, 10, 45, 600)
	case 3:
		o.Zone = "Europe/London"
		fallthrough
	default:
		o.Start, o.Title = moved(r, o.Zone, id), pick(r, s.Title, "About "+id)
	}
	return o
}

// moved is another time that clocks in a zone show, up to ten days away; every other one not farther than two hours.
func moved(r *rand.Rand, zone, wall string) string {
	at, err := time.Parse(wallLayout, wall)
	if err != nil {
		panic(err)
	}
	for {
		far := pick(r, 24, 2880)
		to := at.Add(time.Duration(r.IntN(2*far)-far) * 5 * time.Minute)
		if shown(to, zone) {
			return to.Format(wallLayout)
		}
	}
}

// shown reports whether clocks in a zone show a time on the wall: an event at one that they skip has its own rules, which the
// tests of package calendar know.
func shown(wall time.Time, zone string) bool {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	there := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, loc)
	return !wall.IsZero() && there.Hour() == wall.Hour() && there.Minute() == wall.Minute()
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
