package sync_test

import (
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/sync"
)

// A step is what may happen in a history.
type step struct {
	name  string
	share int
	do    func(h *history)
}

// The steps of a history and how often each is drawn, by its share.
var steps = []step{
	{"book", 5, (*history).stepBook},
	{"edit", 5, (*history).stepEdit},
	{"delete", 3, (*history).stepDelete},
	{"restore", 2, (*history).stepRestore},
	{"copy", 1, (*history).stepCopy},
	{"move", 1, (*history).stepMove},
	{"decline", 1, (*history).stepDecline},
	{"pass", 8, func(h *history) { h.note("pass"); h.run(0) }},
	{"kill", 5, func(h *history) { h.run(rapid.IntRange(1, 40).Draw(h.draw, "point")) }},
	{"time", 8, (*history).stepTime},
	{"platform", 6, (*history).stepPlatform},
	{"calendar", 3, (*history).stepCalendar},
	{"between", 2, func(h *history) { h.editing = h.any(func(e *event) bool { return e.there }) }},
	{"lost creation", 1, (*history).stepLostCreation},
	{"late change", 1, (*history).stepLateChange},
	{"unfetchable", 1, (*history).stepUnfetchable},
	{"very late", 1, (*history).stepVeryLate},
	{"late", 2, func(h *history) { h.release() }},
	{"restart", 1, func(h *history) { h.note("restart"); h.again() }},
	{"backup", 2, (*history).backup},
	{"put back", 2, (*history).stepPutBack},
	{"lose", 1, (*history).lose},
	{"forge", 1, (*history).stepForge},
	{"wipe", 1, (*history).stepWipe},
	{"vanish", 2, (*history).stepVanish},
	{"outage", 1, (*history).stepOutage},
	{"missing", 1, (*history).stepMissing},
}

// Steps that are played with -wide, too: they look for what nobody has thought of, and some of what they find is a matter of taste.
var wideSteps = []step{
	{"revoke", 1, (*history).stepRevoke},
	{"take back", 2, (*history).stepTakeBack},
	{"share", 1, (*history).stepShare},
	{"series", 2, (*history).stepSeries},
	{"date", 2, (*history).stepDate},
	{"split", 1, (*history).stepSplit},
	{"eject", 1, (*history).stepEject},
	{"twin", 1, (*history).stepTwin},
}

var wide = flag.Bool("wide", false, "play series, shared links, eject and the like in the histories, too")

// live plays a drawn number of steps.
func (h *history) live() {
	var names []string
	do := map[string]func(*history){}
	all := steps
	if *wide {
		all = slices.Concat(steps, wideSteps)
	}
	for _, s := range all {
		do[s.name] = s.do
		share := s.share
		if slices.Contains(h.off.focus, s.name) {
			share *= 6
		}
		for range share {
			names = append(names, s.name)
		}
	}
	for range rapid.IntRange(4, 22).Draw(h.draw, "steps") {
		do[rapid.SampledFrom(names).Draw(h.draw, "step")](h)
	}
}

// any draws one of the events that fit, or returns nil.
func (h *history) any(fits func(*event) bool) *event {
	var all []*event
	for _, e := range h.events {
		if fits(e) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(h.draw, "event")]
}

func there(e *event) bool { return e.there }

func (h *history) stepBook() {
	h.serial++
	who := rapid.SampledFrom([]string{"alice", "alice", "bob"}).Draw(h.draw, "who")
	e := &event{who: who, uid: fmt.Sprintf("e%d", h.serial), title: fmt.Sprintf("Title %d", h.serial)}
	e.path = h.dav.Calendar(who, "work") + e.uid + ".ics"
	e.start = monday.AddDate(0, 0, 10).Add(time.Duration(rapid.IntRange(0, 40).Draw(h.draw, "hours")) * time.Hour)
	lines := []string{"SUMMARY:" + e.title, "COMMENT:hers " + e.uid, "DTSTART:" + stamp(e.start), "DTEND:" + stamp(e.start.Add(time.Hour))}
	switch rapid.SampledFrom([]string{"LOCATION", "DESCRIPTION", "SUMMARY", "none"}).Draw(h.draw, "marker") {
	case "LOCATION":
		lines, e.wanted = append(lines, "LOCATION:Room 5 @meet"), true
	case "DESCRIPTION":
		lines, e.wanted = append(lines, `DESCRIPTION:Agenda\n@meet\nBring pens`), true
	case "SUMMARY":
		lines[0], e.wanted = lines[0]+" @meet", true
	default:
		e.plain = true
	}
	h.note("%s books %s (wanted: %v)", who, e.uid, e.wanted)
	h.events = append(h.events, e)
	h.write(e, vevent(e.uid, lines...))
}

func stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

func (h *history) stepEdit() {
	e := h.any(there)
	if e == nil {
		return
	}
	e.plain = e.plain && !e.wanted
	if e.dates == nil && rapid.Bool().Draw(h.draw, "time, not title") {
		e.start = e.start.Add(time.Hour)
		h.note("%s moves to %s", e.uid, stamp(e.start))
		text := regexp.MustCompile(`(?m)^DTSTART:\w+`).ReplaceAllString(h.current(e), "DTSTART:"+stamp(e.start))
		h.write(e, regexp.MustCompile(`(?m)^DTEND:\w+`).ReplaceAllString(text, "DTEND:"+stamp(e.start.Add(time.Hour))))
		return
	}
	h.retitle(e)
}

func (h *history) stepDelete() {
	if e := h.any(there); e != nil {
		h.note("%s is deleted", e.uid)
		e.text = h.current(e)
		require.NoError(h.t, h.dav.Delete(e.path))
		e.there, e.disturbed = false, true
	}
}

func (h *history) stepRestore() {
	if e := h.any(func(e *event) bool { return !e.there }); e != nil {
		h.note("%s is restored", e.uid)
		h.write(e, e.text)
	}
}

// stepCopy makes a copy under another UID, as "duplicate" in a calendar program does.
func (h *history) stepCopy() {
	e := h.any(there)
	if e == nil {
		return
	}
	h.serial++
	c := *e
	c.uid, c.twin, c.free = fmt.Sprintf("c%d", h.serial), nil, false
	c.path = h.dav.Calendar(c.who, "work") + c.uid + ".ics"
	text := strings.ReplaceAll(h.current(e), "UID:"+e.uid+"\r\n", "UID:"+c.uid+"\r\n")
	c.wanted, c.disturbed = e.wanted && wants(text), true
	if h.anonymous() { // else nobody could tell whose meeting is whose
		c.title = fmt.Sprintf("Title %d", h.serial)
		text, c.dates = titled(text, c.title), slices.Clone(c.dates)
		for i := range c.dates {
			c.dates[i].title = c.title
		}
	}
	h.note("%s is copied to %s", e.uid, c.uid)
	h.events = append(h.events, &c)
	h.write(&c, text)
}

// wants reports whether a text asks for a meeting, or shows one.
func wants(text string) bool {
	return strings.Contains(text, "@meet") || strings.Contains(text, joinPrefix)
}

func (h *history) stepMove() {
	e := h.any(func(e *event) bool { return e.there && e.who == "alice" && e.twin == nil })
	if e == nil {
		return
	}
	to := h.dav.Calendar("alice", rapid.SampledFrom([]string{"work", "home"}).Draw(h.draw, "to")) + e.uid + ".ics"
	if to == e.path {
		return
	}
	h.note("%s moves to %s", e.uid, to)
	require.NoError(h.t, h.dav.Move(e.path, to))
	e.path, e.disturbed = to, true
}

func (h *history) stepDecline() {
	e := h.any(func(e *event) bool { return e.there && e.wanted })
	if e != nil {
		h.refuse(e, "CATEGORIES:#nomeet\r\n")
	}
}

func (h *history) stepTime() {
	h.pause(rapid.SampledFrom([]time.Duration{
		30 * time.Second, time.Minute, time.Minute, 3 * time.Minute, 11 * time.Minute, 11 * time.Minute, time.Hour, 25 * time.Hour,
	}).Draw(h.draw, "time"))
}

// pause lets time pass, and never so much that the events come near, which begin ten days after the first step.
func (h *history) pause(d time.Duration) {
	if h.clock.Now().Add(d).After(monday.AddDate(0, 0, 7)) {
		d = min(d, time.Hour)
	}
	h.advance(d)
}

func (h *history) stepPlatform() {
	route := rapid.SampledFrom([]meetingtest.Route{meetingtest.CreateMeeting, meetingtest.CreateMeeting, meetingtest.UpdateMeeting, meetingtest.Feed}).Draw(h.draw, "route")
	name := rapid.SampledFrom([]string{"lost answer", "lost answer", "lost request", "late", "late", "500 before", "502 after", "truncated", "page", "403"}).Draw(h.draw, "fault")
	fault := map[string]meetingtest.Fault{
		"lost answer": meetingtest.LostAnswer(), "lost request": meetingtest.LostRequest(), "late": meetingtest.Late(),
		"500 before": meetingtest.ErrorBefore(500), "502 after": meetingtest.ErrorAfter(502), "truncated": meetingtest.Truncated(),
		"page": meetingtest.HTML(200), "403": meetingtest.ErrorBefore(403),
	}[name]
	if route == meetingtest.UpdateMeeting && h.cancel == sync.DeleteCall && rapid.Bool().Draw(h.draw, "deletion") {
		route = meetingtest.DeleteMeeting
	}
	if route == meetingtest.Feed && (name == "late" || name == "403") {
		return
	}
	if name == "late" {
		fault.Hook = h.heldBack(settle - 30*time.Second)
	}
	h.note("the platform's next %s: %s", route, name)
	h.platform.Fail(route, fault)
}

