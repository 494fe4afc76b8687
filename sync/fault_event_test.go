package sync_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// nextMonth is a time that no test comes to.
var nextMonth = []string{"LOCATION:@meet", "DTSTART:20261222T090000Z", "DTEND:20261222T100000Z"}

// A meeting that the platform does not find is looked for once more before that is believed. Then an event to come gets another
// one, with another link; one that is over, or is given up, gets none. While many seem to have vanished nothing is made at all,
// and when they are found again all goes on with the old ones.
func TestFaultNotFoundUpstream(t *testing.T) {
	unknown := func(w *world, status int) { // the platform does not know the next meeting that it is asked to change
		w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(status))
	}
	gone := func(w *world) { unknown(w, 404) }
	retitle := func(e *entry) { e.set("SUMMARY", "SUMMARY:Retro") }
	t.Run("once: a mistake", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", nextMonth...)
		w.rest()
		retitle(e)
		gone(w)
		w.try()
		assert.Equal(t, 1, w.posts())
		w.later(2 * time.Minute)
		assert.Equal(t, []string{"Retro"}, w.topics())
		assert.Equal(t, 1, w.posts())
		w.rest()
	})
	for name, c := range map[string]struct {
		status int
		lines  []string
	}{
		"one event": {404, nextMonth}, "a series": {404, append([]string{"RRULE:FREQ=WEEKLY"}, nextMonth...)}, "one event, 410,": {410, nextMonth},
	} {
		t.Run("twice: "+name+" to come gets another one", func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", c.lines...)
			w.rest()
			old := w.meeting().Number
			retitle(e)
			unknown(w, c.status)
			unknown(w, c.status)
			w.try()
			w.clock.add(30 * time.Second)
			w.try()
			assert.Equal(t, 1, w.posts(), "looked for again after a minute, not before")
			for range 3 {
				w.clock.add(2 * time.Minute)
				w.try()
			}
			assert.Equal(t, 2, w.posts())
			renewed := w.meetings()[1]
			assert.NotContains(t, e.text(), old)
			e.shows(renewed)
			assert.Equal(t, "Retro", renewed.Topic)
			w.rest()
		})
	}
	t.Run("twice: an event that is over gets none", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		retitle(e)
		gone(w)
		gone(w)
		w.try()
		w.clock.add(30 * time.Hour)
		for range 3 {
			w.try()
			w.clock.add(time.Hour)
		}
		assert.Equal(t, 1, w.posts())
	})
	t.Run("twice: an event that was deleted gets none", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		e := w.book("sprint", nextMonth...)
		w.rest()
		e.delete()
		for range 4 {
			gone(w)
		}
		for range 4 {
			w.try()
			w.clock.add(time.Hour)
		}
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, store.Ended, w.link("sprint").State)
	})
	for _, status := range []int{400, 401, 403, 409, 429, 500, 503} {
		t.Run(fmt.Sprintf("%d is something else", status), func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", nextMonth...)
			w.rest()
			retitle(e)
			for range 6 {
				w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(status))
			}
			for range 6 {
				w.try()
				w.clock.add(20 * time.Minute)
				w.newClient()
			}
			assert.Equal(t, 1, w.posts())
			w.platform.Heal()
			w.clock.add(7 * time.Hour)
			w.try()
			assert.Equal(t, 1, w.posts())
			assert.Equal(t, []string{"Retro"}, w.topics())
		})
	}
	for _, n := range []int{5, 6, 12} {
		t.Run(fmt.Sprintf("%d of %d at once", n, n), func(t *testing.T) {
			w := newWorld(t)
			var all []*entry
			for i := range n {
				all = append(all, w.book(fmt.Sprintf("e%02d", i), nextMonth...))
			}
			w.rest()
			for i, e := range all {
				e.set("SUMMARY", fmt.Sprintf("SUMMARY:Retro %02d", i))
			}
			for range 40 * n {
				gone(w)
			}
			for range 24 * 12 {
				w.try()
				w.clock.add(5 * time.Minute)
			}
			if n <= 5 {
				assert.Equal(t, 2*n, w.posts(), "so few are believed")
				return
			}
			assert.Equal(t, n, w.posts(), "none is made")
			assert.LessOrEqual(t, w.puts(), n*26, "and each is looked for once an hour")
			assert.Equal(t, sync.MassVanished, w.rule("e00"))
			w.platform.Heal()
			for range 3 {
				w.later(time.Hour)
			}
			assert.Equal(t, n, w.posts())
			for i, e := range all {
				assert.Equal(t, fmt.Sprintf("Retro %02d", i), w.meetings()[i].Topic)
				e.shows(w.meetings()[i])
			}
		})
	}
}

