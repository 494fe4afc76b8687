package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"convoke/store"
	"convoke/sync"
)

// A date is one of a series, or of an event that is none.
type date struct {
	original, start time.Time
	title           string
}

// all are the dates of an event.
func (e *event) all() []date {
	if e.dates != nil {
		return e.dates
	}
	return []date{{e.start, e.start, e.title}}
}

// due are the dates on which the meeting of some events may stand now: the one that is not over by half an hour, and the
// following one where it is over, or in a quarter of an hour. Each event lasts an hour.
func (h *history) due(events []*event) []date {
	var dates []date
	now := h.clock.Now()
	for _, e := range events {
		for _, d := range e.all() {
			if d.start.Add(90 * time.Minute).After(now) {
				dates = append(dates, d)
			}
		}
	}
	slices.SortFunc(dates, func(a, b date) int { return a.start.Compare(b.start) })
	last := 0
	for i, d := range dates {
		if d.start.Equal(dates[last].start) || !dates[last].start.Add(time.Hour).After(now) || !now.Before(d.start.Add(-15*time.Minute)) {
			last = i
			continue
		}
		return dates[:i]
	}
	return dates
}

func titles(dates []date) (all []string) {
	for _, d := range dates {
		all = append(all, d.title)
	}
	return all
}

func starts(dates []date) (all []string) {
	for _, d := range dates {
		all = append(all, stamp(d.start))
	}
	return all
}

// refuse has an author not want the meeting any more, by a line in her event.
func (h *history) refuse(e *event, line string) {
	e.wanted, e.disturbed, e.refusal = false, true, line
	h.note("%s has %s", e.uid, strings.TrimSpace(line))
	h.write(e, strings.ReplaceAll(h.current(e), "END:VEVENT", line+"END:VEVENT"))
}

func (h *history) stepRevoke() {
	if e := h.any(func(e *event) bool { return e.there && e.wanted }); e != nil {
		h.refuse(e, "STATUS:CANCELLED\r\n")
	}
}

// stepTakeBack takes a refusal back. Where our text was taken out meanwhile, and the marker with it, nobody asks for a meeting.
func (h *history) stepTakeBack() {
	e := h.any(func(e *event) bool { return e.there && e.refusal != "" })
	if e == nil {
		return
	}
	text := strings.ReplaceAll(h.current(e), e.refusal, "")
	e.wanted = wants(text)
	h.note("%s takes %s back (wanted: %v)", e.uid, strings.TrimSpace(e.refusal), e.wanted)
	e.refusal = ""
	h.write(e, text)
}

// stepShare puts the join link of an event into another one that has none.
func (h *history) stepShare() {
	of := h.any(func(e *event) bool { return e.there && e.wanted && h.shown(h.current(e)) != nil })
	if of == nil {
		return
	}
	m := h.shown(h.current(of))
	e := h.any(func(e *event) bool {
		return e.there && e.who == of.who && e.refusal == "" && !strings.Contains(h.current(e), joinPrefix) && !strings.Contains(h.current(e), "X-CONVOKE")
	})
	if e == nil || m.ID == h.hand.ID || cancelled(*m) {
		return
	}
	h.note("%s gets the join link of %s", e.uid, of.uid)
	text := strings.ReplaceAll(strings.ReplaceAll(h.current(e), "LOCATION:Room 5 @meet\r\n", ""), "LOCATION:@meet\r\n", "")
	e.wanted, e.plain, e.disturbed = true, false, true
	h.write(e, strings.Replace(text, "END:VEVENT", "LOCATION:"+joinPrefix+m.Number+"\r\nEND:VEVENT", 1))
}

// stepSeries books a weekly series. Its first dates may come while the history goes on, and its last one does not.
func (h *history) stepSeries() {
	h.serial++
	who := rapid.SampledFrom([]string{"alice", "alice", "bob"}).Draw(h.draw, "who")
	e := &event{who: who, uid: fmt.Sprintf("s%d", h.serial), title: fmt.Sprintf("Title %d", h.serial), wanted: true}
	e.path = h.dav.Calendar(who, "work") + e.uid + ".ics"
	e.start = monday.AddDate(0, 0, rapid.IntRange(1, 9).Draw(h.draw, "day")).Add(time.Duration(rapid.IntRange(0, 20).Draw(h.draw, "hour")) * time.Hour)
	if !e.start.After(h.clock.Now()) {
		return
	}
	n := rapid.IntRange(3, 4).Draw(h.draw, "dates")
	for i := range n {
		at := e.start.AddDate(0, 0, 7*i)
		e.dates = append(e.dates, date{at, at, e.title})
	}
	lines := []string{"SUMMARY:" + e.title, "COMMENT:hers " + e.uid, "DTSTART:" + stamp(e.start), "DTEND:" + stamp(e.start.Add(time.Hour)), fmt.Sprintf("RRULE:FREQ=WEEKLY;COUNT=%d", n)}
	if rapid.Bool().Draw(h.draw, "marker in LOCATION") {
		lines = append(lines, "LOCATION:Room 5 @meet")
	} else {
		lines[0] += " @meet"
	}
	h.note("%s books the series %s from %s, %d dates", who, e.uid, stamp(e.start), n)
	h.events = append(h.events, e)
	h.write(e, vevent(e.uid, lines...))
}

