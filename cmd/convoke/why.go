package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/store"
	"convoke/sync"
)

func newWhy(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "why UID",
		Short: "Tell why an event was or was not treated",
		Long: `Read the event with that UID as it is now, and tell the rule that applies to it (doc/decisions.md), what its seal proves, and
what was decided about it before. Nothing is changed.`,
		Args: one("the UID of an event"),
		RunE: func(c *cobra.Command, arg []string) error {
			a, err := s.open(c.Context(), reading)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			a.engine.Log = s.quietly()
			return s.why(c.Context(), a, arg[0], asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

type reasons struct {
	UID        string             `json:"uid"`
	Now        []sync.Explanation `json:"now"`
	Unanswered []callStatus       `json:"unanswered"`
	Decisions  []decided          `json:"decisions"`
}

type decided struct {
	At        time.Time `json:"at"`
	Organizer string    `json:"organizer"`
	Rule      string    `json:"rule"`
	Text      string    `json:"text"`
}

func (s *streams) why(ctx context.Context, a *app, uid string, asJSON bool) error {
	now, err := a.engine.Explain(ctx, uid)
	if err != nil {
		return err
	}
	before, err := a.ledger.Decisions(ctx, uid)
	if err != nil {
		return err
	}
	calls, err := a.unanswered(ctx, uid)
	if err != nil {
		return err
	}
	if len(now) == 0 && len(before) == 0 {
		return fmt.Errorf("no event with UID %q was seen in any calendar; the UID stands in the event's source, and a new event is seen at the next pass", uid)
	}
	if asJSON {
		r := reasons{UID: uid, Now: now, Unanswered: calls, Decisions: []decided{}}
		for _, d := range before {
			r.Decisions = append(r.Decisions, decided{At: d.At.UTC(), Organizer: d.Organizer, Rule: d.Rule, Text: d.Text})
		}
		return s.out.JSON(r)
	}
	for _, x := range now {
		printExplanation(s.out, x)
	}
	for _, c := range calls {
		s.out.Printf("  sent     %s %s, at %s, and not answered\n", c.Call, c.meeting(), when(c.SentAt))
		if c.WayOut != "" {
			s.out.Printf("  way out  %s\n", s.out.Warn(terminal.Plain(c.WayOut)))
		}
	}
	printDecisions(s.out, before)
	return nil
}

func printExplanation(o *terminal.Out, x sync.Explanation) {
	o.Printf("%s\n", o.Bold(fmt.Sprintf("%s, calendar %q, %s", x.Organizer, terminal.Plain(x.Calendar), terminal.Plain(x.Href))))
	if x.Problem != "" {
		o.Printf("  %s\n", o.Bad(terminal.Plain(x.Problem)))
		return
	}
	o.Printf("  now      %s: %s\n", o.Bold(string(x.Rule)), terminal.Plain(x.Text))
	o.Printf("  seal     %s\n", x.Seal)
	if x.Meeting != "" {
		o.Printf("  meeting  %s (link %s)\n", x.Meeting, x.Link)
	}
	if x.LastError != "" {
		o.Printf("  last try %s\n", o.Bad(terminal.Plain(x.LastError)))
	}
}

func printDecisions(o *terminal.Out, before []store.Decision) {
	var rows [][]string
	for _, d := range before {
		rows = append(rows, []string{when(d.At), d.Organizer, d.Rule, terminal.Plain(d.Text)})
	}
	section(o, []string{"DECIDED", "ORGANIZER", "RULE", "BECAUSE"}, rows)
}
