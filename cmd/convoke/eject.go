package main

import (
	"github.com/spf13/cobra"

	"convoke/sync"
)

func newEject(s *streams) *cobra.Command {
	var plain bool
	c := &cobra.Command{
		Use:   "eject",
		Short: "Take convoke's text out of the events, or leave it there as plain text",
		Long: `Take the join link, the block and the seal out of every event that has them. With --plain the text stays for people to read and
only the seal goes. The meetings on the platform stay as they are. Stop the daemon first; an event that still carries the
marker gets its meeting back when it is edited while convoke runs.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, release, err := s.exclusively(c.Context())
			if err != nil {
				return err
			}
			defer release()
			a.engine.Step = func(step sync.Step) { printStep(s.out, a.titled(c.Context(), step)) }
			report, err := a.engine.Eject(c.Context(), s.only, plain)
			if err != nil {
				return err
			}
			return s.finish(report, false)
		},
	}
	c.Flags().StringVar(&s.only, "organizer", "", "only this organizer's events")
	c.Flags().BoolVar(&plain, "plain", false, "leave the text, and take out the seal alone")
	return c
}
