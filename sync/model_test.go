package sync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"convoke/calendar"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// TestModel plays random histories: the real engine, client and ledger against a calendar server and a platform in memory, on a
// clock that is moved by hand. Organizers create, edit, move, copy and delete; servers lose answers, answer late, refuse,
// rewrite, drop properties, forget tokens; the process is killed at any point; the ledger is lost or put back from old copies.
// What must hold at all times is checked after every pass, and the rest when peace has come.
//
// -rapid.checks sets how many histories, -rapid.seed repeats one; a failure is shrunk, and kept in testdata/rapid.
func TestModel(t *testing.T) {
	lanes := 2 * runtime.GOMAXPROCS(0) // else a processor idles while a history hands over from one goroutine to another
	if flag.Lookup("rapid.seed").Value.String() != "0" {
		lanes = 1
	}
	checks := flag.Lookup("rapid.checks").Value
	histories, err := strconv.Atoi(checks.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, checks.Set(strconv.Itoa(histories))) }()
	require.NoError(t, checks.Set(strconv.Itoa((histories+lanes-1)/lanes)))
	played = plays{} // the ablation has played, too
	t.Run("histories", func(t *testing.T) {
		for lane := range lanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(draw *rapid.T) { playHistory(t, draw, weakness{}) })
			})
		}
	})
	t.Logf("%d histories: %d passes, %d of them killed; the ledger was lost %d times and put back %d times, a calendar %d times missing; %d meetings were made, and %d vanished",
		played.histories.Load(), played.passes.Load(), played.kills.Load(), played.lost.Load(), played.putBack.Load(), played.missing.Load(), played.meetings.Load(), played.vanished.Load())
	if histories < 1000 {
		return
	}
	for what, n := range map[string]*atomic.Int64{
		"kills": &played.kills, "ledgers lost": &played.lost, "ledgers put back": &played.putBack, "calendars missing": &played.missing,
		"meetings": &played.meetings, "meetings vanished": &played.vanished,
	} {
		assert.Positive(t, n.Load(), what)
	}
}

// plays counts over histories.
type plays struct{ histories, passes, kills, lost, putBack, missing, meetings, vanished atomic.Int64 }

var played plays

func playHistory(t testing.TB, draw *rapid.T, off weakness) {
	h := newHistory(t, draw, off)
	agreed := false
	defer func() {
		if !agreed {
			draw.Log(h.rows())
		}
	}()
	h.live()
	h.peace()
	h.agrees()
	agreed = true
	played.histories.Add(1)
	played.meetings.Add(int64(len(h.platform.Meetings()) - 1))
}

// story is what happened.
func (h *history) story() string { return strings.Join(h.told, "\n") }

// cancelled reports whether a meeting was given up.
func cancelled(m meetingtest.Meeting) bool {
	return !m.DeletedAt.IsZero() || strings.HasPrefix(m.Topic, "Cancelled")
}

// meetingsOf are those on the platform that were made for an event, and are not given up.
func (h *history) meetingsOf(e *event) []meetingtest.Meeting {
	var all []meetingtest.Meeting
	for _, m := range h.platform.Meetings() {
		if !cancelled(m) && h.isOf(m, e) && !h.stays(m) {
			all = append(all, m)
		}
	}
	return all
}

// isOf reports whether a meeting carries a reference of an event, of whichever generation; where no meeting does, whether it was
// made with a title of the event.
func (h *history) isOf(m meetingtest.Meeting, e *event) bool {
	key := e.who + "@example.com " + e.uid
	if h.anonymous() {
		return h.titles[m.History[0].Topic] == key
	}
	_, reference, found := strings.Cut(m.History[0].Agenda, "Reference: ")
	return found && h.references[reference] == key
}

