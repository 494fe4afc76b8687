package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// meddle calls back around what is asked of alice's first calendar.
func (w *world) meddle(h hooked) {
	w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
		h.Collection = c
		return &h
	}
}

// once is f, the first time.
func once(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}

type getter = func() (calendar.Object, error)

// Whatever she edits while convoke is at work on the event survives, and what she changed reaches the platform.
func TestEditRaces(t *testing.T) {
	for _, c := range []struct {
		name  string
		race  func(e *entry) hooked
		want  func(t *testing.T, w *world, e *entry)
		calls int
	}{
		{"a comment between our GET and our PUT", func(e *entry) hooked {
			edit := once(func() { e.set("COMMENT", "COMMENT:hers") })
			return hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Contains(t, e.text(), "COMMENT:hers")
			e.shows(w.meeting())
		}, 1},
		{"a new time between the look and our GET", func(e *entry) hooked {
			edit := once(func() { e.set("DTSTART", "DTSTART:20261124T093000Z") })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Equal(t, utc("2026-11-24 09:30"), w.meeting().Start)
			e.shows(w.meeting())
		}, 2},
		{"a new title between our GET and our PUT", func(e *entry) hooked {
			edit := once(func() { e.set("SUMMARY", "SUMMARY:Retro") })
			return hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Equal(t, "Retro", w.meeting().Topic)
			assert.Contains(t, e.text(), "SUMMARY:Retro")
			e.shows(w.meeting())
		}, 2},
		{"a new title between our PUT and the reading back", func(e *entry) hooked {
			return hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
				if _, err := next(); err != nil {
					return calendar.Object{}, err
				}
				e.set("SUMMARY", "SUMMARY:Retro")
				data, etag, _ := e.dav.Get(e.path)
				return calendar.Object{Href: e.path, ETag: etag, Data: data}, nil
			}}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Equal(t, "Retro", w.meeting().Topic)
			e.shows(w.meeting())
		}, 2},
		{"her old copy over ours before it was read back", func(e *entry) hooked {
			stale := once(func() { e.restore(vevent("sprint", "LOCATION:@meet", "COMMENT:stale")) })
			return hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
				if _, err := next(); err != nil {
					return calendar.Object{}, err
				}
				stale()
				data, etag, _ := e.dav.Get(e.path)
				return calendar.Object{Href: e.path, ETag: etag, Data: data}, nil
			}}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Contains(t, e.text(), "COMMENT:stale")
			e.shows(w.meeting())
		}, 1},
		{"the opt-out before our GET", func(e *entry) hooked {
			edit := once(func() { e.set("SUMMARY", "SUMMARY:sprint #nomeet") })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Zero(t, w.dav.Counts()["PUT"], "nothing is written that would be taken out again")
			w.later(time.Hour)
			assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
			e.bare()
		}, 2},
		{"the marker taken out before our GET", func(e *entry) hooked {
			edit := once(func() { e.set("LOCATION", "LOCATION:Room 5") })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, givenUpUnwritten, 2},
		{"cancelled before our GET", func(e *entry) hooked {
			edit := once(func() { e.set("STATUS", "STATUS:CANCELLED") })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, givenUpUnwritten, 2},
		{"somebody else's before our GET", func(e *entry) hooked {
			edit := once(func() { e.set("ORGANIZER", "ORGANIZER:mailto:eve@example.net") })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			assert.Zero(t, w.dav.Counts()["PUT"])
			assert.Equal(t, sync.OrganizerChanged, w.rule("sprint"))
			e.bare()
		}, 1},
		{"the deletion before our GET", func(e *entry) hooked {
			edit := once(func() { e.delete() })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			w.later(time.Hour)
			w.later(time.Hour)
			assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
		}, 2},
		{"another event in its place before our GET", func(e *entry) hooked {
			edit := once(func() { e.restore(vevent("other", "LOCATION:@meet")) })
			return hooked{get: func(next getter) (calendar.Object, error) { edit(); return next() }}
		}, func(t *testing.T, w *world, e *entry) {
			w.later(time.Hour)
			assert.Equal(t, []string{"Cancelled: sprint", "other"}, w.topics())
			e.shows(w.meetings()[1])
			assert.Equal(t, 1, w.dav.Counts()["PUT"], "it never had the link of the first one")
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			w.meddle(c.race(e))
			w.try()
			w.shelf.wrap = nil
			c.want(t, w, e)
			w.later(time.Hour)
			w.rest()
			assert.Equal(t, c.calls, w.platform.CountCalls())
		})
	}
}

