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
	soonest := func(t time.Time) {
		if t.After(now) && (change.IsZero() || t.Before(change)) {
			change = t
		}
	}
	for next := range occurrences {
		over, begins := next.End.Add(rollAfter), next.Start.Add(-early)
		if !over.After(now) {
			continue
		}
		waiting := begins.After(now)
		if !ok || !waiting {
			o, ok = next, true
		}
		soonest(over)
		soonest(begins)
		if waiting && next.ID != o.ID {
			break // a later one begins later still
		}
	}
	return o, change, ok
}
