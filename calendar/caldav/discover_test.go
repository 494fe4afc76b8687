package caldav_test

import (
	"fmt"
	"io"
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

const ok200 = `<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`

// serveRows answers a PROPFIND of each path with fixed rows; other paths are 404.
func serveRows(t *testing.T, pages map[string]string) (string, *[]string) {
	var asked []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(207)
		_, _ = fmt.Fprintf(w, `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/">%s</d:multistatus>`, body)
	}))
	t.Cleanup(web.Close)
	return web.URL, &asked
}

func found(props string) string { return `<d:propstat><d:prop>` + props + `</d:prop>` + ok200 }

const calendarType = `<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>`

func TestDiscoverReadsRowByRow(t *testing.T) {
	root := `<d:response><d:href>/</d:href>` + found(`<d:current-user-principal><d:href>/p/alice</d:href></d:current-user-principal>`)
	principal := `<d:response><d:href>/p/alice</d:href>` + found(`<c:calendar-home-set><d:href>https://elsewhere.example/home/</d:href><d:href>/h/</d:href></c:calendar-home-set>`+
		`<c:calendar-user-address-set><d:href>mailto:Alice%2Bcal@Example.com</d:href><d:href>MAILTO:alice@example.org</d:href><d:href>/p/alice</d:href><d:href>mailto:alice@example.org</d:href></c:calendar-user-address-set>`)
	row := func(href, props string) string { return `<d:response><d:href>` + href + `</d:href>` + found(props) }
	home := row("/h/", `<d:resourcetype><d:collection/></d:resourcetype>`) +
		row("/h/own/", calendarType+`<d:displayname>Own</d:displayname><d:owner><d:href>/p/alice/</d:href></d:owner><c:calendar-timezone>BEGIN:VTIMEZONE&#13;
TZID:Europe/Berlin&#13;
END:VTIMEZONE</c:calendar-timezone><d:supported-report-set><d:supported-report><d:report><c:calendar-multiget/></d:report></d:supported-report></d:supported-report-set>`) +
		row("/h/shared/", calendarType+`<d:owner><d:href>/p/bob</d:href></d:owner><d:current-user-privilege-set><d:privilege><d:read/></d:privilege></d:current-user-privilege-set>`) +
		row("/h/tasks/", calendarType+`<d:owner/><c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set><d:current-user-privilege-set/>`) +
		row("/h/all/", calendarType+`<c:calendar-timezone-id>America/New_York</c:calendar-timezone-id><d:current-user-privilege-set><d:privilege><d:all/></d:privilege></d:current-user-privilege-set>`) +
		row("/h/%c3%bc(x)/", calendarType) +
		row("https://evil.example/cal/", calendarType+`<d:displayname>Evil</d:displayname>`) +
		row("/h/inbox/", `<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>`) +
		row("/h/bin/", `<d:resourcetype><d:collection/><c:calendar/><x:deleted-calendar xmlns:x="http://nextcloud.com/ns"/></d:resourcetype>`) +
		row("/h/feed/", `<d:resourcetype><d:collection/><c:calendar/><cs:subscribed/></d:resourcetype>`) +
		`<d:response><d:href>/h/hidden/</d:href><d:propstat><d:prop>` + calendarType + `</d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response>` +
		`<d:response><d:href>/h/broken/</d:href><d:status>HTTP/1.1 500 Oops</d:status></d:response>`
	url, _ := serveRows(t, map[string]string{"/": root, "/p/alice": principal, "/h/": home})

	account, err := caldav.Discover(t.Context(), newBrowser("alice", "x", false), url)
	require.NoError(t, err)
	assert.Equal(t, url+"/p/alice", account.Principal)
	assert.Equal(t, url+"/h/", account.Home)
	assert.Equal(t, []string{"alice+cal@example.com", "alice@example.org"}, account.Addresses)
	got := map[string]caldav.Info{}
	for _, in := range account.Calendars {
		if in.Err != nil {
			assert.Contains(t, in.Err.Error(), "not asked")
			in.Err = assert.AnError
		}
		got[in.Name] = in
	}
	assert.Equal(t, map[string]caldav.Info{
		"elsewhere.example": {URL: "https://elsewhere.example/home/", Name: "elsewhere.example", Err: assert.AnError},
		"Own":               {URL: url + "/h/own/", Name: "Own", Owner: url + "/p/alice/", Own: true, Writable: true, Events: true, TimeZone: "Europe/Berlin", Profile: "sync=no multiget=yes"},
		"shared":            {URL: url + "/h/shared/", Name: "shared", Owner: url + "/p/bob", Events: true},
		"tasks":             {URL: url + "/h/tasks/", Name: "tasks", Own: true, Writable: true},
		"all":               {URL: url + "/h/all/", Name: "all", Own: true, Writable: true, Events: true, TimeZone: "America/New_York"},
		"ü(x)":              {URL: url + "/h/%C3%BC%28x%29/", Name: "ü(x)", Own: true, Writable: true, Events: true},
		"Evil":              {URL: "https://evil.example/cal/", Name: "Evil", Writable: true, Events: true, Err: assert.AnError},
	}, got)
}