// givenUpUnwritten asserts that an event which nobody wants a meeting for any more was never written to.
func givenUpUnwritten(t *testing.T, w *world, e *entry) {
	assert.Zero(t, w.dav.Counts()["PUT"])
	w.later(time.Hour)
	assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
	e.bare()
}

// Somebody is faster a few times, or each time: the details are merged into her fresh copy, four times, and then in the next pass.
// Nothing is forced, and no edit of hers is lost.
func TestFaultPrecondition(t *testing.T) {
	for faster := range 7 {
		for name, edit := range map[string]func(e *entry, n int){
			"a comment": func(e *entry, n int) { e.set("COMMENT", fmt.Sprintf("COMMENT:%d", n)) },
			"the title": func(e *entry, n int) {
				e.set("SUMMARY", fmt.Sprintf("SUMMARY:Title %d", n))
				e.set("COMMENT", fmt.Sprintf("COMMENT:%d", n))
			},
		} {
			t.Run(fmt.Sprintf("%d times, %s", faster, name), func(t *testing.T) {
				w := newWorld(t)
				e := w.book("sprint", "LOCATION:@meet")
				n := 0
				w.meddle(hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
					if n < faster {
						n++
						edit(e, n)
					}
					return next()
				}})
				r := w.try()
				if faster >= 4 {
					require.Len(t, r.Errors, 1)
					assert.Contains(t, r.Errors[0].Message, "somebody else changed the event")
					assert.Equal(t, 4, w.dav.Counts()["PUT"])
					assert.NotContains(t, e.text(), joinPrefix)
					w.later(2 * time.Minute)
				}
				assert.Equal(t, faster, n)
				if faster > 0 {
					assert.Contains(t, e.text(), fmt.Sprintf("COMMENT:%d", faster))
				}
				w.later(time.Minute)
				e.shows(w.meeting())
				assert.Equal(t, strings.TrimPrefix(lineOf(e.text(), "SUMMARY"), "SUMMARY:"), w.meeting().Topic)
				assert.Equal(t, 1, w.posts())
				for _, q := range w.dav.Requests() {
					if q.Method == "PUT" {
						assert.Regexp(t, `^(W/)?"`, q.Header.Get("If-Match"))
					}
				}
				w.rest()
			})
		}
	}
	t.Run("each time, for an hour", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z")
		n := 0
		w.meddle(hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
			n++
			e.set("COMMENT", fmt.Sprintf("COMMENT:%d", n))
			return next()
		}})
		for range 60 {
			w.try()
			w.clock.add(time.Minute)
		}
		assert.Equal(t, 60*4, n, "four times a pass")
		assert.Contains(t, e.text(), fmt.Sprintf("COMMENT:%d", n))
		assert.Equal(t, 1, w.platform.CountCalls())
		w.shelf.wrap = nil
		w.later(6 * time.Hour)
		e.shows(w.meeting())
	})
}

// What servers do to the text that they are given is no edit: nothing is written twice, and later edits are followed.
func TestFaultServerRewrites(t *testing.T) {
	for name, rewrite := range map[string]caldavtest.Rewrite{
		"drops X- properties": caldavtest.DropX, "drops what it does not know": caldavtest.DropUnknown,
		"sorts": caldavtest.SortLines, "cuts at commas": caldavtest.CutAtCommas, "adds CLASS": caldavtest.AddClass,
		"drops CONFERENCE and URL": func(lines []string) []string {
			var kept []string
			for _, l := range lines {
				if !strings.HasPrefix(l, "CONFERENCE") && !strings.HasPrefix(l, "URL") {
					kept = append(kept, l)
				}
			}
			return kept
		},
		"stamps": func(lines []string) []string {
			for i, l := range lines {
				if strings.HasPrefix(l, "DTSTAMP") {
					lines[i] = "DTSTAMP:20261231T235959Z"
				}
			}
			return lines
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, caldavtest.Rewrites(rewrite))
			e := w.book("sprint", "LOCATION:Room 5\\, @meet", "DESCRIPTION:Agenda\\, long")
			assert.Equal(t, 1, w.pass().Written)
			assert.Contains(t, e.parsed().Location, joinPrefix+w.meeting().Number)
			w.rest()
			e.set("SUMMARY", "SUMMARY:Retro")
			assert.Equal(t, sync.Report{Updated: 1, Unchanged: 1}, w.pass())
			w.rest()
			e.delete()
			w.pass()
			w.later(time.Hour)
			assert.Equal(t, "Cancelled: Retro", w.meeting().Topic)
		})
	}
}

