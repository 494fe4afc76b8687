package sync_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
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

// secondCalendar gives alice a calendar "home", looked at after "work".
func (w *world) secondCalendar() string {
	path := w.dav.AddCalendar("alice", "home", "Home")
	w.shelf.add("alice", path, "Home")
	return path
}

// An event that moves keeps its meeting: no call, no write, wherever it goes.
func TestFaultMovedBetweenCalendars(t *testing.T) {
	for _, c := range []struct {
		name string
		to   func(home string, e *entry) string
	}{
		{"to a calendar that is looked at later", func(home string, e *entry) string { return home + "e.ics" }},
		{"to another name", func(_ string, e *entry) string { return strings.Replace(e.path, "sprint.ics", "zz.ics", 1) }},
		{"to a name that is looked at earlier", func(_ string, e *entry) string { return strings.Replace(e.path, "sprint.ics", "aa.ics", 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			home := w.secondCalendar()
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			text := e.raw()
			to := c.to(home, e)
			require.NoError(t, w.dav.Move(e.path, to))
			e.path = to
			w.rest()
			assert.Equal(t, 1, w.platform.CountCalls())
			assert.Equal(t, text, e.raw())
			assert.Equal(t, to, w.link("sprint").Href)

			e.delete()
			w.pass()
			assert.Equal(t, "Cancelled: sprint", w.meeting().Topic, "it is missed where it was last")
		})
	}
	t.Run("two events in each other's place", func(t *testing.T) {
		w := newWorld(t)
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		a, b := w.book("a", "LOCATION:@meet"), w.book("b", "LOCATION:@meet")
		w.rest()
		textA, textB := a.raw(), b.raw()
		a.restore(textB)
		b.restore(textA)
		w.rest()
		assert.Equal(t, b.path, w.link("a").Href)
		assert.Equal(t, a.path, w.link("b").Href)
		assert.Equal(t, 2, w.platform.CountCalls())
	})
	t.Run("over two passes, with the undo window between", func(t *testing.T) {
		w := newWorld(t)
		home := w.secondCalendar()
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		text := e.raw()
		e.delete()
		w.pass()
		assert.Equal(t, store.Ending, w.link("sprint").State)
		w.clock.add(5 * time.Minute)
		e = w.bookAt(home+"e.ics", "sprint")
		e.restore(text)
		w.pass()
		w.later(time.Hour)
		assert.Equal(t, 1, w.platform.CountCalls())
		assert.Equal(t, "sprint", w.meeting().Topic)
		assert.Equal(t, text, e.raw())
		assert.Equal(t, home+"e.ics", w.link("sprint").Href)
	})
	t.Run("while its old calendar cannot be looked at", func(t *testing.T) {
		w := newWorld(t)
		home := w.secondCalendar()
		w.rules(func(r *sync.Rules) { r.Undo = 0 })
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		require.NoError(t, w.dav.Move(e.path, home+"e.ics"))
		w.dav.Inject(caldavtest.Fault{Path: w.dav.Calendar("alice", "work"), Status: 503})
		w.try()
		assert.Equal(t, sync.TwoPlaces, w.rule("sprint"))
		w.dav.Heal()
		w.later(time.Hour)
		w.pass()
		assert.Equal(t, home+"e.ics", w.link("sprint").Href)
		assert.Equal(t, sync.Unchanged, w.rule("sprint"))
		assert.Equal(t, 1, w.platform.CountCalls())
		w.rest()
	})
}

// The same UID in two places: convoke follows the one that it knows, and then the other.
func TestFaultSameUIDTwice(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	twin := w.bookAt(home+"twin.ics", "sprint", "LOCATION:@meet", "SUMMARY:other")
	before := twin.raw()
	assert.Equal(t, sync.Report{Held: 1}, w.pass())
	assert.Equal(t, before, twin.raw())
	assert.Contains(t, w.row(twin).Error, "two places")
	assert.Equal(t, "sprint", w.meeting().Topic)
	w.idle()

	e.delete()
	w.pass()
	assert.Equal(t, "other", w.meeting().Topic)
	assert.Equal(t, twin.path, w.link("sprint").Href)
	w.rest()
	assert.Equal(t, 1, w.posts())
}

// When the place that convoke knew is empty, the other one is decided about in the end, whatever comes between.
func TestFaultSameUIDTwiceThenOnce(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	twin := w.bookAt(home+"twin.ics", "sprint")
	twin.restore(e.text())
	twin.set("SUMMARY", "SUMMARY:other")
	w.pass()
	e.delete()
	w.dav.Inject(caldavtest.Fault{Method: "GET", Path: twin.path, Status: 401})
	assert.Len(t, w.try().Errors, 1)
	w.dav.Heal()
	w.later(time.Hour)
	assert.Equal(t, "other", w.meeting().Topic)
	assert.Equal(t, twin.path, w.link("sprint").Href)
	twin.shows(w.meeting())
}

// Both places are emptied, the second one after the look: the meeting is not left over.
func TestFaultSameUIDTwiceThenNever(t *testing.T) {
	w := newWorld(t)
	home := w.dav.AddCalendar("alice", "home", "Home")
	w.shelf.add("alice", home, "Home")
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	second := w.bookAt(home+"sprint.ics", "sprint")
	second.restore(e.raw())
	w.pass()
	require.Equal(t, sync.TwoPlaces, w.rule("sprint"))
	e.delete()
	gone := once(func() { second.delete() })
	w.shelf.wrap = func(row store.Calendar, c calendar.Collection) calendar.Collection {
		if row.Name == "Home" {
			return &hooked{Collection: c, looked: gone}
		}
		return c
	}
	w.pass()
	w.later(11 * time.Minute)
	assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
	w.rest()
}

// A copy has a new UID: it gets a meeting of its own and loses the link of its original. The original notices nothing. When
// the original is gone, the event was made anew, as some clients do when it is edited or moved: it keeps its meeting.
func TestCopied(t *testing.T) {
	copied := func(t *testing.T) (w *world, original, copied *entry) {
		w = newWorld(t)
		original = w.book("sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")
		w.rest()
		copied = w.bookAt(w.dav.Calendar("alice", "work")+"copy.ics", "copy")
		copied.restore(strings.ReplaceAll(original.text(), "UID:sprint", "UID:copy"))
		return w, original, copied
	}
	t.Run("beside its original", func(t *testing.T) {
		w, original, copied := copied(t)
		text := original.raw()
		w.pass()
		w.rest()
		require.Len(t, w.meetings(), 2)
		copied.shows(w.meetings()[1])
		assert.Equal(t, "Room 5 "+joinPrefix+w.meetings()[1].Number, copied.parsed().Location)
		assert.True(t, strings.HasPrefix(copied.parsed().Description, "Agenda\n"))
		assert.Equal(t, text, original.raw())
	})
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("instead of it, deleted a pass before: %v", late), func(t *testing.T) {
			w, original, copied := copied(t)
			if late {
				text := copied.text()
				copied.delete()
				original.delete()
				w.pass()
				copied.restore(text)
			} else {
				original.delete()
			}
			w.pass()
			w.later(time.Hour)
			w.rest()
			copied.shows(w.meeting())
			assert.Equal(t, 1, w.platform.CountCalls(), "the same meeting, and no question about it")
			assert.Equal(t, "Agenda", strings.Split(copied.parsed().Description, "\n")[0])
			copied.delete()
			w.pass()
			w.later(time.Hour)
			assert.Equal(t, "Cancelled: sprint", w.meeting().Topic)
		})
	}
	t.Run("by hand, with nothing but the link", func(t *testing.T) {
		w := newWorld(t)
		w.book("sprint", "LOCATION:@meet")
		w.rest()
		link := joinPrefix + w.meeting().Number
		mine := w.book("mine", "LOCATION:"+link)
		before := mine.raw()
		w.pass()
		mine.delete()
		w.later(time.Hour)
		assert.NotEmpty(t, before)
		assert.Equal(t, 1, w.platform.CountCalls(), "a link is no proof")
	})
}

