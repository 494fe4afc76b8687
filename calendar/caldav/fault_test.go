package caldav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
)

// A stand is a fake server with three events, of which one look was taken.
func newStand(t *testing.T, opts ...caldavtest.Option) (*caldavtest.Server, *desk) {
	s := fakeSubject(t, "fault", opts...)
	d := newDesk(t, s)
	for _, n := range []string{"a", "b", "c"} {
		d.put(t, n+".ics", event(n, "Event "+n))
	}
	d.look(t, false)
	return s.fake, d
}

// A look that fails is void: an error, whatever rows it told before.
func TestBrokenAnswersAreNeverAnEmptyCalendar(t *testing.T) {
	redirect := http.Header{"Location": {"http://evil.example/calendars/"}}
	xmlType := http.Header{"Content-Type": {"application/xml"}}
	faults := map[string]struct {
		fault caldavtest.Fault
		want  error
		says  string
	}{
		"cut off":           {caldavtest.Fault{Truncate: 700}, nil, "EOF"},
		"cut off cleanly":   {caldavtest.Fault{Truncate: 700, Clean: true}, nil, "ends early"},
		"cut in the root":   {caldavtest.Fault{Truncate: 60, Clean: true}, nil, "ends early"},
		"reset":             {caldavtest.Fault{Reset: true}, nil, "does not answer"},
		"login page":        {caldavtest.Fault{Status: 200, Body: caldavtest.LoginPage}, nil, "login page"},
		"login page as 207": {caldavtest.Fault{Status: 207, Body: caldavtest.LoginPage}, nil, "DOCTYPE"},
		"page as 207":       {caldavtest.Fault{Status: 207, Body: "<html><body/></html>"}, nil, "<html>"},
		"empty 207":         {caldavtest.Fault{Status: 207, Header: xmlType}, nil, "ends early"},
		"entity bomb":       {caldavtest.Fault{Status: 207, Header: xmlType, Body: caldavtest.Bomb}, nil, "DOCTYPE"},
		"nested too deep":   {caldavtest.Fault{Status: 207, Header: xmlType, Body: "<a>", Repeat: 100}, nil, "multistatus"},
		"other host":        {caldavtest.Fault{Status: 302, Header: redirect}, calendar.ErrMissing, "302"},
		"503":               {caldavtest.Fault{Status: 503}, nil, "tried again"},
		"401":               {caldavtest.Fault{Status: 401}, calendar.ErrAuth, "password_file"},
		"429":               {caldavtest.Fault{Status: 429}, nil, "429"},
		"404":               {caldavtest.Fault{Status: 404}, calendar.ErrMissing, "caldav_url"},
		"410":               {caldavtest.Fault{Status: 410}, calendar.ErrMissing, "410"},
		"403":               {caldavtest.Fault{Status: 403}, calendar.ErrForbidden, "access"},
		"500":               {caldavtest.Fault{Status: 500}, nil, "500"},
	}
	kinds := map[string]struct {
		full bool
		opts []caldavtest.Option
	}{
		"sync": {false, nil}, "listing": {true, nil}, "ctag": {false, []caldavtest.Option{caldavtest.NoSync()}},
	}
	for kind, k := range kinds {
		for name, f := range faults {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				server, d := newStand(t, k.opts...)
				d.put(t, "a.ics", event("a", "Changed"))
				for _, method := range []string{"PROPFIND", "REPORT"} {
					fault := f.fault
					fault.Method = method
					server.Inject(fault)
				}
				since := calendar.Since{Token: d.token, Full: k.full, ETag: func(string) string { return "" }}
				look, err := d.cal.Changes(t.Context(), since, func(calendar.Change) error { return nil })
				require.Error(t, err)
				assert.Zero(t, look)
				assert.Contains(t, err.Error(), f.says)
				if f.want != nil {
					require.ErrorIs(t, err, f.want)
				}
				server.Heal()
				_, rows := d.look(t, k.full)
				assert.NotNil(t, byText(rows, "SUMMARY:Changed"), "the old token still finds the change")
			})
		}
	}
}

