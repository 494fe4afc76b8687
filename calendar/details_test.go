package calendar_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

const (
	joinURL = "https://meeting.example.com/join/9974-7653-8886-0485"
	oldURL  = "https://meeting.example.com/join/1111-2222-3333-4444"
	block   = `-------- Web meeting --------\nJoin: ` + joinURL + `\nMeeting number: 9974-7653-8886-0485\n-----------------------------`
	oldText = `-------- Reunión web --------\nÚnase: ` + oldURL + `\n-----------------------------`
	twin    = `<div class="convoke-meeting"><b>Web meeting</b><br>Join: <a href="` + joinURL + `">` + joinURL + `</a><br>Meeting number: 9974-7653-8886-0485</div>`
)

func isError(err, target error) bool { return errors.Is(err, target) }

func testDetails() calendar.Details {
	return calendar.Details{
		JoinURL: joinURL,
		Number:  "9974-7653-8886-0485",
		Heading: "Web meeting",
		Lines:   []string{"Join: " + joinURL, "Meeting number: 9974-7653-8886-0485"},
		Seal:    "v1.01234567.5e9459c5b863b82cefdddf50.0.AAAA",
		Stamp:   "20261123T170000Z",
		Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"},
	}
}

// write applies the details and gives the unfolded lines of one property afterwards.
func write(t *testing.T, d calendar.Details, data []byte, property string) []string {
	t.Helper()
	after, err := parse(t, data).Write(d)
	require.NoError(t, err)
	return propertyLines(after, property)
}

func erase(t *testing.T, d calendar.Details, data []byte, property string) []string {
	t.Helper()
	after, err := parse(t, data).Erase(d)
	require.NoError(t, err)
	return propertyLines(after, property)
}

func propertyLines(data []byte, name string) []string {
	var found []string
	for _, c := range calendar.Diff(nil, data) {
		property, _, _ := strings.Cut(c.Text, ":")
		property, _, _ = strings.Cut(property, ";")
		if strings.EqualFold(property, name) {
			found = append(found, c.Text)
		}
	}
	return found
}

