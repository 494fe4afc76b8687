package caldav_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
)

// A guest is somebody whom alice invites, with a program of his own.
type guest struct {
	name     string
	browser  *browser
	calendar string // where invitations arrive
}

// A party is an event of alice's to which the guests are invited. Where its server schedules, both have accepted.
type party struct {
	*desk
	uid       string
	delivered bool              // the invitations arrived by themselves
	copies    map[string]string // hrefs of the guests' copies, by name
}

func newParty(t *testing.T, s *subject) *party {
	t.Helper()
	p := &party{desk: newDesk(t, s), copies: map[string]string{}}
	account, err := caldav.Discover(t.Context(), s.browser(), p.url)
	require.NoError(t, err)
	p.reopen(t, account.Calendars[0].Profile)
	p.uid = strings.Trim(strings.ReplaceAll(hrefOf(p.url), "/", "-"), "-")
	lines := []string{"SEQUENCE:0", "LOCATION:Room 1", "ORGANIZER:mailto:alice@example.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com"}
	for _, g := range s.guests {
		lines = append(lines, "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:"+g.name+"@example.com")
	}
	status, body := p.other.send(t, http.MethodPut, p.url+p.uid+".ics", event(p.uid, "Party", lines...), "If-None-Match", "*")
	require.Contains(t, []int{200, 201, 204}, status, body)
	for _, g := range s.guests {
		if copied, _ := p.copyOf(t, g); copied != nil {
			p.delivered = true
			p.accept(t, g)
		}
	}
	return p
}

// copyOf is a guest's copy of the event and its URL; nil when he has none.
func (p *party) copyOf(t *testing.T, g guest) (copied *calendar.Object, url string) {
	t.Helper()
	cal, err := caldav.Open(g.browser, g.calendar, "")
	require.NoError(t, err)
	if p.copies[g.name] == "" {
		_, err = cal.Changes(t.Context(), calendar.Since{Full: true, ETag: func(string) string { return "" }}, func(ch calendar.Change) error {
			if strings.Contains(unfold(ch.Data), "UID:"+p.uid+"\n") {
				p.copies[g.name] = ch.Href
			}
			return ch.Err
		})
		require.NoError(t, err)
	}
	href := p.copies[g.name]
	if href == "" {
		return nil, ""
	}
	o, err := cal.Get(t.Context(), href)
	require.NoError(t, err)
	return &o, g.calendar[:strings.Index(g.calendar[8:], "/")+8] + href
}

func unfold(data []byte) string {
	return strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n ", "")
}

var needsAction = regexp.MustCompile(`PARTSTAT=NEEDS-ACTION`)

// accept is a guest's own program.
func (p *party) accept(t *testing.T, g guest) {
	t.Helper()
	o, url := p.copyOf(t, g)
	require.NotNil(t, o, g.name)
	lines := strings.SplitAfter(unfold(o.Data), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "ATTENDEE") && strings.Contains(l, g.name+"@") {
			lines[i] = needsAction.ReplaceAllString(l, "PARTSTAT=ACCEPTED")
		}
	}
	body := strings.ReplaceAll(strings.Join(lines, ""), "\n", "\r\n")
	require.Equal(t, "ACCEPTED", says(t, []byte(body), g))
	status, answer := g.browser.send(t, http.MethodPut, url, body, "If-Match", o.ETag)
	require.Contains(t, []int{200, 201, 204}, status, answer)
}

// says is what a guest says according to an object.
func says(t *testing.T, data []byte, g guest) string {
	t.Helper()
	for line := range strings.Lines(unfold(data)) {
		if strings.HasPrefix(line, "ATTENDEE") && strings.Contains(line, g.name+"@") {
			_, after, _ := strings.Cut(line, "PARTSTAT=")
			return after[:strings.IndexAny(after, ":;")]
		}
	}
	require.Fail(t, "not invited", "%s in %s", g.name, data)
	return ""
}

// edit is alice's own program, at the object as it is.
func (p *party) edit(t *testing.T, change func(string) string) {
	t.Helper()
	o := p.only(t, p.uid+".ics")
	status, body := p.other.send(t, http.MethodPut, p.url+p.uid+".ics", change(string(o.Data)), "If-Match", o.ETag)
	require.Contains(t, []int{200, 201, 204}, status, body)
}

