package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/terminal"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A status is what the ledger says of everything, at one moment.
type status struct {
	Version    string            `json:"version"`
	Ledger     string            `json:"ledger"`
	Running    int               `json:"runningProcess,omitempty"` // pid of who holds the ledger
	LastPass   *lastPass         `json:"lastPass,omitempty"`
	Organizers []organizerStatus `json:"organizers"`
	Calendars  []calendarStatus  `json:"calendars"`
	Failing    []eventStatus     `json:"failing"` // events that could not be treated, or wait for a person
	Ending     []endingStatus    `json:"ending"`  // meetings in their undo window
	names      map[int64]string
	missing    map[int64]bool // calendars
	Held       []heldStatus   `json:"held"`    // batches of meetings that stay until an admin approves
	Missing    missingStatus  `json:"missing"` // meetings that the platform does not find
	Unanswered []callStatus   `json:"unanswered"`

	Recovery  *recoveryStatus `json:"recovery,omitempty"` // the ledger was lost or put back
	Leftovers []callStatus    `json:"leftovers"`          // creations that were given up, and may have left a meeting behind
}

type organizerStatus struct {
	Email    string        `json:"email"`
	UserID   string        `json:"userId,omitempty"`
	TimeZone string        `json:"timeZone,omitempty"`
	Language string        `json:"language,omitempty"`
	Meetings int           `json:"meetings"`
	State    string        `json:"state"` // "ok", or what is wrong
	Trouble  store.Trouble `json:"trouble,omitempty"`
	WayOut   string        `json:"wayOut,omitempty"`
}

type calendarStatus struct {
	Organizer string        `json:"organizer"`
	Name      string        `json:"name"`
	URL       string        `json:"url"`
	Listed    time.Time     `json:"listedAt,omitzero"` // last complete listing
	State     string        `json:"state"`
	Trouble   store.Trouble `json:"trouble,omitempty"`
	WayOut    string        `json:"wayOut,omitempty"`
	RetryAt   time.Time     `json:"retryAt,omitzero"`
}

type eventStatus struct {
	Organizer string    `json:"organizer"`
	Calendar  string    `json:"calendar"`
	UID       string    `json:"uid"`
	Href      string    `json:"href"`
	Error     string    `json:"error"`
	RetryAt   time.Time `json:"retryAt,omitzero"`
}