// A voided meeting is never given to another event: whoever holds the old link could join. Only the event itself gets it back.
func TestFaultVoidedMeetingIsNobodyElses(t *testing.T) {
	for _, action := range []sync.CancelAction{sync.Keep, sync.Retitle, sync.CloseWindow, sync.DeleteCall} {
		for name, other := range map[string]func(w *world, text string) *entry{
			"a new one at the same time": func(w *world, _ string) *entry { return w.book("other", nextMonth...) },
			"under the same name": func(w *world, _ string) *entry {
				e := w.book("sprint", nextMonth...)
				e.restore(vevent("other", nextMonth...))
				e.uid = "other"
				return e
			},
			"a copy with the old link and seal": func(w *world, text string) *entry {
				e := w.book("other")
				e.restore(strings.Replace(text, "UID:sprint", "UID:other", 1))
				e.set("SUMMARY", "SUMMARY:other @meet")
				return e
			},
		} {
			t.Run(string(action)+"/"+name, func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Cancel = action })
				e := w.book("sprint", nextMonth...)
				w.rest()
				text, first := e.text(), w.meeting()
				e.delete()
				w.pass()
				w.later(time.Hour)
				require.Equal(t, store.Ended, w.link("sprint").State)
				second := other(w, text)
				w.pass()
				w.later(time.Hour)
				m := w.platform.Meetings()
				require.Len(t, m, 2)
				assert.NotContains(t, second.text(), first.Number)
				second.shows(m[1])

				if second.path != e.path {
					e.restore(text)
				} else {
					e = w.bookAt(w.work()+"again.ics", "sprint")
					e.restore(text)
				}
				w.later(time.Minute)
				w.later(time.Minute)
				if action == sync.DeleteCall {
					require.Len(t, w.platform.Meetings(), 3)
					e.shows(w.platform.Meetings()[2])
				} else {
					require.Len(t, w.platform.Meetings(), 2)
					e.shows(first)
				}
				second.shows(m[1])
			})
		}
	}
}

// A calendar that is configured and not there cancels nothing by itself, however it went: after three days with complete looks
// at all others its meetings to come are one batch that is held, and all resumes when it is back. One that left the
// configuration cancels nothing ever.
func TestFaultCalendarMissing(t *testing.T) {
	for name, vanish := range map[string]func(w *world, home string){
		"404":                  func(w *world, home string) { w.dav.Inject(caldavtest.Fault{Path: home, Status: 404}) },
		"410":                  func(w *world, home string) { w.dav.Inject(caldavtest.Fault{Path: home, Status: 410}) },
		"its share withdrawn":  func(w *world, home string) { w.dav.Unshare(home) },
		"discovery without it": func(w *world, home string) { w.dav.Unshare(home); w.shelf.unlist("alice", "Home") },
		"out of the configuration": func(w *world, home string) {
			w.dav.Inject(caldavtest.Fault{Path: home, Status: 404})
			w.shelf.leave("alice", "Home")
		},
		"the organizer out of the configuration": func(w *world, _ string) { w.people = nil },
	} {
		for _, elsewhere := range []string{"", "while another calendar cannot be looked at"} {
			t.Run(name+" "+elsewhere, func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				home := w.secondCalendar()
				var all []*entry
				for i := range 3 {
					all = append(all, w.bookAt(fmt.Sprintf("%se%d.ics", home, i), fmt.Sprint("e", i), nextMonth...))
				}
				w.rest()
				calls := w.platform.CountCalls()
				if elsewhere != "" {
					w.dav.Inject(caldavtest.Fault{Path: w.work(), Status: 500})
				}
				vanish(w, home)
				pass := func(d time.Duration) {
					for range d / time.Hour {
						w.clock.add(time.Hour)
						w.try()
					}
				}
				held := func() (n int) {
					for _, e := range all {
						if sync.IsHeld(w.link(e.uid)) {
							n++
						}
					}
					return n
				}
				pass(71 * time.Hour)
				assert.Zero(t, held(), "not before three days")
				pass(6 * 24 * time.Hour)
				left := strings.Contains(name, "configuration")
				switch {
				case left || elsewhere != "":
					assert.Zero(t, held())
				default:
					assert.Equal(t, 3, held(), "one batch")
					assert.Equal(t, store.Missing, w.calendar("Home").Trouble)
				}
				assert.Equal(t, calls, w.platform.CountCalls(), "nothing is cancelled")
				assert.Equal(t, []string{"e0", "e1", "e2"}, w.topics())
				if left || !strings.HasPrefix(name, "4") {
					return
				}
				w.dav.Heal()
				pass(26 * time.Hour)
				assert.Zero(t, held())
				assert.Equal(t, calls, w.platform.CountCalls(), "all resumes")
				all[0].set("SUMMARY", "SUMMARY:Retro")
				pass(time.Hour)
				assert.Equal(t, []string{"Retro", "e1", "e2"}, w.topics())
				assert.Equal(t, store.NoTrouble, w.calendar("Home").Trouble)
			})
		}
	}
}
