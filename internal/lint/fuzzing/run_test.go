package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A module with targets of each outcome.
var module = map[string]string{
	"go.mod":         "module example\n\ngo 1.26\n",
	"none/a_test.go": "package none\n\nimport \"testing\"\n\nfunc TestOther(t *testing.T) {}\n",
	"good/a_test.go": `package good

import "testing"

func FuzzGood(f *testing.F) { f.Fuzz(func(*testing.T, []byte) {}) }
func FuzzOther(f *testing.F) { f.Fuzz(func(*testing.T, string, int) {}) }
`,
	"bad/a_test.go": `package bad_test

import "testing"

func FuzzBad(f *testing.F) {
	f.Add("harmless")
	f.Fuzz(func(t *testing.T, s string) {
		if s != "harmless" {
			t.Errorf("found: %q", s)
		}
	})
}
`,
	"skips/a_test.go":  "package skips\n\nimport \"testing\"\n\nfunc FuzzSkips(f *testing.F) { f.Skip(\"not today\") }\n",
	"broken/a_test.go": "package broken\n\nimport \"testing\"\n\nfunc FuzzBroken(f *testing.F) { undefined() }\n",
}

func fuzz(t *testing.T, only string, packages ...string) (dir, out string, code int) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range append(packages, "go.mod") {
		if name != "go.mod" {
			name += "/a_test.go"
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(module[name]), 0o644))
	}
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	var b bytes.Buffer
	code = command(t.Context(), []string{"-time", "100ms", "-dir", dir, "-run", only}, &b, &b)
	return dir, b.String(), code
}

func TestTargetsAreFoundAndRun(t *testing.T) {
	_, out, code := fuzz(t, "", "good", "none")
	assert.Zero(t, code, out)
	assert.Regexp(t, `(?m)^ok    example/good +FuzzGood +[1-9]\d* executions`, out)
	assert.Regexp(t, `(?m)^ok    example/good +FuzzOther +[1-9]\d* executions`, out)
	assert.Regexp(t, `(?m)^2 targets, [1-9]\d* executions, 0 failed`, out)
}

func TestFindingIsKept(t *testing.T) {
	dir, out, code := fuzz(t, "", "good", "bad")
	assert.Equal(t, 1, code, out)
	assert.Regexp(t, `(?m)^FAIL  example/bad +FuzzBad `, out)
	assert.Regexp(t, `(?m)^ok    example/good +FuzzGood `, out, "the others run all the same")
	assert.Contains(t, out, "found: ")
	kept, err := filepath.Glob(filepath.Join(dir, "bad/testdata/fuzz/FuzzBad/*"))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	assert.Contains(t, out, "The input is in bad/testdata/fuzz/FuzzBad/"+filepath.Base(kept[0])+". Mend")
	assert.Contains(t, out, "1 of 3 targets failed")
}

// TestEndOfTheTimeIsNoFinding reads what a go command printed that took the end of the time for a failure, and what it prints
// of a target that failed on its own with the same words.
func TestEndOfTheTimeIsNoFinding(t *testing.T) {
	const searched = "fuzz: elapsed: 0s, gathering baseline coverage: 0/156 completed\n" +
		"fuzz: elapsed: 15s, execs: 125168 (9874/sec), new interesting: 29 (total: 185)\n"
	o := options{time: 15 * time.Second}
	for name, c := range map[string]struct {
		output string
		took   time.Duration
		failed bool
	}{
		"the end":          {searched + "--- FAIL: FuzzRedirect (15.03s)\n    context deadline exceeded\nFAIL\n", 15030 * time.Millisecond, false},
		"before the end":   {searched + "--- FAIL: FuzzRedirect (9.03s)\n    context deadline exceeded\nFAIL\n", 9030 * time.Millisecond, true},
		"a finding":        {searched + "--- FAIL: FuzzRedirect (15.03s)\n    --- FAIL: FuzzRedirect (0.00s)\n        a_test.go:9: context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzRedirect/0123\nFAIL\n", 15030 * time.Millisecond, true},
		"no input tried":   {"fuzz: elapsed: 0s, gathering baseline coverage: 0/156 completed\n--- FAIL: FuzzRedirect (15.03s)\n    context deadline exceeded\nFAIL\n", 15030 * time.Millisecond, true},
		"a worker is gone": {searched + "--- FAIL: FuzzRedirect (15.03s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n", 15030 * time.Millisecond, true},
	} {
		r := result{target: target{pkg: &pkg{}}, err: errors.New("exit status 1"), output: c.output, took: c.took}
		o.read(&r)
		assert.Equal(t, c.failed, r.err != nil, name)
	}
}

func TestOnlySome(t *testing.T) {
	_, out, code := fuzz(t, "Other$", "good", "bad")
	assert.Zero(t, code, out)
	assert.Contains(t, out, "1 targets, ")
	assert.NotContains(t, out, "FuzzBad")
}

func TestNothingRunIsAFailure(t *testing.T) {
	for pkg, want := range map[string]string{
		"none": "no targets", "skips": "it did not say how often it ran", "broken": "undefined: undefined",
	} {
		_, out, code := fuzz(t, "", pkg)
		assert.Equal(t, 1, code, out)
		assert.Contains(t, out, want)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-time", "0s"}, {"-jobs", "0"}, {"-run", "("}, {"./..."}, {"-nonsense"}} {
		var b bytes.Buffer
		assert.Equal(t, 2, command(t.Context(), args, &b, &b), args)
		assert.NotEmpty(t, b.String())
	}
}
