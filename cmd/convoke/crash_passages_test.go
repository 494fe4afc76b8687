package main

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/internal/scenario"
	"convoke/meetingapi/meetingtest"
)

// A passage is something that a pass, or another command, has to do, with all that led to it.
type passage struct {
	name          string
	prepare       func(v *victim) // until the pass in which convoke is killed
	command       string          // instead of a pass
	code          int             // it ends with this code, or with 0
	does          string          // a point that it is all about
	places        []string        // whose events are compared in the end
	creates       int             // meetings, in the pass: of each the outcome may be lost
	folder        bool            // the events are files
	configuration map[string]string
	knobs         meetingtest.Knobs
}

// start begins what the passage is about, to be killed at a point ("" for none).
func (p *passage) start(v *victim, at string) death {
	v.t.Helper()
	if p.command != "" {
		return v.run(at, p.command)
	}
	return v.run(at, "sync", "--json")
}

// sprint books an event, which gets its meeting.
func sprint(v *victim, lines ...string) {
	v.t.Helper()
	v.book("work/sprint", append([]string{"SUMMARY:Sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda"}, lines...)...)
	v.calm()
	require.Contains(v.t, v.text("work/sprint"), joinStart)
}

var justSprint, sprintAndBudget = []string{"work/sprint"}, []string{"work/sprint", "work/budget"}