// holds checks what must be true at all times.
func (h *history) holds() {
	for _, e := range h.events {
		if !e.there {
			continue
		}
		text := h.current(e)
		for _, line := range e.lines {
			require.Contains(h.t, text, line, "a line of the author's is lost from %s:\n%s\n%s", e.uid, text, h.story())
		}
		require.Equal(h.t, e.lines, hers(text), "something is in %s that is neither the author's nor ours\n%s", e.uid, h.story())
		if e.plain {
			require.Equal(h.t, e.text, text, "%s was written to, though nobody asked\n%s", e.uid, h.story())
		}
		if m := h.shown(text); e.wanted && !e.disturbed && !h.lost && m != nil && cancelled(*m) {
			require.Fail(h.t, "given up", "the meeting of %s was given up, though nothing happened to it\n%s\n%s", e.uid, h.why(e), h.story())
		}
		require.LessOrEqual(h.t, h.puts[e.path], 8*(1+h.kills), "%s is written again and again\n%s", e.uid, h.story())
	}
	for _, m := range h.platform.Meetings() {
		if m.ID == h.hand.ID {
			require.Len(h.t, m.History, 1, "a meeting that is not ours was changed\n%s", h.story())
		}
	}
}

// shown is the meeting whose join link stands in a text.
func (h *history) shown(text string) *meetingtest.Meeting {
	for _, m := range h.platform.Meetings() {
		if strings.Contains(text, joinPrefix+m.Number) {
			return &m
		}
	}
	return nil
}

// peace ends all faults, and lets time pass; where convoke waits for an admin, there is one who looks at the platform.
func (h *history) peace() {
	h.note("peace")
	h.release()
	h.dav.Heal()
	h.platform.Heal()
	h.editing = nil
	h.again()
	h.settle(4, 11*time.Minute)
	h.admin()
	h.settle(4, 11*time.Minute)
	h.advance(25 * time.Hour) // until when a lost ledger gives nothing up, and a calendar that was left is looked for
	h.settle(4, 11*time.Minute)
	h.admin()
	h.settle(10, 61*time.Minute) // where meetings are capped, until all have had their turn
}

// settle makes passes, so far apart, until two of them had nothing to do, and no more than that.
func (h *history) settle(most int, apart time.Duration) {
	for idle := 0; most > 0 && idle < 2; most-- {
		h.advance(apart)
		if r := h.run(0); r.Steps() == 0 && r.Failed == 0 && r.Held == 0 {
			idle++
		} else {
			idle = 0
		}
	}
}

// admin does what `status` asks for: he looks at the platform and says what became of creations, approves what is held, and
// ends the recovery.
func (h *history) admin() {
	ctx := context.Background()
	intents, err := h.ledger.Intents(ctx, "")
	require.NoError(h.t, err)
	for _, in := range intents {
		if in.Kind != store.CreateMeeting || in.State != store.Unknown {
			continue
		}
		h.note("the admin resolves %s", in.UID)
		who, _, _ := strings.Cut(in.Organizer, "@")
		all := h.meetingsOf(&event{who: who, uid: in.UID})
		if m := h.has(in); m != "" { // it shares another one by now
			all = slices.DeleteFunc(all, func(other meetingtest.Meeting) bool { return other.ID == m })
			require.NoError(h.t, h.engine.Retry(ctx, in.UID, in.Organizer))
			h.cancelByHand(all)
			continue
		}
		if len(all) == 0 || !slices.ContainsFunc(h.events, func(e *event) bool { return e.uid == in.UID && e.there }) {
			if err := h.engine.Retry(ctx, in.UID, in.Organizer); !errors.Is(err, sync.ErrNotHeld) {
				require.NoError(h.t, err)
			}
			h.cancelByHand(all)
			continue
		}
		for _, m := range all { // one that another event has is refused
			if err := h.engine.Adopt(ctx, in.UID, in.Organizer, m.ID, m.Number); err == nil {
				break
			}
		}
	}
	given, err := h.ledger.GivenUp(ctx, "")
	require.NoError(h.t, err)
	for _, in := range given {
		if in.Kind != store.CreateMeeting {
			continue
		}
		who, _, _ := strings.Cut(in.Organizer, "@")
		l, err := h.ledger.Link(ctx, in.Organizer, in.UID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			require.NoError(h.t, err)
		}
		if errors.Is(err, store.ErrNotFound) || h.retry || h.mute() {
			h.note("the admin looks for what %s may have left", in.UID)
			left := h.meetingsOf(&event{who: who, uid: in.UID})
			if err == nil {
				m, err := h.ledger.Meeting(ctx, l.Meeting)
				require.NoError(h.t, err)
				left = slices.DeleteFunc(left, func(other meetingtest.Meeting) bool { return other.ID == m.PlatformID })
			}
			h.cancelByHand(left)
		}
	}
	doubts, err := h.engine.Doubts(ctx)
	require.NoError(h.t, err)
	for _, d := range doubts {
		h.note("the admin looks what became of %s", d.UID)
		who, _, _ := strings.Cut(d.Organizer, "@")
		h.cancelByHand(h.meetingsOf(&event{who: who, uid: d.UID}))
	}
	if len(doubts) > 0 {
		require.NoError(h.t, h.engine.Trust(ctx))
	}
	_, err = sync.ApproveMissing(ctx, h.ledger, h.clock.Now())
	require.NoError(h.t, err)
	h.approveAll()
}

