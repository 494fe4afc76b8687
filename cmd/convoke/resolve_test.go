package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// A creation without an answer is never repeated by itself; the admin looks on the platform, and says what became of it.
func TestResolve(t *testing.T) {
	start := func(t *testing.T, fault meetingtest.Fault) (platform *meetingtest.Server, file, event string) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "cal"), 0o700))
		event = filepath.Join(dir, "cal", "budget.ics")
		booked := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed("budget", "Budget @meet") + "END:VCALENDAR\r\n"
		require.NoError(t, os.WriteFile(event, []byte(booked), 0o600))
		platform = meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
		account, _ := platform.AddAccount(meetingtest.User{Email: alice})
		api := httptest.NewServer(platform)
		t.Cleanup(api.Close)
		writeFiles(t, dir, map[string]string{
			"platform-api-key": canaryKey, "config.toml": configuration(api.URL, account.ID, `vdir = "cal"`),
		})
		file = filepath.Join(dir, "config.toml")
		platform.Fail(meetingtest.CreateMeeting, fault)
		command(t, 1, "sync", "-c", file)
		for range 2 {
			command(t, 0, "sync", "-c", file)
		}
		require.Equal(t, 1, platform.CountCalls(meetingtest.CreateMeeting))
		assert.Contains(t, command(t, 0, "why", "budget", "-c", file), "convoke resolve")
		return platform, file, event
	}
	t.Run("it was not made", func(t *testing.T) {
		platform, file, event := start(t, meetingtest.LostRequest())
		require.Empty(t, platform.Meetings())
		command(t, 0, "resolve", "budget", "--retry", "-c", file)
		assert.Contains(t, command(t, 0, "sync", "-c", file), "1 created, 1 written")
		text, err := os.ReadFile(event)
		require.NoError(t, err)
		assert.Contains(t, string(text), platform.Meetings()[0].Number)
		command(t, 1, "resolve", "budget", "--retry", "-c", file)
	})
	t.Run("it was made", func(t *testing.T) {
		platform, file, event := start(t, meetingtest.LostAnswer())
		made := platform.Meetings()
		require.Len(t, made, 1)
		command(t, 2, "resolve", "budget", "-c", file)
		command(t, 2, "resolve", "budget", "--adopt", made[0].ID, "-c", file)
		command(t, 2, "resolve", "budget", "--adopt", "../account", "--number", made[0].Number, "-c", file)
		command(t, 2, "resolve", "budget", "--adopt", made[0].ID[:23], "--number", made[0].Number, "-c", file)
		command(t, 2, "resolve", "budget", "--adopt", made[0].ID, "--number", "hello", "-c", file)
		command(t, 0, "resolve", "budget", "--adopt", made[0].ID, "--number", made[0].Number, "-c", file)
		assert.Contains(t, command(t, 0, "sync", "-c", file), "1 updated, 1 written")
		assert.Contains(t, command(t, 0, "sync", "-c", file), "nothing to do")
		require.Len(t, platform.Meetings(), 1)
		text, err := os.ReadFile(event)
		require.NoError(t, err)
		assert.Contains(t, string(text), made[0].Number)
	})
}

func TestQuoted(t *testing.T) {
	for uid, want := range map[string]string{"1F0C-9b@example.com": "1F0C-9b@example.com", "a b": "'a b'", "x; reboot": "'x; reboot'", "it's": `'it'\''s'`, "": "''"} {
		assert.Equal(t, want, quoted(uid))
	}
}
