package feed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/feed"
)

// A place is a feed that the conformance tests can change.
type place struct {
	name string
	open func(t *testing.T, body string) (s func() *feed.Subscription, write func(body string))
}

func served(change func(*server)) func(*testing.T, string) (func() *feed.Subscription, func(string)) {
	return func(t *testing.T, body string) (func() *feed.Subscription, func(string)) {
		s := newServer(t, body)
		s.set(change)
		write := func(body string) {
			s.set(func(s *server) {
				s.body = body
				if !s.modified.IsZero() {
					s.modified = s.modified.Add(time.Minute)
				}
			})
		}
		return func() *feed.Subscription { return open(t, s.url) }, write
	}
}

func onDisk(t *testing.T, body string) (func() *feed.Subscription, func(string)) {
	path := filepath.Join(t.TempDir(), "feed.ics")
	write := func(body string) {
		require.NoError(t, os.WriteFile(path+".new", []byte(body), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	write(body)
	return func() *feed.Subscription {
		s, err := feed.File(path)
		require.NoError(t, err)
		return s
	}, write
}

var places = []place{
	{"ETag", served(func(s *server) { s.etags = true })},
	{"Last-Modified", served(func(s *server) { s.modified = time.Now().Add(-time.Hour) })},
	{"both", served(func(s *server) { s.etags, s.modified = true, time.Now().Add(-time.Hour) })},
	{"no validators", served(func(*server) {})},
	{"file", onDisk},
}

// Every kind of feed does what calendar.Collection promises, in one process and after a restart.
func TestCollection(t *testing.T) {
	for _, p := range places {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", p.name, restart), func(t *testing.T) {
				fresh, write := p.open(t, vcalendar(vevent("a", "first", stamp), vevent("b", "second", stamp)))
				s := fresh()
				again := func() *feed.Subscription {
					if restart {
						s = fresh()
					}
					return s
				}
				first := mustLook(t, s, never())
				assert.True(t, first.Complete)
				assert.Equal(t, []string{"a.ics", "b.ics"}, first.order)
				assert.Equal(t, vcalendar(vevent("a", "first", stamp)), string(first.rows["a.ics"].Data))

				idle := mustLook(t, again(), first.since())
				assert.Empty(t, idle.rows)
				assert.False(t, idle.Complete, "nothing is gone because nothing was reported")
				assert.Equal(t, first.Token, idle.Token)

				full := first.since()
				full.Full = true
				listed := mustLook(t, again(), full)
				assert.True(t, listed.Complete)
				require.Len(t, listed.rows, 2)
				for href, c := range listed.rows {
					assert.Equal(t, first.rows[href].ETag, c.ETag)
					assert.Nil(t, c.Data, "an object that is as it was")
				}

				write(vcalendar(vevent("b", "second, changed", stamp), vevent("c", "third", stamp)))
				changed := mustLook(t, again(), first.since())
				assert.True(t, changed.Complete, "a is gone")
				assert.Equal(t, []string{"b.ics", "c.ics"}, changed.order)
				assert.NotEqual(t, first.seen("b.ics"), changed.seen("b.ics"))
				for _, c := range changed.rows {
					got, err := again().Get(t.Context(), c.Href)
					require.NoError(t, err)
					assert.Equal(t, c.Object, got)
				}
				_, err := again().Get(t.Context(), "a.ics")
				assert.ErrorIs(t, err, calendar.ErrNotFound)

				write(vcalendar())
				empty := mustLook(t, again(), changed.since())
				assert.True(t, empty.Complete)
				assert.Empty(t, empty.rows)
			})
		}
	}
}

func TestPutIsRefused(t *testing.T) {
	for _, p := range places {
		fresh, _ := p.open(t, vcalendar(vevent("a", "first", stamp)))
		s := fresh()
		o, err := s.Get(t.Context(), "a.ics")
		require.NoError(t, err)
		_, err = s.Put(t.Context(), o)
		assert.ErrorIs(t, err, calendar.ErrReadOnly, p.name)
	}
}

func TestChangesStops(t *testing.T) {
	s := open(t, newServer(t, vcalendar(vevent("a", "x", stamp), vevent("b", "y", stamp))).url)
	broken := errors.New("disk full")
	rows := 0
	l, err := s.Changes(t.Context(), never(), func(calendar.Change) error { rows++; return broken })
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, 1, rows)
	assert.Empty(t, l.Token)

	ctx, cancel := context.WithCancel(t.Context())
	rows = 0
	_, err = s.Changes(ctx, never(), func(calendar.Change) error { rows++; cancel(); return nil })
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, rows)
}

// What a look that finds nothing costs: one request, and no body where the server can do without.
func TestRequests(t *testing.T) {
	s := newServer(t, vcalendar(vevent("a", "x", stamp)))
	s.set(func(s *server) { s.etags = true })
	sub := open(t, s.url)
	first := mustLook(t, sub, never())
	assert.Equal(t, []int{200}, s.codes())

	mustLook(t, sub, first.since())
	assert.Equal(t, []int{304}, s.codes())
	_, err := sub.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	assert.Empty(t, s.codes(), "Get answers from memory")

	full := first.since()
	full.Full = true
	mustLook(t, sub, full)
	assert.Equal(t, []int{200}, s.codes(), "a full look trusts no validator")

	restarted := open(t, s.url)
	mustLook(t, restarted, first.since())
	assert.Equal(t, []int{304}, s.codes())
	for range 3 {
		_, err = restarted.Get(t.Context(), "a.ics")
		require.NoError(t, err)
	}
	assert.Equal(t, []int{200}, s.codes(), "one download serves every Get")
}

