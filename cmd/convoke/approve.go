package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"convoke/store"
	"convoke/sync"
)

func newApprove(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "approve BATCH",
		Short: "Let the meetings be given up whose events disappeared all at once",
		Long: `When a calendar loses many events at once, none of their meetings is given up: it may have been emptied by accident, or restored
from an old backup. "convoke status" shows them as a batch. Approve the batch when the events are gone for good; the next
pass looks once more whether they are, and gives the meetings up. Otherwise bring the events back: nothing else is needed.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, arg []string) error {
			batch, err := strconv.ParseInt(arg[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is not the number of a batch; `convoke status` shows them", arg[0])}
			}
			a, err := s.open(c.Context(), writing)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			n, err := a.approve(c.Context(), batch)
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("nothing is held in batch %d; `convoke status` shows what is", batch)
			}
			s.out.Printf("approved: %d meetings are given up at the next pass, unless their events are back by then\n", n)
			return nil
		},
	}
}

// isHeld reports whether the meeting of a link stays until a person approves.
func isHeld(l store.Link) bool { return l.State == store.Ending && l.Reason == string(sync.Hold) }

// approve makes the held links of a batch come due. A batch is a calendar.
func (a *app) approve(ctx context.Context, batch int64) (int, error) {
	links, err := a.ledger.Links(ctx, "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, l := range links {
		if l.Calendar != batch || !isHeld(l) {
			continue
		}
		l.DueAt, l.Reason = time.Now().UTC().Truncate(time.Second), string(sync.Approved)
		if _, err := a.ledger.SaveLink(ctx, l); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
