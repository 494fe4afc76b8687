package sync

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// Decide says what is to be done about one event. It is pure: the same Situation always gives the same Decision. Its
// cases are the rows of doc/decisions.md.
func Decide(s Situation) Decision {
	d := s.unwritable(s.rationed(s.vanished(s.decide())))
	if wait, ok := s.unsettled(d); ok {
		return wait
	}
	if d.Action == nil || d.Action.Kind == SaveLink || d.Rule == Roll || s.Event == nil {
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
	case s.superseded():
		return s.adopt()
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
	case s.Link.Reason == string(OrganizerChanged):
		return s.forget(Forget, "the event was somebody else's before it was deleted; its meeting stays as it is")
	case s.over():
		return s.forget(Over, "the event was deleted after its end; the meeting is left as it is")
	}
	if s.Mass {
		l, why := hold(*s.Link, *s.Meeting), "the event is gone, with too many others of its calendar at once"
		if s.Bereft {
			why = "the calendar of the event has been missing for three days"
		}
		return Decision{Rule: Hold, Text: why + "; its meeting stays until an admin approves (convoke approve) or the event is back", Action: &Action{Kind: SaveLink, Link: l}}
	}
	return s.end(Delete, "the event was deleted")
}

// unlinked decides about an event that never had a meeting.
func (s Situation) unlinked() Decision {
	if s.Seal == OwnSeal {
		return s.adopt()
	}
	if d, ok := s.heir(); ok {
		return d
	}
	if d, ok := s.unsealed(); ok {
		return d
	}
	for _, rule := range []func() (Rule, string){s.unasked, s.barred, s.taken} {
		if r, text := rule(); r != "" {
			return Decision{Rule: r, Text: text}
		}
	}
	return s.create(Create, 1)
}

// create makes a meeting, unless there may be one already: an earlier creation got no answer, the ledger is in doubt, or the
// platform's feed shows it.
func (s Situation) create(rule Rule, generation int) Decision {
	preset, ok := s.preset()
	if !ok {
		mark, _ := s.asked()
		return Decision{Rule: NoPreset, Text: fmt.Sprintf("%s:%s names no preset; there are %s", s.Rules.Markers.Ask, mark.Preset, s.Rules.presets())}
	}
	a := s.creation(preset, generation)
	if s.MayAsk {
		return Decision{Rule: rule, Text: "the event gets a meeting, unless it has one already", Action: a, Ask: true}
	}
	if s.Feed.State == Shows {
		return s.found(*a)
	}
	for _, doubt := range []func() (Decision, bool){s.unanswered, s.recovering, s.unread} {
		if d, wait := doubt(); wait {
			return d
		}
	}
	return Decision{Rule: rule, Text: "the event gets a meeting", Action: a}
}

// creation makes a meeting for the event.
func (s Situation) creation(preset Preset, generation int) *Action {
	t := s.target()
	m := store.Meeting{
		Organizer: s.Organizer, Generation: generation, State: store.Live, Topic: t.Topic, Start: t.Start, End: t.End,
		Type: preset.Type, Recorded: preset.Recorded, Dialin: preset.Dialin, Permission: preset.PermissionID,
	}
	a := &Action{Kind: CreateMeeting, Request: request(m), Meeting: m, Link: s.link()}
	a.Request.Agenda = preset.Agenda
	return a
}

// link is a new link of the event. It takes over what was written for an earlier one, to tell the author's changes of it.
func (s Situation) link() store.Link {
	l := store.Link{Organizer: s.Organizer, UID: s.Event.UID, Calendar: s.Calendar, Href: s.Href, State: store.Active}
	if s.Link != nil {
		l.Block = s.Link.Block
	}
	return l
}

// preset is what the marker asks the meeting to be made with.
func (s Situation) preset() (Preset, bool) {
	mark, _ := s.asked()
	if mark.Preset == "" {
		return s.Rules.Preset, true
	}
	p, ok := s.Rules.Presets[strings.ToLower(mark.Preset)]
	return p, ok
}