// Another event under the same name is another event: the first one is gone.
func TestReplaced(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	e := w.book("sprint", "LOCATION:@meet")
	w.rest()
	e.restore(vevent("other", "LOCATION:@meet"))
	w.pass()
	w.pass()
	assert.Equal(t, []string{"Cancelled: sprint", "other"}, w.topics())
	w.rest()
}

// Two organizers who see one event get one meeting, also when both are at it at the same time.
func TestTwoOrganizers(t *testing.T) {
	shared := func(t *testing.T, workers int) (*world, *entry) {
		w := newWorld(t)
		w.join("bob")
		w.shelf.add("bob", w.dav.Share(w.dav.Calendar("alice", "work"), "bob", true), "Work (alice)")
		w.engine.Workers = workers
		return w, w.book("sprint", "LOCATION:@meet")
	}
	t.Run("one after the other", func(t *testing.T) {
		w, e := shared(t, 1)
		w.pass()
		w.rest()
		assert.Equal(t, 1, w.platform.CountCalls())
		e.shows(w.meeting())
		e.set("SUMMARY", "SUMMARY:Retro")
		w.rest()
		assert.Equal(t, 1, w.puts())
		e.delete()
		w.pass()
		w.later(time.Hour)
		assert.Equal(t, 2, w.puts())
		assert.Equal(t, "Cancelled: Retro", w.meeting().Topic)
		w.rest()
	})
	t.Run("at the same time", func(t *testing.T) {
		w, e := shared(t, 2)
		// whoever comes first waits with her intent until the other one has decided the same
		meeting := &meetingPoint{Ledger: w.ledger}
		meeting.both.Add(2)
		w.engine.Ledger = meeting
		r := w.pass()
		assert.Equal(t, 1, r.Created)
		assert.Equal(t, 1, r.Held, "the other one waits, and finds it next time")
		w.restart()
		w.later(2 * time.Minute)
		w.rest()
		assert.Equal(t, 1, w.posts())
		e.shows(w.meeting())
	})
	t.Run("and he is told whose it is", func(t *testing.T) {
		w, _ := shared(t, 1)
		w.bookAt(w.work()+"marked.ics", "marked", "SUMMARY:marked @meet")
		w.rest()
		all, err := w.ledger.Decisions(t.Context(), "marked")
		require.NoError(t, err)
		require.Equal(t, "bob@example.com", all[0].Organizer)
		assert.Equal(t, sync.OtherOrganizer, sync.Rule(all[0].Rule))
		assert.Equal(t, 2, w.posts())
	})
	t.Run("and he was faster when it came back", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "SUMMARY:sprint @meet")
		w.rest()
		e.delete()
		w.pass()
		w.later(time.Hour)
		require.Equal(t, []string{"Cancelled: sprint"}, w.topics())
		w.join("bob")
		w.shelf.add("bob", w.dav.Share(w.dav.Calendar("alice", "work"), "bob", true), "Work (alice)")
		w.people[0], w.people[1], w.engine.Workers = w.people[1], w.people[0], 1
		e = w.book("sprint", "SUMMARY:sprint @meet")
		w.pass()
		assert.Equal(t, []string{"Cancelled: sprint", "sprint"}, w.topics())
		e.shows(w.meetings()[1])
		assert.Equal(t, sync.OtherOrganizer, w.rule("sprint"))
		w.rest()
	})
	t.Run("her invitation is not his", func(t *testing.T) {
		w, _ := shared(t, 1)
		w.bookAt(w.dav.Calendar("alice", "work")+"x.ics", "x", "LOCATION:@meet", "ORGANIZER:mailto:bob@example.com", "ATTENDEE:mailto:alice@example.com")
		w.pass()
		require.Len(t, w.meetings(), 2)
		bob := w.people[1].UserID
		assert.Equal(t, bob, w.meetings()[1].UserID)
	})
	t.Run("a confidential event in a shared calendar", func(t *testing.T) {
		w, _ := shared(t, 1)
		w.shelf.places["bob@example.com"][1].Shared = true
		w.shelf.places["alice@example.com"] = nil
		w.bookAt(w.dav.Calendar("alice", "work")+"x.ics", "x", "LOCATION:@meet", "CLASS:CONFIDENTIAL")
		w.pass()
		assert.Equal(t, sync.Confidential, w.rule("x"))
		assert.Equal(t, []string{"sprint"}, w.topics())
	})
}

