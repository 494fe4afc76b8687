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
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// work is the path of alice's first calendar.
func (w *world) work() string { return w.dav.Calendar("alice", "work") }

// calendar is the ledger's row of alice's calendar with that name.
func (w *world) calendar(name string) store.Calendar {
	w.t.Helper()
	all, err := w.ledger.Calendars(w.t.Context(), "alice@example.com")
	require.NoError(w.t, err)
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	require.Fail(w.t, "no calendar "+name)
	return store.Calendar{}
}

// A calendar that fails is asked ever more seldom; a refused password three times, then hourly.
func TestBackOff(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		waits  []time.Duration
	}{
		{"server error", 500, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute}},
		{"wrong password", 401, []time.Duration{time.Minute, 2 * time.Minute, time.Hour, time.Hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.book("sprint", "LOCATION:@meet")
			w.dav.Inject(caldavtest.Fault{Path: w.work(), Status: c.status})
			for _, wait := range c.waits {
				w.dav.ResetLog()
				assert.Len(t, w.try().Errors, 1)
				assert.NotEmpty(t, w.dav.Requests())
				row := w.calendar("Work")
				assert.Equal(t, wait, row.DueAt.Sub(w.clock.Now()))

				w.clock.add(wait - time.Second)
				w.dav.ResetLog()
				assert.Empty(t, w.try().Errors)
				assert.Empty(t, w.dav.Requests(), "not asked before its time")
				w.clock.add(time.Second)
			}
			w.dav.Heal()
			w.pass()
			assert.Zero(t, w.calendar("Work").Attempts)
			assert.True(t, w.calendar("Work").DueAt.IsZero())
			assert.Equal(t, []string{"sprint"}, w.topics())
		})
	}
	t.Run("who asks by hand does not wait", func(t *testing.T) {
		w := newWorld(t)
		w.engine.Patient = false
		w.dav.Inject(caldavtest.Fault{Path: w.work(), Status: 500, Times: 2}) // with and without the data
		w.try()
		w.dav.Heal()
		w.book("sprint", "LOCATION:@meet")
		w.pass()
		assert.Equal(t, []string{"sprint"}, w.topics())
	})
	t.Run("not for the platform's feed either", func(t *testing.T) {
		w := newWorld(t)
		w.readsBack()
		w.engine.Patient = false
		for _, name := range []string{"first", "second"} { // the feed has shown the first when the second is made
			w.book(name, "LOCATION:@meet")
			w.pass()
		}
		e := w.book("sprint", "LOCATION:@meet")
		w.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
		assert.Len(t, w.try().Errors, 1)
		w.platform.Fail(meetingtest.Feed, meetingtest.HTML(200))
		w.pass()
		assert.Equal(t, sync.Unanswered, w.rule(e.uid))
		w.pass()
		assert.Equal(t, sync.Unchanged, w.rule(e.uid))
		assert.Equal(t, []string{"first", "second", "sprint"}, w.topics())
	})
}

// A password that is refused is refused for every event: one is enough to know, since accounts lock.
func TestPasswordChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	entries := []*entry{w.book("a", "LOCATION:@meet"), w.book("b", "LOCATION:@meet"), w.book("c", "LOCATION:@meet")}
	w.rest()
	for _, e := range entries {
		e.set("SUMMARY", "SUMMARY:Retro")
	}
	w.engine.Calendars = forgetful{w.shelf}
	w.dav.Inject(caldavtest.Fault{Method: "GET", Status: 401})
	w.dav.ResetLog()
	assert.Len(t, w.try().Errors, 1)
	assert.Equal(t, 1, w.dav.Counts()["GET"])
	assert.Contains(t, w.calendar("Work").State, "password")
	w.dav.Heal()
	w.later(2 * time.Minute)
	assert.Equal(t, []string{"Retro", "Retro", "Retro"}, w.topics())
}

// The end of an undo window waits for every calendar, too.
func TestUndoWaitsForEveryCalendar(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	e.delete()
	w.pass()
	w.clock.add(time.Hour)
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 500})
	w.dav.ResetLog()
	w.try()
	assert.Equal(t, "sprint", w.meeting().Topic)
	assert.Zero(t, w.dav.Counts()["GET"])
	w.dav.Heal()
	w.later(time.Hour)
	assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
}

// retryAfter is an error of a Doer that knows when the server wants to be asked again.
type retryAfter struct{ until time.Time }