// TestWriteProperty has, for one property, what stands there before, after a write, and after Erase of that.
func TestWriteProperty(t *testing.T) {
	cases := []struct {
		name                  string
		before, after, erased string // "" = no such property; several lines are joined by a bar
	}{
		{"location: none", "", "LOCATION:" + joinURL, ""},
		{"location: empty", "LOCATION;LANGUAGE=en:", "LOCATION;LANGUAGE=en:" + joinURL, ""},
		{"location: marker", "LOCATION:@meet", "LOCATION:" + joinURL, ""},
		{"location: marker with preset", "LOCATION:@meet:record", "LOCATION:" + joinURL, ""},
		{"location: room and marker", "LOCATION:Room 5 @Meet", "LOCATION:Room 5 " + joinURL, "LOCATION:Room 5"},
		{"location: marker and room", "LOCATION:@meet\\, Room 5", "LOCATION:" + joinURL + "\\, Room 5", "LOCATION:Room 5"},
		{"location: room", "LOCATION:Room 5", "LOCATION:Room 5\\, " + joinURL, "LOCATION:Room 5"},
		{"location: oddly escaped", `LOCATION:Room\: 5, 2nd \floor`, `LOCATION:Room\: 5, 2nd \floor\, ` + joinURL, `LOCATION:Room\: 5, 2nd \floor`},
		{"location: there already", "LOCATION:Room 5; " + joinURL, "LOCATION:Room 5; " + joinURL, "LOCATION:Room 5;"},
		{"location: a longer link", "LOCATION:" + joinURL + "9", "LOCATION:" + joinURL + "9\\, " + joinURL, "LOCATION:" + joinURL + "9"},
		{"location: old link", "LOCATION:Room 5\\, " + oldURL + "\\, upstairs", "LOCATION:Room 5\\, " + joinURL + "\\, upstairs", "LOCATION:Room 5\\, upstairs"},
		{"location: old and new link", "LOCATION:" + oldURL + "\\, " + joinURL, "LOCATION:" + joinURL, ""},

		{"description: none", "", "DESCRIPTION:" + block, ""},
		{"description: text", "DESCRIPTION:Agenda", "DESCRIPTION:Agenda\\n\\n" + block, "DESCRIPTION:Agenda"},
		{"description: text and line end", "DESCRIPTION:Agenda\\n", "DESCRIPTION:Agenda\\n\\n\\n" + block, "DESCRIPTION:Agenda\\n"},
		{"description: oddly escaped", `DESCRIPTION:a\: b, c \x`, `DESCRIPTION:a\: b, c \x\n\n` + block, `DESCRIPTION:a\: b, c \x`},
		{"description: marker alone", "DESCRIPTION:@meet", "DESCRIPTION:" + block, ""},
		{"description: marker between", "DESCRIPTION:Hello\\n@MEET\\nBye", "DESCRIPTION:Hello\\n" + block + "\\nBye", "DESCRIPTION:Hello\\nBye"},
		{"description: block edited by the author", "DESCRIPTION:" + strings.Replace(block, "Join:", "Come here\\, all of you:", 1), "DESCRIPTION:" + strings.Replace(block, "Join:", "Come here\\, all of you:", 1), "DESCRIPTION:Come here\\, all of you: "},
		{"description: heading of another language", "DESCRIPTION:" + strings.Replace(block, "Web meeting", "Webový tref", 1), "DESCRIPTION:" + strings.Replace(block, "Web meeting", "Webový tref", 1), ""},
		{"description: text below the block", "DESCRIPTION:Above\\n\\n" + block + "\\nBelow", "DESCRIPTION:Above\\n\\n" + block + "\\nBelow", "DESCRIPTION:Above\\n\\nBelow"},
		{"description: link without a block", "DESCRIPTION:See\\n" + joinURL + "\\nor call", "DESCRIPTION:See\\n" + joinURL + "\\nor call", "DESCRIPTION:See\\nor call"},
		{"description: link in a sentence", "DESCRIPTION:See " + joinURL + " or call", "DESCRIPTION:See " + joinURL + " or call", "DESCRIPTION:See  or call"},
		{"description: link cut out of the block", "DESCRIPTION:" + strings.Replace(block, "Join: "+joinURL, "Join:", 1), "DESCRIPTION:" + block, ""},
		{"description: block of an earlier meeting", "DESCRIPTION:Hi\\n" + oldText + "\\nBye", "DESCRIPTION:Hi\\n" + block + "\\nBye", "DESCRIPTION:Hi\\nBye"},
		{"description: both blocks", "DESCRIPTION:" + block + "\\n\\n" + oldText, "DESCRIPTION:" + block, ""},
		{"description: two blocks in a row", "DESCRIPTION:" + block + "\\n" + block, "DESCRIPTION:" + block + "\\n" + block, ""},
		{"description: old link in the text", "DESCRIPTION:Come to " + oldURL + "\\, all", "DESCRIPTION:Come to " + joinURL + "\\, all", "DESCRIPTION:Come to \\, all"},
		{"description: somebody else's block", "DESCRIPTION:-------- Agenda --------\\n1. Budget\\n------------------------", "DESCRIPTION:-------- Agenda --------\\n1. Budget\\n------------------------\\n\\n" + block, "DESCRIPTION:-------- Agenda --------\\n1. Budget\\n------------------------"},
		{"description: closing ruler deleted, another below", "DESCRIPTION:" + strings.TrimSuffix(block, `\n-----------------------------`) + "\\nMy text\\n----------", "DESCRIPTION:" + strings.TrimSuffix(block, `\n-----------------------------`) + "\\nMy text\\n----------", "DESCRIPTION:-------- Web meeting --------\\nJoin: \\nMeeting number: 9974-7653-8886-0485\\nMy text\\n----------"},

		{"url: none", "", "URL:" + joinURL, ""},
		{"url: empty", "URL;VALUE=URI:", "URL;VALUE=URI:" + joinURL, ""},
		{"url: of the author", "URL:https://example.com/agenda", "URL:https://example.com/agenda", "URL:https://example.com/agenda"},
		{"url: of the author, with the link in it", "URL:https://go.example.com/?to=" + joinURL, "URL:https://go.example.com/?to=" + joinURL, "URL:https://go.example.com/?to=" + joinURL},
		{"url: of the author, with the old link in it", "URL:https://go.example.com/?to=" + oldURL, "URL:https://go.example.com/?to=" + oldURL, "URL:https://go.example.com/?to=" + oldURL},
		{"url: the link in white space", "URL: " + joinURL + " ", "URL: " + joinURL + " ", ""},
		{"url: old", "URL:" + oldURL, "URL:" + joinURL, ""},

		{"conference: none", "", "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Web meeting:" + joinURL, ""},
		{"conference: as a server writes it", `CONFERENCE;FEATURE="VIDEO";VALUE=URI:https\://meeting.example.com/join/9974-7653-8886-0485`, `CONFERENCE;FEATURE="VIDEO";VALUE=URI:https\://meeting.example.com/join/9974-7653-8886-0485`, ""},
		{"conference: another stays", "CONFERENCE;VALUE=URI:tel:+1-412-555-0123", "CONFERENCE;VALUE=URI:tel:+1-412-555-0123|CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Web meeting:" + joinURL, "CONFERENCE;VALUE=URI:tel:+1-412-555-0123"},
		{"conference: old", "CONFERENCE;VALUE=URI;LABEL=Old:" + oldURL + "|CONFERENCE:" + oldURL, "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Web meeting:" + joinURL, ""},

		{"x-convoke: none", "", "X-CONVOKE;VALUE=TEXT:" + testDetails().Seal, ""},
		{"x-convoke: without parameters", "X-CONVOKE:" + testDetails().Seal, "X-CONVOKE:" + testDetails().Seal, ""},
		{"x-convoke: another, and one more", "X-CONVOKE:v1.a.b.0.c|X-CONVOKE:v1.d.e.0.f", "X-CONVOKE:" + testDetails().Seal, ""},

		{"x-alt-desc: none", "", "", ""},
		{"x-alt-desc: no HTML", "X-ALT-DESC;FMTTYPE=text/plain:text", "X-ALT-DESC;FMTTYPE=text/plain:text", "X-ALT-DESC;FMTTYPE=text/plain:text"},
		{"x-alt-desc: fragment", "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>", "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>" + twin, "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>"},
		{"x-alt-desc: document", `X-ALT-DESC;FMTTYPE=text/html:<html><BODY class="</body>"><!-- </body> --><p>a</p></BODY>\n</html>`, `X-ALT-DESC;FMTTYPE=text/html:<html><BODY class="</body>"><!-- </body> --><p>a</p>` + twin + `</BODY>\n</html>`, `X-ALT-DESC;FMTTYPE=text/html:<html><BODY class="</body>"><!-- </body> --><p>a</p></BODY>\n</html>`},
		{"x-alt-desc: marker", "X-ALT-DESC;FMTTYPE=text/html:<p> @meet </p><p>@meet me</p>", "X-ALT-DESC;FMTTYPE=text/html:<p>  </p><p>@meet me</p>" + twin, "X-ALT-DESC;FMTTYPE=text/html:<p>  </p><p>@meet me</p>"},
		{"x-alt-desc: edited by the author", `X-ALT-DESC;FMTTYPE=text/html:<div class="x_convoke-meeting"><div>Come: ` + joinURL + `</div></div><p>a</p>`, `X-ALT-DESC;FMTTYPE=text/html:<div class="x_convoke-meeting"><div>Come: ` + joinURL + `</div></div><p>a</p>`, "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>"},
		{"x-alt-desc: old block", "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>" + strings.ReplaceAll(twin, joinURL, oldURL), "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>" + twin, "X-ALT-DESC;FMTTYPE=text/html:<p>a</p>"},
		{"x-alt-desc: old link", `X-ALT-DESC;FMTTYPE=text/html:<a href="` + oldURL + `">` + oldURL + `</a>`, `X-ALT-DESC;FMTTYPE=text/html:<a href="` + joinURL + `">` + joinURL + `</a>`, `X-ALT-DESC;FMTTYPE=text/html:<a href=""></a>`},

		{"dtstamp: set", "DTSTAMP:20261101T090000Z", "DTSTAMP:20261123T170000Z", "DTSTAMP:20261123T170000Z"},
		{"last-modified: set", "LAST-MODIFIED:20261101T090000Z", "LAST-MODIFIED:20261123T170000Z", "LAST-MODIFIED:20261123T170000Z"},
		{"last-modified: not added", "", "", ""},
		{"sequence: alone", "SEQUENCE:3", "SEQUENCE:3", "SEQUENCE:3"},
		{"summary: the marker stays", "SUMMARY:Budget @meet", "SUMMARY:Budget @meet", "SUMMARY:Budget @meet"},
		{"categories: the marker stays", "CATEGORIES:@meet", "CATEGORIES:@meet", "CATEGORIES:@meet"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			property, _, _ := strings.Cut(c.name, ":")
			d := testDetails()
			d.Replaces = []string{oldURL}
			before := []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20261210T140000Z\r\n" +
				strings.ReplaceAll(c.before, "|", "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
			e := parse(t, before)
			after, err := e.Write(d)
			require.NoError(t, err)
			assert.Equal(t, c.after, strings.Join(propertyLines(after, property), "|"), "after Write")
			again, err := parse(t, after).Write(d)
			require.NoError(t, err)
			assert.Equal(t, string(after), string(again), "a second Write")
			erased, err := parse(t, after).Erase(d)
			require.NoError(t, err)
			assert.Equal(t, c.erased, strings.Join(propertyLines(erased, property), "|"), "after Erase")
			assert.False(t, parse(t, erased).Components[0].Shows(joinURL))
		})
	}
}

