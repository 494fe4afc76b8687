package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A library is a CalDAV calendar of many events that are made up when they are asked for, so that what is measured beside
// it is the client's.
type library struct {
	events int
	every  int // how many events there are for one that is marked; 0 for none
	stored map[string][]byte
}

const libraryPath = "/calendars/alice/work/"

// text is an event of about 2.2 kB, as a calendar program at work writes them.
func (l *library) text(b *bytes.Buffer, i int) {
	location := "Boardroom\\, third floor"
	if l.every > 0 && i%l.every == 0 {
		location += " @meet"
	}
	fmt.Fprintf(b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//Calendar 7.1//EN\r\nCALSCALE:GREGORIAN\r\n%s"+
		"BEGIN:VEVENT\r\nUID:%08d-7c1d-4b1e-9d0a-2f1f5a2b6c11\r\nDTSTAMP:20261101T080000Z\r\nCREATED:20261020T071500Z\r\nLAST-MODIFIED:20261101T080000Z\r\n"+
		"DTSTART;TZID=Europe/Brussels:20270%d%02dT%02d0000\r\nDTEND;TZID=Europe/Brussels:20270%d%02dT%02d4500\r\nSUMMARY:Review of the quarter\\, part %d\r\n"+
		"LOCATION:%s\r\nORGANIZER;CN=Alice Liddell:mailto:alice@example.com\r\n%sDESCRIPTION:%s\r\nSEQUENCE:2\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nCLASS:PUBLIC\r\n"+
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		zone, i, 1+i%9, 1+i%28, 8+i%9, 1+i%9, 1+i%28, 8+i%9, i, location, attendees, description)
}

var (
	zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Brussels\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nDTSTART:19700329T020000\r\n" +
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\n" +
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	attendees   = people(5)
	description = strings.Repeat("Figures of the last quarter\\, and what they mean for the next one.\\n\r\n ", 9)
)

func people(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TR\r\n UE;CN=Person %d;X-NUM-GUESTS=0:mailto:person%d@example.net\r\n", i, i)
	}
	return b.String()
}

// Do answers sync reports and GETs, and keeps what is PUT.
func (l *library) Do(r *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: http.NoBody}
	switch r.Method {
	case "REPORT":
		res.StatusCode = http.StatusMultiStatus
		res.Header.Set("Content-Type", "application/xml; charset=utf-8")
		body, w := io.Pipe()
		res.Body = body
		go func() { _ = w.CloseWithError(l.report(w)) }() // ends with the body
	case http.MethodPut:
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		l.stored[r.URL.Path] = data
		res.StatusCode = http.StatusNoContent
	case http.MethodGet:
		data, etag := l.object(r.URL.Path)
		res.Header.Set("ETag", etag)
		res.Body = io.NopCloser(bytes.NewReader(data))
	default:
		return nil, fmt.Errorf("%s was not expected", r.Method)
	}
	return res, nil
}

func (l *library) object(path string) (data []byte, etag string) {
	if data, ok := l.stored[path]; ok {
		return data, `"2"`
	}
	i, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".ics"))
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	l.text(&b, i)
	return b.Bytes(), `"1"`
}

func (l *library) report(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:" xmlns:cal="urn:ietf:params:xml:ns:caldav">`)
	for i := range l.events {
		fmt.Fprintf(&b, `<d:response><d:href>%s%d.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><cal:calendar-data>`, libraryPath, i)
		l.text(&b, i)
		b.WriteString(`</cal:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`)
		if b.Len() > 32<<10 {
			if _, err := b.WriteTo(w); err != nil {
				return err
			}
		}
	}
	b.WriteString(`<d:sync-token>urn:token:1</d:sync-token></d:multistatus>`)
	_, err := b.WriteTo(w)
	return err
}

func (l *library) Source(string) string { return "library" }

func (l *library) Find(_ context.Context, organizer string) (sync.Found, error) {
	return sync.Found{Calendars: []store.Calendar{{Organizer: organizer, URL: davOrigin + libraryPath, Name: "Library"}}}, nil
}

func (l *library) Open(row store.Calendar) (calendar.Collection, error) {
	return caldav.Open(l, row.URL, row.Profile)
}

