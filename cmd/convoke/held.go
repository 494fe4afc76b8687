package main

import (
	"context"
	"fmt"
	"time"

	"convoke/internal/terminal"
	"convoke/store"
	"convoke/sync"
)

// A heldStatus is a batch of meetings that stay until an admin approves.
type heldStatus struct {
	Batch     int64         `json:"batch"`
	Organizer string        `json:"organizer"`
	Calendar  string        `json:"calendar"`
	Meetings  int           `json:"meetings"`
	Because   string        `json:"because"`
	Which     []heldMeeting `json:"which"`
}

// A missingStatus is the same of meetings that the platform does not find.
type missingStatus struct {
	sync.Missing
	Which []heldMeeting `json:"which"` // when many are missing
}

// A heldMeeting is told by what a person would look for.
type heldMeeting struct {
	UID    string    `json:"uid"`
	Title  string    `json:"title"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Number string    `json:"number"`
}

func heldMeetingOf(l store.Link, m store.Meeting) heldMeeting {
	return heldMeeting{l.UID, m.Topic, m.Start.UTC(), m.End.UTC(), m.Number}
}

// hold puts a held link into its batch, the calendar; calendars are read before.
func (st *status) hold(l store.Link, m store.Meeting) {
	for i := range st.Held {
		if h := &st.Held[i]; h.Batch == l.Calendar {
			h.Meetings++
			h.Which = append(h.Which, heldMeetingOf(l, m))
			return
		}
	}
	because := "their events are gone all at once"
	if st.missing[l.Calendar] {
		because = "their calendar has been missing for three days"
	}
	st.Held = append(st.Held, heldStatus{l.Calendar, l.Organizer, st.names[l.Calendar], 1, because, []heldMeeting{heldMeetingOf(l, m)}})
}

func (a *app) missingStatus(ctx context.Context, st *status) error {
	now := time.Now()
	c, err := sync.CountMissing(ctx, a.ledger, now)
	st.Missing = missingStatus{c, []heldMeeting{}}
	if err != nil || !c.Many {
		return err
	}
	missing, err := a.ledger.MissingMeetings(ctx)
	if err != nil {
		return err
	}
	for _, m := range missing {
		links, err := a.ledger.LinksOf(ctx, m.ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.State != store.Ended && m.End.After(now) {
				st.Missing.Which = append(st.Missing.Which, heldMeetingOf(l, m))
			}
		}
	}
	return nil
}

// String is why meetings stay, and what may be done.
func (h heldStatus) String() string {
	return fmt.Sprintf("%s held, since %s; to give them up: convoke approve %d", terminal.Count(h.Meetings, "meeting"), h.Because, h.Batch)
}

// String is the same of meetings that the platform does not find.
func (m missingStatus) String() string {
	return fmt.Sprintf("%s, of %d to come, that the platform does not find; check the API key and the user IDs; if they are gone for good: convoke approve %s",
		terminal.Count(m.Meetings, "meeting"), m.Of, platformBatch)
}

// printHeld shows what there is to approve.
func (st status) printHeld(o *terminal.Out) {
	list := func(batch, what string, which []heldMeeting) {
		o.Printf("%s %s\n", o.Bold(batch+":"), o.Bad(what))
		var rows [][]string
		for _, x := range which {
			rows = append(rows, []string{terminal.Plain(x.Title), window(x.Start, x.End), x.Number, terminal.Plain(x.UID)})
		}
		o.Table([]string{"MEETING", "TIME", "NUMBER", "UID"}, rows)
	}
	for i, h := range st.Held {
		if i > 0 {
			o.Printf("\n")
		}
		list(fmt.Sprintf("batch %d, %s, calendar %q", h.Batch, h.Organizer, terminal.Plain(h.Calendar)), h.String(), h.Which)
	}
	if st.Missing.Many {
		list("batch "+platformBatch, st.Missing.String(), st.Missing.Which)
	}
}

// window is from when to when a meeting is, for people.
func window(start, end time.Time) string {
	start, end = start.UTC(), end.UTC()
	form := "15:04 UTC"
	if start.Format(time.DateOnly) != end.Format(time.DateOnly) {
		form = "2006-01-02 15:04 UTC"
	}
	return start.Format("2006-01-02 15:04") + " – " + end.Format(form)
}