func (r retryAfter) Error() string      { return "not before " + r.until.String() }
func (r retryAfter) RetryAt() time.Time { return r.until }

// A server that asks for patience gets it.
func TestRetryAfterOfCalendar(t *testing.T) {
	w := newWorld(t)
	w.shelf.wrap = func(_ store.Calendar, c calendar.Collection) calendar.Collection {
		return &broken{c, fmt.Errorf("look: %w", retryAfter{w.clock.Now().Add(3 * time.Hour)})}
	}
	w.try()
	assert.Equal(t, monday.Add(3*time.Hour), w.calendar("Work").DueAt)
}

// A broken calendar answers every look with an error.
type broken struct {
	calendar.Collection
	err error
}

func (b *broken) Changes(context.Context, calendar.Since, func(calendar.Change) error) (calendar.Look, error) {
	return calendar.Look{}, b.err
}

// A deletion is believed when a GET confirms it, or from a complete listing that a GET confirms.
func TestDeletionConfirmed(t *testing.T) {
	for _, c := range []struct {
		name      string
		status    int
		cancelled bool
	}{{"not found", 404, true}, {"gone", 410, true}, {"there", 0, false}, {"denied", 403, false}, {"error", 500, false}, {"password", 401, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			w.shelf.wrap = func(_ store.Calendar, col calendar.Collection) calendar.Collection { return &liar{col, e.path} }
			if c.status != 0 {
				w.dav.Inject(caldavtest.Fault{Method: "GET", Path: e.path, Status: c.status})
			}
			w.try()
			w.clock.add(time.Hour)
			w.try()
			assert.Equal(t, map[bool]string{true: "Cancelled: sprint", false: "sprint"}[c.cancelled], w.meeting().Topic)
			w.shelf.wrap = nil
			w.dav.Heal()
			e.set("SUMMARY", "SUMMARY:Retro")
			w.later(3 * time.Hour)
			w.rest()
			assert.Equal(t, "Retro", w.meeting().Topic, "it is followed on")
			assert.Equal(t, 1, w.posts())
		})
	}
}

// A liar reports an object as gone that is there.
type liar struct {
	calendar.Collection
	href string
}

func (l *liar) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	if err := fn(calendar.Change{Object: calendar.Object{Href: l.href}, Gone: true}); err != nil {
		return calendar.Look{}, err
	}
	return calendar.Look{Token: since.Token}, nil
}

// An event that is gone when it is asked for again, while another calendar could not be looked at, is not missed yet.
func TestGoneAtTheSecondLook(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	e.set("SUMMARY", "SUMMARY:Retro")
	w.dav.Inject(caldavtest.Fault{Path: home, Status: 500})
	w.shelf.wrap = func(row store.Calendar, col calendar.Collection) calendar.Collection {
		return &hooked{Collection: col, looked: func() {
			if row.Name == "Home" {
				require.NoError(t, w.dav.Move(e.path, home+"e.ics"))
				w.shelf.wrap = nil
			}
		}}
	}
	w.engine.Calendars = forgetful{w.shelf}
	w.try()
	assert.Equal(t, "sprint", w.meeting().Topic)
	w.dav.Heal()
	w.engine.Calendars = w.shelf
	w.later(time.Hour)
	assert.Equal(t, "Retro", w.meeting().Topic)
	assert.Equal(t, 1, w.puts())
	w.rest()
}

// forgetful calendars send no data along, so that every event is fetched when it is decided about.
type forgetful struct{ *shelf }

func (f forgetful) Open(row store.Calendar) (calendar.Collection, error) {
	c, err := f.shelf.Open(row)
	return dataless{c}, err
}

type dataless struct{ calendar.Collection }

func (d dataless) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	return d.Collection.Changes(ctx, since, func(c calendar.Change) error {
		c.Data = nil
		return fn(c)
	})
}

