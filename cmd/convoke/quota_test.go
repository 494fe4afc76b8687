package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// Whoever can write to a calendar cannot have more meetings made than is allowed, however many events he puts there, however
// often convoke is started, and whether he copies, renames or deletes them.
func TestThreatMassCreation(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "cal")
	require.NoError(t, os.Mkdir(folder, 0o700))
	platform := meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})
	account, _ := platform.AddAccount(meetingtest.User{Email: alice})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	text := configuration(api.URL, account.ID, `vdir = "cal"`)
	from, to := strings.Index(text, "[limits]"), strings.Index(text, "[select]")
	text = text[:from] + text[to:] // the limits are those that convoke has by itself
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": text})
	file := filepath.Join(dir, "config.toml")
	put := func(name string) {
		text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed(name, "Budget @meet") + "END:VCALENDAR\r\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".ics"), []byte(text), 0o600))
	}
	for i := range 300 {
		put(fmt.Sprintf("e%03d", i))
	}
	assert.Contains(t, command(t, 0, "plan", "-c", file), "20 created, 20 written, 20 unchanged, 280 held")
	assert.Contains(t, command(t, 0, "sync", "-c", file), "20 created, 20 written, 20 unchanged, 280 held")
	for i := range 20 {
		require.NoError(t, os.Remove(filepath.Join(folder, fmt.Sprintf("e%03d.ics", i+5))))
		put(fmt.Sprintf("again%03d", i))
		if i%10 == 0 {
			command(t, 0, "sync", "-c", file)
		}
	}
	command(t, 0, "sync", "-c", file)
	assert.Equal(t, 20, platform.CountCalls(meetingtest.CreateMeeting))

	said := command(t, 0, "status", "-c", file)
	assert.Contains(t, said, "the event waits for its meeting: no more than 20 are made in an hour (limits.creations_per_hour)")
	assert.Contains(t, command(t, 0, "why", "again000", "-c", file), "capped")
}