// stepDate takes one date out of a series, or changes it. The last one stays.
func (h *history) stepDate() {
	e := h.any(func(e *event) bool { return e.there && len(e.dates) > 1 })
	if e == nil {
		return
	}
	i := rapid.IntRange(0, len(e.dates)-2).Draw(h.draw, "date")
	d := e.dates[i]
	text := h.current(e)
	master, rest, whole := strings.Cut(text, "END:VEVENT\r\n")
	require.True(h.t, whole)
	has := strings.Contains(rest, "RECURRENCE-ID:"+stamp(d.original))
	switch what := rapid.SampledFrom([]string{"take out", "move", "retitle"}).Draw(h.draw, "what"); {
	case has:
		return // one edit is enough
	case what == "take out":
		h.note("%s loses its date %s", e.uid, stamp(d.original))
		e.dates = slices.Delete(slices.Clone(e.dates), i, i+1)
		h.write(e, master+"EXDATE:"+stamp(d.original)+"\r\nEND:VEVENT\r\n"+rest)
	default:
		if what == "move" {
			d.start = d.start.Add(2 * time.Hour)
		} else {
			h.serial++
			d.title = fmt.Sprintf("Title %d", h.serial)
			h.titles[d.title] = h.titles[e.title]
		}
		h.note("the date %s of %s: %s", stamp(d.original), e.uid, what)
		e.dates = slices.Clone(e.dates)
		e.dates[i] = d
		head, override, _ := strings.Cut(master, "BEGIN:VEVENT\r\n")
		var lines []string
		for line := range strings.SplitSeq(strings.TrimSuffix(override, "\r\n"), "\r\n") {
			switch name, _, _ := strings.Cut(line, ":"); name {
			case "RRULE", "EXDATE":
				continue
			case "SUMMARY":
				line = title.ReplaceAllString(line, "SUMMARY:"+d.title)
			case "DTSTART":
				line = "DTSTART:" + stamp(d.start) + "\r\nRECURRENCE-ID:" + stamp(d.original)
			case "DTEND":
				line = "DTEND:" + stamp(d.start.Add(time.Hour))
			}
			lines = append(lines, line)
		}
		h.write(e, head+"BEGIN:VEVENT\r\n"+override+"END:VEVENT\r\nBEGIN:VEVENT\r\n"+strings.Join(lines, "\r\n")+"\r\nEND:VEVENT\r\n"+rest)
	}
}

// stepSplit changes "this and following" of a series: it ends before a date, and another one begins with it that is a copy of it,
// the seal included.
func (h *history) stepSplit() {
	e := h.any(func(e *event) bool {
		return e.there && len(e.dates) > 1 && !strings.Contains(h.current(e), "RECURRENCE-ID") && !strings.Contains(h.current(e), "EXDATE")
	})
	if e == nil {
		return
	}
	i := rapid.IntRange(1, len(e.dates)-1).Draw(h.draw, "date")
	if !e.dates[i-1].start.After(h.clock.Now().AddDate(0, 0, 3)) { // the first half is not over before peace is
		return
	}
	h.serial++
	text, n := h.current(e), len(e.dates)
	c := *e
	c.uid, c.twin, c.free = fmt.Sprintf("h%d", h.serial), nil, false
	c.path = h.dav.Calendar(c.who, "work") + c.uid + ".ics"
	c.start, c.dates, c.disturbed = e.dates[i].start, slices.Clone(e.dates[i:]), true
	c.wanted = e.wanted && wants(text)
	second := strings.NewReplacer("UID:"+e.uid, "UID:"+c.uid, "DTSTART:"+stamp(e.start), "DTSTART:"+stamp(c.start),
		"DTEND:"+stamp(e.start.Add(time.Hour)), "DTEND:"+stamp(c.start.Add(time.Hour)), fmt.Sprintf("COUNT=%d", n), fmt.Sprintf("COUNT=%d", n-i)).Replace(text)
	if h.anonymous() { // else nobody could tell whose meeting is whose
		c.title = fmt.Sprintf("Title %d", h.serial)
		second = titled(second, c.title)
		for j := range c.dates {
			c.dates[j].title = c.title
		}
	}
	e.dates = slices.Clone(e.dates[:i])
	h.note("%s is split: from %s on it is %s", e.uid, stamp(c.start), c.uid)
	h.write(e, strings.Replace(text, fmt.Sprintf("COUNT=%d", n), fmt.Sprintf("COUNT=%d", i), 1))
	h.events = append(h.events, &c)
	h.write(&c, second)
}

// stepEject takes our text out of all events, or leaves it there as the authors' own. Those events are let go of until somebody
// edits one that asks for a meeting; their meetings stay.
func (h *history) stepEject() {
	plain := rapid.Bool().Draw(h.draw, "plain")
	h.note("convoke eject (plain: %v)", plain)
	h.ejected = true
	_, err := h.engine.Eject(context.Background(), "", plain)
	require.NoError(h.t, err)
	for _, e := range h.events {
		if h.wasEjected(e) {
			e.free, e.disturbed = true, true
		}
	}
	h.holds()
}

// wasEjected reports whether convoke let go of an event, and nobody asked again since.
func (h *history) wasEjected(e *event) bool {
	l, err := h.ledger.Link(context.Background(), e.who+"@example.com", e.uid)
	return err == nil && l.State == store.Ended && l.Reason == string(sync.Ejected)
}

// stepTwin puts a second copy of an event of alice's into her other calendar, under the same UID. It stays as it is.
func (h *history) stepTwin() {
	e := h.any(func(e *event) bool { return e.there && e.who == "alice" && e.twin == nil && !e.plain })
	if e == nil {
		return
	}
	to := "home"
	if strings.HasPrefix(e.path, h.dav.Calendar("alice", "home")) {
		to = "work"
	}
	c := *e
	c.path = h.dav.Calendar("alice", to) + e.uid + "-twin.ics"
	c.free, c.disturbed, c.twin = true, true, e
	e.twin, e.disturbed, e.free = &c, true, true // which of the two is followed is convoke's choice
	h.note("%s stands in %s, too", e.uid, to)
	h.events = append(h.events, &c)
	h.write(&c, h.current(e))
	c.free = true
}
