package sync

import (
	"time"

	"convoke/store"
)

// glance is when an event is decided about again that waits for what nobody can foretell.
const glance = 10 * time.Minute

// latest is when to decide again that waits until then, or for another reading of the feed where that time has come: after a
// glance at the latest, since a feed that turns out to lag by less makes the wait shorter.
func latest(then, now time.Time) time.Time {
	if then.After(now) {
		return earlier(then, now.Add(glance))
	}
	return now.Add(time.Minute)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// unanswered decides about an event for which an earlier creation got no answer.
func (s Situation) unanswered() (Decision, bool) {
	if s.Pending == nil {
		return Decision{}, false
	}
	again := s.Pending.ClosedAt.Add(s.Rules.Settle + s.Feed.Lag)
	wait := func(due time.Time, text string) (Decision, bool) {
		return Decision{Rule: Unanswered, Due: due, Text: "the platform did not say whether it made the meeting; " + text}, true
	}
	switch {
	case s.Feed.State == Unreadable:
		return wait(s.Now.Add(glance), s.Feed.Text)
	case s.Feed.State == Absent && s.Feed.At.Before(again):
		return wait(latest(again, s.Now), "it does not show one so far, and is asked again after platform.settle")
	case s.Feed.State == Absent:
		return Decision{}, false
	case !s.Rules.RetryUnknown && s.Feed.State == Unclear:
		return wait(s.Now.Add(glance), s.Feed.Text+"; it is asked again, and until then no second one is made (platform.unknown = \"hold\"); look there, then: convoke resolve")
	case !s.Rules.RetryUnknown:
		return wait(time.Time{}, "convoke does not ask twice (platform.unknown = \"hold\"); look there, then: convoke resolve")
	case s.Now.Before(again):
		return wait(again, "asked again after platform.settle")
	}
	return Decision{}, false
}

// recovering decides about an event that the ledger may have known a meeting of, before it was lost or put back.
func (s Situation) recovering() (Decision, bool) {
	if s.Recovery.Since.IsZero() {
		return Decision{}, false
	}
	settled := s.Recovery.settled(s.Rules.Settle + s.Feed.Lag)
	switch {
	case s.Now.Before(settled), s.Feed.State == Absent && s.Feed.At.Before(settled):
		return Decision{Rule: Recovering, Due: latest(settled, s.Now), Text: "the ledger is new or an old copy, so the event may have a meeting; none is made before " + at(settled) + " (platform.settle)"}, true
	case s.Feed.State == Absent:
		return Decision{}, false
	}
	text := "the ledger is new or an old copy, so the event may have a meeting, and nothing proves that it has none; see: convoke rebuild"
	if s.Feed.Text != "" {
		text += " (" + s.Feed.Text + ")"
	}
	return Decision{Rule: Recovering, Due: s.Now.Add(glance), Text: text}, true
}

// unread decides about an event whose meeting the platform's feed would show, if it could be read.
func (s Situation) unread() (Decision, bool) {
	if s.Feed.State != Unreadable {
		return Decision{}, false
	}
	return Decision{Rule: Unread, Due: s.Now.Add(glance), Text: s.Feed.Text}, true
}

// found takes over the meeting that the platform's feed shows for the event. What the platform holds of it is not known, so it
// has no topic yet, and the next round brings it in line.
func (s Situation) found(a Action) Decision {
	a.Kind = SaveLink
	if s.Feed.Generation > 0 {
		a.Meeting.Generation = s.Feed.Generation
	}
	a.Meeting.PlatformID, a.Meeting.Number, a.Meeting.State, a.Meeting.Topic = s.Feed.ID, s.Feed.Number, store.Live, ""
	return Decision{Rule: Reclaim, Text: "the platform shows that the event has a meeting already; it is taken over", Action: &a}
}

// unsealed decides about an event that shows a join link of the platform while the ledger may not know its meeting, and whose
// seal was dropped by a server or a calendar program: only the feed can prove that it is ours.
func (s Situation) unsealed() (Decision, bool) {
	if s.Recovery.Since.IsZero() || s.Seal != NoSeal || s.Original != nil {
		return Decision{}, false
	}
	for _, link := range s.component().Links() {
		number, ours := s.Rules.Join.Number(link)
		if !ours {
			continue
		}
		a := s.creation(s.Rules.Preset, 1)
		a.Link.Written = true
		switch {
		case s.MayAsk:
			return Decision{Rule: Reclaim, Text: "the event shows a join link, and the ledger may not know its meeting", Action: a, Ask: true}, true
		case s.Feed.State == Shows && s.Feed.Number == number:
			return s.found(*a), true
		case s.Feed.State == Unclear || s.Feed.State == Unreadable:
			return Decision{Rule: Recovering, Due: s.Now.Add(glance), Text: "the ledger is new or an old copy, and whether the join link in the event is ours cannot be told: " + s.Feed.Text}, true
		}
	}
	return Decision{}, false
}
