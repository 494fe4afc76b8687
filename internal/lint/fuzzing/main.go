// Command fuzzing runs every fuzz target of the module for a time, some of them side by side, and prints a line for each. It
// finds the targets by itself, so that a new one is never left out. It fails when a target fails, and when there was none to
// run: silence is no success.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"time"
)

type options struct {
	time time.Duration  // that each target runs for
	jobs int            // targets side by side, each on one processor
	only *regexp.Regexp // names of targets
	dir  string         // the root of the module
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func command(ctx context.Context, args []string, out, errs io.Writer) int {
	o := options{dir: "."}
	flags := flag.NewFlagSet("fuzzing", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.DurationVar(&o.time, "time", 15*time.Second, "how long each target runs")
	flags.IntVar(&o.jobs, "jobs", 2, "how many targets run side by side")
	flags.StringVar(&o.dir, "dir", ".", "the root of the module")
	only := flags.String("run", "", "run the targets whose names match this regular expression")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil || o.time <= 0 || o.jobs <= 0 || flags.NArg() > 0 {
		fmt.Fprintln(errs, "usage: fuzzing [-time 15s] [-jobs 2] [-run REGEXP] [-dir .]")
		return 2
	}
	if err := o.run(ctx, out); err != nil {
		fmt.Fprintln(errs, "fuzzing:", err)
		return 1
	}
	return 0
}
