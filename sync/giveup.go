package sync

import (
	"fmt"
	"slices"
	"time"

	"convoke/store"
)

// ending decides about an event whose meeting is in its undo window, and which is there.
func (s Situation) ending() Decision {
	c := s.component()
	back := s.Link.Reason == string(Hold) // it is held because it was gone, and here it is
	if !back && (s.Rules.Markers.Declined(c) || c.Status == "CANCELLED" || s.given()) {
		return s.due()
	}
	l := *s.Link
	l.State, l.Reason, l.DueAt, l.Calendar, l.Href = store.Active, "", time.Time{}, s.Calendar, s.Href
	return Decision{Rule: Restore, Text: "the event is back, and keeps its meeting", Action: &Action{Kind: SaveLink, Link: l}}
}

// end begins the undo window.
func (s Situation) end(rule Rule, text string) Decision {
	l := *s.Link
	l.State, l.Reason, l.DueAt = store.Ending, string(rule), s.Now.Add(s.Rules.Undo)
	if s.Rules.Undo > 0 {
		text += fmt.Sprintf("; its meeting is given up in %s, unless that is undone", span(s.Rules.Undo))
	}
	return Decision{Rule: rule, Text: text, Due: l.DueAt, Action: &Action{Kind: SaveLink, Link: l}}
}

// due decides about a meeting in its undo window.
func (s Situation) due() Decision {
	if s.Link.Reason == string(Hold) && !s.over() {
		return Decision{Rule: Held, Text: "its meeting stays until an admin approves (convoke approve), or the event is back"}
	}
	if s.Recovery.Holds(s.Now) {
		return Decision{Rule: Recovering, Due: s.Recovery.Since.Add(recoveryHold), Text: "the ledger is new or an old copy, so no meeting is given up before " + at(s.Recovery.Since.Add(recoveryHold)) + ", unless an admin agrees (convoke rebuild)"}
	}
	if s.Now.Before(s.Link.DueAt) {
		return Decision{Rule: Undo, Due: s.Link.DueAt, Text: "its meeting is given up at " + at(s.Link.DueAt) + ", unless the event is restored"}
	}
	switch {
	case s.Sharing > 0:
		return s.forget(Forget, "the meeting stays: another event has it, too")
	case s.Rules.Cancel == Keep:
		return s.forget(Forget, "the meeting stays as it is (cancel.action = \"keep\")")
	case s.over():
		return s.forget(Over, "the meeting is over and stays as it is")
	}
	return s.cancel()
}

// over reports whether the meeting is over, and no change without an answer may have moved it to a time that is to come.
func (s Situation) over() bool {
	return !s.Meeting.End.After(s.Now) && !slices.ContainsFunc(s.Open, func(in store.Intent) bool { return ahead(in, s.Now) })
}

// ahead reports whether a change, if it was carried out, has the meeting end at a time that is to come.
func ahead(in store.Intent, now time.Time) bool {
	sent, err := sentMeeting(in)
	return in.Kind == store.UpdateMeeting && err == nil && sent.End.After(now)
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
		m.Topic = s.topic(s.component())
	}
	a.Meeting.Topic = s.Rules.Words.cancelled(m.Topic)
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
