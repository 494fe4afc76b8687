package sync

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/store"
)

var (
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	join = template("https://meet.example.com/join/{meetingId}")
)

func template(s string) calendar.JoinTemplate {
	t, err := calendar.ParseJoinTemplate(s)
	if err != nil {
		panic(err)
	}
	return t
}

// event is an iCalendar object of one VEVENT, tomorrow from nine to ten, with lines put in; a line of a property that is
// there already takes its place.
func event(lines ...string) []byte {
	base := []string{
		"UID:e1", "DTSTAMP:20261101T080000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:Budget",
	}
	for _, line := range lines {
		name := strings.FieldsFunc(line, func(r rune) bool { return r == ':' || r == ';' })[0]
		replaced := false
		for i, b := range base {
			if strings.HasPrefix(b, name+":") && name != "ATTENDEE" {
				base[i], replaced = line, true
			}
		}
		if !replaced {
			base = append(base, line)
		}
	}
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT"}, base...)
	all = append(all, "END:VEVENT", "END:VCALENDAR", "")
	return []byte(strings.Join(all, "\r\n"))
}

func parsed(t *testing.T, lines ...string) *calendar.Event {
	ev, err := calendar.Parse(event(lines...), time.UTC)
	require.NoError(t, err)
	return ev
}

const joined = "LOCATION:https://meet.example.com/join/1111-2222-3333-4444"

// plain is an event of alice's own calendar that nothing is known of.
func plain(t *testing.T, lines ...string) Situation {
	return Situation{
		Now: noon, Organizer: "alice@example.com", Addresses: []string{"alice@example.com", "al@example.com"},
		Rules: Rules{
			Mode: Marked, Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"}, Preset: Preset{Type: "standard"}, RollAfter: 30 * time.Minute, Join: join,
			Cancel: Retitle, Undo: 10 * time.Minute, Settle: 10 * time.Minute,
		},
		Calendar: 1, Href: "/c/e1.ics", SeenAt: noon, Event: parsed(t, lines...),
	}
}

// linked is an event that has a meeting, written into it.
func linked(t *testing.T, lines ...string) Situation {
	s := plain(t, append([]string{joined}, lines...)...)
	s.Meeting = &store.Meeting{
		ID: 7, Organizer: s.Organizer, PlatformID: "5e945c36b863b82cefdddf54", Number: "1111-2222-3333-4444", Generation: 1, State: store.Live,
		Topic: "Budget", Start: noon.Add(21 * time.Hour), End: noon.Add(22 * time.Hour), Type: "standard",
	}
	s.Link = &store.Link{ID: 3, Organizer: s.Organizer, UID: "e1", Calendar: 1, Href: "/c/e1.ics", Meeting: 7, State: store.Active, Written: true}
	return s
}

// dated is a series that has a meeting, with an override of its second date.
func dated(t *testing.T, lines ...string) Situation {
	s := linked(t)
	first := event(append([]string{joined, "RRULE:FREQ=WEEKLY"}, people(lines)...)...)
	second := event(append([]string{"RECURRENCE-ID:20261201T090000Z", "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z"}, lines...)...)
	from, to := bytes.Index(second, []byte("BEGIN:VEVENT")), bytes.Index(second, []byte("END:VCALENDAR"))
	var err error
	s.Event, err = calendar.Parse(bytes.Replace(first, []byte("END:VCALENDAR"), append(second[from:to:to], "END:VCALENDAR"...), 1), time.UTC)
	require.NoError(t, err)
	return s
}

// people are the lines that say who meets.
func people(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "ORGANIZER") && !strings.HasPrefix(l, "ATTENDEE") })
}

// ending is an event whose undo window has begun, and ended when it is over.
func ending(t *testing.T, why Rule, lines ...string) Situation {
	s := linked(t, lines...)
	s.Link.State, s.Link.Reason, s.Link.DueAt = store.Ending, string(why), noon.Add(time.Minute)
	return s
}

func ended(t *testing.T, why Rule, lines ...string) Situation {
	s := linked(t, lines...)
	s.Link.State, s.Link.Reason = store.Ended, string(why)
	s.Meeting.State, s.Meeting.Topic = store.Voided, "Cancelled: Budget"
	return s
}

// queued is an event that asks for a meeting while so many wait already.
func queued(t *testing.T, day string, behind int) Situation {
	s := plain(t, "SUMMARY:x @meet", "DTSTART:"+day+"T090000Z", "DTEND:"+day+"T100000Z")
	s.Queue = Queue{Until: noon.Add(30 * time.Minute), Cap: "limits.creations_per_hour", Size: 20, Period: time.Hour, Behind: behind}
	return s
}

// lost is an event whose meeting the platform did not find a moment ago, and vanished one that it did not find twice.
func lost(t *testing.T, lines ...string) Situation {
	s := linked(t, lines...)
	s.Meeting.MissingAt, s.Meeting.UpdatedAt = noon, noon
	return s
}

func vanished(t *testing.T, lines ...string) Situation {
	s := lost(t, lines...)
	s.Meeting.State, s.Meeting.Type = store.Vanished, "boardroom"
	return s
}

// heir is an event that was made from another one, which has a meeting: the seal says so.
func heir(t *testing.T, lines ...string) Situation {
	s := plain(t, append([]string{joined}, lines...)...)
	s.Seal, s.Original = CopiedSeal, &store.Meeting{ID: 7, Number: "1111-2222-3333-4444", State: store.Live}
	s.Origin, s.Source = &store.Link{UID: "e0", Calendar: 1, Meeting: 7, State: store.Active}, parsed(t)
	return s
}

