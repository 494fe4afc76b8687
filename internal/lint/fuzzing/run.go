package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	stdsync "sync"
	"time"
)

// A result is what one target came to.
type result struct {
	target
	err    error
	output string
	took   time.Duration

	executions int
	new        int    // inputs that reached code which none did before
	finding    string // the file with the input that failed, relative to the root of the module
}

// run runs all targets and prints each as it ends. What it learns of inputs stays in the cache of the go command, so that the
// next run goes on from there.
func (o options) run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "fuzzing-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	all, err := o.targets(ctx, dir)
	if err != nil {
		return err
	}
	cache, err := o.goCommand(ctx, "env", "GOCACHE")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d targets, built in %s, %s each, %d at a time\n", len(all), time.Since(begin).Round(time.Second), o.time, o.jobs)
	failed, executions := 0, 0
	for r := range o.results(ctx, all, filepath.Join(strings.TrimSpace(string(cache)), "fuzz")) {
		r.print(out)
		executions += r.executions
		if r.err != nil {
			failed++
		}
	}
	fmt.Fprintf(out, "%d targets, %d executions, %d failed, %s in all\n", len(all), executions, failed, time.Since(begin).Round(time.Second))
	if failed > 0 {
		return fmt.Errorf("%d of %d targets failed", failed, len(all))
	}
	return nil
}

func (o options) results(ctx context.Context, all []target, cache string) <-chan result {
	queue, results := make(chan target, len(all)), make(chan result)
	for _, t := range all {
		queue <- t
	}
	close(queue)
	var workers stdsync.WaitGroup
	for range o.jobs {
		workers.Go(func() {
			for t := range queue {
				results <- o.fuzz(ctx, t, cache)
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	return results
}

// shortening is how long the search may spend on making one input smaller; the go command's own limit is a minute.
const shortening = "5s"

func (o options) fuzz(ctx context.Context, t target, cache string) result {
	only := "^" + t.name + "$"
	cmd := exec.CommandContext(ctx, t.pkg.binary, "-test.run="+only, "-test.fuzz="+only, "-test.fuzztime="+o.time.String(),
		"-test.fuzzminimizetime="+shortening, "-test.parallel=1", "-test.timeout=0",
		"-test.fuzzcachedir="+filepath.Join(cache, filepath.FromSlash(t.pkg.ImportPath)))
	cmd.Dir = t.pkg.Dir
	begin := time.Now()
	output, err := cmd.CombinedOutput()
	r := result{target: t, err: err, output: string(output), took: time.Since(begin)}
	o.read(&r)
	return r
}

var (
	progress = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)
	written  = regexp.MustCompile(`(?m)Failing input written to (\S+)`)
	// atTheEnd is what a search prints whose own deadline met it between two inputs: up to Go 1.26 the go command takes the end
	// of -fuzztime for a failure now and then (go.dev/issue/75804). A failure of the target would name a line, and an input.
	atTheEnd = regexp.MustCompile(`\A(?:(?:fuzz|warning): .*\n)+--- FAIL: \S+ \([0-9.]+s\)\n    context deadline exceeded\nFAIL\n\z`)
)

// read takes the figures out of what the target printed.
func (o options) read(r *result) {
	if lines := progress.FindAllStringSubmatch(r.output, -1); len(lines) > 0 {
		last := lines[len(lines)-1]
		r.executions, _ = strconv.Atoi(last[1]) // digits
		r.new, _ = strconv.Atoi(last[2])
	} else if r.err == nil {
		r.err = fmt.Errorf("it did not say how often it ran")
	}
	if r.err != nil && r.took >= o.time && r.executions > 0 && atTheEnd.MatchString(r.output) {
		r.err = nil
	}
	if file := written.FindStringSubmatch(r.output); file != nil {
		r.finding = filepath.Join(r.pkg.Dir, file[1])
		if root, err := filepath.Abs(o.dir); err == nil {
			if short, err := filepath.Rel(root, r.finding); err == nil {
				r.finding = short
			}
		}
	}
}

func (r result) print(out io.Writer) {
	verdict := "ok  "
	if r.err != nil {
		verdict = "FAIL"
	}
	fmt.Fprintf(out, "%s  %-28s %-28s %10d executions  %4d new  %3.0f s\n", verdict, r.pkg.ImportPath, r.name, r.executions, r.new, r.took.Seconds())
	if r.err == nil {
		return
	}
	fmt.Fprintf(out, "%s%v\n", r.output, r.err)
	if r.finding != "" {
		fmt.Fprintf(out, "The input is in %s. Mend what it shows, and commit the file along: every `go test` runs it from then on.\n", r.finding)
	}
}
