package caldavtest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

const invitation = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:plan\r\nDTSTAMP:20261101T100000Z\r\nSEQUENCE:0\r\n" +
	"DTSTART:20261224T100000Z\r\nDTEND:20261224T110000Z\r\nSUMMARY:Plan\r\nORGANIZER;CN=\"A: lice\":mailto:Alice@example.com\r\n" +
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com\r\nATTENDEE;CN=\"B;ob\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:MAILTO:bob@example.com\r\n" +
	"ATTENDEE:mailto:carol@example.com\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:dan@elsewhere.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// An office is a server that schedules, with alice who organizes and bob and carol who are invited.
type office struct {
	*caldavtest.Server
	t *testing.T
}

func newOffice(t *testing.T, opts ...caldavtest.Option) *office {
	for _, u := range []string{"alice", "bob", "carol"} {
		opts = append(opts, caldavtest.User(u, "secret"))
	}
	return &office{caldavtest.New(opts...), t}
}

func (o *office) path(who string) string { return o.Calendar(who, "work") + "plan.ics" }

// read returns somebody's copy, unfolded.
func (o *office) read(who string) string {
	data, _, _ := o.Get(o.path(who))
	return strings.ReplaceAll(string(data), "\r\n ", "")
}

func (o *office) etag(who string) string {
	_, etag, _ := o.Get(o.path(who))
	return etag
}

func (o *office) write(data string) { require.NoError(o.t, o.Put(o.path("alice"), data)) }

// settle has both accept, and the organizer's next write behind it, and forgets what was sent.
func (o *office) settle() {
	o.write(invitation)
	require.NoError(o.t, o.Reply("bob", "plan", "ACCEPTED"))
	require.NoError(o.t, o.Reply("carol", "plan", "ACCEPTED"))
	o.write(o.read("alice"))
	o.write(o.read("alice"))
	o.ResetLog()
}

func (o *office) says(copyOf, who string) string {
	m := regexp.MustCompile(`ATTENDEE[^\r]*PARTSTAT=([A-Z-]+)[^\r]*:(?i:mailto:)` + who + "@").FindStringSubmatch(o.read(copyOf))
	if m == nil {
		return ""
	}
	return m[1]
}

func (o *office) sent() []string {
	var out []string
	for _, m := range o.Messages() {
		line := fmt.Sprintf("%s %s %s %s", m.Method, m.UID, strings.Split(m.To, "@")[0], m.Because)
		if m.Mail {
			line += " (mail)"
		}
		out = append(out, line)
	}
	return out
}

func TestInvitations(t *testing.T) {
	cases := map[string]struct {
		opts []caldavtest.Option
		sent []string
		dan  string // SCHEDULE-STATUS
		gone bool   // a cancelled event goes
	}{
		"plain": {[]caldavtest.Option{caldavtest.Scheduling()}, []string{"bob", "carol", "dan (mail)"}, "1.1", false},
		"cyrus": {[]caldavtest.Option{caldavtest.Profile("cyrus"), caldavtest.Scheduling()}, []string{"bob", "carol", "dan (mail)"}, "1.1", false},
		// DAViCal has nobody who could send mail
		"davical": {[]caldavtest.Option{caldavtest.Profile("davical")}, []string{"bob", "carol"}, "3.7", true},
		"sogo":    {[]caldavtest.Option{caldavtest.Profile("sogo")}, []string{"bob", "carol", "dan (mail)"}, "", true},
		"sabre":   {[]caldavtest.Option{caldavtest.Profile("sabre")}, []string{"bob", "carol", "dan (mail)"}, "1.1", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, c.opts...)
			expect := func(method, because string) {
				var want []string
				for _, to := range c.sent {
					to, mail, _ := strings.Cut(to, " ")
					want = append(want, strings.TrimSpace(fmt.Sprintf("%s plan %s %s %s", method, to, because, mail)))
				}
				assert.Equal(t, want, o.sent())
				o.ResetLog()
			}
			o.write(invitation)
			expect("REQUEST", "new")
			assert.Contains(t, o.read("bob"), "SUMMARY:Plan")
			assert.NotContains(t, o.read("bob"), "SCHEDULE-STATUS")
			mine := o.read("alice")
			assert.Equal(t, c.dan != "", strings.Contains(mine, "SCHEDULE-STATUS=1.2"), mine)
			assert.Equal(t, c.dan != "", strings.Contains(mine, "SCHEDULE-STATUS="+c.dan+":mailto:dan"), mine)
			assert.Equal(t, name != "sogo", strings.Contains(mine, "mailto:alice@example.com\r\n"+"ATTENDEE"), "her own line")

			require.NoError(t, o.Delete(o.path("alice")))
			expect("CANCEL", "deleted")
			assert.Equal(t, c.gone, o.read("bob") == "", "%s", o.read("bob"))
			if !c.gone {
				assert.Contains(t, o.read("bob"), "STATUS:CANCELLED")
				require.NoError(t, o.Delete(o.path("bob")))
				assert.Empty(t, o.sent(), "nothing to decline")
			}
		})
	}
}

