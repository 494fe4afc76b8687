package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// A folderCase is an installation whose one calendar is a folder.
type folderCase struct {
	t        *testing.T
	folder   string
	file     string // the configuration
	platform *meetingtest.Server
}

// newFolderCase makes one; change may take something out of the configuration.
func newFolderCase(t *testing.T, change func(string) string) *folderCase {
	t.Helper()
	dir := t.TempDir()
	x := &folderCase{t, filepath.Join(dir, "cal"), filepath.Join(dir, "config.toml"), meetingtest.New(meetingtest.Options{InstanceKey: canaryKey})}
	require.NoError(t, os.Mkdir(x.folder, 0o700))
	account, _ := x.platform.AddAccount(meetingtest.User{Email: alice})
	api := httptest.NewServer(x.platform)
	t.Cleanup(api.Close)
	text := configuration(api.URL, account.ID, `vdir = "cal"`)
	if change != nil {
		text = change(text)
	}
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": text})
	return x
}

func (x *folderCase) path(uid string) string { return filepath.Join(x.folder, uid+".ics") }

func (x *folderCase) put(uid, title string) {
	x.t.Helper()
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + subscribed(uid, title) + "END:VCALENDAR\r\n"
	require.NoError(x.t, os.WriteFile(x.path(uid), []byte(text), 0o600))
}

func (x *folderCase) remove(uid string) {
	x.t.Helper()
	require.NoError(x.t, os.Remove(x.path(uid)))
}

// Meetings that the platform does not find all at once: no others are made until an admin says so.
func TestApprovePlatform(t *testing.T) {
	x := newFolderCase(t, nil)
	events := func(title string) {
		for i := range 6 {
			x.put(fmt.Sprint("e", i), title)
		}
	}
	events("Budget @meet")
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "6 created, 6 written")
	for _, m := range x.platform.Meetings() {
		x.platform.Drop(m.ID)
	}
	events("Budget 2099 @meet")
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "6 held")
	said := command(t, 0, "status", "-c", x.file)
	assert.Contains(t, said, "6 meetings, of 6 to come, that the platform does not find; check the API key and the user IDs; if they are gone for good: convoke approve platform")
	assert.Regexp(t, `(?m)^Budget +20[0-9-]{8} [0-9:]{5} – .* UTC +[0-9-]{19} +e5$`, command(t, 0, "approve", "-c", x.file))
	assert.Contains(t, command(t, 0, "approve", "platform", "-c", x.file), "6 meetings")
	assert.NotContains(t, command(t, 0, "status", "-c", x.file), "HELD")
	command(t, 1, "approve", "platform", "-c", x.file)
	assert.Len(t, x.platform.Meetings(), 6, "they are looked for a second time a minute later")
}

// A folder that is suddenly empty: nothing is given up until an admin says so.
func TestApprove(t *testing.T) {
	x := newFolderCase(t, nil)
	for i := range 6 {
		x.put(fmt.Sprint("e", i), "Budget @meet")
	}
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "6 created, 6 written")
	for i := range 6 {
		x.remove(fmt.Sprint("e", i))
	}
	calls := x.platform.CountCalls()
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "6 held")
	assert.Equal(t, calls, x.platform.CountCalls())

	batch := regexp.MustCompile(`6 meetings held, since their events are gone all at once; to give them up: convoke approve (\d+)`).FindStringSubmatch(command(t, 0, "status", "-c", x.file))
	require.NotNil(t, batch)
	list := command(t, 0, "approve", "-c", x.file)
	assert.Contains(t, list, "batch "+batch[1]+`, alice@example.com, calendar "cal": `+batch[0]+"\n")
	assert.Regexp(t, `(?m)^Budget +20[0-9-]{8} [0-9:]{5} – .* UTC +[0-9-]{19} +e0$`, list)
	var st status
	require.NoError(t, json.Unmarshal([]byte(command(t, 0, "status", "--json", "-c", x.file)), &st))
	require.Len(t, st.Held, 1)
	require.Len(t, st.Held[0].Which, 6)
	assert.Equal(t, "e0", st.Held[0].Which[0].UID)
	command(t, 2, "approve", "all", "-c", x.file)
	command(t, 1, "approve", "4711", "-c", x.file)
	assert.Contains(t, command(t, 0, "approve", batch[1], "-c", x.file), "6 meetings")
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "6 cancelled")
	for _, m := range x.platform.Meetings() {
		assert.True(t, strings.HasPrefix(m.Topic, "Cancelled: "), m.Topic)
	}
	assert.NotContains(t, command(t, 0, "status", "-c", x.file), "HELD")
	assert.Equal(t, "nothing is held\n", command(t, 0, "approve", "-c", x.file))
}

func TestWindow(t *testing.T) {
	start := time.Date(2099, 6, 15, 22, 30, 0, 0, time.UTC)
	assert.Equal(t, "2099-06-15 22:30 – 23:30 UTC", window(start, start.Add(time.Hour)))
	assert.Equal(t, "2099-06-15 22:30 – 2099-06-16 00:30 UTC", window(start, start.Add(2*time.Hour)))
}
