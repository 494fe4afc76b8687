package sync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// Convoke's clock is wrong for a while, by hours or days, one way or the other. Whatever was under way when it was set, and
// whatever was done by the wrong time, comes to the end it should: no meeting is made twice or given up too early, and nothing
// waits longer than it must.
func TestFaultClockJumps(t *testing.T) {
	jumps := map[string]time.Duration{
		"three hours ahead": 3 * time.Hour, "ten days ahead": 240 * time.Hour, "three hours behind": -3 * time.Hour, "ten days behind": -240 * time.Hour,
	}
	// wrong makes three passes by a wrong clock, and sets it right.
	wrong := func(w *world, by time.Duration, restarted bool, within func()) {
		w.clock.set(by)
		w.try()
		within()
		for range 2 {
			w.clock.add(time.Minute)
			w.try()
		}
		w.clock.set(0)
		if restarted {
			w.restart()
		}
	}
	nothing := func() {}
	for _, c := range []struct {
		name string
		play func(t *testing.T, w *world, by time.Duration, restarted bool)
	}{
		{"nothing is under way", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			wrong(w, by, restarted, nothing)
			w.clock.add(time.Minute)
			w.try()
			w.idle()
			assert.Equal(t, 1, w.platform.CountCalls())
			e.shows(w.meeting())
		}},
		{"booked and moved meanwhile", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			var second *entry
			wrong(w, by, restarted, func() {
				second = w.book("second", "LOCATION:@meet")
				e.set("SUMMARY", "SUMMARY:Retro")
			})
			w.clock.add(time.Minute)
			w.try()
			w.later(time.Minute)
			assert.Equal(t, []string{"Retro", "second"}, w.topics())
			second.shows(w.meetings()[1])
			assert.Equal(t, 2, w.posts())
		}},
		{"in the undo window", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			text := e.raw()
			e.delete()
			w.pass()
			wrong(w, by, restarted, nothing)
			w.clock.add(time.Minute)
			w.try()
			if by < 72*time.Hour { // else it is over by the wrong clock, which no clock can tell, and its link ends without a call
				assert.Equal(t, store.Ending, w.link("sprint").State, "the window goes on")
			}
			assert.Equal(t, 1, w.platform.CountCalls())
			e.restore(text)
			w.later(time.Minute)
			assert.Equal(t, store.Active, w.link("sprint").State)
			assert.Equal(t, []string{"sprint"}, w.topics())
			e.delete()
			w.later(time.Minute)
			w.later(11 * time.Minute)
			assert.Equal(t, []string{"Cancelled: sprint"}, w.topics(), "it is not kept for ever")
		}},
		{"a deletion is found meanwhile", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			wrong(w, by, restarted, func() {
				if by < 72*time.Hour {
					e.delete()
				}
			})
			if by >= 72*time.Hour {
				e.delete()
			}
			w.later(time.Minute)
			w.later(12 * time.Minute)
			assert.Equal(t, []string{"Cancelled: sprint"}, w.topics())
			assert.Equal(t, 1, w.puts())
		}},
		{"a creation got no answer", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			w.rules(func(r *sync.Rules) { r.RetryUnknown = true })
			e := w.book("sprint", "LOCATION:@meet")
			w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostRequest())
			w.try()
			wrong(w, by, restarted, nothing)
			for range 6 {
				w.clock.add(time.Minute)
				w.try()
				assert.Equal(t, 1, w.posts(), "not before platform.settle, by any clock")
			}
			w.clock.add(7 * time.Minute)
			w.try()
			w.later(time.Minute)
			assert.Equal(t, 2, w.posts())
			e.shows(w.meeting())
		}},
		{"a change got no answer", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			e.set("SUMMARY", "SUMMARY:First")
			w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.Late())
			w.try()
			e.set("SUMMARY", "SUMMARY:Second")
			wrong(w, by, restarted, nothing)
			assert.Equal(t, 1, w.puts(), "no other content before platform.settle")
			w.platform.ReleaseLate()
			w.clock.add(time.Minute)
			w.try()
			w.clock.add(13 * time.Minute)
			w.try()
			assert.Equal(t, "Second", w.meeting().Topic)
		}},
		{"a series", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			w.rules(func(r *sync.Rules) { r.RollAfter = 30 * time.Minute })
			e := w.book("standup", "LOCATION:@meet", "DTSTART:20261123T130000Z", "DTEND:20261123T131500Z", "RRULE:FREQ=DAILY;BYHOUR=13,15,18")
			w.rest()
			wrong(w, by, restarted, nothing)
			w.clock.add(time.Minute)
			w.try()
			assert.Equal(t, utc("2026-11-23 13:00"), w.meeting().Start)
			e.shows(w.meeting())
			assert.Equal(t, 1, w.posts())
			assert.LessOrEqual(t, w.puts(), 4, "no storm")
		}},
		{"a calendar that fails", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			wrong(w, by, restarted, func() { w.dav.Inject(caldavtest.Fault{Status: 401}) })
			w.dav.Heal()
			e.set("SUMMARY", "SUMMARY:Retro")
			w.clock.add(2 * time.Hour)
			w.try()
			assert.Equal(t, "Retro", w.meeting().Topic, "it is not left alone for longer than that")
			assert.Empty(t, w.calendar("Work").State)
		}},
		{"the cap of creations is reached", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			w.rules(func(r *sync.Rules) { r.Caps = sync.Caps{PerHour: 3} })
			w.fill("alice", 3)
			w.rest()
			wrong(w, by, restarted, func() { w.fill("alice", 6) })
			assert.LessOrEqual(t, len(w.meetings()), 6)
			for range 4 {
				w.clock.add(61 * time.Minute)
				w.try()
			}
			assert.Len(t, w.meetings(), 6)
			assert.Equal(t, 6, w.posts())
		}},
		{"somebody is invited, and the event is to be left alone for a while", func(t *testing.T, w *world, by time.Duration, restarted bool) {
			w.rules(func(r *sync.Rules) { r.Quiet = 15 * time.Second })
			e := w.book("sprint", "LOCATION:@meet", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net")
			wrong(w, by, restarted, func() { e.set("SUMMARY", "SUMMARY:Retro") })
			w.clock.add(time.Minute)
			w.try()
			w.clock.add(time.Minute)
			w.try()
			e.shows(w.meeting())
			assert.Equal(t, "Retro", w.meeting().Topic)
		}},
	} {
		for name, by := range jumps {
			for _, restarted := range []bool{false, true} {
				if restarted && by < 24*time.Hour {
					continue // nothing is left that would tell it from a machine that was off for a while
				}
				how := map[bool]string{false: "", true: ", and convoke is started anew"}[restarted]
				t.Run(c.name+"/"+name+how, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					c.play(t, w, by, restarted)
				})
			}
		}
	}
	t.Run("passes wait on the monotonic clock", func(t *testing.T) {
		for _, spec := range []string{"@every 1m", "30 4 * * *"} {
			schedule, err := cron.ParseStandard(spec)
			require.NoError(t, err)
			now := time.Now()
			next := sync.Monotonic{Schedule: schedule}.Next(now)
			assert.True(t, strings.Contains(next.String(), " m=+"), "%s: %s has no monotonic reading", spec, next)
			assert.True(t, next.Equal(schedule.Next(now)))
		}
	})
}