// stepLostCreation books an event whose meeting is made without an answer, at once or later.
func (h *history) stepLostCreation() {
	fault := meetingtest.LostAnswer()
	if rapid.Bool().Draw(h.draw, "late") {
		fault = meetingtest.Late()
		fault.Hook = h.heldBack(settle - 30*time.Second)
	}
	h.stepBook()
	h.note("the answer to the next creation is lost")
	h.platform.Fail(meetingtest.CreateMeeting, fault)
	h.run(0)
}

// stepLateChange gives an event a title that the platform takes late, and then perhaps another one.
func (h *history) stepLateChange() {
	e := h.any(func(e *event) bool { return e.there && e.wanted })
	if e == nil {
		return
	}
	h.run(0)
	fault := meetingtest.Late()
	fault.Hook = h.heldBack(settle - 30*time.Second)
	h.platform.Fail(meetingtest.UpdateMeeting, fault)
	h.retitle(e)
	h.run(0)
	h.advance(2 * time.Minute)
	if rapid.Bool().Draw(h.draw, "sent again") {
		h.run(0)
	}
	h.retitle(e)
	h.run(0)
}

// stepUnfetchable has a change fail, and then the event that is to be tried again cannot be fetched.
func (h *history) stepUnfetchable() {
	e := h.any(func(e *event) bool { return e.there && e.wanted })
	if e == nil {
		return
	}
	h.run(0)
	h.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(500))
	h.retitle(e)
	h.run(0)
	h.note("events cannot be fetched")
	h.dav.Inject(caldavtest.Fault{Method: http.MethodGet, Status: 500, Times: 10})
	h.advance(2 * time.Minute)
	h.run(0)
}

// stepVeryLate has the platform carry out a creation after more than platform.settle, which it never should.
func (h *history) stepVeryLate() {
	h.note("the platform's next creation is carried out very late")
	fault := meetingtest.Late()
	fault.Hook = h.heldBack(settle + 5*time.Minute)
	h.platform.Fail(meetingtest.CreateMeeting, fault)
}

// stepVanish has the platform lose a meeting, and its organizer change the event, which is when it shows.
func (h *history) stepVanish() {
	e := h.any(func(e *event) bool { return e.there && e.wanted })
	if e == nil {
		return
	}
	m := h.shown(h.current(e))
	if m == nil || m.ID == h.hand.ID {
		return
	}
	h.note("the platform loses the meeting of %s", e.uid)
	h.platform.Drop(m.ID)
	played.vanished.Add(1)
	for _, other := range h.events {
		if other.there && strings.Contains(h.current(other), joinPrefix+m.Number) {
			other.disturbed = true
			h.retitle(other)
		}
	}
	if rapid.Bool().Draw(h.draw, "and is asked") {
		for range 3 {
			h.run(0)
			h.advance(2 * time.Minute)
		}
	}
}

// stepOutage takes the feed away until it has been asked many times.
func (h *history) stepOutage() {
	h.note("the platform's feed is out of order")
	fault := rapid.SampledFrom([]meetingtest.Fault{meetingtest.ErrorBefore(500), meetingtest.ErrorBefore(404), meetingtest.HTML(200), meetingtest.Cut()}).Draw(h.draw, "fault of the feed")
	h.platform.Fail(meetingtest.Feed, slices.Repeat([]meetingtest.Fault{fault}, 20)...)
}

// stepMissing takes a calendar away for a while that no answer tells from a deleted one.
func (h *history) stepMissing() {
	path := h.dav.Calendar("alice", rapid.SampledFrom([]string{"work", "home"}).Draw(h.draw, "calendar"))
	h.note("%s is missing", path)
	played.missing.Add(1)
	h.dav.Inject(caldavtest.Fault{Path: path, Status: 404})
	for range rapid.IntRange(1, 4).Draw(h.draw, "looks") {
		h.pause(rapid.SampledFrom([]time.Duration{time.Minute, 11 * time.Minute, 25 * time.Hour, 80 * time.Hour}).Draw(h.draw, "away"))
		h.run(0)
	}
	h.note("%s is back", path)
	h.dav.Heal()
}