// A server that says yes and keeps nothing is told of, left alone after three writes, and never makes a second meeting.
func TestFaultServerKeepsRewriting(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	puts := 0
	w.meddle(hooked{put: func(o calendar.Object, _ getter) (calendar.Object, error) {
		puts++
		data, etag, _ := e.dav.Get(e.path)
		return calendar.Object{Href: o.Href, ETag: etag, Data: data}, nil
	}})
	for range 60 {
		w.try()
		w.clock.add(time.Minute)
	}
	assert.Equal(t, 3, puts)
	assert.Contains(t, w.row(e).Error, "LOCATION keeps changing")
	assert.Equal(t, 1, w.platform.CountCalls())
	w.shelf.wrap = nil
	w.later(6 * time.Hour)
	assert.NotContains(t, e.text(), joinPrefix)
	e.edit("SUMMARY:sprint", "SUMMARY:sprint again")
	w.pass()
	e.shows(w.meeting())
	assert.Empty(t, w.row(e).Error)
}

// A calendar that may only be read gets no storm of PUTs; the link is at least in the status.
func TestFaultReadOnly(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	before := e.raw()
	w.dav.SetReadOnly(w.work(), true)
	for range 5 * 60 {
		w.try()
		w.clock.add(time.Minute)
	}
	link := joinPrefix + w.meeting().Number
	assert.Contains(t, w.row(e).Error, link)
	assert.NotContains(t, w.log.String(), link)
	assert.Equal(t, before, e.raw())
	assert.Equal(t, 1, w.dav.Counts()["PUT"])
	assert.Equal(t, 1, w.platform.CountCalls())
	w.dav.SetReadOnly(w.work(), false)
	w.later(2 * time.Hour)
	e.shows(w.meeting())
	assert.Empty(t, w.row(e).Error)
}

// However it says so, and however many events there are, it is asked once in six hours whether it takes changes by now.
func TestFaultReadOnlyIsNoStorm(t *testing.T) {
	for name, refuse := range map[string]caldavtest.Fault{
		"403": {Status: 403}, "405": {Status: 405},
		"403 need-privileges": {Status: 403, Header: http.Header{"Content-Type": {"application/xml"}},
			Body: `<?xml version="1.0"?><D:error xmlns:D="DAV:"><D:need-privileges/></D:error>`},
	} {
		for _, n := range []int{1, 20} {
			t.Run(fmt.Sprint(name, ", ", n), func(t *testing.T) {
				w := newWorld(t)
				var all []*entry
				for i := range n {
					all = append(all, w.book(fmt.Sprintf("e%02d", i), nextMonth...))
				}
				refuse.Method = "PUT"
				w.dav.Inject(refuse)
				for range 24 * 60 {
					w.try()
					w.clock.add(time.Minute)
				}
				assert.LessOrEqual(t, w.dav.Counts()["PUT"], 5)
				assert.Equal(t, n, w.platform.CountCalls())
				assert.Equal(t, store.ReadOnly, w.calendar("Work").Trouble)
				for i, e := range all {
					assert.Contains(t, w.row(e).Error, joinPrefix+w.meetings()[i].Number)
					assert.Equal(t, vevent(e.uid, nextMonth...), e.raw())
				}
				w.dav.Heal()
				w.later(6 * time.Hour)
				w.later(6 * time.Hour)
				for i, e := range all {
					e.shows(w.meetings()[i])
				}
				assert.Equal(t, store.NoTrouble, w.calendar("Work").Trouble)
				assert.Equal(t, n, w.platform.CountCalls())
			})
		}
	}
}

// A series moves on in time, though its calendar refuses the details for now.
func TestReadOnlySeries(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.RollAfter = 30 * time.Minute })
	w.book("standup", "LOCATION:@meet", "DTSTART:20261123T130000Z", "DTEND:20261123T131500Z", "RRULE:FREQ=DAILY;BYHOUR=13,15")
	w.dav.SetReadOnly(w.work(), true)
	for range 180 { // from noon to three
		w.try()
		w.clock.add(time.Minute)
	}
	assert.Equal(t, utc("2026-11-23 15:00"), w.meeting().Start)
	assert.Equal(t, 1, w.dav.Counts()["PUT"])
}

