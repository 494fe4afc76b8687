package crashpoint

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

// reading are the methods of a ledger that write nothing into it. What is not here must have its points.
var reading = map[string]bool{
	"Lock": true, "Close": true,
	"Organizers": true, "Organizer": true, "Calendars": true, "ETags": true, "Object": true, "Pending": true, "Failing": true, "ObjectsByUID": true,
	"Link": true, "LinksByUID": true, "LinksAt": true, "LinksOf": true, "DueLinks": true, "Links": true,
	"Meeting": true, "MeetingByPlatformID": true, "MissingMeetings": true, "Meetings": true,
	"Intents": true, "GivenUp": true, "Created": true, "Sequence": true, "Tally": true, "Decisions": true, "Notes": true, "Counts": true,
}

// Every method of the ledger that writes is between two points, and does what it does without them.
func TestEveryCommitHasPoints(t *testing.T) {
	methods := reflect.TypeFor[store.Ledger]()
	writing := 0
	for i := range methods.NumMethod() {
		m := methods.Method(i)
		if reading[m.Name] {
			continue
		}
		writing++
		t.Run(m.Name, func(t *testing.T) {
			var died []string
			p := &Points{at: "commit " + m.Name + " before#1", passed: map[string]int{}}
			p.die = func() {
				died = append(died, m.Name)
				panic("killed")
			}
			call := reflect.ValueOf(p.Ledger(nil)).MethodByName(m.Name) // there is no ledger behind it: it is not reached
			var args []reflect.Value
			for i := range call.Type().NumIn() {
				args = append(args, reflect.Zero(call.Type().In(i)))
			}
			assert.PanicsWithValue(t, "killed", func() { call.Call(args) })
			assert.Equal(t, []string{m.Name}, died)
		})
	}
	require.Greater(t, writing, 10)
	for name := range reading {
		_, there := methods.MethodByName(name)
		assert.True(t, there, "%s is not there any more", name)
	}
}
