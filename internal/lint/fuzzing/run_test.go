package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

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
