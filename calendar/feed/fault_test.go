package feed_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/feed"
)

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

func body(kind, text string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(text))
		return true
	}
}

const whole = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// A feed that cannot be read voids the look: an error, no rows, and nothing that could be taken for "gone". The secret
// address stands in none of the errors.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		is    error  // nil when no caller acts on it
		says  string // in the error
	}{
		{"no password", status(401), calendar.ErrAuth, "password_file"},
		{"denied", status(403), calendar.ErrForbidden, "check it"},
		{"withdrawn", status(404), calendar.ErrMissing, "withdrawn"},
		{"gone", status(410), calendar.ErrMissing, "withdrawn"},
		{"moved", status(301, "Location", "https://canary.example.com/canary-5c1d"), nil, "points elsewhere"},
		{"too many requests", status(429), nil, "tried again"},
		{"server error", status(502), nil, "tried again"},
		{"no content", status(204), nil, "204"},
		{"part of it", status(206), nil, "206"},
		{"not modified, though nothing was asked", status(304), nil, "304"},
		{"login page", body("text/html", "<html>"), feed.ErrNoCalendar, "log in"},
		{"login page in disguise", body("text/calendar", "<!DOCTYPE html><html>"), feed.ErrNoCalendar, "BEGIN:VCALENDAR"},
		{"JSON", body("application/json", `{"error":"x"}`), feed.ErrNoCalendar, "BEGIN:VCALENDAR"},
		{"empty", body("text/calendar", ""), feed.ErrNoCalendar, "empty"},
		{"blank lines", body("text/calendar", "\r\n\r\n"), feed.ErrNoCalendar, "empty"},
		{"UTF-16", body("text/calendar", "\xff\xfeB\x00E\x00"), feed.ErrNoCalendar, "BEGIN:VCALENDAR"},
		{"one event alone", body("text/calendar", "BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n"), feed.ErrNoCalendar, "VEVENT"},
		{"text behind the calendar", body("text/calendar", whole+"<b>Warning</b>: timeout\r\n"), feed.ErrNoCalendar, "Warning"},
		{"without its end", body("text/calendar", strings.TrimSuffix(whole, "END:VCALENDAR\r\n")), feed.ErrIncomplete, "END:VCALENDAR"},
		{"within an event", body("text/calendar", whole[:40]), feed.ErrIncomplete, "END:VCALENDAR"},
		{"an event lost its end", body("text/calendar", strings.Replace(whole, "END:VEVENT\r\n", "", 1)), feed.ErrIncomplete, "not closed"},
		{"a calendar within another", body("text/calendar", "BEGIN:VCALENDAR\r\n"+whole), feed.ErrIncomplete, "another"},
		{"an end of nothing", body("text/calendar", "BEGIN:VCALENDAR\r\nEND:VEVENT\r\n"), feed.ErrIncomplete, "closes nothing"},
		{"nested without end", body("text/calendar", "BEGIN:VCALENDAR\r\n"+strings.Repeat("BEGIN:X\r\n", 1000)), feed.ErrIncomplete, "deeper"},
		{"half a body", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(whole))
			return true
		}, nil, "unexpected EOF"},
		{"a coding that was not asked for", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte(whole))
			return true
		}, feed.ErrNoCalendar, "br"},
		{"connection reset", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, nil, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, whole)
			sub := open(t, s.url)
			before := mustLook(t, sub, never())
			s.set(func(s *server) { s.fault = c.fault })

			full := before.since()
			full.Full = true
			for _, since := range []calendar.Since{never(), full} {
				r, err := look(t.Context(), sub, since)
				require.Error(t, err)
				assert.Empty(t, r.rows)
				assert.Equal(t, calendar.Look{}, r.Look)
				if c.is != nil {
					assert.ErrorIs(t, err, c.is)
				}
				assert.Contains(t, err.Error(), c.says)
				assert.Contains(t, err.Error(), "http://127.0.0.1")
				assert.NotContains(t, err.Error(), "canary")
			}
			_, err := open(t, s.url).Get(t.Context(), "a.ics")
			require.Error(t, err)
			assert.NotErrorIs(t, err, calendar.ErrNotFound, "a feed that cannot be read says nothing of its events")
			assert.NotContains(t, err.Error(), "canary")

			s.set(func(s *server) { s.fault = nil })
			assert.Empty(t, mustLook(t, sub, before.since()).rows, "afterwards all is as it was")
		})
	}
}

