package sync_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A crowd is many organizers with one calendar or two each, of twenty events, of which every third organizer has marked
// one. The calendars cost nothing, so that what is measured beside them is convoke's. It is a sync.Calendars.
type crowd struct {
	size   int
	people []sync.Organizer

	mu      stdsync.Mutex
	written map[string][]byte // by calendar and href
}

const eventsEach = 20

// gather makes a crowd, and an engine for it over a ledger.
func (w *world) gather(size int, ledger store.Ledger) *crowd {
	c := &crowd{size: size, written: map[string][]byte{}}
	owners := map[string]string{}
	for i := range size {
		o := w.people[0]
		o.Email = fmt.Sprintf("person%05d@example.com", i)
		o.Addresses, o.Owners, owners[o.Email] = []string{o.Email}, owners, o.Email
		c.people = append(c.people, o)
	}
	w.engine.Ledger, w.engine.Calendars, w.engine.Step, w.engine.Log = ledger, c, nil, slog.New(slog.DiscardHandler)
	w.engine.People = func(context.Context) ([]sync.Organizer, error) { return c.people, nil }
	return c
}

// calendars is how many there are of all.
func (c *crowd) calendars() int { return c.size + c.size/2 }

// links is how many events have a meeting.
func (c *crowd) links() int { return (c.size + 2) / 3 }

func (c *crowd) Source(string) string { return "crowd" }

func (c *crowd) Find(_ context.Context, organizer string) (found sync.Found, _ error) {
	var i int
	if _, err := fmt.Sscanf(organizer, "person%05d@", &i); err != nil {
		return found, err
	}
	for n := range 1 + i%2 {
		found.Calendars = append(found.Calendars, store.Calendar{Organizer: organizer, URL: fmt.Sprintf("crowd/%d/%d", i, n), Name: "Work", Source: "crowd"})
	}
	return found, nil
}

func (c *crowd) Open(row store.Calendar) (calendar.Collection, error) {
	quiet := &quiet{crowd: c, url: row.URL}
	_, err := fmt.Sscanf(row.URL, "crowd/%d/%d", &quiet.owner, &quiet.n)
	return quiet, err
}

// quiet is a calendar in which nothing happens but what convoke writes.
type quiet struct {
	*crowd
	url      string
	owner, n int
}

func (q *quiet) Changes(_ context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	if since.Token != "" && !since.Full {
		return calendar.Look{Token: since.Token}, nil
	}
	for i := range eventsEach {
		if err := fn(calendar.Change{Object: q.object(fmt.Sprint(i))}); err != nil {
			return calendar.Look{}, err
		}
	}
	return calendar.Look{Token: "1", Complete: true}, nil
}

func (q *quiet) object(href string) calendar.Object {
	q.mu.Lock()
	defer q.mu.Unlock()
	if data, ok := q.written[q.url+href]; ok {
		return calendar.Object{Href: href, ETag: `"2"`, Data: data}
	}
	marker := ""
	if q.owner%3 == 0 && q.n == 0 && href == "7" {
		marker = " @meet"
	}
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar 1.0//EN", "BEGIN:VEVENT", "UID:" + q.url + "/" + href,
		"DTSTAMP:20261101T080000Z", "DTSTART:20270615T080000Z", "DTEND:20270615T090000Z", "SUMMARY:Review", "LOCATION:Room 5" + marker, "END:VEVENT", "END:VCALENDAR", ""}
	return calendar.Object{Href: href, ETag: `"1"`, Data: []byte(strings.Join(lines, "\r\n"))}
}

func (q *quiet) Get(_ context.Context, href string) (calendar.Object, error) {
	return q.object(href), nil
}

func (q *quiet) Put(_ context.Context, o calendar.Object) (calendar.Object, error) {
	q.mu.Lock()
	q.written[q.url+o.Href] = o.Data
	q.mu.Unlock()
	return q.object(o.Href), nil
}

// asked counts the questions to a ledger. An idle pass has no others: the ledger within is nil.
type asked struct {
	store.Ledger
	ledger store.Ledger
	mu     stdsync.Mutex
	counts map[string]int
}

func (a *asked) count(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[what]++
}

func (a *asked) Intents(ctx context.Context, organizer string) ([]store.Intent, error) {
	a.count("Intents")
	return a.ledger.Intents(ctx, organizer)
}