// What a change of one property costs. The rows were measured on the servers themselves.
func TestWhatReachesAttendees(t *testing.T) {
	replace := func(old, by string) func(string) string {
		return func(data string) string { return strings.Replace(data, old, by, 1) }
	}
	add := func(line string) func(string) string { return replace("END:VEVENT", line+"\r\nEND:VEVENT") }
	edits := map[string]func(string) string{
		"nothing":     func(data string) string { return data },
		"LOCATION":    add("LOCATION:Room 1"),
		"DESCRIPTION": add("DESCRIPTION:Text"),
		"SUMMARY":     replace("SUMMARY:Plan", "SUMMARY:Other"),
		"URL":         add("URL:https://meeting.example.com/join/1"),
		"CONFERENCE":  add("CONFERENCE;VALUE=URI:https://meeting.example.com/join/1"),
		"X-CONVOKE":   add("X-CONVOKE:seal"),
		"ATTACH":      add("ATTACH:https://example.com/a"),
		"DTSTAMP":     replace("DTSTAMP:20261101", "DTSTAMP:20261102"),
		"DTSTART":     replace("DTSTART:20261224T10", "DTSTART:20261224T09"),
	}
	cases := map[string]struct{ reaches, resets, raises []string }{
		"davical": {reaches: []string{"LOCATION", "DESCRIPTION", "SUMMARY", "DTSTAMP", "DTSTART"}, resets: []string{"DTSTART"}},
		"cyrus":   {reaches: []string{"LOCATION", "DESCRIPTION", "SUMMARY", "ATTACH", "DTSTART"}, resets: []string{"DTSTART"}},
		"sogo": {reaches: []string{"LOCATION", "DESCRIPTION", "SUMMARY", "DTSTART"}, resets: []string{"LOCATION", "DTSTART"},
			raises: []string{"LOCATION", "DTSTART"}},
		"sabre": {reaches: []string{"nothing", "LOCATION", "DESCRIPTION", "SUMMARY", "URL", "CONFERENCE", "X-CONVOKE", "ATTACH", "DTSTAMP", "DTSTART"}},
	}
	for server, c := range cases {
		for property, edit := range edits {
			t.Run(server+" "+property, func(t *testing.T) {
				o := newOffice(t, caldavtest.Profile(server))
				o.settle()
				before := o.etag("carol")
				o.write(edit(o.read("alice")))
				var want []string
				if slices.Contains(c.reaches, property) {
					because := property
					if property == "nothing" {
						because = ""
					}
					want = []string{"REQUEST plan bob " + because, "REQUEST plan carol " + because}
				}
				var local []string
				for _, m := range o.sent() {
					if !strings.Contains(m, "(mail)") {
						local = append(local, m)
					}
				}
				assert.Equal(t, want, local)
				if property != "nothing" {
					assert.Equal(t, want != nil, before != o.etag("carol"), "the copy's ETag")
				}
				answer := "ACCEPTED"
				if slices.Contains(c.resets, property) {
					answer = "NEEDS-ACTION"
				}
				assert.Equal(t, answer, o.says("bob", "bob"))
				if server == "cyrus" { // where the organizer sees the old answer until there is a new one
					answer = "ACCEPTED"
				}
				assert.Equal(t, answer, o.says("alice", "bob"))
				if server != "davical" {
					assert.NotContains(t, o.read("bob"), "SCHEDULE-STATUS", "which is between the organizer and the server")
				}
				assert.Equal(t, slices.Contains(c.raises, property), strings.Contains(o.read("alice"), "SEQUENCE:1"))
			})
		}
	}
}

// People elsewhere are told of less than users are, and of different things.
func TestMail(t *testing.T) {
	cases := map[string]map[string]int{
		"cyrus":   {"LOCATION": 1, "DESCRIPTION": 1, "URL": 0, "STATUS": 0},
		"davical": {"LOCATION": 0, "DESCRIPTION": 0, "URL": 0, "STATUS": 0},
		"sogo":    {"LOCATION": 1, "DESCRIPTION": 0, "URL": 0, "STATUS": 1},
		"sabre":   {"LOCATION": 0, "DESCRIPTION": 0, "URL": 0, "STATUS": 1},
	}
	for server, properties := range cases {
		for property, want := range properties {
			o := newOffice(t, caldavtest.Profile(server))
			o.settle()
			o.write(strings.Replace(o.read("alice"), "END:VEVENT", property+":CONFIRMED\r\nEND:VEVENT", 1))
			assert.Equal(t, want, strings.Count(strings.Join(o.sent(), "\n"), "dan "+property+" (mail)"), "%s %s", server, property)
		}
	}
}

