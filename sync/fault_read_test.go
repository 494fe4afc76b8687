package sync_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// readFaults are the ways in which an answer can be none.
var readFaults = map[string]caldavtest.Fault{
	"timeout":                      {Hook: func(*http.Request) { panic(errNoAnswer) }},
	"connection reset":             {Reset: true},
	"500":                          {Status: 500},
	"502":                          {Status: 502},
	"503":                          {Status: 503},
	"504":                          {Status: 504},
	"429":                          {Status: 429},
	"a login page":                 {Status: 200, Body: caldavtest.LoginPage},
	"a login page as 207":          {Status: 207, Body: caldavtest.LoginPage},
	"a redirect to one":            {Status: 302, Header: http.Header{"Location": {"https://login.example.com/"}}},
	"half a body":                  {Truncate: 200},
	"half a body that looks whole": {Truncate: 200, Clean: true},
	"an empty body":                {Status: 200},
	"an empty multistatus":         {Status: 207, Header: http.Header{"Content-Type": {"application/xml"}}},
	"401":                          {Status: 401},
	"403":                          {Status: 403},
	"404":                          {Status: 404},
	"410":                          {Status: 410},
}

// requestKinds are the requests by which convoke learns what is in a calendar.
var requestKinds = map[string]struct {
	method  string
	skip    int
	options []caldavtest.Option
	daily   bool // the complete listing of each day
	bare    bool // what changed is fetched one by one
}{
	"sync report":   {method: "REPORT"},
	"ctag":          {method: "PROPFIND", options: []caldavtest.Option{caldavtest.NoSync()}},
	"listing":       {method: "PROPFIND", options: []caldavtest.Option{caldavtest.NoSync(), caldavtest.NoCTag()}},
	"daily listing": {method: "PROPFIND", daily: true},
	"multiget":      {method: "REPORT", skip: 1, options: []caldavtest.Option{caldavtest.SyncWithoutData()}},
	"GET":           {method: "GET", bare: true},
}

// settle makes passes until what was written came back, also from a server whose ctag is a second.
func (w *world) settle() {
	w.t.Helper()
	for range 2 {
		w.pass()
		w.clock.add(3 * time.Second)
	}
}

// A read that failed, in whatever way, says nothing of what is there: nothing is cancelled, what is gone elsewhere waits for it,
// the other calendars go on, somebody is told, and all resumes when it is over. Only a GET is believed that something is gone.
func TestFaultFailedReadIsNeverAbsence(t *testing.T) {
	for kind, k := range requestKinds {
		for name, fault := range readFaults {
			if gone := fault.Status == 404 || fault.Status == 410; gone && kind == "GET" {
				continue
			}
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, k.options...)
				home := w.secondCalendar()
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				at := []string{"LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z"}
				gone, edited := w.book("gone", at...), w.bookAt(home+"edited.ics", "edited", at...)
				w.bookAt(home+"stays.ics", "stays", at...)
				w.settle()
				if k.bare {
					w.shelf.wrap = func(row store.Calendar, c calendar.Collection) calendar.Collection {
						if row.Name == "Home" {
							return dataless{c}
						}
						return c
					}
				}
				if k.daily {
					w.clock.add(30 * time.Hour)
				}
				fault.Path, fault.Method, fault.Skip = home, k.method, k.skip
				w.dav.ResetLog()
				w.dav.Inject(fault)
				edited.set("SUMMARY", "SUMMARY:Retro")
				gone.delete()
				w.book("new", at...)
				r := w.try()
				met := 0
				for _, q := range w.dav.Requests() {
					if q.Method == k.method && strings.HasPrefix(q.Path, home) {
						met++
					}
				}
				require.Greater(t, met, k.skip, "the fault is met")
				assert.Equal(t, 1, r.Created, "the other calendar goes on")
				followed := w.topics()[1] == "Retro"
				assert.True(t, followed || len(r.Errors) > 0, "somebody is told")
				if !followed && kind != "GET" && kind != "multiget" {
					assert.NotEmpty(t, w.calendar("Home").State)
					assert.Equal(t, "gone", w.topics()[0], "what is gone elsewhere waits")
					assert.Zero(t, w.puts())
				}
				for range 3 {
					w.clock.add(time.Minute)
					w.try()
				}
				assert.NotContains(t, w.topics(), "Cancelled: stays")
				assert.NotContains(t, strings.Join(w.topics(), " "), "Cancelled: edited")
				assert.NotContains(t, strings.Join(w.topics(), " "), "Cancelled: Retro")
				assert.Equal(t, 4, w.posts())

				w.dav.Heal()
				w.clock.add(2 * time.Hour)
				w.try()
				w.later(7 * time.Hour)
				assert.Equal(t, []string{"Cancelled: gone", "Retro", "stays", "new"}, w.topics())
				assert.Equal(t, 4, w.posts())
				assert.Empty(t, w.calendar("Home").State)
				assert.Empty(t, w.row(edited).Error)
			})
		}
	}
}