// A meetingPoint is a ledger at which two creations wait for each other.
type meetingPoint struct {
	store.Ledger
	both stdsync.WaitGroup
}

func (m *meetingPoint) Begin(ctx context.Context, in store.Intent) (int64, error) {
	m.both.Done()
	m.both.Wait()
	return m.Ledger.Begin(ctx, in)
}

// A hooked calendar calls back around what is asked of it.
type hooked struct {
	calendar.Collection
	looked func()                                                                                 // after each look
	get    func(next func() (calendar.Object, error)) (calendar.Object, error)                    // around each GET
	put    func(o calendar.Object, next func() (calendar.Object, error)) (calendar.Object, error) // around each PUT
}

func (h *hooked) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	l, err := h.Collection.Changes(ctx, since, fn)
	if h.looked != nil {
		h.looked()
	}
	return l, err
}

func (h *hooked) Get(ctx context.Context, href string) (calendar.Object, error) {
	next := func() (calendar.Object, error) { return h.Collection.Get(ctx, href) }
	if h.get == nil {
		return next()
	}
	return h.get(next)
}

func (h *hooked) Put(ctx context.Context, o calendar.Object) (calendar.Object, error) {
	next := func() (calendar.Object, error) { return h.Collection.Put(ctx, o) }
	if h.put == nil {
		return next()
	}
	return h.put(o, next)
}

