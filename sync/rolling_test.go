package sync_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
	"convoke/sync"
)

// After three weeks in which nothing ran the window is right when the first pass is over, wherever that falls.
func TestDownForWeeks(t *testing.T) {
	endless := series{Zone: "Europe/Brussels", Start: "20261201T093000", Minutes: 50, Rule: "FREQ=WEEKLY", Title: "Sprint", Overrides: []exceptional{
		{ID: "20270223T093000", Zone: "Europe/Brussels", Start: "20270223T093000", Minutes: 50, Title: "Review"},
	}}
	ending := endless
	ending.Rule, ending.Overrides = "FREQ=WEEKLY;COUNT=11", nil // the last one is on 9 February
	for _, c := range []struct {
		name, until string
		series      series
		calls       int
		stands      string // on which date
	}{
		{"until between two dates", "2027-02-25 12:00", endless, 1, "2027-03-02 08:30"},
		{"until long before a date", "2027-02-23 08:00", endless, 1, "2027-02-23 08:30"},
		{"until ten minutes before a date", "2027-02-23 08:20", endless, 1, "2027-02-23 08:30"},
		{"until the middle of a date", "2027-02-23 09:00", endless, 1, "2027-02-23 08:30"},
		{"until just after a date, which is none to go to any more", "2027-02-23 09:35", endless, 1, "2027-03-02 08:30"},
		{"over a change of the clocks", "2027-04-06 06:00", endless, 1, "2027-04-06 07:30"},
		{"until the end of the last date", "2027-02-09 09:00", ending, 1, "2027-02-09 08:30"},
		{"until just after the last date", "2027-02-09 09:35", ending, 0, "2027-02-02 08:30"},
		{"until long after the last date", "2027-03-03 12:00", ending, 0, "2027-02-02 08:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := utc(c.until)
			f := follow(t, question{
				Versions: []series{c.series}, Linger: 1800,
				Times: append([]int64{utc("2027-02-01 12:00").Unix()}, every(15*time.Minute, up, up.AddDate(0, 0, 15))...),
			})
			f.restart()
			f.visit(1, true)
			assert.Equal(t, utc(c.stands), f.stands().Start)
			assert.Equal(t, c.calls, f.puts())
			f.rests()
			for i := range f.q.Times[2:] {
				f.visit(i+2, false)
			}
		})
	}
}

// Where the platform keeps a meeting closed that it closed once, the series says so from the first date that follows, and for
// as long as that lasts; the meeting is moved on all the same, so that it is right when somebody opens it.
func TestSeriesStaysClosed(t *testing.T) {
	f := follow(t, question{
		Versions: []series{{Zone: "America/New_York", Start: "20270105T100000", Minutes: 30, Rule: "FREQ=WEEKLY", Title: "Sprint"}},
		Linger:   1800, Times: every(time.Hour, newYear, newYear.AddDate(0, 1, 0)),
	})
	f.platform.Set(func(k *meetingtest.Knobs) { k.ClosedStays = true })
	for i := range f.q.Times {
		now, before := f.goTo(i), f.stands()
		r := f.pass()
		require.Equal(t, *f.at(i).Meeting, f.stands(), "at %s", now)
		if f.stands() != before {
			require.Equal(t, sync.Report{Rolled: 1, Held: 1}, r)
		} else {
			require.Zero(t, r)
		}
		if f.puts() == 0 {
			require.Empty(t, f.row(f.entry).Error)
			continue
		}
		require.Contains(t, f.row(f.entry).Error, "closed", "at %s", now)
		require.Equal(t, sync.StillClosed, f.rule("series"))
	}
	assert.Equal(t, 4, f.puts())
}

// A series whose text may not be written any more moves on: that is between convoke and the platform.
func TestSeriesMovesOnUnwritten(t *testing.T) {
	f := follow(t, question{
		Versions: []series{{Zone: "Europe/Brussels", Start: "20270105T093000", Minutes: 50, Rule: "FREQ=WEEKLY", Title: "Sprint"}},
		Linger:   1800, Times: every(time.Hour, newYear, newYear.AddDate(0, 0, 28)),
	})
	for range 3 { // a program that puts its old copy over ours
		f.restore(f.q.Versions[0].object("LOCATION:@meet"))
		f.later(time.Minute)
	}
	f.restore(f.q.Versions[0].object("LOCATION:@meet"))
	f.later(time.Minute)
	require.Equal(t, sync.Frozen, f.rule("series"))
	for i := range f.q.Times[1:] {
		now := f.goTo(i + 1)
		f.pass()
		require.Equal(t, *f.at(i + 1).Meeting, f.stands(), "at %s", now)
		require.Contains(t, f.row(f.entry).Error, "did not stay")
	}
	assert.Equal(t, 4, f.puts())
}

// A meeting that spans its series reaches from its current date to the last one, or half a year ahead at least; the calls that
// takes are counted.
func TestSpan(t *testing.T) {
	for _, c := range []struct {
		name, rule  string
		first, last string // the end at the beginning, and at the end of the year
		calls       int
	}{
		{"without an end", "FREQ=WEEKLY", "2028-01-04 09:20", "2028-07-11 08:20", 1},
		{"with a last date in the year", "FREQ=WEEKLY;COUNT=30", "2027-06-22 08:20", "2027-06-22 08:20", 0},
		{"with a last date far ahead", "FREQ=WEEKLY;COUNT=200", "2028-01-04 09:20", "2028-07-11 08:20", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			span(t, c.rule, c.first, c.last, c.calls)
		})
	}
}

func span(t *testing.T, rule, first, last string, calls int) {
	f := follow(t, question{
		Versions: []series{{Zone: "Europe/Brussels", Start: "20261201T093000", Minutes: 50, Rule: rule, Title: "Sprint", Overrides: []exceptional{
			{ID: "20270309T093000", Zone: "Europe/Brussels", Start: "20270310T150000", Minutes: 50, Title: "Another title"},
		}}},
		Linger: 1800, Times: every(15*time.Minute, newYear, newYear.AddDate(1, 0, 0)),
	}, func(r *sync.Rules) { r.Window = sync.SpanWindow })
	assert.Equal(t, utc(first), f.stands().End)
	for i := range f.q.Times {
		now, shall, before := f.goTo(i), f.at(i).Window, f.stands()
		if due := f.due; !due.IsZero() && !due.After(now) {
			f.pass()
			f.due = f.row(f.entry).DueAt
		}
		m := f.stands()
		require.Equal(t, "Sprint", m.Topic)
		if shall == nil { // the last date is over
			require.Equal(t, before, m)
			continue
		}
		require.False(t, m.Start.After(shall.Start) || m.End.Before(shall.End), "at %s: %s for %s", now, &m, shall)
		for _, o := range f.dates {
			require.False(t, o.End.After(m.End) && o.End.Before(now.Add(180*24*time.Hour)), "at %s: %s leaves %s out", now, &m, o.Start)
		}
	}
	assert.Equal(t, utc(last), f.stands().End)
	assert.Equal(t, calls, f.puts())
}