// A series moves on whatever keeps the details out of it.
func TestHeldSeriesMovesOn(t *testing.T) {
	daily := []string{"LOCATION:@meet", "RRULE:FREQ=DAILY", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net"}
	for rule, hold := range map[sync.Rule]func(w *world, e *entry){
		sync.Budget: func(w *world, e *entry) {
			w.rules(func(r *sync.Rules) { r.MailBudget = 0 })
			w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection { return scheduling{c} }
		},
		sync.Frozen: func(w *world, e *entry) {
			w.meddle(hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
				if _, err := next(); err != nil {
					return calendar.Object{}, err
				}
				e.restore(vevent("sprint", daily...))
				data, etag, _ := e.dav.Get(e.path)
				return calendar.Object{Href: e.path, ETag: etag, Data: data}, nil
			}})
		},
	} {
		t.Run(string(rule), func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.RollAfter, r.MailBudget = 30*time.Minute, 9 })
			hold(w, w.book("sprint", daily...))
			w.try()
			w.clock.add(time.Hour)
			w.try()
			require.Equal(t, rule, w.rule("sprint"))
			w.clock.add(24 * time.Hour)
			assert.Equal(t, 1, w.try().Rolled)
			assert.Equal(t, utc("2026-11-25 09:00"), w.meeting().Start)
			assert.Equal(t, rule, w.rule("sprint"))
		})
	}
}

// scheduling calendars carry changes to the attendees.
type scheduling struct{ calendar.Collection }

func (scheduling) Server() calendar.Server { return calendar.Server{Schedules: true} }

// The calendar's other failures to take our text: nothing is lost, and it is there in the end.
func TestFaultPutTimesOut(t *testing.T) {
	for name, fault := range map[string]caldavtest.Fault{
		"500":                      {Status: 500},
		"no answer in time":        {Hook: func(*http.Request) { panic(errNoAnswer) }},
		"no answer":                {Reset: true},
		"stored, but 500":          {After: true, Status: 500},
		"stored, but a login page": {After: true, Status: 200, Body: caldavtest.LoginPage},
		"stored, but no answer":    {After: true, Reset: true},
		"stored, but 504":          {After: true, Status: 504},
		"payload too large":        {Status: 413},
		"a login page":             {Status: 302, Header: map[string][]string{"Location": {"/login"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet", "COMMENT:hers")
			fault.Method, fault.Times = "PUT", 1
			w.dav.Inject(fault)
			w.try()
			w.clock.add(7 * time.Hour)
			w.pass()
			e.shows(w.meeting())
			assert.Contains(t, e.text(), "COMMENT:hers")
			assert.Equal(t, 1, w.platform.CountCalls())
			if fault.After {
				assert.Equal(t, 1, w.dav.Counts()["PUT"], "it is looked for, and not written again")
			}
			assert.Equal(t, 1, strings.Count(e.text(), "X-CONVOKE"))
			w.rest()

			t.Log("and when our text is taken out again")
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e.set("CATEGORIES", "CATEGORIES:#nomeet")
			w.dav.Inject(fault)
			w.try()
			w.clock.add(7 * time.Hour)
			w.pass()
			w.rest()
			e.bare()
			assert.Contains(t, e.text(), "COMMENT:hers")
			assert.Equal(t, 2, w.platform.CountCalls())
		})
	}
}

// What nobody asks for any more when the calendar takes writes again is not written.
func TestWithdrawnBeforeWritten(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	w.dav.Inject(caldavtest.Fault{Method: "PUT", Times: 1, Status: 500})
	w.try()
	e.set("LOCATION", "LOCATION:Room 5")
	w.later(time.Hour)
	w.later(time.Hour)
	assert.Equal(t, vevent("sprint", "LOCATION:Room 5"), e.raw())
	assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
	w.rest()
}

// A creation that the platform definitely refused is tried again, ever more seldom, and then carried out once.
func TestCreationRefused(t *testing.T) {
	for _, c := range []struct{ status, calls int }{
		{400, 2}, {422, 2}, // once without the agenda
		{402, 1}, {403, 1}, {404, 1}, {409, 1},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			for i := range 5 {
				for range c.calls {
					w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(c.status))
				}
				require.Len(t, w.try().Errors, 1)
				assert.Equal(t, c.calls*(i+1), w.platform.CountCalls())
				assert.Equal(t, time.Minute<<i, w.row(e).DueAt.Sub(w.clock.Now()))
				w.later(time.Minute<<i - time.Second)
				assert.Equal(t, c.calls*(i+1), w.platform.CountCalls(), "not before its time")
				w.clock.add(time.Second)
			}
			w.pass()
			e.shows(w.meeting())
			assert.Empty(t, w.row(e).Error)
			w.rest()
		})
	}
}

