package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"convoke/sync"
)

func newResolve(s *streams) *cobra.Command {
	var id, number string
	var retry bool
	c := &cobra.Command{
		Use:   "resolve UID (--retry | --adopt ID --number N)",
		Short: "Say what became of a meeting whose creation got no answer",
		Long: `When the platform does not answer a creation, nobody knows whether the meeting was made, and convoke does not ask twice:
"convoke status" shows the event under UNANSWERED. Look on the platform. When the meeting is not there: --retry, and the next
pass makes it. When it is: --adopt with its internal id and --number with the number that people see, and the next pass
brings it in line with the event and writes the details.`,
		Args: one("the UID of an event"),
		RunE: func(c *cobra.Command, arg []string) error {
			if err := onlyOne(retry, id, number); err != nil {
				return err
			}
			a, err := s.open(c.Context(), writing)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			done := "the next pass makes the meeting"
			if retry {
				err = a.engine.Retry(c.Context(), arg[0], s.only)
			} else {
				done = "the next pass brings the meeting in line with the event"
				err = a.engine.Adopt(c.Context(), arg[0], s.only, id, number)
			}
			switch {
			case errors.Is(err, sync.ErrNotHeld):
				return fmt.Errorf("%w; `convoke status` shows those there are", err)
			case errors.Is(err, sync.ErrSeveral):
				return usageError{fmt.Errorf("%w; add --organizer EMAIL", err)}
			case err != nil:
				return err
			}
			s.out.Printf("%s\n", done)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&retry, "retry", false, "the meeting is not there: make it")
	f.StringVar(&id, "adopt", "", "the meeting is there, with this internal id")
	f.StringVar(&number, "number", "", "its number, as people see it")
	f.StringVar(&s.only, "organizer", "", "whose meeting, when several organizers have the event")
	return c
}

// How the platform names a meeting. What is mistyped would be looked for there, not found, and replaced by another meeting.
var (
	platformID     = regexp.MustCompile(`^[0-9a-f]{24}$`)
	platformNumber = regexp.MustCompile(`^[0-9]{4}(-[0-9]{4}){3}$`)
)

func onlyOne(retry bool, id, number string) error {
	switch {
	case retry == (id != ""):
		return usageError{errors.New("say either --retry or --adopt ID; see: convoke resolve --help")}
	case (id != "") != (number != ""):
		return usageError{errors.New("--adopt ID and --number N go together")}
	case id != "" && !platformID.MatchString(id):
		return usageError{fmt.Errorf("%q is not an internal id of the platform: 24 hexadecimal digits, as in 5e945c36b863b82cefdddf54", id)}
	case id != "" && !platformNumber.MatchString(number):
		return usageError{fmt.Errorf("%q is not a meeting number of the platform: four times four digits, as in 9974-7653-8886-0485", number)}
	}
	return nil
}
