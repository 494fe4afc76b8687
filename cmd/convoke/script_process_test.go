package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"convoke/store/sqlite"
)

// exits CODE PROGRAM ARGS...: like exec, for a program that ends with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	switch {
	case err == nil && code != 0:
		ts.Fatalf("it ended with 0")
	case errors.As(err, &failed) && failed.ExitCode() != code:
		ts.Fatalf("it ended with %d", failed.ExitCode())
	case err != nil && failed == nil:
		ts.Fatalf("%v", err)
	}
}

// json PATH PATTERN: standard output is one JSON document, and what stands there (a.0.b; len is the length of a list) is as
// the pattern says.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "PATH PATTERN")
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var value any
	ts.Check(d.Decode(&value))
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("there is more than one document")
	}
	for key := range strings.SplitSeq(args[0], ".") {
		var err error
		value, err = member(value, key)
		ts.Check(err)
	}
	text := fmt.Sprint(value)
	pattern, err := regexp.Compile("^(?:" + args[1] + ")$")
	ts.Check(err)
	if !pattern.MatchString(text) {
		ts.Fatalf("%s is %s", args[0], text)
	}
}

func member(value any, key string) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		m, ok := v[key]
		if !ok {
			return nil, fmt.Errorf("no %s in %v", key, v)
		}
		return m, nil
	case []any:
		if key == "len" {
			return len(v), nil
		}
		i, err := strconv.Atoi(key)
		if err != nil || i >= len(v) {
			return nil, fmt.Errorf("no %s in a list of %d", key, len(v))
		}
		return v[i], nil
	}
	return nil, fmt.Errorf("no %s in %v", key, value)
}

// agrees PLAN SYNC: what plan printed is what sync printed, placeholders aside.
func agrees(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "PLAN SYNC")
	plan, did := ts.ReadFile(args[0]), withPlaceholders(ts.ReadFile(args[1]))
	if plan != did {
		ts.Fatalf("plan said\n%s\nbut sync did\n%s", plan, did)
	}
}

// rewrite FILE TEXT: the file holds the text and a line end, and belongs to its owner alone.
func rewrite(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "FILE TEXT")
	text := strings.NewReplacer("CANARY-KEY", canaryKey, "CANARY-PASSWORD", canaryPassword).Replace(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text+"\n"), 0o600))
}

// spoil FILE damaged | newer: a ledger is damaged, or was written by a later convoke.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "FILE HOW")
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	info, err := f.Stat()
	ts.Check(err)
	switch args[1] {
	case "newer": // user_version, https://www.sqlite.org/fileformat2.html#the_database_header
		_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, 1000), 60)
	case "damaged":
		_, err = f.WriteAt([]byte(strings.Repeat("damage", int(info.Size())/6-20)), 100)
	default:
		ts.Fatalf("usage: spoil FILE damaged | newer")
	}
	ts.Check(err)
}

// hold LEDGER: another convoke, this process, holds it until release.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "LEDGER")
	l, err := sqlite.Open(context.Background(), ts.MkAbs(args[0]), sqlite.Options{})
	ts.Check(err)
	unlock, err := l.Lock()
	ts.Check(err)
	s := stageOf(ts)
	s.release = func() { unlock(); l.Close() }
	ts.Defer(s.release)
}

func release(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	stageOf(ts).release()
}

// notify: from now on programs tell this test what they would tell systemd.
func notifySocket(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	dir, err := os.MkdirTemp("", "notify-") // a short path: a socket's may have 108 bytes
	ts.Check(err)
	name := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	ts.Check(err)
	ts.Defer(func() { conn.Close(); os.RemoveAll(dir) })
	ts.Setenv("NOTIFY_SOCKET", name)
	messages := make(chan string, 10_000)
	stageOf(ts).messages = messages
	go func() {
		defer close(messages)
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			messages <- string(buffer[:n])
		}
	}()
}

// notified PATTERN waits until systemd was told so, which counts once.
func notified(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "PATTERN")
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	s, late := stageOf(ts), time.After(time.Minute)
	for {
		if i := slices.IndexFunc(s.told, pattern.MatchString); i >= 0 {
			s.told = slices.Delete(s.told, i, i+1)
			return
		}
		select {
		case m := <-s.messages:
			s.told = append(s.told, m)
		case <-late:
			ts.Fatalf("systemd was not told %s, but %q", args[0], s.told)
		}
	}
}

// signal HUP | TERM | INT: to every program in the background.
func signalAll(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "NAME")
	number, known := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT}[args[0]]
	if !known {
		ts.Fatalf("no signal %s", args[0])
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(number))
	}
}

// logged PATTERN waits until a program has printed it, on whichever stream.
func logged(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "PATTERN")
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	for late := time.Now().Add(time.Minute); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(ts.Getenv(outputFile)); err == nil && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("nobody printed %s", args[0])
}
