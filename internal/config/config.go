// Package config reads convoke's configuration file.
//
// It turns TOML into plain typed data, fills in the defaults, and reports every fault of the file in one go with
// key, value and line. It looks at files only to see that they are there and not open to others: what is secret
// is never read here, so that a Config can be logged, compared and kept. The one secret that stands in the file itself,
// the address of a feed, prints without what is secret in it. The package knows nothing of calendars, of the platform or
// of the ledger, and talks to nobody.
package config

import (
	"net/url"
	"strings"
	"time"
)

// A Config is a configuration without faults. Paths are absolute.
type Config struct {
	File     string   // where it was read from
	Database string   // the ledger's SQLite file
	KeyFile  string   // the key of the seals; may be missing, then it is made at the first start
	Stamp    string   // a small file by which a ledger that was lost or put back is noticed
	Schedule Schedule // when a pass starts

	Listen    string   // host:port of the daemon's own pages and feeds; "" for none
	PublicURL *url.URL // how people reach Listen, without a final slash; nil when nobody has said

	Platform   Platform
	Limits     Limits
	Select     Select
	Meeting    Meeting
	Presets    map[string]Preset // by name, in lower case; nil for none
	Series     Series
	Details    Details
	Cancel     Cancel
	Organizers []Organizer // in the order of the file; empty when none is there yet
}

// Platform says how the meeting platform is reached and how far it is trusted.
type Platform struct {
	URL               *url.URL      // scheme, host and optional path, without /api/v6 and without a final slash
	APIKeyFile        string        // "" when every organizer has a key of his own
	JoinURL           string        // holds {meetingId}
	Settle            time.Duration // how long a call without an answer may still take effect
	Reference         Reference
	Unknown           Unknown
	RequestsPerSecond float64 // over all organizers
	InFlight          int     // calls at the same time
}

// A Reference says where our token goes in a meeting.
type Reference string

// The values of platform.reference.
const (
	ReferenceAgenda Reference = "agenda"
	ReferenceNone   Reference = "none"
)

// Unknown says what becomes of a create that got no answer and cannot be read back.
type Unknown string

// The values of platform.unknown.
const (
	UnknownHold  Unknown = "hold"  // ask the admin
	UnknownRetry Unknown = "retry" // post again after Settle
)

// Limits bound what the daemon does at the same time.
type Limits struct {
	Workers int // organizers treated at the same time

	CreationsPerHour int // new meetings of an organizer; 0 for no limit, as below
	CreationsPerDay  int // likewise
	CreationsOverall int // new meetings in an hour, of all organizers together
}

// Select says which events get a meeting.
type Select struct {
	Mode     Mode
	Marker   string // without preset, compared without case
	OptOut   string
	Existing bool // attendees and all: events of the first look too

	MinDuration time.Duration // of an event; 0 for no limit
	MaxDuration time.Duration // likewise
	Horizon     time.Duration // how far ahead an event begins that gets a meeting; 0 for no limit
	Private     Private
}

// A Mode is a rule of selection.
type Mode string

// The values of select.mode and organizer.mode.
const (
	ModeMarked    Mode = "marked"
	ModeAttendees Mode = "attendees"
	ModeAll       Mode = "all"
)

// Private says what becomes of an event whose CLASS is PRIVATE or CONFIDENTIAL (RFC 5545, 3.8.1.3).
type Private string

// The values of select.private.
const (
	PrivateMeet    Private = "meet"    // a meeting like any other
	PrivateNeutral Private = "neutral" // a meeting whose topic does not tell the event's title
	PrivateSkip    Private = "skip"    // no meeting
)

// Meeting holds what a new meeting is made with.
type Meeting struct {
	Type         string // passed through: the platform publishes no list
	Recorded     bool
	Dialin       bool
	PermissionID string // "" for none
}

// A Preset is what a new meeting is made with whose marker names it. What it does not say itself comes from Meeting.
type Preset struct {
	Meeting
	Agenda string // lines end in \n; "" for none
}

// Series says how the one meeting of a series follows its occurrences.
type Series struct {
	Window    Window
	RollAfter time.Duration // how long after an occurrence's end the meeting moves on; at most a day
}

// A Window is the time that the meeting of a series is open for.
type Window string

