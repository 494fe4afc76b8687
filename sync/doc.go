// Package sync is what convoke exists for: it looks at calendars, decides which events shall have a web meeting, and
// carries that out, one step at a time.
//
//	calendar.Changes ─▶ Decide ─▶ at most one Action ─▶ apply ─▶ Decide again … until there is nothing left to do
//
// Three rooms:
//
//   - Decide (decide.go; select.go for which events, target.go and window.go for which date of a series, heir.go for events
//     that share a meeting, giveup.go for its end) is pure. It gets a Situation (situation.go), everything that is known
//     of one event, and answers with a Decision: the row of the decision table that applied (rule.go,
//     doc/decisions.md), a sentence for people, and at most one Action.
//   - apply carries out one Action: intent row, call, rows (apply.go); or GET, patch, conditional PUT, read-back, rows
//     (edit.go).
//   - the pass (pass.go) finds an organizer's calendars (discovery.go), asks what changed (look.go), and goes round with each
//     event (object.go), of which gather.go builds the Situation; alarm.go looks whether too many are gone at once.
//     schedule.go runs passes by the clock.
//
// What is out of order has a room of its own, with what is decided about it and what the pass does: vanish.go (meetings that
// the platform does not find), missing.go (calendars that are not there), readonly.go (calendars that take no changes),
// quota.go (more meetings than are made in an hour), clock.go (a clock that was set), trouble.go (its kinds).
//
// What the platform did not answer, or a ledger that was lost cannot tell, is asked of the platform's feed: readback.go is what a
// feed proves, ask.go asks it, doubt.go decides by its answer. witness.go notices a lost ledger; sweep.go and leftover.go look after
// calls that nobody waits for any more.
//
// Beside the pass stand explain.go, publish.go, eject.go, resolve.go, rebuild.go and approve.go, one for each thing that people ask for.
//
// Since Decide is asked again after every step, with what the calendar and the ledger hold by then, there is no
// second road for what was interrupted, raced or half done: a pass after a crash takes the same way as any other.
// A preview (`convoke plan`) is the same pass too, over a copy of the ledger, with a platform and calendars that only
// note what they are told.
//
// The package knows the types of calendar, meetingapi and store. It must not know HTTP, files or SQL.
package sync
