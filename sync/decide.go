package sync

import (
	"fmt"
	"time"

	"convoke/meetingapi"
	"convoke/store"
)

// Decide says what is to be done about one event. It is pure: the same Situation always gives the same Decision. Its
// cases are the rows of doc/decisions.md.
func Decide(s Situation) Decision {
	d := s.decide()
	if d.Action == nil || d.Action.Kind == SaveLink || s.Event == nil {
		return d
	}
	if w := s.wait(); w > 0 {
		return Decision{Rule: Quiet, Text: "waiting until the organizer has left the event alone for a moment (details.quiet)", Due: s.Now.Add(w)}
	}
	return d
}

func (s Situation) decide() Decision {
	switch {
	case s.Event == nil:
		return s.gone()
	case s.Link == nil:
		return s.unlinked()
	case s.Elsewhere:
		return Decision{Rule: TwoPlaces, Text: "the event stands in two places at once; convoke follows the one it knows and leaves this one alone"}
	case s.Link.State == store.Active:
		return s.active()
	case s.Link.State == store.Ending:
		return s.ending()
	}
	return s.ended()
}

// gone decides about an event that is not in any calendar of the organizer any more.
func (s Situation) gone() Decision {
	switch {
	case s.Link == nil || s.Link.State == store.Ended:
		return Decision{Rule: Gone, Text: "the event is gone and has no meeting"}
	case s.Link.State == store.Ending:
		return s.due()
	case !s.Meeting.End.After(s.Now):
		return s.forget(Over, "the event was deleted after its end; the meeting is left as it is")
	}
	return s.end(Delete, "the event was deleted")
}

// unlinked decides about an event that never had a meeting.
func (s Situation) unlinked() Decision {
	if s.Seal == OwnSeal {
		return s.adopt()
	}
	for _, rule := range []func() (Rule, string){s.unasked, s.barred, s.taken} {
		if r, text := rule(); r != "" {
			return Decision{Rule: r, Text: text}
		}
	}
	return s.create(Create, 1)
}

// create makes a meeting, unless an earlier creation got no answer.
func (s Situation) create(rule Rule, generation int) Decision {
	c := s.component()
	if s.Pending != nil {
		again := s.Pending.SentAt.Add(s.Rules.Settle)
		if !s.Rules.RetryUnknown {
			return Decision{Rule: Unanswered, Text: "the platform did not say whether it made the meeting; convoke does not ask twice (platform.unknown = \"hold\")"}
		}
		if s.Now.Before(again) {
			return Decision{Rule: Unanswered, Due: again, Text: "the platform did not say whether it made the meeting; asked again after platform.settle"}
		}
	}
	m := store.Meeting{
		Organizer: s.Organizer, Generation: generation, State: store.Live,
		Topic: s.topic(), Start: c.Start, End: c.End,
		Type: s.Rules.Type, Recorded: s.Rules.Recorded, Dialin: s.Rules.Dialin, Permission: s.Rules.PermissionID,
	}
	return Decision{Rule: rule, Text: "the event gets a meeting", Action: &Action{
		Kind: CreateMeeting, Request: request(m), Meeting: m,
		Link: store.Link{Organizer: s.Organizer, UID: s.Event.UID, Calendar: s.Calendar, Href: s.Href, State: store.Active},
	}}
}

// adopt takes over the meeting that a valid seal names and the ledger does not know. What the platform holds of it is
// not known, so it has no topic yet, and the next round brings it in line.
func (s Situation) adopt() Decision {
	for _, link := range s.component().Links() {
		number, ours := s.Rules.Join.Number(link)
		if !ours {
			continue
		}
		return Decision{Rule: Adopt, Text: "the seal proves a meeting that the ledger does not know; it is taken over", Action: &Action{
			Kind: SaveLink,
			Meeting: store.Meeting{
				Organizer: s.Organizer, PlatformID: s.Sealed.MeetingID, Number: number, Generation: s.Sealed.Generation,
				State: store.Live, Start: s.component().Start, End: s.component().End, Type: s.Rules.Type, Recorded: s.Rules.Recorded, Dialin: s.Rules.Dialin, Permission: s.Rules.PermissionID,
			},
			Link: store.Link{Organizer: s.Organizer, UID: s.Event.UID, Calendar: s.Calendar, Href: s.Href, State: store.Active, Written: true},
		}}
	}
	return Decision{Rule: OptedOut, Text: "the seal proves a meeting, but its join link was taken out; type the marker to get a meeting again"}
}