// DAViCal's copies take over people's lines as the organizer's program last saw them, with the status that its server put there.
func TestFirstWriteReachesAllOnDAViCal(t *testing.T) {
	o := newOffice(t, caldavtest.Profile("davical"))
	o.write(invitation)
	o.ResetLog()
	o.write(strings.Replace(o.read("alice"), "END:VEVENT", "URL:https://example.com/\r\nEND:VEVENT", 1))
	assert.Equal(t, []string{"REQUEST plan bob URL", "REQUEST plan carol URL"}, o.sent())
	assert.NotContains(t, o.read("bob"), "URL:")
	o.ResetLog()
	o.write(strings.Replace(o.read("alice"), "URL:https", "URL:http", 1))
	assert.Empty(t, o.sent())
}

// DAViCal passes on the first VEVENT only: what is written into an override stays with the organizer.
func TestOverridesStayOnDAViCal(t *testing.T) {
	master, _, _ := strings.Cut(invitation, "END:VCALENDAR")
	override := strings.Replace(master[strings.Index(master, "BEGIN:VEVENT"):], "UID:plan", "UID:plan\r\nRECURRENCE-ID:20261231T100000Z", 1)
	series := master + override + "END:VCALENDAR\r\n"
	at := strings.Index(series, "RECURRENCE-ID")
	edited := series[:at] + strings.Replace(series[at:], "SUMMARY:Plan", "SUMMARY:Other", 1)
	for server, want := range map[string]bool{"davical": false, "cyrus": true} {
		o := newOffice(t, caldavtest.Profile(server))
		o.write(series)
		o.write(series) // the first write behind the invitation reaches all
		o.ResetLog()
		o.write(edited)
		assert.Equal(t, want, strings.Contains(o.read("bob"), "SUMMARY:Other"), server)
		assert.Equal(t, want, len(o.sent()) > 0, server)
	}
}

func TestReplies(t *testing.T) {
	o := newOffice(t, caldavtest.Scheduling())
	o.write(invitation)
	before := o.etag("alice")
	o.ResetLog()
	require.NoError(t, o.Reply("bob", "plan", "TENTATIVE"))
	assert.Equal(t, []string{"REPLY plan alice reply"}, o.sent())
	assert.Equal(t, "TENTATIVE", o.says("alice", "bob"))
	assert.Contains(t, o.read("alice"), `ATTENDEE;CN="B;ob";PARTSTAT=TENTATIVE;RSVP=TRUE;SCHEDULE-STATUS=2.0:MAILTO:bob@example.com`)
	assert.NotEqual(t, before, o.etag("alice"))
	assert.Equal(t, "NEEDS-ACTION", o.says("carol", "bob"), "told with the next update")

	o.ResetLog()
	require.NoError(t, o.Put(o.path("bob"), strings.Replace(o.read("bob"), "END:VEVENT", "LOCATION:My room\r\nEND:VEVENT", 1)))
	assert.Empty(t, o.sent(), "his own business")

	require.NoError(t, o.Delete(o.path("carol")))
	assert.Equal(t, []string{"REPLY plan alice reply"}, o.sent())
	assert.Equal(t, "DECLINED", o.says("alice", "carol"))

	require.Error(t, o.Reply("carol", "plan", "ACCEPTED"), "she has no copy")
	require.Error(t, o.Reply("nobody", "plan", "ACCEPTED"))
}

func TestRepliesLeaveTheServer(t *testing.T) {
	o := newOffice(t, caldavtest.Scheduling())
	foreign := strings.NewReplacer("Alice@example.com", "eve@elsewhere.example").Replace(invitation)
	require.NoError(t, o.Put(o.path("bob"), foreign))
	assert.Empty(t, o.sent(), "somebody else's event is not ours to tell")
	require.NoError(t, o.Reply("bob", "plan", "ACCEPTED"))
	assert.Equal(t, []string{"REPLY plan eve reply (mail)"}, o.sent())
}