// same is a situation in which the very change that is due got no answer a moment ago.
func same(s Situation) Situation {
	a := Decide(s).Action
	body, err := a.Request.JSON(a.Meeting.PlatformID)
	if err != nil {
		panic(err)
	}
	s.Open = []store.Intent{{Request: body, ClosedAt: s.Now.Add(-time.Second)}}
	return s
}

func with(s Situation, change func(*Situation)) Situation {
	change(&s)
	return s
}

// A decision is a case of the decision table.
type decision struct {
	name string
	s    Situation
	rule Rule
	kind ActionKind // "" for nothing
	want func(t *testing.T, s Situation, d Decision)
}

func decisions(t *testing.T) []decision {
	gone := func(s *Situation) { s.Event = nil }
	handed := func(s *Situation) { s.Link.Reason = string(OrganizerChanged) }
	past := func(s *Situation) { s.Now = noon.Add(48 * time.Hour) }
	due := func(s *Situation) { s.Now = noon.Add(2 * time.Minute) }
	window := func(t *testing.T, s Situation, d Decision) {
		assert.Equal(t, store.Ending, d.Action.Link.State)
		assert.Equal(t, s.Now.Add(10*time.Minute), d.Action.Link.DueAt)
		assert.Equal(t, string(d.Rule), d.Action.Link.Reason)
	}
	next := func(t *testing.T, _ Situation, d Decision) {
		assert.Equal(t, time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), d.Action.Request.Start.UTC())
		assert.Equal(t, time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC), d.Action.Request.End.UTC())
	}
	shared := func(t *testing.T, s Situation, d Decision) {
		assert.Equal(t, s.Original.ID, d.Action.Link.Meeting)
		assert.Equal(t, s.Event.UID, d.Action.Link.UID)
		assert.False(t, d.Action.Link.Written, "it gets a seal of its own")
	}
	meetings := func(name string, s Situation, rule Rule) decision { return decision{name: name, s: s, rule: rule} }
	return []decision{
		// without a meeting
		meetings("no marker", plain(t), NotMarked),
		meetings("an address is no marker", plain(t, "DESCRIPTION:write to bob@meet.example.com"), NotMarked),
		meetings("mode attendees, nobody invited", with(plain(t), func(s *Situation) { s.Rules.Mode = Attendees }), NoAttendees),
		meetings("mode attendees, only herself invited", with(plain(t, "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:AL@example.com"),
			func(s *Situation) { s.Rules.Mode = Attendees }), NoAttendees),
		meetings("both markers", plain(t, "SUMMARY:Budget @meet #nomeet"), Declined),
		meetings("mode all, opted out", with(plain(t, "CATEGORIES:#nomeet"), func(s *Situation) { s.Rules.Mode = All }), Declined),
		meetings("an invitation from outside asks", plain(t, "SUMMARY:x @meet", "ORGANIZER;CN=Alice:mailto:eve@example.net", "ATTENDEE:mailto:alice@example.com"), NotOrganizer),
		meetings("sent by her for somebody else", plain(t, "SUMMARY:x @meet", `ORGANIZER;SENT-BY="mailto:alice@example.com":mailto:boss@example.com`), NotOrganizer),
		meetings("attendees and no organizer", plain(t, "SUMMARY:x @meet", "ATTENDEE:mailto:alice@example.com"), NotOrganizer),
		meetings("a stub in a shared calendar", with(plain(t, "SUMMARY:x @meet", "CLASS:CONFIDENTIAL"), func(s *Situation) { s.Shared = true }), Confidential),
		meetings("cancelled before it had a meeting", plain(t, "SUMMARY:x @meet", "STATUS:CANCELLED"), Cancelled),
		meetings("a series that cannot be told", plain(t, "SUMMARY:x @meet", "RRULE:FREQ=SECONDLY"), Recurrence),
		meetings("a series that is over", plain(t, "SUMMARY:x @meet", "DTSTART:20261101T090000Z", "DTEND:20261101T100000Z", "RRULE:FREQ=DAILY;COUNT=3"), Over),
		meetings("a whole day", plain(t, "SUMMARY:x @meet", "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"), AllDay),
		meetings("no duration", plain(t, "SUMMARY:x @meet", "DTEND:20261124T090000Z"), NoDuration),
		meetings("marked after its end", with(plain(t, "SUMMARY:x @meet"), past), Over),
		meetings("ends this very instant", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Now = noon.Add(22 * time.Hour) }), Over),
		meetings("private, and those get none", with(plain(t, "SUMMARY:x @meet", "CLASS:PRIVATE"), func(s *Situation) { s.Rules.Private = PrivateSkip }), Private),
		meetings("shorter than allowed", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Rules.MinDuration = 61 * time.Minute }), TooShort),
		meetings("longer than allowed", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Rules.MaxDuration = 59 * time.Minute }), TooLong),
		meetings("a preset that nobody defined", plain(t, "SUMMARY:x @meet:record"), NoPreset),
		meetings("another organizer has it", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Claimed = "bob@example.com" }), OtherOrganizer),
		meetings("a link of another product", plain(t, "SUMMARY:x @meet", "LOCATION:https://zoom.us/j/123456789"), OtherTool),
		meetings("a link of the platform made by hand", plain(t, "SUMMARY:x @meet", joined), OtherTool),
		meetings("a seal that proves nothing", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Seal = ForeignSeal }), OtherTool),
		meetings("an unanswered creation is held", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Pending = &store.Intent{ClosedAt: noon.Add(-time.Hour)} }), Unanswered),
		{"an unanswered creation may still take effect", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Rules.RetryUnknown, s.Pending = true, &store.Intent{ClosedAt: noon.Add(-time.Minute)}
		}), Unanswered, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(9*time.Minute), d.Due) }},
		{"an unanswered creation that the feed shows", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Pending, s.Feed = &store.Intent{ClosedAt: noon.Add(-time.Minute)}, Readback{State: Shows, ID: "5e945c36b863b82cefdddf54", Number: "1111-2222-3333-4444"}
		}), Reclaim, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, "5e945c36b863b82cefdddf54", d.Action.Meeting.PlatformID)
			assert.Equal(t, "1111-2222-3333-4444", d.Action.Meeting.Number)
			assert.Empty(t, d.Action.Meeting.Topic, "what the platform holds is not known")
		}},
		{"an unanswered creation that the feed does not show yet", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Pending, s.Feed = &store.Intent{ClosedAt: noon.Add(-12 * time.Minute)}, Readback{State: Absent, At: noon, Lag: 3 * time.Minute}
		}), Unanswered, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(time.Minute), d.Due) }},
		{"an unanswered creation that the feed does not show in time", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Pending, s.Feed = &store.Intent{ClosedAt: noon.Add(-14 * time.Minute)}, Readback{State: Absent, At: noon, Lag: 3 * time.Minute}
		}), Create, CreateMeeting, nil},
		meetings("an unanswered creation, and the feed cannot be read", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Rules.RetryUnknown, s.Pending, s.Feed = true, &store.Intent{ClosedAt: noon.Add(-time.Hour)}, Readback{State: Unreadable, Text: "no answer"}
		}), Unanswered),
		meetings("an unanswered creation, and the feed tells nothing", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Pending, s.Feed = &store.Intent{ClosedAt: noon.Add(-time.Hour)}, Readback{State: Unclear, Text: "shows nothing"}
		}), Unanswered),
		{"the feed shows the meeting of an event that the ledger does not know", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Feed = Readback{State: Shows, ID: "5e945c36b863b82cefdddf54", Number: "1111-2222-3333-4444"}
		}), Reclaim, SaveLink, nil},
		meetings("the feed, which would tell, cannot be read", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Feed = Readback{State: Unreadable, Text: "no answer"}
		}), Unread),
		{"the ledger was lost a moment ago", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Recovery.Since, s.Feed = noon.Add(-time.Minute), Readback{State: Absent, At: noon}
		}), Recovering, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(9*time.Minute), d.Due) }},
		meetings("the ledger was lost, and nothing proves that there is no meeting", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Recovery.Since = noon.Add(-100 * time.Hour)
		}), Recovering),
		{"the ledger was lost, and the feed proves that there is none", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Recovery.Since, s.Feed = noon.Add(-11*time.Minute), Readback{State: Absent, At: noon}
		}), Create, CreateMeeting, nil},
		{"the ledger was lost and the seal dropped, but the feed proves the join link", with(plain(t, joined), func(s *Situation) {
			s.Recovery.Since, s.Feed = noon.Add(-time.Minute), Readback{State: Shows, ID: "5e945c36b863b82cefdddf54", Number: "1111-2222-3333-4444"}
		}), Reclaim, SaveLink, func(t *testing.T, _ Situation, d Decision) { assert.True(t, d.Action.Link.Written) }},
		meetings("the same, and the feed shows another meeting", with(plain(t, joined), func(s *Situation) {
			s.Recovery.Since, s.Feed = noon.Add(-time.Minute), Readback{State: Shows, ID: "5e945c36b863b82cefdddf54", Number: "9999-2222-3333-4444"}
		}), NotMarked),
		meetings("the same, and the feed tells nothing yet", with(plain(t, joined), func(s *Situation) {
			s.Recovery.Since, s.Feed = noon.Add(-time.Minute), Readback{State: Unclear, Text: "shows nothing"}
		}), Recovering),
		meetings("the ledger was lost, and nothing is given up for a day", with(ending(t, Delete), func(s *Situation) {
			gone(s)
			s.Now, s.Recovery.Since = noon.Add(2*time.Minute), noon.Add(-time.Hour)
		}), Recovering),
		{"the ledger was lost, and a change that it does not know of may still be carried out", with(linked(t, "SUMMARY:Retro"), func(s *Situation) {
			s.Recovery.Since = noon.Add(-time.Minute)
		}), Recovering, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(9*time.Minute), d.Due) }},
		{"a day later it is", with(ending(t, Delete), func(s *Situation) {
			gone(s)
			s.Now, s.Recovery.Since = noon.Add(2*time.Minute), noon.Add(-25*time.Hour)
		}), Cancel, UpdateMeeting, nil},
		{"still being edited", with(plain(t, "SUMMARY:x @meet", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) {
			s.Rules.Quiet, s.SeenAt = 15*time.Second, noon.Add(-5*time.Second)
		}), Quiet, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(10*time.Second), d.Due) }},
		{"an unanswered creation that has settled", with(plain(t, "SUMMARY:x @meet"), func(s *Situation) {
			s.Rules.RetryUnknown, s.Pending = true, &store.Intent{ClosedAt: noon.Add(-11 * time.Minute)}
		}), Create, CreateMeeting, nil},
		{"marker in SUMMARY", plain(t, "SUMMARY:  Budget   @meet  2027 "), Create, CreateMeeting, func(t *testing.T, s Situation, d Decision) {
			r := d.Action.Request
			assert.Equal(t, "Budget 2027", r.Topic)
			assert.Equal(t, noon.Add(21*time.Hour), r.Start.UTC())
			assert.Equal(t, noon.Add(22*time.Hour), r.End.UTC())
			assert.Equal(t, "standard", r.Type)
			assert.Equal(t, store.Link{Organizer: s.Organizer, UID: "e1", Calendar: 1, Href: "/c/e1.ics", State: store.Active}, d.Action.Link)
		}},
		{"a preset", with(plain(t, "SUMMARY:x @meet:Record"), func(s *Situation) {
			s.Rules.Presets = map[string]Preset{"record": {Type: "boardroom", Recorded: true, Agenda: "Minutes are taken"}}
		}), Create, CreateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, "x", d.Action.Request.Topic)
			assert.Equal(t, "boardroom", d.Action.Request.Type)
			assert.True(t, d.Action.Request.Recorded)
			assert.Equal(t, "Minutes are taken", d.Action.Request.Agenda)
		}},
		{"more than a year ahead", with(plain(t, "SUMMARY:x @meet", "DTSTART:20281124T090000Z", "DTEND:20281124T100000Z"), func(s *Situation) { s.Rules.Horizon = 366 * 24 * time.Hour }), TooFar, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, time.Date(2027, 11, 24, 9, 0, 0, 0, time.UTC), d.Due.UTC())
		}},
		{"a year ahead", with(plain(t, "SUMMARY:x @meet", "DTSTART:20271123T090000Z", "DTEND:20271123T100000Z"), func(s *Situation) { s.Rules.Horizon = 366 * 24 * time.Hour }), Create, CreateMeeting, nil},
		{"a series whose next date is near, though its end is far", with(plain(t, "SUMMARY:x @meet", "RRULE:FREQ=YEARLY"), func(s *Situation) { s.Rules.Horizon = 366 * 24 * time.Hour }), Create, CreateMeeting, nil},
		{"a series that begins in two years", with(plain(t, "SUMMARY:x @meet", "DTSTART:20281124T090000Z", "DTEND:20281124T100000Z", "RRULE:FREQ=DAILY"), func(s *Situation) { s.Rules.Horizon = 366 * 24 * time.Hour }), TooFar, "", nil},
		{"an event that has a meeting moves beyond the horizon", with(linked(t, "DTSTART:20281124T090000Z", "DTEND:20281124T100000Z"), func(s *Situation) { s.Rules.Horizon = 366 * 24 * time.Hour }), Update, UpdateMeeting, nil},
		{"as many as are allowed were made", queued(t, "20261201", 0), Capped, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(31*time.Minute), d.Due, "behind those that are urgent")
			assert.Contains(t, d.Text, "no more than 20 are made in an hour (limits.creations_per_hour)")
		}},
		{"others wait already", queued(t, "20261201", 45), Capped, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(31*time.Minute+2*time.Hour), d.Due)
		}},
		{"others wait already, and it begins within a day", queued(t, "20261124", 1000), Capped, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(30*time.Minute+time.Duration(20.5*60/24*float64(time.Second))), d.Due)
		}},
		{"a meeting that vanished is not replaced at once when too many were made", with(vanished(t), func(s *Situation) { s.Queue = queued(t, "20261124", 0).Queue }), Capped, "", nil},
		{"private, with a neutral topic", with(plain(t, "SUMMARY:Salary @meet", "CLASS:PRIVATE"), func(s *Situation) { s.Rules.Private = PrivateNeutral }), Create, CreateMeeting,
			func(t *testing.T, _ Situation, d Decision) {
				assert.Equal(t, "Private meeting", d.Action.Request.Topic)
			}},
		{"a series gets its next date", plain(t, "SUMMARY:Sprint @meet", "DTSTART:20261109T090000Z", "DTEND:20261109T100000Z", "RRULE:FREQ=WEEKLY"), Create, CreateMeeting, next},
		{"a series, just after one of its dates", plain(t, "SUMMARY:Sprint @meet", "DTSTART:20261109T110000Z", "DTEND:20261109T115000Z", "RRULE:FREQ=WEEKLY"), Create, CreateMeeting,
			func(t *testing.T, _ Situation, d Decision) {
				assert.Equal(t, noon.AddDate(0, 0, 7).Add(-time.Hour), d.Action.Request.Start.UTC())
			}},
		{"a series over its whole span", with(plain(t, "SUMMARY:Sprint @meet", "DTSTART:20261109T090000Z", "DTEND:20261109T100000Z", "RRULE:FREQ=WEEKLY;COUNT=10"), func(s *Situation) { s.Rules.Window = SpanWindow }), Create, CreateMeeting,
			func(t *testing.T, _ Situation, d Decision) {
				assert.Equal(t, time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), d.Action.Request.Start.UTC())
				assert.Equal(t, time.Date(2027, 1, 11, 10, 0, 0, 0, time.UTC), d.Action.Request.End.UTC())
			}},
		{"marker in LOCATION", plain(t, "LOCATION:Room 5 @meet"), Create, CreateMeeting, nil},
		{"marker in CATEGORIES", plain(t, "CATEGORIES:WORK,@meet"), Create, CreateMeeting, nil},
		{"marker on a line of DESCRIPTION", plain(t, `DESCRIPTION:Agenda\n@meet\nbye`), Create, CreateMeeting, nil},
		{"no title", plain(t, "SUMMARY:@meet"), Create, CreateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, "Web meeting", d.Action.Request.Topic)
		}},
		{"her alias is the organizer", plain(t, "SUMMARY:x @meet", "ORGANIZER:mailto:AL@example.com", "ATTENDEE:mailto:bob@example.com"), Create, CreateMeeting, nil},
		{"mode attendees", with(plain(t, "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) { s.Rules.Mode = Attendees }), Create, CreateMeeting, nil},
		{"mode all", with(plain(t), func(s *Situation) { s.Rules.Mode = All }), Create, CreateMeeting, nil},
		{"confidential in her own calendar", plain(t, "SUMMARY:x @meet", "CLASS:CONFIDENTIAL"), Create, CreateMeeting, nil},
		{"left alone long enough", with(plain(t, "SUMMARY:x @meet", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) {
			s.Rules.Quiet, s.SeenAt = 15*time.Second, noon.Add(-15*time.Second)
		}), Create, CreateMeeting, nil},
		{"a copy gets its own meeting", with(plain(t, joined), func(s *Situation) {
			s.Seal, s.Original = CopiedSeal, &store.Meeting{Number: "1111-2222-3333-4444"}
		}), Create, CreateMeeting, nil},
		{"the ledger was lost", with(plain(t, joined), func(s *Situation) {
			s.Seal, s.Sealed = OwnSeal, calendar.Seal{MeetingID: "5e945c36b863b82cefdddf54", Generation: 2}
		}), Adopt, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, "5e945c36b863b82cefdddf54", d.Action.Meeting.PlatformID)
			assert.Equal(t, "1111-2222-3333-4444", d.Action.Meeting.Number)
			assert.Equal(t, 2, d.Action.Meeting.Generation)
			assert.True(t, d.Action.Link.Written)
		}},
		meetings("the ledger was lost, and the link was taken out", with(plain(t), func(s *Situation) { s.Seal = OwnSeal }), OptedOut),

		// sharing a meeting
		{"made anew under another UID", with(heir(t), func(s *Situation) { s.Source = nil }), Recreate, SaveLink, shared},
		{"the second half of a series", with(heir(t, "RRULE:FREQ=DAILY"), func(s *Situation) {
			s.Source = parsed(t, "DTSTART:20261101T090000Z", "DTEND:20261101T100000Z", "RRULE:FREQ=DAILY;UNTIL=20261123T090000Z")
		}), Split, SaveLink, shared},
		{"a series that overlaps what it was made from", with(heir(t, "RRULE:FREQ=DAILY"), func(s *Situation) {
			s.Source, s.Rules.Quiet = parsed(t, "RRULE:FREQ=DAILY"), time.Minute
		}), MaybeSplit, "", func(t *testing.T, s Situation, d Decision) { assert.Equal(t, s.SeenAt.Add(time.Minute), d.Due) }},
		{"it still overlaps: a copy", with(heir(t, "RRULE:FREQ=DAILY"), func(s *Situation) { s.Source = parsed(t, "RRULE:FREQ=DAILY") }), Create, CreateMeeting, nil},
		{"a split into another calendar is a copy", with(heir(t, "RRULE:FREQ=DAILY"), func(s *Situation) {
			s.Source = parsed(t, "DTSTART:20261101T090000Z", "DTEND:20261101T100000Z", "RRULE:FREQ=DAILY;UNTIL=20261123T090000Z")
			s.Origin.Calendar = 2
		}), Create, CreateMeeting, nil},
		{"what it was made from was given up long ago", with(heir(t), func(s *Situation) { s.Source, s.Origin.State = nil, store.Ended }), Create, CreateMeeting, nil},
		{"the link of another event of hers", with(plain(t, joined), func(s *Situation) {
			s.Original = &store.Meeting{ID: 7, Number: "1111-2222-3333-4444", State: store.Live}
		}), Share, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.True(t, d.Action.Link.Written, "nothing is written into it")
		}},
		meetings("her link in somebody else's event", with(plain(t, joined, "ORGANIZER:mailto:eve@example.net"), func(s *Situation) {
			s.Original = &store.Meeting{ID: 7, Number: "1111-2222-3333-4444", State: store.Live}
		}), NotMarked),

		// with a meeting
		meetings("in two places", with(linked(t), func(s *Situation) { s.Elsewhere, s.Calendar = true, 2 }), TwoPlaces),
		{"opted out", linked(t, "SUMMARY:Budget #nomeet"), Decline, SaveLink, window},
		{"handed to somebody else", linked(t, "ORGANIZER:mailto:bob@example.com"), OrganizerChanged, SaveLink, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, store.Active, d.Action.Link.State)
			assert.Equal(t, string(OrganizerChanged), d.Action.Link.Reason)
		}},
		meetings("handed to somebody else, and remembered", with(linked(t, "ORGANIZER:mailto:bob@example.com"), handed), OrganizerChanged),
		{"handed to somebody else, then deleted", with(with(linked(t), handed), gone), Forget, SaveLink, nil},
		{"handed back", with(linked(t), handed), Restore, SaveLink, nil},
		{"a change that got no answer may still be carried out", with(linked(t, "SUMMARY:Second"), func(s *Situation) {
			s.Open = []store.Intent{{Request: []byte(`{"topic":"First"}`), ClosedAt: noon.Add(-time.Minute)}}
		}), Unsettled, "", func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, noon.Add(9*time.Minute), d.Due) }},
		{"the same change is sent again at once", same(with(linked(t, "SUMMARY:Second"), func(s *Situation) { s.Now = noon })), Update, UpdateMeeting, nil},
		{"a change that got no answer was taken back", with(linked(t), func(s *Situation) {
			s.Open = []store.Intent{{Request: []byte(`{"topic":"First"}`), ClosedAt: noon.Add(-10 * time.Minute)}}
		}), Update, UpdateMeeting, func(t *testing.T, _ Situation, d Decision) { assert.Equal(t, "Budget", d.Action.Request.Topic) }},
		{"it is settled", with(linked(t, "SUMMARY:Second"), func(s *Situation) {
			s.Open = []store.Intent{{Request: []byte(`{"topic":"First"}`), ClosedAt: noon.Add(-10 * time.Minute)}}
		}), Update, UpdateMeeting, nil},
		{"cancelled", linked(t, "STATUS:CANCELLED"), Revoke, SaveLink, window},
		{"link and text taken out", linked(t, "LOCATION:Room 5"), Remove, SaveLink, window},
		{"moved to another calendar", with(linked(t), func(s *Situation) { s.Calendar, s.Href = 2, "/d/e1.ics" }), Move, SaveLink, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, int64(2), d.Action.Link.Calendar)
			assert.Equal(t, "/d/e1.ics", d.Action.Link.Href)
			assert.Equal(t, s.Link.Meeting, d.Action.Link.Meeting)
		}},
		meetings("a whole day now", linked(t, "DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"), BecameAllDay),
		{"a series now", linked(t, "RRULE:FREQ=DAILY"), Unchanged, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(22*time.Hour+30*time.Minute), d.Due.UTC(), "when it moves on")
		}},
		{"a date of the series is over", with(linked(t, "RRULE:FREQ=DAILY"), func(s *Situation) { s.Now = noon.Add(22*time.Hour + 30*time.Minute) }), Roll, UpdateMeeting,
			func(t *testing.T, s Situation, d Decision) {
				assert.Equal(t, noon.Add(45*time.Hour), d.Action.Request.Start.UTC())
				assert.Equal(t, s.Meeting.ID, d.Action.Meeting.ID)
			}},
		{"it moves on though somebody else is invited and it was edited just now", with(linked(t, "RRULE:FREQ=DAILY", "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) {
			s.Now = noon.Add(22*time.Hour + 30*time.Minute)
			s.SeenAt, s.Rules.Quiet = s.Now, time.Hour
		}), Roll, UpdateMeeting, nil},
		{"a quarter of an hour before the next date", with(linked(t, "DTEND:20261124T104500Z", "RDATE:20261124T110000Z"), func(s *Situation) {
			s.Meeting.End = noon.Add(22*time.Hour + 45*time.Minute)
			s.Now = noon.Add(22*time.Hour + 45*time.Minute)
		}), Roll, UpdateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(23*time.Hour), d.Action.Request.Start.UTC())
		}},
		{"a date of the series was moved", linked(t, "RRULE:FREQ=DAILY", "DTSTART:20261124T093000Z"), Update, UpdateMeeting, nil},
		meetings("the series ended", with(linked(t, "RRULE:FREQ=DAILY;COUNT=2"), func(s *Situation) { s.Now = noon.Add(72 * time.Hour) }), Finished),
		meetings("the rule cannot be told any more", linked(t, "RRULE:FREQ=SECONDLY"), Recurrence),
		meetings("written three times, and gone each time", with(linked(t, "LOCATION:@meet"), func(s *Situation) {
			s.Link.Written, s.Link.Writes, s.Link.Flips = false, 3, "LOCATION"
		}), Frozen),
		meetings("another write would mail the attendees again", with(linked(t, "ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) {
			s.Link.Written, s.Link.Mails, s.Schedules, s.Rules.MailBudget = false, 1, true, 1
		}), Budget),
		{"new title", linked(t, "SUMMARY:Budget 2027"), Update, UpdateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, "Budget 2027", d.Action.Request.Topic)
		}},
		{"new time", linked(t, "DTSTART:20261125T150000Z", "DTEND:20261125T153000Z"), Update, UpdateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC), d.Action.Request.Start.UTC())
			assert.Equal(t, time.Date(2026, 11, 25, 15, 30, 0, 0, time.UTC), d.Action.Request.End.UTC())
		}},
		{"made with other settings than today's", with(linked(t, "SUMMARY:New"), func(s *Situation) { s.Meeting.Type, s.Meeting.Recorded = "boardroom", true }), Update, UpdateMeeting,
			func(t *testing.T, _ Situation, d Decision) {
				assert.Equal(t, "boardroom", d.Action.Request.Type)
				assert.True(t, d.Action.Request.Recorded)
			}},
		{"moved into the past while the meeting is to come", linked(t, "DTSTART:20261101T090000Z", "DTEND:20261101T100000Z"), Update, UpdateMeeting, nil},
		{"moved from the past", with(linked(t, "DTSTART:20261201T090000Z", "DTEND:20261201T100000Z"), past), Update, UpdateMeeting, nil},
		{"not written yet", with(linked(t, "LOCATION:@meet"), func(s *Situation) { s.Link.Written = false }), Write, WriteDetails, nil},
		{"the calendar takes no changes", with(linked(t, "LOCATION:@meet"), func(s *Situation) { s.Link.Written, s.WriteAt = false, noon.Add(time.Hour) }), Unwritable, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(time.Hour), d.Due)
			assert.Contains(t, d.Text, "https://meet.example.com/join/1111-2222-3333-4444")
		}},
		{"the calendar takes no changes, and the text is to go", with(ended(t, Decline, "SUMMARY:Budget #nomeet"), func(s *Situation) { s.WriteAt = noon.Add(time.Hour) }), Unwritable, "", nil},
		{"a series in a calendar that takes no changes moves on", with(linked(t, "LOCATION:@meet", "RRULE:FREQ=DAILY"), func(s *Situation) { s.Link.Written, s.WriteAt = false, noon.Add(48*time.Hour) }), Unwritable, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(22*time.Hour+30*time.Minute), d.Due.UTC())
		}},
		{"a change of the meeting does not wait for the calendar", with(linked(t, "SUMMARY:Retro"), func(s *Situation) { s.WriteAt = noon.Add(time.Hour) }), Update, UpdateMeeting, nil},
		{"an old copy was put over the event", linked(t, "LOCATION:@meet"), Write, WriteDetails, nil},
		{"one more date of a series asks", dated(t, "SUMMARY:Budget @meet"), Write, WriteDetails, nil},
		meetings("one more date of a series asks, and had its text taken out", dated(t, "SUMMARY:Budget @meet", "X-CONVOKE:v1.x.y.1.z"), Unchanged),
		{"one date of a series is opted out", dated(t, joined, "SUMMARY:Budget #nomeet"), Erase, EraseDetails, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, store.Active, d.Action.Link.State)
		}},
		meetings("one date of a series is opted out, and shows nothing", dated(t, "SUMMARY:Budget #nomeet"), Unchanged),
		meetings("one date of a series is opted out, and the budget is spent", with(dated(t, joined, "SUMMARY:Budget #nomeet",
			"ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"), func(s *Situation) { s.Schedules = true }), Budget),
		meetings("one date of a series is opted out, and what is taken out comes back", with(dated(t, joined, "SUMMARY:Budget #nomeet"), func(s *Situation) {
			s.Link.Writes = frozen
		}), Unchanged),
		meetings("a cancelled date asks for nothing", dated(t, "SUMMARY:Budget @meet", "STATUS:CANCELLED"), Unchanged),
		meetings("the marker stays in the title, and the text was taken out", linked(t, "LOCATION:Room 5", "SUMMARY:Budget @meet"), Unchanged),
		meetings("retitled after its end", with(linked(t, "SUMMARY:Minutes"), past), Finished),
		meetings("the platform does not find the meeting", lost(t, "SUMMARY:Retro"), Vanished),
		{"it is looked for once more", with(lost(t), func(s *Situation) { s.Now = noon.Add(time.Minute) }), Update, UpdateMeeting, nil},
		{"not found twice: the event gets another one", vanished(t), Renew, CreateMeeting, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, 2, d.Action.Meeting.Generation)
			assert.Equal(t, "boardroom", d.Action.Request.Type, "made like the one before")
			assert.False(t, d.Action.Link.Written, "the new link is written into it")
		}},
		{"not found a while ago: looked for before another one is made", with(vanished(t), func(s *Situation) { s.Now = noon.Add(time.Hour) }), Update, UpdateMeeting, nil},
		{"many are not found", with(vanished(t), func(s *Situation) { s.ManyMissing = true }), MassVanished, "", func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, noon.Add(time.Hour), d.Due)
		}},
		{"many are not found: looked for every hour", with(vanished(t), func(s *Situation) { s.ManyMissing, s.Now = true, noon.Add(time.Hour) }), Update, UpdateMeeting, nil},
		{"not found twice, after its end", with(vanished(t), func(s *Situation) { past(s); s.Meeting.UpdatedAt = s.Now }), Vanished, SaveLink, nil},
		{"not found twice, and given up", with(with(vanished(t), gone), func(s *Situation) { s.Link.State, s.Link.Reason, s.Link.DueAt = store.Ending, string(Delete), noon }), Vanished, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, store.Ended, d.Action.Link.State)
		}},
		meetings("the platform says closed for a time to come", with(linked(t), func(s *Situation) { s.Meeting.Closed = true }), StillClosed),
		meetings("nothing changed", linked(t), Unchanged),
		meetings("the marker in the title was taken out, the link stays", linked(t, "SUMMARY:Budget"), Unchanged),
		meetings("the link stays in DESCRIPTION only", linked(t, "LOCATION:Room 5", "DESCRIPTION:https://meet.example.com/join/1111-2222-3333-4444"), Unchanged),

		// being given up
		{"deleted", with(linked(t), gone), Delete, SaveLink, window},
		{"deleted, and nothing is held", with(linked(t), func(s *Situation) { s.Event, s.Rules.Undo = nil, 0 }), Delete, SaveLink, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, s.Now, d.Action.Link.DueAt)
		}},
		{"deleted with many others", with(linked(t), func(s *Situation) { s.Event, s.Mass = nil, true }), Hold, SaveLink, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, store.Ending, d.Action.Link.State)
			assert.Equal(t, s.Meeting.End, d.Action.Link.DueAt, "then there is nothing left to approve")
		}},
		{"its calendar has been missing for three days", with(linked(t), func(s *Situation) { s.Event, s.Mass, s.Bereft = nil, true, true }), Hold, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Contains(t, d.Text, "missing for three days")
		}},
		meetings("deleted with many others, and not approved", with(ending(t, Hold), gone), Held),
		{"not approved before its end", with(with(ending(t, Hold), gone), past), Over, SaveLink, nil},
		{"approved", with(with(ending(t, Approved), gone), due), Cancel, UpdateMeeting, nil},
		{"back while it is held, and opted out", ending(t, Hold, "SUMMARY:Budget #nomeet"), Restore, SaveLink, nil},
		{"deleted after its end", with(with(linked(t), gone), past), Over, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, store.Ended, d.Action.Link.State)
		}},
		meetings("deleted a moment ago", with(ending(t, Delete), gone), Undo),
		meetings("opted out a moment ago", ending(t, Decline, "SUMMARY:Budget #nomeet"), Undo),
		{"put back in time", ending(t, Delete), Restore, SaveLink, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, store.Active, d.Action.Link.State)
			assert.True(t, d.Action.Link.DueAt.IsZero())
		}},
		{"opted in again in time", ending(t, Decline), Restore, SaveLink, nil},
		{"another event has the meeting, too", with(with(ending(t, Delete), gone), func(s *Situation) { due(s); s.Sharing = 1 }), Forget, SaveLink, nil},
		{"action keep", with(with(ending(t, Delete), gone), func(s *Situation) { due(s); s.Rules.Cancel = Keep }), Forget, SaveLink, nil},
		{"the meeting ended in the undo window", with(with(ending(t, Delete), gone), past), Over, SaveLink, nil},
		{"action retitle", with(with(ending(t, Delete), gone), due), Cancel, UpdateMeeting, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, "Cancelled: Budget", d.Action.Request.Topic)
			assert.Equal(t, s.Meeting.Start, d.Action.Request.Start)
			assert.Equal(t, store.Voided, d.Action.Meeting.State)
			assert.Equal(t, store.Ended, d.Action.Link.State)
			assert.Equal(t, string(Delete), d.Action.Link.Reason)
		}},
		{"action close", with(with(ending(t, Delete), gone), func(s *Situation) { due(s); s.Rules.Cancel = CloseWindow }), Cancel, UpdateMeeting, func(t *testing.T, s Situation, d Decision) {
			assert.True(t, d.Action.Request.End.Before(s.Now))
			assert.Equal(t, time.Hour, d.Action.Request.End.Sub(d.Action.Request.Start))
		}},
		{"action delete", with(with(ending(t, Delete), gone), func(s *Situation) { due(s); s.Rules.Cancel = DeleteCall }), Cancel, DeleteMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, store.Deleted, d.Action.Meeting.State)
		}},
		{"opted out, window over", with(ending(t, Decline, "SUMMARY:Budget #nomeet"), due), Cancel, UpdateMeeting, nil},

		// given up
		{"opted out: our text goes", ended(t, Decline, "SUMMARY:Budget #nomeet"), Erase, EraseDetails, nil},
		{"only the seal is left", with(ended(t, Remove, "LOCATION:Room 5", "X-CONVOKE:v1.x"), func(s *Situation) {}), Erase, EraseDetails, nil},
		meetings("everything was taken out", with(ended(t, Remove, "LOCATION:Room 5"), func(s *Situation) { s.Link.Written = false }), OptedOut),
		meetings("mode all does not bring back what was taken out", with(ended(t, Remove, "LOCATION:Room 5"), func(s *Situation) { s.Link.Written, s.Rules.Mode = false, All }), OptedOut),
		meetings("opted out and erased", with(ended(t, Decline, "LOCATION:Room 5", "SUMMARY:Budget #nomeet"), func(s *Situation) { s.Link.Written = false }), Declined),
		meetings("opt-out taken back without asking again", with(ended(t, Decline, "LOCATION:Room 5"), func(s *Situation) { s.Link.Written = false }), NotMarked),
		meetings("ejected, with the link left as text", ended(t, Ejected), OptedOut),
		{"restored from the bin", ended(t, Delete), Restore, UpdateMeeting, func(t *testing.T, s Situation, d Decision) {
			assert.Equal(t, "Budget", d.Action.Request.Topic)
			assert.Equal(t, store.Live, d.Action.Meeting.State)
			assert.Equal(t, s.Meeting.ID, d.Action.Meeting.ID)
			assert.Equal(t, store.Active, d.Action.Link.State)
			assert.True(t, d.Action.Link.Written)
		}},
		{"asked for again after opting out", ended(t, Decline, "LOCATION:@meet"), Restore, UpdateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.False(t, d.Action.Link.Written)
		}},
		{"kept, and back as it was", with(ended(t, Delete), func(s *Situation) { s.Meeting.State, s.Meeting.Topic = store.Live, "Budget" }), Restore, SaveLink, nil},
		{"its meeting was deleted", with(ended(t, Delete), func(s *Situation) { s.Meeting.State = store.Deleted }), Renew, CreateMeeting, func(t *testing.T, _ Situation, d Decision) {
			assert.Equal(t, 2, d.Action.Meeting.Generation)
		}},
		meetings("back after its end", with(ended(t, Delete), past), Over),
		meetings("nothing is left", with(ended(t, Delete), gone), Gone),
		meetings("never had a meeting", with(plain(t), gone), Gone),
	}
}

