package sync_test

import (
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/sync"
)

var newYear = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// every lists instants.
func every(d time.Duration, from, to time.Time) []int64 {
	var all []int64
	for at := from; at.Before(to); at = at.Add(d) {
		all = append(all, at.Unix())
	}
	return all
}

// years are series that have everything happen to them: they go over both changes of the clocks.
var years = []struct {
	name    string
	windows int                  // on how many the meeting stands in 2027
	close   func(time.Time) bool // when there is a pass at every quarter of an hour, not only where something is due
	series  series
}{
	{"at daytime in Europe/Brussels", 54, in(time.March), series{
		Zone: "Europe/Brussels", Start: "20261201T093000", Minutes: 50, Rule: "FREQ=WEEKLY", Title: "Sprint",
		RDates:  []string{"20270304T160000", "20270327T230000", "20270812T093000"},
		EXDates: []string{"20270119T093000", "20270720T093000", "20270727T093000"},
		Overrides: []exceptional{
			{ID: "20270112T093000", Zone: "Europe/Brussels", Start: "20270112T150000", Minutes: 50, Title: "Sprint"},                         // later
			{ID: "20270126T093000", Zone: "Europe/Brussels", Start: "20270125T173000", Minutes: 30, Title: "Sprint, early and short"},        // earlier
			{ID: "20270209T093000", Zone: "Europe/Brussels", Start: "20270217T110000", Minutes: 50, Title: "Sprint"},                         // past its neighbour
			{ID: "20270309T093000", Zone: "Europe/Brussels", Start: "20270309T093000", Minutes: 50, Title: "Sprint", Cancelled: true},        //
			{ID: "20270323T093000", Zone: "Europe/Brussels", Start: "20270323T093000", Minutes: 50, Title: "Review"},                         // another title
			{ID: "20270330T093000", Zone: "Europe/Brussels", Start: "20270328T013000", Minutes: 120, Title: "Over the change"},               // clocks skip an hour in it
			{ID: "20270413T093000", Zone: "Europe/Brussels", Start: "20270420T083000", Minutes: 55, Title: "Just before the next"},           // five minutes lie between
			{ID: "20270504T093000", Zone: "Europe/Brussels", Start: "20270511T090000", Minutes: 180, Title: "Over the next"},                 // begins before, ends after it
			{ID: "20270601T093000", Zone: "America/New_York", Start: "20270601T093000", Minutes: 50, Title: "Sprint from New York"},          // in another zone
			{ID: "20270615T093000", Zone: "Europe/Brussels", Start: "20270706T150000", Minutes: 50, Title: "Sprint, much later"},             // past three
			{ID: "20270803T093000", Zone: "Europe/Brussels", Start: "20270803T093000", Minutes: 480, Title: "Workshop"},                      // longer
			{ID: "20270720T093000", Zone: "Europe/Brussels", Start: "20270721T093000", Minutes: 50, Title: "Excluded, yet with an override"}, // counts
			{ID: "20271026T093000", Zone: "Europe/Brussels", Start: "20271031T021500", Minutes: 90, Title: "In the hour that comes twice"},   //
			{ID: "20271102T093000", Zone: "Europe/Brussels", Start: "20271102T103000", Minutes: 50, Title: "Sprint"},                         // an hour later, two days after the change
		},
	}},
	{"at night in Europe/Brussels, when the clocks change", 52, near("2027-03-28", "2027-10-31"), series{
		Zone: "Europe/Brussels", Start: "20261206T023000", Minutes: 45, Rule: "FREQ=WEEKLY;BYDAY=SU", Title: "Night watch",
		EXDates: []string{"20270502T023000"},
		RDates:  []string{"20270505T023000"},
		Overrides: []exceptional{
			{ID: "20270328T023000", Zone: "Europe/Brussels", Start: "20270328T033000", Minutes: 30, Title: "The time that is not shown"},
			{ID: "20270704T023000", Zone: "Europe/Brussels", Start: "20270704T023000", Minutes: 45, Title: "Night watch", Cancelled: true},
			{ID: "20271107T023000", Zone: "Europe/Brussels", Start: "20271031T053000", Minutes: 45, Title: "The same night"},
		},
	}},
	{"at daytime in America/New_York", 52, in(time.November), series{
		Zone: "America/New_York", Start: "20261203T140000", Minutes: 60, Rule: "FREQ=WEEKLY;COUNT=60;BYDAY=TH", Title: "Standup",
		RDates:  []string{"20270314T140000", "20270617T160000"},
		EXDates: []string{"20270401T140000", "20271125T140000"},
		Overrides: []exceptional{
			{ID: "20270107T140000", Zone: "America/New_York", Start: "20270107T100000", Minutes: 60, Title: "Standup"},
			{ID: "20270211T140000", Zone: "America/New_York", Start: "20270218T160000", Minutes: 60, Title: "Standup"},
			{ID: "20270318T140000", Zone: "America/New_York", Start: "20270318T140000", Minutes: 60, Title: "After the change"},
			{ID: "20270325T140000", Zone: "Europe/Brussels", Start: "20270328T031000", Minutes: 60, Title: "In Brussels, as clocks change there"},
			{ID: "20270506T140000", Zone: "America/New_York", Start: "20270506T140000", Minutes: 60, Title: "Standup", Cancelled: true},
			{ID: "20270513T140000", Zone: "America/New_York", Start: "20270513T140000", Minutes: 60, Title: "Standup", Cancelled: true},
			{ID: "20270916T140000", Zone: "America/New_York", Start: "20270902T140000", Minutes: 10, Title: "At the same time as another"},
			{ID: "20271104T140000", Zone: "America/New_York", Start: "20271107T013000", Minutes: 60, Title: "In the hour that comes twice"},
		},
	}},
	{"at night in America/New_York, when the clocks change", 54, near("2027-03-14", "2027-11-07"), series{
		Zone: "America/New_York", Start: "20261206T013000", Minutes: 60, Rule: "FREQ=WEEKLY", Title: "Night watch",
		RDates: []string{"20270314T023000"},
		Overrides: []exceptional{
			{ID: "20270314T013000", Zone: "America/New_York", Start: "20270313T233000", Minutes: 60, Title: "The evening before"},
			{ID: "20271114T013000", Zone: "America/New_York", Start: "20271107T053000", Minutes: 60, Title: "The same night"},
		},
	}},
}