// A password that is refused, and an access that is denied, are tried three times and then hourly, whatever is asked and however
// many events wait: accounts lock. That is told, cancels nothing, stops nobody else, and ends by itself.
func TestFaultPasswordParks(t *testing.T) {
	for status, trouble := range map[int]store.Trouble{401: store.Password, 403: store.Denied} {
		for _, method := range []string{"", "REPORT"} {
			if status == 403 && method == "REPORT" {
				continue // the report is not known there, and a listing is
			}
			t.Run(fmt.Sprintf("%d to %q", status, method), func(t *testing.T) {
				w := newWorld(t)
				w.join("bob")
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				var all []*entry
				for i := range 5 {
					all = append(all, w.book(fmt.Sprint("e", i), "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z"))
				}
				w.rest()
				w.dav.Inject(caldavtest.Fault{Path: w.dav.Home("alice"), Method: method, Status: status})
				all[0].delete()
				all[1].set("SUMMARY", "SUMMARY:Retro")
				w.bookAt(w.dav.Calendar("bob", "work")+"his.ics", "his", "LOCATION:@meet")
				refused, others := 0, 0
				for range 24 * 60 {
					w.dav.ResetLog()
					w.try()
					for _, r := range w.dav.Requests() {
						if r.Status == status {
							refused++
						} else {
							others++
						}
					}
					w.clock.add(time.Minute)
				}
				assert.LessOrEqual(t, refused, (3+24)*map[int]int{401: 1, 403: 3}[status], "a denied look tries other requests")
				assert.Greater(t, refused, 20, "and it is tried on")
				assert.Greater(t, others, 24*60, "bob's calendar goes on")
				assert.Equal(t, trouble, w.calendar("Work").Trouble)
				assert.NotEmpty(t, w.calendar("Work").State)
				assert.NotContains(t, strings.Join(w.topics(), " "), "Cancelled")
				assert.Len(t, w.meetings(), 6)

				w.dav.Heal()
				w.later(time.Hour)
				assert.Equal(t, []string{"Cancelled: e0", "Retro", "e2", "e3", "e4", "his"}, w.topics())
				assert.Equal(t, store.NoTrouble, w.calendar("Work").Trouble)
			})
		}
	}
	for _, method := range []string{"GET", "PUT"} {
		t.Run("401 to "+method+": one event is enough to know", func(t *testing.T) {
			w := newWorld(t)
			var all []*entry
			for i := range 5 {
				all = append(all, w.book(fmt.Sprint("e", i), "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z"))
			}
			if method == "GET" {
				w.rest()
				w.engine.Calendars = forgetful{w.shelf}
				for _, e := range all {
					e.set("SUMMARY", "SUMMARY:Retro")
				}
				w.dav.ResetLog()
			}
			w.dav.Inject(caldavtest.Fault{Method: method, Status: 401})
			assert.NotEmpty(t, w.try().Errors)
			assert.Equal(t, 1, w.dav.Counts()[method])
			w.dav.Heal()
			w.engine.Calendars = w.shelf
			w.later(time.Hour)
			w.later(time.Hour)
			assert.Len(t, w.meetings(), 5)
			assert.Equal(t, 5, w.posts())
			w.rest()
		})
	}
}