// A pass with nothing to do writes nothing anywhere and asks each calendar once, whatever kind of server it is on, and
// after a restart too.
func TestIdlePass(t *testing.T) {
	profiles := map[string][]caldavtest.Option{
		"plain": nil, "no sync": {caldavtest.NoSync()}, "no ctag": {caldavtest.NoSync(), caldavtest.NoCTag()},
		"weak ETags": {caldavtest.WeakETags()}, "no ETag but in listings": {caldavtest.ETagOnPut(caldavtest.ETagNever)},
		"truncating": {caldavtest.SyncLimit(2)},
	}
	for _, name := range caldavtest.Profiles() {
		profiles["as "+name] = []caldavtest.Option{caldavtest.Profile(name)}
	}
	for name, opts := range profiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, opts...).onDisk()
			w.secondCalendar()
			e := w.book("sprint", "LOCATION:@meet", "DESCRIPTION:Agenda\\, and more", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.net")
			w.book("dentist")
			w.pass()
			e.shows(w.meeting())
			written := e.raw()
			assert.Zero(t, w.later(3*time.Second).Written, "the server's rewriting is no edit")
			for _, again := range []func(){func() {}, w.restart} {
				again()
				w.clock.add(3 * time.Second)
				before, requests := w.onFile(), len(w.questions())
				assert.Zero(t, w.pass())
				assert.True(t, before == w.onFile(), "bytes were written to the ledger")
				assert.Len(t, w.questions()[requests:], 2, "one question a calendar")
			}
			assert.Equal(t, written, e.raw())
			assert.Equal(t, 1, w.platform.CountCalls())
		})
	}
}

// questions are the requests that the server let in: the first with a fresh digest client is turned away.
func (w *world) questions() []caldavtest.Request {
	var all []caldavtest.Request
	for _, r := range w.dav.Requests() {
		if r.Status != 401 {
			all = append(all, r)
		}
	}
	return all
}

// onFile is all that the ledger has on disk.
func (w *world) onFile() string {
	var all strings.Builder
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(w.file + suffix)
		if !os.IsNotExist(err) {
			require.NoError(w.t, err)
		}
		all.Write(data)
	}
	return all.String()
}

