package sync_test

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
	"convoke/store"
	"convoke/sync"
)

// Our own write comes back in the next report, from any server, and is no edit: no call, no write, no mail. An edit of hers
// beside it is one.
func TestFaultOwnWriteReturns(t *testing.T) {
	profiles := map[string][]caldavtest.Option{
		"plain": nil, "no ETag on PUT": {caldavtest.ETagOnPut(caldavtest.ETagNever)}, "weak ETags": {caldavtest.WeakETags()},
		"another ETag at each write": {caldavtest.ETags(func(data []byte, writes int) string { return fmt.Sprintf(`"%d-%d"`, len(data), writes) })},
	}
	for _, name := range caldavtest.Profiles() {
		profiles[name] = []caldavtest.Option{caldavtest.Profile(name)}
	}
	for name, options := range profiles {
		for _, lines := range [][]string{
			{"LOCATION:@meet"},
			{"LOCATION:@meet", "RRULE:FREQ=DAILY;COUNT=9"},
			{"LOCATION:@meet", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net"},
		} {
			t.Run(fmt.Sprint(name, " ", lines[len(lines)-1]), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, options...)
				e := w.book("sprint", append(lines, "DTSTART:20261211T090000Z", "DTEND:20261211T100000Z")...)
				w.pass()
				e.shows(w.meeting())
				w.dav.ResetLog()
				for range 3 {
					w.later(3 * time.Second)
				}
				w.later(30 * time.Hour) // and in a complete listing
				assert.Equal(t, 1, w.platform.CountCalls())
				assert.Zero(t, w.dav.Counts()["PUT"])
				assert.Empty(t, w.dav.Messages(), "nobody is told again")
				e.set("SUMMARY", "SUMMARY:Retro")
				w.later(3 * time.Second)
				assert.Equal(t, "Retro", w.meeting().Topic)
				assert.Zero(t, w.dav.Counts()["PUT"])
			})
		}
	}
}

// The answers of attendees change the ETag whenever they like. None is lost or set back, whatever moment it comes at, no write
// forces itself, and nobody is asked to answer again because of ours.
func TestFaultAttendeeReplies(t *testing.T) {
	for _, server := range []string{"davical", "cyrus", "sogo", "sabre"} {
		for _, moment := range []string{"before the look", "between look and GET", "between GET and PUT", "twice between GET and PUT", "after the PUT"} {
			t.Run(server+"/"+moment, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, caldavtest.Profile(server), caldavtest.User("bob", "secret"))
				w.rules(func(r *sync.Rules) { r.MailBudget = 9 })
				account, err := caldav.Discover(t.Context(), w.shelf.doer("alice"), davOrigin+w.work())
				require.NoError(t, err)
				require.Len(t, account.Calendars, 1)
				w.shelf.places["alice@example.com"][0].Profile = account.Calendars[0].Profile
				e := w.book("sprint", "LOCATION:@meet", "ORGANIZER:mailto:alice@example.com",
					"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.com", "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:carol@example.net")
				reply := func(partstat string) func() {
					return func() {
						at := w.dav.Calendar("bob", "work")
						for _, path := range w.dav.List(at) {
							data, _, _ := w.dav.Get(path)
							text := strings.ReplaceAll(string(data), "\r\n ", "")
							for _, line := range strings.Split(text, "\r\n") {
								if strings.HasPrefix(line, "ATTENDEE") && strings.Contains(line, "bob@") {
									require.NoError(t, w.dav.Put(path, strings.Replace(text, line, "ATTENDEE;PARTSTAT="+partstat+":mailto:bob@example.com", 1)))
								}
							}
						}
					}
				}
				says, tentative := once(reply("ACCEPTED")), once(reply("TENTATIVE"))
				var around hooked
				switch moment {
				case "before the look":
					says()
				case "between look and GET":
					around = hooked{get: func(next getter) (calendar.Object, error) { says(); return next() }}
				case "between GET and PUT":
					around = hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) { says(); return next() }}
				case "twice between GET and PUT":
					n := 0
					around = hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
						if n++; n == 1 {
							tentative()
						} else {
							says()
						}
						return next()
					}}
				case "after the PUT":
					around = hooked{put: func(_ calendar.Object, next getter) (calendar.Object, error) {
						o, err := next()
						says()
						return o, err
					}}
				}
				w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
					h := around
					h.Collection = c
					return &told{&h, c.(*caldav.Calendar)}
				}
				w.try()
				around = hooked{}
				for range 3 {
					w.clock.add(2 * time.Minute)
					w.try()
				}
				assert.Contains(t, e.text(), joinPrefix+w.meeting().Number)
				answer := ""
				for _, line := range strings.Split(e.text(), "\r\n") {
					if strings.HasPrefix(line, "ATTENDEE") && strings.Contains(line, "bob@") {
						answer = line
					}
				}
				assert.Contains(t, answer, "PARTSTAT=ACCEPTED", "bob's answer stays")
				assert.Contains(t, e.text(), "carol@example.net")
				assert.Equal(t, 1, w.posts())
				for _, r := range w.dav.Requests() {
					assert.Empty(t, r.Header.Get("If-Schedule-Tag-Match"))
					if r.Method == http.MethodPut {
						assert.NotEmpty(t, r.Header.Get("If-Match"))
						assert.NotEqual(t, "*", r.Header.Get("If-Match"))
					}
				}
			})
		}
	}
}

// told calendars tell what they know of their server, as internal/calendars has them.
type told struct {
	*hooked
	cal *caldav.Calendar
}

func (c *told) Server() calendar.Server {
	t := c.cal.Traits()
	return calendar.Server{Schedules: t.Schedules, LocationResets: t.LocationResets}
}

