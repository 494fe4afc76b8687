package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// An event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string
	Output     string
	Elapsed    float64 // seconds, of pass and fail
}

type summary struct {
	out     io.Writer
	log     bool                // what passing tests log is shown, too
	output  map[string][]string // of each test that has not ended, by package and name
	running map[string]bool     // packages
	passed  int                 // packages
	skipped []string
	failed  []string
	slow    []slow
}

// slow is a test that took long, with all that it is made of.
type slow struct {
	name    string
	seconds float64
}

// long is from how many seconds a test is named at the end, so that it is seen where the time goes.
const long = 20

func newSummary(out io.Writer) *summary {
	return &summary{out: out, output: map[string][]string{}, running: map[string]bool{}}
}

// read takes lines that are no events, such as those of the go command itself, as they are.
func (s *summary) read(in io.Reader) error {
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) line(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(s.out, line)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "start":
		s.running[e.Package] = true
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "build-fail":
		s.failed = append(s.failed, e.ImportPath+" (does not build)")
	case "output":
		s.output[key] = append(s.output[key], e.Output)
	case "pass", "skip", "fail":
		s.end(e, s.output[key])
		delete(s.output, key)
	}
}

// end reports a test or, without a name, a package.
func (s *summary) end(e event, output []string) {
	name := strings.TrimSpace(e.Package + " " + e.Test)
	if e.Action == "fail" {
		s.failed = append(s.failed, name)
	}
	if e.Test == "" {
		delete(s.running, e.Package)
		switch e.Action {
		case "pass":
			s.passed++
		case "fail":
			s.printUnfinished(e.Package)
		}
		s.print(withoutChatter(output))
		return
	}
	if e.Elapsed >= long && !strings.Contains(e.Test, "/") {
		s.slow = append(s.slow, slow{name, e.Elapsed})
	}
	switch e.Action {
	case "pass":
		if s.log {
			s.print(logged(e.Test, output))
		}
	case "fail":
		s.print(output)
	case "skip":
		s.skipped = append(s.skipped, name+": "+reason(output))
	}
}

func (s *summary) print(lines []string) {
	for _, line := range lines {
		fmt.Fprint(s.out, line)
	}
}

// logged is what a test has logged, below its name.
func logged(test string, output []string) []string {
	lines := slices.DeleteFunc(slices.Clone(output), func(line string) bool {
		line = strings.TrimSpace(line)
		return strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") || strings.Contains(line, "[rapid] OK")
	})
	if len(lines) == 0 {
		return nil
	}
	return append([]string{test + "\n"}, lines...)
}

// printUnfinished shows what the tests said that a dying process took along.
func (s *summary) printUnfinished(pkg string) {
	for _, key := range slices.Sorted(maps.Keys(s.output)) {
		if test, ok := strings.CutPrefix(key, pkg+" "); ok && test != "" {
			s.print(s.output[key])
		}
	}
}

// withoutChatter drops what a package prints beside its result.
func withoutChatter(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return line == "PASS\n" || line == "FAIL\n" || strings.HasPrefix(line, "testing: warning: no tests to run")
	})
}

// reason is what the test said when it skipped itself, on one line and without the place in the source.
func reason(output []string) string {
	var words []string
	for _, line := range output {
		if trimmed := strings.TrimSpace(line); !strings.HasPrefix(trimmed, "---") && !strings.HasPrefix(trimmed, "===") {
			words = append(words, trimmed)
		}
	}
	text := strings.Join(words, " ")
	if place, rest, found := strings.Cut(text, ": "); found && strings.Contains(place, ".go:") && !strings.Contains(place, " ") {
		text = rest
	}
	if text == "" {
		return "no reason given"
	}
	return text
}

// finish prints the end and returns the exit code.
func (s *summary) finish() int {
	for pkg := range s.running {
		s.failed = append(s.failed, pkg+" (did not end)")
	}
	s.list("Skipped", s.skipped)
	slices.SortFunc(s.slow, func(a, b slow) int { return cmp.Compare(b.seconds, a.seconds) })
	if len(s.slow) > 0 {
		fmt.Fprintln(s.out)
	}
	for _, t := range s.slow {
		fmt.Fprintf(s.out, "%6.0f s  %s\n", t.seconds, t.name)
	}
	s.list("Failed", s.failed)
	fmt.Fprintf(s.out, "\n%d packages passed, %d tests skipped, %d failures\n", s.passed, len(s.skipped), len(s.failed))
	if len(s.failed) > 0 || s.passed == 0 {
		return 1
	}
	return 0
}

func (s *summary) list(title string, names []string) {
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	fmt.Fprintf(s.out, "\n%s:\n", title)
	for _, name := range slices.Compact(names) {
		fmt.Fprintln(s.out, "  "+name)
	}
}