// A report of more than 64 MiB is refused; the look goes on without data in the report.
func TestReportTooLarge(t *testing.T) {
	server, d := newStand(t)
	server.Inject(caldavtest.Fault{
		Method: "REPORT", Times: 1, Status: 207, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: strings.Repeat(" ", 1<<20), Repeat: 70,
	})
	d.token = ""
	d.etags = map[string]string{}
	look, rows := d.look(t, false)
	assert.True(t, look.Complete)
	assert.Equal(t, 3, fresh(rows))
}

// What became of a PUT without an answer is found out by reading.
func TestPutWithoutAnAnswer(t *testing.T) {
	cases := []struct {
		name    string
		opts    []caldavtest.Option
		fault   caldavtest.Fault
		applied bool
	}{
		{"carried out, answer lost", nil, caldavtest.Fault{After: true, Reset: true}, true},
		{"carried out, then 500", nil, caldavtest.Fault{After: true, Status: 500}, true},
		{"carried out and rewritten, then 502", []caldavtest.Option{caldavtest.Rewrites(caldavtest.SortLines, caldavtest.AddClass)}, caldavtest.Fault{After: true, Status: 502}, true},
		{"never arrived", nil, caldavtest.Fault{Reset: true}, false},
		{"never arrived, 503", nil, caldavtest.Fault{Status: 503}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server, d := newStand(t, c.opts...)
			c.fault.Method, c.fault.Times = http.MethodPut, 1
			before := d.only(t, "a.ics")
			server.Inject(c.fault)
			server.ResetLog()
			asked := d.count(func() {
				after, err := d.cal.Put(t.Context(), withRoom(before))
				if !c.applied {
					require.Error(t, err)
					assert.Contains(t, err.Error(), "put without an answer")
					assert.Equal(t, before, d.only(t, "a.ics"))
					return
				}
				require.NoError(t, err)
				assert.Equal(t, d.only(t, "a.ics"), after)
				assert.True(t, contains(after.Data, "meeting.example.com"))
			})
			assert.Len(t, asked, 3, "one PUT and two readings")
			assert.Equal(t, 1, server.Counts()[http.MethodPut], "it is never repeated")
		})
	}
}

// Another's change under our unanswered PUT is not taken for ours.
func TestPutWithoutAnAnswerAndAnotherChange(t *testing.T) {
	server, d := newStand(t)
	before := d.only(t, "a.ics")
	server.Inject(caldavtest.Fault{Method: http.MethodPut, Times: 1, Reset: true, Hook: func(r *http.Request) {
		_ = server.Put(r.URL.Path, event("a", "Somebody was faster"))
	}})
	_, err := d.cal.Put(t.Context(), withRoom(before))
	require.Error(t, err)
	assert.True(t, contains(d.only(t, "a.ics").Data, "Somebody was faster"))
}

func TestPutRefusals(t *testing.T) {
	davError := func(code int, condition string) caldavtest.Fault {
		return caldavtest.Fault{
			Status: code, Header: http.Header{"Content-Type": {"application/xml; charset=utf-8"}},
			Body: `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><` + condition + `/></d:error>`,
		}
	}
	cases := map[string]struct {
		fault caldavtest.Fault
		want  error
	}{
		"403":                  {caldavtest.Fault{Status: 403}, calendar.ErrReadOnly},
		"403 privileges":       {davError(403, "d:need-privileges"), calendar.ErrReadOnly},
		"403 about the body":   {davError(403, "c:valid-calendar-data"), calendar.ErrRefused},
		"403 same UID":         {davError(403, "c:unique-scheduling-object-resource"), calendar.ErrRefused},
		"405":                  {caldavtest.Fault{Status: 405}, calendar.ErrReadOnly},
		"401":                  {caldavtest.Fault{Status: 401}, calendar.ErrAuth},
		"400":                  {caldavtest.Fault{Status: 400}, calendar.ErrRefused},
		"409":                  {caldavtest.Fault{Status: 409}, calendar.ErrRefused},
		"412":                  {caldavtest.Fault{Status: 412}, calendar.ErrPrecondition},
		"413":                  {caldavtest.Fault{Status: 413}, calendar.ErrRefused},
		"415":                  {caldavtest.Fault{Status: 415}, calendar.ErrRefused},
		"207":                  {caldavtest.Fault{Status: 207, Body: "<a/>"}, calendar.ErrRefused},
		"404, but it is there": {caldavtest.Fault{Status: 404}, calendar.ErrRefused},
		"a redirect is no PUT": {caldavtest.Fault{Status: 301, Header: http.Header{"Location": {"/calendars/"}}}, nil},
		"507":                  {caldavtest.Fault{Status: 507}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server, d := newStand(t)
			c.fault.Method = http.MethodPut
			before := d.only(t, "a.ics")
			server.Inject(c.fault)
			_, err := d.cal.Put(t.Context(), withRoom(before))
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			var status *caldav.StatusError
			require.ErrorAs(t, err, &status)
			assert.Equal(t, c.fault.Status, status.Code)
			assert.Equal(t, before, d.only(t, "a.ics"))
		})
	}
}

