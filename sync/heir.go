package sync

import "convoke/store"

// heir decides about an event that comes after another one, or beside it, and shares its meeting: what a client made anew
// under another UID, the second half of a series that was split, an event into which the organizer put the link of another.
func (s Situation) heir() (Decision, bool) {
	if s.Original == nil || s.Original.State != store.Live {
		return Decision{}, false
	}
	if r, _ := s.barred(); r != "" {
		return Decision{}, false
	}
	l := s.link()
	l.Meeting = s.Original.ID
	share := func(rule Rule, text string) (Decision, bool) {
		return Decision{Rule: rule, Text: text, Action: &Action{Kind: SaveLink, Link: l}}, true
	}
	switch {
	case s.Seal == NoSeal:
		l.Written = s.component().Shows(s.Original.Number) // by herself, unless it leads to a meeting in whose place another one came
		return share(Share, "the organizer put the join link of another event of hers into it: both share the meeting")
	case s.Origin.State == store.Ended:
		return Decision{}, false
	case s.Source == nil:
		return share(Recreate, "the event is back under another UID, and keeps its meeting")
	case !s.Event.Recurring() || !s.Source.Recurring() || s.Origin.Calendar != s.Calendar:
		return Decision{}, false
	case s.follows():
		return share(Split, "the series was split (\"this and following\"): both halves share the meeting")
	}
	if w := s.SeenAt.Add(s.Rules.Quiet); s.Now.Before(w) {
		return Decision{Rule: MaybeSplit, Due: w, Text: "a copy of a series, or the second half of one that is being split: time will tell"}, true
	}
	return Decision{}, false // a copy
}

// follows reports whether the series begins after the last date of the one that it was made from.
func (s Situation) follows() bool {
	_, last, err := s.Source.Bounds()
	first, _, errFirst := s.Event.Bounds()
	return err == nil && errFirst == nil && !last.IsZero() && !first.IsZero() && last.Before(first)
}
