package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"convoke/calendar"
	"convoke/calendar/caldavtest/servers"
	"convoke/internal/scenario"
	"convoke/sync"
)

// chosen are the scenarios of package sync that are also played over real servers, and over folders.
var chosen = []string{
	"create-description", "decline-and-ask-again", "pain-05-recreate", "pain-05-reschedule", "pain-06-cancelled-date", "pain-06-moved-date",
	"pain-07-split-thunderbird", "pain-11-update", "pain-17-delete-block", "pain-17-edit-around", "pain-18-on-site", "pain-18-opt-out",
	"pain-24-copy", "restore-in-time", "series-one-date-declines", "series-shortened",
}

// TestScenarios wants the same steps and meetings on every server that package sync's scenarios expect of the one in memory,
// and events that say the same.
func TestScenarios(t *testing.T) {
	for _, name := range servers.Names() {
		t.Run("real "+name, func(t *testing.T) {
			t.Parallel()
			i := realServer(t, name)
			playAll(t, func(t testing.TB) *bench { return benchOn(t, i) })
		})
	}
	t.Run("folder", func(t *testing.T) { playAll(t, func(t testing.TB) *bench { return folderBench(t) }) })
}

// playAll plays the chosen scenarios, one after the other.
func playAll(t *testing.T, open func(testing.TB) *bench) {
	for _, name := range chosen {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../sync/testdata/scenarios/" + name + ".txt")
			require.NoError(t, err)
			p := &story{t: t, bench: open(t), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), deleted: map[string]string{}, there: map[string]bool{}}
			p.tell(txtar.Parse(text))
		})
	}
}

// A story is a scenario under way, in the one calendar of a bench.
type story struct {
	*bench
	t       *testing.T
	app     *app
	now     time.Time
	steps   []sync.Step
	deleted map[string]string // by name
	there   map[string]bool
}

func (p *story) tell(archive *txtar.Archive) {
	defer p.clear() // while requests can still be sent
	undo := "10m"
	for _, f := range archive.Files {
		if f.Name == "given" {
			undo = strings.TrimSpace(strings.TrimPrefix(string(f.Data), "undo "))
		}
	}
	p.start(undo)
	compared := 0
	for _, f := range archive.Files {
		if p.step(f.Name, string(f.Data)) {
			compared++
		}
	}
	require.Positive(p.t, compared)
}

// start opens convoke with the clocks of the story.
func (p *story) start(undo string) {
	config, err := os.ReadFile(p.config)
	require.NoError(p.t, err)
	require.NoError(p.t, os.WriteFile(p.config, []byte(strings.Replace(string(config), `undo = "0s"`, fmt.Sprintf("undo = %q", undo), 1)), 0o600))
	p.platform.SetNow(p.now)
	p.restart()
	p.t.Cleanup(func() { assert.NoError(p.t, p.app.ledger.Close()) })
}

// restart makes a new convoke over the same ledger.
func (p *story) restart() {
	if p.app != nil {
		require.NoError(p.t, p.app.ledger.Close())
	}
	s := &streams{config: p.config, silent: true}
	var err error
	p.app, err = s.open(p.t.Context(), writing)
	require.NoError(p.t, err)
	p.app.engine.Now, p.app.engine.Uptime = func() time.Time { return p.now }, nil
	p.app.engine.Step = func(s sync.Step) { p.steps = append(p.steps, s) }
}

// clear leaves the calendar empty for the next one.
func (p *story) clear() {
	for name := range p.there {
		p.remove(p.t, name)
	}
}

