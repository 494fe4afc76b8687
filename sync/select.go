package sync

import (
	"fmt"
	"slices"
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
	case s.Rules.Private == PrivateSkip && (c.Class == "PRIVATE" || c.Class == "CONFIDENTIAL"):
		return Private, "private events get no meeting (select.private = \"skip\")"
	case c.AllDay:
		return AllDay, "all-day events get no meeting"
	case !c.End.After(c.Start):
		return NoDuration, "the event ends when it starts, so there is no time to meet; give it a duration"
	case c.End.Sub(c.Start) < s.Rules.MinDuration:
		return TooShort, fmt.Sprintf("the event is shorter than %s (select.min_duration)", span(s.Rules.MinDuration))
	case s.Rules.MaxDuration > 0 && c.End.Sub(c.Start) > s.Rules.MaxDuration:
		return TooLong, fmt.Sprintf("the event is longer than %s (select.max_duration)", span(s.Rules.MaxDuration))
	}
	return s.past()
}

// past names the rule under which an event has no date left to meet at, or "".
func (s Situation) past() (Rule, string) {
	if !s.Event.Recurring() {
		if !s.component().End.After(s.Now) {
			return Over, "the event is over"
		}
		return "", ""
	}
	switch t := s.target(); {
	case t.Err != nil:
		return Recurrence, "the dates of the series cannot be told: " + t.Err.Error()
	case !t.Found:
		return Over, "the series has no date left that a meeting is wanted for"
	}
	return "", ""
}

// selects reports whether an occurrence wants the event's meeting, by the component that it comes from: the master, or an
// override, which may ask and decline by itself, and be cancelled.
func (s Situation) selects(c *calendar.Component) bool {
	if s.Rules.Markers.Declined(c) || c.Status == "CANCELLED" {
		return false
	}
	return s.wanted(c) || (c.RecurrenceID != "" && s.Event.Master() != nil && s.wanted(s.Event.Master()))
}

// wanted reports whether a component asks for a meeting, by the marker, the mode, or a trace of the meeting that it has
// or is to share.
func (s Situation) wanted(c *calendar.Component) bool {
	if _, asked := s.Rules.Markers.Asked(c); asked {
		return true
	}
	switch {
	case s.Seal == CopiedSeal || s.Rules.Mode == All || (s.Rules.Mode == Attendees && s.others()):
		return true
	case s.Meeting == nil:
		return s.Original != nil && s.leads(c)
	}
	return s.shows(c)
}

// leads reports whether a component has a join link of the platform, whichever meeting it leads to.
func (s Situation) leads(c *calendar.Component) bool {
	return slices.ContainsFunc(c.Links(), func(link string) bool {
		_, ours := s.Rules.Join.Number(link)
		return ours
	})
}

// asked returns the marker of the first component that has one.
func (s Situation) asked() (calendar.Mark, bool) {
	for _, c := range s.Event.Components {
		if m, ok := s.Rules.Markers.Asked(c); ok {
			return m, true
		}
	}
	return calendar.Mark{}, false
}

// unasked names the rule under which nobody asked for a meeting, or "".
func (s Situation) unasked() (Rule, string) {
	_, asked := s.asked()
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
	_, asked := s.asked()
	return asked || s.shown()
}

// shown reports whether the event still shows its meeting.
func (s Situation) shown() bool { return slices.ContainsFunc(s.Event.Components, s.shows) }

// shows reports whether a component shows the meeting: by the join link, or by the number alone, which also an old link
// holds when platform.join_url has changed.
func (s Situation) shows(c *calendar.Component) bool {
	return c.Shows(s.Rules.Join.URL(s.Meeting.Number)) || c.Shows(s.Meeting.Number) || slices.ContainsFunc(s.Former, c.Shows)
}

// wait is how much longer the event must be left alone before it is acted upon.
func (s Situation) wait() time.Duration {
	if s.Rules.Quiet <= 0 || !s.others() || s.SeenAt.After(s.Now) { // the clock went back since
		return 0
	}
	return s.SeenAt.Add(s.Rules.Quiet).Sub(s.Now)
}