func TestReadOnlyCalendar(t *testing.T) {
	server, d := newStand(t)
	path := hrefOf(d.url)
	server.SetReadOnly(path, true)
	_, err := d.cal.Put(t.Context(), withRoom(d.only(t, "a.ics")))
	require.ErrorIs(t, err, calendar.ErrReadOnly)
	account, err := caldav.Discover(t.Context(), d.browser, d.url)
	require.NoError(t, err)
	assert.False(t, account.Calendars[0].Writable)
}

// The answer to a GET that is no object is an error of that object.
func TestGetFaults(t *testing.T) {
	cases := map[string]struct {
		fault caldavtest.Fault
		want  error
	}{
		"login page":        {caldavtest.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: caldavtest.LoginPage}, nil},
		"gzip all the same": {caldavtest.Fault{Status: 200, Header: http.Header{"Content-Encoding": {"gzip"}, "Etag": {`"x-gzip"`}}, Body: "x"}, nil},
		"cut off":           {caldavtest.Fault{Truncate: 40}, nil},
		"half, its end cut": {caldavtest.Fault{Truncate: 120, Clean: true}, nil},
		"huge":              {caldavtest.Fault{Status: 200, Body: strings.Repeat("x", 1<<20), Repeat: 2}, calendar.ErrTooLarge},
		"gone":              {caldavtest.Fault{Status: 410}, calendar.ErrNotFound},
		"forbidden":         {caldavtest.Fault{Status: 403}, calendar.ErrForbidden},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server, d := newStand(t)
			c.fault.Method = http.MethodGet
			server.Inject(c.fault)
			_, err := d.cal.Get(t.Context(), hrefOf(d.url)+"a.ics")
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
	_, d := newStand(t)
	for _, href := range []string{"http://evil.example/a.ics", "/elsewhere/a.ics", hrefOf(d.url) + "../x.ics", hrefOf(d.url), ""} {
		asked := d.count(func() {
			_, err := d.cal.Get(t.Context(), href)
			require.Error(t, err)
		})
		assert.Empty(t, asked, "%q is not asked for", href)
	}
}

// Half an object, or none, or a page in its place is an error of its row, and it is whole the next time.
func TestHalfAnObject(t *testing.T) {
	server, d := newStand(t, caldavtest.SyncWithoutData(), caldavtest.OnAbsent(caldavtest.AbsentAlways))
	look := func() (errs, whole int) {
		_, err := d.cal.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(c calendar.Change) error {
			if c.Err != nil {
				errs++
			} else if contains(c.Data, "END:VCALENDAR") {
				whole++
			}
			return nil
		})
		require.NoError(t, err)
		return errs, whole
	}
	for _, fault := range []caldavtest.Fault{
		{Truncate: 120, Clean: true}, {Truncate: 10, Clean: true}, {Status: 200, Header: http.Header{"Etag": {`"1"`}}},
		{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: caldavtest.LoginPage},
	} {
		fault.Method, fault.Times = http.MethodGet, 1
		server.Inject(fault)
		errs, whole := look()
		assert.Equal(t, []int{1, 2}, []int{errs, whole}, fault)
		errs, whole = look()
		assert.Equal(t, []int{0, 3}, []int{errs, whole}, fault)
	}
}

// rows serves one fixed multistatus to every request.
func rows(t *testing.T, body string) *caldav.Calendar {
	return served(t, "", func(*http.Request) string { return body })
}

