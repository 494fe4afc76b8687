package sync

import (
	"time"

	"convoke/calendar"
)

// early is how long before its start an occurrence gets the meeting, though the one before it may still linger.
const early = 15 * time.Minute

// Window chooses the occurrence that the one meeting of a series stands on: the earliest whose end is less than rollAfter
// ago, but the following one from a quarter of an hour before its start. Occurrences come in the order of Start, and it
// asks for no more than it needs. The answer is false when the last one is over; change is when to ask again, zero for
// never.
func Window(occurrences func(yield func(calendar.Occurrence) bool), now time.Time, rollAfter time.Duration) (o calendar.Occurrence, change time.Time, ok bool) {
	for next := range occurrences {
		over, begins := next.End.Add(rollAfter), next.Start.Add(-early)
		switch {
		case !over.After(now):
		case !ok || !begins.After(now):
			o, change, ok = next, over, true
		default: // a later one begins later still
			if begins.Before(change) {
				change = begins
			}
			return o, change, ok
		}
	}
	return o, change, ok
}