func (p *party) etags(t *testing.T) (all []string) {
	t.Helper()
	for _, g := range p.guests {
		tag := ""
		if o, _ := p.copyOf(t, g); o != nil {
			tag = o.ETag
		}
		all = append(all, tag)
	}
	return all
}

// reaches compares what Traits says of a server with what the server does, one property at a time.
func reaches(t *testing.T, s *subject) {
	p := newParty(t, s)
	traits := p.cal.Traits()
	assert.Equal(t, p.delivered, traits.Schedules)
	if !p.delivered {
		return
	}
	for range 2 { // DAViCal passes SCHEDULE-STATUS on with the first write after an answer
		p.edit(t, func(data string) string { return data })
	}
	add := func(line string) func(string) string {
		return func(data string) string { return strings.Replace(data, "END:VEVENT", line+"\r\nEND:VEVENT", 1) }
	}
	edits := []struct {
		property string
		change   func(string) string
	}{
		{"URL", add("URL:https://meeting.example.com/join/1")},
		{"CONFERENCE", add("CONFERENCE;VALUE=URI:https://meeting.example.com/join/1")},
		{"X-CONVOKE", add("X-CONVOKE;VALUE=TEXT:seal")},
		{"LAST-MODIFIED", add("LAST-MODIFIED:20261102T100000Z")},
		{"DTSTAMP", func(data string) string { return strings.Replace(data, "DTSTAMP:20261101", "DTSTAMP:20261102", 1) }},
		{"DESCRIPTION", add("DESCRIPTION:Text")},
		{"SUMMARY", func(data string) string { return strings.Replace(data, "SUMMARY:Party", "SUMMARY:Small party", 1) }},
		{"LOCATION", func(data string) string { return strings.Replace(data, "LOCATION:Room 1", "LOCATION:Room 2", 1) }},
	}
	for _, e := range edits {
		before := p.etags(t)
		p.edit(t, e.change)
		if traits.Server == "" {
			continue // the careful case says more than may be true
		}
		for i, tag := range p.etags(t) {
			assert.Equal(t, traits.Reaches(e.property), tag != before[i], "%s in %s's copy", e.property, s.guests[i].name)
		}
	}
}

func details(keepLocation bool) calendar.Details {
	const link = "https://meeting.example.com/join/123456"
	return calendar.Details{
		JoinURL: link, Number: "123456", Heading: "Web meeting", Lines: []string{"Join: " + link, "Number: 123456"},
		Seal: "v1.party", Stamp: "20261123T170000Z", KeepLocation: keepLocation,
	}
}

// join writes join details as the daemon does: read, edit, one conditional PUT. It returns the object before and after.
func (p *party) join(t *testing.T, d calendar.Details) (before, after calendar.Object) {
	t.Helper()
	before = p.only(t, p.uid+".ics")
	e, err := calendar.Parse(before.Data, nil)
	require.NoError(t, err)
	text, err := e.Write(d)
	require.NoError(t, err)
	writes := p.count(func() {
		after, err = p.cal.Put(t.Context(), calendar.Object{Href: before.Href, ETag: before.ETag, Data: text})
	})
	require.NoError(t, err)
	isPut := func(asked string) bool { return strings.HasPrefix(asked, "PUT ") }
	require.Len(t, slices.DeleteFunc(writes, func(asked string) bool { return !isPut(asked) }), 1)
	return before, after
}

