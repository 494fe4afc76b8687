package caldav

import (
	"slices"
	"strings"
)

// Traits are what a writer should know of a server. Where it is not known, they are the careful case.
type Traits struct {
	Server    string // "radicale", "xandikos", "davical", "cyrus", "sogo", "sabre" (Baikal, Nextcloud), or ""
	Schedules bool   // it carries changes to attendees itself (RFC 6638)
	Rewrites  bool   // what is read back may differ from what was written
	Atomic    bool   // two parallel PUTs with one If-Match cannot both succeed

	// LocationResets: a new LOCATION makes everyone who has answered an invitation answer again, and raises SEQUENCE.
	LocationResets bool
}

// traits draws the conclusions. The servers' ways were measured. One that nobody knows and that announces no scheduling is
// taken at its word.
func (p profile) traits() Traits {
	t := Traits{Server: p.server, Schedules: p.schedule != no, Rewrites: true}
	t.LocationResets = t.Schedules
	switch p.server {
	case "radicale", "xandikos":
		t.Schedules, t.Atomic, t.LocationResets = false, true, false // Xandikos announces what it does not do
	case "cyrus":
		t.Atomic, t.LocationResets = true, false
	case "davical", "sabre":
		t.Rewrites, t.LocationResets = false, false
	}
	return t
}

// carried are the properties that these servers take for news to attendees; others do so with every write. SOGo's list is
// from its source, the rest was measured. CREATED and the like are left out: nobody writes them alone.
var carried = map[string][]string{
	"cyrus": {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "SUMMARY", "LOCATION", "DESCRIPTION", "ATTACH"},
	"sogo": {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "PRIORITY",
		"CLASS", "SEQUENCE", "LAST-MODIFIED"},
	"davical": {"DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "GEO", "RESOURCES", "SEQUENCE",
		"DTSTAMP", "ATTENDEE"},
}

// Reaches tells whether a change of that property alone is carried to the attendees. Whatever else the same write changes
// goes with it, but on DAViCal, which passes on nothing but the properties that reach.
//
// On DAViCal the first write after an invitation or an answer reaches them whatever it changes: the server's own
// SCHEDULE-STATUS is news to their copies.
func (t Traits) Reaches(property string) bool {
	names, ok := carried[t.Server]
	return t.Schedules && (!ok || slices.Contains(names, strings.ToUpper(property)))
}
