package sync

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"convoke/calendar"
)

// barred names the rule that keeps an event from having a meeting whoever asks for one, or "".
func (s Situation) barred() (Rule, string) {
	c := s.component()
	switch {
	case s.Rules.Markers.Declined(c):
		return Declined, fmt.Sprintf("the marker %s declines a meeting", s.Rules.Markers.Decline)
	case !s.own():
		return NotOrganizer, "the event is somebody else's: its ORGANIZER is not one of the organizer's addresses"
	case s.Shared && c.Class == "CONFIDENTIAL":
		return Confidential, "confidential events in a shared calendar may be shown without their content, so they are never written to"
	case c.Status == "CANCELLED":
		return Cancelled, "the event is cancelled (STATUS:CANCELLED)"
	case s.Event.Recurring():
		return Series, "recurring events are not treated yet"
	case c.AllDay:
		return AllDay, "all-day events get no meeting"
	case !c.End.After(c.Start):
		return NoDuration, "the event ends when it starts, so there is no time to meet; give it a duration"
	case !c.End.After(s.Now):
		return Over, "the event is over"
	}
	return "", ""
}

// unasked names the rule under which nobody asked for a meeting, or "".
func (s Situation) unasked() (Rule, string) {
	c := s.component()
	_, asked := s.Rules.Markers.Asked(c)
	switch {
	case asked, s.Seal == CopiedSeal, s.Rules.Mode == All:
		return "", ""
	case s.Rules.Mode == Attendees && s.others():
		return "", ""
	case s.Rules.Mode == Attendees:
		return NoAttendees, "nobody else is invited (mode \"attendees\")"
	}
	return NotMarked, fmt.Sprintf("the marker %s is not in LOCATION, SUMMARY, CATEGORIES or on a line of its own in DESCRIPTION", s.Rules.Markers.Ask)
}

// taken names the rule under which the event has a meeting that is not convoke's to touch, or "".
func (s Situation) taken() (Rule, string) {
	if s.Claimed != "" {
		return OtherOrganizer, "this event has the meeting of another organizer who sees it, too"
	}
	for _, link := range s.component().Links() {
		if number, ours := s.Rules.Join.Number(link); ours {
			if s.Original != nil && s.Original.Number == number {
				continue // a copy brings the join link of its original along
			}
			return OtherTool, "the event has a join link of the platform that convoke did not make; take it out to get a meeting"
		}
		if tool, other := calendar.OtherTool(link); other {
			return OtherTool, fmt.Sprintf("the event has a join link of %s; take it out to get a meeting", tool)
		}
	}
	if s.Seal == ForeignSeal {
		return OtherTool, "the event has a seal (X-CONVOKE) that convoke did not make for it; take it out to get a meeting"
	}
	return "", ""
}

// own reports whether the event is the organizer's: its ORGANIZER is one of her addresses, or there is neither
// ORGANIZER nor ATTENDEE. Never by CN, SENT-BY or PARTSTAT: an invitation from outside must not make meetings.
func (s Situation) own() bool {
	c := s.component()
	if c.Organizer == "" {
		return len(c.Attendees) == 0
	}
	return slices.Contains(s.Addresses, c.Organizer)
}

// others reports whether somebody else than the organizer is invited.
func (s Situation) others() bool {
	return slices.ContainsFunc(s.component().Attendees, func(a string) bool { return !slices.Contains(s.Addresses, a) })
}

// component is the part of the event that decisions are about: its master, or the only override there is.
func (s Situation) component() *calendar.Component {
	if m := s.Event.Master(); m != nil {
		return m
	}
	return s.Event.Components[0]
}

// traced reports whether the event still asks for the meeting that it has: by the join link, the block or the marker.
func (s Situation) traced() bool {
	_, asked := s.Rules.Markers.Asked(s.component())
	return asked || s.shown()
}

// shown reports whether the event still shows its meeting: by the join link, or by the number alone, which also an old link
// holds when platform.join_url has changed.
func (s Situation) shown() bool {
	c := s.component()
	return c.Shows(s.Rules.Join.URL(s.Meeting.Number)) || c.Shows(s.Meeting.Number)
}

// topic is the event's title as the platform gets it.
func (s Situation) topic() string {
	t := strings.Join(strings.Fields(s.Rules.Markers.Topic(s.component().Summary)), " ")
	if t == "" {
		return "Web meeting"
	}
	return t
}

// wait is how much longer the event must be left alone before it is acted upon.
func (s Situation) wait() time.Duration {
	if s.Rules.Quiet <= 0 || !s.others() {
		return 0
	}
	return s.SeenAt.Add(s.Rules.Quiet).Sub(s.Now)
}
