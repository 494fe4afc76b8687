package config

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exampleFile = "../../config.example.toml"

// exampleState is where the example keeps its files; the test must not depend on what is there.
const exampleState = "/var/lib/convoke"

func TestExampleShowsTheDefaults(t *testing.T) {
	state := t.TempDir()
	dir, file := folder(t, strings.ReplaceAll(readFile(t, exampleFile), exampleState, state))
	got, err := Load(file)
	require.NoError(t, err)

	want := Default()
	want.File = file
	want.Database = strings.Replace(want.Database, exampleState, state, 1)
	want.KeyFile = strings.Replace(want.KeyFile, exampleState, state, 1)
	want.Stamp = strings.Replace(want.Stamp, exampleState, state, 1)
	want.Platform.APIKeyFile = filepath.Join(dir, want.Platform.APIKeyFile)
	want.Platform.URL, want.Platform.JoinURL = got.Platform.URL, got.Platform.JoinURL // required: there is no default
	want.Organizers = []Organizer{{
		Email:        "alice@example.com",
		Mode:         want.Select.Mode,
		CalDAVURL:    got.Organizers[0].CalDAVURL,
		Username:     "alice",
		PasswordFile: filepath.Join(dir, "alice.password"),
	}}
	assert.Equal(t, want, *got)

	_, file = folder(t, strings.ReplaceAll(wholeExample(t), exampleState, state))
	got, err = Load(file)
	require.NoError(t, err)
	assert.Equal(t, map[string]Preset{"record": {Meeting: Meeting{Type: want.Meeting.Type, Recorded: true}}}, got.Presets)
	require.Len(t, got.Organizers, 2)
	assert.Equal(t, []CalendarRule{{Name: "Team", Mode: want.Select.Mode}}, got.Organizers[0].CalendarRules)
}

// wholeExample is the example with what it has behind a #.
func wholeExample(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`(?m)^#(\[|[a-z_]+ = )`).ReplaceAllString(readFile(t, exampleFile), "$1")
}

func TestExampleHasEveryKey(t *testing.T) {
	r, fault := newReader(wholeExample(t), t.TempDir())
	require.Nil(t, fault)
	r.config()
	assert.Equal(t, slices.Sorted(maps.Keys(r.known)), exampleKeys(t))
}

// exampleKeys are the keys and tables that the example sets, and so those that no fault was found with; with the tables
// that are there because they hold one.
func exampleKeys(t *testing.T) []string {
	t.Helper()
	var parsed map[string]any
	meta, err := toml.Decode(wholeExample(t), &parsed)
	require.NoError(t, err)
	var keys []string
	for _, k := range meta.Keys() {
		for n := range k {
			keys = append(keys, k[:n+1].String())
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Each key has a sentence above it; username and password_file share one, and the last organizer needs none.
func TestExampleExplainsEveryKey(t *testing.T) {
	explained := false
	text, _, _ := strings.Cut(wholeExample(t), "[[organizer]]\nemail = \"carol")
	for number, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			explained = true
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "["):
			explained = false
		case !strings.HasPrefix(line, "password_file"):
			assert.True(t, explained, "line %d has no comment above: %s", number+1, line)
		}
	}
}
