package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/meetingapi"
	"convoke/store"
	"convoke/sync"
)

// A fate strikes at one point of a pass: before or after a write to the ledger, a call of the platform, a GET or a PUT.
// What comes after it does not happen either.
type fate struct {
	at     int // the point, counted from 1; 0 for never
	points int // passed so far
	struck bool
	where  string
	how    func() error // what happens at the point and at each one after it
}

var errDiskFull = errors.New("disk full")

// die is the end of a process: not even deferred work that would talk to anybody is done.
func die() error {
	runtime.Goexit()
	return nil
}

func (f *fate) point(name string) error {
	if f.struck {
		return f.how()
	}
	if f.points++; f.points == f.at {
		f.struck, f.where = true, name
		return f.how()
	}
	return nil
}

// around runs a step between two points.
func (f *fate) around(name string, step func() error) error {
	if err := f.point("before " + name); err != nil {
		return err
	}
	if err := step(); err != nil {
		return err
	}
	return f.point("after " + name)
}

// mortalLedger puts points around every write. One that fails, fails before it is written.
type mortalLedger struct {
	store.Ledger
	*fate
	fails bool // only points before a write, as of a full disk
}

func (l mortalLedger) write(name string, step func() error) error {
	if l.fails {
		if err := l.point(name); err != nil {
			return err
		}
		return step()
	}
	return l.around(name, step)
}

func (l mortalLedger) SaveCalendar(ctx context.Context, c store.Calendar) (id int64, err error) {
	err = l.write("SaveCalendar", func() (err error) { id, err = l.Ledger.SaveCalendar(ctx, c); return err })
	return id, err
}

func (l mortalLedger) SaveOrganizer(ctx context.Context, o store.Organizer) error {
	return l.write("SaveOrganizer", func() error { return l.Ledger.SaveOrganizer(ctx, o) })
}

func (l mortalLedger) Seen(ctx context.Context, rows []store.ObjectRow) error {
	return l.write("Seen", func() error { return l.Ledger.Seen(ctx, rows) })
}

func (l mortalLedger) Looked(ctx context.Context, calendar int64, token string, fullAt time.Time) error {
	return l.write("Looked", func() error { return l.Ledger.Looked(ctx, calendar, token, fullAt) })
}

func (l mortalLedger) SaveObject(ctx context.Context, row store.ObjectRow) error {
	return l.write("SaveObject", func() error { return l.Ledger.SaveObject(ctx, row) })
}

func (l mortalLedger) DropObject(ctx context.Context, calendar int64, href string) error {
	return l.write("DropObject", func() error { return l.Ledger.DropObject(ctx, calendar, href) })
}

func (l mortalLedger) SaveLink(ctx context.Context, k store.Link) (id int64, err error) {
	err = l.write("SaveLink", func() (err error) { id, err = l.Ledger.SaveLink(ctx, k); return err })
	return id, err
}

func (l mortalLedger) SaveMeeting(ctx context.Context, m store.Meeting) (id int64, err error) {
	err = l.write("SaveMeeting", func() (err error) { id, err = l.Ledger.SaveMeeting(ctx, m); return err })
	return id, err
}

func (l mortalLedger) Begin(ctx context.Context, in store.Intent) (id int64, err error) {
	err = l.write("Begin", func() (err error) { id, err = l.Ledger.Begin(ctx, in); return err })
	return id, err
}

func (l mortalLedger) Made(ctx context.Context, intent int64, m store.Meeting, k store.Link) (store.Meeting, store.Link, error) {
	err := l.write("Made", func() (err error) { m, k, err = l.Ledger.Made(ctx, intent, m, k); return err })
	return m, k, err
}

func (l mortalLedger) Changed(ctx context.Context, intent int64, m store.Meeting, k store.Link) error {
	return l.write("Changed", func() error { return l.Ledger.Changed(ctx, intent, m, k) })
}

func (l mortalLedger) Failed(ctx context.Context, intent int64, state store.IntentState, reason string, at time.Time) error {
	return l.write("Failed", func() error { return l.Ledger.Failed(ctx, intent, state, reason, at) })
}

func (l mortalLedger) Decide(ctx context.Context, d store.Decision) error {
	return l.write("Decide", func() error { return l.Ledger.Decide(ctx, d) })
}

func (l mortalLedger) Note(ctx context.Context, key, value string) error {
	return l.write("Note", func() error { return l.Ledger.Note(ctx, key, value) })
}

// Prune is called by whoever waits for the pass, who outlives it here.
func (l mortalLedger) Prune(ctx context.Context, before time.Time) error {
	if l.struck {
		return nil
	}
	return l.Ledger.Prune(ctx, before)
}

type mortalPlatform struct {
	sync.Platform
	*fate
}

