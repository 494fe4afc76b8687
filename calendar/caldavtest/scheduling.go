package caldavtest

import (
	"slices"
	"strings"
)

// A Message is one that the server sent to somebody on account of a change (RFC 5546, 1.4).
type Message struct {
	Method  string // REQUEST, REPLY or CANCEL
	UID     string
	To      string // address in lower case
	Mail    bool   // it left the server: nobody with that address is a user here
	Because string // "new", "removed", "deleted", "reply", or the names of the properties that changed, with commas
}

// A scheduling is how a server carries what one person changes to the others (RFC 6638). Servers differ in what is worth
// telling; what is known of four of them was measured, or read in their sources where it says so.
type scheduling struct {
	always bool     // every write of the organizer is told
	told   []string // else those that change one of these; nil: those that change an attendee's copy
	taken  []string // what an attendee's copy takes over, of the first VEVENT only; nil: all of the object
	resets []string // a change of one of these makes everyone answer again
	own    bool     // but each only in his own copy
	raises bool     // with SEQUENCE+1

	mailed    []string // what people elsewhere are told of by mail; nil: what is told
	noMail    bool     // they are never told
	elsewhere string   // SCHEDULE-STATUS (RFC 6638, 3.2.9) of those; "" for a server that does not set it on anybody

	dropsSelf  bool // the organizer's own ATTENDEE is removed
	takesAgent bool // SCHEDULE-AGENT is removed, not heeded
	keepsDead  bool // a cancelled event stays in the attendee's calendar, STATUS:CANCELLED
}

var times = []string{"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}

func with(names []string, more ...string) []string { return append(slices.Clone(names), more...) }

// cyrusScheduling was measured with Cyrus 3.6: each attendee has to answer a new time, in his own copy; the organizer
// sees the old answer until then.
func cyrusScheduling() *scheduling {
	return &scheduling{
		told: with(times, "SUMMARY", "LOCATION", "DESCRIPTION", "ATTACH"), resets: times, own: true,
		elsewhere: "1.1", keepsDead: true,
	}
}

// davicalScheduling was measured with DAViCal 1.1.12 and compared with its source: it puts some properties into the copies
// at every write, people's lines with their SCHEDULE-STATUS among them. So the first write after an invitation or an
// answer reaches all copies, whatever it was about. People elsewhere get nothing.
func davicalScheduling() *scheduling {
	return &scheduling{
		taken: []string{"DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "DESCRIPTION", "GEO",
			"RESOURCES", "STATUS", "ATTENDEE"},
		resets: []string{"DTSTART", "DTEND", "DURATION"}, noMail: true, elsewhere: "3.7",
	}
}

// sogoScheduling was measured with SOGo 5; the full lists are from its source (iCalEventChanges). Mail goes out with a new
// SEQUENCE only.
func sogoScheduling() *scheduling {
	major := with(times, "EXRULE", "STATUS", "LOCATION")
	return &scheduling{
		told:   with(major, "SUMMARY", "DESCRIPTION", "PRIORITY", "CLASS", "SEQUENCE", "CREATED", "LAST-MODIFIED"),
		resets: major, raises: true, mailed: major, dropsSelf: true, takesAgent: true,
	}
}

// sabreScheduling was measured with Baikal; what is mailed is from the source of sabre/vobject (ITip\Broker). Nextcloud
// mails on SUMMARY, DESCRIPTION and LOCATION too.
func sabreScheduling() *scheduling {
	return &scheduling{always: true, mailed: with(times, "STATUS"), elsewhere: "1.1", keepsDead: true}
}

// Scheduling makes the server deliver invitations, updates, cancellations and answers among its users, and announce
// calendar-auto-schedule. How, is for the profile to say; without one it is as Cyrus does it.
func Scheduling() Option {
	return func(s *Server) {
		if s.cfg.schedule == nil {
			s.cfg.schedule = cyrusScheduling()
		}
		if !strings.Contains(s.cfg.dav, "calendar-auto-schedule,") && !strings.HasSuffix(s.cfg.dav, "calendar-auto-schedule") {
			s.cfg.dav += ", calendar-auto-schedule"
		}
	}
}

// Messages returns what was sent since the start or the last ResetLog, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// send notes a message. The caller holds the lock.
func (s *Server) send(m Message) { s.messages = append(s.messages, m) }

// userAt finds who has an address.
func (s *Server) userAt(address string) *user {
	for _, u := range s.users {
		if u.has(address) {
			return u
		}
	}
	return nil
}

func (u *user) has(address string) bool {
	return slices.ContainsFunc(u.addresses, func(a string) bool { return strings.EqualFold(a, address) })
}

func anyOf(names, of []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(of, n) })
}
