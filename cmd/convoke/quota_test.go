package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"convoke/meetingapi/meetingtest"
)

// Whoever can write to a calendar cannot have more meetings made than is allowed, however many events he puts there, however
// often convoke is started, and whether he copies, renames or deletes them.
func TestThreatMassCreation(t *testing.T) {
	x := newFolderCase(t, func(text string) string { // the limits are those that convoke has by itself
		from, to := strings.Index(text, "[limits]"), strings.Index(text, "[select]")
		return text[:from] + text[to:]
	})
	for i := range 300 {
		x.put(fmt.Sprintf("e%03d", i), "Budget @meet")
	}
	assert.Contains(t, command(t, 0, "plan", "-c", x.file), "20 created, 20 written, 20 unchanged, 280 held")
	assert.Contains(t, command(t, 0, "sync", "-c", x.file), "20 created, 20 written, 20 unchanged, 280 held")
	for i := range 20 {
		x.remove(fmt.Sprintf("e%03d", i+5))
		x.put(fmt.Sprintf("again%03d", i), "Budget @meet")
		if i%10 == 0 {
			command(t, 0, "sync", "-c", x.file)
		}
	}
	command(t, 0, "sync", "-c", x.file)
	assert.Equal(t, 20, x.platform.CountCalls(meetingtest.CreateMeeting))

	said := command(t, 0, "status", "-c", x.file)
	assert.Contains(t, said, "the event waits for its meeting: no more than 20 are made in an hour (limits.creations_per_hour)")
	assert.Contains(t, command(t, 0, "why", "again000", "-c", x.file), "capped")
}
