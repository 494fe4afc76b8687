package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// Meetings that the platform does not find all at once: no others are made until an admin says so.
func TestApprovePlatform(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "cal")
	require.NoError(t, os.Mkdir(folder, 0o700))
	platform := meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
	account, _ := platform.AddAccount(meetingtest.User{Email: alice})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	writeFiles(t, dir, map[string]string{
		"platform-api-key": canaryKey, "config.toml": configuration(api.URL, account.ID, `vdir = "cal"`),
	})
	file := filepath.Join(dir, "config.toml")
	events := func(title string) {
		for i := range 6 {
			text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed(fmt.Sprintf("e%d", i), title) + "END:VCALENDAR\r\n"
			require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("e%d.ics", i)), []byte(text), 0o600))
		}
	}
	events("Budget @meet")
	assert.Contains(t, command(t, 0, "sync", "-c", file), "6 created, 6 written")
	for _, m := range platform.Meetings() {
		platform.Drop(m.ID)
	}
	events("Budget 2099 @meet")
	assert.Contains(t, command(t, 0, "sync", "-c", file), "6 held")
	said := command(t, 0, "status", "-c", file)
	assert.Contains(t, said, "6 meetings, of 6 to come, that the platform does not find; check the API key and the user IDs; if they are gone for good: convoke approve platform")
	assert.Contains(t, command(t, 0, "approve", "platform", "-c", file), "6 meetings")
	assert.NotContains(t, command(t, 0, "status", "-c", file), "HELD")
	command(t, 1, "approve", "platform", "-c", file)
	assert.Len(t, platform.Meetings(), 6, "they are looked for a second time a minute later")
}

// A folder that is suddenly empty: nothing is given up until an admin says so.
func TestApprove(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "cal")
	require.NoError(t, os.Mkdir(folder, 0o700))
	platform := meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
	account, _ := platform.AddAccount(meetingtest.User{Email: alice})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	writeFiles(t, dir, map[string]string{
		"platform-api-key": canaryKey, "config.toml": configuration(api.URL, account.ID, `vdir = "cal"`),
	})
	file := filepath.Join(dir, "config.toml")
	for i := range 6 {
		text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed(fmt.Sprintf("e%d", i), "Budget @meet") + "END:VCALENDAR\r\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("e%d.ics", i)), []byte(text), 0o600))
	}
	assert.Contains(t, command(t, 0, "sync", "-c", file), "6 created, 6 written")
	for i := range 6 {
		require.NoError(t, os.Remove(filepath.Join(folder, fmt.Sprintf("e%d.ics", i))))
	}
	calls := platform.CountCalls()
	assert.Contains(t, command(t, 0, "sync", "-c", file), "6 held")
	assert.Equal(t, calls, platform.CountCalls())

	batch := regexp.MustCompile(`6 meetings stay, since their events are gone all at once; to give them up: convoke approve (\d+)`).FindStringSubmatch(command(t, 0, "status", "-c", file))
	require.NotNil(t, batch)
	command(t, 2, "approve", "all", "-c", file)
	command(t, 1, "approve", "4711", "-c", file)
	assert.Contains(t, command(t, 0, "approve", batch[1], "-c", file), "6 meetings")
	assert.Contains(t, command(t, 0, "sync", "-c", file), "6 cancelled")
	for _, m := range platform.Meetings() {
		assert.True(t, strings.HasPrefix(m.Topic, "Cancelled: "), m.Topic)
	}
	assert.NotContains(t, command(t, 0, "status", "-c", file), "HELD")
}