// passages are what convoke is killed in.
var passages = []*passage{
	{
		name: "creation, at the first start", does: "platform POST sent",
		places: justSprint, creates: 1,
		prepare: func(v *victim) {
			v.book("work/sprint", "SUMMARY:Sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")
		},
	},
	{
		name: "creation", does: "platform POST sent",
		places: sprintAndBudget, creates: 1,
		prepare: func(v *victim) {
			sprint(v)
			v.book("work/budget", "SUMMARY:Budget", "DESCRIPTION:@meet\\nBring the figures.")
		},
	},
	{
		name: "creation without agenda", does: "platform POST sent",
		places: justSprint, creates: 1, knobs: meetingtest.Knobs{Agenda: meetingtest.AgendaRefused},
		prepare: func(v *victim) {
			v.calm()
			v.book("work/sprint", "SUMMARY:Sprint", "LOCATION:Room 5 @meet")
		},
	},
	{
		name: "creation that the feed shows", does: "platform POST sent",
		places: sprintAndBudget, creates: 1, knobs: meetingtest.Knobs{FeedDetails: true},
		prepare: func(v *victim) {
			sprint(v)
			v.book("work/budget", "SUMMARY:Budget", "LOCATION:@meet")
		},
	},
	{
		name: "three creations", does: "platform POST sent",
		places: []string{"work/one", "work/two", "home/three"}, creates: 3,
		prepare: func(v *victim) {
			v.calm()
			for _, place := range []string{"work/one", "work/two", "home/three"} {
				v.book(place, "LOCATION:@meet")
			}
		},
	},
	{
		name: "update", does: "platform PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			v.edit("work/sprint", "SUMMARY:Retro\nDTSTART:20261125T090000Z\nDTEND:20261125T100000Z")
		},
	},
	{
		name: "cancellation", does: "platform PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			v.remove("work/sprint")
		},
	},
	{
		name: "cancellation when its undo window is over", does: "platform PUT sent",
		places: justSprint, configuration: map[string]string{`undo = "0s"`: `undo = "10m"`},
		prepare: func(v *victim) {
			sprint(v)
			v.remove("work/sprint")
			require.Zero(v.t, v.pass().Cancelled)
			v.now = v.now.Add(11 * time.Minute)
		},
	},
	{
		name: "cancellation by DELETE", does: "platform DELETE sent",
		places: justSprint, knobs: meetingtest.Knobs{AllowDelete: true},
		configuration: map[string]string{`undo = "0s"`: "undo = \"0s\"\naction = \"delete\""},
		prepare: func(v *victim) {
			sprint(v)
			v.remove("work/sprint")
		},
	},
	{
		name: "opt-out", does: "calendar PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			v.edit("work/sprint", "SUMMARY:Sprint #nomeet")
		},
	},
	{
		name: "move to another name", does: "commit SaveLink before",
		places: []string{"work/sprint", "work/zz"},
		prepare: func(v *victim) {
			sprint(v)
			require.NoError(v.t, v.dav.Move(v.path("work/sprint"), v.path("work/zz")))
		},
	},
	{
		name: "move to another calendar", does: "commit SaveLink before",
		places: []string{"work/sprint", "home/sprint"},
		prepare: func(v *victim) {
			sprint(v)
			require.NoError(v.t, v.dav.Move(v.path("work/sprint"), v.path("home/sprint")))
		},
	},
	{
		name: "restoration", does: "platform PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			text := v.text("work/sprint")
			v.remove("work/sprint")
			v.calm()
			v.store("work/sprint", text)
		},
	},
	{
		name: "series that moves on", does: "platform PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v, "DTSTART:20261123T123000Z", "DTEND:20261123T130000Z", "RRULE:FREQ=WEEKLY")
			v.now = v.now.Add(2 * time.Hour) // the first date is over
		},
	},
	{
		name: "override", does: "calendar PUT sent",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v, "RRULE:FREQ=DAILY;COUNT=5")
			v.store("work/sprint", scenario.Override(v.text("work/sprint"),
				"RECURRENCE-ID:20261124T090000Z\nDTSTART:20261124T140000Z\nDTEND:20261124T150000Z\nSUMMARY:Sprint, later\nLOCATION:Room 9 @meet"))
		},
	},
	{
		name: "copy", does: "platform POST sent",
		places: []string{"work/sprint", "work/copy"}, creates: 1,
		prepare: func(v *victim) {
			sprint(v)
			v.store("work/copy", strings.Replace(scenario.Renamed(v.text("work/sprint"), "copy"), "SUMMARY:Sprint", "SUMMARY:Copy", 1))
		},
	},
	{
		name: "adoption, the ledger being lost", does: "commit SaveMeeting before",
		places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			v.loseLedger()
		},
	},
	{
		name: "adoption, an old copy of the ledger being put back", does: "commit SaveMeeting before",
		places: sprintAndBudget,
		prepare: func(v *victim) {
			sprint(v)
			old := v.ledgerFile()
			v.book("work/budget", "SUMMARY:Budget", "LOCATION:@meet")
			v.calm()
			v.loseLedger()
			writeFiles(v.t, v.dir, map[string]string{"ledger.db": old})
		},
	},
	{
		name: "creation, the ledger being lost", does: "platform POST sent",
		places: sprintAndBudget, creates: 1, knobs: meetingtest.Knobs{FeedDetails: true},
		prepare: func(v *victim) {
			sprint(v)
			v.loseLedger()
			v.book("work/budget", "SUMMARY:Budget", "LOCATION:@meet")
			require.Zero(v.t, v.pass().Created)
			v.now = v.now.Add(settle + time.Minute)
			require.Zero(v.t, v.pass().Created) // not before a meeting that was changed is seen to keep its reference
			v.now = v.now.Add(2 * time.Hour)
		},
	},
	{
		name: "leftover of a creation whose answer was lost, the event being gone", does: "platform PUT sent",
		places: sprintAndBudget, knobs: meetingtest.Knobs{FeedDetails: true},
		prepare: func(v *victim) {
			sprint(v)
			v.book("work/budget", "SUMMARY:Budget", "LOCATION:@meet")
			v.platform.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
			require.Equal(v.t, exitSome, v.run("", "sync").code)
			v.remove("work/budget")
			v.now = v.now.Add(settle + time.Minute)
			require.Zero(v.t, v.pass().Cancelled) // it is given up, and may be carried out late
			v.now = v.now.Add(settle + time.Minute)
		},
	},
	{
		name: "rebuild of a ledger that was lost", does: "commit SaveMeeting before", command: "rebuild", code: exitSome, // changes of what was taken over wait for settle
		places: sprintAndBudget, knobs: meetingtest.Knobs{FeedDetails: true},
		prepare: func(v *victim) {
			sprint(v)
			v.book("work/budget", "SUMMARY:Budget", "LOCATION:@meet")
			v.calm()
			v.loseLedger()
			v.book("work/budget", "SUMMARY:Plans", "LOCATION:@meet") // as it was before: only the feed proves its meeting
		},
	},
	{
		name: "creation in a folder", does: "platform POST sent",
		folder: true, places: justSprint, creates: 1,
		prepare: func(v *victim) {
			v.book("work/sprint", "SUMMARY:Sprint", "LOCATION:Room 5 @meet", "DESCRIPTION:Agenda")
		},
	},
	{
		name: "update in a folder", does: "platform PUT sent",
		folder: true, places: justSprint,
		prepare: func(v *victim) {
			sprint(v)
			v.edit("work/sprint", "SUMMARY:Retro")
		},
	},
}