// presets lists the names of presets for people.
func (r Rules) presets() string {
	if len(r.Presets) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(r.Presets)), ", ")
}

// superseded reports whether the seal proves a later meeting than the one that the ledger knows: it is an old copy.
func (s Situation) superseded() bool {
	_, shown := s.sealedNumber()
	return shown && s.Seal == OwnSeal && s.Sealed.Generation > s.Meeting.Generation
}

// sealedNumber is the number of the meeting that the seal is for, as far as a join link tells: one of the platform's, and not of the
// meeting that the event had before.
func (s Situation) sealedNumber() (number string, shown bool) {
	for _, link := range s.component().Links() {
		number, ours := s.Rules.Join.Number(link)
		if ours && (s.Meeting == nil || s.Meeting.Number != number) {
			return number, true
		}
	}
	return "", false
}

// adopt takes over the meeting that a valid seal names and the ledger does not know. What the platform holds of it is
// not known, so it has no topic yet, and the next round brings it in line.
func (s Situation) adopt() Decision {
	number, shown := s.sealedNumber()
	if !shown {
		return Decision{Rule: OptedOut, Text: "the seal proves a meeting, but its join link was taken out; type the marker to get a meeting again"}
	}
	l := s.link()
	l.Written = true
	return Decision{Rule: Adopt, Text: "the seal proves a meeting that the ledger does not know; it is taken over", Action: &Action{
		Kind: SaveLink,
		Meeting: store.Meeting{
			Organizer: s.Organizer, PlatformID: s.Sealed.MeetingID, Number: number, Generation: s.Sealed.Generation,
			State: store.Live, Start: s.component().Start, End: s.component().End, Type: s.Rules.Type, Recorded: s.Rules.Recorded, Dialin: s.Rules.Dialin, Permission: s.Rules.PermissionID,
		},
		Link: l,
	}}
}

// active decides about an event that has a meeting.
func (s Situation) active() Decision {
	c, t := s.component(), s.target()
	switch {
	case s.Rules.Markers.Declined(c):
		return s.end(Decline, "the opt-out marker stands in the event")
	case !s.own():
		return s.handedOver()
	case s.Link.Reason == string(OrganizerChanged):
		l := *s.Link
		l.Reason = ""
		return Decision{Rule: Restore, Text: "the event is hers again", Action: &Action{Kind: SaveLink, Link: l}}
	case c.Status == "CANCELLED":
		return s.end(Revoke, "the event was cancelled")
	case s.given():
		return s.end(Remove, "every trace of the join link was taken out of the event")
	case s.Link.Calendar != s.Calendar || s.Link.Href != s.Href:
		l := *s.Link
		l.Calendar, l.Href = s.Calendar, s.Href
		return Decision{Rule: Move, Text: "the event stands in another place now", Action: &Action{Kind: SaveLink, Link: l}}
	case c.AllDay:
		return Decision{Rule: BecameAllDay, Text: "the event has no time of day any more; its meeting keeps the last one"}
	case t.Err != nil:
		return Decision{Rule: Recurrence, Text: "the dates of the series cannot be told, so its meeting keeps its time: " + t.Err.Error()}
	case !t.Found && s.stranded():
		return s.update(s.last(), Update, "the date that the meeting stood on is not there any more, and it was the last one; it goes back to the one before")
	case !t.Found:
		return Decision{Rule: Finished, Text: "the last date of the series is over; the meeting rests"}
	case s.differs(t) && (t.End.After(s.Now) || s.Meeting.End.After(s.Now)):
		if s.rolls() {
			return s.update(t, Roll, "the meeting moves on to the next date")
		}
		return s.update(t, Update, "title or time changed")
	case !s.Meeting.MissingAt.IsZero() && (t.End.After(s.Now) || s.Meeting.State == store.Vanished):
		return s.update(t, Update, "the platform did not find the meeting, so it is looked for again")
	case len(s.Open) > 0 && t.End.After(s.Now):
		return s.update(t, Update, "an earlier change got no answer, so what holds is sent once more")
	case (!s.Link.Written || s.again()) && !s.ReadOnly:
		return s.write().by(t.Change)
	case s.without() && !s.ReadOnly && s.Link.Writes < frozen:
		return s.clean().by(t.Change)
	case !t.End.After(s.Now) && t.Change.IsZero():
		return Decision{Rule: Finished, Text: "the event is over"}
	case s.Meeting.Closed && t.End.After(s.Now):
		return Decision{Rule: StillClosed, Due: t.Change, Text: "the platform says that the meeting is closed, though its time is still to come; open it there, or copy the event, which gets a meeting of its own, and delete this one"}
	}
	return Decision{Rule: Unchanged, Due: t.Change, Text: "meeting and event agree"}
}

