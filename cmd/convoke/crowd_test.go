package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store/storetest"
)

// TestTenThousandOrganizers has 10,000 organizers in one configuration and one ledger, each with a folder of events, of which
// every hundredth has one that is marked. What the program takes of memory for each is bounded; how long it takes is in the log.
func TestTenThousandOrganizers(t *testing.T) {
	storetest.OnDisk(t, 512<<20, func(t *testing.T, d *storetest.Disk) {
		const organizers, marked = 10_000, 100
		platform, address, _ := newPlatform(t)
		user := platform.Users()[0].ID
		config := filepath.Join(d.Dir, "config.toml")
		writeFiles(t, d.Dir, map[string]string{"platform-api-key": canaryKey, "config.toml": crowded(t, d.Dir, address, user, organizers, organizers/marked)})

		convoke, costs := built(t, ""), map[string]cost{}
		command := func(name string, limit int, args ...string) string {
			p := start(t, []string{"GOMEMLIMIT=off"}, convoke, append(args, "-c", config)...)
			costs[name] = p.finish()
			assert.Less(t, costs[name].peak, limit, "MiB for %s", name)
			t.Logf("%s: %v", name, costs[name])
			return p.printed()
		}
		first := command("first pass", 256, "sync")
		require.Contains(t, first, fmt.Sprintf("%d created, %d written", marked, marked))
		calls := platform.CountCalls()
		assert.Equal(t, "nothing to do\n", command("idle pass", 256, "sync"))
		assert.Equal(t, calls, platform.CountCalls())

		var st status
		require.NoError(t, json.Unmarshal([]byte(command("status", 128, "status", "--json")), &st))
		assert.Len(t, st.Organizers, organizers)
		assert.Len(t, st.Calendars, organizers)
		assert.Empty(t, st.Failing)
		assert.Contains(t, command("why", 128, "why", "event-500"), "meeting and event agree")
		assert.Len(t, platform.Meetings(), marked)
	})
}

// crowded makes folders with an event each, and the configuration of their organizers.
func crowded(t *testing.T, dir, platform, user string, organizers, each int) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "database = \"ledger.db\"\nlisten = \"\"\n[platform]\nurl = %q\napi_key_file = \"platform-api-key\"\njoin_url = %q\nrequests_per_second = 1000\nin_flight = 8\n[select]\nhorizon = \"0s\"\n",
		platform, joinURL)
	for i := range organizers {
		folder := filepath.Join(dir, fmt.Sprintf("person-%d", i))
		require.NoError(t, os.Mkdir(folder, 0o700))
		title := "Dentist"
		if i%each == 0 {
			title += " @meet"
		}
		text := strings.NewReplacer("dentist@example.com", fmt.Sprintf("event-%d", i), "SUMMARY:Dentist", "SUMMARY:"+title).Replace(other)
		writeFiles(t, folder, map[string]string{"event.ics": crlf(text)})
		fmt.Fprintf(&b, "[[organizer]]\nemail = \"person%d@example.com\"\nuser_id = %q\nvdir = %q\n", i, user, folder)
	}
	return b.String()
}