// A creation without a usable answer is never repeated on its own account, and says so.
func TestCreationUnanswered(t *testing.T) {
	for name, f := range map[string]meetingtest.Fault{
		"lost request": meetingtest.LostRequest(), "lost answer": meetingtest.LostAnswer(), "applied late": meetingtest.Late(),
		"error before": meetingtest.ErrorBefore(500), "error after": meetingtest.ErrorAfter(502), "truncated": meetingtest.Truncated(),
		"cut off": meetingtest.Cut(), "a page": meetingtest.HTML(200), "a page that refuses": meetingtest.HTML(400),
		"redirected": meetingtest.Redirect("https://other.example.com/"), "empty": {Answer: meetingtest.AnswerEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			before := e.raw()
			w.platform.Fail(meetingtest.CreateMeeting, f)
			assert.Len(t, w.try().Errors, 1)
			w.platform.ReleaseLate()
			w.restart()
			for range 30 {
				w.later(time.Hour)
			}
			e.set("COMMENT", "COMMENT:touched")
			w.pass()
			assert.Equal(t, 1, w.posts(), "never twice")
			assert.LessOrEqual(t, len(w.meetings()), 1)
			assert.Equal(t, before, strings.Replace(e.raw(), "COMMENT:touched\r\n", "", 1))
			assert.Equal(t, sync.Over, w.rule("sprint"))
			n, err := w.ledger.Counts(t.Context(), "")
			require.NoError(t, err)
			assert.Equal(t, 1, n.Unknown)
		})
	}
	t.Run("status says so", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
		w.try()
		r := w.later(2 * time.Minute)
		assert.Equal(t, 1, r.Held)
		assert.Equal(t, sync.Unanswered, w.rule("sprint"))
		assert.Contains(t, w.row(e).Error, "did not say")
		w.idle()
	})
	t.Run("unknown = retry", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.RetryUnknown = true })
		e := w.book("sprint", "LOCATION:@meet")
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
		w.try()
		for range 9 {
			w.later(time.Minute)
			assert.Equal(t, 1, w.posts(), "not before platform.settle")
		}
		w.later(2 * time.Minute)
		assert.Equal(t, 2, w.posts())
		e.shows(w.meetings()[1])
		w.rest()
		assert.Len(t, w.meetings(), 2, "the first one is left over")
	})
}

// A change that failed is made again until the platform has it, whatever the failure was.
func TestUpdateFails(t *testing.T) {
	for name, f := range map[string]meetingtest.Fault{
		"refused": meetingtest.ErrorBefore(403), "invalid": meetingtest.ErrorBefore(422), "error before": meetingtest.ErrorBefore(500),
		"error after": meetingtest.ErrorAfter(500), "lost request": meetingtest.LostRequest(), "lost answer": meetingtest.LostAnswer(),
		"truncated": meetingtest.Truncated(),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			e.set("SUMMARY", "SUMMARY:Retro")
			w.platform.Fail(meetingtest.UpdateMeeting, f, f)
			assert.Len(t, w.try().Errors, 1)
			assert.Equal(t, 1, w.puts(), "once a pass")
			assert.Contains(t, w.row(e).Error, "platform")
			w.clock.add(2 * time.Minute)
			w.try()
			w.later(2 * time.Minute)
			assert.Equal(t, 3, w.puts())
			assert.Equal(t, "Retro", w.meeting().Topic)
			assert.Empty(t, w.row(e).Error)
			n, err := w.ledger.Counts(t.Context(), "")
			require.NoError(t, err)
			assert.Zero(t, n.Unknown, "a later answer settles the earlier calls")
			w.rest()
		})
	}
	t.Run("of a cancellation", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		e.delete()
		for i := range 4 {
			w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(500))
			assert.Len(t, w.try().Errors, 1)
			assert.Equal(t, i+1, w.puts(), "once a pass")
			w.clock.add(time.Second)
			w.pass()
			assert.Equal(t, i+1, w.puts(), "and not before its time")
			w.clock.add(time.Minute << i)
		}
		w.pass()
		assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
		w.rest()
	})
}

