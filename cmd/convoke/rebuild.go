package main

import (
	"context"
	"encoding/json"
	"fmt"

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
When nothing is in doubt, convoke goes on as usual. --empty says that there is nothing to take over: what is in doubt gets a
meeting of its own in the next pass. The daemon must be stopped.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, release, err := s.exclusively(c.Context())
			if err != nil {
				return err
			}
			defer release()
			if empty {
				if err := a.engine.Trust(c.Context()); err != nil {
					return err
				}
				s.out.Printf("the ledger counts as whole: the next pass makes what is missing\n")
				return nil
			}
			return a.rebuild(c.Context(), s)
		},
	}
	c.Flags().BoolVar(&empty, "empty", false, "there is nothing to take over")
	return c
}

func (a *app) rebuild(ctx context.Context, s *streams) error {
	a.engine.Step = func(step sync.Step) { printStep(s.out, step) }
	line := a.progress(s)
	report, doubts, err := a.engine.Rebuild(ctx)
	line.Done()
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
	s.out.Printf("\n")
	s.out.Table([]string{"IN DOUBT", "UID", "WHY"}, doubted(doubts))
	s.out.Printf("\n%d in doubt. Those with a time are decided then; of the others look on the platform whether they have a meeting. When none\nhas: convoke rebuild --empty\n", len(doubts))
	return errSome
}

func doubted(doubts []store.Decision) (rows [][]string) {
	for _, d := range doubts {
		rows = append(rows, []string{d.Organizer, terminal.Plain(d.UID), terminal.Plain(d.Text)})
	}
	return rows
}

// A recoveryStatus says what holds since the ledger was lost or put back.
type recoveryStatus struct{ sync.Recovery }

func (r recoveryStatus) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"since": r.Since.UTC()})
}

// recovering is that in a sentence; "" when all is well.
func (a *app) recovering(r sync.Recovery) string {
	if r.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf("new, or an old copy: since %s no meeting is made before %s, and then only where the platform's feed proves that there is none; none is given up for a day. To end it: convoke rebuild",
		when(r.Since), when(r.Since.Add(a.cfg.Platform.Settle)))
}
