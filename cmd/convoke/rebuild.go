package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/store"
	"convoke/sync"
)

func newRebuild(s *streams) *cobra.Command {
	var empty bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make a ledger whole again that was lost, or is an old copy",
		Long: `List every calendar, take over the meetings that seals in events and the platform's feed prove, and say what is left in doubt:
events that ask for a meeting and may have had one. Nothing is given up, and no meeting is made that is not proved to be missing.
When nothing is in doubt, convoke goes on as usual. --empty says that there is nothing to look for: what is in doubt gets a
meeting of its own in the next pass. The daemon must be stopped.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, release, err := s.exclusively(c.Context())
			if err != nil {
				return err
			}
			defer release()
			if empty {
				return a.trust(c.Context(), s)
			}
			return a.rebuild(c.Context(), s)
		},
	}
	c.Flags().BoolVar(&empty, "empty", false, "there is nothing to take over")
	return c
}

func (a *app) rebuild(ctx context.Context, s *streams) error {
	var doubts []store.Decision
	report, err := a.show(ctx, s, false, func() (r sync.Report, err error) {
		r, doubts, err = a.engine.Rebuild(ctx)
		return r, err
	})
	if err != nil {
		return err
	}
	if err := s.finish(report, false); err != nil {
		s.err.Printf("what failed is looked at before the ledger counts as whole; mend it, then: convoke rebuild\n")
		return err
	}
	if len(doubts) == 0 {
		s.out.Printf("the ledger is whole\n")
		return nil
	}
	return a.doubted(ctx, s, doubts)
}

// doubted tells what is left in doubt, and what of it ends by itself.
func (a *app) doubted(ctx context.Context, s *streams, doubts []store.Decision) error {
	var rows [][]string
	for _, d := range doubts {
		_, err := a.ledger.Link(ctx, d.Organizer, d.UID)
		if errors.Is(err, store.ErrNotFound) {
			rows = append(rows, []string{d.Organizer, terminal.Plain(d.UID), terminal.Plain(d.Text)})
		} else if err != nil {
			return err
		}
	}
	if taken := len(doubts) - len(rows); taken > 0 {
		s.out.Printf("taken over, and brought in line when platform.settle has passed: %d\n", taken)
	}
	if len(rows) == 0 {
		s.out.Printf("nothing else is in doubt: start the daemon, which goes on by itself\n")
		return errSome
	}
	s.out.Printf("\n")
	s.out.Table([]string{"IN DOUBT", "UID", "WHY"}, rows)
	s.out.Printf("\nIn doubt: %d. Those with a time are decided by themselves then: start the daemon, or run convoke rebuild again. Of the others\nlook on the platform whether they have a meeting, and cancel it there; then: convoke rebuild --empty\n", len(rows))
	return errSome
}

// trust ends a recovery on the admin's word.
func (a *app) trust(ctx context.Context, s *streams) error {
	r, err := a.engine.Recovery(ctx)
	if err != nil {
		return err
	}
	if r.Since.IsZero() {
		s.out.Printf("the ledger is whole already\n")
		return nil
	}
	unlisted, err := a.engine.Unlisted(ctx)
	if err != nil {
		return err
	}
	for _, c := range unlisted {
		s.err.Printf("%s calendar %q of %s could not be listed since, so nobody has seen whether its events have a meeting that the ledger does not know\n",
			s.err.Warn("note:"), terminal.Plain(c.Name), c.Organizer)
	}
	if err := a.engine.Trust(ctx); err != nil {
		return err
	}
	s.out.Printf("nothing is waited for any more: the next pass takes over what seals prove, and makes the meetings that are missing\n")
	return nil
}

// tellRecovery tells, beside what a pass did, that the ledger is in doubt.
func (a *app) tellRecovery(ctx context.Context, s *streams) error {
	r, err := a.engine.Recovery(ctx)
	if text := a.recovering(r); text != "" {
		s.err.Printf("%s the ledger is %s\n", s.err.Warn("note:"), text)
	}
	return err
}

// A recoveryStatus says what holds since the ledger was lost or put back.
type recoveryStatus struct {
	Since time.Time `json:"since"`
	text  string    // for people
}

// recovering is that in a sentence; "" when all is well.
func (a *app) recovering(r sync.Recovery) string {
	if r.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf("new, or an old copy: since %s no meeting is made before %s, and then only where the platform's feed proves that there is none; none is given up for a day. To end it: convoke rebuild",
		when(r.Since), when(r.Since.Add(a.cfg.Platform.Settle)))
}
