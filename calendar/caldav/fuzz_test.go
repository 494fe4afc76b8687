package caldav

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// A hostile server answers every PROPFIND and REPORT with one document, and everything else with another.
type hostile struct {
	t                       *testing.T
	below                   string // the only paths that may be asked
	multistatus, body, etag string
	status                  int
}

func (h hostile) Do(req *http.Request) (*http.Response, error) {
	require.Equal(h.t, "dav.example.com", req.URL.Host, "credentials go to the calendar's server only")
	require.True(h.t, strings.HasPrefix(req.URL.EscapedPath(), h.below), "%s", req.URL)
	for name, values := range req.Header {
		require.False(h.t, strings.ContainsFunc(strings.Join(values, ""), unicode.IsControl), "%s: %q", name, values)
	}
	res := &http.Response{StatusCode: http.StatusMultiStatus, Header: http.Header{"Content-Type": {"application/xml"}}, Request: req}
	res.Body = io.NopCloser(strings.NewReader(h.multistatus))
	if req.Method != "PROPFIND" && req.Method != "REPORT" {
		res.StatusCode = h.status
		res.Header = http.Header{"Etag": {h.etag}, "Content-Type": {"text/calendar"}}
		res.Body = io.NopCloser(strings.NewReader(h.body))
	}
	return res, nil
}

const row = `<d:response xmlns:d="DAV:"><d:href>/cal/%s</d:href><d:propstat><d:prop>%s</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`

// FuzzLook: whatever a server says, it is asked about its own calendar only and in well-formed requests; what is told of an object
// has a name in the calendar and an ETag that can be sent back, or an error; and nothing is gone that the server has not named.
func FuzzLook(f *testing.F) {
	rows := func(rows ...string) string {
		return `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">` + strings.Join(rows, "") + `<d:sync-token>t</d:sync-token></d:multistatus>`
	}
	object := func(name, props string) string {
		return strings.Replace(strings.Replace(row, "%s", name, 1), "%s", props, 1)
	}
	self := object("", "<d:resourcetype><d:collection/></d:resourcetype>")
	ics := `BEGIN:VCALENDAR`
	f.Add(rows(self, object("a.ics", `<d:getetag>"1"</d:getetag>`)), ics, `"1"`, 200, false)
	f.Add(rows(self, object("a.ics", `<d:getetag>"1"</d:getetag><c:calendar-data xmlns:c="urn:ietf:params:xml:ns:caldav">`+ics+`</c:calendar-data>`)), ics, "", 200, true)
	f.Add(rows(object("../x/a.ics", ""), object("b/c.ics", ""), strings.Replace(object("a", ""), "/cal/a", "https://evil.example/cal/a", 1)), "", `W/"x"`, 404, false)
	f.Add(rows(object("%2e%2e/a.ics", "<d:getetag>\"a&#10;b\"</d:getetag>"), object("a%0d%0ab.ics", "<d:getetag>\"a&#10;X: y\"</d:getetag>")), ics, "", 200, false)
	f.Add(rows(`<d:response><d:href>/cal/a.ics</d:href><d:status>HTTP/1.1 404 x</d:status></d:response>`), "", "", 500, true)
	f.Add(rows(`<d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 x</d:status><d:error><d:number-of-matches-within-limits/></d:error></d:response>`), "", "", 403, false)
	f.Add("<html>", "<html>", "", 200, true)
	f.Fuzz(func(t *testing.T, multistatus, body, etag string, status int, full bool) {
		if strings.ContainsFunc(etag, unicode.IsControl) {
			return // net/http lets no such header through
		}
		h := hostile{t, "/cal/", multistatus, body, etag, 200 + ((status-200)%400+400)%400}
		c, err := Open(h, "https://dav.example.com/cal/", "")
		require.NoError(t, err)
		told := 0
		_, err = c.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }, Full: full}, func(ch calendar.Change) error {
			told++
			if ch.Err != nil {
				require.Nil(t, ch.Data)
				return nil
			}
			require.True(t, strings.HasPrefix(ch.Href, "/cal/"), ch.Href)
			require.Equal(t, canonicalPath(ch.Href), ch.Href)
			require.NotContains(t, strings.TrimPrefix(ch.Href, "/cal/"), "/")
			require.False(t, strings.ContainsFunc(ch.ETag, unicode.IsControl), "%q", ch.ETag)
			require.False(t, ch.Gone && ch.Data != nil)
			if ch.ETag != "" && !ch.Gone && told < 3 {
				_, _ = c.Put(t.Context(), calendar.Object{Href: ch.Href, ETag: ch.ETag, Data: []byte(ics)}) // the requests are looked at
			}
			return nil
		})
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
		}
		require.Equal(t, body != "", carries([]byte(body), []byte(body)))
	})
}

// FuzzDiscover: whatever a server says when it is asked for calendars, its own host alone is asked, and a calendar on another one
// cannot be used.
func FuzzDiscover(f *testing.F) {
	const calendarRow = `<d:response><d:href>/home/work/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>` +
		`<d:displayname>Work</d:displayname><d:owner><d:href>/me/</d:href></d:owner><d:current-user-principal><d:href>/me/</d:href></d:current-user-principal>` +
		`<c:calendar-home-set><d:href>/home/</d:href></c:calendar-home-set><c:calendar-user-address-set><d:href>mailto:A@example.com</d:href></c:calendar-user-address-set>` +
		`<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set><d:current-user-privilege-set><d:privilege><d:write/></d:privilege></d:current-user-privilege-set>` +
		`<c:calendar-timezone>BEGIN:VCALENDAR&#13;TZID:Europe/Berlin</c:calendar-timezone></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
	document := `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">` + calendarRow + `</d:multistatus>`
	f.Add(document, "/")
	f.Add(document, "/home/work/")
	f.Add(strings.ReplaceAll(document, "<d:href>/", "<d:href>https://evil.example/"), "/me/")
	f.Add(strings.ReplaceAll(document, "<c:calendar/>", "<d:principal/>"), "/me/")
	f.Add(strings.ReplaceAll(document, "Work", "a&#10;b\u0085"), "/home/")
	f.Add(strings.ReplaceAll(document, "/home/", "/../%2e%2e//"), "/x?y#z")
	f.Fuzz(func(t *testing.T, document, path string) {
		account, err := Discover(t.Context(), hostile{t, "/", document, document, "", 200}, "https://dav.example.com/"+strings.TrimPrefix(path, "/"))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		for _, info := range account.Calendars {
			if info.Err == nil {
				require.True(t, strings.HasPrefix(info.URL, "https://dav.example.com/"), info.URL)
				_, err := Open(hostile{}, info.URL, info.Profile)
				require.NoError(t, err)
			}
			require.False(t, strings.ContainsFunc(info.Name+info.TimeZone, unicode.IsControl), "%q %q", info.Name, info.TimeZone)
		}
		for _, address := range account.Addresses {
			require.False(t, strings.ContainsFunc(address, unicode.IsControl), "%q", address)
			require.Equal(t, strings.ToLower(address), address)
		}
	})
}