func (p mortalPlatform) CreateMeeting(ctx context.Context, user string, r meetingapi.MeetingRequest) (m meetingapi.Meeting, err error) {
	err = p.around("POST", func() (err error) { m, err = p.Platform.CreateMeeting(ctx, user, r); return err })
	return m, err
}

func (p mortalPlatform) UpdateMeeting(ctx context.Context, user, id string, r meetingapi.MeetingRequest) (m meetingapi.Meeting, err error) {
	err = p.around("PUT of the meeting", func() (err error) { m, err = p.Platform.UpdateMeeting(ctx, user, id, r); return err })
	return m, err
}

func (p mortalPlatform) DeleteMeeting(ctx context.Context, user, id string) error {
	return p.around("DELETE", func() error { return p.Platform.DeleteMeeting(ctx, user, id) })
}

// mortals puts the next pass under a fate.
func (w *world) mortals(f *fate, fails bool) {
	w.engine.Ledger = mortalLedger{w.ledger, f, fails}
	if fails {
		return
	}
	for i := range w.people {
		w.people[i].Platform = mortalPlatform{w.client, f}
	}
	w.meddle(hooked{
		get: func(next getter) (o calendar.Object, err error) {
			err = f.around("GET", func() (err error) { o, err = next(); return err })
			return o, err
		},
		put: func(_ calendar.Object, next getter) (o calendar.Object, err error) {
			err = f.around("PUT of the event", func() (err error) { o, err = next(); return err })
			return o, err
		},
	})
}

// revive starts anew without any fate.
func (w *world) revive() {
	w.shelf.wrap = nil
	w.newClient()
	w.restart()
}

// A passage is something that a pass has to do, with all that led to it.
type passage struct {
	name    string
	prepare func(w *world) []*entry // the events to compare afterwards
	creates bool                    // with a POST, which may be left without a known outcome
}

func passages() []passage {
	settled := func(w *world) *entry {
		w.t.Helper()
		e := w.book("sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")
		w.rest()
		return e
	}
	return []passage{
		{"creation", func(w *world) []*entry {
			return []*entry{w.book("sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")}
		}, true},
		{"copy", func(w *world) []*entry {
			e := settled(w)
			c := w.book("copy")
			c.restore(regexp.MustCompile("UID:sprint").ReplaceAllString(e.text(), "UID:copy"))
			return []*entry{e, c}
		}, true},
		{"update", func(w *world) []*entry {
			e := settled(w)
			e.set("SUMMARY", "SUMMARY:Retro")
			return []*entry{e}
		}, false},
		{"deletion", func(w *world) []*entry {
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			settled(w).delete()
			return nil
		}, false},
		{"deletion with the DELETE call", func(w *world) []*entry {
			w.rules(func(r *sync.Rules) { r.Undo, r.Cancel = 0, sync.DeleteCall })
			settled(w).delete()
			return nil
		}, false},
		{"opt-out", func(w *world) []*entry {
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := settled(w)
			e.set("SUMMARY", "SUMMARY:sprint #nomeet")
			return []*entry{e}
		}, false},
		{"move", func(w *world) []*entry {
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := settled(w)
			to := w.work() + "zz.ics"
			require.NoError(w.t, w.dav.Move(e.path, to))
			e.path = to
			return []*entry{e}
		}, false},
		{"restoration", func(w *world) []*entry {
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			e := settled(w)
			text := e.raw()
			e.delete()
			w.pass()
			e.restore(text)
			return []*entry{e}
		}, false},
		{"adoption", func(w *world) []*entry {
			e := settled(w)
			w.loseLedger()
			return []*entry{e}
		}, false},
		{"adoption over an old ledger", func(w *world) []*entry {
			w.onDisk()
			e := settled(w)
			old := w.copied()
			w.platform.Drop(w.meeting().ID)
			e.set("SUMMARY", "SUMMARY:Retro")
			w.minutes(3)
			w.putBack(old)
			return []*entry{e}
		}, false},
		{"return of a calendar", func(w *world) []*entry {
			e := w.bereft()
			w.dav.Heal()
			w.clock.add(time.Hour)
			return []*entry{e}
		}, false},
		{"return of a calendar that was given up", func(w *world) []*entry {
			e := w.bereft()
			_, err := sync.Approve(w.t.Context(), w.ledger, w.calendar("Home").ID, w.clock.Now())
			require.NoError(w.t, err)
			w.clock.add(time.Hour)
			w.try()
			w.dav.Heal()
			w.clock.add(time.Hour)
			return []*entry{e}
		}, false},
		{"end of a calendar that was held", func(w *world) []*entry {
			w.bereft()
			w.shelf.leave("alice", "Home")
			w.clock.add(time.Minute)
			return nil
		}, false},
		{"end of a calendar in an undo window", func(w *world) []*entry {
			home := w.secondCalendar()
			e := w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
			w.rest()
			e.delete()
			w.later(time.Minute)
			w.shelf.leave("alice", "Home")
			w.clock.add(time.Minute)
			return nil
		}, false},
	}
}