// active decides about an event that has a meeting.
func (s Situation) active() Decision {
	c := s.component()
	switch {
	case s.Rules.Markers.Declined(c):
		return s.end(Decline, "the opt-out marker stands in the event")
	case !s.own():
		return Decision{Rule: OrganizerChanged, Text: "the event is somebody else's now; its meeting is left as it is"}
	case c.Status == "CANCELLED":
		return s.end(Revoke, "the event was cancelled")
	case s.Link.Written && !s.traced():
		return s.end(Remove, "every trace of the join link was taken out of the event")
	case s.Link.Calendar != s.Calendar || s.Link.Href != s.Href:
		l := *s.Link
		l.Calendar, l.Href = s.Calendar, s.Href
		return Decision{Rule: Move, Text: "the event stands in another place now", Action: &Action{Kind: SaveLink, Link: l}}
	case c.AllDay:
		return Decision{Rule: BecameAllDay, Text: "the event has no time of day any more; its meeting keeps the last one"}
	case s.Event.Recurring():
		return Decision{Rule: BecameSeries, Text: "the event recurs now; its meeting keeps its time"}
	case s.differs() && (c.End.After(s.Now) || s.Meeting.End.After(s.Now)):
		return s.update(Update, "title or time changed")
	case !s.Link.Written:
		return Decision{Rule: Write, Text: "the join details go into the event", Action: &Action{Kind: WriteDetails, Link: *s.Link, Meeting: *s.Meeting}}
	case !c.End.After(s.Now):
		return Decision{Rule: Finished, Text: "the event is over"}
	case s.Meeting.Closed:
		return Decision{Rule: StillClosed, Text: "the platform says that the meeting is closed, though its time is still to come; open it there, or take the join link out of the event and type the marker again once it is given up"}
	}
	return Decision{Rule: Unchanged, Text: "meeting and event agree"}
}

// ending decides about an event whose meeting is in its undo window, and which is there.
func (s Situation) ending() Decision {
	c := s.component()
	if s.Rules.Markers.Declined(c) || c.Status == "CANCELLED" || (s.Link.Written && !s.traced()) {
		return s.due()
	}
	l := *s.Link
	l.State, l.Reason, l.DueAt, l.Calendar, l.Href = store.Active, "", time.Time{}, s.Calendar, s.Href
	return Decision{Rule: Restore, Text: "the event is back, and keeps its meeting", Action: &Action{Kind: SaveLink, Link: l}}
}

// ended decides about an event whose meeting was given up, and which is there.
func (s Situation) ended() Decision {
	c := s.component()
	trace := s.shown()
	if s.Rules.Markers.Declined(c) && s.Link.Written {
		return Decision{Rule: Erase, Text: "the join details are taken out of the event", Action: &Action{Kind: EraseDetails, Link: *s.Link, Meeting: *s.Meeting}}
	}
	if r, text := s.barred(); r != "" {
		return Decision{Rule: r, Text: text}
	}
	if _, asked := s.Rules.Markers.Asked(c); !asked && !trace {
		if s.Link.Reason == string(Remove) {
			if s.Link.Written && c.Seal != "" {
				return Decision{Rule: Erase, Text: "what is left of the join details is taken out of the event", Action: &Action{Kind: EraseDetails, Link: *s.Link, Meeting: *s.Meeting}}
			}
			return Decision{Rule: OptedOut, Text: "the organizer took every trace of the join link out; the marker asks for it again"}
		}
		if r, text := s.unasked(); r != "" {
			return Decision{Rule: r, Text: text}
		}
	}
	if s.Meeting.State == store.Deleted {
		return s.create(Renew, s.Meeting.Generation+1)
	}
	d := s.update(Restore, "the event is back, and gets its meeting back")
	d.Action.Link.Written = trace
	if s.Meeting.State == store.Live && !s.differs() {
		d.Action.Kind = SaveLink
	}
	return d
}

