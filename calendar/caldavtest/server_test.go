package caldavtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

// ownTransport has connections of its own: closing any httptest.Server closes those of http.DefaultTransport.
var ownTransport http.RoundTripper = http.DefaultTransport.(*http.Transport).Clone()

const (
	work  = "/calendars/alice/work/"
	event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)

// A rig is a server and a way to ask it.
type rig struct {
	*caldavtest.Server
	t    *testing.T
	base string
}

func newRig(t *testing.T, opts ...caldavtest.Option) *rig {
	s := caldavtest.New(append(opts, caldavtest.User("alice", "secret"), caldavtest.User("bob", "hidden"))...)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return &rig{s, t, web.URL}
}

// ask sends a request as alice and returns the answer and its body.
func (r *rig) ask(method, path, body string, header ...string) (*http.Response, string) {
	req, err := http.NewRequest(method, r.base+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.SetBasicAuth("alice", "secret")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := ownTransport.RoundTrip(req)
	require.NoError(r.t, err)
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res, string(text)
}

func (r *rig) status(method, path, body string, header ...string) int {
	res, _ := r.ask(method, path, body, header...)
	return res.StatusCode
}

func sync(token string) string {
	return `<sync-collection xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><sync-token>` + token +
		`</sync-token><sync-level>1</sync-level><prop><getetag/><C:calendar-data/></prop></sync-collection>`
}

func tokenIn(body string) string {
	_, after, _ := strings.Cut(body, "<D:sync-token>")
	token, _, _ := strings.Cut(after, "</D:sync-token>")
	return token
}

func TestConditions(t *testing.T) {
	r := newRig(t)
	require.Equal(t, 201, r.status("PUT", work+"a.ics", event, "If-None-Match", "*"))
	res, body := r.ask("GET", work+"a.ics", "")
	assert.Equal(t, event, body, "byte for byte")
	etag := res.Header.Get("ETag")
	cases := []struct {
		name, method, header, value string
		want                        int
	}{
		{"create over it", "PUT", "If-None-Match", "*", 412},
		{"wrong tag", "PUT", "If-Match", `"x"`, 412},
		{"weak tag", "PUT", "If-Match", "W/" + etag, 412},
		{"right tag", "PUT", "If-Match", etag, 204},
		{"any tag", "PUT", "If-Match", "*", 204},
		{"delete, wrong tag", "DELETE", "If-Match", `"x"`, 412},
		{"not modified", "GET", "If-None-Match", etag, 304},
		{"delete", "DELETE", "If-Match", etag, 204},
		{"delete again", "DELETE", "X-None", "", 404},
		{"nothing to match", "PUT", "If-Match", etag, 412},
		{"get nothing", "GET", "X-None", "", 404},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, r.status(c.method, work+"a.ics", event, c.header, c.value), c.name)
	}
}

func TestSOGoForgetsConditions(t *testing.T) {
	r := newRig(t, caldavtest.Profile("sogo"))
	path := r.Calendar("alice", "work") + "a.ics"
	assert.Equal(t, 201, r.status("PUT", path, event, "If-Match", `"gone"`))
	assert.Equal(t, 204, r.status("PUT", path, event, "If-None-Match", "*"))
	data, etag, ok := r.Get(path)
	require.True(t, ok)
	assert.Equal(t, `"gcs00000001"`, etag)
	assert.Contains(t, string(data), "CLASS:PUBLIC")
	assert.Equal(t, 204, r.status("DELETE", path, "", "If-Match", `"wrong"`))
	assert.Equal(t, 404, r.status("PUT", path, "no calendar"))
}

func TestParallelPuts(t *testing.T) {
	for name, opts := range map[string][]caldavtest.Option{"atomic": nil, "not atomic": {}} {
		t.Run(name, func(t *testing.T) {
			var meet stdsync.WaitGroup
			if opts != nil {
				meet.Add(2)
				opts = []caldavtest.Option{caldavtest.NonAtomic(func() { meet.Done(); meet.Wait() })}
			}
			r := newRig(t, opts...)
			require.NoError(t, r.Put(work+"a.ics", event))
			_, etag, _ := r.Get(work + "a.ics")
			codes := make(chan int, 2)
			for i := range 2 {
				go func() {
					codes <- r.status("PUT", work+"a.ics", strings.Replace(event, "One", fmt.Sprint("By ", i), 1), "If-Match", etag)
				}()
			}
			got := []int{<-codes, <-codes}
			if opts == nil {
				assert.ElementsMatch(t, []int{204, 412}, got)
			} else {
				assert.Equal(t, []int{204, 204}, got)
			}
		})
	}
}

