package sync_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A history is a world in which things happen one after the other, as rapid draws them: people edit, servers fail, the process
// is killed, the ledger is lost or put back. Nothing may ever be true in it that an invariant forbids.
type history struct {
	*world
	draw     *rapid.T
	off      weakness // a protection that is switched off, or none
	events   []*event
	serial   int
	late     time.Time // when the calls that the platform holds back are carried out at last; zero: there are none
	fate     *fate
	editing  *event // is edited by its author between our GET and our PUT
	backups  []string
	lost     bool // the ledger was lost or put back
	folder   string
	hand     meetingtest.Meeting // made by somebody else, by hand
	puts     map[string]int      // writes to an event since its author's last edit, by path
	drops    bool                // the calendar server drops what has a join link in it
	sealless bool                // it drops seals
	capped   bool                // three meetings an hour, and no more
	setting
	ejected    bool
	lostAt     time.Time         // when the ledger was lost or put back last
	titles     map[string]string // whose event had a title first: organizer and UID
	sealer     sync.Seals
	kills      int
	references map[string]string // organizer and UID of every reference that was made
	told       []string          // what happened, for people
}

// An event is one that its author has written, as she wants it.
type event struct {
	who, path, uid string
	lines          []string // hers, as of her last edit
	text           string   // as she left it
	title          string
	start          time.Time
	wanted         bool // a meeting
	there          bool
	disturbed      bool   // it was deleted, moved, opted out or copied from another one
	plain          bool   // never asked for anything
	refusal        string // the line by which she does not want it any more, or ""
	dates          []date // of a series
	free           bool   // nobody can tell whether it has a meeting: it was ejected, or stands in two places
	twin           *event // under the same UID in another calendar
}

// A weakness takes a protection away from a world whose engine was just made.
type weakness struct {
	name  string
	rig   func(h *history)                                // nil: the engine as it is
	wrap  func(c calendar.Collection) calendar.Collection // nil: calendars as they are
	after func(h *history)                                // after each pass
	harm  string                                          // what comes of it: the message of an invariant
	focus []string                                        // the steps that come more often, for it to matter
	drops bool                                            // the calendar server drops what has a join link in it
}

// adapted is a test that rapid runs: what fails, fails the history.
type adapted struct {
	testing.TB
	*rapid.T
}

func (a adapted) Cleanup(f func())                  { a.T.Cleanup(f) }
func (a adapted) Context() context.Context          { return context.Background() }
func (a adapted) Error(args ...any)                 { a.T.Error(args...) }
func (a adapted) Errorf(format string, args ...any) { a.T.Errorf(format, args...) }
func (a adapted) Fail()                             { a.T.Fail() }
func (a adapted) FailNow()                          { a.T.FailNow() }
func (a adapted) Failed() bool                      { return a.T.Failed() }
func (a adapted) Fatal(args ...any)                 { a.T.Fatal(args...) }
func (a adapted) Fatalf(format string, args ...any) { a.T.Fatalf(format, args...) }
func (a adapted) Helper()                           {}
func (a adapted) Log(args ...any)                   {}
func (a adapted) Logf(format string, args ...any)   {}
func (a adapted) Name() string                      { return a.TB.Name() }
func (a adapted) Output() io.Writer                 { return io.Discard }
func (a adapted) Skip(args ...any)                  { a.T.Skip(args...) }
func (a adapted) SkipNow()                          { a.T.SkipNow() }
func (a adapted) Skipf(format string, args ...any)  { a.T.Skipf(format, args...) }
func (a adapted) Skipped() bool                     { return false }

