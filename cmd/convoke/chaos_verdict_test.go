package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"convoke/meetingapi/meetingtest"
)

// A verdict counts what became of the events of a chaos run.
type verdict struct {
	events     int
	right      int // one meeting with the right title and time, and its details in the event; or deleted, and the meeting given up
	duplicates int // events for which more than one meeting was made
	lost       int // events that are not right
	strangers  int // meetings of no event, or of more than one
	changed    int // events whose text is not as the organizer wrote it
}

// judge compares what the organizers did with what the platform and their calendars hold.
func (c *chaosRun) judge() {
	made, strangers := c.meetings()
	v := verdict{strangers: strangers}
	for _, b := range c.bookers {
		for _, i := range b.items {
			c.judgeItem(&v, i, made[i.n])
		}
	}
	all := c.tally()
	c.t.Logf(`%d events (%s); %d meetings made meanwhile; then %d passes to rest, %d batches approved
%d processes, %d of them killed; %d requests, %d of them spoiled; at the canary: %d
right %d, duplicates %d, lost %d, strangers %d, texts changed %d
%s`, v.events, c.edits(), c.spoiledMeetings, c.rounds, c.approved, c.program.started, c.program.killed, all.Requests(), all.Spoiled(), len(c.canary.Hits()),
		v.right, v.duplicates, v.lost, v.strangers, v.changed, all)
	assert.Zero(c.t, v.duplicates, "duplicates")
	assert.Zero(c.t, v.lost, "lost")
	assert.Zero(c.t, v.strangers, "strangers")
	assert.Zero(c.t, v.changed, "texts changed")
	assert.Positive(c.t, v.right)
	assert.GreaterOrEqual(c.t, v.events, c.size.events)
	assert.Positive(c.t, all.Spoiled())
	assert.Positive(c.t, c.program.killed)
	c.assertNothingLeaked(c.t)
	c.assertLog()
}

// edits says what the organizers did.
func (c *chaosRun) edits() string {
	sum := map[string]int{}
	for _, b := range c.bookers {
		for what, n := range b.did {
			sum[what] += n
		}
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(sum)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, sum[what]))
	}
	return strings.Join(parts, ", ")
}

var itemNumber = regexp.MustCompile(`^(?:Cancelled: )?Item (\d{4}) v\d+, Zürich$`)

// meetings are the platform's, by the number in their titles. One whose title ever named another event is a stranger.
func (c *chaosRun) meetings() (made map[int][]meetingtest.Meeting, strangers int) {
	made = map[int][]meetingtest.Meeting{}
	for _, m := range c.server.Meetings() {
		owners := map[string]bool{}
		for _, version := range m.History {
			found := itemNumber.FindStringSubmatch(version.Topic)
			if found == nil {
				found = []string{"", "none"}
			}
			owners[found[1]] = true
		}
		var n int
		owner := slices.Collect(maps.Keys(owners))[0]
		if _, err := fmt.Sscanf(owner, "%d", &n); err != nil || len(owners) > 1 {
			c.t.Errorf("meeting of no event, or of several: %v, %s", owners, m.Topic)
			strangers++
			continue
		}
		made[n] = append(made[n], m)
	}
	return made, strangers
}

func (c *chaosRun) judgeItem(v *verdict, i *item, made []meetingtest.Meeting) {
	v.events++
	if len(made) > 1 {
		v.duplicates++
		c.t.Errorf("%s has %d meetings: %+v", i.uid, len(made), made)
	}
	text := c.found(v, i)
	if why := i.wrong(text, made); why != "" {
		v.lost++
		c.t.Errorf("%s (deleted: %v, copy: %v): %s; meetings %s\n%s", i.uid, i.deleted != "", i.original != nil, why, topics(made), text)
		return
	}
	v.right++
}

// found is an event as it stands in the calendar in the end, "" when it is not there.
func (c *chaosRun) found(v *verdict, i *item) string {
	status, text, _ := i.booker.ask(c.t, http.MethodGet, i.object(), "", "", "")
	if i.deleted != "" {
		if status != http.StatusNotFound {
			c.t.Errorf("%s was deleted and is there", i.uid)
		}
		return ""
	}
	if status != http.StatusOK || !slices.Equal(i.theirs, users(text)) {
		v.changed++
		assert.Equal(c.t, i.theirs, users(text), "%s: %d", i.uid, status)
	}
	return text
}

// wrong says what is wrong with an event and its meetings, "" for nothing.
func (i *item) wrong(text string, made []meetingtest.Meeting) string {
	live := slices.DeleteFunc(slices.Clone(made), func(m meetingtest.Meeting) bool { return strings.HasPrefix(m.Topic, "Cancelled: ") })
	switch {
	case i.deleted != "" && len(live) > 0:
		return "a meeting of an event that was deleted"
	case i.deleted != "":
		return ""
	case len(live) != 1:
		return fmt.Sprintf("%d meetings", len(live))
	case live[0].Topic != i.title:
		return "the meeting has not the title " + i.title
	case !live[0].Start.Equal(i.at) || live[0].Duration != 60:
		return "the meeting is not at " + i.at.String()
	case !slices.Equal(numbersIn(text), []string{live[0].Number}):
		return fmt.Sprintf("links to %v", numbersIn(text))
	}
	return i.linkedElsewhere(live[0].Number)
}

// linkedElsewhere wants that the event never showed the number of another meeting than its own; a copy comes with its original's.
func (i *item) linkedElsewhere(own string) string {
	inherited := map[string]bool{}
	for o := i.original; o != nil; o = o.original {
		maps.Copy(inherited, o.shown)
	}
	for n := range i.shown {
		if n != own && !inherited[n] {
			return "it has shown another number: " + n
		}
	}
	return ""
}

func topics(made []meetingtest.Meeting) string {
	var all []string
	for _, m := range made {
		all = append(all, fmt.Sprintf("%s %s %s", m.Number, m.Topic, m.Start))
	}
	return strings.Join(all, "; ")
}