func TestSyncReports(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.Put(work+"a.ics", event))
	require.NoError(t, r.Put(work+"b.ics", event))
	_, first := r.ask("REPORT", work, sync(""))
	assert.Equal(t, 2, strings.Count(first, "<C:calendar-data>"))
	assert.Contains(t, first, "SUMMARY:One\r\n")

	_, none := r.ask("REPORT", work, sync(tokenIn(first)))
	assert.NotContains(t, none, "<D:response>")
	assert.Equal(t, tokenIn(first), tokenIn(none))

	require.NoError(t, r.Put(work+"c.ics", event))
	require.NoError(t, r.Delete(work+"a.ics"))
	_, delta := r.ask("REPORT", work, sync(tokenIn(first)))
	assert.Contains(t, delta, work+"c.ics")
	assert.Contains(t, delta, "<D:href>"+work+"a.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status>")
	assert.NotContains(t, delta, "b.ics")

	r.Set(caldavtest.SyncLimit(1))
	_, part := r.ask("REPORT", work, sync(tokenIn(first)))
	assert.Contains(t, part, "507")
	_, rest := r.ask("REPORT", work, sync(tokenIn(part)))
	assert.NotContains(t, rest, "507")
	assert.Contains(t, rest, "a.ics")
}

func TestForgottenTokens(t *testing.T) {
	cases := map[string]struct {
		option caldavtest.Option
		status int
		rows   int
	}{
		"forbidden": {caldavtest.OnBadToken(caldavtest.TokenForbidden), 403, 0},
		"error":     {caldavtest.OnBadToken(caldavtest.TokenError), 500, 0},
		"gone":      {caldavtest.OnBadToken(caldavtest.TokenGone), 410, 0},
		"empty":     {caldavtest.OnBadToken(caldavtest.TokenEmpty), 207, 0},
		"as first":  {caldavtest.OnBadToken(caldavtest.TokenAsFirst), 207, 1},
		"no sync":   {caldavtest.NoSync(), 403, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			require.NoError(t, r.Put(work+"a.ics", event))
			_, first := r.ask("REPORT", work, sync(""))
			r.Set(c.option)
			r.ForgetTokens()
			res, body := r.ask("REPORT", work, sync(tokenIn(first)))
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, c.rows, strings.Count(body, "<D:response>"))
		})
	}
}

func TestMultigetOfNothing(t *testing.T) {
	ask := `<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><href>` + work + `a.ics</href><href>` + work + `no.ics</href></C:calendar-multiget>`
	cases := map[caldavtest.MultigetAbsent]struct{ status, rows int }{
		caldavtest.AbsentTold: {207, 2}, caldavtest.AbsentOmitted: {207, 1}, caldavtest.AbsentFails: {404, 0}, caldavtest.AbsentAlways: {500, 0},
	}
	for how, c := range cases {
		r := newRig(t, caldavtest.OnAbsent(how))
		require.NoError(t, r.Put(work+"a.ics", event))
		res, body := r.ask("REPORT", work, ask)
		assert.Equal(t, c.status, res.StatusCode, how)
		assert.Equal(t, c.rows, strings.Count(body, "<D:response>"), how)
	}
}

func TestAuthentication(t *testing.T) {
	basic := newRig(t)
	assert.Equal(t, 404, basic.status("GET", work+"a.ics", ""))
	req := func(base string) *http.Request {
		r, err := http.NewRequest("GET", base+work+"a.ics", nil)
		require.NoError(t, err)
		return r
	}
	res, err := ownTransport.RoundTrip(req(basic.base))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 401, res.StatusCode)
	assert.Contains(t, res.Header.Get("WWW-Authenticate"), "Basic")

	digested := newRig(t, caldavtest.Digest())
	assert.Equal(t, 401, digested.status("GET", work+"a.ics", ""), "Basic is not enough")
	for password, want := range map[string]int{"secret": 404, "wrong": 401} {
		res, err := (&digest.Transport{Username: "alice", Password: password}).RoundTrip(req(digested.base))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, want, res.StatusCode, password)
	}
}

func TestForeignCalendars(t *testing.T) {
	theirs := "/calendars/bob/work/"
	for _, status := range []int{403, 404, 301, 207} {
		r := newRig(t, caldavtest.Foreign(status))
		res, body := r.ask("PROPFIND", theirs, "")
		assert.Equal(t, status, res.StatusCode)
		assert.NotContains(t, body, "200 OK")
		assert.NotEqual(t, 200, r.status("GET", theirs+"a.ics", ""))
	}
}