// A token that the server has forgotten leads to a complete listing, in which deletions show by absence.
func TestFaultTokenRefused(t *testing.T) {
	for _, bad := range []caldavtest.BadToken{caldavtest.TokenForbidden, caldavtest.TokenError, caldavtest.TokenAsFirst, caldavtest.TokenGone} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			w := newWorld(t, caldavtest.OnBadToken(bad))
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			gone := w.book("gone", "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
			stays := w.book("stays", "LOCATION:@meet")
			w.book("never", "LOCATION:Room 5")
			w.rest()
			gone.delete()
			stays.set("SUMMARY", "SUMMARY:Retro")
			w.dav.ForgetTokens()
			w.pass()
			if bad == caldavtest.TokenAsFirst { // that server's answer does not say that it is complete
				w.later(30 * time.Hour)
			}
			assert.Equal(t, []string{"Cancelled: gone", "Retro"}, w.topics())
			assert.Equal(t, 2, w.posts())
			w.rest()
		})
	}
	t.Run("and says so with an empty answer: found by the daily listing", func(t *testing.T) {
		w := newWorld(t, caldavtest.OnBadToken(caldavtest.TokenEmpty))
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		e := w.book("sprint", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", "LOCATION:@meet")
		w.rest()
		e.delete()
		w.dav.ForgetTokens()
		w.pass()
		w.later(29 * time.Hour)
		assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
	})
}

// What was there at the first look is left alone in the modes that take events without being asked, until it is edited.
func TestExisting(t *testing.T) {
	invited := []string{"ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net"}
	for _, c := range []struct {
		mode     sync.Mode
		existing bool
		first    []string // meetings after the first look
		then     []string // and when "old" was edited and "new" booked
	}{
		{sync.Marked, false, []string{"marked"}, []string{"marked"}},
		{sync.Attendees, false, []string{"marked"}, []string{"marked", "new", "old, edited"}},
		{sync.All, false, []string{"marked"}, []string{"marked", "new", "old, edited"}},
		{sync.Attendees, true, []string{"address", "marked", "old"}, []string{"address", "marked", "old, edited", "new"}},
		{sync.All, true, []string{"address", "marked", "old", "single"}, []string{"address", "marked", "old, edited", "single", "new"}},
	} {
		t.Run(fmt.Sprintf("%s existing=%v", c.mode, c.existing), func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Mode, r.Existing = c.mode, c.existing })
			w.book("marked", "LOCATION:@meet")
			old := w.book("old", invited...)
			single := w.book("single")
			w.book("address", append(invited, "DESCRIPTION:write to bob@meet.example.com")...)
			w.pass()
			assert.Equal(t, c.first, w.topics())
			before := single.raw()
			w.rest()

			old.set("SUMMARY", "SUMMARY:old\\, edited")
			w.book("new", invited...)
			w.pass()
			assert.Equal(t, c.then, w.topics())
			assert.Equal(t, before, single.raw())
			w.rest()
		})
	}
}

// A seal is no event without a trace: after the ledger was lost its meeting is adopted, whatever else is left alone.
func TestExistingIsAdopted(t *testing.T) {
	for _, mode := range []sync.Mode{sync.Attendees, sync.All} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Mode = mode })
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			w.loseLedger()
			w.rest()
			assert.True(t, w.link("sprint").Written)
			e.set("SUMMARY", "SUMMARY:Retro")
			w.pass()
			assert.Equal(t, "Retro", w.meeting().Topic)
			assert.Equal(t, 1, w.posts())
		})
	}
}

// A ledger that cannot say what is known stops the look: a deletion that is not recorded now would be missed for good.
func TestLedgerCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	e.delete()
	w.engine.Ledger = unreadable{w.ledger}
	_, err := w.engine.Pass(t.Context(), "")
	require.ErrorIs(t, err, errDiskFull)
	w.restart()
	w.pass()
	assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
}

// unreadable is a ledger whose objects cannot be read.
type unreadable struct{ store.Ledger }

func (unreadable) ETags(context.Context, int64, func(href, etag string)) error { return errDiskFull }

// When the configuration selects otherwise, what was passed over is looked at again, once.
func TestSelectionChanged(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*sync.Rules)
		want   []string
	}{
		{"another marker", func(r *sync.Rules) { r.Markers.Ask = "@video" }, []string{"marked", "video"}},
		{"a marker in capitals", func(r *sync.Rules) { r.Markers.Ask = "@Video" }, []string{"marked", "video"}},
		{"another opt-out marker", func(r *sync.Rules) { r.Markers.Decline = "#private" }, []string{"marked", "declined"}},
		{"mode all, existing ones too", func(r *sync.Rules) { r.Mode, r.Existing = sync.All, true }, []string{"marked", "plain", "video"}},
		{"mode all", func(r *sync.Rules) { r.Mode = sync.All }, []string{"marked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.book("marked", "LOCATION:@meet")
			w.book("declined", "LOCATION:@meet #nomeet")
			w.book("plain")
			w.book("video", "LOCATION:@VIDEO")
			w.rest()
			w.rules(c.change)
			w.pass()
			assert.Equal(t, c.want, w.topics())
			w.rest()
		})
	}
}

