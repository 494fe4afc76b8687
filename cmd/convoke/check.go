package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"convoke/calendar"
	"convoke/internal/calendars"
	"convoke/internal/config"
	"convoke/internal/keyring"
	"convoke/internal/terminal"
	"convoke/internal/transport"
	"convoke/meetingapi"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A finding is one line of check.
type finding struct {
	What     string `json:"what"`
	OK       bool   `json:"ok"`
	NotTried bool   `json:"notTried,omitempty"` // nothing was found out, neither well nor ill
	Message  string `json:"message"`
}

// A checkup collects findings.
type checkup struct {
	findings []finding
	unusable error // the ledger is damaged, or newer than the program
}

func (c *checkup) add(err error, what, fine string, args ...any) {
	f := finding{What: what, OK: err == nil, Message: fmt.Sprintf(fine, args...)}
	if err != nil {
		f.Message = err.Error()
	}
	if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNewer) {
		c.unusable = err
	}
	c.findings = append(c.findings, f)
}

// pass over what cannot be tried.
func (c *checkup) pass(what, why string, args ...any) {
	c.findings = append(c.findings, finding{What: what, OK: true, NotTried: true, Message: fmt.Sprintf(why, args...)})
}

func (c *checkup) failed() bool {
	for _, f := range c.findings {
		if !f.OK {
			return true
		}
	}
	return false
}

