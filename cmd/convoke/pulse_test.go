package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pass that only fails, or has nothing to do, gets on all the same: each exchange with a server and each organizer's turn is a
// sign of life.
func TestPassThatFailsHasAPulse(t *testing.T) {
	const many = 8
	dir := t.TempDir()
	_, api, _ := newPlatform(t)
	failing := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(50 * time.Millisecond)
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	text, _, _ := strings.Cut(configuration(api, "", ""), "[[organizer]]")
	for i := range many {
		text += fmt.Sprintf("[[organizer]]\nemail = \"u%d@example.com\"\nuser_id = \"5e9459c5b863b82c00000003\"\ncaldav_url = %q\nusername = \"u%d\"\npassword_file = \"alice.password\"\n", i, failing, i)
	}
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "alice.password": canaryPassword, "config.toml": "schedule = \"@every 1h\"\n" + text})
	s := &streams{errTo: io.Discard, silent: true, config: filepath.Join(dir, "config.toml")}
	a, err := s.open(t.Context(), patient)
	require.NoError(t, err)
	defer a.ledger.Close()
	release, err := a.ledger.Lock()
	require.NoError(t, err)
	defer release()
	d := &service{streams: s, app: a}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.generation(ctx, nil)
	}()
	began, last, longest := time.Now(), time.Now(), time.Duration(0)
	for running := true; running || d.pulse.last.Load() == nil; time.Sleep(time.Millisecond) {
		if beat := d.pulse.last.Load(); beat != nil {
			longest, last = max(longest, beat.Sub(last)), *beat
		}
		running = d.pulse.running.Load() || d.pulse.last.Load() == nil
		require.Less(t, time.Since(began), time.Minute)
	}
	stop()
	<-ended
	assert.Greater(t, time.Since(began), many/2*50*time.Millisecond, "two requests at a time")
	assert.Less(t, longest, time.Since(began)/2, "between one sign of life and the next")

	var silent pulse
	beating{a.cals, &silent}.Source("u0@example.com")
	assert.NotNil(t, silent.last.Load(), "an organizer's turn, whatever her calendars are")
	assert.IsType(t, beating{}, a.engine.Calendars)
}
