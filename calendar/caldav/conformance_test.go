package caldav_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
	"convoke/calendar/caldavtest/servers"
)

// A subject is a server under test, with three people on it.
type subject struct {
	name      string
	fake      *caldavtest.Server // nil for a real one
	base      string
	digest    bool
	principal string
	calendar  string // alice's own
	foreign   string // bob's
	user      string
	password  string
	login     bool // base is enough for a discovery
	guests    []guest
}

func (s *subject) browser() *browser { return newBrowser(s.user, s.password, s.digest) }

// TestConformance runs one suite over the server in memory, as itself and as each of the servers it can play, and over
// each real server that this machine can run. The cases are the rules for clients that came out of measuring servers.
func TestConformance(t *testing.T) {
	fakes := map[string][]caldavtest.Option{
		"plain":       nil,
		"no sync":     {caldavtest.NoSync()},
		"no ctag":     {caldavtest.NoSync(), caldavtest.NoCTag()},
		"weak":        {caldavtest.WeakETags()},
		"no put etag": {caldavtest.ETagOnPut(caldavtest.ETagNever)},
		"truncating":  {caldavtest.SyncLimit(2)},
		"no multiget": {caldavtest.OnAbsent(caldavtest.AbsentAlways), caldavtest.SyncWithoutData()},
		"token empty": {caldavtest.OnBadToken(caldavtest.TokenEmpty)},
		"token gone":  {caldavtest.OnBadToken(caldavtest.TokenGone)},
		"owner quiet": {caldavtest.OwnerTold(false), caldavtest.PrivilegesTold(false)},
		"scheduling":  {caldavtest.Scheduling()},
	}
	for _, p := range caldavtest.Profiles() {
		fakes["as "+p] = []caldavtest.Option{caldavtest.Profile(p)}
	}
	for name, opts := range fakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, fakeSubject(t, name, opts...))
		})
	}
	for _, name := range servers.Names() {
		t.Run("real "+name, func(t *testing.T) {
			t.Parallel()
			conform(t, realSubject(t, name))
		})
	}
}

func fakeSubject(t testing.TB, name string, opts ...caldavtest.Option) *subject {
	for _, n := range []string{"alice", "bob", "carol"} {
		opts = append(opts, caldavtest.User(n, "secret-"+n))
	}
	s := caldavtest.New(opts...)
	base := startFake(t, s)
	isDigest := strings.Contains(name, "sabre")
	var guests []guest
	for _, n := range []string{"bob", "carol"} {
		guests = append(guests, guest{n, newBrowser(n, "secret-"+n, isDigest), base + s.Calendar(n, "work")})
	}
	return &subject{
		name: name, fake: s, base: base + "/", user: "alice", password: "secret-alice",
		digest: isDigest, guests: guests,
		principal: base + s.Principal("alice"), calendar: base + s.Calendar("alice", "work"), foreign: base + s.Calendar("bob", "work"),
		login: !strings.Contains(name, "sogo"),
	}
}

