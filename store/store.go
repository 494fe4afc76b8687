// Package store says what convoke's ledger can do: whole operations on plain rows. It takes no decisions, knows no
// SQL and imports nothing of convoke; package sqlite is the ledger itself and package storetest the suite that every
// ledger must pass.
//
// The ledger is not a cache. Its meetings and links are the memory of which meeting belongs to which event; losing
// them costs people their join links. Its object rows and sync tokens can be rebuilt by a full look.
//
// Times are UTC with a resolution of one second; the zero time stands for "none". Addresses are lower case.
package store

import (
	"context"
	"errors"
	"time"
)

// What a ledger may answer besides what its disk says.
var (
	ErrNotFound = errors.New("not in the ledger")
	ErrLocked   = errors.New("another convoke holds the ledger")           // exit code 3
	ErrNewer    = errors.New("the ledger is newer than this program")      // exit code 4
	ErrDamaged  = errors.New("the ledger is damaged")                      // exit code 4
	ErrClaimed  = errors.New("another organizer's meeting has this event") // Begin
	ErrUnknown  = errors.New("an earlier call has no known outcome yet")   // Begin
)

// An Organizer is a person who books, as the platform knows her.
type Organizer struct {
	Email     string // key
	UserID    string // on the platform; "" when the API key needs none
	AccountID string
	TimeZone  string // IANA name, from the platform
	Language  string // BCP 47, from the platform
	Feed      []byte // path of her ICS feed on the platform, a secret: sealed by the caller
	State     string // "" when all is well, else what is wrong, for people
	Trouble   Trouble
	Attempts  int // failures in a row
	DueAt     time.Time
}

// A Trouble is the kind of what is wrong with an organizer or a calendar, out of a closed set; "" when all is well.
type Trouble string

const (
	NoTrouble   Trouble = ""
	Password    Trouble = "password"    // the login is refused: needs a password
	Denied      Trouble = "denied"      // logged in, and not let in
	Missing     Trouble = "missing"     // the calendar is not there
	ReadOnly    Trouble = "read-only"   // it can be looked at, and not written to
	Unreachable Trouble = "unreachable" // no usable answer
	Platform    Trouble = "platform"    // the platform refuses to act for the organizer
)

// A Calendar is one collection that is watched for an organizer, with what discovery and the last look found out.
type Calendar struct {
	ID        int64
	Organizer string
	URL       string    // key, together with Organizer: the collection's URL, or the folder's path
	Name      string    // display name
	Source    string    // the configured URL that led here; when it changes, discovery runs again
	Profile   string    // what is known of the server, for the adapter; opaque here
	TimeZone  string    // IANA name, where the calendar has one
	Shared    bool      // somebody else's calendar
	Token     string    // state after the last look
	FullAt    time.Time // last complete listing
	State     string    // "" when all is well, else what is wrong, for people
	Trouble   Trouble   // of which kind that is
	Attempts  int       // failures in a row
	DueAt     time.Time // not to be asked before; of ReadOnly: not to be written to before
	Left      bool      // no longer configured or no longer there; its links stay
}

// An ObjectRow is what is known of one object of a calendar. An object is worth a look while Seen and Done differ, and
// when DueAt has come.
type ObjectRow struct {
	Calendar int64
	Href     string
	UID      string // "" until read, and where there is none
	Seen     string // ETag last reported
	SeenAt   time.Time
	Done     string // ETag whose actions succeeded
	Error    string // why the last try failed, for people
	Attempts int
	DueAt    time.Time // next try, or end of a wait
}

// A MeetingState is where a meeting stands.
type MeetingState string

const (
	Live     MeetingState = "live"
	Voided   MeetingState = "voided"   // cancelled in a way that can be taken back
	Deleted  MeetingState = "deleted"  // gone for good
	Vanished MeetingState = "vanished" // the platform does not know it any more
)

