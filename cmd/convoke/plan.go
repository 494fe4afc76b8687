package main

import (
	"context"

	"github.com/spf13/cobra"

	"convoke/internal/preview"
	"convoke/sync"
)

func newPlan(s *streams) *cobra.Command {
	var only string
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what sync would do now, and change nothing",
		Long: `Make the same pass as sync over a copy of the ledger, with a platform and calendars that only note what they are told, and
print the actions and the lines that would change. {meetingId}, {seal} and {now} stand for what is not known yet.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), copying)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			if err := a.knows(only); err != nil {
				return err
			}
			steps := []sync.Step{}
			report, err := a.plan(c.Context(), s, only, func(step sync.Step) { steps = append(steps, step) })
			if err != nil {
				return err
			}
			if asJSON {
				return s.planned(steps, report)
			}
			for _, step := range steps {
				printStep(s.out, step)
			}
			return s.finish(report, false)
		},
	}
	c.Flags().StringVar(&only, "organizer", "", "only this organizer's calendars")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

// plan makes a pass that only shows.
func (a *app) plan(ctx context.Context, s *streams, only string, step func(sync.Step)) (sync.Report, error) {
	preview.Of(a.engine)
	a.engine.Log, a.engine.Step = s.quietly(), step
	line := a.progress(s)
	defer line.Done()
	return a.engine.Pass(ctx, only)
}

// planned prints the plan as one document.
func (s *streams) planned(steps []sync.Step, r sync.Report) error {
	for i := range steps {
		steps[i].Call = readable(steps[i].Call)
		for j := range steps[i].Lines {
			steps[i].Lines[j].Text = readable(steps[i].Lines[j].Text)
		}
	}
	if r.Errors == nil {
		r.Errors = []sync.Problem{}
	}
	if err := s.out.JSON(struct {
		Steps []sync.Step `json:"steps"`
		sync.Report
	}{steps, r}); err != nil {
		return err
	}
	if r.Failed > 0 {
		return errSome
	}
	return nil
}
