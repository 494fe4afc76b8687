package sync

// A Rule is a row of the decision table, by its name. doc/decisions.md tells what each means; the tests of Decide hold
// at least one case for each.
type Rule string

// Events without a meeting that stay without one.
const (
	NotMarked      Rule = "not-marked"      // nobody asked for a meeting
	NoAttendees    Rule = "no-attendees"    // mode attendees, and nobody else is invited
	Declined       Rule = "declined"        // the opt-out marker stands in it
	NotOrganizer   Rule = "not-organizer"   // it is somebody else's event
	Cancelled      Rule = "cancelled"       // STATUS:CANCELLED
	Recurrence     Rule = "recurrence"      // a series that cannot be expanded
	Private        Rule = "private"         // CLASS:PRIVATE or CONFIDENTIAL
	TooShort       Rule = "too-short"       // select.min_duration
	TooLong        Rule = "too-long"        // select.max_duration
	NoPreset       Rule = "no-preset"       // the marker names a preset that nobody defined
	AllDay         Rule = "all-day"         // no time of day
	NoDuration     Rule = "no-duration"     // starts and ends at the same instant
	Over           Rule = "over"            // its end has passed
	TooFar         Rule = "too-far"         // select.horizon
	Capped         Rule = "capped"          // limits.creations_…
	OtherTool      Rule = "other-tool"      // it has a join link that convoke did not make
	OtherOrganizer Rule = "other-organizer" // another organizer's meeting has this event
	Confidential   Rule = "confidential"    // CLASS:CONFIDENTIAL in a calendar that is not her own
	Unanswered     Rule = "unanswered"      // an earlier creation got no answer
	Recovering     Rule = "recovering"      // the ledger may not know its meeting
	Unread         Rule = "unread"          // the platform's feed, which would tell, cannot be read
	OptedOut       Rule = "opted-out"       // the organizer took every trace of the link out
	Existing       Rule = "existing"        // it was there at the first look; only ever said by Explain
	Gone           Rule = "gone"            // the event is gone, and has no meeting
)

// Steps on the way to a meeting and back.
const (
	Create   Rule = "create"   // make a meeting
	Adopt    Rule = "adopt"    // the seal names a meeting that the ledger does not know
	Reclaim  Rule = "found"    // the platform's feed shows the meeting of an earlier creation
	Leftover Rule = "leftover" // a meeting that no event has; only ever done by a sweep
	Resend   Rule = "resend"   // what holds is sent once more; only ever done by a sweep
	Update   Rule = "update"   // new title or time
	Roll     Rule = "roll"     // the series moves on to its next occurrence
	Split    Rule = "split"    // the second half of a series that was split ("this and following")
	Recreate Rule = "recreate" // the event is back under another UID
	Share    Rule = "share"    // the organizer put the join link of another event of hers into it
	Write    Rule = "write"    // the details are not in the event yet
	Move     Rule = "move"     // the event stands in another place now
	Delete   Rule = "deleted"  // the event is gone: the undo window begins
	Decline  Rule = "decline"  // opted out: the undo window begins
	Revoke   Rule = "revoke"   // STATUS:CANCELLED: the undo window begins
	Remove   Rule = "remove"   // every trace of the link was taken out: the undo window begins
	Restore  Rule = "restore"  // the event is back
	Renew    Rule = "renew"    // the event is back, but its meeting was deleted
	Cancel   Rule = "cancel"   // the undo window is over
	Hold     Rule = "hold"     // too many events are gone at once: a person must approve
	Approved Rule = "approved" // a person did; only ever the reason of a link
	Forget   Rule = "forget"   // the link ends without a call
	Erase    Rule = "erase"    // our text is taken out
	Ejected  Rule = "ejected"  // the admin has our text taken out; only ever done by Eject
)

// States in which nothing is to be done.
const (
	Unchanged        Rule = "unchanged"         // meeting and event agree
	Undo             Rule = "undo"              // the undo window is running
	Held             Rule = "held"              // its meeting is given up when an admin approves
	Quiet            Rule = "quiet"             // waiting until the organizer leaves it alone
	Unsettled        Rule = "unsettled"         // an earlier change with other content got no answer
	OrganizerChanged Rule = "organizer-changed" // the event of a meeting is somebody else's now
	BecameAllDay     Rule = "became-all-day"    // the event of a meeting has no time of day any more
	MaybeSplit       Rule = "maybe-split"       // a copy of a series, or its second half: time will tell
	Budget           Rule = "mail-budget"       // another write could cause another mail to the attendees
	Frozen           Rule = "frozen"            // what is written does not stay
	TwoPlaces        Rule = "two-places"        // the event stands in two places at once
	StillClosed      Rule = "still-closed"      // the platform says closed, though the time is to come
	Unwritable       Rule = "read-only"         // the calendar does not accept changes
	Vanished         Rule = "vanished"          // the platform does not find its meeting
	MassVanished     Rule = "mass-vanished"     // nor many others
	Finished         Rule = "finished"          // meeting and event are over
)

// postponed are the rules under which something is to be done, and not yet: a pass by hand looks again at once.
var postponed = map[Rule]bool{Quiet: true, MaybeSplit: true, Unsettled: true, Recovering: true, Unread: true, Unwritable: true}

// without are the rules under which an event gets no meeting as long as it does not change.
var without = map[Rule]bool{
	NotMarked: true, NoAttendees: true, Declined: true, NotOrganizer: true, Cancelled: true, Private: true, TooShort: true, TooLong: true,
	AllDay: true, NoDuration: true, Over: true, OtherTool: true, OtherOrganizer: true, Confidential: true, OptedOut: true, Gone: true, Ejected: true,
}

// held are the rules under which something waits for a person.
var held = map[Rule]bool{
	Unanswered: true, OrganizerChanged: true, BecameAllDay: true, Held: true, Recurrence: true, NoPreset: true, Budget: true, Frozen: true, TwoPlaces: true,
	StillClosed: true, Recovering: true, Unread: true, Unwritable: true, Capped: true, Vanished: true, MassVanished: true,
}
