package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/store"
	"convoke/sync"
)

func newSync(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "sync",
		Short: "Make one pass over everything, then exit",
		Long: `Look once at all calendars, make, change and cancel meetings, and write the details into the events. It waits for nothing
but the undo window of deletions (cancel.undo): those of an earlier pass whose time has come take effect.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, release, err := s.exclusively(c.Context())
			if err != nil {
				return err
			}
			defer release()
			report, err := a.show(c.Context(), s, asJSON, func() (sync.Report, error) { return a.engine.Pass(c.Context(), s.only) })
			if err != nil {
				return err
			}
			if err := a.tellRecovery(c.Context(), s); err != nil {
				return err
			}
			return s.finish(report, asJSON)
		},
	}
	c.Flags().StringVar(&s.only, "organizer", "", "only this organizer's calendars")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

// show makes a pass, or what is like one, shows its steps as they come unless a document follows, and leaves a sign of life.
func (a *app) show(ctx context.Context, s *streams, asJSON bool, pass func() (sync.Report, error)) (sync.Report, error) {
	if !asJSON {
		a.engine.Step = func(step sync.Step) { printStep(s.out, a.titled(ctx, step)) }
	}
	line := a.progress(s)
	report, err := pass()
	line.Done()
	if err != nil {
		if ctx.Err() == nil {
			a.stopped(err)
		}
		return report, fmt.Errorf("pass stopped (ledger %s): %w", a.cfg.Database, err)
	}
	a.beat(report)
	return report, nil
}

// exclusively opens everything for work that only one program may do at a time, until the function it returns is called.
func (s *streams) exclusively(ctx context.Context) (*app, func(), error) {
	a, err := s.open(ctx, writing)
	if err != nil {
		return nil, nil, err
	}
	ignore := passOverHangup()
	release, err := a.ledger.Lock()
	if err != nil {
		ignore()
		if errors.Is(err, store.ErrLocked) {
			err = fmt.Errorf("%w; stop it first: systemctl stop convoke", err)
		}
		return nil, nil, errors.Join(err, a.ledger.Close())
	}
	a.engine.Log = s.quietly()
	return a, func() {
		release()
		ignore()
		a.ledger.Close()
	}, nil
}

// passOverHangup keeps SIGHUP from ending the program, until the function it returns is called: `convoke reload` sends it to
// whoever holds the ledger, which may be a sync that has begun before the daemon.
func passOverHangup() (stop func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	return func() { signal.Stop(hup) }
}

// finish prints the report of a pass and turns failures into the exit code.
func (s *streams) finish(r sync.Report, asJSON bool) error {
	if asJSON {
		if r.Errors == nil {
			r.Errors = []sync.Problem{}
		}
		if err := s.out.JSON(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Errors {
			s.err.Printf("%s %s\n", s.err.Bad("failed:"), readable(p.String()))
		}
		s.out.Printf("%s\n", summary(r))
	}
	if r.Failed > 0 {
		return errSome
	}
	return nil
}

// A counted outcome says how many events came to what.
type counted struct {
	n    int
	what string
}

func outcomes(r sync.Report) []counted {
	return []counted{
		{r.Created, "created"}, {r.Updated, "updated"}, {r.Rolled, "rolled"}, {r.Cancelled, "cancelled"}, {r.Written, "written"},
		{r.Unchanged, "unchanged"}, {r.Skipped, "skipped"}, {r.Held, "held"}, {r.Failed, "failed"},
	}
}

// summary is a report in one line.
func summary(r sync.Report) string {
	var parts []string
	for _, p := range outcomes(r) {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// titled gives a step about an event that is gone the title that its meeting has, or had.
func (a *app) titled(ctx context.Context, step sync.Step) sync.Step {
	if step.Title != "" {
		return step
	}
	if l, err := a.ledger.Link(ctx, step.Organizer, step.UID); err == nil {
		if m, err := a.ledger.Meeting(ctx, l.Meeting); err == nil {
			step.Title = m.Topic
		}
	}
	return step
}

// printStep prints a step with the call and the lines that it changed.
func printStep(o *terminal.Out, step sync.Step) {
	title := readable(step.Title)
	if title == "" {
		title = "(gone)"
	}
	o.Printf("%s  %s  %s\n", o.Bold(string(step.Rule)), title, o.Dim(fmt.Sprintf("%s, %s, UID %s", step.Organizer, terminal.Plain(step.Calendar), terminal.Plain(step.UID))))
	o.Printf("    %s\n", step.Text)
	if step.Call != "" {
		o.Printf("    %s %s\n", o.Warn("→"), readable(step.Call))
	}
	for _, l := range step.Lines {
		text := readable(l.Text)
		if l.Removed {
			o.Printf("    %s\n", o.Bad("- "+text))
		} else {
			o.Printf("    %s\n", o.Good("+ "+text))
		}
	}
}

// longest is how many bytes of a text are shown; a description may have a million. --json has all of it.
const longest = 4000

// readable is a text with its placeholders, cut when it is too long to be read.
func readable(s string) string { return short(unescaped(s)) }

// unescaped undoes what a URL made of the placeholders of a preview.
func unescaped(s string) string {
	return terminal.Plain(strings.NewReplacer("%7B", "{", "%7D", "}").Replace(s))
}

func short(s string) string {
	cut := len(s) - longest
	if cut <= 0 {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes more)", strings.ToValidUTF8(s[:longest], ""), cut)
}