// newHistory makes a world with two people; what the platform's feed and the calendar server are like is drawn.
func newHistory(t testing.TB, draw *rapid.T, off weakness) *history {
	h := &history{draw: draw, off: off, puts: map[string]int{}, references: map[string]string{}, titles: map[string]string{}, folder: t.TempDir()}
	var opts []caldavtest.Option
	servers := []string{"plain", "plain", "plain", "no sync", "drops X", "drops links", "rewrites"}
	if off.drops {
		servers = []string{"drops links"}
	}
	switch rapid.SampledFrom(servers).Draw(draw, "server") {
	case "no sync":
		opts = append(opts, caldavtest.NoSync())
	case "drops X":
		h.sealless = true
		opts = append(opts, caldavtest.Rewrites(caldavtest.DropX))
	case "drops links":
		h.drops = true
		opts = append(opts, caldavtest.Rewrites(dropLinks))
	case "rewrites":
		opts = append(opts, caldavtest.Profile("radicale"))
	}
	h.world = newWorldOn(adapted{TB: t, T: draw}, emptyLedger(t), opts...)
	draw.Cleanup(func() { putAway(t, h.ledger) })
	h.join("bob")
	h.shelf.add("alice", h.dav.AddCalendar("alice", "home", "Home"), "Home")
	h.readsBack()
	h.platform.Set(func(k *meetingtest.Knobs) {
		k.FeedLag = rapid.SampledFrom([]time.Duration{0, 0, 2 * time.Minute, 5 * time.Minute}).Draw(draw, "lag of the feed")
	})
	h.capped = rapid.SampledFrom([]bool{false, false, false, true}).Draw(draw, "capped")
	h.rules(func(r *sync.Rules) {
		r.RollAfter = 30 * time.Minute
		if h.capped {
			r.Caps.PerHour = 3
		}
	})
	h.configure()
	h.shelf.wrap = h.around
	h.sealer = h.engine.Seals
	h.byHand()
	h.rig()
	return h
}

// used are ledgers of histories that are over.
var used = make(chan *sqlite.Ledger, 32)

// emptyLedger is one of them, emptied, or a new one.
func emptyLedger(t testing.TB) store.Ledger {
	select {
	case ledger := <-used:
		require.NoError(t, ledger.Clear(context.Background()))
		return ledger
	default:
		ledger, err := sqlite.Memory(context.Background())
		require.NoError(t, err)
		return ledger
	}
}

func putAway(t require.TestingT, ledger store.Ledger) {
	select {
	case used <- ledger.(*sqlite.Ledger):
	default:
		require.NoError(t, ledger.Close())
	}
}

// byHand makes a meeting on the platform that convoke has nothing to do with.
func (h *history) byHand() {
	_, err := h.client.CreateMeeting(context.Background(), h.people[0].UserID, request("By hand", h.clock.Now().AddDate(0, 0, 9)))
	require.NoError(h.t, err)
	h.hand = h.platform.Meetings()[0]
}

// rig makes the engine weak, where it is to be.
func (h *history) rig() {
	h.engine.Workers = 1
	h.engine.Step = nil
	if h.off.rig != nil {
		h.off.rig(h)
	}
	token := h.engine.Token
	h.engine.Token = func(organizer, uid string, generation int) string {
		reference := token(organizer, uid, generation)
		h.references[reference] = organizer + " " + uid
		return reference
	}
}

// around puts what the history does to calendars around one.
func (h *history) around(_ store.Calendar, c calendar.Collection) calendar.Collection {
	if h.off.wrap != nil {
		c = h.off.wrap(c)
	}
	return &hooked{
		Collection: c,
		get: func(next getter) (o calendar.Object, err error) {
			err = h.at("GET", func() (err error) { o, err = next(); return err })
			return o, err
		},
		put: func(o calendar.Object, next getter) (back calendar.Object, err error) {
			if e := h.editing; e != nil && e.there && strings.HasSuffix(o.Href, filepath.Base(e.path)) {
				h.editing = nil
				h.retitle(e)
			}
			h.puts[o.Href]++
			err = h.at("PUT of the event", func() (err error) { back, err = next(); return err })
			return back, err
		},
	}
}

func (h *history) at(name string, step func() error) error {
	if h.fate == nil {
		return step()
	}
	return h.fate.around(name, step)
}

// again starts convoke anew.
func (h *history) again() {
	h.newClient()
	h.equip()
	h.start()
	h.rig()
}

// note tells what happened.
func (h *history) note(format string, args ...any) {
	h.told = append(h.told, h.clock.Now().Format("01-02 15:04:05 ")+fmt.Sprintf(format, args...))
}

// advance lets time pass. A call that the platform holds back is carried out when its time has come.
func (h *history) advance(d time.Duration) {
	end := h.clock.Now().Add(d)
	if !h.late.IsZero() {
		if end.After(h.late) {
			h.clock.add(max(0, h.late.Sub(h.clock.Now())))
			h.release()
		}
	}
	h.clock.add(end.Sub(h.clock.Now()))
}

