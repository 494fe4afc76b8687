package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/meetingapi"
	"convoke/store"
)

func newOrganizer(s *streams) *cobra.Command {
	c := &cobra.Command{Use: "organizer", Short: "Enrol organizers on the platform, and list them"}
	c.AddCommand(newOrganizerAdd(s), newOrganizerList(s), newOrganizerRevoke(s))
	c.RunE = func(c *cobra.Command, arg []string) error {
		if len(arg) > 0 {
			return unknownCommand(c, arg[0])
		}
		return usageError{fmt.Errorf("which one? see: %s --help", c.CommandPath())}
	}
	return c
}

func newOrganizerAdd(s *streams) *cobra.Command {
	var r meetingapi.AccountRequest
	var account, paidUntil string
	c := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Make an account with its first organizer on the platform, or attach one that exists",
		Long: `Make an account on the platform with EMAIL as its admin, and keep her user ID, time zone, language and feed in the ledger. No
password mail is sent unless --send-password is given. With --account ID nothing is made: the organizer is read from
that account. Her calendars are configured separately, in an [[organizer]] section.`,
		Args: one("the e-mail address of an organizer"),
		RunE: func(c *cobra.Command, arg []string) error {
			address, err := mail.ParseAddress(arg[0])
			if err != nil || address.Address != arg[0] {
				return usageError{fmt.Errorf("%q is not an e-mail address", arg[0])}
			}
			r.Email = strings.ToLower(arg[0])
			if account == "" {
				if err := complete(&r, paidUntil); err != nil {
					return err
				}
			}
			a, err := s.open(c.Context(), writing)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			return s.enrol(c.Context(), a, r, account)
		},
	}
	f := c.Flags()
	f.StringVar(&r.FirstName, "first", "", "first name")
	f.StringVar(&r.LastName, "last", "", "last name")
	f.StringVar(&r.Language, "language", "en", "language on the platform")
	f.StringVar(&r.Type, "account-type", "", `account type, "trial" for instance`)
	f.StringVar(&paidUntil, "paid-until", "", "date (2027-12-31); default in a year. The platform shortens trials")
	f.BoolVar(&r.SendPassword, "send-password", false, "have the platform mail a password")
	f.StringVar(&account, "account", "", "attach to this account, which exists, instead of making one")
	return c
}

// complete checks what an account is made of.
func complete(r *meetingapi.AccountRequest, paidUntil string) error {
	var missing []string
	for flag, value := range map[string]string{"--first": r.FirstName, "--last": r.LastName, "--account-type": r.Type} {
		if value == "" {
			missing = append(missing, flag)
		}
	}
	if len(missing) > 0 {
		return usageError{fmt.Errorf("missing: %s (or --account ID for an account that exists)", strings.Join(missing, ", "))}
	}
	r.PaidUntil = time.Now().UTC().AddDate(1, 0, 0).Truncate(24 * time.Hour)
	if paidUntil == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, paidUntil)
	if err != nil {
		return usageError{fmt.Errorf("--paid-until %q is not a date like 2027-12-31", paidUntil)}
	}
	r.PaidUntil = day
	return nil
}

func (s *streams) enrol(ctx context.Context, a *app, r meetingapi.AccountRequest, account string) error {
	var row store.Organizer
	var err error
	if account != "" {
		row, err = a.people.Attach(ctx, r.Email, account)
	} else {
		if err = a.engine.Notice(ctx); err == nil { // a ledger that was put back, before it counts one more call
			row, err = a.people.Add(ctx, r)
		}
	}
	if err != nil {
		return err
	}
	s.out.Printf("%s is user %s of account %s, time zone %s, language %s\n", row.Email, row.UserID, row.AccountID, dash(row.TimeZone), dash(row.Language))
	if !configured(a.cfg, row.Email) {
		s.out.Printf("next: add an [[organizer]] section with this address and a calendar to %s\n", a.cfg.File)
	}
	return nil
}