func in(m time.Month) func(time.Time) bool {
	return func(t time.Time) bool { return t.Month() == m }
}

// near is within a day of one of some days, before or after.
func near(days ...string) func(time.Time) bool {
	return func(t time.Time) bool {
		return slices.ContainsFunc(days, func(day string) bool { return t.Sub(utc(day+" 12:00")).Abs() < 36*time.Hour })
	}
}

// A year of a weekly series, in which at every quarter of an hour the meeting stands where python3-dateutil and the words of
// doc/decisions.md say; it is moved by one PUT each time, and in between there is one question to the calendar and nothing else.
func TestYear(t *testing.T) {
	for _, c := range years {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := follow(t, question{Versions: []series{c.series}, Linger: 1800, Times: every(15*time.Minute, newYear, newYear.AddDate(1, 0, 0))})
			for i := range w.q.Times {
				require.Equal(t, w.at(i).Window, w.at(i).Meeting, "nothing but the rule moves it")
				w.says(i)
				w.visit(i, c.close(time.Unix(w.q.Times[i], 0).UTC()))
			}
			assert.Equal(t, c.windows-1, w.puts())
			assert.Zero(t, w.checked)
			t.Logf("%d windows; %d passes, of which %d listed the calendar; %d more quarters of an hour in which nothing was due",
				c.windows, w.passes, w.listings, w.skipped)
		})
	}
}

// A followed world has one series, whose meeting is followed through time.
type followed struct {
	*entry
	q                question
	answer           []standing
	dates            []calendar.Occurrence
	number           string    // of the meeting
	due              time.Time // when the ledger has the series looked at again
	passes, listings int
	checked          int // passes in which it was due, and stayed
	skipped          int // instants without a pass, since nothing was due
}

// follow makes a world for a question, and asks it.
func follow(t *testing.T, q question, rules ...func(*sync.Rules)) *followed {
	f := &followed{q: q, answer: dateutil(t, q)[0]}
	f.begin(t, rules...)
	return f
}

// begin books the series at the first of the instants.
func (f *followed) begin(t *testing.T, rules ...func(*sync.Rules)) {
	w := newWorld(t)
	for _, change := range append(rules, func(r *sync.Rules) { r.RollAfter = time.Duration(f.q.Linger) * time.Second }) {
		w.rules(change)
	}
	f.entry = &entry{world: w, path: w.dav.Calendar("alice", "work") + "series.ics", uid: "series"}
	f.restore(f.q.Versions[0].object("LOCATION:@meet"))
	f.goTo(0)
	w.rest()
	f.dates, f.number = occurrences(t, f.raw(), f.q.Times), w.meeting().Number
	f.due = w.row(f.entry).DueAt
}