// costsOneUpdate is the mail budget: one booking, one update for each attendee, and all answers stay. (Users of other products
// get invitations twice, or dozens of them: peers' pains 1 and 10.)
//
// The real Cyrus and DAViCal put SCHEDULE-STATUS into the organizer's object before they answer the PUT; its ETag does not
// change again later. So what is read back is final until somebody answers.
func costsOneUpdate(t *testing.T, s *subject) {
	p := newParty(t, s)
	if s.fake != nil {
		s.fake.ResetLog()
	}
	copies := p.etags(t)
	d := details(p.cal.Traits().LocationResets)
	before, after := p.join(t, d)

	for i, g := range s.guests {
		o, _ := p.copyOf(t, g)
		if !p.delivered {
			assert.Nil(t, o)
			continue
		}
		assert.NotEqual(t, copies[i], o.ETag, "the update came")
		assert.True(t, strings.Contains(unfold(o.Data), d.JoinURL), "%s sees the link", g.name)
		for _, who := range s.guests {
			assert.Equal(t, "ACCEPTED", says(t, after.Data, who), "in alice's")
			assert.Equal(t, "ACCEPTED", says(t, o.Data, who), "%s in %s's copy", who.name, g.name)
		}
		if s.fake != nil {
			assert.Equal(t, 1, p.told(g), "messages to %s", g.name)
		} else {
			// neither adds one: Cyrus leaves messages for what needs an answer only, DAViCal replaces that of the invitation
			assert.Equal(t, 1, p.requests(t, g), "in %s's inbox", g.name)
		}
	}
	assert.Equal(t, organizers(before.Data), organizers(after.Data), "not ours to touch")

	copies = p.etags(t)
	assert.Equal(t, after.ETag, p.only(t, p.uid+".ics").ETag, "nothing comes later")
	e, err := calendar.Parse(after.Data, nil)
	require.NoError(t, err)
	d.Stamp = "20261123T180000Z"
	again, err := e.Write(d)
	require.NoError(t, err)
	assert.Equal(t, string(after.Data), string(again), "a second pass writes nothing")
	assert.Equal(t, copies, p.etags(t))
}

// told counts the updates that the server in memory sent to a guest.
func (p *party) told(g guest) (n int) {
	for _, m := range p.fake.Messages() {
		if m.UID == p.uid && m.To == g.name+"@example.com" && m.Method == "REQUEST" {
			n++
		}
	}
	return n
}

var hrefElement = regexp.MustCompile(`href>([^<]+\.ics)<`)

// requests counts what lies in a guest's scheduling inbox on account of the event (RFC 6638, 2.2).
func (p *party) requests(t *testing.T, g guest) (n int) {
	t.Helper()
	box := map[string]string{"cyrus": "Inbox/", "davical": ".in/"}[p.cal.Traits().Server]
	require.NotEmpty(t, box)
	home := strings.TrimSuffix(g.calendar, "/")
	url := home[:strings.LastIndexByte(home, '/')+1] + box
	status, list := g.browser.send(t, "PROPFIND", url, "", "Depth", "1", "Content-Type", "application/xml")
	require.Equal(t, http.StatusMultiStatus, status, list)
	for _, m := range hrefElement.FindAllStringSubmatch(list, -1) {
		_, body := g.browser.send(t, http.MethodGet, url[:strings.Index(url[8:], "/")+8]+m[1], "")
		if text := unfold([]byte(body)); strings.Contains(text, "METHOD:REQUEST\n") && strings.Contains(text, "UID:"+p.uid+"\n") {
			n++
		}
	}
	return n
}

// organizers are the properties that only the organizer may change, but for what the server notes in them.
func organizers(data []byte) (lines []string) {
	for line := range strings.Lines(unfold(data)) {
		name := line[:strings.IndexAny(line, ":;\n")]
		if slices.Contains([]string{"SEQUENCE", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND", "SUMMARY", "STATUS", "RRULE"}, name) {
			lines = append(lines, scheduleStatus.ReplaceAllString(line, ""))
		}
	}
	slices.Sort(lines)
	return lines
}

var scheduleStatus = regexp.MustCompile(`;SCHEDULE-STATUS="?[0-9.]+"?`)

// locationResets has the careful case proved on SOGo, and shows for the others that they need not be so careful.
func locationResets(t *testing.T, s *subject) {
	p := newParty(t, s)
	traits := p.cal.Traits()
	if !p.delivered || traits.Server == "" {
		return
	}
	before, after := p.join(t, details(false))
	want := "ACCEPTED"
	if traits.LocationResets {
		want = "NEEDS-ACTION"
	}
	for _, g := range s.guests {
		o, _ := p.copyOf(t, g)
		assert.Equal(t, want, says(t, o.Data, g), "in his copy")
		assert.Equal(t, want, says(t, after.Data, g), "in alice's")
	}
	assert.Equal(t, traits.LocationResets, strings.Contains(unfold(after.Data), "SEQUENCE:1\n"))
	assert.Contains(t, unfold(before.Data), "SEQUENCE:0\n")
}