// A server that stamps each download, as Google does, causes no rows; what is handed out stays what it was.
func TestStampedOnEachDownload(t *testing.T) {
	body := func(stamp string) string {
		return vcalendar("X-GENERATED:"+stamp+"\r\n", vevent("a", "x", stamp), vevent("b", "y", stamp))
	}
	s := newServer(t, body(stamp))
	sub := open(t, s.url)
	first := mustLook(t, sub, never())
	s.set(func(s *server) { s.body = body("20261102T090000Z") })
	idle := mustLook(t, sub, first.since())
	assert.Empty(t, idle.rows)
	assert.False(t, idle.Complete)
	assert.Equal(t, first.Token, idle.Token, "there is nothing to write into the ledger")

	o, err := sub.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	assert.Equal(t, first.rows["a.ics"].Object, o)

	restarted := mustLook(t, open(t, s.url), first.since())
	assert.Empty(t, restarted.rows)
}

// A file that is written anew with the same content costs one reading, not one in each pass, though the ledger keeps the
// old token.
func TestNewerValidatorsAreRemembered(t *testing.T) {
	s := newServer(t, vcalendar(vevent("a", "x", stamp)))
	s.set(func(s *server) { s.etags = true })
	sub := open(t, s.url)
	first := mustLook(t, sub, never())
	s.set(func(s *server) { s.body = vcalendar(vevent("a", "x", "20261102T090000Z")) })
	s.codes()
	mustLook(t, sub, first.since())
	mustLook(t, sub, first.since())
	assert.Equal(t, []int{200, 304}, s.codes())
}

// The source went back to what the token speaks of, after a newer version was read in between.
func TestMemoryIsNotNewerThanTheFeed(t *testing.T) {
	old := vcalendar(vevent("a", "old", stamp))
	s := newServer(t, old)
	s.set(func(s *server) { s.etags = true })
	first := mustLook(t, open(t, s.url), never())

	sub := open(t, s.url)
	s.set(func(s *server) { s.body = vcalendar(vevent("a", "new", stamp)) })
	_, err := sub.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	s.set(func(s *server) { s.body = old })
	assert.Empty(t, mustLook(t, sub, first.since()).rows)
	o, err := sub.Get(t.Context(), "a.ics")
	require.NoError(t, err)
	assert.Equal(t, old, string(o.Data))
}

func TestConditions(t *testing.T) {
	now := time.Now().UTC()
	for _, c := range []struct {
		name           string
		etag           string
		modified       time.Time
		match, changed string
	}{
		{"strong", `"v1"`, time.Time{}, `"v1"`, ""},
		{"weak", `W/"v1"`, time.Time{}, `W/"v1"`, ""},
		{"marked by Apache", `"v1-gzip"`, time.Time{}, `"v1-gzip", "v1"`, ""},
		{"an hour old", "", now.Add(-time.Hour), "", now.Add(-time.Hour).Format(http.TimeFormat)},
		{"changed within this second", "", now, "", ""},
		{"of the future", "", now.Add(time.Hour), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, vcalendar())
			s.set(func(s *server) {
				s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Date", now.Format(http.TimeFormat))
					if c.etag != "" {
						w.Header().Set("ETag", c.etag)
					}
					s.modified = c.modified
					return false
				}
			})
			sub := open(t, s.url)
			first := mustLook(t, sub, never())
			mustLook(t, sub, first.since())
			s.mu.Lock()
			defer s.mu.Unlock()
			assert.Empty(t, s.asked[0].Get("If-None-Match")+s.asked[0].Get("If-Modified-Since"))
			assert.Equal(t, c.match, s.asked[1].Get("If-None-Match"))
			assert.Equal(t, c.changed, s.asked[1].Get("If-Modified-Since"))
		})
	}
}

func TestForeignToken(t *testing.T) {
	s := open(t, newServer(t, vcalendar(vevent("a", "x", stamp))).url)
	for _, token := range []string{"sync 17", "{}", `{"etag":"\"x\""}`, "\x00"} {
		r := mustLook(t, s, calendar.Since{Token: token, ETag: func(string) string { return "" }})
		assert.True(t, r.Complete, token)
		assert.Len(t, r.rows, 1, token)
	}
}

func TestObjects(t *testing.T) {
	tooLong := vevent("long", string(make([]byte, calendar.MaxObject)), stamp)
	noUID := "BEGIN:VEVENT\r\nDTSTART:20261210T140000Z\r\nEND:VEVENT\r\n"
	open, _ := onDisk(t, vcalendar(vevent("a", "x", stamp), noUID, tooLong, "BEGIN:VEVENT\r\nUID:torn\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n"))
	objects, err := open().Objects(t.Context())
	require.NoError(t, err)
	require.Len(t, objects, 3, "all but the torn one")
	assert.Equal(t, vcalendar(vevent("a", "x", stamp)), string(objects[0].Data))
	assert.Equal(t, vcalendar(noUID), string(objects[1].Data))
	assert.Equal(t, vcalendar(tooLong), string(objects[2].Data))
}

// Several goroutines use one subscription while the feed changes: each sees one version of it or the other.
func TestConcurrentUse(t *testing.T) {
	one, two := vcalendar(vevent("a", "one", stamp)), vcalendar(vevent("a", "two", stamp))
	s := newServer(t, one)
	sub := open(t, s.url)
	var group stdsync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s.set(func(s *server) { s.body = []string{one, two}[i%2] })
			r, err := look(t.Context(), sub, never())
			assert.NoError(t, err)
			assert.Contains(t, []string{one, two}, string(r.rows["a.ics"].Data))
			o, err := sub.Get(t.Context(), "a.ics")
			assert.NoError(t, err)
			assert.Contains(t, []string{one, two}, string(o.Data))
		})
	}
	group.Wait()
}