func TestDiscoverWithoutPrincipal(t *testing.T) {
	home := `<d:response><d:href>/h/</d:href>` + found(`<d:resourcetype><d:collection/></d:resourcetype>`) + `<d:response><d:href>/h/work/</d:href>` + found(calendarType)
	single := `<d:response><d:href>/h/work/</d:href>` + found(calendarType+`<d:displayname>Work</d:displayname>`)
	url, _ := serveRows(t, map[string]string{"/h/": home, "/h": home, "/h/work/": single})
	for path, own := range map[string]bool{"/h/": true, "/h/work/": false} {
		account, err := caldav.Discover(t.Context(), newBrowser("alice", "x", false), url+path)
		require.NoError(t, err, path)
		require.Len(t, account.Calendars, 1, path)
		assert.Equal(t, url+"/h/work/", account.Calendars[0].URL)
		assert.Equal(t, own, account.Calendars[0].Own, "of one calendar alone nobody says whose it is")
		assert.Empty(t, account.Principal)
	}
}

func TestDiscoverFailures(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, caldavtest.LoginPage) }))
	t.Cleanup(page.Close)
	evil, asked := serveRows(t, nil)
	away := httptest.NewServer(http.RedirectHandler(strings.Replace(evil, "127.0.0.1", "localhost", 1), http.StatusFound))
	t.Cleanup(away.Close)
	empty, _ := serveRows(t, map[string]string{"/": `<d:response><d:href>/</d:href>` + found(`<d:current-user-principal><d:href>/p/</d:href></d:current-user-principal>`),
		"/p/": `<d:response><d:href>/p/</d:href>` + found(`<d:resourcetype><d:principal/></d:resourcetype>`)})
	locked := startFake(t, caldavtest.New(caldavtest.User("alice", "right")))
	cases := map[string]struct {
		url  string
		want error
		says string
	}{
		"no URL":             {"alice@example.com", nil, "not an http"},
		"login page":         {page.URL, nil, "login page"},
		"another host":       {away.URL, calendar.ErrMissing, "302"},
		"nothing there":      {evil + "/x/", calendar.ErrMissing, "give the URL of the calendar itself"},
		"no home":            {empty, nil, "no calendar home"},
		"nobody listens":     {"http://127.0.0.1:1/", nil, "does not answer"},
		"password":           {locked, calendar.ErrAuth, "password_file"},
		"password, calendar": {locked + "/calendars/alice/work/", calendar.ErrAuth, "401"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := len(*asked)
			b := newBrowser("alice", "hunter2", false)
			requests := b.count(func() {
				_, err := caldav.Discover(t.Context(), b, c.url)
				require.Error(t, err)
				assert.Contains(t, err.Error(), c.says)
				assert.NotContains(t, err.Error(), "hunter2")
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
			})
			if name == "another host" {
				assert.Len(t, *asked, before, "credentials went to another host")
			}
			if c.want == calendar.ErrAuth || name == "nobody listens" {
				assert.Len(t, requests, 1, "one try is enough: accounts lock")
			}
		})
	}
}

// A calendar that is shared lies in the sharee's home, but is not her own.
func TestDiscoverShared(t *testing.T) {
	s := fakeSubject(t, "shared")
	path := s.fake.Share(hrefOf(s.foreign), "alice", false)
	account, err := caldav.Discover(t.Context(), s.browser(), s.base)
	require.NoError(t, err)
	require.Len(t, account.Calendars, 2)
	for _, in := range account.Calendars {
		assert.Equal(t, hrefOf(in.URL) != path, in.Own)
		assert.Equal(t, hrefOf(in.URL) != path, in.Writable)
		assert.Equal(t, "Europe/Berlin", in.TimeZone)
	}
}
