// Command testsummary reads what `go test -json` prints and shows what a person wants to see: the line of each package,
// the output of tests that failed, and at the end every test that was skipped, with its reason. It fails when a test
// failed, and also when there was nothing to read or the stream was cut: silence is no success.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Stdin, os.Stdout))
}

func run(in io.Reader, out io.Writer) int {
	s := newSummary(out)
	if err := s.read(in); err != nil {
		fmt.Fprintln(out, "testsummary:", err)
		return 1
	}
	return s.finish()
}