// A server that asks for patience gets it, calendar and platform alike, by whatever request it says so, and that never counts
// as gone.
func TestFaultRateLimit(t *testing.T) {
	at := []string{"LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z"}
	patience := func(status int, until time.Time) error {
		return fmt.Errorf("REPORT: %d: %w", status, retryAfter{until})
	}
	for _, status := range []int{429, 503} {
		for _, wait := range []time.Duration{30 * time.Second, 3 * time.Hour, 48 * time.Hour} {
			t.Run(fmt.Sprintf("calendar, %d, to a look, %s", status, wait), func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				e := w.book("sprint", at...)
				w.rest()
				until := w.clock.Now().Add(wait)
				w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
					return &broken{c, patience(status, until)}
				}
				w.dav.ResetLog()
				w.try()
				due := w.calendar("Work").DueAt
				assert.Equal(t, monday.Add(min(max(wait, time.Minute), 6*time.Hour)), due)
				w.shelf.wrap = nil
				e.delete()
				w.clock.add(due.Sub(w.clock.Now()) - time.Second)
				w.try()
				assert.Empty(t, w.dav.Requests(), "not before its time")
				assert.Equal(t, []string{"sprint"}, w.topics())
				w.later(time.Second)
				assert.Equal(t, []string{"Cancelled: sprint"}, w.topics())
			})
		}
		for _, method := range []string{"GET", "PUT"} {
			t.Run(fmt.Sprintf("calendar, %d, to a %s", status, method), func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				e := w.book("sprint", at...)
				until := monday.Add(3 * time.Hour)
				refuse := func(next getter) (calendar.Object, error) {
					if w.clock.Now().Before(until) {
						return calendar.Object{}, patience(status, until)
					}
					return next()
				}
				gets, puts := 0, 0
				w.meddle(hooked{
					get: func(next getter) (calendar.Object, error) {
						if method == "GET" {
							gets++
							return refuse(next)
						}
						return next()
					},
					put: func(_ calendar.Object, next getter) (calendar.Object, error) {
						if method == "PUT" {
							puts++
							return refuse(next)
						}
						return next()
					},
				})
				for range 3 * 60 {
					w.try()
					w.clock.add(time.Minute)
				}
				assert.Equal(t, 1, gets+puts, "not before its time")
				w.try()
				w.later(time.Minute)
				e.shows(w.meeting())
				assert.Equal(t, 1, w.posts())
			})
		}
		for route, play := range map[meetingtest.Route]func(w *world, e *entry){
			meetingtest.CreateMeeting: nil,
			meetingtest.UpdateMeeting: func(_ *world, e *entry) { e.set("SUMMARY", "SUMMARY:Retro") },
			meetingtest.DeleteMeeting: func(w *world, e *entry) {
				w.rules(func(r *sync.Rules) { r.Undo, r.Cancel = 0, sync.DeleteCall })
				e.delete()
			},
		} {
			t.Run(fmt.Sprintf("platform, %d, to %s", status, route), func(t *testing.T) {
				w := newWorld(t)
				e := w.book("sprint", at...)
				if play != nil {
					w.rest()
					play(w, e)
				}
				fault := meetingtest.RateLimited("7200")
				fault.Status = status
				w.platform.Fail(route, fault)
				calls := w.platform.CountCalls(route)
				require.Len(t, w.try().Errors, 1)
				for range 119 {
					w.newClient()
					w.clock.add(time.Minute)
					w.try()
				}
				if status == 429 || route != meetingtest.CreateMeeting { // else nobody knows whether it was carried out
					assert.Equal(t, calls+1, w.platform.CountCalls(route), "not before its time")
				}
				w.clock.add(2 * time.Minute)
				w.try()
				if status == 503 && route == meetingtest.CreateMeeting {
					assert.Equal(t, 1, w.posts())
					assert.Equal(t, sync.Unanswered, w.rule("sprint"))
					return
				}
				assert.Equal(t, calls+2, w.platform.CountCalls(route))
				assert.Len(t, w.platform.Meetings(), 1)
			})
		}
	}
}

