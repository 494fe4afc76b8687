package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/store/sqlite"
)

// An end is what there is when nothing is left to do, without what differs from run to run.
type end struct {
	Meetings []string // that the platform holds
	Events   []string // as the calendars hold them
	Links    []string // that the ledger holds, with their meetings
	Lost     []string // links that lead nowhere: what is wrong with each
}

var changing = regexp.MustCompile(`\d{4}-\d{4}-\d{4}-\d{4}|X-CONVOKE[^\r\n]*|DTSTAMP[^\r\n]*|LAST-MODIFIED[^\r\n]*|Reference: \w+`)

func masked(text string) string { return changing.ReplaceAllString(text, "…") }

// end looks at everything.
func (v *victim) end(places []string) end {
	v.t.Helper()
	var e end
	live := map[string]meetingtest.Meeting{}
	for _, m := range v.platform.Meetings() {
		e.Meetings = append(e.Meetings, masked(fmt.Sprintf("%s, %s – %s, there: %v, %s", m.Topic, m.Start.UTC(), m.End.UTC(), m.DeletedAt.IsZero(), m.Agenda)))
		if m.DeletedAt.IsZero() {
			live[m.Number] = m
		}
	}
	for _, place := range places {
		if _, ok := v.raw(place); !ok {
			e.Events = append(e.Events, place+" is not there")
			continue
		}
		e.Events = append(e.Events, masked(v.text(place)))
	}
	v.compareLinks(&e, live, places)
	slices.Sort(e.Meetings)
	slices.Sort(e.Links)
	return e
}

// compareLinks compares the ledger with the rest. A link is lost when its event shows another meeting than the ledger knows, or one
// that the platform has not.
func (v *victim) compareLinks(e *end, live map[string]meetingtest.Meeting, places []string) {
	v.t.Helper()
	known := map[string]string{} // number by UID
	for _, k := range v.links() {
		l, m := k.link, k.meeting
		text := fmt.Sprintf("%s: %s; %s %q %s – %s", l.UID, l.State, m.State, m.Topic, m.Start, m.End)
		if l.State == store.Active { // of one that has ended, Written may as well say that the details stood there once
			text += fmt.Sprintf("; written: %v", l.Written)
			known[l.UID] = m.Number
		}
		e.Links = append(e.Links, text)
	}
	for _, place := range places {
		text, _ := v.raw(place)
		text = strings.ReplaceAll(text, "\r\n ", "")
		for _, number := range shown.FindAllStringSubmatch(text, -1) {
			_, there := live[number[1]]
			if uid := uidOf.FindStringSubmatch(text)[1]; !there || known[uid] != number[1] {
				e.Lost = append(e.Lost, fmt.Sprintf("%s shows %s; the ledger has %q, and the platform has it: %v", place, number[1], known[uid], there))
			}
		}
	}
}

// A linked is a link of the ledger with its meeting.
type linked struct {
	link    store.Link
	meeting store.Meeting
}

func (v *victim) links() (all []linked) {
	v.t.Helper()
	v.inLedger(func(l store.Ledger) {
		links, err := l.Links(v.t.Context(), "")
		require.NoError(v.t, err)
		for _, k := range links {
			m, err := l.Meeting(v.t.Context(), k.Meeting)
			require.NoError(v.t, err)
			all = append(all, linked{k, m})
		}
	})
	return all
}

// unanswered are the calls whose outcome is not known.
func (v *victim) unanswered() (all []store.Intent) {
	v.t.Helper()
	v.inLedger(func(l store.Ledger) {
		var err error
		all, err = l.Intents(v.t.Context(), "")
		require.NoError(v.t, err)
	})
	return all
}

func (v *victim) inLedger(look func(store.Ledger)) {
	v.t.Helper()
	l, err := sqlite.Open(v.t.Context(), filepath.Join(v.dir, "ledger.db"), sqlite.Options{})
	require.NoError(v.t, err)
	defer l.Close()
	look(l)
}

var (
	shown = regexp.MustCompile(regexp.QuoteMeta(joinStart) + `([\d-]+)`)
	uidOf = regexp.MustCompile(`(?m)^UID:(.*)\r$`)
)