// A Meeting is what the platform holds, as it last acknowledged it.
type Meeting struct {
	ID         int64  // the ledger's own
	Organizer  string // who made it
	PlatformID string // internal id, 24 hex digits
	Number     string // what people see and dial: 9974-7653-8886-0485
	Token      string // our reference
	Generation int    // 1, 2 … when an event needed another meeting
	State      MeetingState
	Topic      string
	Start, End time.Time
	Type       string
	Recorded   bool
	Dialin     bool
	Permission string
	Closed     bool      // its last answer said so
	MissingAt  time.Time // since when the platform does not find it; zero: it does
	Answer     []byte    // the platform's last answer, JSON as it came
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// A LinkState is where a link stands.
type LinkState string

const (
	Active LinkState = "active"
	Ending LinkState = "ending" // to be ended at DueAt, unless the event comes back
	Ended  LinkState = "ended"  // kept, so that the event gets its meeting back when it returns
)

// A Link ties one event (UID) of one organizer to a meeting. Several links may share a meeting.
type Link struct {
	ID        int64
	Organizer string // key, together with UID
	UID       string
	Calendar  int64 // where the event was last seen
	Href      string
	Meeting   int64
	State     LinkState
	Reason    string    // of Ending and Ended: a rule of the decision table
	DueAt     time.Time // of Ending
	Written   bool      // the details stand in the event, or stood there once
	Block     string    // what we wrote last, to tell the author's changes of it
	Writes    int       // our writes since the organizer last changed the event
	Mails     int       // of these, how many may have caused mail to attendees
	Flips     string    // the property that did not keep what was written; "" none
	UpdatedAt time.Time
}

// An IntentKind is the call that an intent announces.
type IntentKind string

const (
	CreateMeeting IntentKind = "create-meeting"
	UpdateMeeting IntentKind = "update-meeting"
	DeleteMeeting IntentKind = "delete-meeting"
	CreateAccount IntentKind = "create-account"
)

// An IntentState is what became of a call.
type IntentState string

const (
	Open    IntentState = "open"    // announced; after a crash nobody knows whether it was sent
	Done    IntentState = "done"    // answered
	Refused IntentState = "refused" // definitely not carried out
	Unknown IntentState = "unknown" // sent, no usable answer
	// GivenUp: sent, no answer, and not waited for any more. It may yet turn out that it was carried out.
	GivenUp IntentState = "given-up"
)

// An Intent is written before a call to the platform and closed after it.
type Intent struct {
	ID         int64
	Kind       IntentKind
	Organizer  string
	UID        string
	Shared     bool  // nothing in the event says whose it is: only the first organizer may have it
	Meeting    int64 // 0 for a creation
	Token      string
	Generation int
	Request    []byte // body as sent
	State      IntentState
	Error      string
	SentAt     time.Time
	ClosedAt   time.Time
}

// A Decision is the last thing that was decided about an event, kept for `why` and pruned after 90 days.
type Decision struct {
	Organizer string
	UID       string
	Calendar  int64
	Href      string
	Rule      string // a row of the decision table
	Text      string // for people
	At        time.Time
}

// Counts is a summary for status.
type Counts struct {
	Objects, Failing, Waiting int // objects; with an error; with a time to wait for
	Meetings, Ending, Unknown int // live meetings; links in their undo window; calls without an outcome
}

// A Tally counts meetings and links of all organizers.
type Tally struct {
	Meetings map[MeetingState]int
	Links    map[LinkKind]int
}

// A LinkKind is where a link stands, and why.
type LinkKind struct {
	State  LinkState
	Reason string
}

// A Ledger is convoke's memory. Every method is one transaction: it happens whole or not at all, and is on disk when
// it returns. A method that would change nothing writes nothing.
//
// Any number of programs may read and write in short transactions; passes are guarded by the lock (Lock).
type Ledger interface {
	// Lock takes the lock of passes, or fails with ErrLocked. It is held until release is called or the program ends.
	Lock() (release func(), err error)

	Organizers(ctx context.Context) ([]Organizer, error)
	Organizer(ctx context.Context, email string) (Organizer, error) // ErrNotFound
	SaveOrganizer(ctx context.Context, o Organizer) error           // by Email

	Calendars(ctx context.Context, organizer string) ([]Calendar, error) // "" for everyone's; ordered by ID
	SaveCalendar(ctx context.Context, c Calendar) (id int64, err error)  // by Organizer and URL; ID in c is ignored

	// ETags calls fn for each object of a calendar that has not been found gone.
	ETags(ctx context.Context, calendar int64, fn func(href, etag string)) error
	// Seen records rows of a look: UID (when not ""), Seen and SeenAt, and Done when it is not "". A changed Seen clears
	// Error, Attempts and DueAt. The rows come in batches, before Looked.
	Seen(ctx context.Context, rows []ObjectRow) error
	// Looked ends a look: the new token and, after a complete one, its time. Called only after every row was recorded.
	Looked(ctx context.Context, calendar int64, token string, fullAt time.Time) error
	// Object returns one row; ErrNotFound.
	Object(ctx context.Context, calendar int64, href string) (ObjectRow, error)
	// Pending returns the objects of a calendar that are worth a look at now: Seen differs from Done and no DueAt is
	// still to come, or DueAt has come. Ordered by href.
	Pending(ctx context.Context, calendar int64, now time.Time) ([]ObjectRow, error)
	// Failing returns the objects of a calendar with an Error, ordered by href.
	Failing(ctx context.Context, calendar int64) ([]ObjectRow, error)
	// ObjectsByUID returns every object with that UID, of one organizer or ("") of all.
	ObjectsByUID(ctx context.Context, organizer, uid string) ([]ObjectRow, error)
	// SaveObject records the outcome of a try: all of row but SeenAt.
	SaveObject(ctx context.Context, row ObjectRow) error
	// DropObject forgets an object that is gone for sure.
	DropObject(ctx context.Context, calendar int64, href string) error

	Link(ctx context.Context, organizer, uid string) (Link, error)                 // ErrNotFound
	LinksByUID(ctx context.Context, uid string) ([]Link, error)                    // of all organizers
	LinksAt(ctx context.Context, calendar int64, href string) ([]Link, error)      // Active and Ending
	LinksOf(ctx context.Context, meeting int64) ([]Link, error)                    // every state
	DueLinks(ctx context.Context, organizer string, now time.Time) ([]Link, error) // Ending, DueAt <= now; by DueAt
	Links(ctx context.Context, organizer string) ([]Link, error)                   // "" for everyone's; ordered by ID
	SaveLink(ctx context.Context, l Link) (id int64, err error)                    // by Organizer and UID

	Meeting(ctx context.Context, id int64) (Meeting, error)                                 // ErrNotFound
	MeetingByPlatformID(ctx context.Context, organizer, platformID string) (Meeting, error) // ErrNotFound
	MissingMeetings(ctx context.Context) ([]Meeting, error)                                 // with a MissingAt, of all; ordered by ID
	Meetings(ctx context.Context, organizer string) ([]Meeting, error)                      // "" for everyone's; ordered by ID
	SaveMeeting(ctx context.Context, m Meeting) (id int64, err error)                       // by Organizer and PlatformID

	// Begin writes an intent (State Open) and returns its id. For a creation it fails with ErrUnknown while an earlier
	// creation for the same organizer, UID and generation is Open or Unknown. When in.Shared it fails with ErrClaimed while
	// another organizer has a link (Active or Ending), or such a creation or shared call, for the UID.
	Begin(ctx context.Context, in Intent) (id int64, err error)
	// Made closes a creation: the intent is Done, and its meeting and link are there.
	Made(ctx context.Context, intent int64, m Meeting, l Link) (Meeting, Link, error)
	// Changed closes a change: the intent is Done, and the meeting is as given. When l has an ID, it is saved too.
	Changed(ctx context.Context, intent int64, m Meeting, l Link) error
	// Failed closes an intent as Refused, Unknown or GivenUp, or (accounts) as Done; at is its ClosedAt. One that was given up
	// can still be closed as Refused or, by Made, as Done.
	Failed(ctx context.Context, intent int64, state IntentState, reason string, at time.Time) error
	// Intents returns the intents that are Open or Unknown, of one organizer or ("") of all, ordered by ID.
	Intents(ctx context.Context, organizer string) ([]Intent, error)
	// GivenUp returns the creations and changes that are GivenUp, of one organizer or ("") of all, ordered by ID.
	GivenUp(ctx context.Context, organizer string) ([]Intent, error)
	// Created counts the creations of meetings, sent since and no later than now, that were or may have been carried out, of one
	// organizer or ("") of all.
	Created(ctx context.Context, organizer string, since, now time.Time) (int, error)
	// Sequence tells which ledger this is, and how many intents it has ever begun. A copy that is put back has the same id
	// and a lower number, a new ledger another id.
	Sequence(ctx context.Context) (id string, n int64, err error)

	// Decide records a decision when it differs (Rule, Text, Calendar, Href) from the last one of that organizer and UID.
	Decide(ctx context.Context, d Decision) error
	Decisions(ctx context.Context, uid string) ([]Decision, error) // newest first, of all organizers
	Prune(ctx context.Context, before time.Time) error             // decisions, and closed intents, older than that

	// Note and Notes keep small facts by key that belong to no row: that the platform refuses a field, say.
	Note(ctx context.Context, key, value string) error
	Notes(ctx context.Context, key string) (value string, err error) // "" when there is none

	Counts(ctx context.Context, organizer string) (Counts, error)
	Tally(ctx context.Context) (Tally, error)

	Close() error
}
