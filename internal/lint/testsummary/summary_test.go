package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A module with tests of each outcome, as the real go command reports them.
var module = map[string]string{
	"go.mod":         "module example\n\ngo 1.26\n",
	"good/a_test.go": "package good\n\nimport \"testing\"\n\nfunc TestGood(t *testing.T) { t.Log(\"chatter\") }\n",
	"skip/a_test.go": `package skip

import "testing"

func TestGood(t *testing.T) {}
func TestServer(t *testing.T) {
	t.Run("radicale", func(t *testing.T) { t.Skip("not root: radicale cannot be installed") })
	t.Run("silent", func(t *testing.T) { t.SkipNow() })
}
`,
	"bad/a_test.go":    "package bad\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Error(\"broken thing\") }\n",
	"broken/a_test.go": "package broken\n\nimport \"testing\"\n\nfunc TestBroken(t *testing.T) { undefined() }\n",
	"dies/a_test.go":   "package dies\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestDies(t *testing.T) { os.Exit(3) }\n",
	"panics/a_test.go": "package panics\n\nimport \"testing\"\n\nfunc TestPanics(t *testing.T) { panic(\"boom\") }\n",
	"none/a.go":        "package none\n",
}

func goTest(t *testing.T, packages ...string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range module {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, packages...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	stream, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	var out bytes.Buffer
	code := run(bytes.NewReader(stream), &out, false)
	return out.String(), code
}

func TestLog(t *testing.T) {
	stream := `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    a_test.go:5: 7 of 7\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"pass","Package":"p"}
`
	var out bytes.Buffer
	assert.Zero(t, run(strings.NewReader(stream), &out, true), out.String())
	assert.Contains(t, out.String(), "TestGood\n    a_test.go:5: 7 of 7\n")
	assert.NotContains(t, out.String(), "=== RUN")
	out.Reset()
	assert.Zero(t, run(strings.NewReader(stream), &out, false), out.String())
	assert.NotContains(t, out.String(), "7 of 7")
}

func TestTimes(t *testing.T) {
	stream := `{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestQuick","Elapsed":0.2}
{"Action":"pass","Package":"p","Test":"TestLong","Elapsed":25.4}
{"Action":"pass","Package":"p","Test":"TestLonger/part","Elapsed":99}
{"Action":"pass","Package":"p","Test":"TestLonger","Elapsed":100}
{"Action":"pass","Package":"p","Elapsed":130}
`
	var out bytes.Buffer
	assert.Zero(t, run(strings.NewReader(stream), &out, false), out.String())
	assert.Contains(t, out.String(), "\n   100 s  p TestLonger\n    25 s  p TestLong\n\n1 packages passed")
	assert.NotContains(t, out.String(), "Quick")
	assert.NotContains(t, out.String(), "part")
}

func TestPassedAndSkipped(t *testing.T) {
	out, code := goTest(t, "./good", "./skip", "./none")
	assert.Zero(t, code, out)
	assert.Contains(t, out, "ok  \texample/good")
	assert.Contains(t, out, "ok  \texample/skip")
	assert.NotContains(t, out, "chatter")
	assert.Contains(t, out, "Skipped:\n"+
		"  example/skip TestServer/radicale: not root: radicale cannot be installed\n"+
		"  example/skip TestServer/silent: no reason given\n")
	assert.Contains(t, out, "2 packages passed, 2 tests skipped, 0 failures")
}

func TestFailures(t *testing.T) {
	for pkg, want := range map[string]string{
		"bad": "broken thing", "broken": "undefined: undefined", "dies": "=== RUN   TestDies", "panics": "boom",
	} {
		t.Run(pkg, func(t *testing.T) {
			out, code := goTest(t, "./good", "./"+pkg)
			assert.Equal(t, 1, code, out)
			assert.Contains(t, out, "FAIL\texample/"+pkg)
			assert.Contains(t, out, want)
			assert.Contains(t, out, "\nFailed:\n  example/"+pkg)
			assert.Contains(t, out, "ok  \texample/good", "the others are still shown")
		})
	}
}

func TestIncompleteStreams(t *testing.T) {
	for name, stream := range map[string]string{
		"nothing":           "",
		"no events":         "go: no such tool\n",
		"no result":         `{"Action":"start","Package":"a"}` + "\n",
		"one without end":   `{"Action":"start","Package":"a"}` + "\n" + `{"Action":"pass","Package":"b"}` + "\n",
		"only empty":        `{"Action":"start","Package":"a"}` + "\n" + `{"Action":"skip","Package":"a"}` + "\n",
		"cut in the middle": `{"Action":"start","Package":"a"}` + "\n" + `{"Action":"pa`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			assert.Equal(t, 1, run(strings.NewReader(stream), &out, false), out.String())
		})
	}
	var out bytes.Buffer
	assert.Equal(t, 1, run(iotest.ErrReader(errors.New("gone")), &out, false))
	assert.Contains(t, out.String(), "gone")
}