// by is the decision, to be taken again when a series moves on: it does so whatever else waits.
func (d Decision) by(change time.Time) Decision {
	d.Due = change
	return d
}

// handedOver decides about the event of a meeting that is somebody else's now. The link remembers it: deleting such an event
// is no word about the meeting.
func (s Situation) handedOver() Decision {
	d := Decision{Rule: OrganizerChanged, Text: "the event is somebody else's now; its meeting is left as it is"}
	if l := *s.Link; l.Reason != string(OrganizerChanged) {
		l.Reason = string(OrganizerChanged)
		d.Action = &Action{Kind: SaveLink, Link: l}
	}
	return d
}

// unsettled reports whether a change must wait, because an earlier one with other content got no answer: carried out late, it
// would win. The same content may be sent again at once, for then it does not matter which of them comes last.
func (s Situation) unsettled(d Decision) (Decision, bool) {
	if d.Action == nil || d.Action.Kind != UpdateMeeting { // what is deleted cannot be changed any more, however late
		return d, false
	}
	if settled := s.Recovery.settled(s.Rules.Settle); s.Now.Before(settled) {
		return Decision{Rule: Recovering, Due: settled, Text: "the ledger is new or an old copy, so an earlier change of the meeting may still be carried out; this one waits until " + at(settled) + " (platform.settle)"}, true
	}
	body, err := d.Action.Request.JSON(d.Action.Meeting.PlatformID)
	if err != nil {
		return d, false
	}
	for _, in := range s.Open {
		if until := in.ClosedAt.Add(s.Rules.Settle); s.Now.Before(until) && !bytes.Equal(in.Request, body) {
			return Decision{Rule: Unsettled, Due: until, Text: "an earlier change of the meeting got no answer and may still be carried out; this one waits until " + at(until) + " (platform.settle)"}, true
		}
	}
	return d, false
}

// given reports whether the organizer gave the meeting up by taking every trace of it out of the event.
func (s Situation) given() bool {
	if s.ReadOnly { // we never wrote into it
		r, _ := s.unasked()
		return r != ""
	}
	if !s.Link.Written { // it must still be asked for; but our own writes, which did not stay, take the marker away, too
		r, _ := s.unasked()
		return r != "" && s.Link.Writes == 0 && s.Seal != OwnSeal && !s.shown()
	}
	return !s.traced()
}

// rolls reports whether only the passing of time asks for another window.
func (s Situation) rolls() bool {
	return (s.Event.Recurring() || len(s.Siblings) > 0) && s.holds()
}

// again reports whether a component asks for the details: the marker is back where our text had taken its place, and the text is
// gone, since the organizer asks again, or an old copy of the event was put over the one that had it; or it is an override
// that was never written to.
func (s Situation) again() bool {
	return slices.ContainsFunc(s.Event.Components, func(c *calendar.Component) bool {
		mark, asked := s.Rules.Markers.Asked(c)
		if !asked || !s.selects(c) || s.shows(c) {
			return false
		}
		return mark.Property == "LOCATION" || mark.Property == "DESCRIPTION" || (c.RecurrenceID != "" && c.Seal == "")
	})
}

