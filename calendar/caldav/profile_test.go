package caldav

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProfileText(t *testing.T) {
	full := "server=cyrus sync=yes data=no multiget=yes ctag=no schedule=yes"
	assert.Equal(t, full, parseProfile(full).String())
	assert.Equal(t, "sync=no", parseProfile("  future=7 sync=no data=perhaps nonsense ").String())
	assert.Empty(t, parseProfile("").String())
}

// The headers are those that the servers send.
func TestRecognise(t *testing.T) {
	cases := map[string]struct {
		dav    []string
		server string
		want   Traits
	}{
		"cyrus":                    {[]string{"1, 2, 3, access-control", "calendar-access, calendar-auto-schedule", "calendarserver-sharing, inbox-availability"}, "", Traits{"cyrus", true, true, true, false}},
		"davical":                  {[]string{"1, 2, 3, access-control, calendar-access, calendar-schedule", "extended-mkcol, bind, addressbook, calendar-auto-schedule, calendar-proxy"}, "Apache", Traits{"davical", true, false, false, false}},
		"sogo":                     {[]string{"1, 2, calendar-access, calendar-auto-schedule, calendar-query-extended"}, "SOPE", Traits{"sogo", true, true, false, true}},
		"sabre":                    {[]string{"1, 3, calendarserver-principal-property-search, calendar-access, calendar-auto-schedule"}, "Apache", Traits{"sabre", true, false, false, false}},
		"sabre without scheduling": {[]string{"1, 3, calendarserver-principal-property-search, calendar-access"}, "Apache", Traits{"sabre", false, false, false, false}},
		"xandikos":                 {[]string{"1, 2, 3, calendar-access, calendar-auto-scheduling"}, "Python/3.11 aiohttp/3.8.4", Traits{"xandikos", false, true, true, false}},
		"radicale":                 {[]string{"1, 2, 3, calendar-access, addressbook, extended-mkcol"}, "WSGIServer/0.2 CPython/3.11.2", Traits{"radicale", false, true, true, false}},
		"unknown":                  {[]string{"1, calendar-access"}, "nginx", Traits{"", false, true, false, false}},
		"unknown, schedules":       {[]string{"1, calendar-access, calendar-auto-schedule"}, "nginx", Traits{"", true, true, false, true}},
		"unknown, by the draft":    {[]string{"1, calendar-access, calendar-schedule"}, "", Traits{"", true, true, false, true}},
		"part of a header":         {[]string{"1, 2, 3"}, "nginx", Traits{"", true, true, false, true}},
		"nothing":                  {nil, "", Traits{"", true, true, false, true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var p profile
			p.recognise(http.Header{"Dav": c.dav, "Server": {c.server}})
			assert.Equal(t, c.want, p.traits())
			assert.Equal(t, c.want, parseProfile(p.String()).traits(), "it survives being stored")
		})
	}
}

// An answer that says less does not undo what another one said.
func TestScheduleStaysKnown(t *testing.T) {
	var p profile
	for _, header := range []string{"1, calendar-access", "1, 2, 3", "1, calendar-access, calendar-auto-schedule", "1, calendar-access", "1"} {
		p.recognise(http.Header{"Dav": {header}})
	}
	assert.Equal(t, yes, p.schedule)
}

func TestReaches(t *testing.T) {
	cases := map[string][]bool{ // LOCATION, description, URL, CONFERENCE, X-CONVOKE, DTSTAMP, LAST-MODIFIED
		"cyrus":    {true, true, false, false, false, false, false},
		"davical":  {true, true, false, false, false, true, false},
		"sogo":     {true, true, false, false, false, false, true},
		"sabre":    {true, true, true, true, true, true, true},
		"":         {true, true, true, true, true, true, true},
		"radicale": {false, false, false, false, false, false, false},
		"xandikos": {false, false, false, false, false, false, false},
	}
	for server, want := range cases {
		traits := profile{server: server}.traits()
		for i, property := range []string{"LOCATION", "description", "URL", "CONFERENCE", "X-CONVOKE", "DTSTAMP", "LAST-MODIFIED"} {
			assert.Equal(t, want[i], traits.Reaches(property), "%s %s", server, property)
		}
	}
	assert.False(t, profile{server: "sabre", schedule: no}.traits().Reaches("LOCATION"))
}

func TestUnmoved(t *testing.T) {
	cases := map[string]struct {
		old, ctag string
		want      bool
	}{
		"same":                         {`1790000000 "abc"`, `"abc"`, true},
		"moved":                        {`1790000000 "abc"`, `"abd"`, false},
		"no old one":                   {``, `"abc"`, false},
		"a counter":                    {`1790000000 17`, `17`, true},
		"a second, read later":         {`1790000002 1790000000`, `1790000000`, true},
		"a second, read too soon":      {`1790000001 1790000000`, `1790000000`, false},
		"a second, in the same one":    {`1790000000 1790000000`, `1790000000`, false},
		"a second of the future":       {`1790000000 1790000500`, `1790000500`, false},
		"a damaged token":              {`x 1790000000`, `1790000000`, false},
		"a ctag with a space in it":    {`1790000000 a b`, `a b`, true},
		"an empty calendar in DAViCal": {`1790000000 "-1"`, `"-1"`, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, unmoved(c.old, c.ctag)) })
	}
}

func TestCarries(t *testing.T) {
	sent := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Plan\\, then do\r\nLOCATION:https://m.example.com/join/1\r\nATTENDEE;CN=\"B:b\":mailto:b@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	cases := map[string]struct {
		got  string
		want bool
	}{
		"the same":         {sent, true},
		"rewritten":        {"BEGIN:VCALENDAR\nPRODID:x\nBEGIN:VEVENT\nCLASS:PUBLIC\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:b@example.com\nLOCATION:https://m.exa\n mple.com/join/1\nSUMMARY:Plan\\, then do\nDTSTAMP:20270101T000000Z\nuid:1\nEND:VEVENT\nEND:VCALENDAR\n", true},
		"without the link": {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Plan\\, then do\nATTENDEE:mailto:b@example.com\nEND:VEVENT\nEND:VCALENDAR\n", false},
		"another title":    {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Other\nLOCATION:https://m.example.com/join/1\nATTENDEE:mailto:b@example.com\nEND:VEVENT\nEND:VCALENDAR\n", false},
		"nothing":          {"", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, carries([]byte(c.got), []byte(sent))) })
	}
	assert.False(t, carries([]byte(sent), nil))
}