func newOrganizerList(s *streams) *cobra.Command {
	var asJSON, urls bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the organizers that the configuration or the ledger knows",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			m := copying
			if urls {
				m = writing // the addresses come from the key, which must be there to stay
			}
			a, err := s.open(c.Context(), m)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			list, err := a.listOrganizers(c.Context(), urls)
			if err != nil {
				return err
			}
			if asJSON {
				return s.out.JSON(list)
			}
			printOrganizers(s.out, list)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.Flags().BoolVar(&urls, "urls", false, "also the addresses of the feeds that convoke publishes: whoever has one can read the events")
	return c
}

func newOrganizerRevoke(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke EMAIL",
		Short: "Give the feed that convoke publishes for an organizer another address",
		Long:  "Give the organizer's feed another address; the old one stops working at once. `convoke organizer list --urls` shows the new one.",
		Args:  one("the e-mail address of an organizer"),
		RunE: func(c *cobra.Command, arg []string) error {
			s.only = arg[0]
			a, err := s.open(c.Context(), writing)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			if !a.hasFeed(s.only) {
				return usageError{fmt.Errorf("no feed is published for %s: she has no ics_url", s.only)}
			}
			if err := a.revokeFeed(c.Context(), s.only); err != nil {
				return err
			}
			s.out.Printf("the feed of %s has another address now\n", s.only)
			return nil
		},
	}
}

type listed struct {
	Email      string   `json:"email"`
	Configured bool     `json:"configured"`
	Aliases    []string `json:"aliases"`
	UserID     string   `json:"userId,omitempty"`
	AccountID  string   `json:"accountId,omitempty"`
	TimeZone   string   `json:"timeZone,omitempty"`
	Language   string   `json:"language,omitempty"`
	FeedURL    string   `json:"feedUrl,omitempty"` // with --urls
}

// listOrganizers joins configuration and ledger, the configuration first.
func (a *app) listOrganizers(ctx context.Context, urls bool) ([]listed, error) {
	rows, err := a.ledger.Organizers(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]store.Organizer{}
	for _, row := range rows {
		known[row.Email] = row
	}
	list := []listed{}
	for _, o := range a.cfg.Organizers {
		row := known[o.Email]
		delete(known, o.Email)
		l := listed{Email: o.Email, Configured: true, Aliases: append([]string{}, o.Aliases...), UserID: row.UserID, AccountID: row.AccountID, TimeZone: row.TimeZone, Language: row.Language}
		if o.UserID != "" {
			l.UserID = o.UserID
		}
		if o.AccountID != "" {
			l.AccountID = o.AccountID
		}
		if urls {
			if l.FeedURL, err = a.feedURL(ctx, o); err != nil {
				return nil, err
			}
		}
		list = append(list, l)
	}
	for _, row := range rows {
		if _, left := known[row.Email]; left {
			list = append(list, listed{Email: row.Email, Aliases: []string{}, UserID: row.UserID, AccountID: row.AccountID, TimeZone: row.TimeZone, Language: row.Language})
		}
	}
	return list, nil
}

func printOrganizers(o *terminal.Out, list []listed) {
	var rows [][]string
	for _, l := range list {
		configured := o.Good("yes")
		if !l.Configured {
			configured = o.Warn("no")
		}
		rows = append(rows, []string{l.Email, configured, dash(l.UserID), dash(l.AccountID), dash(l.TimeZone), dash(l.Language)})
	}
	o.Table([]string{"ORGANIZER", "CONFIGURED", "USER", "ACCOUNT", "TIME ZONE", "LANGUAGE"}, rows)
	rows = nil
	for _, l := range list {
		if l.FeedURL != "" {
			rows = append(rows, []string{l.Email, l.FeedURL})
		}
	}
	section(o, []string{"ORGANIZER", "FEED (whoever has this address can read it)"}, rows)
}
