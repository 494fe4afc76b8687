package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A subscription whose server is slow keeps nobody waiting but its own readers, those no longer than they want, and is not asked again by
// each of them when it fails.
func TestSlowSubscription(t *testing.T) {
	dir := t.TempDir()
	_, api, account := newPlatform(t)
	var hangs atomic.Bool
	var asked atomic.Int32
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	slow := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hangs.Load() {
			_, _ = io.WriteString(w, aFile("b", "B @meet"))
			return
		}
		asked.Add(1)
		arrived <- struct{}{}
		<-release
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	text := strings.Replace(configuration(api, account.ID, fmt.Sprintf("ics_url = %q", filepath.Join(dir, "alice.ics"))), `listen = ""`, fmt.Sprintf("listen = %q", freeAddress(t)), 1)
	text += fmt.Sprintf("[[organizer]]\nemail = \"bob@example.com\"\nuser_id = \"5e9459c5b863b82c00000003\"\nics_url = %q\n", slow+"/bob.ics")
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": text, "alice.ics": aFile("a", "A @meet")})
	config := filepath.Join(dir, "config.toml")
	convoke("sync", "-c", config)
	s := &streams{errTo: io.Discard, silent: true, config: config}
	a, err := s.open(t.Context(), patient)
	require.NoError(t, err)
	defer a.ledger.Close()
	f := newFeeds(a)
	bobs, err := a.feedToken(t.Context(), "bob@example.com")
	require.NoError(t, err)
	hers, err := a.feedToken(t.Context(), alice)
	require.NoError(t, err)

	hangs.Store(true)
	first := make(chan error)
	go func() {
		_, _, _, err := f.Feed(context.WithoutCancel(t.Context()), bobs)
		first <- err
	}()
	<-arrived
	ics, _, ok, err := f.Feed(t.Context(), hers)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Contains(t, string(ics), "UID:a")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, _, err = f.Feed(short, bobs)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
	require.Error(t, <-first)
	n := asked.Load()
	_, _, ok, err = f.Feed(t.Context(), bobs)
	require.Error(t, err)
	assert.False(t, ok)
	assert.Equal(t, n, asked.Load(), "it has just failed")
}

// Whoever tries addresses costs one look into the ledger, however many feeds there are; one that was revoked is none from then on.
func TestAddressesAreReadOnce(t *testing.T) {
	dir := t.TempDir()
	_, api, account := newPlatform(t)
	text := strings.Replace(configuration(api, account.ID, fmt.Sprintf("ics_url = %q", filepath.Join(dir, "alice.ics"))), `listen = ""`, fmt.Sprintf("listen = %q", freeAddress(t)), 1)
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": text})
	s := &streams{errTo: io.Discard, silent: true, config: filepath.Join(dir, "config.toml")}
	a, err := s.open(t.Context(), patient)
	require.NoError(t, err)
	defer a.ledger.Close()
	f := newFeeds(a)
	first, err := f.addresses(t.Context())
	require.NoError(t, err)
	require.Len(t, first.tokens, 1)
	again, err := f.addresses(t.Context())
	require.NoError(t, err)
	assert.Same(t, &first.tokens[0], &again.tokens[0])
	require.NoError(t, a.revokeFeed(t.Context(), alice))
	now, err := f.addresses(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, first.tokens, now.tokens)
	assert.Equal(t, []string{alice}, now.who)
}