// A success on If-Match is no proof. Where two writers get through at once, what the calendar holds afterwards counts: details
// that another write took away are written again, an event that changed is decided about again, and convoke itself is never two
// writers of one calendar.
func TestFaultSuccessIsNoProof(t *testing.T) {
	for _, server := range []string{"davical", "sogo", "sabre"} {
		for name, edit := range map[string]func(e *entry){
			"her old text over ours":    func(e *entry) { e.restore(vevent("sprint", "LOCATION:@meet", "COMMENT:hers")) },
			"a new title, without ours": func(e *entry) { e.restore(vevent("sprint", "LOCATION:@meet", "SUMMARY:Retro")) },
		} {
			t.Run(server+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, caldavtest.Profile(server))
				e := w.book("sprint", "LOCATION:@meet")
				over := once(func() { edit(e) })
				w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
					return &hooked{Collection: racing{c, func() { over() }}}
				}
				w.try()
				w.shelf.wrap = nil
				for range 3 {
					w.clock.add(2 * time.Minute)
					w.try()
				}
				e.shows(w.meeting())
				assert.Equal(t, strings.Contains(e.text(), "SUMMARY:Retro"), w.meeting().Topic == "Retro", "what the event says, the meeting is")
				assert.True(t, strings.Contains(e.text(), "COMMENT:hers") || strings.Contains(e.text(), "SUMMARY:Retro"), "her edit stays")
				assert.Equal(t, 1, w.posts())
			})
		}
	}
	t.Run("one writer an event, however many watch its calendar", func(t *testing.T) {
		w := newWorld(t, caldavtest.NonAtomic(func() {}))
		w.join("bob")
		w.shelf.add("bob", w.dav.Share(w.work(), "bob", true), "Work (alice)")
		for i := range 20 {
			w.book(fmt.Sprint("e", i), "LOCATION:@meet")
		}
		var mu stdsync.Mutex
		writing, writes := map[string]bool{}, map[string]int{}
		w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
			return &hooked{Collection: c, put: func(o calendar.Object, next getter) (calendar.Object, error) {
				name := path.Base(o.Href)
				mu.Lock()
				assert.False(t, writing[name], "two writers of %s", name)
				writing[name] = true
				writes[name]++
				mu.Unlock()
				time.Sleep(time.Millisecond)
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					writing[name] = false
				}()
				return next()
			}}
		}
		w.try()
		w.later(2 * time.Minute)
		w.later(5 * time.Minute)
		assert.Len(t, w.meetings(), 20)
		assert.Len(t, writes, 20)
		for name, n := range writes {
			assert.Equal(t, 1, n, name)
		}
	})
}

// racing calendars lose a write: another one with the same ETag gets through after it, and before it is read back.
type racing struct {
	calendar.Collection
	other func()
}

// Put answers as such a server does: with success, and with what it holds by then.
func (r racing) Put(ctx context.Context, o calendar.Object) (calendar.Object, error) {
	if _, err := r.Collection.Put(ctx, o); err != nil {
		return calendar.Object{}, err
	}
	r.other()
	return r.Get(ctx, o.Href)
}

// The organizer of an event becomes somebody else: its meeting stays as it is, whatever happens to the event afterwards, until
// it is hers again. Nothing is written into it, and status says so.
func TestFaultOrganizerChanged(t *testing.T) {
	theirs := "ORGANIZER:mailto:eve@example.net"
	for _, c := range []struct {
		name string
		then func(w *world, e *entry)
		here bool // the event is
	}{
		{"and nothing else", func(*world, *entry) {}, true},
		{"and the title", func(_ *world, e *entry) { e.set("SUMMARY", "SUMMARY:Theirs") }, true},
		{"and the time", func(_ *world, e *entry) { e.set("DTSTART", "DTSTART:20261124T083000Z") }, true},
		{"and the join details are taken out", func(_ *world, e *entry) { e.clear() }, true},
		{"and it is cancelled", func(_ *world, e *entry) { e.set("STATUS", "STATUS:CANCELLED") }, true},
		{"and it is deleted", func(w *world, e *entry) { w.pass(); e.delete() }, false},
	} {
		for _, owner := range []string{"of nobody", "of hers"} {
			t.Run(owner+"/"+c.name, func(t *testing.T) {
				w := newWorld(t)
				w.rules(func(r *sync.Rules) { r.Undo = 0 })
				lines := []string{"SUMMARY:sprint", "LOCATION:@meet"}
				if owner == "of hers" {
					lines = append(lines, "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net")
				}
				e := w.book("sprint", lines...)
				w.rest()
				e.set("ORGANIZER", theirs)
				c.then(w, e)
				before := ""
				if c.here {
					before = e.raw()
				}
				w.dav.ResetLog()
				for range 3 {
					w.later(7 * time.Hour)
				}
				assert.Equal(t, 1, w.platform.CountCalls(), "the meeting stays as it is")
				assert.Equal(t, "sprint", w.meeting().Topic)
				assert.Zero(t, w.dav.Counts()["PUT"])
				if !c.here {
					return
				}
				assert.Equal(t, before, e.raw())
				assert.Equal(t, sync.OrganizerChanged, w.rule("sprint"))
				assert.Contains(t, w.row(e).Error, "somebody else's")

				e.restore(vevent("sprint", append(lines[1:], "SUMMARY:Retro", "DTSTART:20261125T090000Z", "DTEND:20261125T100000Z")...))
				w.later(time.Minute)
				assert.Equal(t, "Retro", w.meeting().Topic, "hers again, it is followed")
				assert.Empty(t, w.row(e).Error)
				assert.Equal(t, 1, w.posts())
			})
		}
	}
}