// When clocks change for summer, a series goes by that of its own zone: the meeting stands at the hour that people read, before
// and after, in every zone, with one call a date.
func TestFaultDaylightSaving(t *testing.T) {
	for _, c := range []struct{ zone, from string }{
		{"Europe/Brussels", "2027-03-24"}, {"Europe/Brussels", "2027-10-27"}, {"America/New_York", "2027-03-10"}, {"America/New_York", "2027-11-03"},
		{"Australia/Sydney", "2027-03-31"}, {"Australia/Sydney", "2027-09-29"}, {"Asia/Tokyo", "2027-03-24"},
	} {
		for _, hour := range []string{"00", "02", "09", "23"} {
			t.Run(c.zone+" "+c.from+" at "+hour, func(t *testing.T) {
				t.Parallel()
				zone, err := time.LoadLocation(c.zone)
				require.NoError(t, err)
				first, err := time.ParseInLocation(time.DateOnly, c.from, zone)
				require.NoError(t, err)
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.RollAfter = 30 * time.Minute })
				w.clock.add(first.Add(-2 * time.Hour).Sub(monday))
				e := w.book("standup", "LOCATION:@meet", "RRULE:FREQ=DAILY",
					"DTSTART;TZID="+c.zone+":"+first.Format("20060102")+"T"+hour+"3000", "DTEND;TZID="+c.zone+":"+first.Format("20060102")+"T"+hour+"4500")
				w.pass()
				seen := map[string]bool{}
				for range 8 * 24 {
					w.later(time.Hour)
					m := w.meeting()
					local := m.Start.In(zone)
					if day := local.Format(time.DateOnly); !seen[day] {
						seen[day] = true
						if local.Format("15:04") != hour+":30" { // the hour that does not come
							assert.Equal(t, "02", hour)
							assert.Equal(t, "03:30", local.Format("15:04"), day)
						}
						assert.Equal(t, 15*time.Minute, m.End.Sub(m.Start), day)
					}
				}
				assert.GreaterOrEqual(t, len(seen), 8, "a date a day")
				assert.Equal(t, 1, w.posts())
				assert.LessOrEqual(t, w.puts(), 9)
				e.shows(w.meeting())
			})
		}
	}
}

// A clock that went back is noticed once, also where a calendar is not looked at any more, or cannot be just then: what was given up
// before is given up after its undo window.
func TestFaultClockBackBesideCalendarThatIsNotRead(t *testing.T) {
	for name, c := range map[string]func(w *world, home string){
		"left":        func(w *world, _ string) { w.shelf.leave("alice", "Home") },
		"unreachable": func(w *world, home string) { w.dav.Inject(caldavtest.Fault{Path: home, Status: 500}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			home := w.secondCalendar()
			w.clock.set(30 * 24 * time.Hour) // from the beginning
			e := w.book("sprint", "LOCATION:@meet", "DTSTART:20270501T090000Z", "DTEND:20270501T100000Z")
			w.rest()
			c(w, home)
			w.try()
			w.clock.set(0)
			w.restart()
			w.try()
			e.delete()
			for range 120 {
				w.clock.add(time.Minute)
				w.try()
			}
			if name == "unreachable" { // nothing is given up while it cannot be read
				w.dav.Heal()
				w.minutes(60)
			}
			assert.Equal(t, []string{"Cancelled: sprint"}, w.topics())
			rows, err := w.ledger.Calendars(t.Context(), "alice@example.com")
			require.NoError(t, err)
			for _, row := range rows {
				assert.False(t, !row.Left && row.FullAt.After(w.clock.Now().Add(time.Minute)), row.Name)
			}
		})
	}
}
