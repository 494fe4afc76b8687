package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/store"
)

const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
)

// at is n minutes into the suite's time.
func at(n int) time.Time {
	return time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// Content is all that a ledger hands out, for comparing two of them.
type Content struct {
	Organizers []store.Organizer
	Calendars  []store.Calendar
	Objects    map[string]store.ObjectRow
	Pending    []store.ObjectRow
	Meetings   []store.Meeting
	Links      []store.Link
	Intents    []store.Intent
	Decisions  []store.Decision
	Note       string
	Counts     store.Counts
}

// Fill puts a row of each kind, with every field set, and an open and an unknown call into an empty ledger.
func Fill(t *testing.T, l store.Ledger) {
	d := newDesk(t, l)
	require.NoError(t, l.SaveOrganizer(d.ctx, fullOrganizer()))
	work := must[int64](t)(l.SaveCalendar(d.ctx, fullCalendar()))
	d.seen(store.ObjectRow{Calendar: work, Href: "/c/1.ics", UID: "u1", Seen: `"1"`, SeenAt: at(1), Done: `"1"`})
	d.seen(store.ObjectRow{Calendar: work, Href: "/c/2.ics", UID: "u2", Seen: `"2"`, SeenAt: at(2), Done: `"1"`})
	require.NoError(t, l.SaveObject(d.ctx, store.ObjectRow{Calendar: work, Href: "/c/2.ics", UID: "u2", Seen: `"2"`, Done: `"1"`,
		Error: "refused", Attempts: 3, DueAt: at(4)}))
	made := d.begin(store.Intent{Kind: store.CreateMeeting, Organizer: alice, UID: "u1", Token: "T1", Generation: 1, SentAt: at(3)})
	m, k, err := l.Made(d.ctx, made, fullMeeting(), store.Link{Organizer: alice, UID: "u1", Calendar: work, Href: "/c/1.ics",
		State: store.Active, Written: true, Block: "b", Writes: 2, Mails: 1, Flips: "LOCATION", UpdatedAt: at(3)})
	require.NoError(t, err)
	k.State, k.Reason, k.DueAt = store.Ending, "deleted", at(9)
	must[int64](t)(l.SaveLink(d.ctx, k))
	d.begin(store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u1", Meeting: m.ID, Request: []byte(`{"a":1}`), SentAt: at(5)})
	lost := d.begin(store.Intent{Kind: store.CreateMeeting, Organizer: alice, UID: "u2", Shared: true, Token: "T2", Generation: 1, SentAt: at(6)})
	require.NoError(t, l.Failed(d.ctx, lost, store.Unknown, "no answer", at(7)))
	require.NoError(t, l.Decide(d.ctx, store.Decision{Organizer: alice, UID: "u1", Calendar: work, Href: "/c/1.ics", Rule: "marked",
		Text: "the marker stands in LOCATION", At: at(3)}))
	require.NoError(t, l.Note(d.ctx, "agenda", "refused"))
}

// Read returns what a ledger holds that Fill filled.
func Read(t *testing.T, l store.Ledger) Content {
	d := newDesk(t, l)
	c := Content{
		Organizers: must[[]store.Organizer](t)(l.Organizers(d.ctx)),
		Calendars:  must[[]store.Calendar](t)(l.Calendars(d.ctx, "")),
		Objects:    map[string]store.ObjectRow{},
		Meetings:   must[[]store.Meeting](t)(l.Meetings(d.ctx, "")),
		Links:      must[[]store.Link](t)(l.Links(d.ctx, "")),
		Intents:    must[[]store.Intent](t)(l.Intents(d.ctx, "")),
		Decisions:  must[[]store.Decision](t)(l.Decisions(d.ctx, "u1")),
		Note:       must[string](t)(l.Notes(d.ctx, "agenda")),
		Counts:     must[store.Counts](t)(l.Counts(d.ctx, "")),
	}
	for _, k := range c.Calendars {
		require.NoError(t, l.ETags(d.ctx, k.ID, func(href, etag string) { c.Objects[href] = d.object(k.ID, href) }))
		c.Pending = append(c.Pending, must[[]store.ObjectRow](t)(l.Pending(d.ctx, k.ID, at(5)))...)
	}
	return c
}

func fullOrganizer() store.Organizer {
	return store.Organizer{Email: alice, UserID: "5e9459c5b863b82cefdddf4e", AccountID: "5e9459c5b863b82cefdddf4f",
		TimeZone: "Europe/Berlin", Language: "de-DE", Feed: []byte{0, 1, 0xff}, State: "needs password", Trouble: store.Password, Attempts: 3, DueAt: at(7)}
}

func fullCalendar() store.Calendar {
	return store.Calendar{Organizer: alice, URL: "https://dav.example.com/alice/work/", Name: "Arbeit", Source: "https://dav.example.com/",
		Profile: "radicale", TimeZone: "Europe/Berlin", Shared: true, Token: "t1", FullAt: at(1), State: "read-only", Trouble: store.ReadOnly, Attempts: 2, DueAt: at(8), Left: true}
}

func fullMeeting() store.Meeting {
	return store.Meeting{Organizer: alice, PlatformID: "5e9459c5b863b82cefdddf50", Number: "9974-7653-8886-0485", Token: "T1",
		Generation: 1, State: store.Live, Topic: "Jour fixe – Größe", Start: at(60), End: at(90), Type: "standard", Recorded: true,
		Dialin: true, Permission: "p1", Closed: true, MissingAt: at(5), Answer: []byte(`{"status":"success"}`), CreatedAt: at(3), UpdatedAt: at(4)}
}