// What is new when the configuration selects otherwise is no older for it.
func TestSelectionChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Mode = sync.Attendees })
	invited := []string{"ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net"}
	w.book("old", invited...)
	w.rest()
	w.book("new", invited...)
	w.rules(func(r *sync.Rules) { r.MaxDuration = 8 * time.Hour })
	w.pass()
	assert.Equal(t, []string{"new"}, w.topics())
	w.rest()
}

// An address that the organizer gets later is heard of.
func TestNewAlias(t *testing.T) {
	w := newWorld(t)
	w.book("sprint", "LOCATION:@meet", "ORGANIZER:mailto:a.liddell@example.com", "ATTENDEE:mailto:bob@example.net")
	w.rest()
	require.Equal(t, sync.NotOrganizer, w.rule("sprint"))
	w.people[0].Addresses = append(w.people[0].Addresses, "a.liddell@example.com")
	w.pass()
	assert.Equal(t, []string{"sprint"}, w.topics())
	w.rest()
}

// What cannot be read is set aside until it changes, and told; all else goes on.
func TestFaultMalformedEvent(t *testing.T) {
	for _, c := range []struct {
		name, text string
		told       string // "" for nothing
	}{
		{"malformed", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:@meet\r\n", "iCalendar"},
		{"no UID", strings.Replace(vevent("x", "LOCATION:@meet"), "UID:x\r\n", "", 1), "UID"},
		{"huge", vevent("x", "LOCATION:@meet", "COMMENT:"+strings.Repeat("x", calendar.MaxObject)), "more than"},
		{"no start", strings.Replace(vevent("x", "LOCATION:@meet"), "DTSTART:20261124T090000Z\r\n", "", 1), "DTSTART"},
		{"a start that is none", vevent("x", "LOCATION:@meet", "DTSTART:next monday"), "DTSTART"},
		{"a line without a colon", strings.Replace(vevent("x", "LOCATION:@meet"), "BEGIN:VEVENT", "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nnonsense", 1), "iCalendar"},
		{"a task", strings.ReplaceAll(vevent("x", "LOCATION:@meet"), "VEVENT", "VTODO"), ""},
		{"two events", strings.Replace(vevent("x", "LOCATION:@meet"), "END:VEVENT", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:y\r\nDTSTART:20261124T090000Z\r\nEND:VEVENT", 1), "different UIDs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			bad := w.book("bad")
			require.NoError(t, w.dav.PutRaw(bad.path, "text/calendar", []byte(c.text)))
			w.book("good", "LOCATION:@meet")
			r := w.try()
			assert.Equal(t, 1, r.Created)
			if c.told == "" {
				assert.Empty(t, r.Errors)
			} else {
				require.Len(t, r.Errors, 1)
				assert.Contains(t, r.Errors[0].Message, c.told)
				assert.Contains(t, w.row(bad).Error, c.told)
			}
			assert.Equal(t, c.text, bad.raw())
			w.pass()
			w.idle()
			bad.restore(vevent("x", "LOCATION:@meet"))
			w.pass()
			assert.Len(t, w.meetings(), 2)
			assert.Empty(t, w.row(bad).Error)
		})
		t.Run(c.name+", of an event that has a meeting", func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := w.book("x", nextMonth...)
			other := w.book("y", nextMonth...)
			w.rest()
			text := e.text()
			require.NoError(t, w.dav.PutRaw(e.path, "text/calendar", []byte(c.text)))
			other.set("SUMMARY", "SUMMARY:Retro")
			for range 40 {
				w.try()
				w.clock.add(time.Hour)
			}
			assert.Equal(t, c.text, e.raw())
			assert.Equal(t, "Retro", w.meetings()[1].Topic)
			if c.name != "a task" { // else the event is gone, and a task is there
				assert.Equal(t, "x", w.meetings()[0].Topic, "what cannot be read is not gone")
			}
			w.dav.ResetLog()
			for range 24 {
				w.try()
				w.clock.add(time.Hour)
			}
			assert.LessOrEqual(t, w.dav.Counts()["GET"], 4, "half an object is asked for every six hours, all else no more")
			e.restore(strings.Replace(text, "SUMMARY:x", "SUMMARY:Planning", 1))
			w.later(time.Minute)
			w.later(time.Minute)
			assert.Equal(t, []string{"Planning", "Retro"}, w.topics())
			assert.Equal(t, 2, w.posts())
		})
	}
}