// has is the id of the meeting that the event of a creation has all the same, or "".
func (h *history) has(in store.Intent) string {
	l, err := h.ledger.Link(context.Background(), in.Organizer, in.UID)
	if err != nil || l.State == store.Ended {
		return ""
	}
	m, err := h.ledger.Meeting(context.Background(), l.Meeting)
	require.NoError(h.t, err)
	if m.State != store.Live {
		return ""
	}
	return m.PlatformID
}

// cancelByHand gives meetings up on the platform's own pages.
func (h *history) cancelByHand(all []meetingtest.Meeting) {
	for _, m := range all {
		_, err := h.client.UpdateMeeting(context.Background(), m.UserID, m.ID, request("Cancelled by hand", m.Start))
		require.NoError(h.t, err)
	}
}

// agrees checks what must be true when all is quiet.
func (h *history) agrees() {
	shown := map[string]bool{}
	for _, e := range h.events {
		live := h.meetingsOf(e)
		if h.retry { // nothing remembers what a lost ledger knew may be left over
			live = slices.DeleteFunc(live, func(m meetingtest.Meeting) bool { return m.History[0].At.Before(h.lostAt) && len(live) > 1 })
		}
		require.LessOrEqual(h.t, len(live), 1, "%s has two meetings\n%s\n%s", e.uid, h.why(e), h.story())
		if !e.there || !e.wanted || h.drops || h.blind() {
			continue
		}
		if e.free {
			m := h.shown(h.current(e))
			if m != nil {
				shown[m.ID] = true
			} else if e.twin != nil && e.twin.there && e.twin.wanted && !h.ejected && !h.lost {
				require.NotNil(h.t, h.shown(h.current(e.twin)), "neither of the two %s has a join link\n%s\n%s", e.uid, h.why(e), h.story())
			}
			continue
		}
		text := h.current(e)
		m := h.shown(text)
		if m != nil && h.orphaned(e, text) {
			shown[m.ID] = shown[m.ID] || *wide // where it may be shared, too
			continue
		}
		if len(h.due([]*event{e})) == 0 { // the first half of a series, say, and over
			if m != nil {
				shown[m.ID] = true
			}
			continue
		}
		require.NotNil(h.t, m, "%s has no join link:\n%s\n%s\n%s", e.uid, text, h.why(e), h.story())
		shown[m.ID] = true
		require.False(h.t, cancelled(*m), "the meeting of %s was given up\n%s\n%s", e.uid, h.why(e), h.story())
		all, open := h.sharing(*m)
		if open || len(all) > 1 && h.lost {
			continue // some may show a meeting that is not theirs any more
		}
		due := h.due(all)
		require.Contains(h.t, titles(due), m.Topic, "the title of %s\n%s\n%s", e.uid, h.why(e), h.story())
		require.Contains(h.t, starts(due), stamp(m.Start), "the time of %s\n%s\n%s", e.uid, h.why(e), h.story())
	}
	for _, e := range h.events {
		if h.drops || h.forgotten(e) || h.blind() || h.cancel == sync.Keep {
			continue
		}
		for _, m := range h.meetingsOf(e) {
			if !m.End.After(h.clock.Now()) { // of a series that was given up between two dates
				continue
			}
			if e.free || h.wasEjected(e) {
				continue
			}
			require.True(h.t, shown[m.ID] || (e.there && e.wanted), "%s is gone or opted out, and its meeting is still there\n%s\n%s", e.uid, h.why(e), h.story())
		}
	}
	h.still()
}