func realSubject(t *testing.T, name string) *subject {
	i, err := servers.Start(t.Context(), name, t.Logf)
	if errors.Is(err, servers.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(i.Stop)
	alice, bob, carol := i.User("alice"), i.User("bob"), i.User("carol")
	return &subject{
		name: "real " + name, base: i.Base, user: alice.Name, password: alice.Password, principal: alice.Principal,
		calendar: alice.Calendar, foreign: bob.Calendar, login: true,
		guests: []guest{
			{"bob", newBrowser(bob.Name, bob.Password, false), bob.Calendar},
			{"carol", newBrowser(carol.Name, carol.Password, false), carol.Calendar},
		},
	}
}

// A desk is a fresh calendar on a subject, with convoke's client and another program at it.
type desk struct {
	*subject
	*browser
	url   string
	cal   *caldav.Calendar
	other *browser
	etags map[string]string // what a ledger would know
	token string
}

var (
	deskMu stdsync.Mutex
	desks  int
)

func newDesk(t *testing.T, s *subject) *desk {
	t.Helper()
	deskMu.Lock()
	desks++
	name := fmt.Sprintf("c%d", desks)
	deskMu.Unlock()
	d := &desk{subject: s, browser: s.browser(), other: s.browser(), etags: map[string]string{}}
	home := strings.TrimSuffix(s.calendar, "/")
	d.url = home[:strings.LastIndexByte(home, '/')+1] + name + "/"
	status, body := d.other.send(t, "MKCALENDAR", d.url, mkcalendar, "Content-Type", "application/xml; charset=utf-8")
	require.Equal(t, http.StatusCreated, status, body)
	d.reopen(t, "")
	return d
}

func (d *desk) reopen(t *testing.T, profile string) {
	t.Helper()
	var err error
	d.cal, err = caldav.Open(d.browser, d.url, profile)
	require.NoError(t, err)
}

const mkcalendar = `<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">` +
	`<D:set><D:prop><D:displayname>Desk</D:displayname></D:prop></D:set></C:mkcalendar>`

// put is another program's PUT. Some servers want a UID to be in one calendar only.
func (d *desk) put(t *testing.T, name, data string) {
	t.Helper()
	data = strings.Replace(data, "\nUID:", "\nUID:"+strings.ReplaceAll(hrefOf(d.url), "/", "-"), 1)
	status, body := d.other.send(t, http.MethodPut, d.url+name, data)
	require.Contains(t, []int{200, 201, 204}, status, body)
}

func (d *desk) remove(t *testing.T, name string) {
	t.Helper()
	status, body := d.other.send(t, http.MethodDelete, d.url+name, "")
	require.Contains(t, []int{200, 204}, status, body)
}

// look runs one look and keeps its outcome as a ledger would.
func (d *desk) look(t *testing.T, full bool) (calendar.Look, map[string]calendar.Change) {
	t.Helper()
	rows := map[string]calendar.Change{}
	since := calendar.Since{Token: d.token, Full: full, ETag: func(href string) string { return d.etags[href] }}
	look, err := d.cal.Changes(t.Context(), since, func(ch calendar.Change) error {
		rows[ch.Href] = ch
		return nil
	})
	require.NoError(t, err)
	if look.Complete {
		for href := range d.etags {
			if _, ok := rows[href]; !ok {
				delete(d.etags, href)
			}
		}
	}
	for href, ch := range rows {
		if ch.Gone {
			delete(d.etags, href)
		} else if ch.Err == nil {
			d.etags[href] = ch.ETag
		}
	}
	d.token = look.Token
	return look, rows
}

// byText finds the row whose data holds a text.
func byText(rows map[string]calendar.Change, text string) *calendar.Change {
	for _, ch := range rows {
		if contains(ch.Data, text) {
			return &ch
		}
	}
	return nil
}

func fresh(rows map[string]calendar.Change) (n int) {
	for _, ch := range rows {
		if ch.Data != nil {
			n++
		}
	}
	return n
}

func conform(t *testing.T, s *subject) {
	cases := []struct {
		name string
		run  func(*testing.T, *subject)
	}{
		{"discovery from server, principal, home and calendar", discovers},
		{"discovery with a wrong password", refusesPassword},
		{"somebody else's calendar is never empty", foreignCalendar},
		{"the server is recognised", recognised},
		{"the first look is complete and has the data", firstLook},
		{"an idle look is one request, also after a restart", idle},
		{"a change, a deletion and a new object are found", deltas},
		{"created and deleted in between", inBetween},
		{"a token that the server does not know", badToken},
		{"a full look is complete and its token holds", fullLook},
		{"names with odd characters go round", oddNames},
		{"more objects than one batch", batches},
		{"an object that goes while it is fetched", goesMeanwhile},
		{"an object that is too large hides only itself", tooLarge},
		{"an object that is not there", absent},
		{"a conditional put is read back", puts},
		{"a put with a stale ETag changes nothing", stale},
		{"a put never creates", neverCreates},
		{"a put that is refused changes nothing", refused},
		{"an identical put does no harm", identical},
		{"what reaches attendees is what is said of the server", reaches},
		{"a booking costs each attendee one update and nobody's answer", costsOneUpdate},
		{"a new LOCATION makes people answer again where it is said so", locationResets},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

func discovers(t *testing.T, s *subject) {
	home := s.calendar[:strings.LastIndexByte(strings.TrimSuffix(s.calendar, "/"), '/')+1]
	starts := map[string]string{"principal": s.principal, "home": home, "calendar": s.calendar, "calendar without slash": strings.TrimSuffix(s.calendar, "/")}
	if s.login {
		starts["server"] = s.base
		starts["origin"] = s.base[:strings.Index(s.base[8:], "/")+8]
	}
	for name, url := range starts {
		t.Run(name, func(t *testing.T) {
			account, err := caldav.Discover(t.Context(), s.browser(), url)
			require.NoError(t, err)
			i := slices.IndexFunc(account.Calendars, func(in caldav.Info) bool { return in.URL == s.calendar })
			require.GreaterOrEqual(t, i, 0, "%s is not in %+v", s.calendar, account.Calendars)
			for _, in := range account.Calendars {
				assert.NoError(t, in.Err)
				assert.NotContains(t, strings.ToLower(in.URL), "box/", "an inbox or outbox")
				assert.NotContains(t, in.URL, "proxy", "a proxy principal")
				assert.NotEqual(t, home, in.URL, "the home itself")
			}
			got := account.Calendars[i]
			assert.True(t, got.Own, "own")
			assert.True(t, got.Writable, "writable")
			assert.True(t, got.Events, "events")
			assert.NotEmpty(t, got.Name)
			assert.Equal(t, s.principal, account.Principal)
			if strings.HasPrefix(name, "calendar") {
				assert.Len(t, account.Calendars, 1)
			} else {
				assert.Equal(t, home, account.Home)
			}
			c, err := caldav.Open(s.browser(), got.URL, got.Profile)
			require.NoError(t, err)
			_, err = c.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
			require.NoError(t, err)
		})
	}
}

func refusesPassword(t *testing.T, s *subject) {
	_, err := caldav.Discover(t.Context(), newBrowser(s.user, "wrong", s.digest), s.calendar)
	require.ErrorIs(t, err, calendar.ErrAuth)
	assert.NotContains(t, err.Error(), "wrong")
}

func foreignCalendar(t *testing.T, s *subject) {
	c, err := caldav.Open(s.browser(), s.foreign, "")
	require.NoError(t, err)
	for _, full := range []bool{false, true} {
		_, err = c.Changes(t.Context(), calendar.Since{Full: full, ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
		require.Error(t, err)
		ok := errors.Is(err, calendar.ErrForbidden) || errors.Is(err, calendar.ErrMissing) || errors.Is(err, calendar.ErrAuth)
		assert.True(t, ok, "%v", err)
	}
	assert.NotContains(t, c.Profile(), "sync=no", "a refusal says nothing about the server")
	_, err = c.Put(t.Context(), calendar.Object{Href: hrefOf(s.foreign) + "x.ics", ETag: `"x"`, Data: []byte(event("x", "x"))})
	require.Error(t, err)
}

func hrefOf(url string) string { return url[strings.Index(url[8:], "/")+8:] }

// Who a server is can be told by a discovery, wherever it begins, and what follows from it for a writer.
func recognised(t *testing.T, s *subject) {
	d := newDesk(t, s)
	assert.Equal(t, caldav.Traits{Schedules: true, Rewrites: true, LocationResets: true}, d.cal.Traits(), "the careful case")
	starts := []string{d.url, s.principal}
	if s.login {
		starts = append(starts, s.base)
	}
	for _, start := range starts {
		account, err := caldav.Discover(t.Context(), s.browser(), start)
		require.NoError(t, err)
		d.reopen(t, account.Calendars[0].Profile)
		for _, known := range []string{"radicale", "xandikos", "davical", "cyrus", "sogo", "sabre"} {
			if strings.Contains(s.name, known) {
				assert.Equal(t, known, d.cal.Traits().Server, start)
			}
		}
	}
}

func firstLook(t *testing.T, s *subject) {
	d := newDesk(t, s)
	for _, n := range []string{"one", "two", "three"} {
		d.put(t, n+".ics", event(n, "Event "+n))
	}
	look, rows := d.look(t, false)
	assert.True(t, look.Complete)
	assert.Len(t, rows, 3)
	for _, n := range []string{"one", "two", "three"} {
		row := byText(rows, "SUMMARY:Event "+n)
		require.NotNil(t, row, n)
		assert.Equal(t, hrefOf(d.url)+n+".ics", row.Href)
		assert.NotEmpty(t, row.ETag)
		got, err := d.cal.Get(t.Context(), row.Href)
		require.NoError(t, err)
		assert.Equal(t, row.ETag, got.ETag)
	}
}

func idle(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "one.ics", event("one", "One"))
	d.put(t, "two.ics", event("two", "Two"))
	d.look(t, false)
	for _, restart := range []bool{false, true, true} {
		if restart {
			d.reopen(t, d.cal.Profile())
		}
		asked := d.count(func() {
			_, rows := d.look(t, false)
			assert.Zero(t, fresh(rows), "rows with data: %v", rows)
		})
		assert.Len(t, asked, 1)
	}
}

func deltas(t *testing.T, s *subject) {
	d := newDesk(t, s)
	for _, n := range []string{"a", "b", "c"} {
		d.put(t, n+".ics", event(n, "Event "+n))
	}
	d.look(t, false)
	d.put(t, "a.ics", event("a", "Changed a"))
	d.put(t, "d.ics", event("d", "New d"))
	d.remove(t, "b.ics")
	asked := d.count(func() {
		look, rows := d.look(t, false)
		assert.NotNil(t, byText(rows, "SUMMARY:Changed a"))
		assert.NotNil(t, byText(rows, "SUMMARY:New d"))
		assert.Equal(t, 2, fresh(rows))
		b, told := rows[hrefOf(d.url)+"b.ics"]
		assert.True(t, told && b.Gone || !told && look.Complete, "the deletion is told by a row, or by a complete listing")
	})
	if d.cal.Profile() != "" && !slices.Contains([]string{"truncating", "no multiget"}, s.name) {
		assert.LessOrEqual(t, len(asked), 3, "%v", asked)
	}
	assert.Len(t, d.etags, 3)
	_, rows := d.look(t, false)
	assert.Zero(t, fresh(rows))
}

func inBetween(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	d.look(t, false)
	d.put(t, "short.ics", event("short", "Short"))
	d.remove(t, "short.ics")
	_, rows := d.look(t, false)
	if row, ok := rows[hrefOf(d.url)+"short.ics"]; ok {
		assert.True(t, row.Gone)
	}
	assert.Len(t, d.etags, 1)
}

func badToken(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	d.look(t, false)
	if s.fake != nil {
		s.fake.ForgetTokens()
	}
	if strings.HasPrefix(d.token, "sync ") && s.fake == nil {
		d.token = "sync http://example.com/nonsense/1"
	}
	d.put(t, "b.ics", event("b", "B"))
	look, rows := d.look(t, false)
	if slices.Contains([]string{"token empty", "as sogo"}, s.name) {
		assert.False(t, look.Complete, "nothing may be concluded from such a report")
		_, rows = d.look(t, true)
	}
	assert.NotNil(t, byText(rows, "SUMMARY:B"))
	_, rows = d.look(t, false)
	assert.Zero(t, fresh(rows))
}

func fullLook(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	d.put(t, "b.ics", event("b", "B"))
	d.look(t, false)
	d.put(t, "b.ics", event("b", "B2"))
	look, rows := d.look(t, true)
	assert.True(t, look.Complete)
	assert.Len(t, rows, 2)
	assert.Equal(t, 1, fresh(rows), "only what has another ETag")
	assert.NotNil(t, byText(rows, "SUMMARY:B2"))
	asked := d.count(func() {
		_, rows = d.look(t, false)
		assert.Zero(t, fresh(rows))
	})
	assert.Len(t, asked, 1)
	d.put(t, "a.ics", event("a", "A2"))
	_, rows = d.look(t, false)
	assert.NotNil(t, byText(rows, "SUMMARY:A2"))
}

func oddNames(t *testing.T, s *subject) {
	d := newDesk(t, s)
	names := map[string]string{
		"space": "with%20space.ics", "umlaut": "%C3%BC.ics", "at": "me%40example.com.ics", "plus": "a%2Bb.ics",
		"percent": "100%25.ics", "ampersand": "a%26b.ics",
	}
	if s.name != "real xandikos" { // which takes it for some file
		names["no extension"] = "plain"
	}
	if !strings.Contains(s.name, "davical") { // which refuses them
		names["parenthesis"] = "%28x%29.ics"
	}
	for what, n := range names {
		d.put(t, n, event("uid-"+n[:2]+what, "Named "+what))
	}
	_, rows := d.look(t, false)
	for what, n := range names {
		row := byText(rows, "SUMMARY:Named "+what)
		require.NotNil(t, row, what)
		assert.Equal(t, hrefOf(d.url)+n, row.Href, what)
		got, err := d.cal.Get(t.Context(), row.Href)
		require.NoError(t, err, what)
		got.Data = []byte(strings.Replace(string(got.Data), "Named "+what, "Renamed "+what, 1))
		got, err = d.cal.Put(t.Context(), got)
		require.NoError(t, err, what)
		assert.True(t, contains(got.Data, "Renamed "+what), what)
	}
	d.etags = map[string]string{}
	_, rows = d.look(t, true)
	for what := range names {
		assert.NotNil(t, byText(rows, "Renamed "+what), "by multiget: %s", what)
	}
}

func batches(t *testing.T, s *subject) {
	d := newDesk(t, s)
	for i := range 120 {
		n := fmt.Sprintf("e%03d", i)
		d.put(t, n+".ics", event(n, "Event "+n))
	}
	asked := d.count(func() {
		look, rows := d.look(t, true)
		assert.True(t, look.Complete)
		assert.Equal(t, 120, fresh(rows))
	})
	if s.name != "no multiget" {
		assert.LessOrEqual(t, len(asked), 5)
	}
	d.token, d.etags = "", map[string]string{}
	look, rows := d.look(t, false)
	assert.True(t, look.Complete)
	assert.Equal(t, 120, fresh(rows))
}

func goesMeanwhile(t *testing.T, s *subject) {
	d := newDesk(t, s)
	for _, n := range []string{"a", "b", "c"} {
		d.put(t, n+".ics", event(n, "Event "+n))
	}
	var once stdsync.Once
	listed := false
	d.before = func(req *http.Request) {
		if listed && req.Method == "REPORT" {
			once.Do(func() { d.remove(t, "b.ics") })
		}
		listed = listed || req.Method == "PROPFIND" && req.Header.Get("Depth") == "1"
	}
	_, rows := d.look(t, true)
	require.Len(t, rows, 3)
	assert.True(t, rows[hrefOf(d.url)+"b.ics"].Gone)
	assert.NotNil(t, byText(rows, "Event a"))
	assert.NotNil(t, byText(rows, "Event c"))
}

func tooLarge(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	line := "DESCRIPTION:x" + strings.Repeat("\r\n "+strings.Repeat("y", 60), 20_000)
	d.put(t, "big.ics", event("big", "Big", line))
	for _, full := range []bool{false, true} {
		d.token, d.etags = "", map[string]string{}
		_, rows := d.look(t, full)
		assert.NotNil(t, byText(rows, "SUMMARY:A"))
		require.ErrorIs(t, rows[hrefOf(d.url)+"big.ics"].Err, calendar.ErrTooLarge)
	}
	_, err := d.cal.Get(t.Context(), hrefOf(d.url)+"big.ics")
	require.ErrorIs(t, err, calendar.ErrTooLarge)
}

func absent(t *testing.T, s *subject) {
	d := newDesk(t, s)
	_, err := d.cal.Get(t.Context(), hrefOf(d.url)+"nothing.ics")
	require.ErrorIs(t, err, calendar.ErrNotFound)
	c, err := caldav.Open(d.browser, strings.TrimSuffix(d.url, "/")+"-not/", "")
	require.NoError(t, err)
	_, err = c.Changes(t.Context(), calendar.Since{ETag: func(string) string { return "" }}, func(calendar.Change) error { return nil })
	require.Error(t, err)
	assert.True(t, errors.Is(err, calendar.ErrMissing) || errors.Is(err, calendar.ErrForbidden), "%v", err)
}

// only gets the single object of a look.
func (d *desk) only(t *testing.T, name string) calendar.Object {
	t.Helper()
	o, err := d.cal.Get(t.Context(), hrefOf(d.url)+name)
	require.NoError(t, err)
	return o
}

const room = "LOCATION:https://meeting.example.com/join/1\r\n"

func withRoom(o calendar.Object) calendar.Object {
	o.Data = []byte(strings.Replace(string(o.Data), "END:VEVENT", room+"END:VEVENT", 1))
	return o
}

func puts(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A", "ORGANIZER:mailto:alice@example.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"))
	d.look(t, false)
	before := d.only(t, "a.ics")
	after, err := d.cal.Put(t.Context(), withRoom(before))
	require.NoError(t, err)
	assert.NotEqual(t, before.ETag, after.ETag)
	assert.True(t, contains(after.Data, "https://meeting.example.com/join/1"), "%s", after.Data)
	assert.Equal(t, d.only(t, "a.ics"), after, "what is returned is what is there")
	_, rows := d.look(t, false)
	if row, ok := rows[after.Href]; ok && !slices.Contains([]string{"as sogo"}, s.name) {
		assert.Equal(t, after.ETag, row.ETag, "our own write comes back under the ETag that was read back")
	}
}

func stale(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	old := d.only(t, "a.ics")
	d.put(t, "a.ics", event("a", "The user's"))
	now := d.only(t, "a.ics")
	require.NotEqual(t, old.ETag, now.ETag)
	_, err := d.cal.Put(t.Context(), withRoom(old))
	require.ErrorIs(t, err, calendar.ErrPrecondition)
	assert.Equal(t, now, d.only(t, "a.ics"))
	_, err = d.cal.Put(t.Context(), withRoom(calendar.Object{Href: old.Href, Data: old.Data}))
	require.ErrorIs(t, err, calendar.ErrPrecondition, "without an ETag nothing is sent")
}

func neverCreates(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	d.look(t, false) // from which SOGo is known
	o := d.only(t, "a.ics")
	d.remove(t, "a.ics")
	_, err := d.cal.Put(t.Context(), withRoom(o))
	require.Error(t, err)
	assert.True(t, errors.Is(err, calendar.ErrPrecondition) || errors.Is(err, calendar.ErrNotFound), "%v", err)
	_, err = d.cal.Get(t.Context(), o.Href)
	require.ErrorIs(t, err, calendar.ErrNotFound)
}

func refused(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	o := d.only(t, "a.ics")
	_, err := d.cal.Put(t.Context(), calendar.Object{Href: o.Href, ETag: o.ETag, Data: []byte("this is no calendar\r\n")})
	require.Error(t, err)
	if !strings.Contains(s.name, "davical") { // which answers 412, or 500
		require.ErrorIs(t, err, calendar.ErrRefused)
	}
	assert.Equal(t, o, d.only(t, "a.ics"))
}

func identical(t *testing.T, s *subject) {
	d := newDesk(t, s)
	d.put(t, "a.ics", event("a", "A"))
	d.look(t, false)
	o := d.only(t, "a.ics")
	after, err := d.cal.Put(t.Context(), o)
	require.NoError(t, err)
	assert.True(t, contains(after.Data, "SUMMARY:A"))
	d.look(t, false)
	_, rows := d.look(t, false)
	assert.Zero(t, fresh(rows))
}