// bereft has an event whose calendar has been missing for so long that its meeting is held.
func (w *world) bereft() *entry {
	w.t.Helper()
	home := w.secondCalendar()
	e := w.bookAt(home+"e.ics", "sprint", "LOCATION:@meet", "DTSTART:20270201T090000Z", "DTEND:20270201T100000Z")
	w.rest()
	w.dav.Inject(caldavtest.Fault{Path: home, Status: http.StatusGone})
	w.clock.add(time.Minute)
	w.try()
	w.clock.add(73 * time.Hour)
	w.try()
	require.True(w.t, sync.IsHeld(w.link("sprint")))
	return e
}

// outcome is what calendar, platform and links hold in the end, without what differs from run to run.
func (w *world) outcome(entries []*entry) string {
	var all string
	for _, m := range w.platform.Meetings() {
		all += fmt.Sprintln(m.Topic, m.Start, m.End, m.DeletedAt.IsZero())
	}
	for _, e := range entries {
		all += e.text()
	}
	links, err := w.ledger.Links(w.t.Context(), "")
	require.NoError(w.t, err)
	for _, l := range links {
		all += fmt.Sprintln(l.UID, l.State, l.Reason)
	}
	for _, changing := range []string{`\d{4}-\d{4}-\d{4}-\d{4}`, `X-CONVOKE[^\r]*`, `DTSTAMP[^\r]*`} {
		all = regexp.MustCompile(changing).ReplaceAllString(all, "…")
	}
	return all
}

// converge lets time pass, as a daemon does, until nothing is left to do.
func (w *world) converge() {
	w.t.Helper()
	for range 2 {
		w.clock.add(2 * time.Minute)
		w.try()
	}
	w.idle()
}

// Killed at any point, the next passes come to the same end as if nothing had happened. A creation that may have been sent
// is held rather than repeated: no event ever has two meetings.
func TestKilledAnywhere(t *testing.T) {
	for _, c := range passages() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := newWorld(t)
			entries := c.prepare(undisturbed)
			undisturbed.pass()
			undisturbed.converge()
			want := undisturbed.outcome(entries)

			held, points := map[string]bool{}, 0
			for at := 1; ; at++ {
				w := newWorld(t)
				entries := c.prepare(w)
				posts := w.posts()
				f := &fate{at: at, how: die}
				w.mortals(f, false)
				_, err := w.engine.Pass(t.Context(), "")
				require.NoError(t, err)
				if !f.struck {
					points = at - 1
					break
				}
				w.revive()
				w.converge()
				assert.LessOrEqual(t, w.posts()-posts, 1, "killed %s", f.where)
				if open, _ := w.ledger.Intents(t.Context(), ""); len(open) > 0 {
					held[f.where] = true
					continue
				}
				assert.Equal(t, want, w.outcome(entries), "killed %s", f.where)
			}
			assert.Greater(t, points, 10)
			t.Logf("%d points", points)
			if c.creates {
				assert.Equal(t, map[string]bool{"after Begin": true, "before POST": true, "after POST": true, "before Made": true}, held)
			} else {
				assert.Empty(t, held)
			}
		})
	}
}

// A ledger that cannot be written to stops the pass: nothing is done that could not be remembered. All resumes when it can.
func TestFaultLedgerCannotCommit(t *testing.T) {
	for _, c := range passages() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := newWorld(t)
			entries := c.prepare(undisturbed)
			undisturbed.pass()
			undisturbed.converge()
			want := undisturbed.outcome(entries)
			for at := 1; ; at++ {
				w := newWorld(t)
				entries := c.prepare(w)
				var calls, writes int
				f := &fate{at: at}
				f.how = func() error {
					if calls == 0 {
						calls, writes = w.platform.CountCalls(), w.dav.Counts()["PUT"]
					}
					return errDiskFull
				}
				w.mortals(f, true)
				_, err := w.engine.Pass(t.Context(), "")
				if !f.struck {
					require.NoError(t, err)
					assert.Greater(t, at, 5)
					break
				}
				require.ErrorIs(t, err, errDiskFull, f.where)
				assert.Equal(t, calls, w.platform.CountCalls(), "calls after %s failed", f.where)
				assert.Equal(t, writes, w.dav.Counts()["PUT"], "writes after %s failed", f.where)
				w.revive()
				w.converge()
				if open, _ := w.ledger.Intents(t.Context(), ""); len(open) > 0 {
					assert.Equal(t, "Made", f.where, "only then the outcome is lost")
					continue
				}
				assert.Equal(t, want, w.outcome(entries), "%s failed", f.where)
			}
		})
	}
}
