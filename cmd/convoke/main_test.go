package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain lets the test binary be convoke itself, when it is started under that name: the scripts and the tests of the
// daemon need processes with signals and terminals of their own.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		os.Exit(asProgram())
	}
	code := m.Run()
	if builds.dir != "" {
		_ = os.RemoveAll(builds.dir)
	}
	os.Exit(code)
}

const program = "convoke"

// outputFile names the environment variable of a file that gets a copy of everything that is printed, for a search for
// secrets.
const outputFile = "CONVOKE_TEST_OUTPUT"

func asProgram() int {
	syscall.Umask(0o077) // as main does
	name := os.Getenv(outputFile)
	if name == "" {
		return run(os.Args[1:], os.Stdout, os.Stderr)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return run(os.Args[1:], io.MultiWriter(os.Stdout, f), io.MultiWriter(os.Stderr, f))
}

// quickExit is a GORACE for programs of the tests: else the race detector makes each wait for a second when it ends
// (https://go.dev/doc/articles/race_detector).
const quickExit = "atexit_sleep_ms=0"

// A result is what a command did.
type result struct {
	code     int
	out, err string
}

// convoke runs a command in this process, as a new program would: nothing is left of the one before.
func convoke(args ...string) result {
	var out, err bytes.Buffer
	code := run(args, &out, &err)
	return result{code, out.String(), err.String()}
}

// programFolder is a folder with the program in it, for PATH.
func programFolder(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	return dir
}