// A gauge finds the peaks of this process's memory.
type gauge struct {
	stop, done    chan struct{}
	heap, process uint64
}

func startGauge() *gauge {
	debug.FreeOSMemory()
	g := &gauge{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(g.done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			g.read()
			select {
			case <-g.stop:
				return
			case <-tick.C:
			}
		}
	}()
	return g
}

// read takes what Go's heap holds, and what the process has in memory, SQLite's part too (Linux only).
func (g *gauge) read() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	g.heap = max(g.heap, sample[0].Value.Uint64())
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 1 {
			pages, _ := strconv.ParseUint(fields[1], 10, 64)
			g.process = max(g.process, pages*uint64(os.Getpagesize()))
		}
	}
}

func (g *gauge) report(b *testing.B) {
	close(g.stop)
	<-g.done
	b.ReportMetric(float64(g.heap)/(1<<20), "peak-heap-MiB")
	b.ReportMetric(float64(g.process)/(1<<20), "peak-process-MiB")
}

// The first look at a calendar of 20,000 events: report, ledger on disk, decisions.
func BenchmarkFirstLook20000(b *testing.B) {
	for _, c := range []struct {
		name  string
		every int
	}{{"none marked", 0}, {"one in a hundred marked", 100}} {
		b.Run(c.name, func(b *testing.B) {
			const events = 20_000
			w := newWorld(b)
			var text bytes.Buffer
			(&library{}).text(&text, 12345)
			g := startGauge()
			b.ReportAllocs()
			for b.Loop() {
				l := &library{events: events, every: c.every, stored: map[string][]byte{}}
				ledger, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), sqlite.Options{})
				require.NoError(b, err)
				e := w.engine
				e.Ledger, e.Calendars, e.Log, e.Step = ledger, l, slog.New(slog.DiscardHandler), nil
				r, err := e.Pass(b.Context(), "")
				require.NoError(b, err)
				require.Empty(b, r.Errors)
				if c.every > 0 {
					require.Equal(b, events/c.every, r.Written)
				}
				require.NoError(b, ledger.Close())
			}
			b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(text.Len()), "B/event")
			g.report(b)
		})
	}
}

// A pass with nothing to do over a calendar of 1,000 events.
func BenchmarkIdlePass(b *testing.B) {
	w := newWorld(b).onDisk()
	for i := range 1000 {
		w.book(fmt.Sprintf("e%04d", i), "LOCATION:Room 5")
	}
	w.book("marked", "LOCATION:@meet")
	w.rest()
	w.dav.ResetLog()
	b.ReportAllocs()
	for b.Loop() {
		w.pass()
	}
	requests := 0
	for _, n := range w.dav.Counts() {
		requests += n
	}
	assert.Equal(b, b.N, requests)
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
}

// From the booking to the link in the event, ledger on disk; calendar and platform answer at once.
func BenchmarkBooking(b *testing.B) {
	w := newWorld(b).onDisk()
	w.pass()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.book(fmt.Sprintf("e%d", i), "LOCATION:@meet", "DESCRIPTION:Agenda")
		require.Equal(b, 1, w.pass().Written)
	}
	assert.Len(b, w.meetings(), b.N)
}

// Decide for an event whose meeting agrees with it.
func BenchmarkDecide(b *testing.B) {
	w := newWorld(b)
	e := w.book("sprint", "LOCATION:@meet", "DESCRIPTION:Agenda")
	w.pass()
	ev, err := calendar.Parse([]byte(e.raw()), time.UTC)
	require.NoError(b, err)
	link := w.link("sprint")
	meeting, err := w.ledger.Meeting(b.Context(), link.Meeting)
	require.NoError(b, err)
	o := w.people[0]
	s := sync.Situation{
		Now: w.clock.Now(), Rules: o.Rules, Organizer: o.Email, Addresses: o.Addresses, Calendar: link.Calendar, Href: link.Href,
		SeenAt: monday, Event: ev, Link: &link, Meeting: &meeting, Seal: sync.OwnSeal,
	}
	require.Equal(b, sync.Unchanged, sync.Decide(s).Rule)
	b.ReportAllocs()
	for b.Loop() {
		sync.Decide(s)
	}
}
