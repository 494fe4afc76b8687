package crashpoint

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
)

// traced are points that only write down what they pass, and a function that reads that.
func traced(t *testing.T, at string) (*Points, func() []string) {
	file := filepath.Join(t.TempDir(), "trace")
	t.Setenv(Trace, file)
	t.Setenv(At, at)
	p, err := FromEnvironment()
	require.NoError(t, err)
	return p, func() []string {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

// A process dies at the point that was named, when it is passed for the time that was said, and at no other.
func TestDies(t *testing.T) {
	for at, want := range map[string]string{"a#2": "a#2", "#2": "b#1", "b#2": "", "#4": "", "a": "", "": ""} {
		p, trace := traced(t, at)
		died := ""
		p.die = func() { died = trace()[len(trace())-1] }
		for _, name := range []string{"a", "b", "a"} {
			p.Pass(name)
		}
		assert.Equal(t, want, died, "at %q", at)
		assert.Equal(t, []string{"a#1", "b#1", "a#2"}, trace())
	}
}

func TestCommit(t *testing.T) {
	p, trace := traced(t, "")
	memory, err := sqlite.Memory(t.Context())
	require.NoError(t, err)
	defer memory.Close()
	l := p.Ledger(memory)
	id, err := l.SaveCalendar(t.Context(), store.Calendar{Organizer: "alice@example.com", URL: "/work/"})
	require.NoError(t, err)
	calendars, err := l.Calendars(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, calendars, 1)
	assert.Equal(t, id, calendars[0].ID)
	assert.Equal(t, []string{"commit SaveCalendar before#1", "commit SaveCalendar after#1"}, trace())
}

// An exchange passes its points in order, and stops where it fails.
func TestExchange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(w, r.Body)
	}))
	defer server.Close()
	send := func(p *Points, method string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader("text"))
		require.NoError(t, err)
		return p.RoundTripper(func(*http.Request) string { return "she" }, http.DefaultTransport).RoundTrip(r)
	}

	p, trace := traced(t, "")
	resp, err := send(p, http.MethodPut)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "text", string(text))
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, []string{"she PUT before#1", "she PUT sent#1", "she PUT answered#1", "she PUT read#1"}, trace())

	p, trace = traced(t, "")
	_, err = send(p, http.MethodDelete)
	require.Error(t, err)
	assert.Equal(t, "she DELETE before#1", trace()[0])
	assert.NotContains(t, trace(), "she DELETE answered#1")
}

func TestNow(t *testing.T) {
	t.Setenv(Clock, "2026-11-23T12:00:00Z")
	now, err := Now()
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), now())
	t.Setenv(Clock, "noon")
	_, err = Now()
	assert.ErrorContains(t, err, Clock)
}