// A platform that refuses the key, or asks for patience, is not asked again in the same pass.
func TestPlatformRefusesAll(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault meetingtest.Fault
		wait  time.Duration
	}{
		{"key", meetingtest.ErrorBefore(401), time.Minute},
		{"account expired", meetingtest.ErrorBefore(403), time.Minute},
		{"too many", meetingtest.RateLimited("120"), 2 * time.Minute},
		{"too many, by date", meetingtest.RateLimited(monday.Add(5 * time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT")), 5 * time.Minute},
		{"too many, for a year", meetingtest.RateLimited("31536000"), 6 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.book("a", "LOCATION:@meet", "DTSTART:20281201T090000Z", "DTEND:20281201T100000Z")
			w.book("b", "LOCATION:@meet", "DTSTART:20281201T090000Z", "DTEND:20281201T100000Z")
			w.platform.Fail(meetingtest.CreateMeeting, c.fault)
			assert.Len(t, w.try().Errors, 2)
			assert.Equal(t, 1, w.platform.CountCalls())
			assert.Equal(t, c.wait, w.row(a).DueAt.Sub(w.clock.Now()).Round(time.Second))
			w.newClient()
			w.clock.add(c.wait - time.Second)
			w.pass()
			assert.Equal(t, 1, w.platform.CountCalls())
			w.later(time.Second)
			assert.Equal(t, []string{"a", "b"}, w.topics())
		})
	}
}

// A platform that did not answer anybody in time is left alone for a while, which is no failure of the events that wait.
func TestPlatformIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	a, b := w.book("a", "LOCATION:@meet"), w.book("b", "LOCATION:@meet")
	left := &leftAlone{until: time.Now().Add(50 * time.Second)}
	w.people[0].Platform = w.platformClient(left)
	assert.Len(t, w.try().Errors, 2)
	assert.Equal(t, 1, left.asked)
	for _, e := range []*entry{a, b} {
		assert.InDelta(t, 50, w.row(e).DueAt.Sub(w.clock.Now()).Seconds(), 5)
	}
	assert.Equal(t, 1, w.row(a).Attempts+w.row(b).Attempts)
	w.people[0].Platform = w.client
	w.later(time.Minute)
	assert.Equal(t, []string{"a", "b"}, w.topics())
}

// leftAlone is a transport that sends nothing.
type leftAlone struct {
	until time.Time
	asked int
}

func (l *leftAlone) Do(*http.Request) (*http.Response, error) { l.asked++; return nil, l }
func (l *leftAlone) Error() string                            { return "left alone" }
func (l *leftAlone) NotSent() bool                            { return true }
func (l *leftAlone) RetryAt() time.Time                       { return l.until }

// While nobody can act for her, her events wait.
func TestOrganizerWithProblem(t *testing.T) {
	w := newWorld(t)
	e := w.book("sprint", "LOCATION:@meet")
	w.people[0].Problem = errors.New("no account yet")
	assert.Len(t, w.try().Errors, 1)
	assert.Contains(t, w.row(e).Error, "no account yet")
	assert.Zero(t, w.platform.CountCalls())
	w.people[0].Problem = nil
	w.later(2 * time.Minute)
	assert.Equal(t, []string{"sprint"}, w.topics())
}

// Our reference goes into the agenda; a platform that refuses it is asked once without, and that is remembered.
func TestAgenda(t *testing.T) {
	w := newWorld(t)
	w.book("first", "LOCATION:@meet")
	w.pass()
	assert.Contains(t, w.meeting().Agenda, w.keys.MeetingToken("alice@example.com", "first", 1))

	w.platform.Set(func(k *meetingtest.Knobs) { k.Agenda = meetingtest.AgendaRefused })
	w.book("second", "LOCATION:@meet")
	w.pass()
	assert.Equal(t, 3, w.posts(), "with it, and without")
	w.restart()
	w.book("third", "LOCATION:@meet")
	w.pass()
	assert.Equal(t, 4, w.posts())
	assert.Equal(t, []string{"first", "second", "third"}, w.topics())
	assert.Empty(t, w.meetings()[2].Agenda)

	t.Run("a refusal for another reason is not remembered", func(t *testing.T) {
		w := newWorld(t)
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(422), meetingtest.ErrorBefore(422))
		w.book("first", "LOCATION:@meet")
		w.try()
		w.later(2 * time.Minute)
		assert.NotEmpty(t, w.meeting().Agenda)
	})
	t.Run("reference = none", func(t *testing.T) {
		w := newWorld(t)
		w.people[0].Agenda = false
		w.book("first", "LOCATION:@meet")
		w.pass()
		assert.Empty(t, w.meeting().Agenda)
	})
}