// A calendar larger than convoke reads is told of and cancels nothing; what is too large in it is set aside, and the rest goes on.
// The limits are 1 MiB an object, 64 MiB a report and 20,000 events a calendar.
func TestFaultHugeInput(t *testing.T) {
	huge := vevent("huge", "LOCATION:@meet", "COMMENT:"+strings.Repeat("x", calendar.MaxObject))
	for name, options := range map[string][]caldavtest.Option{
		"in the report": nil, "by multiget": {caldavtest.SyncWithoutData()}, "by listing": {caldavtest.NoSync()},
	} {
		t.Run("an object, new, "+name, func(t *testing.T) {
			w := newWorld(t, options...)
			e := w.book("huge")
			e.restore(huge)
			w.book("good", "LOCATION:@meet")
			r := w.try()
			require.Len(t, r.Errors, 1)
			assert.Contains(t, r.Errors[0].Message, "larger than convoke reads")
			assert.Equal(t, []string{"good"}, w.topics())
			assert.Equal(t, huge, e.raw())
			w.pass()
			w.idle()
		})
		t.Run("an object with a meeting, "+name, func(t *testing.T) {
			w := newWorld(t, options...)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := w.book("sprint", "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z")
			w.settle()
			small := e.text()
			e.restore(strings.Replace(small, "END:VEVENT", "COMMENT:"+strings.Repeat("x", calendar.MaxObject)+"\r\nEND:VEVENT", 1))
			w.try()
			w.clock.add(30 * time.Hour)
			w.try()
			assert.Equal(t, []string{"sprint"}, w.topics(), "it is not gone")
			assert.NotEmpty(t, w.row(e).Error)
			e.restore(strings.Replace(small, "SUMMARY:sprint", "SUMMARY:Retro", 1))
			w.later(time.Minute)
			assert.Equal(t, []string{"Retro"}, w.topics())
		})
	}
	t.Run("a report", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		e := w.book("sprint", "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z")
		w.rest()
		w.dav.Inject(caldavtest.Fault{Method: "REPORT", Status: 207, Header: http.Header{"Content-Type": {"application/xml"}}, Body: strings.Repeat(" ", 1<<20), Repeat: 65})
		w.dav.Inject(caldavtest.Fault{Method: "PROPFIND", Status: 207, Header: http.Header{"Content-Type": {"application/xml"}}, Body: strings.Repeat(" ", 1<<20), Repeat: 65})
		e.set("SUMMARY", "SUMMARY:Retro")
		r := w.try()
		require.Len(t, r.Errors, 1)
		assert.Contains(t, r.Errors[0].Message, "larger than convoke reads")
		assert.NotEmpty(t, w.calendar("Work").State)
		assert.Equal(t, []string{"sprint"}, w.topics())
		w.dav.Heal()
		w.later(time.Hour)
		assert.Equal(t, []string{"Retro"}, w.topics())
	})
	for name, options := range map[string][]caldavtest.Option{"by report": nil, "by listing": {caldavtest.NoSync()}} {
		t.Run("events, "+name, func(t *testing.T) {
			w := newWorld(t, options...)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			home := w.secondCalendar()
			e := w.book("sprint", "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z")
			w.settle()
			for i := range 20_001 {
				w.book(fmt.Sprintf("e%05d", i))
			}
			e.set("SUMMARY", "SUMMARY:Retro")
			w.dav.ForgetTokens()
			w.bookAt(home+"other.ics", "other", "LOCATION:@meet")
			r := w.try()
			require.Len(t, r.Errors, 1)
			assert.Contains(t, r.Errors[0].Message, "20000")
			assert.NotEmpty(t, w.calendar("Work").State)
			assert.NotContains(t, strings.Join(w.topics(), " "), "Cancelled")
			assert.Contains(t, w.topics(), "other", "the other calendar goes on")
			for i := range 3 {
				require.NoError(t, w.dav.Delete(fmt.Sprintf("%se%05d.ics", w.work(), i)))
			}
			w.later(time.Hour)
			assert.Equal(t, []string{"Retro", "other"}, w.topics())
			assert.Empty(t, w.calendar("Work").State)
		})
	}
	t.Run("files in a folder", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		dir := t.TempDir()
		w.shelf.add("alice", dir, "Folder")
		file := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".ics"), []byte(text), 0o600))
		}
		file("sprint", vevent("sprint", "LOCATION:@meet", "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z"))
		file("huge", huge)
		assert.Len(t, w.try().Errors, 1)
		assert.Equal(t, []string{"sprint"}, w.topics())
		w.pass()
		for i := range 20_000 {
			file(fmt.Sprintf("e%05d", i), "")
		}
		require.NoError(t, os.Remove(filepath.Join(dir, "sprint.ics")))
		r := w.try()
		require.Len(t, r.Errors, 1)
		assert.Contains(t, r.Errors[0].Message, "20001 events, more than 20000")
		assert.NotEmpty(t, w.calendar("Folder").State)
		assert.Equal(t, []string{"sprint"}, w.topics())
		for i := range 20_000 {
			require.NoError(t, os.Remove(filepath.Join(dir, fmt.Sprintf("e%05d.ics", i))))
		}
		w.later(time.Hour)
		assert.Equal(t, []string{"Cancelled: sprint"}, w.topics())
	})
}