// An event that the server cannot hand out just now is asked for again, though its ETag stays.
func TestUnreadable(t *testing.T) {
	w := newWorld(t, caldavtest.OnAbsent(caldavtest.AbsentAlways), caldavtest.SyncWithoutData())
	e := w.book("sprint", "LOCATION:@meet")
	w.dav.Inject(caldavtest.Fault{Method: "GET", Path: e.path, Status: 500, Times: 1})
	r := w.try()
	require.Len(t, r.Errors, 1)
	assert.Empty(t, w.meetings())
	w.later(2 * time.Minute)
	assert.Equal(t, []string{"sprint"}, w.topics())

	t.Log("and once it has a meeting, that is no reason to miss it")
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e.set("SUMMARY", "SUMMARY:Retro")
	w.dav.Inject(caldavtest.Fault{Method: "GET", Path: e.path, Status: 500, Times: 1})
	w.try()
	assert.Equal(t, "sprint", w.meeting().Topic)
	w.later(2 * time.Minute)
	assert.Equal(t, "Retro", w.meeting().Topic)
}

// A calendar that tells no ETags cannot be written to safely. That is told, and not tried.
func TestNoETag(t *testing.T) {
	w := newWorld(t, caldavtest.ETags(func([]byte, int) string { return "" }))
	e := w.book("sprint", "LOCATION:@meet")
	before := e.raw()
	r := w.try()
	require.NotEmpty(t, r.Errors)
	assert.Contains(t, r.Errors[0].Message, "ETag")
	assert.Empty(t, w.meetings())
	assert.Equal(t, before, e.raw())
	assert.Zero(t, w.dav.Counts()[http.MethodPut])
}

// Discovery runs at first, when its source changes, and once a day. When it fails, what is known is looked at, and it is
// not tried again at once.
func TestDiscovery(t *testing.T) {
	state := func(w *world) string {
		o, err := w.ledger.Organizer(t.Context(), "alice@example.com")
		require.NoError(t, err)
		return o.State
	}
	w := newWorld(t)
	w.book("sprint", "LOCATION:@meet")
	w.rest()
	assert.Equal(t, 1, w.shelf.finds)
	w.later(25 * time.Hour)
	assert.Equal(t, 2, w.shelf.finds)

	w.shelf.broken = errors.New("discovery failed")
	w.clock.add(25 * time.Hour)
	w.book("later", "LOCATION:@meet", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")
	assert.Len(t, w.try().Errors, 1)
	assert.Equal(t, []string{"sprint", "later"}, w.topics())
	assert.Contains(t, state(w), "discovery failed")
	w.pass()
	assert.Equal(t, 3, w.shelf.finds, "not asked again at once")

	w.shelf.source = "elsewhere"
	w.clock.add(10 * time.Minute)
	w.dav.ResetLog()
	assert.Len(t, w.try().Errors, 1)
	assert.Empty(t, w.dav.Requests(), "what was configured before is not looked at any more")
	w.shelf.broken = nil
	w.later(10 * time.Minute)
	assert.Empty(t, state(w))
	assert.Equal(t, 5, w.shelf.finds)
}

// What else is wrong with an organizer is not for a discovery that succeeds to clear.
func TestDiscoveryClearsItsOwn(t *testing.T) {
	w := newWorld(t)
	said := store.Organizer{Email: "alice@example.com", State: "her account cannot be read"}
	require.NoError(t, w.ledger.SaveOrganizer(t.Context(), said))
	w.pass()
	assert.Equal(t, 1, w.shelf.finds)
	row, err := w.ledger.Organizer(t.Context(), said.Email)
	require.NoError(t, err)
	assert.Equal(t, said.State, row.State)
}

// Long looks tell how far they are.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	for i := range 5000 {
		w.book(fmt.Sprintf("e%04d", i))
	}
	told := []int{0}
	w.engine.Progress = func(p sync.Progress) {
		assert.Equal(t, "Work", p.Calendar)
		told = append(told, p.Objects)
	}
	w.pass()
	assert.Greater(t, len(told), 2)
	assert.IsIncreasing(t, told)
	assert.LessOrEqual(t, told[len(told)-1], 5000)
}
