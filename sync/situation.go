package sync

import (
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// A Mode says which events get a meeting without further ado.
type Mode string

const (
	Marked    Mode = "marked"    // those that carry the marker
	Attendees Mode = "attendees" // those with at least one other attendee
	All       Mode = "all"       // every timed event
)

// A CancelAction says what becomes of the meeting of an event that is gone.
type CancelAction string

const (
	Keep        CancelAction = "keep"    // nothing
	Retitle     CancelAction = "retitle" // a new topic says that it is cancelled
	CloseWindow CancelAction = "close"   // that, and its window moves into the past
	DeleteCall  CancelAction = "delete"  // DELETE, which the platform does not document
)

// A PrivateMode says what becomes of events with CLASS:PRIVATE or CONFIDENTIAL.
type PrivateMode string

const (
	PrivateMeet    PrivateMode = "meet"    // they are treated as any other
	PrivateNeutral PrivateMode = "neutral" // their title stays in the calendar
	PrivateSkip    PrivateMode = "skip"    // they get no meeting
)

// A Preset is what a meeting is made with.
type Preset struct {
	Type         string
	Recorded     bool
	Dialin       bool
	PermissionID string
	Agenda       string
}

// Rules are what the admin set for an organizer.
type Rules struct {
	Mode     Mode
	Markers  calendar.Markers
	Existing bool // attendees, all: also what was there at the first look

	Preset // of new meetings

	Join   calendar.JoinTemplate
	Quiet  time.Duration // how long an event with other attendees must have been left alone
	Cancel CancelAction
	Undo   time.Duration

	Window    WindowMode    // of a series
	RollAfter time.Duration // how long after an occurrence's end its series moves on

	MinDuration, MaxDuration time.Duration // of events that get a meeting; zero: no limit
	Horizon                  time.Duration // how far ahead an event begins that gets a meeting; zero: no limit
	Caps                     Caps
	Private                  PrivateMode // of events with CLASS:PRIVATE or CONFIDENTIAL
	Presets                  map[string]Preset
	MailBudget               int // writes that may cause mail, between two edits of the organizer
	Words                    Words

	RetryUnknown bool          // create again when an earlier creation got no answer …
	Settle       time.Duration // … and this long has passed
}

// A SealState is what the seal in an event proves.
type SealState int

const (
	NoSeal      SealState = iota
	OwnSeal               // ours, for this organizer and this event
	CopiedSeal            // ours, for this organizer and another event: a copy
	ForeignSeal           // proves nothing
)

// A Situation is everything that is known of one event when it is decided about.
type Situation struct {
	Now       time.Time
	Rules     Rules
	Organizer string   // her configured address
	Addresses []string // that, and her aliases

	Calendar int64
	Href     string
	Shared   bool            // the calendar is somebody else's
	SeenAt   time.Time       // when this version of the event was first reported
	Event    *calendar.Event // nil: it is gone

	Link        *store.Link    // of this organizer and UID; nil: there is none
	Meeting     *store.Meeting // of Link
	Bereft      bool           // the calendar has been missing for so long that its meetings are held
	Mass        bool           // many events are gone from the calendar at once
	Sharing     int            // other links, not ended, that the meeting has
	Elsewhere   bool           // the event stands in another place that the link names, too
	Siblings    []Sibling      // the other events that have the meeting
	Schedules   bool           // the server carries changes of an event to its attendees
	ReadOnly    bool           // the calendar cannot be written to; its details are published elsewhere
	WriteAt     time.Time      // the calendar did not accept changes; not to be written to before
	Queue       Queue          // for new meetings
	Claimed     string         // another organizer whose meeting has this event
	Pending     *store.Intent  // a creation for this event without a known outcome
	MayAsk      bool           // the platform's feed may tell whether the event has a meeting already
	Feed        Readback       // what it told
	Recovery    Recovery       // the ledger may not know all meetings
	Open        []store.Intent // changes of Meeting without a known outcome
	Former      []string       // numbers of meetings in whose place Meeting came; until the details are written
	ManyMissing bool           // the platform does not find so many meetings that it is more likely asked wrongly

	Seal     SealState
	Sealed   calendar.Seal   // when Seal is OwnSeal or CopiedSeal
	Original *store.Meeting  // the meeting that a copied seal names, or that the join link of another event of hers leads to
	Origin   *store.Link     // the link of the event that the seal is for
	Source   *calendar.Event // that event as it is now; nil: it is gone
}

// A Sibling is another event that has the same meeting, as it is now.
type Sibling struct {
	Link  int64 // its id: the event that had the meeting first comes first
	Event *calendar.Event
}

// An ActionKind says what an Action does outside the Situation.
type ActionKind string

const (
	CreateMeeting ActionKind = "create" // POST; then meeting and link rows
	UpdateMeeting ActionKind = "update" // PUT; then meeting and link rows
	DeleteMeeting ActionKind = "delete" // DELETE, where the admin enabled it; then meeting and link rows
	SaveLink      ActionKind = "link"   // rows only
	WriteDetails  ActionKind = "write"  // patch and conditional PUT of the event
	EraseDetails  ActionKind = "erase"  // the same, taking our text out
	SettleDetails ActionKind = "settle" // the same, making our text the author's own
)

// An Action is one step: at most one call to the platform or one write to the calendar, and the rows that record it.
type Action struct {
	Kind    ActionKind
	Request meetingapi.MeetingRequest // of CreateMeeting and UpdateMeeting
	Meeting store.Meeting             // as it shall be afterwards; of SaveLink only when it is to be adopted
	Link    store.Link                // as it shall be afterwards
}

// A Decision is what is to be done about an event.
type Decision struct {
	Rule   Rule
	Text   string    // a sentence for people, without the event's title
	Action *Action   // nil: nothing
	Due    time.Time // decide again then; zero: when the event changes
	Ask    bool      // ask the platform's feed first (Situation.Feed), then decide again
}