func (a *asked) GivenUp(ctx context.Context, organizer string) ([]store.Intent, error) {
	a.count("GivenUp")
	return a.ledger.GivenUp(ctx, organizer)
}

func (a *asked) Notes(ctx context.Context, key string) (string, error) {
	a.count("Notes")
	return a.ledger.Notes(ctx, key)
}

func (a *asked) Calendars(ctx context.Context, organizer string) ([]store.Calendar, error) {
	a.count("Calendars")
	return a.ledger.Calendars(ctx, organizer)
}

func (a *asked) Looked(ctx context.Context, calendar int64, token string, fullAt time.Time) error {
	a.count("Looked")
	return a.ledger.Looked(ctx, calendar, token, fullAt)
}

func (a *asked) Pending(ctx context.Context, calendar int64, now time.Time) ([]store.ObjectRow, error) {
	a.count("Pending")
	return a.ledger.Pending(ctx, calendar, now)
}

func (a *asked) DueLinks(ctx context.Context, organizer string, now time.Time) ([]store.Link, error) {
	a.count("DueLinks")
	return a.ledger.DueLinks(ctx, organizer, now)
}

func (a *asked) Prune(ctx context.Context, before time.Time) error {
	a.count("Prune")
	return a.ledger.Prune(ctx, before)
}

// However many organizers there are, an idle pass asks the ledger the same few things for each, and one for all. Each is
// answered by an index (sqlite.TestMemory), so none costs more where there are more organizers.
func TestIdleQuestions(t *testing.T) {
	for _, size := range []int{10, 200} {
		w := newWorld(t)
		c := w.gather(size, w.ledger)
		assert.Equal(t, c.links(), w.pass().Written)
		a := &asked{ledger: w.ledger, counts: map[string]int{}}
		w.engine.Ledger = a
		assert.Zero(t, w.pass())
		assert.Equal(t, map[string]int{
			"Intents": 2 * size, "GivenUp": size, "Calendars": size, "DueLinks": size, "Notes": 2*size + c.calendars(), // found, addresses; selection
			"Looked": c.calendars(), "Pending": c.calendars(), "Prune": 1,
		}, a.counts)
	}
}

// fastFolder is one whose files cost no disk, where there is such a one.
func fastFolder(tb testing.TB) string {
	if dir, err := os.MkdirTemp("/dev/shm", "convoke-"); err == nil {
		tb.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return tb.TempDir()
}

// BenchmarkIdle10000 is an idle pass over 10,000 organizers with 15,000 calendars, 300,000 objects and 3,334 links in one
// ledger; s/first-pass is how long the first pass took, with all its commits.
func BenchmarkIdle10000(b *testing.B) {
	const size = 10_000
	w := newWorld(b)
	ledger, err := sqlite.Open(b.Context(), filepath.Join(fastFolder(b), "ledger.db"), sqlite.Options{})
	require.NoError(b, err)
	defer ledger.Close()
	c := w.gather(size, ledger)
	began := time.Now()
	require.Equal(b, c.links(), w.pass().Written)
	first := time.Since(began)
	g := startGauge()
	b.ReportAllocs()
	for b.Loop() {
		require.Zero(b, w.pass())
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "µs/organizer")
	b.ReportMetric(first.Seconds(), "s/first-pass")
	g.report(b)
}

// What an organizer's server calls hers is not hers where the configuration has it for another: people may change what
// their server says.
func TestAddressOfAnother(t *testing.T) {
	w := newWorld(t)
	w.join("bob")
	owners := map[string]string{"alice@example.com": "alice@example.com", "bob@example.com": "bob@example.com"}
	for i := range w.people {
		w.people[i].Owners = owners
	}
	w.shelf.addresses = []string{"bob@example.com", "liddell@example.com"}
	w.book("his", "LOCATION:@meet", "ORGANIZER:mailto:bob@example.com", "ATTENDEE:mailto:alice@example.com")
	w.book("hers", "LOCATION:@meet", "ORGANIZER:mailto:liddell@example.com", "ATTENDEE:mailto:carol@example.com")
	w.pass()
	require.Len(t, w.meetings(), 1)
	assert.Equal(t, "hers", w.link("hers").UID)
}