// step carries out one section. It answers true when something was compared.
func (p *story) step(name, body string) bool {
	p.t.Helper()
	verb, rest, _ := strings.Cut(name, " ")
	arg := strings.Fields(rest)
	switch verb {
	case "given":
	case "put":
		p.store(arg[0], scenario.Object(arg[0], p.unmasked(body)))
	case "edit":
		p.store(arg[0], p.edited(p.text(arg[0]), body))
	case "override":
		p.store(arg[0], scenario.Override(p.text(arg[0]), p.unmasked(body)))
	case "copy":
		p.store(arg[1], p.edited(scenario.Renamed(p.text(arg[0]), arg[1]), body))
	case "delete":
		p.deleted[arg[0]] = p.text(arg[0])
		p.remove(p.t, file(arg[0]))
		delete(p.there, file(arg[0]))
	case "restore":
		p.store(arg[0], p.edited(p.deleted[arg[0]], body))
	case "wait":
		d, err := time.ParseDuration(rest)
		require.NoError(p.t, err)
		p.clock(p.now.Add(d))
	case "clock":
		at, err := time.Parse("2006-01-02 15:04", rest)
		require.NoError(p.t, err)
		p.clock(at)
	case "restart":
		p.restart()
	case "pass":
		assert.Equal(p.t, done(body), done(p.pass()), "-- %s --", name)
		return true
	case "show":
		assert.Equal(p.t, says(p.t, p.unmasked(body)), says(p.t, p.text(arg[0])), "-- %s --", name)
		return true
	default:
		require.Fail(p.t, "a step that is not played here", name)
	}
	return false
}

func (p *story) clock(at time.Time) {
	p.now = at
	p.platform.SetNow(at)
}

func file(place string) string { return strings.TrimPrefix(place, "work/") + ".ics" }

func (p *story) store(place, text string) {
	p.t.Helper()
	require.NoError(p.t, p.put(p.t, file(place), text))
	p.there[file(place)] = true
}

// text is an event as the calendar holds it, without folds.
func (p *story) text(place string) string {
	text := strings.ReplaceAll(p.get(p.t, file(place)), "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	return crlf(text)
}

func (p *story) edited(text, body string) string {
	p.t.Helper()
	after, err := scenario.Edited(text, p.unmasked(body))
	require.NoError(p.t, err)
	return after
}

// pass makes a pass in which nothing may go wrong, and tells it as scenarios do.
func (p *story) pass() string {
	p.t.Helper()
	p.steps = nil
	report, err := p.app.engine.Pass(context.WithoutCancel(p.t.Context()), "")
	require.NoError(p.t, err)
	require.Empty(p.t, report.Errors)
	var b strings.Builder
	for _, s := range p.steps {
		fmt.Fprintf(&b, "> %s %s", s.Rule, s.UID)
		if s.Call != "" {
			fmt.Fprintf(&b, ": %s", s.Call)
		}
		b.WriteString("\n")
	}
	for i, m := range p.platform.Meetings() {
		fmt.Fprintf(&b, "meeting #%d %q %s – %s\n", i+1, m.Topic, m.Start.UTC().Format("Mon 2006-01-02 15:04"), m.End.UTC().Format("15:04"))
	}
	text := b.String()
	for i, m := range p.platform.Meetings() {
		text = strings.ReplaceAll(text, m.ID, fmt.Sprintf("id#%d", i+1))
	}
	return text
}

// done are the steps and the meetings of what a pass is told with. Servers differ in the order of events; which event of two
// that share a meeting moves it on is a matter of that order.
func done(told string) []string {
	var lines []string
	for line := range strings.Lines(told) {
		line = strings.TrimSpace(line)
		if call, ok := strings.CutPrefix(line, "> roll "); ok {
			_, call, _ = strings.Cut(call, ": ")
			line = "> roll: " + call
		}
		if strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "meeting #") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// unmasked puts join links and blocks in the place of the words for them.
func (p *story) unmasked(text string) string {
	for i, m := range p.platform.Meetings() {
		number, link := fmt.Sprintf("#%d", i+1), joinStart+m.Number
		block := `-------- Web meeting --------\nJoin: ` + link + `\nMeeting number: ` + m.Number + `\n-----------------------------`
		text = strings.NewReplacer("{block "+number+"}", block, "{join "+number+"}", link, "{seal of id"+number, "{seal of "+m.ID, number, m.Number).Replace(text)
	}
	return text
}

// says is what people read in an event, component by component.
func says(t *testing.T, text string) map[string][]string {
	t.Helper()
	ev, err := calendar.Parse([]byte(text), time.UTC)
	require.NoError(t, err)
	all := map[string][]string{}
	for _, c := range ev.Components {
		all[c.RecurrenceID] = []string{c.Summary, c.Location, c.Description, c.URL, fmt.Sprint(c.Seal != ""), c.Start.String(), c.End.String()}
	}
	return all
}