// at is where things shall stand at an instant.
func (f *followed) at(i int) standing {
	n := sort.Search(len(f.answer), func(n int) bool { return f.answer[n].From > i })
	return f.answer[n-1]
}

// says asks Window itself.
func (f *followed) says(i int) {
	f.t.Helper()
	now := time.Unix(f.q.Times[i], 0)
	o, _, ok := sync.Window(slices.Values(f.dates), now, time.Duration(f.q.Linger)*time.Second)
	var got *window
	if ok {
		got = &window{o.Start.UTC(), o.End.UTC(), o.Component.Summary}
	}
	require.Equal(f.t, f.at(i).Window, got, "at %s", now.UTC())
}

// occurrences are the dates of an object that take place around some instants.
func occurrences(t *testing.T, object string, times []int64) []calendar.Occurrence {
	t.Helper()
	ev, err := calendar.Parse([]byte(object), time.UTC)
	require.NoError(t, err)
	var all []calendar.Occurrence
	from, to := time.Unix(times[0], 0).AddDate(0, -1, 0), time.Unix(times[len(times)-1], 0).AddDate(1, 0, 0)
	require.NoError(t, ev.Occurrences(from, to, func(o calendar.Occurrence) bool {
		if !o.Cancelled {
			all = append(all, o)
		}
		return true
	}))
	return all
}

// visit goes to an instant, and makes a pass unless there is nothing to find: it is not due by the ledger, nor by the answer,
// and nobody wants to see (always) that such a pass does nothing.
func (f *followed) visit(i int, always bool) {
	f.t.Helper()
	now, shall := f.goTo(i), *f.at(i).Meeting
	due := !f.due.IsZero() && !f.due.After(now)
	switch {
	case shall != f.stands():
		require.True(f.t, due, "at %s the meeting should move to %s, and the ledger has %s for it", now, &shall, f.due)
		f.moves()
	case due:
		f.checks()
	case always:
		f.rests()
	default:
		f.skipped++
		return
	}
	f.passes++
	require.Equal(f.t, shall, f.stands(), "at %s", now)
	require.Equal(f.t, f.number, f.meeting().Number)
}

func (f *followed) goTo(i int) time.Time {
	now := time.Unix(f.q.Times[i], 0).UTC()
	f.clock.add(now.Sub(f.clock.Now()))
	return now
}

// moves makes a pass that moves the meeting, by one call.
func (f *followed) moves() {
	f.t.Helper()
	f.steps = nil
	calls := f.platform.CountCalls()
	require.Equal(f.t, sync.Report{Rolled: 1, Unchanged: 1}, f.pass(), "at %s", f.clock.Now())
	require.Len(f.t, f.steps, 1)
	require.Equal(f.t, sync.Roll, f.steps[0].Rule)
	require.Equal(f.t, calls+1, f.platform.CountCalls())
	f.due = f.row(f.entry).DueAt
}

// checks makes a pass that looks at the series, since its time has come, and has nothing to do.
func (f *followed) checks() {
	f.t.Helper()
	f.checked++
	calls := f.platform.CountCalls()
	require.Equal(f.t, sync.Report{Unchanged: 1}, f.pass(), "at %s", f.clock.Now())
	require.Equal(f.t, calls, f.platform.CountCalls())
	f.due = f.row(f.entry).DueAt
}

// rests makes a pass that must find nothing to do: one question, or two where the calendar is listed as a whole.
func (f *followed) rests() {
	f.t.Helper()
	f.steps = nil
	calls := f.platform.CountCalls()
	f.dav.ResetLog()
	require.Zero(f.t, f.pass(), "an idle pass")
	require.Empty(f.t, f.steps)
	require.Equal(f.t, calls, f.platform.CountCalls(), "calls of the platform")
	if asked := f.dav.Counts(); asked["PROPFIND"] == 2 {
		f.listings++
	} else {
		require.Equal(f.t, map[string]int{"REPORT": 1}, asked)
	}
}

// stands is what the platform has.
func (f *followed) stands() window {
	m := f.meeting()
	return window{m.Start.UTC(), m.End.UTC(), m.Topic}
}
