package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/storetest"
)

// A write is one way to write something new to a filled ledger, and the statements that it consists of.
type write struct {
	name  string
	parts []string // for CREATE TRIGGER
	do    func(ctx context.Context, l *Ledger) error
}

func writes(c storetest.Content) []write {
	calendar, change, creation := c.Calendars[0].ID, c.Intents[0].ID, c.Intents[1].ID
	m, k := c.Meetings[0], c.Links[0]
	m.Topic, k.Reason = "another", "another"
	made := store.Meeting{Organizer: m.Organizer, PlatformID: "new", State: store.Live}
	second := store.ObjectRow{Calendar: calendar, Href: "new 2", Seen: "1"}
	return []write{
		{"SaveOrganizer", []string{"INSERT ON organizers"}, func(ctx context.Context, l *Ledger) error {
			return l.SaveOrganizer(ctx, store.Organizer{Email: "new@example.com"})
		}},
		{"SaveCalendar", []string{"INSERT ON calendars"}, func(ctx context.Context, l *Ledger) error {
			_, err := l.SaveCalendar(ctx, store.Calendar{Organizer: "new@example.com", URL: "new"})
			return err
		}},
		{"Looked", []string{"UPDATE ON calendars"}, func(ctx context.Context, l *Ledger) error {
			return l.Looked(ctx, calendar, "new", m.End)
		}},
		{"Seen", []string{"INSERT ON objects WHEN NEW.href = 'new 2'"}, func(ctx context.Context, l *Ledger) error {
			return l.Seen(ctx, []store.ObjectRow{{Calendar: calendar, Href: "new 1", Seen: "1"}, second})
		}},
		{"SaveObject", []string{"INSERT ON objects"}, func(ctx context.Context, l *Ledger) error {
			return l.SaveObject(ctx, second)
		}},
		{"DropObject", []string{"DELETE ON objects"}, func(ctx context.Context, l *Ledger) error {
			return l.DropObject(ctx, calendar, "/c/1.ics")
		}},
		{"SaveLink", []string{"UPDATE ON links"}, func(ctx context.Context, l *Ledger) error {
			_, err := l.SaveLink(ctx, k)
			return err
		}},
		{"SaveMeeting", []string{"UPDATE ON meetings"}, func(ctx context.Context, l *Ledger) error {
			_, err := l.SaveMeeting(ctx, m)
			return err
		}},
		{"Begin", []string{"INSERT ON intents"}, func(ctx context.Context, l *Ledger) error {
			_, err := l.Begin(ctx, store.Intent{Kind: store.CreateMeeting, Organizer: m.Organizer, UID: "new"})
			return err
		}},
		{"Made", []string{"INSERT ON meetings", "INSERT ON links", "UPDATE ON intents"}, func(ctx context.Context, l *Ledger) error {
			_, _, err := l.Made(ctx, creation, made, store.Link{Organizer: m.Organizer, UID: "u2", State: store.Active})
			return err
		}},
		{"Changed", []string{"UPDATE ON meetings", "UPDATE ON links", "UPDATE ON intents"}, func(ctx context.Context, l *Ledger) error {
			return l.Changed(ctx, change, m, k)
		}},
		{"Failed", []string{"UPDATE ON intents"}, func(ctx context.Context, l *Ledger) error {
			return l.Failed(ctx, change, store.Refused, "no", m.End)
		}},
		{"Decide", []string{"INSERT ON decisions"}, func(ctx context.Context, l *Ledger) error {
			return l.Decide(ctx, store.Decision{Organizer: m.Organizer, UID: "u1", Rule: "new"})
		}},
		{"Prune", []string{"DELETE ON decisions", "DELETE ON intents"}, func(ctx context.Context, l *Ledger) error {
			return l.Prune(ctx, m.End)
		}},
		{"Note", []string{"INSERT ON notes"}, func(ctx context.Context, l *Ledger) error {
			return l.Note(ctx, "agenda", "accepted")
		}},
	}
}

// TestWriteFails lets each statement of each method fail. Nothing of the method happens, and it works once the cause
// is gone.
func TestWriteFails(t *testing.T) {
	l := mustOpen(t, tempPath(t), Options{}, steps)
	storetest.Fill(t, l)
	for _, w := range writes(storetest.Read(t, l)) {
		for _, part := range w.parts {
			t.Run(w.name+", "+part, func(t *testing.T) {
				fails(t, w, "CREATE TEMP TRIGGER fault BEFORE "+part+" BEGIN SELECT RAISE(ABORT, 'injected'); END",
					"DROP TRIGGER fault", "injected")
			})
		}
		t.Run(w.name+", read-only", func(t *testing.T) {
			fails(t, w, "PRAGMA query_only = 1", "PRAGMA query_only = 0", "it cannot be written to: run as its owner")
		})
	}
}

func fails(t *testing.T, w write, fault, mend, says string) {
	l := mustOpen(t, tempPath(t), Options{}, steps)
	storetest.Fill(t, l)
	before := storetest.Read(t, l)
	set(t, l, fault)
	require.ErrorContains(t, w.do(t.Context(), l), says)
	assert.Equal(t, before, storetest.Read(t, l))
	set(t, l, mend)
	require.NoError(t, w.do(t.Context(), l))
	require.NoError(t, quickCheck(t.Context(), l.write))
}

// set runs a statement on the ledger's one writing connection.
func set(t *testing.T, l *Ledger, statement string) {
	_, err := l.write.db.Exec(statement)
	require.NoError(t, err)
}

func TestDiskFull(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 100_000)
	for name, do := range map[string]func(l *Ledger, calendar int64) error{
		"Begin": func(l *Ledger, _ int64) error {
			_, err := l.Begin(t.Context(), store.Intent{Kind: store.CreateMeeting, Organizer: "bob@example.com", UID: "u", Request: large})
			return err
		},
		"Seen": func(l *Ledger, calendar int64) error {
			var rows []store.ObjectRow
			for i := range 3000 {
				rows = append(rows, store.ObjectRow{Calendar: calendar, Href: fmt.Sprint("new-", i), Seen: "1"})
			}
			return l.Seen(t.Context(), rows)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := mustOpen(t, tempPath(t), Options{}, steps)
			storetest.Fill(t, l)
			before := storetest.Read(t, l)
			set(t, l, "PRAGMA max_page_count = 1") // no more than there are
			require.ErrorContains(t, do(l, before.Calendars[0].ID), "the disk is full, nothing was recorded: make room")
			assert.Equal(t, before, storetest.Read(t, l))
			set(t, l, "PRAGMA max_page_count = 1000000")
			require.NoError(t, do(l, before.Calendars[0].ID))
		})
	}
}

// A program that keeps the ledger to itself for too long is named as the cause.
func TestBusy(t *testing.T) {
	path := tempPath(t)
	l, other := mustOpen(t, path, Options{}, steps), mustOpen(t, path, Options{}, steps)
	set(t, l, "PRAGMA busy_timeout = 1")
	held, err := other.write.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.ErrorContains(t, l.Note(t.Context(), "k", "v"), "another program has kept it busy")
	_, err = l.Notes(t.Context(), "k")
	require.NoError(t, err, "reading goes on")
	require.NoError(t, held.Rollback())
	require.NoError(t, l.Note(t.Context(), "k", "v"))
}
