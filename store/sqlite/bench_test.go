package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
)

const benchObjects = 20_000

var start = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

// look returns what a look at a calendar of n objects brings, in batches of 500.
func look(calendar int64, n int, etag string) (batches [][]store.ObjectRow) {
	for i := range n {
		if i%2000 == 0 {
			batches = append(batches, nil)
		}
		last := &batches[len(batches)-1]
		name := fmt.Sprintf("%08x-5c1f-4b0e-9a57-%012x", uint32(i)*2654435761, i) // as clients make them: in no order
		*last = append(*last, store.ObjectRow{Calendar: calendar, Href: "/alice/calendar/" + name + ".ics", UID: name,
			Seen: `"` + etag + name + `"`, SeenAt: start, Done: `"` + etag + name + `"`})
	}
	return batches
}

func benchLedger(b *testing.B) (*sqlite.Ledger, int64) {
	l := openAt(b, newPath(b))
	id, err := l.SaveCalendar(b.Context(), store.Calendar{Organizer: "alice@example.com", URL: "c"})
	require.NoError(b, err)
	return l, id
}

func record(b *testing.B, l *sqlite.Ledger, batches [][]store.ObjectRow) {
	for _, rows := range batches {
		require.NoError(b, l.Seen(b.Context(), rows))
	}
}

func perSecond(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), unit+"/s")
}

// BenchmarkSeenNew is a first look at 20,000 objects.
func BenchmarkSeenNew(b *testing.B) {
	l, _ := benchLedger(b)
	for b.Loop() {
		b.StopTimer()
		id, err := l.SaveCalendar(b.Context(), store.Calendar{Organizer: "alice@example.com", URL: fmt.Sprint(time.Now().UnixNano())})
		require.NoError(b, err)
		batches := look(id, benchObjects, "1")
		b.StartTimer()
		record(b, l, batches)
	}
	perSecond(b, benchObjects, "rows")
}

// BenchmarkSeenAgain is a complete listing in which nothing is new.
func BenchmarkSeenAgain(b *testing.B) {
	l, id := benchLedger(b)
	batches := look(id, benchObjects, "1")
	record(b, l, batches)
	for b.Loop() {
		record(b, l, batches)
	}
	perSecond(b, benchObjects, "rows")
}

// BenchmarkSaveObject is one row, on the disk when it returns.
func BenchmarkSaveObject(b *testing.B) {
	l, id := benchLedger(b)
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, l.SaveObject(b.Context(), store.ObjectRow{Calendar: id, Href: "1", Attempts: n}))
	}
	perSecond(b, 1, "commits")
}

// BenchmarkObject is a point read.
func BenchmarkObject(b *testing.B) {
	l, id := benchLedger(b)
	batches := look(id, benchObjects, "1")
	record(b, l, batches)
	for b.Loop() {
		_, err := l.Object(b.Context(), id, batches[7][7].Href)
		require.NoError(b, err)
	}
}

// BenchmarkPendingIdle asks two calendars, in turn, in which nothing is to be done: one of 20,000 objects, and an empty one.
func BenchmarkPendingIdle(b *testing.B) {
	l, id := benchLedger(b)
	record(b, l, look(id, benchObjects, "1"))
	for b.Loop() {
		for _, calendar := range []int64{id, id + 1} {
			all, err := l.Pending(b.Context(), calendar, start)
			require.NoError(b, err)
			require.Empty(b, all)
		}
	}
}

// BenchmarkETags reads the ETags of 20,000 objects.
func BenchmarkETags(b *testing.B) {
	l, id := benchLedger(b)
	record(b, l, look(id, benchObjects, "1"))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		require.NoError(b, l.ETags(b.Context(), id, func(_, _ string) { n++ }))
		require.Equal(b, benchObjects, n)
	}
	perSecond(b, benchObjects, "rows")
}

// BenchmarkOpen opens and closes a ledger of 20,000 objects, with the check of its pages.
func BenchmarkOpen(b *testing.B) {
	path := newPath(b)
	l := openAt(b, path)
	id, err := l.SaveCalendar(b.Context(), store.Calendar{Organizer: "alice@example.com", URL: "c"})
	require.NoError(b, err)
	record(b, l, look(id, benchObjects, "1"))
	require.NoError(b, l.Close())
	for b.Loop() {
		l, err := sqlite.Open(b.Context(), path, sqlite.Options{})
		require.NoError(b, err)
		require.NoError(b, l.Close())
	}
}

// BenchmarkCopy copies a ledger of 20,000 objects into memory.
func BenchmarkCopy(b *testing.B) {
	path := newPath(b)
	l := openAt(b, path)
	id, err := l.SaveCalendar(b.Context(), store.Calendar{Organizer: "alice@example.com", URL: "c"})
	require.NoError(b, err)
	record(b, l, look(id, benchObjects, "1"))
	for b.Loop() {
		c, err := sqlite.Copy(b.Context(), path)
		require.NoError(b, err)
		require.NoError(b, c.Close())
	}
}
