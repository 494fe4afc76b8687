package caldav_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
)

// crowded is a calendar of n events of about 2.5 kB.
func crowded(b *testing.B, n int, opts ...caldavtest.Option) *caldav.Calendar {
	s := fakeSubject(b, "bench", opts...)
	text := strings.Repeat("DESCRIPTION:"+strings.Repeat("words and so ", 5)+"\r\n", 30)
	for i := range n {
		path := fmt.Sprintf("%sevent-%05d.ics", hrefOf(s.calendar), i)
		require.NoError(b, s.fake.Put(path, event(fmt.Sprintf("uid-%05d@example.com", i), fmt.Sprintf("Event %d", i), strings.TrimSuffix(text, "\r\n"))))
	}
	c, err := caldav.Open(s.browser(), s.calendar, "")
	require.NoError(b, err)
	return c
}

// watchHeap returns a function that ends the watch and tells the highest heap in use, in bytes, above what there was.
func watchHeap() func() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, peak := m.HeapAlloc, uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return peak - min(base, peak)
	}
}

// BenchmarkFirstLook20000 reads a calendar of 20,000 events for the first time, server and all in one process.
// peak-MiB is the heap above what the server holds; the collector is kept busy, or it would let garbage grow to
// the size of the server's data.
func BenchmarkFirstLook20000(b *testing.B) {
	const events = 20_000
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	for name, opts := range map[string][]caldavtest.Option{
		"sync": nil, "listing and multiget": {caldavtest.NoSync()}, "sync without data": {caldavtest.SyncWithoutData()},
	} {
		b.Run(name, func(b *testing.B) {
			c := crowded(b, events, opts...)
			var peak uint64
			b.ResetTimer()
			for b.Loop() {
				done := watchHeap()
				n := 0
				look, err := c.Changes(b.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(ch calendar.Change) error {
					if len(ch.Data) > 0 {
						n++
					}
					return ch.Err
				})
				require.NoError(b, err)
				require.True(b, look.Complete)
				require.Equal(b, events, n)
				peak = max(peak, done())
			}
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}

// BenchmarkIdle asks a calendar of 20,000 events in which nothing has changed.
func BenchmarkIdle(b *testing.B) {
	for name, opts := range map[string][]caldavtest.Option{"sync": nil, "ctag": {caldavtest.NoSync()}} {
		b.Run(name, func(b *testing.B) {
			c := crowded(b, 20_000, opts...)
			none := func(calendar.Change) error { return nil }
			since := calendar.Since{ETag: func(string) string { return "" }}
			look, err := c.Changes(b.Context(), since, none)
			require.NoError(b, err)
			since.Token = look.Token
			b.ReportAllocs()
			for b.Loop() {
				look, err := c.Changes(b.Context(), since, func(calendar.Change) error { b.Fatal("a row"); return nil })
				require.NoError(b, err)
				since.Token = look.Token
			}
		})
	}
}
