package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/sync"
)

// platformBatch is what is approved when the platform does not find many meetings.
const platformBatch = "platform"

func newApprove(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "approve [BATCH|platform]",
		Short: "Release what is held: meetings whose events, or that themselves, disappeared all at once",
		Long: `Without an argument, list what is held: batch by batch, with title, time and UID of each meeting.

When a calendar loses many events at once, none of their meetings is given up: it may have been emptied by accident, or restored
from an old backup. They are a batch. Approve it when the events are gone for good; the next pass looks once more whether they
are, and gives the meetings up. Otherwise bring the events back: nothing else is needed.

When the platform does not find many meetings at once, none is replaced: it may be the wrong API key or user ID. Approve "platform"
when the meetings are gone for good; the next pass looks for each once more, and makes others, with other links, for events to
come.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, arg []string) error {
			if len(arg) == 0 {
				return s.listHeld(c.Context())
			}
			batch, err := strconv.ParseInt(arg[0], 10, 64)
			if err != nil && arg[0] != platformBatch {
				return usageError{fmt.Errorf("%q is not the number of a batch; `convoke approve` lists them", arg[0])}
			}
			a, err := s.open(c.Context(), writing)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			now := time.Now().UTC().Truncate(time.Second)
			if arg[0] == platformBatch {
				n, err := sync.ApproveMissing(c.Context(), a.ledger, now)
				if err == nil && n == 0 {
					err = errors.New("no meetings are held that the platform does not find; `convoke approve` lists what is")
				}
				if err == nil {
					s.out.Printf("approved: %s, to be looked for once more at the next pass, and replaced where the platform does not find them\n", terminal.Count(n, "meeting"))
				}
				return err
			}
			n, err := sync.Approve(c.Context(), a.ledger, batch, now)
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("nothing is held in batch %d; `convoke approve` lists what is", batch)
			}
			s.out.Printf("approved: %s, to be given up at the next pass, unless the events are back by then\n", terminal.Count(n, "meeting"))
			return nil
		},
	}
}

// listHeld shows what there is to approve.
func (s *streams) listHeld(ctx context.Context) error {
	a, err := s.open(ctx, reading)
	if err != nil {
		return err
	}
	defer a.ledger.Close()
	st, err := a.status(ctx)
	if err != nil {
		return err
	}
	if len(st.Held) == 0 && !st.Missing.Many {
		s.out.Printf("nothing is held\n")
		return nil
	}
	st.printHeld(s.out)
	return nil
}
