package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"convoke/sync"
)

// platformBatch is what is approved when the platform does not find many meetings.
const platformBatch = "platform"

func newApprove(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "approve BATCH|platform",
		Short: "Release what is held: meetings whose events, or that themselves, disappeared all at once",
		Long: `When a calendar loses many events at once, none of their meetings is given up: it may have been emptied by accident, or restored
from an old backup. "convoke status" shows them as a batch. Approve the batch when the events are gone for good; the next
pass looks once more whether they are, and gives the meetings up. Otherwise bring the events back: nothing else is needed.

When the platform does not find many meetings at once, none is replaced: it may be the wrong API key or user ID. "convoke status"
says how many they are. Approve "platform" when the meetings are gone for good; the next pass looks for each once more, and makes
others, with other links, for events to come.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, arg []string) error {
			batch, err := strconv.ParseInt(arg[0], 10, 64)
			if err != nil && arg[0] != platformBatch {
				return usageError{fmt.Errorf("%q is not the number of a batch; `convoke status` shows them", arg[0])}
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
					err = errors.New("no meetings are held that the platform does not find; `convoke status` shows what is")
				}
				if err == nil {
					s.out.Printf("approved: %d meetings are looked for once more at the next pass, and replaced where they are not found\n", n)
				}
				return err
			}
			n, err := sync.Approve(c.Context(), a.ledger, batch, now)
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