func TestSharing(t *testing.T) {
	r := newRig(t)
	shared := r.Share("/calendars/bob/work/", "alice", false)
	require.NoError(t, r.Put("/calendars/bob/work/a.ics", event))
	_, home := r.ask("PROPFIND", r.Home("alice"), `<propfind xmlns="DAV:"><prop><owner/><displayname/></prop></propfind>`, "Depth", "1")
	assert.Contains(t, home, shared)
	assert.Contains(t, home, "/principals/bob/")
	assert.Equal(t, 200, r.status("GET", shared+"a.ics", ""))
	assert.Equal(t, 403, r.status("PUT", shared+"a.ics", event))
	r.SetReadOnly(shared, false)
	assert.Equal(t, 204, r.status("PUT", shared+"a.ics", strings.Replace(event, "One", "Two", 1)))
	data, _, _ := r.Get("/calendars/bob/work/a.ics")
	assert.Contains(t, string(data), "Two")
	r.Unshare(shared)
	assert.Equal(t, 404, r.status("GET", shared+"a.ics", ""))
	assert.Len(t, r.List("/calendars/bob/work/"), 1)
	assert.Empty(t, r.Share("/nowhere/", "alice", true))
}

func TestEditMethods(t *testing.T) {
	r := newRig(t)
	other := r.AddCalendar("alice", "home", "Home")
	require.NoError(t, r.Put(work+"a.ics", event))
	require.NoError(t, r.Move(work+"a.ics", other+"b.ics"))
	assert.Empty(t, r.List(work))
	assert.Equal(t, []string{other + "b.ics"}, r.List(other))
	require.Error(t, r.Move(work+"a.ics", other+"c.ics"))
	require.Error(t, r.Delete(work+"a.ics"))
	require.Error(t, r.Put("/calendars/alice/none/a.ics", event))
	require.Error(t, r.Put(work, event))
	require.NoError(t, r.PutRaw(work+"x.png", "image/png", []byte{1}))
	res, _ := r.ask("GET", work+"x.png", "")
	assert.Equal(t, "image/png", res.Header.Get("Content-Type"))
	assert.Nil(t, r.List("/none/"))
	_, _, ok := r.Get("/none/a")
	assert.False(t, ok)
	assert.Equal(t, 201, r.status("MKCALENDAR", "/calendars/alice/new/", `<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>New</displayname></prop></set></C:mkcalendar>`))
	assert.Equal(t, 405, r.status("MKCALENDAR", "/calendars/alice/new/", ""))
	require.NoError(t, r.Put("/calendars/alice/new/a.ics", event))
}

func TestQuery(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.Put(work+"a.ics", event))
	require.NoError(t, r.Put(work+"t.ics", strings.ReplaceAll(event, "VEVENT", "VTODO")))
	_, body := r.ask("REPORT", work, `<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"/></C:comp-filter></C:filter></C:calendar-query>`)
	assert.Contains(t, body, "t.ics")
	assert.NotContains(t, body, "a.ics")
	assert.Equal(t, 403, r.status("REPORT", work, `<expand-property xmlns="DAV:"/>`))
	assert.Equal(t, 400, r.status("REPORT", work, `<not`))
	assert.Equal(t, 400, r.status("PROPFIND", work, `<not`))
}

func TestFaults(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.Put(work+"a.ics", event))
	get := func() (int, string, error) {
		req, err := http.NewRequest("GET", r.base+work+"a.ics", nil)
		require.NoError(t, err)
		req.SetBasicAuth("alice", "secret")
		res, err := ownTransport.RoundTrip(req)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	r.Inject(caldavtest.Fault{Method: "GET", Path: work, Times: 2, Skip: 1, Status: 503, Header: http.Header{"Retry-After": {"3"}}, Body: "x", Repeat: 2})
	for _, want := range []string{event, "xxx", "xxx", event} {
		_, body, err := get()
		require.NoError(t, err)
		assert.Equal(t, want, body)
	}
	r.Inject(caldavtest.Fault{Method: "PUT", Status: 500})
	_, body, err := get()
	require.NoError(t, err)
	assert.Equal(t, event, body, "a fault of another method")
	r.Heal()

	r.Inject(caldavtest.Fault{Path: work + "a.ics", Reset: true}) // net/http tries a GET twice
	_, _, err = get()
	require.Error(t, err)
	r.Heal()
	r.Inject(caldavtest.Fault{Times: 1, Truncate: 10})
	_, body, err = get()
	require.Error(t, err)
	assert.Equal(t, event[:10], body)
	r.Inject(caldavtest.Fault{Times: 1, Truncate: 10, Clean: true})
	_, body, err = get()
	require.NoError(t, err)
	assert.Equal(t, event[:10], body)

	called := false
	r.Inject(caldavtest.Fault{Method: "PUT", Times: 1, After: true, Status: 500, Hook: func(*http.Request) { called = true }})
	assert.Equal(t, 500, r.status("PUT", work+"b.ics", event))
	assert.True(t, called)
	_, _, ok := r.Get(work + "b.ics")
	assert.True(t, ok, "carried out before it failed")
}