// Before a meeting is made the feed is asked, where there is one, and nothing is done before it has told.
func TestDecideAsksFirst(t *testing.T) {
	for name, s := range map[string]Situation{
		"new":            plain(t, "SUMMARY:x @meet"),
		"unanswered":     with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Pending = &store.Intent{ClosedAt: noon.Add(-time.Hour)} }),
		"in doubt":       with(plain(t, "SUMMARY:x @meet"), func(s *Situation) { s.Recovery.Since = noon }),
		"after deletion": with(ended(t, Delete), func(s *Situation) { s.Meeting.State = store.Deleted }),
	} {
		t.Run(name, func(t *testing.T) {
			assert.False(t, Decide(s).Ask)
			s.MayAsk = true
			d := Decide(s)
			assert.True(t, d.Ask)
			require.NotNil(t, d.Action)
			assert.NotZero(t, d.Action.Meeting.Generation, "which meeting is asked for")
		})
	}
	s := plain(t)
	s.MayAsk = true
	assert.False(t, Decide(s).Ask, "nobody wants a meeting")
}

func TestDecide(t *testing.T) {
	used := map[string]bool{}
	for _, c := range decisions(t) {
		used[string(c.rule)] = true
		t.Run(string(c.rule)+"/"+c.name, func(t *testing.T) {
			d := Decide(c.s)
			require.Equal(t, c.rule, d.Rule, d.Text)
			require.NotEmpty(t, d.Text)
			kind := ActionKind("")
			if d.Action != nil {
				kind = d.Action.Kind
			}
			require.Equal(t, c.kind, kind)
			if c.want != nil {
				c.want(t, c.s, d)
			}
			assert.Equal(t, d, Decide(c.s), "the same situation, the same decision")
		})
	}
	t.Run("the table in doc/decisions.md has these rows", func(t *testing.T) {
		page, err := os.ReadFile("../doc/decisions.md")
		require.NoError(t, err)
		rows := map[string]bool{}
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(page), -1) {
			rows[m[1]] = true
		}
		assert.Equal(t, rows, used)
	})
}
