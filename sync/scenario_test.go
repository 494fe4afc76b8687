package sync_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"convoke/calendar/caldavtest"
	"convoke/sync"
)

var update = flag.Bool("update", false, "rewrite what the scenarios expect; read every change of it before it is kept")

// TestScenarios runs the stories in testdata/scenarios. Each is a txtar archive that reads from top to bottom: its comment
// says what it is about, a section is a step, and the text below a pass, a plan or a question is what must come of it. See
// testdata/scenarios/README for the steps.
func TestScenarios(t *testing.T) {
	files := scenarioFiles(t)
	assert.GreaterOrEqual(t, len(files), 80)
	var mu stdsync.Mutex
	covered := map[string]bool{}
	t.Run("all", func(t *testing.T) {
		for _, file := range files {
			t.Run(scenarioName(file), func(t *testing.T) {
				t.Parallel()
				rules := playFile(t, file)
				mu.Lock()
				defer mu.Unlock()
				for rule := range rules {
					covered[rule] = true
				}
			})
		}
	})
	if f := flag.Lookup("test.run"); f != nil && strings.Contains(f.Value.String(), "/") {
		return // only some of them ran
	}
	for _, rule := range decisionRows(t) {
		assert.True(t, covered[rule], "no scenario comes to the row %q of doc/decisions.md", rule)
	}
}

// scenarioFiles are all scenarios, in the order of their names.
func scenarioFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	require.NoError(t, err)
	return files
}

func scenarioName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txt") }

// decisionRows are the rules that the decision table names.
func decisionRows(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../doc/decisions.md")
	require.NoError(t, err)
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, m[1])
	}
	require.Greater(t, len(rows), 45)
	return rows
}

// playFile plays one scenario and compares it with its file. It returns the rules that applied.
func playFile(t *testing.T, file string) map[string]bool {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	story := txtar.Parse(text)
	require.NotEmpty(t, strings.TrimSpace(string(story.Comment)), "a scenario begins with what it is about")
	p := newPlay(t, story)
	for i := range story.Files {
		step := &story.Files[i]
		if got, asked := p.step(step.Name, string(step.Data)); asked {
			p.expect(step, got)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(story), 0o600))
	}
	p.settles()
	for rule := range named(string(story.Comment)) {
		assert.True(t, p.rules[rule], "the title names the rule %q, which never applied; these did: %v", rule, p.rules)
	}
	return p.rules
}

// named are the rules in the line "Rules: a, b" of a title.
func named(title string) map[string]bool {
	rules := map[string]bool{}
	for line := range strings.Lines(title) {
		if list, ok := strings.CutPrefix(line, "Rules:"); ok {
			for rule := range strings.SplitSeq(list, ",") {
				rules[strings.TrimSpace(rule)] = true
			}
		}
	}
	return rules
}

// A play is a scenario under way.
type play struct {
	*world
	t       *testing.T
	deleted map[string]string // texts of events that were deleted, by path
	rules   map[string]bool   // those that applied so far
	open    bool              // something is left undone on purpose
	told    int               // calls of the platform that were shown
	puts    int               // writes to calendars that were
	mailed  int               // messages of the calendar server that were
	folder  string            // of feeds
}

// newPlay makes the world of a scenario: its first section, "given", may choose the calendar server.
func newPlay(t *testing.T, story *txtar.Archive) *play {
	var opts []caldavtest.Option
	disk := false
	for i, f := range story.Files {
		if i == 0 && f.Name == "given" {
			opts = serverOptions(t, string(f.Data))
		}
		disk = disk || f.Name == "plan"
	}
	w := newWorld(t, opts...)
	if disk {
		w.onDisk()
	}
	p := &play{world: w, t: t, deleted: map[string]string{}, rules: map[string]bool{}, folder: t.TempDir()}
	p.shelf.wrap = p.traits
	p.world.rules(func(r *sync.Rules) {
		r.RollAfter, r.MailBudget, r.Private = 30*time.Minute, 1, sync.PrivateNeutral // as config.example.toml has them
	})
	return p
}

// expect compares what came of a step with what the scenario says, or takes it over.
func (p *play) expect(step *txtar.File, got string) {
	p.t.Helper()
	if *update {
		step.Data = []byte(got)
		return
	}
	assert.Equal(p.t, string(step.Data), got, "-- %s --", step.Name)
}

// settles wants every story to end at rest: a pass that still does something is followed by one that does nothing.
func (p *play) settles() {
	p.t.Helper()
	if p.open {
		return
	}
	p.pass()
	p.steps = nil
	p.dav.ResetLog()
	calls := p.platform.CountCalls()
	p.pass()
	assert.Empty(p.t, p.steps, "the story does not come to rest")
	assert.Zero(p.t, p.dav.Counts()["PUT"], "writes to calendars at rest")
	assert.Equal(p.t, calls, p.platform.CountCalls(), "calls of the platform at rest")
}

// TestPains wants every pain of doc/pains.md to name a scenario or a test that exists, and every one of them to be there.
func TestPains(t *testing.T) {
	text, err := os.ReadFile("../doc/pains.md")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|(.*)\|(.*)\|(.*)\|$`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, rows, 30)
	there := map[string]bool{}
	for _, file := range scenarioFiles(t) {
		there[scenarioName(file)] = true
	}
	for i, row := range rows {
		assert.Equal(t, fmt.Sprint(i+1), row[1])
		assert.NotEmpty(t, strings.TrimSpace(row[3]), "pain %s has no answer", row[1])
		var names []string
		for _, m := range regexp.MustCompile("`([A-Za-z0-9-]+)`").FindAllStringSubmatch(row[4], -1) {
			names = append(names, m[1])
			if !strings.HasPrefix(m[1], "Test") { // package lint looks for those
				assert.True(t, there[m[1]], "pain %s names the scenario %q, which does not exist", row[1], m[1])
			}
		}
		if len(names) == 0 {
			assert.Contains(t, row[3], "cannot happen", "pain %s names neither a scenario nor a test", row[1])
		}
	}
	for name := range there {
		if number, ok := painOf(name); ok {
			assert.True(t, slices.ContainsFunc(rows, func(r []string) bool { return r[1] == number && strings.Contains(r[4], "`"+name+"`") }),
				"%s is not in the row of its pain", name)
		}
	}
}

// painOf is the number in the name of a scenario such as pain-07-split.
func painOf(name string) (string, bool) {
	m := regexp.MustCompile(`^pain-0*(\d+)-`).FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return m[1], true
}