// With other attendees in the event the daemon waits until it was left alone for a while.
func TestQuiet(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Quiet = 15 * time.Second })
	invited := []string{"LOCATION:@meet", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net"}
	e := w.book("invited", invited...)
	w.book("alone", "LOCATION:@meet")
	w.pass()
	assert.Equal(t, []string{"alone"}, w.topics())
	w.clock.add(10 * time.Second)
	e.set("SUMMARY", "SUMMARY:Retro")
	w.pass()
	w.later(10 * time.Second)
	assert.Equal(t, []string{"alone"}, w.topics(), "she was still at it")
	w.later(5 * time.Second)
	assert.Equal(t, []string{"alone", "Retro"}, w.topics())
	e.shows(w.meetings()[1])
	w.rest()
}

// What the platform says closed though its time is to come is a state that is told, not a success.
func TestStillClosed(t *testing.T) {
	w := newWorld(t)
	w.platform.Set(func(k *meetingtest.Knobs) { k.ClosedStays = true })
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	w.clock.add(23 * time.Hour)
	e.set("DTSTART", "DTSTART:20261201T090000Z")
	e.set("DTEND", "DTEND:20261201T100000Z")
	r := w.pass()
	assert.Equal(t, 1, r.Held)
	assert.Contains(t, w.row(e).Error, "closed")
}

// Neither titles nor addresses nor secrets are in the log.
func TestLogKeepsQuiet(t *testing.T) {
	w := newWorld(t)
	e := w.book("u1", "LOCATION:@meet", "SUMMARY:Canary", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net")
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(403))
	w.try()
	w.later(time.Hour)
	w.platform.Set(func(k *meetingtest.Knobs) { k.Stingy = true })
	w.rules(func(r *sync.Rules) { r.Recorded = true })
	w.book("u2", "LOCATION:@meet", "SUMMARY:Canary")
	w.pass()
	e.delete()
	w.pass()
	w.later(time.Hour)
	w.people[0].Platform = quoting{w.client}
	w.book("u3", "LOCATION:@meet", "SUMMARY:Canary")
	assert.Contains(t, w.try().Errors[0].Message, "Canary", "whoever asked may know")
	text := w.log.String()
	assert.Contains(t, text, "granted less")
	assert.Contains(t, text, "not done")
	for _, secret := range []string{"Canary", "@example", meetingtest.DefaultKey, w.meetings()[0].Number} {
		assert.NotContains(t, text, secret)
	}
}

// A quoting platform refuses with the request in its answer.
type quoting struct{ sync.Platform }

func (quoting) CreateMeeting(_ context.Context, _ string, r meetingapi.MeetingRequest) (meetingapi.Meeting, error) {
	return meetingapi.Meeting{}, fmt.Errorf("create: %w", &meetingapi.Error{Kind: meetingapi.ErrForbidden, Message: "no right to make " + r.Topic})
}

// What the author writes into our block stays when the meeting goes.
func TestAuthorsRowInBlockStays(t *testing.T) {
	w := newWorld(t)
	e := w.book("budget", "LOCATION:@meet")
	w.settle()
	rows := strings.Split(e.parsed().Description, "\n")
	rows = append(rows[:len(rows)-1], "AGENDA 1. salaries", rows[len(rows)-1])
	e.set("DESCRIPTION", "DESCRIPTION:"+strings.NewReplacer(`\`, `\\`, "\n", `\n`, ";", `\;`, ",", `\,`).Replace(strings.Join(rows, "\n")))
	w.settle()
	e.set("SUMMARY", "SUMMARY:Budget #nomeet")
	w.minutes(30)
	assert.Equal(t, "AGENDA 1. salaries", strings.TrimSpace(e.parsed().Description))
}