func TestWriteOverrides(t *testing.T) {
	after, err := parse(t, load(t, "series-with-override.ics")).Write(testDetails())
	require.NoError(t, err)
	e := parse(t, after)
	assert.Equal(t, joinURL, e.Components[0].Location)
	assert.Equal(t, "Room 7, "+joinURL, e.Components[1].Location)
	for _, c := range e.Components {
		assert.Equal(t, testDetails().Seal, c.Seal)
		assert.True(t, c.Shows(joinURL))
		assert.Equal(t, []string{joinURL}, c.Conferences)
	}
}

// TestWriteIntoOneOverride writes where one override lacks the details: the master stays as it is, stamps too.
func TestWriteIntoOneOverride(t *testing.T) {
	data, err := parse(t, load(t, "series-with-override.ics")).Write(testDetails())
	require.NoError(t, err)
	override := strings.LastIndex(string(data), "LOCATION:")
	edited := string(data[:override]) + "LOCATION:Room 9\r\nX-OLD-" + string(data[override:])
	d := testDetails()
	d.Stamp = "20261224T000000Z"
	after, err := parse(t, []byte(edited)).Write(d)
	require.NoError(t, err)
	assert.Equal(t, []calendar.LineChange{
		{Removed: true, Text: "DTSTAMP:20261123T170000Z"},
		{Removed: false, Text: "DTSTAMP:20261224T000000Z"},
		{Removed: true, Text: "LOCATION:Room 9"},
		{Removed: false, Text: "LOCATION:Room 9\\, " + joinURL},
	}, calendar.Diff([]byte(edited), after))
}