// Wherever a feed breaks off, no look comes of it but of the whole one.
func TestTruncatedAnywhere(t *testing.T) {
	text := strings.TrimRight(testdata(t, "google.ics"), "\r\n")
	s := newServer(t, text)
	for n := 0; n < len(text); n += 7 {
		s.set(func(s *server) { s.body = text[:n] })
		_, err := look(t.Context(), open(t, s.url), never())
		require.Error(t, err, "after %d bytes", n)
	}
	s.set(func(s *server) { s.body = text })
	mustLook(t, open(t, s.url), never())
}

// ofSize is a feed of so many bytes: one event, and a task.
func ofSize(n int) string {
	event := vevent("a", "x", stamp)
	task := "BEGIN:VTODO\r\nDESCRIPTION:%s\r\nEND:VTODO\r\n"
	filler := strings.Repeat("x", n-len(vcalendar(event, task))+len("%s"))
	return vcalendar(event, strings.Replace(task, "%s", filler, 1))
}

func TestLimits(t *testing.T) {
	events := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("BEGIN:VEVENT\r\nUID:" + strings.Repeat("x", i%97) + string(rune('A'+i/97)) + "\r\nEND:VEVENT\r\n")
		}
		return vcalendar(b.String())
	}
	for _, c := range []struct {
		name, text string
		rows       int // 0: too large
	}{
		{"as many events as are read", events(feed.MaxEvents), feed.MaxEvents},
		{"one event more", events(feed.MaxEvents + 1), 0},
		{"as many bytes as are read", ofSize(feed.MaxSize), 1},
		{"one byte more", ofSize(feed.MaxSize + 1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := look(t.Context(), open(t, newServer(t, c.text).url), never())
			if c.rows == 0 {
				assert.ErrorIs(t, err, calendar.ErrTooLarge)
				assert.Empty(t, r.rows)
				return
			}
			require.NoError(t, err)
			assert.Len(t, r.rows, c.rows)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	at := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	for _, c := range []struct {
		value string
		want  time.Time
	}{
		{"7200", at}, {at.Format(http.TimeFormat), at}, {"", time.Time{}}, {"soon", time.Time{}}, {"-5", time.Time{}},
	} {
		s := newServer(t, whole)
		s.set(func(s *server) { s.fault = status(503, "Retry-After", c.value) })
		_, err := look(t.Context(), open(t, s.url), never())
		var wait interface{ RetryAt() time.Time }
		require.True(t, errors.As(err, &wait))
		assert.WithinDuration(t, c.want, wait.RetryAt(), 5*time.Second, c.value)
	}
}

// A Doer's error that repeats the address, as those of net/http do, does not bring it into ours.
func TestErrorsOfTheDoer(t *testing.T) {
	refused := errors.New("connection refused")
	sub, err := feed.Open(doer(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: refused}
	}), "https://calendar.example.com"+secretPath+"?key=canary")
	require.NoError(t, err)
	_, err = look(t.Context(), sub, never())
	assert.ErrorIs(t, err, refused)
	assert.Contains(t, err.Error(), "https://calendar.example.com/…")
	assert.NotContains(t, err.Error(), "canary")
	assert.NotContains(t, sub.String(), "canary")
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestFileFaults(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		return path
	}
	pipe := filepath.Join(dir, "pipe.ics")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, c := range []struct {
		name, path string
		is         error
	}{
		{"not there", filepath.Join(dir, "absent.ics"), calendar.ErrMissing},
		{"half written", write("half.ics", whole[:50], 0o600), feed.ErrIncomplete},
		{"empty", write("empty.ics", "", 0o600), feed.ErrNoCalendar},
		{"a folder", dir, nil},
		{"a pipe", pipe, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			sub, err := feed.File(c.path)
			require.NoError(t, err)
			r, err := look(t.Context(), sub, never())
			require.Error(t, err)
			assert.Empty(t, r.rows)
			assert.Contains(t, err.Error(), c.path)
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			}
		})
	}
	if os.Geteuid() != 0 { // root reads everything
		sub, err := feed.File(write("denied.ics", whole, 0))
		require.NoError(t, err)
		_, err = look(t.Context(), sub, never())
		assert.ErrorIs(t, err, calendar.ErrForbidden)
	}
}
