// Command testsummary reads what `go test -json` prints and shows what a person wants to see: the line of each package,
// the output of tests that failed, and at the end those that took long, and every test that was skipped, with its reason. It
// fails when a test failed, and also when there was nothing to read or the stream was cut: silence is no success. With -log it
// also shows what passing tests log: the figures of those that measure.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	log := flag.Bool("log", false, "show what passing tests log")
	flag.Parse()
	os.Exit(run(os.Stdin, os.Stdout, *log))
}

func run(in io.Reader, out io.Writer, log bool) int {
	s := newSummary(out)
	s.log = log
	if err := s.read(in); err != nil {
		fmt.Fprintln(out, "testsummary:", err)
		return 1
	}
	return s.finish()
}