func TestWriteThunderbird(t *testing.T) {
	data := load(t, "thunderbird-altrep.ics")
	got := write(t, testDetails(), data, "DESCRIPTION")
	require.Len(t, got, 1)
	head, value, _ := strings.Cut(got[0], `":`)
	assert.Equal(t, `Hello\, *bold*\n\n`+block, value)
	assert.Contains(t, head, `ALTREP="data:text/html,%3Cbody%3E%3Cp%3EHello%2C%20%3Cb%3Ebold%3C%2Fb%3E%3C%2Fp%3E%3Cp%3E%3C%2Fp%3E%3Cdiv%20class%3D%22convoke-meeting%22%3E`)
	assert.True(t, strings.HasSuffix(head, "%3C%2Fdiv%3E%3C%2Fbody%3E"), head)

	after, err := parse(t, data).Write(testDetails())
	require.NoError(t, err)
	assert.Equal(t, []string{`DESCRIPTION;ALTREP="data:text/html,%3Cbody%3E%3Cp%3EHello%2C%20%3Cb%3Ebold%3C%2Fb%3E%3C%2Fp%3E%3Cp%3E%3C%2Fp%3E%3C%2Fbody%3E":Hello\, *bold*`},
		erase(t, testDetails(), after, "DESCRIPTION"))

	for _, head := range []string{`DESCRIPTION;ALTREP="cid:part1"`, `DESCRIPTION;ALTREP="data:text/html;base64,PGI+"`, `DESCRIPTION;ALTREP="data:text/html,%zz"`} {
		assert.Equal(t, []string{head + ":a\\n\\n" + block}, write(t, testDetails(), event(head+":a"), "DESCRIPTION"))
	}
}

func TestWriteQuotesTheLabel(t *testing.T) {
	d := testDetails()
	d.Heading = `Réunion: "web"`
	assert.Equal(t, []string{`CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL="Réunion: 'web'":` + joinURL}, write(t, d, event(), "CONFERENCE"))
}

func TestWriteKeepsToItsComponent(t *testing.T) {
	data := load(t, "nested-alarm.ics")
	after, err := parse(t, data).Write(testDetails())
	require.NoError(t, err)
	for _, line := range []string{"UID:alarm-of-its-own\r\n", "DESCRIPTION:@meet\r\n", "LOCATION:nowhere\r\n"} {
		assert.Contains(t, string(after), line)
	}
	c := parse(t, after).Components[0]
	assert.Equal(t, joinURL, c.Location)
	assert.True(t, strings.HasPrefix(c.Description, "Behind the alarm\n\n------"))
}