// served answers a GET with an event, and everything else with a multistatus of rows.
func served(t *testing.T, profile string, rows func(*http.Request) string) *caldav.Calendar {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("ETag", `"got"`)
			_, _ = w.Write([]byte(event("got", "By GET")))
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(207)
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/">` +
			rows(r) + `<d:sync-token>t</d:sync-token></d:multistatus>`))
	}))
	t.Cleanup(web.Close)
	c, err := caldav.Open(newBrowser("alice", "secret", false), web.URL+"/cal", profile)
	require.NoError(t, err)
	return c
}

// row is one of a multistatus that has a status of its own.
func row(href, status string) string {
	return "<d:response><d:href>" + href + "</d:href><d:status>HTTP/1.1 " + status + "</d:status></d:response>"
}

// A calendar that cannot be read is told by its own row in a 207, too, whether it is listed or asked for changes. It is not an
// empty one.
func TestOwnRowFails(t *testing.T) {
	const well = `<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
	const denied = `<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:resourcetype/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>`
	for name, own := range map[string]string{
		"403": row("/cal/", "403 Forbidden"), "403 inside": denied, "500": row("/cal", "500 Oops"), "503": row("/cal/", "503 Busy"), "404": row("/cal/", "404 Not Found"),
	} {
		for _, full := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", all: ", full), func(t *testing.T) {
				c := served(t, "", func(r *http.Request) string {
					if r.Header.Get("Depth") == "0" && r.Method == "PROPFIND" && full {
						return well
					}
					return own
				})
				look, err := c.Changes(t.Context(), calendar.Since{Full: full, ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
				require.Error(t, err)
				assert.Zero(t, look)
				var status *caldav.StatusError
				require.ErrorAs(t, err, &status)
				assert.Equal(t, name[:3], fmt.Sprint(status.Code))
			})
		}
	}
}

// A listing that says that it is not whole proves nothing of what is not in it.
func TestListingCutShort(t *testing.T) {
	c := served(t, "", func(r *http.Request) string {
		own := `<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
		if r.Header.Get("Depth") == "0" {
			return own
		}
		return own + row("/cal/", "507 Insufficient Storage")
	})
	_, err := c.Changes(t.Context(), calendar.Since{Full: true, ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
	assert.ErrorContains(t, err, "not whole (507)")
}

// Nothing but rows of another place is not an empty calendar, either.
func TestRowsOfAnotherPlace(t *testing.T) {
	c := served(t, "", func(*http.Request) string { return row("/without/prefix/a.ics", "404 Not Found") })
	_, err := c.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
	assert.ErrorContains(t, err, "lies outside the calendar")
}

// What a server adds to an answer of Depth 0 says nothing of the calendar.
func TestMoreThanItselfAtDepthZero(t *testing.T) {
	ctag := func(href, tag string) string {
		return "<d:response><d:href>" + href + "</d:href><d:propstat><d:prop><s:getctag>" + tag + "</s:getctag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
	}
	for _, rows := range []string{ctag("/cal/", "new") + ctag("/", "old"), ctag("/", "old") + ctag("/cal/", "new"), ctag("/cal/", "new")} {
		c := served(t, "sync=no", func(*http.Request) string { return rows })
		look, err := c.Changes(t.Context(), calendar.Since{Token: "ctag 1 old", ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
		require.NoError(t, err)
		assert.True(t, look.Complete, "the calendar has moved")
		assert.Contains(t, look.Token, "new")
	}
}

// One odd row spoils only itself.
func TestRows(t *testing.T) {
	const ok = `<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
	cases := map[string]struct {
		row  string
		want string // of href, ETag, data, gone and error
	}{
		"whole":             {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>X</c:calendar-data></d:prop>` + ok, `/cal/a "1" X`},
		"status first":      {`<d:response><d:href>/cal/a</d:href><d:propstat><d:status>HTTP/1.1 200 OK</d:status><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>X</c:calendar-data></d:prop></d:propstat></d:response>`, `/cal/a "1" X`},
		"weak":              {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>W/"1"</d:getetag><c:calendar-data>X</c:calendar-data></d:prop>` + ok, `/cal/a W/"1" X`},
		"unquoted":          {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>1</d:getetag><c:calendar-data>X</c:calendar-data></d:prop>` + ok, `/cal/a 1 X`},
		"no ETag":           {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><c:calendar-data>X</c:calendar-data></d:prop>` + ok, `/cal/a "got" GET`},
		"no data":           {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag></d:prop>` + ok, `/cal/a "got" GET`},
		"status only":       {`<d:response><d:href>/cal/a</d:href><d:status>HTTP/1.1 201 Created</d:status></d:response>`, `/cal/a "got" GET`},
		"known":             {`<d:response><d:href>/cal/known</d:href><d:propstat><d:prop><d:getetag>"known"</d:getetag><c:calendar-data>X</c:calendar-data></d:prop>` + ok, `/cal/known "known" `},
		"gone":              {`<d:response><d:href>/cal/a</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`, `/cal/a   gone`},
		"two gone":          {`<d:response><d:href>/cal/a</d:href><d:href>/cal/b</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`, `/cal/a   gone|/cal/b   gone`},
		"forbidden":         {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>`, `/cal/a   error`},
		"failed":            {`<d:response><d:href>/cal/a</d:href><d:status>HTTP/1.1 500 Oops</d:status></d:response>`, `/cal/a   error`},
		"other server":      {`<d:response><d:href>http://evil.example/cal/a</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>` + row("/cal/", "200 OK"), `http://evil.example/cal/a   error`},
		"outside":           {`<d:response><d:href>/other/a</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>` + row("/cal/", "200 OK"), `/other/a   error`},
		"itself":            {`<d:response><d:href>/cal</d:href><d:propstat><d:prop><d:getetag>"c"</d:getetag></d:prop>` + ok, ``},
		"sub-collection":    {`<d:response><d:href>/cal/sub/</d:href><d:propstat><d:prop><d:getetag>"c"</d:getetag></d:prop>` + ok, ``},
		"sub without slash": {`<d:response><d:href>/cal/sub</d:href><d:propstat><d:prop><d:getetag>"c"</d:getetag><d:resourcetype><d:collection/></d:resourcetype></d:prop>` + ok, ``},
		"no calendar":       {`<d:response><d:href>/cal/a.png</d:href><d:propstat><d:prop><d:getetag>"c"</d:getetag><d:getcontenttype>image/png</d:getcontenttype></d:prop>` + ok, ``},
		"no href":           {`<d:response><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`, ``},
		"encoded":           {`<d:response><d:href>/cal/%c3%bc@(+)%2f.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`, `/cal/%C3%BC%40%28%2B%29%2F.ics   gone`},
		"half a character":  {"<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag><c:calendar-data>X\xc3\r\n \xbc\x0b</c:calendar-data></d:prop>" + ok, "/cal/a \"1\" X\xc3\r\n \xbc\x0b"},
		"CDATA":             {`<d:response><d:href>/cal/a</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data><![CDATA[X<&amp;]]]></c:calendar-data></d:prop>` + ok, `/cal/a "1" X<&amp;]`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			since := calendar.Since{ETag: func(href string) string { return map[string]string{"/cal/known": `"known"`}[href] }}
			look, err := rows(t, c.row).Changes(t.Context(), since, func(ch calendar.Change) error {
				text := ch.Href + " " + ch.ETag + " "
				switch {
				case contains(ch.Data, "By GET"):
					text += "GET"
				default:
					text += string(ch.Data)
				}
				if ch.Gone {
					text += " gone"
				}
				if ch.Err != nil {
					text += " error"
				}
				got = append(got, text)
				return nil
			})
			require.NoError(t, err)
			assert.True(t, look.Complete)
			assert.Equal(t, c.want, strings.Join(got, "|"))
		})
	}
}

// A caller's error ends the look at once.
func TestCallerStops(t *testing.T) {
	stop := assert.AnError
	for _, full := range []bool{false, true} {
		_, d := newStand(t)
		n := 0
		_, err := d.cal.Changes(t.Context(), calendar.Since{Full: full, ETag: func(string) string { return "" }}, func(calendar.Change) error {
			n++
			return stop
		})
		require.ErrorIs(t, err, stop)
		assert.Equal(t, 1, n)
	}
}