// settle is platform.settle.
const settle = 10 * time.Minute

func (h *history) stepCalendar() {
	f := rapid.SampledFrom([]caldavtest.Fault{
		{Method: http.MethodPut, Reset: true, Times: 1},
		{Method: http.MethodPut, Reset: true, After: true, Times: 1},
		{Method: http.MethodPut, Status: 503, Times: 1},
		{Method: http.MethodGet, Status: 500, Times: 2},
		{Method: http.MethodGet, Status: 500, Times: 20},
		{Method: "REPORT", Status: 500, Times: 1},
		{Method: "REPORT", Truncate: 300, Times: 1},
		{Method: "REPORT", Status: 200, Body: caldavtest.LoginPage, Times: 1},
		{Method: "PROPFIND", Status: 502, Times: 1},
	}).Draw(h.draw, "fault")
	h.note("the calendar server's next %s fails", f.Method)
	h.dav.Inject(f)
	if rapid.Bool().Draw(h.draw, "forgets tokens") {
		h.dav.ForgetTokens()
	}
}

func (h *history) stepPutBack() {
	if len(h.backups) > 0 {
		h.putBack(rapid.IntRange(0, len(h.backups)-1).Draw(h.draw, "backup"))
	}
}

// stepForge puts an event into alice's calendar whose seal nobody made, for the meeting that convoke has nothing to do with.
func (h *history) stepForge() {
	h.serial++
	e := &event{who: "alice", uid: fmt.Sprintf("f%d", h.serial), title: fmt.Sprintf("Title %d", h.serial), start: monday.AddDate(0, 0, 11), plain: true}
	e.path = h.dav.Calendar("alice", "work") + e.uid + ".ics"
	h.note("%s has a forged seal", e.uid)
	h.events = append(h.events, e)
	h.write(e, vevent(e.uid, "SUMMARY:"+e.title+" @meet", "LOCATION:"+joinPrefix+h.hand.Number, "DTSTART:"+stamp(e.start), "DTEND:"+stamp(e.start.Add(time.Hour)),
		"X-CONVOKE;VALUE=TEXT:"+h.forged(h.hand.ID)))
}

// forged is a seal with the right key id and a mac of nobody's.
func (h *history) forged(meeting string) string {
	real := h.engine.Seals.Seal("alice@example.com", "x", meeting, 1)
	part := strings.Split(real, ".")
	part[4] = strings.Repeat("A", len(part[4]))
	return strings.Join(part, ".")
}

// stepWipe empties alice's calendar for a while, as a restored server does: eight events with a meeting, and all of them gone.
func (h *history) stepWipe() {
	if h.drops {
		return
	}
	var eight []*event
	for range 8 {
		h.serial++
		e := &event{who: "alice", uid: fmt.Sprintf("w%d", h.serial), title: fmt.Sprintf("Title %d", h.serial), start: monday.AddDate(0, 0, 12), wanted: true}
		e.path = h.dav.Calendar("alice", "work") + e.uid + ".ics"
		h.events, eight = append(h.events, e), append(eight, e)
		h.write(e, vevent(e.uid, "SUMMARY:"+e.title, "COMMENT:hers "+e.uid, "LOCATION:@meet", "DTSTART:"+stamp(e.start), "DTEND:"+stamp(e.start.Add(time.Hour))))
	}
	h.run(0)
	h.advance(2 * time.Minute)
	h.run(0)
	linked := map[string]bool{}
	for _, e := range eight {
		for _, m := range h.meetingsOf(e) {
			if strings.Contains(h.current(e), joinPrefix+m.Number) { // else nobody has the link
				linked[m.ID] = true
			}
		}
	}
	h.note("alice's calendar is empty")
	for _, e := range eight {
		if e.there {
			e.text = h.current(e)
			require.NoError(h.t, h.dav.Delete(e.path))
			e.there, e.disturbed = false, true
		}
	}
	for range 3 {
		h.advance(11 * time.Minute)
		h.run(0)
	}
	if len(linked) == len(eight) {
		for _, m := range h.platform.Meetings() {
			require.False(h.t, linked[m.ID] && cancelled(m), "a meeting was given up while the whole calendar was empty\n%s", h.story())
		}
	}
	h.note("alice's events are back")
	for _, e := range eight {
		if !e.there {
			h.write(e, e.text)
		}
	}
}

func request(topic string, start time.Time) meetingapi.MeetingRequest {
	return meetingapi.MeetingRequest{Topic: topic, Start: start, End: start.Add(time.Hour), Type: "standard"}
}
