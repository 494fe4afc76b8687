package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// An ICS file as a calendar: it is not touched, its marked event gets a meeting, and the feed that convoke publishes shows
// the same events with the details. Its address can be taken back.
func TestSubscription(t *testing.T) {
	dir := t.TempDir()
	ics := filepath.Join(dir, "alice.ics")
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" +
		subscribed("budget", "Budget @meet") + subscribed("dentist", "Dentist") + "END:VCALENDAR\r\n"
	require.NoError(t, os.WriteFile(ics, []byte(text), 0o600))
	platform := meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
	account, _ := platform.AddAccount(meetingtest.User{Email: alice})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	address := freeAddress(t)
	writeFiles(t, dir, map[string]string{
		"platform-api-key": canaryKey,
		"config.toml":      strings.Replace(configuration(api.URL, account.ID, fmt.Sprintf("ics_url = %q", ics)), `listen = ""`, fmt.Sprintf("listen = %q", address), 1),
	})
	file := filepath.Join(dir, "config.toml")

	out := command(t, 0, "sync", "-c", file)
	assert.Contains(t, out, "1 created, 1 unchanged")
	assert.Contains(t, command(t, 0, "sync", "-c", file), "nothing to do")
	assert.Regexp(t, `"Subscription" at `+ics, convoke("check", "-c", file).out)
	after, err := os.ReadFile(ics)
	require.NoError(t, err)
	assert.Equal(t, text, string(after))

	s := &streams{errTo: io.Discard, silent: true}
	s.config = file
	a, err := s.open(t.Context(), patient)
	require.NoError(t, err)
	defer a.ledger.Close()
	page, err := a.listen()
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- page.Run(ctx) }()
	defer func() { stop(); assert.NoError(t, <-done) }()

	url := feedAddress(t, file)
	status, body, etag := fetch(t, url, "")
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, 2, strings.Count(body, "BEGIN:VEVENT"))
	number := platform.Meetings()[0].Number
	assert.Contains(t, strings.ReplaceAll(body, "\r\n ", ""), "LOCATION:"+strings.Replace(joinURL, "{meetingId}", number, 1))
	assert.Contains(t, body, subscribed("dentist", "Dentist"))
	status, _, _ = fetch(t, url, etag)
	assert.Equal(t, http.StatusNotModified, status)

	status, body, _ = fetch(t, "http://"+address+"/metrics", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `convoke_meetings{state="live"} 1`)
	assert.Contains(t, body, "convoke_last_pass_results{result=\"created\"}")
	for _, secret := range []string{canaryKey, alice, "Budget", number, strings.Split(url, "/feed/")[1]} {
		assert.NotContains(t, body, secret)
	}

	command(t, 0, "organizer", "revoke", alice, "-c", file)
	status, _, _ = fetch(t, url, "")
	assert.Equal(t, http.StatusNotFound, status)
	again := feedAddress(t, file)
	assert.NotEqual(t, url, again)
	status, _, _ = fetch(t, again, "")
	assert.Equal(t, http.StatusOK, status)
}

func subscribed(uid, title string) string {
	start := time.Now().UTC().AddDate(0, 0, 2)
	return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T080000Z\r\nSUMMARY:%s\r\nDTSTART:%s\r\nDURATION:PT1H\r\nEND:VEVENT\r\n", uid, title, start.Format("20060102T150000Z"))
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// command runs the program and returns what it printed.
func command(t *testing.T, exit int, args ...string) string {
	t.Helper()
	var out, errOut strings.Builder
	code := run(args, &out, &errOut)
	require.Equal(t, exit, code, errOut.String())
	return out.String()
}

// feedAddress is what `organizer list --urls` shows.
func feedAddress(t *testing.T, file string) string {
	t.Helper()
	for _, word := range strings.Fields(command(t, 0, "organizer", "list", "--urls", "-c", file)) {
		if strings.HasPrefix(word, "http://") {
			return word
		}
	}
	t.Fatal("no address of a feed")
	return ""
}

func fetch(t *testing.T, url, etag string) (status int, body, tag string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := ownClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data), resp.Header.Get("ETag")
}

// What was ejected stays so, though the marker is still there: until the organizer edits the event.
func TestEject(t *testing.T) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain: %v", plain), func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "cal"), 0o700))
			event := filepath.Join(dir, "cal", "budget.ics")
			booked := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed("budget", "Budget @meet") + "END:VCALENDAR\r\n"
			require.NoError(t, os.WriteFile(event, []byte(booked), 0o600))
			platform := meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
			account, _ := platform.AddAccount(meetingtest.User{Email: alice})
			api := httptest.NewServer(platform)
			t.Cleanup(api.Close)
			writeFiles(t, dir, map[string]string{
				"platform-api-key": canaryKey, "config.toml": configuration(api.URL, account.ID, `vdir = "cal"`),
			})
			file := filepath.Join(dir, "config.toml")
			command(t, 0, "sync", "-c", file)

			args := []string{"eject", "-c", file}
			if plain {
				args = append(args, "--plain")
			}
			assert.Contains(t, command(t, 0, args...), "1 written")
			left, err := os.ReadFile(event)
			require.NoError(t, err)
			assert.NotContains(t, string(left), "X-CONVOKE")
			assert.Equal(t, plain, strings.Contains(string(left), joinStart))
			calls := platform.CountCalls()
			assert.Contains(t, command(t, 0, "sync", "-c", file), "nothing to do")
			assert.Equal(t, calls, platform.CountCalls(), "the meeting stays as it is")
			again, err := os.ReadFile(event)
			require.NoError(t, err)
			assert.Equal(t, string(left), string(again))
		})
	}
}