// An answer to one occurrence changes that one only.
func TestReplyToAnOverride(t *testing.T) {
	o := newOffice(t, caldavtest.Scheduling())
	master, _, _ := strings.Cut(invitation, "END:VCALENDAR")
	override := strings.Replace(master[strings.Index(master, "BEGIN:VEVENT"):], "UID:plan", "UID:plan\r\nRECURRENCE-ID:20261231T100000Z", 1)
	o.write(strings.Replace(master, "SEQUENCE:0", "SEQUENCE:0\r\nRRULE:FREQ=WEEKLY", 1) + override + "END:VCALENDAR\r\n")
	mine := o.read("bob")
	at := strings.Index(mine, "RECURRENCE-ID")
	require.Positive(t, at)
	require.NoError(t, o.Put(o.path("bob"), mine[:at]+strings.Replace(mine[at:], "NEEDS-ACTION;RSVP", "DECLINED;RSVP", 1)))
	heard := o.read("alice")
	at = strings.Index(heard, "RECURRENCE-ID")
	assert.NotContains(t, heard[:at], "DECLINED")
	assert.Contains(t, heard[at:], "DECLINED")

	o.ResetLog()
	o.write(strings.Replace(o.read("alice"), "RECURRENCE-ID:20261231", "RECURRENCE-ID:20270107", 1))
	assert.Contains(t, o.sent(), "REQUEST plan bob RECURRENCE-ID", "another override")
}

func TestAttendeesComeAndGo(t *testing.T) {
	o := newOffice(t, caldavtest.Scheduling())
	require.NoError(t, o.Put(o.path("carol"), strings.Replace(event, "UID:1", "UID:hers", 1)))
	without := strings.Replace(invitation, "ATTENDEE:mailto:carol@example.com\r\n", "", 1)
	o.write(without)
	o.ResetLog()
	o.write(invitation)
	assert.Equal(t, []string{"REQUEST plan carol new"}, o.sent())
	assert.Contains(t, o.read("carol"), "UID:hers", "her own event of that name stays")
	assert.Len(t, o.List(o.Calendar("carol", "work")), 2)

	o.ResetLog()
	o.write(without)
	assert.Equal(t, []string{"CANCEL plan carol removed"}, o.sent())

	o.ResetLog()
	o.write(event)
	assert.Equal(t, []string{"CANCEL plan bob removed", "CANCEL plan dan removed (mail)"}, o.sent(), "no organizer any more")
}

// SCHEDULE-AGENT=CLIENT leaves the telling to the organizer's program, but SOGo tells all the same and takes it away.
func TestScheduleAgent(t *testing.T) {
	for server, want := range map[string][]string{"cyrus": {"REQUEST plan carol new"}, "sogo": {"REQUEST plan bob new", "REQUEST plan carol new"}} {
		o := newOffice(t, caldavtest.Profile(server))
		o.write(strings.Replace(strings.Replace(invitation, "RSVP=TRUE", "RSVP=TRUE;SCHEDULE-AGENT=CLIENT", 1), "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:dan@elsewhere.example\r\n", "", 1))
		assert.Equal(t, want, o.sent(), server)
		assert.Equal(t, server == "cyrus", strings.Contains(o.read("alice"), "SCHEDULE-AGENT"), server)
	}
}

// Those who are not asked to schedule do not.
func TestNoScheduling(t *testing.T) {
	for _, opts := range [][]caldavtest.Option{nil, {caldavtest.Profile("radicale")}, {caldavtest.Profile("xandikos")}, {caldavtest.Profile("sabre-1.8")}} {
		o := newOffice(t, opts...)
		o.write(invitation)
		assert.Empty(t, o.sent())
		assert.Empty(t, o.read("bob"))
		require.Error(t, o.Reply("bob", "plan", "ACCEPTED"))
	}
}

// Over the network it is the same as by hand, and a PUT that was told to others has no ETag in its answer.
func TestSchedulingOverHTTP(t *testing.T) {
	for server, tells := range map[string]bool{"cyrus": false, "davical": false, "sogo": true} {
		r := newRig(t, caldavtest.Profile(server))
		path := r.Calendar("alice", "work") + "plan.ics"
		res, _ := r.ask("PUT", path, invitation)
		assert.Equal(t, 201, res.StatusCode)
		assert.Equal(t, tells, res.Header.Get("ETag") != "", server)
		require.NotEmpty(t, r.Messages())
		assert.Len(t, r.List(r.Calendar("bob", "work")), 1)
		assert.Equal(t, 204, r.status("DELETE", path, ""))
		assert.Equal(t, "CANCEL", r.Messages()[len(r.Messages())-1].Method)
	}
	r := newRig(t, caldavtest.Scheduling())
	res, _ := r.ask("OPTIONS", work, "")
	assert.Contains(t, res.Header.Get("DAV"), "calendar-auto-schedule")
}