func (h *history) release() {
	if n := h.platform.ReleaseLate(); n > 0 {
		h.note("the platform carries out %d calls late", n)
	}
	h.late = time.Time{}
}

// pass makes a pass, in which the process may be killed.
func (h *history) run(killAt int) sync.Report {
	ledger := h.engine.Ledger
	platforms := make([]sync.Platform, len(h.people))
	for i := range h.people {
		platforms[i] = h.people[i].Platform
	}
	if killAt > 0 {
		h.fate = &fate{at: killAt, how: die}
		h.engine.Ledger = mortalLedger{ledger, h.fate, false}
		for i := range h.people {
			h.people[i].Platform = mortalPlatform{platforms[i], h.fate}
		}
	}
	played.passes.Add(1)
	r, err := h.engine.Pass(context.Background(), "")
	require.NoError(h.t, err)
	if h.fate != nil && h.fate.struck {
		h.note("killed %s", h.fate.where)
		played.kills.Add(1)
		h.kills++ // what was written in that pass was not counted
	}
	h.fate, h.engine.Ledger = nil, ledger
	for i := range h.people {
		h.people[i].Platform = platforms[i]
	}
	if killAt > 0 {
		h.again()
	}
	if h.off.after != nil {
		h.off.after(h)
	}
	h.holds()
	return r
}

// lose takes the ledger away.
func (h *history) lose() {
	h.note("the ledger is lost")
	played.lost.Add(1)
	h.lost, h.lostAt = true, h.clock.Now()
	require.NoError(h.t, h.ledger.(*sqlite.Ledger).Clear(context.Background()))
	h.again()
}

// backup keeps a copy of the ledger.
func (h *history) backup() {
	h.note("backup")
	path := filepath.Join(h.folder, fmt.Sprintf("%d.db", len(h.backups)))
	require.NoError(h.t, h.ledger.(*sqlite.Ledger).Backup(context.Background(), path))
	h.backups = append(h.backups, path)
}

// putBack puts an old copy in the place of the ledger.
func (h *history) putBack(i int) {
	h.note("backup %d is put back", i)
	played.putBack.Add(1)
	h.lost, h.lostAt = true, h.clock.Now()
	putAway(h.t, h.ledger)
	ledger, err := sqlite.Copy(context.Background(), h.backups[i])
	require.NoError(h.t, err)
	h.ledger = ledger
	h.again()
}

// write has an author store her event; what she wrote is hers from now on.
func (h *history) write(e *event, text string) {
	require.NoError(h.t, h.dav.Put(e.path, text))
	stored, _, _ := h.dav.Get(e.path)
	e.text = strings.ReplaceAll(string(stored), "\r\n ", "")
	e.lines = hers(e.text)
	e.there = true
	e.free = e.free && (e.twin != nil || !strings.Contains(text, "@meet"))
	if h.titles[e.title] == "" {
		h.titles[e.title] = e.who + "@example.com " + e.uid
	}
	h.puts[e.path] = 0
}

var ours = regexp.MustCompile(`^(LOCATION|DESCRIPTION|URL|CONFERENCE|X-CONVOKE|DTSTAMP|LAST-MODIFIED)[:;]`)

// hers are the lines of a text that are none of convoke's business.
func hers(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\r\n"), func(l string) bool { return l == "" || ours.MatchString(l) })
}

// current is an event as the calendar has it, unfolded.
func (h *history) current(e *event) string {
	data, _, ok := h.dav.Get(e.path)
	require.True(h.t, ok, "%s is not there", e.path)
	return strings.ReplaceAll(string(data), "\r\n ", "")
}

// retitle is the edit of an author: a title that was never there before.
func (h *history) retitle(e *event) {
	h.serial++
	e.title = fmt.Sprintf("Title %d", h.serial)
	e.dates = slices.Clone(e.dates)
	for i := range e.dates {
		e.dates[i].title = e.title
	}
	h.note("%s gets the title %s", e.uid, e.title)
	h.write(e, titled(h.current(e), e.title))
}

var title = regexp.MustCompile(`(?m)^SUMMARY:Title \d+`)

func titled(text, to string) string { return title.ReplaceAllString(text, "SUMMARY:"+to) }
