package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

// enough is how many MiB the daemon may have had at once, with all that is in memory of its program and SQLite's files. Were
// the events kept that it reads, it would be more.
const enough = 80

// TestMemoryLimit lets the daemon look at 20,000 events for the first time, and then again when nothing has changed: without
// a limit of memory, and with one that leaves Go hardly any.
func TestMemoryLimit(t *testing.T) {
	const events, marked = 20_000, 20
	convoke := built(t, "")
	for name, limit := range map[string]string{"none": "off", "hardly any": "16MiB"} {
		t.Run(name, func(t *testing.T) {
			dav := caldavtest.New(caldavtest.User("alice", canaryPassword, alice))
			bytes := fill(t, dav, events, events/marked)
			platform, address, account := newPlatform(t)
			dir := t.TempDir()
			organizer := fmt.Sprintf("caldav_url = %q\nusername = \"alice\"\npassword_file = \"alice.password\"", serve(t, dav)+"/")
			text := strings.Replace(configuration(address, account.ID, organizer), "\n", "\nschedule = \"@every 1s\"\n", 1)
			writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "alice.password": canaryPassword, "config.toml": text})

			p := start(t, []string{"GOMEMLIMIT=" + limit}, convoke, "run", "-v", "-c", filepath.Join(dir, "config.toml"))
			p.says(`msg=pass result="20 created, 20 written, 20 unchanged"`, 1)
			first := p.peak()
			reports := dav.Counts()["REPORT"]
			p.says(`msg=pass result="nothing to do"`, 2)
			t.Logf("GOMEMLIMIT=%s: %d events of %d MiB in all: at most %d MiB after the first look, %d MiB after idle passes; %s", limit, events, bytes>>20, first, p.peak(), took(p))
			assert.Less(t, p.peak(), enough, "MiB")
			p.stop()
			assert.Greater(t, dav.Counts()["REPORT"], reports)
			assert.Equal(t, marked, dav.Counts()[http.MethodPut])
			assert.Len(t, platform.Meetings(), marked)
		})
	}
}

// took is how long the passes took, as the daemon says.
func took(p *process) string {
	var all []string
	for line := range strings.Lines(p.printed()) {
		if _, after, pass := strings.Cut(line, "msg=pass "); pass {
			all = append(all, strings.TrimSpace(after))
		}
	}
	return strings.Join(all[:min(len(all), 3)], "; ")
}

// fill puts events as calendar programs write them into alice's calendar, one of each so many marked. It returns their size.
func fill(t *testing.T, dav *caldavtest.Server, events, each int) (bytes int) {
	t.Helper()
	note := strings.Repeat("Figures of the last quarter\\, and what they mean for the next one.\\n\r\n ", 20)
	for i := range events {
		where := "Room 5"
		if i%each == 0 {
			where += " @meet"
		}
		uid := fmt.Sprintf("%08x-7c1d-4b1e-9d0a-2f1f5a2b6c11", uint32(i)*2654435761)
		text := strings.NewReplacer("dentist@example.com", uid, "SUMMARY:Dentist", fmt.Sprintf("SUMMARY:Part %d\nLOCATION:%s", i, where), "I said I would @meet him", "NOTE").Replace(other)
		text = strings.Replace(crlf(text), "NOTE", note, 1)
		require.NoError(t, dav.Put(dav.Calendar("alice", "work")+uid+".ics", text))
		bytes += len(text)
	}
	return bytes
}