func TestWriteSaysNothingNew(t *testing.T) {
	for name, data := range readTree(t, "testdata") {
		after, err := parse(t, data).Write(testDetails())
		require.NoError(t, err, name)
		later := testDetails()
		later.Stamp = "20270101T000000Z"
		again, err := parse(t, after).Write(later)
		require.NoError(t, err, name)
		assert.Equal(t, string(after), string(again), "%s: a stamp alone is no reason to write", name)
	}
	data := event("LOCATION:Room 5")
	same, err := parse(t, data).Erase(testDetails())
	require.NoError(t, err)
	assert.Equal(t, string(data), string(same), "nothing to take out")
}

func TestWriteRefuses(t *testing.T) {
	cases := []struct {
		name   string
		change func(*calendar.Details)
		want   error
	}{
		{"line end in a line", func(d *calendar.Details) { d.Lines = append(d.Lines, "a\r\nATTACH:evil") }, calendar.ErrControl},
		{"line feed in the heading", func(d *calendar.Details) { d.Heading = "a\nb" }, calendar.ErrControl},
		{"control character in the seal", func(d *calendar.Details) { d.Seal = "v1\x00" }, calendar.ErrControl},
		{"line end in the stamp", func(d *calendar.Details) { d.Stamp = "2026\r\nX:1" }, calendar.ErrControl},
		{"line end in the URL", func(d *calendar.Details) { d.JoinURL += "\r" }, calendar.ErrControl},
		{"not UTF-8", func(d *calendar.Details) { d.Number = "\xff" }, calendar.ErrControl},
		{"space in the URL", func(d *calendar.Details) { d.JoinURL += " x" }, nil},
		{"no URL", func(d *calendar.Details) { d.JoinURL = "" }, nil},
		{"no heading", func(d *calendar.Details) { d.Heading = " " }, nil},
		{"no line with the URL", func(d *calendar.Details) { d.Lines = []string{"Join us"} }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := testDetails()
			c.change(&d)
			out, err := parse(t, event()).Write(d)
			require.Error(t, err)
			assert.Nil(t, out)
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestWriteAPlan(t *testing.T) {
	d := testDetails()
	d.JoinURL, d.Number, d.Seal, d.Stamp = "https://meeting.example.com/join/{meetingId}", "{meetingId}", "{seal}", "{now}"
	d.Lines = []string{"Join: " + d.JoinURL}
	after, err := parse(t, event("LOCATION:@meet")).Write(d)
	require.NoError(t, err)
	assert.Equal(t, []calendar.LineChange{
		{Removed: true, Text: "DTSTAMP:20261101T090000Z"},
		{Removed: false, Text: "DTSTAMP:{now}"},
		{Removed: true, Text: "LOCATION:@meet"},
		{Removed: false, Text: "LOCATION:https://meeting.example.com/join/{meetingId}"},
		{Removed: false, Text: `DESCRIPTION:-------- Web meeting --------\nJoin: https://meeting.example.com/join/{meetingId}\n-----------------------------`},
		{Removed: false, Text: "URL:https://meeting.example.com/join/{meetingId}"},
		{Removed: false, Text: "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Web meeting:https://meeting.example.com/join/{meetingId}"},
		{Removed: false, Text: "X-CONVOKE;VALUE=TEXT:{seal}"},
	}, calendar.Diff(event("LOCATION:@meet"), after))
}

func TestShows(t *testing.T) {
	amp := "https://m.example.com/?a=1&m=5"
	for _, line := range []string{"LOCATION:Room 5\\, " + amp, "URL:" + amp, "CONFERENCE:" + amp, "DESCRIPTION:a\\n" + amp + "\\nb", "X-ALT-DESC;FMTTYPE=text/html:" + strings.Replace(amp, "&", "&amp\\;", 1)} {
		c := parse(t, event(line)).Components[0]
		assert.True(t, c.Shows(amp), line)
		assert.False(t, c.Shows("https://m.example.com/?a=1&m=50"), line)
		assert.False(t, c.Shows("https://m.example.com/?a=1&m="), line)
		assert.False(t, c.Shows(""), line)
	}
	assert.False(t, parse(t, event("COMMENT:"+amp)).Components[0].Shows(amp))
}