// In a folder what the author wrote is kept byte for byte, there and back.
func TestByteForByte(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.shelf.add("alice", dir, "Folder")
	text := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//khal//EN\nX-WR-CALNAME:odd\nBEGIN:VEVENT\nUID:f1\nDTSTAMP:20261101T080000Z\n" +
		"DTSTART;TZID=Europe/Brussels;X-FOO=\"a:b\":20261124T100000\nDURATION:PT45M\nSUMMARY;LANGUAGE=de:Ü\n bung\n" +
		"CATEGORIES:work,@meet\nDESCRIPTION:Tagesordnung\\n1. a\\, b\nBEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
	file := filepath.Join(dir, "f1.ics")
	read := func() string {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(data)
	}
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	w.pass()
	m := w.meeting()
	assert.Equal(t, "Übung", m.Topic)
	assert.Equal(t, utc("2026-11-24 09:00"), m.Start)
	assert.Equal(t, utc("2026-11-24 09:45"), m.End)
	kept := map[string]int{}
	for line := range strings.Lines(read()) {
		kept[line]++
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "DESCRIPTION:Tages") && !strings.HasPrefix(line, "DTSTAMP") {
			assert.Positive(t, kept[line], "%q is not in the file any more", line)
		}
	}
	assert.Zero(t, w.pass())

	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(read(), "CATEGORIES:work,@meet", "CATEGORIES:work,#nomeet", 1)), 0o600))
	w.clock.add(time.Minute)
	w.pass()
	w.later(time.Hour)
	want := strings.Replace(text, "@meet", "#nomeet", 1)
	got := strings.Replace(read(), lineLF(read(), "DTSTAMP"), lineLF(text, "DTSTAMP"), 1)
	assert.Equal(t, want, got, "nothing of ours is left")
	assert.Equal(t, "Cancelled: Übung", w.meeting().Topic)
}

func lineLF(text, property string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, property) {
			return line
		}
	}
	return ""
}

// After the ledger was lost the seals in the events say which meeting is whose: it is adopted, and none is made.
func TestLostLedger(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(w *world, e *entry)
		puts   int
		topic  string
	}{
		{"as it was", func(*world, *entry) {}, 1, "sprint"},
		{"retitled meanwhile", func(_ *world, e *entry) { e.set("SUMMARY", "SUMMARY:Retro") }, 1, "Retro"},
		{"in another calendar meanwhile", func(w *world, e *entry) {
			to := w.dav.Calendar("alice", "home") + "e.ics"
			require.NoError(t, w.dav.Move(e.path, to))
			e.path = to
		}, 1, "sprint"},
		{"over meanwhile", func(w *world, _ *entry) { w.clock.add(48 * time.Hour) }, 0, "sprint"},
		{"opted out meanwhile", func(_ *world, e *entry) { e.set("SUMMARY", "SUMMARY:x #nomeet") }, 1, "Cancelled: x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.secondCalendar()
			e := w.book("sprint", "LOCATION:@meet")
			w.rest()
			c.change(w, e)
			w.loseLedger()
			w.pass()
			w.later(time.Hour)
			assert.Equal(t, 1, w.posts(), "no second meeting")
			assert.Equal(t, c.puts, w.puts())
			assert.Equal(t, c.topic, w.meeting().Topic)
			w.rest()
		})
	}
	t.Run("with the copy beside its original", func(t *testing.T) {
		w := newWorld(t)
		e := w.book("sprint", "LOCATION:@meet")
		w.rest()
		w.loseLedger()
		copied := w.bookAt(w.dav.Calendar("alice", "work")+"a-copy.ics", "copy")
		copied.restore(strings.ReplaceAll(e.text(), "UID:sprint", "UID:copy"))
		before := copied.raw()
		w.pass()
		assert.Equal(t, 1, w.posts())
		e.shows(w.meeting())
		assert.Equal(t, before, copied.raw(), "the copy's seal is of nothing that is known yet")
	})
}