func TestLog(t *testing.T) {
	r := newRig(t)
	r.status("PUT", work+"%C3%BC.ics", event)
	r.status("GET", work+"none.ics", "")
	r.status("GET", work+"none.ics", "")
	assert.Equal(t, map[string]int{"PUT": 1, "GET": 2}, r.Counts())
	log := r.Requests()
	require.Len(t, log, 3)
	assert.Equal(t, work+"%C3%BC.ics", log[0].Path)
	assert.Equal(t, event, log[0].Body)
	assert.Equal(t, []int{201, 404, 404}, []int{log[0].Status, log[1].Status, log[2].Status})
	r.ResetLog()
	assert.Empty(t, r.Requests())
	assert.Empty(t, r.Counts())
}

func TestRewrites(t *testing.T) {
	lines := func() []string {
		return []string{"SUMMARY:S", `CONFERENCE;VALUE=URI;LABEL="a:b":tel:+1,,,2`, "X-A:1", "FROB:1", "CLASS:PRIVATE"}
	}
	cases := map[string]struct {
		rewrite caldavtest.Rewrite
		want    []string
	}{
		"sort":        {caldavtest.SortLines, []string{"CLASS:PRIVATE", lines()[1], "FROB:1", "SUMMARY:S", "X-A:1"}},
		"class kept":  {caldavtest.AddClass, lines()},
		"drop X":      {caldavtest.DropX, []string{"SUMMARY:S", lines()[1], "FROB:1", "CLASS:PRIVATE"}},
		"unknown":     {caldavtest.DropUnknown, []string{"SUMMARY:S", lines()[1], "X-A:1", "CLASS:PRIVATE"}},
		"cut":         {caldavtest.CutAtCommas, []string{"SUMMARY:S", `CONFERENCE;VALUE=URI;LABEL="a:b":tel:+1`, "X-A:1", "FROB:1", "CLASS:PRIVATE"}},
		"backslashes": {caldavtest.AddBackslashes, []string{"SUMMARY:S", `CONFERENCE;VALUE=URI;LABEL="a:b":tel:+1\,\,\,2`, "X-A:1", "FROB:1", "CLASS:PRIVATE"}},
		"collapse":    {caldavtest.CollapseCommas, []string{"SUMMARY:S", `CONFERENCE;VALUE=URI;LABEL="a:b":tel:+1,2`, "X-A:1", "FROB:1", "CLASS:PRIVATE"}},
	}
	for name, c := range cases {
		assert.Equal(t, c.want, c.rewrite(lines()), name)
	}
	r := newRig(t, caldavtest.Rewrites(caldavtest.AddClass))
	long := strings.Repeat("ü", 60)
	require.NoError(t, r.Put(work+"a.ics", strings.Replace(event, "SUMMARY:One", "SUMMARY:"+long+"\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM", 1)))
	data, _, _ := r.Get(work + "a.ics")
	text := string(data)
	assert.Contains(t, strings.ReplaceAll(text, "\r\n ", ""), "SUMMARY:"+long+"\r\nCLASS:PUBLIC\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT")
	for line := range strings.SplitSeq(text, "\r\n") {
		assert.LessOrEqual(t, len(line), 75)
		assert.True(t, strings.ToValidUTF8(line, "?") == line, "folded inside a character")
	}
}

// Each profile is a server on which a person finds her calendar.
func TestProfiles(t *testing.T) {
	for _, name := range caldavtest.Profiles() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, caldavtest.Profile(name))
			require.NoError(t, r.Put(r.Calendar("alice", "work")+"a.ics", event))
			assert.True(t, strings.HasPrefix(r.Principal("alice"), r.Prefix()))
			if name == "sogo" {
				_, body := r.ask("GET", "/.well-known/caldav", "")
				assert.Equal(t, caldavtest.LoginPage, body)
				return
			}
			res, _ := r.ask("PROPFIND", "/.well-known/caldav", "", "Content-Type", "application/xml")
			if !strings.HasPrefix(name, "sabre") {
				assert.Contains(t, []int{301, 302}, res.StatusCode)
				assert.Equal(t, r.Prefix()+"/", res.Header.Get("Location"))
			}
		})
	}
	assert.Panics(t, func() { caldavtest.Profile("nextserver") })
}
