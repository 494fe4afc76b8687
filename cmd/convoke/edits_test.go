package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"convoke/calendar/caldavtest"
	"convoke/calendar/caldavtest/servers"
	"convoke/meetingapi/meetingtest"
)

// editsFor names the environment variable that has TestEdits go on for longer: a duration, for each of its parts.
const editsFor = "CONVOKE_EDITS_FOR"

// TestEdits has people edit an event each, as fast as they can, while the daemon writes into the same events. Where If-Match
// is atomic, nothing that was acknowledged to them is lost or reverted, ever. On DAViCal it is not, and some is lost: much
// less than by a daemon without care, and how much is printed. Everywhere a daemon without care loses edits under the same
// load, so that the test would see it.
func TestEdits(t *testing.T) {
	length, long := 10*time.Second, false
	if text := os.Getenv(editsFor); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err, editsFor)
		long = true
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		memorySite(t).keeps(t, length/4)
	})
	t.Run("memory, not atomic", func(t *testing.T) {
		t.Parallel()
		s := memorySite(t, caldavtest.NonAtomic(func() { time.Sleep(5 * time.Millisecond) }))
		assert.NotEmpty(t, s.rush(t, careful, 0, outcome.lossy).lost, "care does not help all the way where If-Match is not atomic")
	})
	for _, name := range servers.Names() {
		t.Run("real "+name, func(t *testing.T) {
			t.Parallel()
			s := siteOf(t, realServer(t, name))
			if name == "davical" {
				s.keepsMore(t, length, long)
			} else {
				s.keeps(t, length)
			}
		})
	}
}

// keeps wants no edit to be lost, and a daemon that sends no If-Match to lose some.
func (s site) keeps(t *testing.T, length time.Duration) {
	kept := s.rush(t, careful, length, func(o outcome) bool { return o.busy() || o.lossy() })
	assert.Empty(t, kept.examples(), "%d edits were lost, say", len(kept.lost))
	assert.True(t, kept.busy(), "too little happened")
	control := s.rush(t, unconditional, length/4, outcome.lossy)
	assert.NotEmpty(t, control.lost, "a daemon that sends no If-Match must lose edits, else this test would see none")
}

// keepsMore wants the daemon's care to be of clear use.
func (s site) keepsMore(t *testing.T, length time.Duration, long bool) {
	kept := s.rush(t, careful, length, outcome.busy)
	require.True(t, kept.busy(), "too little happened")
	if long {
		s.rush(t, unconditional, length, outcome.lossy)
	}
	control := s.rush(t, stale, length, kept.clearlyBetter)
	assert.True(t, kept.clearlyBetter(control), "lost per write: %.2f with care, %.2f without", kept.rate(), control.rate())
}

// editors is how many people edit at a time, an event each.
const editors = 6

// patienceForEdits is how much longer than it should a rush may take until enough has happened.
const patienceForEdits = 2 * time.Minute

// rush has people and the daemon work on the same events, at least for a while, and until enough has happened.
func (s site) rush(t *testing.T, c care, length time.Duration, enough func(outcome) bool) outcome {
	t.Helper()
	counts := &tally{}
	var crowd []*person
	var paths []string
	for i := range editors {
		p := &person{site: s, name: fmt.Sprintf("%c%d", 'a'+c, i), tally: counts, client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
		crowd, paths = append(crowd, p), append(paths, p.path())
		require.NoError(t, p.book(t.Context()))
	}
	b := s.behind(t, newWire(t, s, c, paths, counts))
	b.often(t)
	stop := b.daemon(t)

	began, over := time.Now(), make(chan struct{})
	g, ctx := errgroup.WithContext(t.Context())
	for _, p := range crowd {
		g.Go(func() error { return p.work(ctx, over) })
	}
	for took := time.Duration(0); ctx.Err() == nil && took < length+patienceForEdits; took = time.Since(began) {
		if took >= length && enough(counts.sofar()) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	close(over)
	took := time.Since(began)
	require.NoError(t, g.Wait())
	stop()
	everybody(t, crowd)
	if c == careful {
		b.agrees(t, crowd)
	}
	out := counts.sofar()
	out.took = took
	t.Logf("%s, %v: %v", t.Name(), c, out)
	for _, lost := range out.examples() {
		t.Log("lost, say: ", lost)
	}
	return out
}

// everybody looks at his event.
func everybody(t *testing.T, crowd []*person) (events []string) {
	t.Helper()
	for _, p := range crowd {
		_, event, err := p.look(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, event)
		events = append(events, event)
	}
	return events
}

// agrees wants convoke to come to an end with each event once it is left alone: one meeting that is as the event says, and its
// details in the event, once.
func (b *bench) agrees(t *testing.T, crowd []*person) {
	t.Helper()
	r := convoke("sync", "-c", b.config)
	require.Zero(t, r.code, r.err)
	booked := map[string]meetingtest.Meeting{} // by topic
	for _, m := range b.platform.Meetings() {
		booked[m.Topic] = m
	}
	assert.Len(t, b.platform.Meetings(), len(crowd))
	for i, event := range everybody(t, crowd) {
		p := crowd[i]
		m := booked[p.topic(p.holds)]
		assert.Equal(t, minute(p.holds[begin]), m.Start.UTC(), "of the meeting of\n%s", event)
		link := joinStart + m.Number
		seals := 0
		for _, prop := range properties(event) {
			switch prop.name {
			case "LOCATION":
				assert.Equal(t, fmt.Sprintf("Room %d %s", p.holds[room], link), prop.value)
			case "DESCRIPTION":
				assert.Equal(t, 1, strings.Count(prop.value, link), prop.value)
			case "X-CONVOKE":
				seals++
			}
		}
		assert.Equal(t, 1, seals)
	}
}

// often has the daemon make its passes as often as it may.
func (b *bench) often(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(b.config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(b.config, append([]byte("schedule = \"@every 1s\"\n"), text...), 0o600))
}

// daemon starts the program as one; the function that it returns stops it.
func (b *bench) daemon(t *testing.T) (stop func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programFolder(t), program), "run", "-c", b.config)
	cmd.Env = append(os.Environ(), "GORACE="+quickExit)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	return func() {
		t.Helper()
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, cmd.Wait(), log.String())
		require.NotContains(t, log.String(), "level=ERROR")
	}
}