// without reports whether a date of a series was opted out that still shows the meeting.
func (s Situation) without() bool { return slices.ContainsFunc(s.Event.Components, s.leftover) }

// leftover reports whether a component is an override that declines the meeting and still shows it.
func (s Situation) leftover(c *calendar.Component) bool {
	return c.RecurrenceID != "" && s.Rules.Markers.Declined(c) && s.shows(c)
}

// frozen is after how many writes that did not stay an event is left alone.
const frozen = 3

// write puts the details into the event, as long as that leads anywhere and costs the attendees no more than was allowed.
func (s Situation) write() Decision {
	l := *s.Link
	switch {
	case l.Writes >= frozen:
		return Decision{Rule: Frozen, Text: fmt.Sprintf("the details were written %d times and did not stay (%s keeps changing); the event is left alone until its title or time changes", l.Writes, l.Flips)}
	case s.spent(l):
		return Decision{Rule: Budget, Text: fmt.Sprintf("another write could send another mail to the attendees (details.mail_budget = %d)", s.Rules.MailBudget)}
	}
	return Decision{Rule: Write, Text: "the join details go into the event", Action: &Action{Kind: WriteDetails, Link: l, Meeting: *s.Meeting}}
}

// spent reports whether another write could cost the attendees more than was allowed.
func (s Situation) spent(l store.Link) bool {
	return s.Schedules && s.others() && l.Mails >= s.Rules.MailBudget
}

// clean takes the details out of the dates of a series that were opted out, as far as another write is allowed.
func (s Situation) clean() Decision {
	d := s.write()
	if d.Rule == Write {
		d.Rule, d.Text, d.Action.Kind = Erase, "the join details are taken out of the date that was opted out", EraseDetails
	}
	return d
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
	if s.Claimed != "" {
		return Decision{Rule: OtherOrganizer, Text: "this event has the meeting of another organizer by now"}
	}
	_, asked := s.asked()
	if s.Link.Reason == string(Ejected) && !asked {
		return Decision{Rule: OptedOut, Text: "convoke was told to let go of the event (convoke eject); the marker asks for a meeting again"}
	}
	if !asked && !trace {
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
		return s.renew("the event is back, and its meeting was deleted: it gets another one")
	}
	t := s.target()
	d := s.update(t, Restore, "the event is back, and gets its meeting back")
	d.Action.Link.Written = trace
	if s.Meeting.State == store.Live && !s.differs(t) {
		d.Action.Kind, d.Action.Meeting = SaveLink, store.Meeting{} // it is as it was, and not to be adopted
	}
	return d
}

// differs reports whether the platform holds another title or time than the event.
func (s Situation) differs(t target) bool {
	return s.Meeting.Topic != t.Topic || !s.Meeting.Start.Equal(t.Start) || !s.Meeting.End.Equal(t.End)
}

// update brings the meeting in line with the event. Where that follows an edit of the organizer's, our writes are counted
// anew.
func (s Situation) update(t target, rule Rule, text string) Decision {
	m, l := *s.Meeting, *s.Link
	if rule != Roll {
		l.Writes, l.Mails, l.Flips = 0, 0, ""
	}
	m.State, m.Topic, m.Start, m.End = store.Live, t.Topic, t.Start, t.End
	l.State, l.Reason, l.DueAt, l.Calendar, l.Href = store.Active, "", time.Time{}, s.Calendar, s.Href
	return Decision{Rule: rule, Text: text, Action: &Action{Kind: UpdateMeeting, Request: request(m), Meeting: m, Link: l}}
}

// request is what the platform is told of a meeting.
func request(m store.Meeting) meetingapi.MeetingRequest {
	return meetingapi.MeetingRequest{
		Topic: m.Topic, Start: m.Start, End: m.End, Type: m.Type,
		Recorded: m.Recorded, Dialin: m.Dialin, PermissionID: m.Permission,
	}
}