// orphaned reports whether an event is a copy of one that is gone, and that only a lost ledger knew: whose meeting it shows
// cannot be told.
func (h *history) orphaned(e *event, text string) bool {
	_, value, _ := strings.Cut(text, "X-CONVOKE;VALUE=TEXT:")
	value, _, _ = strings.Cut(value, "\r\n")
	seal, err := calendar.ParseSeal(value)
	return h.lost && (err != nil || !h.sealer.Valid(seal, e.who+"@example.com", e.uid))
}

// blind reports whether neither ledger nor seals can tell which events have a meeting.
func (h *history) blind() bool { return h.lost && h.sealless }

// forgotten reports whether nothing remembers the meeting of an event that does not want it any more: the ledger that knew it
// is gone, and no seal tells.
func (h *history) forgotten(e *event) bool {
	if !h.lost || (e.there && strings.Contains(h.current(e), "X-CONVOKE")) {
		return false
	}
	_, err := h.ledger.Link(context.Background(), e.who+"@example.com", e.uid)
	return errors.Is(err, store.ErrNotFound)
}

// sharing are the events that show a meeting and want one; open reports whether another one shows it that may have it.
func (h *history) sharing(m meetingtest.Meeting) (all []*event, open bool) {
	for _, e := range h.events {
		switch {
		case !e.there || !e.wanted || !strings.Contains(h.current(e), joinPrefix+m.Number):
		case e.free:
			open = true
		default:
			all = append(all, e)
		}
	}
	return all, open
}

// still checks that a pass with nothing to do does nothing.
func (h *history) still() {
	given, err := h.ledger.GivenUp(context.Background(), "")
	require.NoError(h.t, err)
	if len(given) > 0 { // the feed does not tell what became of them, and is asked again now and then
		return
	}
	calls, puts := h.platform.CountCalls(), h.dav.Counts()["PUT"]
	r, err := h.engine.Pass(context.Background(), "")
	require.NoError(h.t, err)
	require.Empty(h.t, r.Errors, h.story())
	require.Zero(h.t, r.Steps(), "no rest: %+v\n%s", r, h.story())
	require.Equal(h.t, calls, h.platform.CountCalls(), "calls of the platform at rest\n%s", h.story())
	require.Equal(h.t, puts, h.dav.Counts()["PUT"], "writes at rest\n%s", h.story())
}

// why tells what was decided about an event last.
func (h *history) why(e *event) string {
	all, err := h.ledger.Decisions(context.Background(), e.uid)
	if err != nil || len(all) == 0 {
		return fmt.Sprint("nothing was decided about ", e.uid, " ", err)
	}
	text := ""
	for _, d := range all {
		text += fmt.Sprintf("%s %s: %s %s\n", d.At.Format("01-02 15:04:05"), e.uid, d.Rule, d.Text)
	}
	return text
}

// heldBack is how long the platform holds a call back.
func (h *history) heldBack(d time.Duration) func(context.Context) {
	return func(context.Context) {
		if end := h.clock.Now().Add(d); h.late.IsZero() || end.Before(h.late) {
			h.late = end
		}
	}
}
