// Package storetest is the one suite that every ledger must pass. It asks only what store.Ledger promises, through
// its methods, and knows no implementation.
package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/store"
)

// A check asks one thing of an empty ledger.
type check struct {
	name string
	run  func(*testing.T, *desk)
}

// Run holds a ledger to what store.Ledger promises. open returns an empty one each time and sees to its end.
func Run(t *testing.T, open func(t *testing.T) store.Ledger) {
	for _, area := range []struct {
		name   string
		checks []check
	}{
		{"organizers", organizerChecks},
		{"calendars", calendarChecks},
		{"objects", objectChecks},
		{"links", linkChecks},
		{"meetings", meetingChecks},
		{"begin", beginChecks},
		{"outcomes", outcomeChecks},
		{"decisions", decisionChecks},
		{"rest", restChecks},
	} {
		t.Run(area.name, func(t *testing.T) {
			for _, c := range area.checks {
				t.Run(c.name, func(t *testing.T) { c.run(t, newDesk(t, open(t))) })
			}
		})
	}
}

// RunShared holds a ledger that outlives its program to what that means: after a restart, and beside a second
// program. again returns one more handle on what l keeps, be l still open or closed, and sees to its end.
func RunShared(t *testing.T, open func(t *testing.T) store.Ledger, again func(t *testing.T, l store.Ledger) store.Ledger) {
	for _, c := range sharedChecks {
		t.Run(c.name, func(t *testing.T) {
			l := open(t)
			c.run(t, newDesk(t, l), func() *desk { return newDesk(t, again(t, l)) })
		})
	}
}

// A desk is a ledger with what a check needs to work at it. Its methods stop the test on an error.
type desk struct {
	store.Ledger
	t   *testing.T
	ctx context.Context
}

func newDesk(t *testing.T, l store.Ledger) *desk { return &desk{l, t, t.Context()} }

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// calendar adds a calendar.
func (d *desk) calendar(organizer, url string) int64 {
	d.t.Helper()
	return must[int64](d.t)(d.SaveCalendar(d.ctx, store.Calendar{Organizer: organizer, URL: url}))
}

// meeting adds a live meeting.
func (d *desk) meeting(organizer, platformID string) store.Meeting {
	d.t.Helper()
	m := store.Meeting{Organizer: organizer, PlatformID: platformID, State: store.Live, Generation: 1, UpdatedAt: at(0)}
	m.ID = must[int64](d.t)(d.SaveMeeting(d.ctx, m))
	return m
}

// link adds an active link, unless change makes something else of it.
func (d *desk) link(organizer, uid string, meeting int64, change func(*store.Link)) store.Link {
	d.t.Helper()
	k := store.Link{Organizer: organizer, UID: uid, Meeting: meeting, State: store.Active, UpdatedAt: at(0)}
	if change != nil {
		change(&k)
	}
	k.ID = must[int64](d.t)(d.SaveLink(d.ctx, k))
	return k
}

// seen records one object of a look.
func (d *desk) seen(o store.ObjectRow) {
	d.t.Helper()
	require.NoError(d.t, d.Seen(d.ctx, []store.ObjectRow{o}))
}

func (d *desk) object(calendar int64, href string) store.ObjectRow {
	d.t.Helper()
	return must[store.ObjectRow](d.t)(d.Object(d.ctx, calendar, href))
}

// begin writes an intent.
func (d *desk) begin(in store.Intent) int64 {
	d.t.Helper()
	return must[int64](d.t)(d.Begin(d.ctx, in))
}

// intent returns one that has no outcome.
func (d *desk) intent(id int64) store.Intent {
	d.t.Helper()
	for _, in := range must[[]store.Intent](d.t)(d.Intents(d.ctx, "")) {
		if in.ID == id {
			return in
		}
	}
	require.FailNow(d.t, "the intent has an outcome or is not there")
	return store.Intent{}
}