type endingStatus struct {
	Organizer string    `json:"organizer"`
	UID       string    `json:"uid"`
	Number    string    `json:"number"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
}

func newStatus(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show organizers, calendars, the last pass, and what failed or waits",
		Args:  args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), reading)
			if err != nil {
				return err
			}
			defer a.ledger.Close()
			lost := a.needsKey()
			if lost != nil {
				s.err.Printf("%s %v\n", s.err.Bad("failed:"), lost)
			}
			st, err := a.status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				err = s.out.JSON(st)
			} else {
				st.print(s.out)
			}
			if err == nil && lost != nil {
				err = errSome
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

func (a *app) status(ctx context.Context) (status, error) {
	v, _ := build()
	st := status{
		Version: v, Ledger: a.cfg.Database, Organizers: []organizerStatus{}, Calendars: []calendarStatus{}, Failing: []eventStatus{},
		Ending: []endingStatus{}, Held: []heldStatus{}, Unanswered: []callStatus{}, Leftovers: []callStatus{},
	}
	var err error
	if st.Running, err = sqlite.Holder(a.cfg.Database); err != nil {
		return st, err
	}
	if st.LastPass, err = readLastPass(a.cfg.Database); err != nil {
		return st, err
	}
	recovery, err := a.engine.Recovery(ctx)
	if err != nil {
		return st, err
	}
	if text := a.recovering(recovery); text != "" {
		st.Recovery = &recoveryStatus{recovery.Since.UTC(), text}
	}
	for _, read := range []func(context.Context, *status) error{a.organizerStatus, a.calendarStatus, a.endingStatus, a.missingStatus, a.callStatus} {
		if err := read(ctx, &st); err != nil {
			return st, err
		}
	}
	return st, nil
}

func readLastPass(database string) (*lastPass, error) {
	text, err := sqlite.ReadBeat(database)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var l lastPass
	return &l, json.Unmarshal(text, &l)
}

func (a *app) organizerStatus(ctx context.Context, st *status) error {
	for _, o := range a.cfg.Organizers {
		row, err := a.ledger.Organizer(ctx, o.Email)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		n, err := a.ledger.Counts(ctx, o.Email)
		if err != nil {
			return err
		}
		os := organizerStatus{Email: o.Email, UserID: o.UserID, TimeZone: row.TimeZone, Language: row.Language, Meetings: n.Meetings, State: well(row.State), Trouble: row.Trouble, WayOut: a.wayOut(o.Email, row.Trouble)}
		if os.UserID == "" {
			os.UserID = row.UserID
		}
		if row.State == "" {
			userless, err := a.userless(ctx, o, row)
			if err != nil {
				return err
			}
			os.State = well(userless)
		}
		st.Organizers = append(st.Organizers, os)
	}
	return nil
}

func (a *app) calendarStatus(ctx context.Context, st *status) error {
	rows, err := a.ledger.Calendars(ctx, "")
	if err != nil {
		return err
	}
	st.names, st.missing = map[int64]string{}, map[int64]bool{}
	for _, c := range rows {
		st.names[c.ID] = c.Name
		if c.Trouble == store.Missing {
			st.missing[c.ID] = true
		}
		cs := calendarStatus{Organizer: c.Organizer, Name: c.Name, URL: c.URL, Listed: c.FullAt, State: well(c.State), Trouble: c.Trouble, RetryAt: retryAt(c)}
		if cs.WayOut, err = a.wayOutOf(ctx, c); err != nil {
			return err
		}
		if c.Left {
			cs.State = "not watched any more: it left the configuration, or is not there; nothing is cancelled because of that"
		}
		st.Calendars = append(st.Calendars, cs)
		failing, err := a.ledger.Failing(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, o := range failing {
			st.Failing = append(st.Failing, eventStatus{Organizer: c.Organizer, Calendar: c.Name, UID: o.UID, Href: o.Href, Error: o.Error, RetryAt: o.DueAt})
		}
	}
	return nil
}

func (a *app) endingStatus(ctx context.Context, st *status) error {
	links, err := a.ledger.Links(ctx, "")
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.State != store.Ending {
			continue
		}
		m, err := a.ledger.Meeting(ctx, l.Meeting)
		if err != nil {
			return err
		}
		if sync.IsHeld(l) {
			st.hold(l, m)
			continue
		}
		st.Ending = append(st.Ending, endingStatus{Organizer: l.Organizer, UID: l.UID, Number: m.Number, Reason: l.Reason, At: l.DueAt})
	}
	return nil
}

func well(state string) string {
	if state == "" {
		return "ok"
	}
	return state
}

func (st status) print(o *terminal.Out) {
	switch {
	case st.Running != 0:
		o.Printf("convoke %s, process %d, ledger %s\n", st.Version, st.Running, st.Ledger)
	default:
		o.Printf("convoke %s, %s, ledger %s\n", st.Version, o.Warn("no daemon is running"), st.Ledger)
	}
	switch p := st.LastPass; {
	case p == nil:
		o.Printf("no pass yet\n")
	case p.Stopped != "":
		o.Printf("last pass %s: %s\n", when(p.StoppedAt), o.Bad("stopped: "+terminal.Plain(p.Stopped)))
	default:
		o.Printf("last pass %s: %s\n", when(p.At), summary(p.Report))
	}
	if st.Recovery != nil {
		o.Printf("%s %s\n", o.Bad("the ledger is"), st.Recovery.text)
	}
	state := func(s, wayOut string) string {
		if s == "ok" {
			return o.Good(s)
		}
		if wayOut != "" {
			wayOut = o.Warn("; " + terminal.Plain(wayOut))
		}
		return o.Bad(terminal.Plain(s)) + wayOut
	}
	var rows [][]string
	for _, x := range st.Organizers {
		rows = append(rows, []string{x.Email, dash(x.UserID), dash(x.TimeZone), dash(x.Language), fmt.Sprint(x.Meetings), state(x.State, x.WayOut)})
	}
	section(o, []string{"ORGANIZER", "USER", "TIME ZONE", "LANGUAGE", "MEETINGS", "STATE"}, rows)
	rows = nil
	for _, x := range st.Calendars {
		text := state(x.State, x.WayOut)
		if !x.RetryAt.IsZero() {
			text += o.Dim(" (next try " + when(x.RetryAt) + ")")
		}
		rows = append(rows, []string{x.Organizer, terminal.Plain(x.Name), when(x.Listed), text})
	}
	section(o, []string{"ORGANIZER", "CALENDAR", "LISTED", "STATE"}, rows)
	rows = nil
	for _, x := range st.Ending {
		rows = append(rows, []string{x.Organizer, terminal.Plain(x.UID), x.Number, x.Reason, when(x.At)})
	}
	section(o, []string{"TO BE GIVEN UP", "UID", "MEETING", "BECAUSE", "WHEN"}, rows)
	rows = nil
	for _, x := range st.Held {
		rows = append(rows, []string{fmt.Sprint(x.Batch), x.Organizer, terminal.Plain(x.Calendar), o.Bad(x.String())})
	}
	if st.Missing.Many {
		rows = append(rows, []string{platformBatch, "-", "-", o.Bad(st.Missing.String())})
	}
	section(o, []string{"HELD", "ORGANIZER", "CALENDAR", "WHAT"}, rows)
	if len(rows) > 0 {
		o.Printf("which meetings these are: convoke approve\n")
	}
	rows = nil
	for _, x := range st.Unanswered {
		rows = append(rows, []string{x.Organizer, dash(terminal.Plain(x.UID)), x.Call, dash(x.meeting()), when(x.SentAt), x.why(o)})
	}
	section(o, []string{"UNANSWERED", "UID", "CALL", "MEETING", "SENT", "WHY"}, rows)
	rows = nil
	for _, x := range st.Leftovers {
		rows = append(rows, []string{x.Organizer, dash(terminal.Plain(x.UID)), dash(x.meeting()), when(x.SentAt), o.Warn(terminal.Plain(x.Error))})
	}
	section(o, []string{"LEFT OVER?", "UID", "MEETING", "SENT", "WHY"}, rows)
	rows = nil
	for _, x := range st.Failing {
		if st.unanswered(x) {
			continue // told above, with the way out
		}
		name := x.UID
		if name == "" {
			name = x.Href
		}
		text := o.Bad(terminal.Plain(x.Error))
		if !x.RetryAt.IsZero() {
			text += o.Dim(" (next try " + when(x.RetryAt) + ")")
		}
		rows = append(rows, []string{x.Organizer, terminal.Plain(x.Calendar), terminal.Plain(name), text})
	}
	section(o, []string{"NEEDS A LOOK", "CALENDAR", "EVENT", "WHY"}, rows)
}

func section(o *terminal.Out, head []string, rows [][]string) {
	if len(rows) > 0 {
		o.Printf("\n")
		o.Table(head, rows)
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// when is a time for people, in UTC like the schedule.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