// The values of series.window.
const (
	WindowNext Window = "next" // one occurrence, moved on after each
	WindowSpan Window = "span" // from the current occurrence to the last one
)

// Details says how join details come into an event.
type Details struct {
	Quiet      time.Duration // how long an event with other attendees is left alone after an edit
	Language   string        // BCP 47; "" for the organizer's own
	Templates  string        // a folder with texts that take the place of convoke's; "" for none
	MailBudget int           // how often our writes to one event may cause mail to its attendees between two edits of the organizer
}

// Cancel says what becomes of the meeting of a deleted event.
type Cancel struct {
	Action CancelAction
	Undo   time.Duration // how long it is held before; 0 for not at all
}

// A CancelAction is what is done to a meeting that nobody wants any more.
type CancelAction string

// The values of cancel.action.
const (
	CancelKeep    CancelAction = "keep"
	CancelRetitle CancelAction = "retitle"
	CancelClose   CancelAction = "close"
	CancelDelete  CancelAction = "delete" // not a documented call
)

// An Organizer is a person who books, and where his calendars are: exactly one of CalDAVURL, VDir and ICSURL is set.
type Organizer struct {
	Email      string   // lower case
	Aliases    []string // lower case; other addresses that are his
	UserID     string   // on the platform; "" for what `organizer add` found, or none
	AccountID  string
	APIKeyFile string         // "" for the platform's
	Timezone   *time.Location // nil for the platform's, else the calendar's
	Language   string         // BCP 47; details.language unless he has one of his own; "" for the platform's
	Mode       Mode           // never "": select.mode unless he has one of his own

	CalDAVURL     *url.URL
	Username      string // there, or at ICSURL
	PasswordFile  string
	Calendars     []string       // names or URLs; empty for all of his own
	CalendarRules []CalendarRule // for some of them, in the order of the file
	VDir          string         // a folder of .ics files; not looked at here
	ICSURL        Feed           // read-only
}

// A CalendarRule is what holds for one calendar of an organizer.
type CalendarRule struct {
	Name string // or URL
	Mode Mode   // never "": the organizer's unless the calendar has one of its own
}

// Spellings are the names by which a calendar is one that a rule is for: as the rule has it, and, where that is a URL or a path, in
// full, with and without the final slash.
func (o Organizer) Spellings(r CalendarRule) []string {
	ref, err := url.Parse(r.Name)
	if err != nil || o.CalDAVURL == nil || !strings.Contains(r.Name, "/") {
		return []string{r.Name}
	}
	full := strings.TrimSuffix(o.CalDAVURL.ResolveReference(ref).String(), "/")
	return []string{r.Name, full, full + "/"}
}

// Default returns the configuration of an empty file. It is not a valid one: [platform] url and join_url have no default.
func Default() Config {
	return Config{
		Database: "/var/lib/convoke/ledger.db",
		KeyFile:  "/var/lib/convoke/" + keyName,
		Stamp:    "/var/lib/convoke/" + keyName + stampSuffix,
		Schedule: defaultSchedule(),
		Listen:   "127.0.0.1:8330",
		Platform: Platform{
			APIKeyFile:        "platform-api-key",
			Settle:            10 * time.Minute,
			Reference:         ReferenceAgenda,
			Unknown:           UnknownHold,
			RequestsPerSecond: 4,
			InFlight:          2,
		},
		Limits: Limits{Workers: 4, CreationsPerHour: 20, CreationsPerDay: 100, CreationsOverall: 500},
		Select: Select{
			Mode:        ModeMarked,
			Marker:      "@meet",
			OptOut:      "#nomeet",
			MaxDuration: 24 * time.Hour,
			Horizon:     366 * 24 * time.Hour,
			Private:     PrivateNeutral,
		},
		Meeting: Meeting{Type: "standard"},
		Series:  Series{Window: WindowNext, RollAfter: 30 * time.Minute},
		Details: Details{Quiet: 15 * time.Second, MailBudget: 1},
		Cancel:  Cancel{Action: CancelRetitle, Undo: 10 * time.Minute},
	}
}

// keyName is the key file's name when none is configured; it lies beside the ledger.
const keyName = "convoke.key"

// stampSuffix makes the name of the stamp file of that of the key.
const stampSuffix = ".stamp"
