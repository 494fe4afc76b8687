package sync_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/internal/preview"
	"convoke/store/sqlite"
	"convoke/sync"
)

// plan makes a pass that only shows, over a copy of the ledger, as `convoke plan` does.
func (w *world) plan() ([]sync.Step, sync.Report) {
	w.t.Helper()
	ledger, err := sqlite.Copy(w.t.Context(), w.file)
	require.NoError(w.t, err)
	defer ledger.Close()
	var steps []sync.Step
	e := &sync.Engine{
		Ledger: ledger, People: w.engine.People, Calendars: w.shelf, Seals: w.engine.Seals, Token: w.engine.Token, Now: w.clock.Now,
		Stamp: sync.Stamp, Workers: 1, Log: w.engine.Log, Step: func(s sync.Step) { steps = append(steps, s) },
	}
	preview.Of(e)
	r, err := e.Pass(w.t.Context(), "")
	require.NoError(w.t, err)
	return steps, r
}

// placeholders puts what a plan cannot know into the form that it uses, in steps that were carried out.
func (w *world) placeholders(steps []sync.Step) []sync.Step {
	var out []sync.Step
	for _, s := range steps {
		s.Call = w.unknown(s.Call)
		var lines []calendar.LineChange
		for _, l := range s.Lines {
			if !l.Removed {
				l.Text = w.unknown(l.Text)
			}
			lines = append(lines, l)
		}
		s.Lines = lines
		out = append(out, s)
	}
	return out
}

var made = regexp.MustCompile(`\{meetingId\} #\d+`)

func (w *world) unknown(text string) string {
	for _, m := range w.platform.Meetings() {
		text = regexp.MustCompile(m.ID+"|"+m.Number).ReplaceAllString(text, preview.MeetingID)
	}
	text = regexp.MustCompile(`v1\.[0-9a-f]+\.[^\s]+`).ReplaceAllString(text, preview.Seal)
	text = regexp.MustCompile(`^(DTSTAMP|LAST-MODIFIED):.*`).ReplaceAllString(text, "$1:"+preview.Now)
	return made.ReplaceAllString(text, preview.MeetingID)
}

// What a plan shows is what the pass that follows does, step by step and line by line; and a plan does nothing.
func TestPlan(t *testing.T) {
	w := newWorld(t).onDisk()
	home := w.secondCalendar()
	w.rules(func(r *sync.Rules) { r.Undo = 0 })
	agreed := func(what string, want ...sync.Rule) {
		t.Helper()
		ledger, calls, puts := w.onFile(), w.platform.CountCalls(), w.dav.Counts()["PUT"]
		planned, report := w.plan()
		assert.True(t, ledger == w.onFile(), "%s: a plan writes no ledger", what)
		assert.Equal(t, calls, w.platform.CountCalls(), "%s: a plan calls nobody", what)
		assert.Equal(t, puts, w.dav.Counts()["PUT"], "%s: a plan writes no calendar", what)
		w.steps = nil
		assert.Equal(t, report, w.pass(), what)
		assert.Equal(t, w.placeholders(planned), w.placeholders(w.steps), what)
		var rules []sync.Rule
		for _, s := range w.steps {
			rules = append(rules, s.Rule)
		}
		assert.Equal(t, want, rules, what)
		w.clock.add(time.Minute)
	}

	a := w.book("a", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")
	w.book("b", "DESCRIPTION:before\\n@meet\\nafter")
	w.book("plain")
	agreed("two new ones", sync.Create, sync.Write, sync.Create, sync.Write)
	agreed("nothing")

	a.set("SUMMARY", "SUMMARY:Retro")
	agreed("a new title", sync.Update)

	c := w.bookAt(home+"c.ics", "c")
	c.restore(a.text())
	c.edit("UID:a", "UID:c")
	agreed("a copy", sync.Create, sync.Write)

	require.NoError(t, w.dav.Move(a.path, home+"a.ics"))
	a.path = home + "a.ics"
	agreed("a move", sync.Move)

	kept := a.raw()
	a.delete()
	agreed("a deletion", sync.Delete, sync.Cancel)
	a.restore(kept)
	agreed("a restoration", sync.Restore)
	c.set("SUMMARY", "SUMMARY:x #nomeet")
	agreed("an opt-out", sync.Decline, sync.Cancel, sync.Erase)
}
