package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/demo"
	"convoke/internal/terminal"
	"convoke/sync"
)

func newDemo(s *streams) *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show convoke at work, with a CalDAV server and a platform of its own",
		Long: `Start a CalDAV server and a simulated platform in memory, book events as an organizer would, make real passes and show what
changed. Then keep running, so that the calendar can be added to a calendar program; everything is on 127.0.0.1 and
gone when the demonstration ends.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := demo.New(time.Now(), "@every 3s")
			if err != nil {
				return err
			}
			defer w.Close()
			s.config, s.silent = w.Config, !s.verbose
			p := &play{streams: s, world: w}
			if err := p.show(c.Context()); err != nil || once {
				return err
			}
			return p.stay(c.Context())
		},
	}
	c.Flags().BoolVar(&once, "once", false, "end after the passes")
	return c
}

// A play is a run of the demonstration.
type play struct {
	*streams
	world *demo.World
	app   *app
}

var (
	budget  = demo.Event{Name: "budget", Title: "Budget 2027 @meet", Hour: 10, Minutes: 60}
	review  = demo.Event{Name: "review", Title: "Design review", Hour: 14, Minutes: 45, Location: "Room 5 @meet", Note: "Bring the drawings."}
	dentist = demo.Event{Name: "dentist", Title: "Dentist", Hour: 8, Minutes: 30}
	invited = demo.Event{Name: "invited", Title: "Bob's planning @meet", Hour: 16, Minutes: 30, Invited: "bob@example.com"}
)

// show books, and makes a pass after each change.
func (p *play) show(ctx context.Context) (err error) {
	if p.app, err = p.open(ctx, writing); err != nil {
		return err
	}
	release, err := p.app.ledger.Lock()
	if err != nil {
		return err
	}
	defer release()
	p.app.engine.Log = p.quietly()
	p.app.engine.Step = func(step sync.Step) { printStep(p.out, p.app.titled(ctx, step)) }
	w := p.world
	acts := []struct {
		title string
		do    []func() error
	}{
		{"Alice books two meetings, writes down the dentist, and is invited by Bob", []func() error{
			func() error { return w.Book(budget) }, func() error { return w.Book(review) },
			func() error { return w.Book(dentist) }, func() error { return w.Book(invited) },
		}},
		{"Alice moves the budget meeting to 15:00 in Brussels and gives it another title", []func() error{func() error {
			moved := budget
			moved.Hour, moved.Title = 15, "Budget 2027, second round @meet"
			return w.Change(moved)
		}}},
		{"Alice deletes the design review", []func() error{func() error { return w.Delete(review.Name) }}},
		{"Nothing happens", nil},
	}
	for i, act := range acts {
		p.out.Printf("%s\n", p.out.Bold(fmt.Sprintf("%d. %s", i+1, act.title)))
		for _, do := range act.do {
			if err := do(); err != nil {
				return err
			}
		}
		if err := p.pass(ctx); err != nil {
			return err
		}
		if err := p.out.Err(); err != nil {
			return fmt.Errorf("nobody reads: %w", err)
		}
	}
	p.platform()
	return nil
}

// pass makes one pass and tells how many questions it asked.
func (p *play) pass(ctx context.Context) error {
	p.world.CalDAV.ResetLog()
	calls := len(p.world.Platform.Calls())
	report, err := p.app.engine.Pass(ctx, "")
	if err != nil {
		return err
	}
	for _, problem := range report.Errors {
		p.out.Printf("  %s %s\n", p.out.Bad("failed:"), problem)
	}
	asked := len(p.world.CalDAV.Requests())
	p.out.Printf("  %s\n\n", p.out.Dim(fmt.Sprintf("pass: %s; requests to the calendar server: %d, to the platform: %d", summary(report), asked, len(p.world.Platform.Calls())-calls)))
	return nil
}

// platform shows what the platform holds at the end.
func (p *play) platform() {
	var rows [][]string
	for _, m := range p.world.Platform.Meetings() {
		rows = append(rows, []string{m.Number, m.Topic, m.Start.UTC().Format("2006-01-02 15:04"), m.End.UTC().Format("15:04 UTC")})
	}
	p.out.Printf("%s\n", p.out.Bold("What the platform holds now"))
	p.out.Table([]string{"MEETING", "TOPIC", "FROM", "TO"}, rows)
	p.out.Printf("mails that it would have sent: %d\n", len(p.world.Platform.Mails()))
}

// stay runs the daemon over the same world, so that a person can try.
func (p *play) stay(ctx context.Context) error {
	p.app.ledger.Close()
	p.out.Printf("\n%s\n", p.out.Bold("Try it yourself: add this calendar to Thunderbird or any other CalDAV program"))
	p.out.Printf("  URL       %s\n  user      %s\n  password  %s\n", p.world.CalendarURL(), demo.Username, demo.Password)
	p.out.Printf("Type @meet into an event's title or location; the link is there within three seconds (in Thunderbird: synchronize).\nCtrl-C ends the demonstration.\n\n")
	a, err := p.open(ctx, patient)
	if err != nil {
		return err
	}
	defer a.ledger.Close()
	release, err := a.ledger.Lock()
	if err != nil {
		return err
	}
	defer release()
	a.engine.Log = p.quietly()
	a.engine.Step = func(step sync.Step) { printStep(p.out, a.titled(ctx, step)) }
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sync.Run(ctx, a.cfg.Schedule, a.engine.Log, func(ctx context.Context) {
		report, err := a.engine.Pass(ctx, "")
		switch {
		case ctx.Err() != nil:
		case err != nil:
			p.err.Printf("%s %v\n", p.err.Bad("pass stopped:"), err)
		default:
			for _, problem := range report.Errors {
				p.err.Printf("%s %s\n", p.err.Bad("failed:"), terminal.Plain(problem.String()))
			}
		}
		if p.out.Err() != nil {
			stop()
		}
	})
	return nil
}