// What disappears from the configuration, or is withdrawn, cancels nothing; all resumes when it is back.
func TestCalendarLeft(t *testing.T) {
	w := newWorld(t)
	home := w.secondCalendar()
	e := w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet")
	w.rest()
	both := w.shelf.places["alice@example.com"]
	w.shelf.places["alice@example.com"], w.shelf.source = both[:1], "one calendar"
	w.pass()
	w.later(48 * time.Hour)
	assert.Equal(t, "sprint", w.meeting().Topic)
	assert.Equal(t, store.Active, w.link("sprint").State)

	w.shelf.places["alice@example.com"], w.shelf.source = both, "two calendars"
	e.set("SUMMARY", "SUMMARY:Retro")
	e.set("DTSTART", "DTSTART:20261130T090000Z")
	e.set("DTEND", "DTEND:20261130T100000Z")
	w.pass()
	assert.Equal(t, "Retro", w.meeting().Topic)
	assert.Equal(t, 1, w.posts())
}

// A pass that is told to stop finishes the step under way, and the next one goes on from there.
func TestGracefulStop(t *testing.T) {
	w := newWorld(t)
	w.book("a", "LOCATION:@meet")
	w.book("b", "LOCATION:@meet")
	ctx, cancel := context.WithCancel(t.Context())
	w.platform.Fail(meetingtest.CreateMeeting, meetingtest.Delay(func(context.Context) { cancel() }))
	_, err := w.engine.Pass(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
	m := w.meeting()
	link := w.link("a")
	assert.Equal(t, store.Active, link.State)
	known, err := w.ledger.Meeting(t.Context(), link.Meeting)
	require.NoError(t, err)
	assert.Equal(t, m.ID, known.PlatformID, "what was made is known")
	open, err := w.ledger.Intents(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, open)

	w.restart()
	w.rest()
	assert.Equal(t, []string{"a", "b"}, w.topics())
}

// One organizer's pass leaves the others alone.
func TestOnlyOneOrganizer(t *testing.T) {
	w := newWorld(t)
	w.join("bob")
	w.book("hers", "LOCATION:@meet")
	w.bookAt(w.dav.Calendar("bob", "work")+"his.ics", "his", "LOCATION:@meet")
	_, err := w.engine.Pass(t.Context(), "bob@example.com")
	require.NoError(t, err)
	assert.Equal(t, []string{"his"}, w.topics())
}

// A copy that was taken of an event when its meeting was gone already, and that convoke sees when the event has another one, shows a
// link that leads nowhere: it gets a meeting of its own like every copy.
func TestCopyOfReplacedMeeting(t *testing.T) {
	w := newWorld(t)
	e := w.book("budget", "SUMMARY:Budget @meet")
	w.pass()
	gone := w.meeting()
	w.platform.Drop(gone.ID)
	copied := e.raw()
	e.edit("Budget", "Budget 2027")
	w.minutes(5)
	require.NotEqual(t, gone.Number, w.meeting().Number)
	c := w.book("copy")
	c.restore(strings.ReplaceAll(copied, "UID:budget", "UID:copy"))
	w.minutes(5)
	require.Len(t, w.meetings(), 2)
	assert.Contains(t, c.text(), joinPrefix+w.meetings()[1].Number)
	assert.NotContains(t, c.text(), joinPrefix+gone.Number)
}

// A server drops the seals, and she copies an event that still shows a link to a meeting in whose place another one came.
func TestCopyOfDeadLinkWithoutSeal(t *testing.T) {
	w := newWorld(t, caldavtest.Rewrites(caldavtest.DropX))
	e := w.book("budget", "SUMMARY:Budget", "LOCATION:@meet")
	w.pass()
	w.later(time.Minute)
	dead := e.raw()
	w.platform.Drop(w.meeting().ID)
	e.edit("Budget", "Budgets")
	w.minutes(5)
	renewed := w.meeting()
	e.shows(renewed)
	c := w.book("copy")
	c.restore(strings.Replace(dead, "UID:budget", "UID:copy", 1))
	w.minutes(5)
	require.Len(t, w.meetings(), 1)
	c.shows(renewed)
	assert.NotContains(t, c.text(), w.platform.Meetings()[0].Number)
	w.rest()
}
