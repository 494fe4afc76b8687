package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

// TestIdle calls every method with what the ledger knows already, and asks SQLite whether anything was written.
func TestIdle(t *testing.T) {
	path := newPath(t)
	l := openAt(t, path)
	storetest.Fill(t, l)
	now := storetest.Read(t, l)
	refused := refusedIntent(t, l)
	version := watcher(t, path)
	size := fileSize(t, path+"-wal")
	for _, call := range []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"every read", func(context.Context) error { storetest.Read(t, l); return nil }},
		{"SaveOrganizer", func(ctx context.Context) error { return l.SaveOrganizer(ctx, now.Organizers[0]) }},
		{"SaveCalendar", func(ctx context.Context) error { _, err := l.SaveCalendar(ctx, now.Calendars[0]); return err }},
		{"Seen", func(ctx context.Context) error { return l.Seen(ctx, again(now, time.Hour)) }},
		{"Seen, gone and never known", func(ctx context.Context) error {
			return l.Seen(ctx, []store.ObjectRow{{Calendar: now.Calendars[0].ID, Href: "unknown"}})
		}},
		{"Looked", func(ctx context.Context) error {
			return l.Looked(ctx, now.Calendars[0].ID, now.Calendars[0].Token, time.Time{})
		}},
		{"Looked, complete", func(ctx context.Context) error {
			return l.Looked(ctx, now.Calendars[0].ID, now.Calendars[0].Token, now.Calendars[0].FullAt)
		}},
		{"SaveObject", func(ctx context.Context) error { return l.SaveObject(ctx, now.Objects["/c/2.ics"]) }},
		{"DropObject", func(ctx context.Context) error { return l.DropObject(ctx, now.Calendars[0].ID, "unknown") }},
		{"SaveLink", func(ctx context.Context) error { _, err := l.SaveLink(ctx, now.Links[0]); return err }},
		{"SaveMeeting", func(ctx context.Context) error { _, err := l.SaveMeeting(ctx, now.Meetings[0]); return err }},
		{"Failed", func(ctx context.Context) error { return l.Failed(ctx, refused, store.Refused, "no", start) }},
		{"Decide", func(ctx context.Context) error {
			d := now.Decisions[0]
			d.At = d.At.Add(time.Hour)
			return l.Decide(ctx, d)
		}},
		{"Prune", func(ctx context.Context) error { return l.Prune(ctx, start.AddDate(-1, 0, 0)) }},
		{"Note", func(ctx context.Context) error { return l.Note(ctx, "agenda", now.Note) }},
		{"Note, none", func(ctx context.Context) error { return l.Note(ctx, "none", "") }},
		{"Beat", func(context.Context) error {
			release, err := l.Lock()
			if err == nil {
				defer release()
				err = l.Beat([]byte(`{"pass":1}`))
			}
			return err
		}},
		{"Open", func(ctx context.Context) error {
			second, err := sqlite.Open(ctx, path, sqlite.Options{})
			if err == nil {
				err = second.Close()
			}
			return err
		}},
		{"Copy", func(ctx context.Context) error {
			c, err := sqlite.Copy(ctx, path)
			if err == nil {
				err = c.Close()
			}
			return err
		}},
	} {
		before := version()
		require.NoError(t, call.do(t.Context()), call.name)
		assert.Equal(t, before, version(), "%s wrote", call.name)
		assert.Equal(t, size, fileSize(t, path+"-wal"), "%s wrote", call.name)
	}
	before := version()
	require.NoError(t, l.Note(t.Context(), "k", "v"))
	assert.NotEqual(t, before, version(), "a write would have been noticed")
}

// again returns what a complete listing reports later on when nothing has changed.
func again(c storetest.Content, later time.Duration) (rows []store.ObjectRow) {
	for _, o := range c.Objects {
		rows = append(rows, store.ObjectRow{Calendar: o.Calendar, Href: o.Href, UID: o.UID, Seen: o.Seen, SeenAt: o.SeenAt.Add(later)})
	}
	return rows
}

func refusedIntent(t *testing.T, l store.Ledger) int64 {
	id, err := l.Begin(t.Context(), store.Intent{Kind: store.CreateMeeting, Organizer: "bob@example.com", UID: "u", SentAt: start})
	require.NoError(t, err)
	require.NoError(t, l.Failed(t.Context(), id, store.Refused, "no", start))
	return id
}

// watcher returns a number that changes with every commit of another connection (PRAGMA data_version).
func watcher(t *testing.T, path string) func() (n int) {
	db, err := sql.Open("sqlite", fileURI(path))
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return func() (n int) {
		require.NoError(t, db.QueryRow("PRAGMA data_version").Scan(&n))
		return n
	}
}

func fileSize(t *testing.T, name string) int64 {
	info, err := os.Stat(name)
	require.NoError(t, err)
	return info.Size()
}