// differs reports whether the platform holds another title or time than the event.
func (s Situation) differs() bool {
	c := s.component()
	return s.Meeting.Topic != s.topic() || !s.Meeting.Start.Equal(c.Start) || !s.Meeting.End.Equal(c.End)
}

// update brings the meeting in line with the event.
func (s Situation) update(rule Rule, text string) Decision {
	c := s.component()
	m, l := *s.Meeting, *s.Link
	m.State, m.Topic, m.Start, m.End = store.Live, s.topic(), c.Start, c.End
	l.State, l.Reason, l.DueAt, l.Calendar, l.Href = store.Active, "", time.Time{}, s.Calendar, s.Href
	return Decision{Rule: rule, Text: text, Action: &Action{Kind: UpdateMeeting, Request: request(m), Meeting: m, Link: l}}
}

// end begins the undo window.
func (s Situation) end(rule Rule, text string) Decision {
	l := *s.Link
	l.State, l.Reason, l.DueAt = store.Ending, string(rule), s.Now.Add(s.Rules.Undo)
	if s.Rules.Undo > 0 {
		text += fmt.Sprintf("; its meeting is given up in %s, unless that is undone", s.Rules.Undo)
	}
	return Decision{Rule: rule, Text: text, Due: l.DueAt, Action: &Action{Kind: SaveLink, Link: l}}
}

// due decides about a meeting in its undo window.
func (s Situation) due() Decision {
	if s.Now.Before(s.Link.DueAt) {
		return Decision{Rule: Undo, Due: s.Link.DueAt, Text: "its meeting is given up at " + s.Link.DueAt.UTC().Format(time.RFC3339) + ", unless the event is restored"}
	}
	switch {
	case s.Sharing > 0:
		return s.forget(Forget, "the meeting stays: another event has it, too")
	case s.Rules.Cancel == Keep:
		return s.forget(Forget, "the meeting stays as it is (cancel.action = \"keep\")")
	case !s.Meeting.End.After(s.Now):
		return s.forget(Over, "the meeting is over and stays as it is")
	}
	return s.cancel()
}

// cancel gives the meeting up in the way that the admin chose.
func (s Situation) cancel() Decision {
	m, l := *s.Meeting, *s.Link
	l.State, l.DueAt = store.Ended, time.Time{}
	a := &Action{Kind: UpdateMeeting, Meeting: m, Link: l}
	text := "the meeting gets a title that says it is cancelled"
	switch s.Rules.Cancel {
	case DeleteCall:
		a.Kind, a.Meeting.State = DeleteMeeting, store.Deleted
		return Decision{Rule: Cancel, Text: "the meeting is deleted", Action: a}
	case CloseWindow:
		end := s.Now.Add(-time.Minute).Truncate(time.Minute)
		a.Meeting.Start, a.Meeting.End = end.Add(m.Start.Sub(m.End)), end
		text += ", and its window moves into the past"
	}
	a.Meeting.State = store.Voided
	if m.Topic == "" && s.Event != nil { // adopted, and given up before it was brought in line
		m.Topic = s.topic()
	}
	a.Meeting.Topic = "Cancelled: " + m.Topic
	a.Request = request(a.Meeting)
	return Decision{Rule: Cancel, Text: text, Action: a}
}

// forget ends the link without a call.
func (s Situation) forget(rule Rule, text string) Decision {
	l := *s.Link
	l.State, l.DueAt = store.Ended, time.Time{}
	if l.Reason == "" {
		l.Reason = string(rule)
	}
	return Decision{Rule: rule, Text: text, Action: &Action{Kind: SaveLink, Link: l}}
}

// request is what the platform is told of a meeting.
func request(m store.Meeting) meetingapi.MeetingRequest {
	return meetingapi.MeetingRequest{
		Topic: m.Topic, Start: m.Start, End: m.End, Type: m.Type,
		Recorded: m.Recorded, Dialin: m.Dialin, PermissionID: m.Permission,
	}
}
