package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/metrics"
	"convoke/store"
	"convoke/store/sqlite"
	"convoke/sync"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const canary = "canary"

// scrape asks for the metrics of a ledger.
func scrape(t *testing.T, l store.Ledger, last func() (metrics.Pass, error), since time.Time) (status int, body, log string) {
	t.Helper()
	var text bytes.Buffer
	h := metrics.New(metrics.Options{
		Ledger: l, Organizers: []string{"alice@example.com", "bob@example.com"}, LastPass: last,
		Recovery: func(context.Context) (sync.Recovery, error) { return sync.Recovery{Since: since}, nil },
		Now:      func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&text, nil)),
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Code, w.Body.String(), text.String()
}

func noPass() (metrics.Pass, error) { return metrics.Pass{}, nil }

// fill puts one of everything into a ledger, with a canary wherever a name stands.
func fill(t *testing.T, l store.Ledger) {
	ctx := t.Context()
	require.NoError(t, l.SaveOrganizer(ctx, store.Organizer{Email: "alice@example.com", State: canary, Trouble: store.Platform}))
	require.NoError(t, l.SaveOrganizer(ctx, store.Organizer{Email: canary + "@example.com", Trouble: store.Password}))
	var first int64
	for i, c := range []store.Calendar{
		{URL: "a", Name: canary}, {URL: "b", Trouble: store.Missing, State: canary}, {URL: "c", Trouble: store.ReadOnly}, {URL: "d", Left: true},
	} {
		c.Organizer = "alice@example.com"
		id, err := l.SaveCalendar(ctx, c)
		require.NoError(t, err)
		if i == 0 {
			first = id
		}
	}
	require.NoError(t, l.SaveObject(ctx, store.ObjectRow{Calendar: first, Href: canary, UID: canary, Seen: "1", Error: canary}))
	var last int64
	for i, m := range []store.Meeting{{State: store.Live}, {State: store.Live}, {State: store.Voided}, {State: store.Vanished, MissingAt: now}} {
		m.Organizer, m.PlatformID, m.Topic, m.Start, m.End = "alice@example.com", string(rune('a'+i)), canary, now, now.Add(time.Hour)
		id, err := l.SaveMeeting(ctx, m)
		require.NoError(t, err)
		last = id
	}
	for i, k := range []store.Link{{State: store.Active}, {State: store.Ending, Reason: "hold"}, {State: store.Ending, Reason: "deleted"}, {State: store.Ended}} {
		k.Organizer, k.UID, k.Meeting = "alice@example.com", canary+string(rune('a'+i)), last
		_, err := l.SaveLink(ctx, k)
		require.NoError(t, err)
	}
	_, err := l.Begin(ctx, store.Intent{Kind: store.CreateMeeting, Organizer: "alice@example.com", UID: canary, SentAt: now})
	require.NoError(t, err)
	given, err := l.Begin(ctx, store.Intent{Kind: store.CreateMeeting, Organizer: "alice@example.com", UID: canary + "given", SentAt: now})
	require.NoError(t, err)
	require.NoError(t, l.Failed(ctx, given, store.GivenUp, canary, now))
}

// Every state of the ledger is a number, and no name of it is shown.
func TestMetrics(t *testing.T) {
	l, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	defer l.Close()
	fill(t, l)
	status, body, _ := scrape(t, l, func() (metrics.Pass, error) {
		return metrics.Pass{At: now, Results: map[string]int{"created": 3, "failed": 1}}, nil
	}, now)
	require.Equal(t, 200, status)
	for _, line := range []string{
		`convoke_organizers{trouble="none"} 1`, `convoke_organizers{trouble="platform"} 1`, `convoke_organizers{trouble="password"} 0`,
		`convoke_calendars{trouble="none"} 1`, `convoke_calendars{trouble="missing"} 1`, `convoke_calendars{trouble="read-only"} 1`,
		`convoke_meetings{state="live"} 2`, `convoke_meetings{state="voided"} 1`, `convoke_meetings{state="vanished"} 1`, `convoke_meetings{state="deleted"} 0`,
		`convoke_links{state="active"} 1`, `convoke_links{state="ending"} 2`, `convoke_links{state="ended"} 1`,
		`convoke_held_meetings 1`, `convoke_missing_meetings 1`, `convoke_unanswered_calls 1`, `convoke_given_up_calls 1`, `convoke_recovering 1`, `convoke_events_failing 1`,
		`convoke_last_pass_timestamp_seconds 1.7954352e+09`, `convoke_last_pass_results{result="created"} 3`, `convoke_last_pass_results{result="failed"} 1`,
	} {
		assert.Contains(t, body, line+"\n")
	}
	assert.NotContains(t, body, canary)
	assert.NotContains(t, body, "@")
}

// Before the first pass there are the same series, but those of the pass.
func TestMetricsOfEmptyLedger(t *testing.T) {
	l, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	defer l.Close()
	status, body, _ := scrape(t, l, noPass, time.Time{})
	assert.Equal(t, 200, status)
	assert.Contains(t, body, `convoke_organizers{trouble="none"} 2`)
	assert.Contains(t, body, "convoke_held_meetings 0")
	assert.Contains(t, body, "convoke_recovering 0")
	assert.NotContains(t, body, "last_pass")
}

// What cannot be read is an error, not a row of zeros; why is for the log.
func TestMetricsFail(t *testing.T) {
	l, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	defer l.Close()
	status, body, log := scrape(t, l, func() (metrics.Pass, error) { return metrics.Pass{}, errors.New(canary) }, time.Time{})
	assert.Equal(t, 500, status)
	assert.NotContains(t, body, canary)
	assert.Contains(t, log, canary)
}
