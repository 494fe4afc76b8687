package main

import (
	"context"

	"github.com/spf13/cobra"

	"convoke/internal/preview"
	"convoke/sync"
)

func newPlan(s *streams) *cobra.Command {
	var asJSON, existing bool
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
			if err := a.needsKey(); err != nil {
				return err
			}
			if existing {
				preview.Existing(a.engine)
			}
			steps := []sync.Step{}
			report, err := a.plan(c.Context(), s, func(step sync.Step) { steps = append(steps, a.titled(c.Context(), step)) })
			if err != nil {
				return err
			}
			if err := a.tellRecovery(c.Context(), s); err != nil {
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
	c.Flags().StringVar(&s.only, "organizer", "", "only this organizer's calendars")
	c.Flags().BoolVar(&existing, "existing", false, "as if select.existing were true and every calendar were looked at for the first time")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

// plan makes a pass that only shows.
func (a *app) plan(ctx context.Context, s *streams, step func(sync.Step)) (sync.Report, error) {
	preview.Of(a.engine)
	a.engine.Log, a.engine.Step = s.quietly(), step
	line := a.progress(s)
	defer line.Done()
	return a.engine.Pass(ctx, s.only)
}

// A plannedStep is a step as the document has it.
type plannedStep struct {
	sync.Step
	Lines []plannedLine `json:"lines,omitempty"`
}

type plannedLine struct {
	Removed bool   `json:"removed"`
	Text    string `json:"text"`
}

func plannedStepOf(step sync.Step) plannedStep {
	p := plannedStep{Step: step}
	p.Call = unescaped(step.Call)
	for _, l := range step.Lines {
		p.Lines = append(p.Lines, plannedLine{l.Removed, unescaped(l.Text)})
	}
	return p
}

// planned prints the plan as one document.
func (s *streams) planned(steps []sync.Step, r sync.Report) error {
	document := struct {
		Steps []plannedStep `json:"steps"`
		sync.Report
	}{[]plannedStep{}, r}
	for _, step := range steps {
		document.Steps = append(document.Steps, plannedStepOf(step))
	}
	if r.Errors == nil {
		document.Errors = []sync.Problem{}
	}
	if err := s.out.JSON(document); err != nil {
		return err
	}
	if r.Failed > 0 {
		return errSome
	}
	return nil
}
