package calendar_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// corpusFiles reads every .ics file of our own testdata, and of the corpus. It reports whether the corpus, which is not ours to
// keep here, is there; where it is not, a test that is through with the rest ends with withoutCorpus.
func corpusFiles(t testing.TB) (files map[string][]byte, whole bool) {
	t.Helper()
	files = readTree(t, "testdata")
	root := corpusRoot()
	if _, err := os.Stat(root); err != nil {
		return files, false
	}
	corpus := readTree(t, root)
	require.Greater(t, len(corpus), 100, "the corpus at %s looks incomplete", root)
	for name, data := range corpus {
		files[name] = data
	}
	return files, true
}

// withoutCorpus has a test that read our own files only named among those that were skipped.
func withoutCorpus(t testing.TB) {
	t.Helper()
	t.Skipf("our own files are read; no corpus of .ics files: set CONVOKE_CORPUS to a folder of them (looked in %s)", corpusRoot())
}

// corpusRoot is the folder with the .ics files of other projects, which are not ours to keep here.
func corpusRoot() string {
	if root := os.Getenv("CONVOKE_CORPUS"); root != "" {
		return root
	}
	return filepath.Join("..", "..", "shared", "corpus")
}

// singleEvents adds, for every file, each of its events as an object of its own: many files hold a whole calendar.
func singleEvents(files map[string][]byte) map[string][]byte {
	all := maps.Clone(files)
	for name, data := range files {
		parts := bytes.Split(data, []byte("BEGIN:VEVENT"))
		for i, part := range parts[1:] {
			body, _, ok := bytes.Cut(part, []byte("END:VEVENT"))
			if ok && len(parts) > 2 && i < 50 {
				all[fmt.Sprintf("%s, event %d", name, i+1)] = []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT" + string(body) + "END:VEVENT\r\nEND:VCALENDAR\r\n")
			}
		}
	}
	return all
}

func readTree(t testing.TB, root string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".ics" {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		files[rel] = data
		return err
	})
	require.NoError(t, err)
	return files
}

// knownErrors are all that Parse may answer.
var knownErrors = []error{
	calendar.ErrMalformed, calendar.ErrNoEvent, calendar.ErrNoUID, calendar.ErrSeveralUIDs, calendar.ErrTooLarge,
}

func assertKnown(t testing.TB, err error, known ...error) {
	t.Helper()
	for _, k := range known {
		if assert.ObjectsAreEqual(k, err) || isError(err, k) {
			return
		}
	}
	t.Errorf("unexpected kind of error: %v", err)
}

func TestCorpus(t *testing.T) {
	read, written, refused := 0, 0, 0
	files, whole := corpusFiles(t)
	for name, data := range singleEvents(files) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			assertKnown(t, err, knownErrors...)
			continue
		}
		read++
		same, err := e.Patch().Bytes()
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(data, same), "%s: an edit of nothing", name)

		after, err := e.Write(corpusDetails())
		if err != nil {
			assertKnown(t, err, calendar.ErrControl, calendar.ErrUnsafeEdit)
			t.Logf("%s: refused: %v", name, err)
			refused++
			continue
		}
		written++
		assertOnlyTargets(t, name, data, after)
		assertStable(t, name, after)
		assertErases(t, name, data, after)
		assertSettles(t, name, after)
		assertMoves(t, name, data, after)
	}
	t.Logf("%d read, %d written, %d refused", read, written, refused)
	assert.Positive(t, written)
	if !whole {
		withoutCorpus(t)
	}
}

// corpusDetails are details without markers: those that Write takes out do not come back.
func corpusDetails() calendar.Details {
	d := testDetails()
	d.Markers = calendar.Markers{}
	d.Phones = []calendar.Phone{{Number: "+1 412 555 0123", Label: "United States, toll-free"}}
	return d
}

// targets are the properties that Write and Erase may change.
var targets = []string{
	"LOCATION", "URL", "CONFERENCE", "DESCRIPTION", "X-ALT-DESC", "X-CONVOKE", "LAST-MODIFIED", "DTSTAMP",
}

func assertOnlyTargets(t testing.TB, name string, before, after []byte) {
	t.Helper()
	changes := calendar.Diff(before, after)
	assert.NotEmpty(t, changes, name)
	for _, c := range changes {
		property, _, _ := strings.Cut(c.Text, ":")
		property, _, _ = strings.Cut(property, ";")
		assert.Contains(t, targets, strings.ToUpper(property), name)
	}
}

func assertStable(t testing.TB, name string, after []byte) {
	t.Helper()
	e, err := calendar.Parse(after, time.UTC)
	require.NoError(t, err, name)
	for _, c := range e.Components {
		assert.True(t, c.Shows(corpusDetails().JoinURL), name)
		assert.Equal(t, corpusDetails().Seal, c.Seal, name)
	}
	again, err := e.Write(corpusDetails())
	require.NoError(t, err, name)
	assert.Equal(t, string(after), string(again), "%s: a second write", name)
}

// assertErases checks that Erase gives back what was there, stamps and empty properties aside.
func assertErases(t testing.TB, name string, before, after []byte) {
	t.Helper()
	e, err := calendar.Parse(after, time.UTC)
	require.NoError(t, err, name)
	erased, err := e.Erase(corpusDetails())
	require.NoError(t, err, name)
	assert.Equal(t, meaning(before), meaning(erased), "%s: erased", name)
}

// assertSettles checks that Settle changes no more than the seal, the rulers and the class, and all of that.
func assertSettles(t testing.TB, name string, after []byte) {
	t.Helper()
	settled := settle(t, corpusDetails(), after)
	rulers := regexp.MustCompile(`-+ (Web meeting) -+|\\n-{29}|( |%20)class(=|%3D)("|%22)convoke-meeting("|%22)`)
	var want []string
	for _, line := range meaning(after) {
		if !strings.HasPrefix(line, "X-CONVOKE") {
			want = append(want, rulers.ReplaceAllString(line, "$1"))
		}
	}
	assert.Equal(t, want, meaning(settled), "%s: settled", name)
	assert.Equal(t, string(settled), string(settle(t, corpusDetails(), settled)), "%s: a second Settle", name)
}

// assertMoves checks that an event that was written for an earlier meeting, and is written anew with what the ledger knows of
// that, is the same as one that never had it.
func assertMoves(t testing.TB, name string, data, want []byte) {
	t.Helper()
	earlier := earlierDetails()
	earlier.Markers, earlier.Phones = calendar.Markers{}, corpusDetails().Phones
	d := corpusDetails()
	d.Replaces, d.OldNumbers, d.Base = []string{oldURL}, []string{oldNumber}, []string{earlier.Block()}
	moved := mustWrite(t, d, mustWrite(t, earlier, data))
	assert.Equal(t, meaning(want), meaning(moved), "%s: written for another meeting", name)
}

var blank = regexp.MustCompile(`:(\s|\\n)*$`)

// meaning lists the lines of an object without stamps and empty properties.
func meaning(data []byte) []string {
	var lines []string
	for _, c := range calendar.Diff(nil, data) {
		property, _, _ := strings.Cut(c.Text, ":")
		name, _, _ := strings.Cut(strings.ToUpper(property), ";")
		if name == "LAST-MODIFIED" || name == "DTSTAMP" || blank.MatchString(c.Text) {
			continue
		}
		lines = append(lines, c.Text)
	}
	return lines
}