func newCheck(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check configuration, ledger, platform and every calendar, and say how to mend them",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			found := &checkup{}
			checkConfiguration(cfg, found)
			s.check(c.Context(), cfg, found)
			if asJSON {
				err = s.out.JSON(found.findings)
			} else {
				found.print(s.out)
			}
			if err == nil && found.failed() {
				err = errors.Join(errSome, found.unusable)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

func (c *checkup) print(o *terminal.Out) {
	var rows [][]string
	for _, f := range c.findings {
		mark := o.Good("ok")
		switch {
		case f.NotTried:
			mark = o.Dim("–")
		case !f.OK:
			mark = o.Bad("failed")
		}
		rows = append(rows, []string{mark, f.What, terminal.Plain(f.Message)})
	}
	o.Table([]string{"", "WHAT", "RESULT"}, rows)
}

func (s *streams) check(ctx context.Context, cfg *config.Config, c *checkup) {
	key, ledger := checkKey(cfg, c), checkLedger(ctx, cfg, c)
	if !key || !ledger {
		return
	}
	a, err := s.assemble(ctx, cfg, nil, copying)
	if err != nil {
		c.add(err, "set-up", "")
		return
	}
	defer a.ledger.Close()
	if !a.keyless {
		a.checkRecovery(ctx, c)
	}
	line := terminal.NewProgress(s.errTo)
	defer line.Done()
	line.Say("reading the organizers")
	people, err := a.people.All(ctx) // in the order of the configuration
	if err != nil {
		c.add(err, "organizers", "")
		return
	}
	for i, o := range cfg.Organizers {
		line.Say("asking for %s", o.Email)
		a.checkPlatform(ctx, o, people[i], c)
		a.checkFeed(ctx, people[i], c)
		a.checkCalendars(ctx, o, c)
	}
	a.checkJoinURL(ctx, c)
}

// checkConfiguration reads the file once more: it was read before root became the daemon's user.
func checkConfiguration(cfg *config.Config, c *checkup) {
	f, err := os.Open(cfg.File)
	switch {
	case err == nil:
		f.Close()
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: so says the system to the daemon's user, %s; chgrp %[2]s, and chmod 0640 (or 0644)", err, userName(uint32(os.Geteuid())))
	}
	if err == nil && len(cfg.Organizers) == 0 {
		err = fmt.Errorf("%s: there is no [[organizer]] yet, so nobody's calendar is looked at", cfg.File)
	}
	c.add(err, "configuration", "%s: %s", cfg.File, terminal.Count(len(cfg.Organizers), "organizer"))
}

// checkKey answers whether it makes sense to go on.
func checkKey(cfg *config.Config, c *checkup) bool {
	if err := reachable(toRead, cfg.KeyFile); err != nil {
		c.add(err, "key", "")
		return false
	}
	_, _, err := keyring.Open(cfg.KeyFile, false)
	if errors.Is(err, fs.ErrNotExist) {
		c.add(lostKey(cfg), "key", "%s is not there yet; the first start makes it, and it belongs in the backup", cfg.KeyFile)
		return true
	}
	c.add(err, "key", "%s", cfg.KeyFile)
	return err == nil
}

// checkLedger answers the same.
func checkLedger(ctx context.Context, cfg *config.Config, c *checkup) bool {
	if err := reachable(toWrite, ledgerFiles(cfg.Database)...); err != nil {
		c.add(err, "ledger", "")
		return false
	}
	if _, err := os.Stat(cfg.Database); errors.Is(err, fs.ErrNotExist) {
		_, err := os.Stat(filepath.Dir(cfg.Database))
		if err == nil {
			err = lostLedger(cfg)
		} else {
			err = fmt.Errorf("its folder is not there (%w); make it, writable for convoke's user alone", err)
		}
		c.add(err, "ledger", "%s is not there yet; the first start makes it", cfg.Database)
		return true
	}
	l, err := sqlite.Copy(ctx, cfg.Database)
	if err != nil {
		c.add(err, "ledger", "")
		return false
	}
	defer l.Close()
	n, err := l.Counts(ctx, "")
	c.add(err, "ledger", "%s: %s and %s known", cfg.Database, terminal.Count(n.Meetings, "meeting"), terminal.Count(n.Objects, "event"))
	return true
}

// checkPlatform reads the admins of the organizer's account: the one documented call that changes nothing.
func (a *app) checkPlatform(ctx context.Context, o config.Organizer, person sync.Organizer, c *checkup) {
	what := "platform for " + o.Email
	advise := func(err error) error {
		if errors.Is(err, meetingapi.ErrAuth) {
			return fmt.Errorf("%w; put a valid key into its file", err)
		}
		return err
	}
	if person.Problem != nil { // no key, or what was asked just now did not find her
		c.add(advise(person.Problem), what, "")
		return
	}
	row, err := a.ledger.Organizer(ctx, o.Email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.add(err, what, "")
		return
	}
	account := o.AccountID
	if account == "" {
		account = row.AccountID
	}
	if account == "" {
		userless, err := a.userless(ctx, o, row)
		switch {
		case err != nil:
			c.add(err, what, "")
		case userless != "":
			c.add(errors.New(userless), what, "")
		default:
			c.pass(what, "not asked: without account_id nothing can be read there, and making a meeting is no way to check")
		}
		return
	}
	users, err := a.people.Client(o).Admins(ctx, account)
	if errors.Is(err, meetingapi.ErrNotFound) {
		err = fmt.Errorf("%w; check account_id", err)
	}
	c.add(advise(err), what, "account %s has %s", account, terminal.Count(len(users), "admin"))
}

// checkFeed tells what becomes of a creation that gets no answer: what the platform's feed shows is learned, not documented.
func (a *app) checkFeed(ctx context.Context, o sync.Organizer, c *checkup) {
	if o.Problem != nil {
		return // told with the platform
	}
	if a.needsKey() != nil {
		return // told with the key, without which nobody knows where the feed is
	}
	rung, learned, err := a.engine.Reads(ctx, o)
	end := "found, or made once more"
	if rung == sync.AtMostOnce {
		end = "held for an admin (convoke resolve)"
		if a.cfg.Platform.Unknown == config.UnknownRetry {
			end = "repeated after platform.settle, which may leave a second meeting behind"
		}
	}
	c.add(err, "feed of "+o.Email, "%s; a creation without an answer is %s", learned, end)
}

// checkRecovery says so when the ledger was lost or put back.
func (a *app) checkRecovery(ctx context.Context, c *checkup) {
	if err := reachable(toRead, a.cfg.Stamp); err != nil {
		c.add(err, "stamp", "")
		return
	}
	r, err := a.engine.Recovery(ctx)
	if text := a.recovering(r); err == nil && text != "" {
		err = errors.New(text)
	}
	c.add(err, "stamp", "%s: the ledger is the one that was used last", a.cfg.Stamp)
}

func (a *app) checkCalendars(ctx context.Context, o config.Organizer, c *checkup) {
	found, err := a.cals.Find(ctx, o.Email)
	if err != nil {
		c.add(err, "calendars of "+o.Email, "")
		return
	}
	for _, cal := range found.Calendars {
		where, shared := cal.URL, ""
		if !o.ICSURL.IsZero() {
			where = o.ICSURL.String() // without what is secret of it
		}
		if cal.Shared {
			shared = ", shared by somebody else"
		}
		c.add(a.checkCalendar(ctx, cal), "calendar of "+o.Email, "%q at %s%s", cal.Name, where, shared)
	}
	checkRules(o, found.Calendars, c)
}

// checkRules finds rules that are for no calendar.
func checkRules(o config.Organizer, found []store.Calendar, c *checkup) {
	var names []string
	for _, cal := range found {
		names = append(names, cal.Name)
	}
	for _, rule := range o.CalendarRules {
		spellings := o.Spellings(rule)
		if !slices.ContainsFunc(found, func(cal store.Calendar) bool {
			return slices.Contains(spellings, cal.Name) || slices.Contains(spellings, cal.URL)
		}) {
			c.add(fmt.Errorf("[[organizer.calendar]] %q is no calendar that is watched; %s", rule.Name, calendars.ThereAre(names)), "rule of "+o.Email, "")
		}
	}
}

// errEnough ends a look after its first row.
var errEnough = errors.New("enough")

// checkCalendar reads from a calendar, as a pass would.
func (a *app) checkCalendar(ctx context.Context, cal store.Calendar) error {
	col, err := a.cals.Open(cal)
	if err != nil {
		return err
	}
	_, err = col.Changes(ctx, calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error { return errEnough })
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// checkJoinURL fetches the join URL of a meeting that was made already, since nothing documents how one must look.
func (a *app) checkJoinURL(ctx context.Context, c *checkup) {
	const what = "join URL"
	meetings, err := a.ledger.Meetings(ctx, "")
	switch {
	case err != nil:
		c.add(err, what, "")
		return
	case len(meetings) == 0:
		c.pass(what, "not tried: no meeting has been made yet (%s)", a.cfg.Platform.JoinURL)
		return
	}
	u := a.people.Join().URL(meetings[len(meetings)-1].Number)
	client, err := transport.New(transport.Options{Origin: u, Redirects: true, UserAgent: userAgent(), MaxBody: 1 << 20})
	if err != nil {
		c.add(err, what, "")
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		c.add(err, what, "")
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		c.add(fmt.Errorf("%s: %w", u, err), what, "")
		return
	}
	resp.Body.Close()
	if resp.StatusCode >= 400 {
		err = fmt.Errorf("%s answers %s; open it in a browser and mend platform.join_url", u, resp.Status)
	}
	c.add(err, what, "%s answers %s", u, resp.Status)
}
