package caldav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/emersion/go-webdav"

	"convoke/calendar"
)

// An Account is what a server has for one person.
type Account struct {
	Principal string   // URL; "" where the server tells none
	Home      string   // URL of the first calendar home (RFC 4791, 6.2.1)
	Addresses []string // calendar-user-address-set (RFC 6638, 2.4.1): the mailto addresses, lower case; may be none
	Calendars []Info
}

// An Info is one calendar of an Account.
type Info struct {
	URL      string
	Name     string // DAV:displayname, else the last part of the URL
	Owner    string // URL of DAV:owner, "" where it is not told
	Own      bool   // the owner is the principal; where it is not told: it lies in the principal's home
	Writable bool   // the account may change objects in it; where that is not told: true
	Events   bool   // it may hold VEVENT; where that is not told: true
	TimeZone string // TZID of its calendar-timezone, "" for none
	Profile  string // for Open
	Err      error  // why it cannot be used: it is on another server
}

// Discover finds a person's calendars from whatever URL there is: of the server, the principal, a home or one calendar. Of
// one calendar it returns that alone. When the URL itself leads nowhere, /.well-known/caldav (RFC 6764) and the root
// of the server are tried. Errors are StatusErrors where a server answered.
func Discover(ctx context.Context, d Doer, rawURL string) (Account, error) {
	start, err := parsePlace(rawURL)
	if err != nil {
		return Account{}, err
	}
	f := &finder{client: client{d}, ctx: ctx, start: start}
	if err := f.find(); err != nil {
		return Account{}, err
	}
	f.recognise()
	return f.account, nil
}

// recognise asks for OPTIONS once, at a calendar: Cyrus, Radicale and Xandikos send the DAV header with nothing else, and
// Cyrus not at its root. What a server does not tell stays unknown.
func (f *finder) recognise() {
	usable := slices.IndexFunc(f.account.Calendars, func(i Info) bool { return i.Err == nil })
	if usable < 0 {
		return
	}
	at, err := parsePlace(f.account.Calendars[usable].URL)
	if err != nil {
		return
	}
	req, err := newRequest(f.ctx, http.MethodOptions, at, nil)
	if err != nil {
		return
	}
	res, err := f.send(req)
	if err != nil {
		return
	}
	defer closeBody(res)
	for i := range f.account.Calendars {
		if in := &f.account.Calendars[i]; in.Err == nil {
			in.Profile = withHeader(in.Profile, res.Header)
		}
	}
}

// A finder is one call of Discover.
type finder struct {
	client
	ctx     context.Context
	start   place
	account Account

	principal place
	homes     []place
}

const (
	calendarProps = `<D:resourcetype/><D:displayname/><D:owner/><D:current-user-privilege-set/><D:supported-report-set/>` +
		`<C:supported-calendar-component-set/><C:calendar-timezone/><C:calendar-timezone-id/>`
	principalProps = `<D:resourcetype/><C:calendar-home-set/><C:calendar-user-address-set/>`
)

func (f *finder) find() error {
	single, kind, err := f.look()
	if final(err) {
		return err
	}
	if kind.has(name{nsDAV, "principal"}) {
		f.principal = f.start
	} else if perr := f.findPrincipal(); final(perr) || perr != nil && err != nil {
		return perr
	}
	if f.principal.path == "" && single == nil {
		f.homes = []place{f.start.dir()} // nobody says who we are, but the URL answers: perhaps it is the home
	}
	if f.principal.path != "" {
		f.account.Principal = f.principal.String()
		if err := f.readPrincipal(); err != nil {
			return err
		}
	}
	if single != nil {
		f.account.Calendars = []Info{f.owned(*single)}
		return nil
	}
	return f.listHomes(err == nil && !kind.has(name{nsDAV, "principal"}))
}

// final says that nothing else needs to be tried on this server.
func final(err error) bool {
	return errors.Is(err, calendar.ErrAuth) || errors.Is(err, errNoAnswer)
}

// look asks the URL itself: it may be a calendar.
func (f *finder) look() (single *Info, kind *property, err error) {
	a, err := f.multistatus(f.ctx, query{method: "PROPFIND", at: f.start, depth: "0", body: propfind(calendarProps), moved: true}, func(r *response) error {
		p, ok := r.get(propResourceType)
		if kind != nil || !ok {
			return nil // the first row is the URL's own, whatever a server adds to Depth 0
		}
		kind = &property{inside: p.inside}
		if isCalendar(kind) {
			single = f.info(r)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if f.start.sameOrigin(a.final) {
		f.start = a.final
	}
	if single != nil {
		single.URL = f.start.dir().String()
		single.Profile = withHeader(single.Profile, a.header)
	}
	return single, kind, nil
}

// findPrincipal asks who we are (RFC 5397): at the URL, then where servers say that one should begin.
func (f *finder) findPrincipal() error {
	var first error
	for _, at := range []place{f.start, f.start.at("/.well-known/caldav"), f.start.at("/")} {
		c, err := webdav.NewClient(strict{f.client}, at.String())
		if err != nil {
			return err
		}
		path, err := c.FindCurrentUserPrincipal(f.ctx)
		if err == nil && path != "" {
			f.principal = at.at(canonicalPath((&url.URL{Path: rooted(path)}).EscapedPath()))
			return nil
		}
		if final(err) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errors.New("the server names none")
	}
	return fmt.Errorf("%s leads to no principal; give the URL of the calendar itself: %w", f.start, first)
}

// readPrincipal reads homes and addresses. go-webdav would drop the host of a home on another server (iCloud).
func (f *finder) readPrincipal() error {
	q := query{method: "PROPFIND", at: f.principal, depth: "0", body: propfind(principalProps), moved: true}
	_, err := f.multistatus(f.ctx, q, func(r *response) error {
		if homes, ok := r.get(name{nsCalDAV, "calendar-home-set"}); ok {
			f.takeHomes(homes.hrefs())
		}
		if addresses, ok := r.get(name{nsCalDAV, "calendar-user-address-set"}); ok {
			f.account.Addresses = mailAddresses(addresses.hrefs())
		}
		return nil
	})
	return err
}

func (f *finder) takeHomes(hrefs []string) {
	for _, h := range hrefs {
		home, err := f.principal.resolve(h)
		if err != nil {
			f.account.Calendars = append(f.account.Calendars, Info{URL: home.String(), Name: home.host, Err: fmt.Errorf("calendar home %w", err)})
			continue
		}
		f.homes = append(f.homes, home.dir())
	}
}

// mailAddresses takes the mailto addresses out of a calendar-user-address-set.
func mailAddresses(hrefs []string) []string {
	var out []string
	for _, h := range hrefs {
		if len(h) < 7 || !strings.EqualFold(h[:7], "mailto:") {
			continue
		}
		address, err := url.PathUnescape(h[7:])
		if err != nil {
			address = h[7:]
		}
		address = strings.ToLower(strings.TrimSpace(oneLine(address)))
		if address != "" && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}

// listHomes lists the URL itself, if it is a collection with calendars in it, else the homes.
func (f *finder) listHomes(listable bool) error {
	if listable && f.start.path != "/" && !slices.Contains(f.homes, f.start.dir()) {
		if found, err := f.list(f.start.dir()); err == nil && len(found) > 0 {
			f.homes = []place{f.start.dir()}
		}
	} else if slices.Contains(f.homes, f.start.dir()) {
		f.homes = []place{f.start.dir()}
	}
	for i, home := range f.homes {
		if i == 0 {
			f.account.Home = home.String()
		}
		found, err := f.list(home)
		if err != nil {
			return err
		}
		for _, info := range found {
			f.account.Calendars = append(f.account.Calendars, f.owned(info))
		}
	}
	if len(f.homes) == 0 && len(f.account.Calendars) == 0 {
		return fmt.Errorf("%s tells no calendar home; give the URL of the calendar itself", f.principal)
	}
	return nil
}

// list finds the calendars in a home. A row that cannot be read hides only itself.
func (f *finder) list(home place) ([]Info, error) {
	var out []Info
	a, err := f.multistatus(f.ctx, query{method: "PROPFIND", at: home, depth: "1", body: propfind(calendarProps), moved: true}, func(r *response) error {
		if kind, _ := r.get(propResourceType); !isCalendar(kind) || len(r.hrefs) == 0 {
			return nil
		}
		info := f.info(r)
		at, err := home.resolve(r.hrefs[0])
		info.URL = at.dir().String()
		if err != nil {
			info.Err = fmt.Errorf("calendar on %w", err)
		}
		info.Name = named(info.Name, at)
		out = append(out, *info)
		return nil
	})
	for i := range out {
		out[i].Profile = withHeader(out[i].Profile, a.header)
	}
	return out, err
}

// isCalendar tells calendars from what lies beside them: in- and outboxes, proxies, a bin. SOGo's own calendar is an
// outbox too.
func isCalendar(kind *property) bool {
	return kind.has(name{nsCalDAV, "calendar"}) && !kind.has(name{nsCalDAV, "schedule-inbox"}) &&
		!kind.has(name{"http://nextcloud.com/ns", "deleted-calendar"}) && !kind.has(name{nsCS, "subscribed"})
}

// info reads what a row tells about a calendar; URL and Own are the caller's.
func (f *finder) info(r *response) *Info {
	in := &Info{Name: r.text(name{nsDAV, "displayname"}), Writable: true, Events: true}
	if owner, ok := r.get(name{nsDAV, "owner"}); ok {
		if hrefs := owner.hrefs(); len(hrefs) > 0 && hrefs[0] != "" {
			at, _ := f.start.resolve(hrefs[0])
			in.Owner = at.String()
		}
	}
	if rights, ok := r.get(name{nsDAV, "current-user-privilege-set"}); ok && rights.has(name{nsDAV, "privilege"}) {
		in.Writable = rights.has(name{nsDAV, "write-content"}) || rights.has(name{nsDAV, "write"}) || rights.has(name{nsDAV, "all"})
	}
	if kinds, ok := r.get(name{nsCalDAV, "supported-calendar-component-set"}); ok && len(kinds.inside) > 0 {
		in.Events = slices.ContainsFunc(kinds.inside, func(n node) bool { return strings.EqualFold(n.attr, "VEVENT") })
	}
	in.TimeZone = timeZone(r)
	var p profile
	if reports, ok := r.get(name{nsDAV, "supported-report-set"}); ok {
		p.supports(reports)
	}
	in.Profile = p.String()
	return in
}

// timeZone finds the TZID in calendar-timezone-id (RFC 7809) or in the VTIMEZONE of calendar-timezone (RFC 4791, 5.2.2).
func timeZone(r *response) string {
	if id := r.text(name{nsCalDAV, "calendar-timezone-id"}); id != "" {
		return oneLine(id)
	}
	for line := range strings.Lines(r.text(name{nsCalDAV, "calendar-timezone"})) {
		if key, value := split(strings.TrimRight(line, "\r\n")); key == "TZID" {
			return strings.TrimSpace(oneLine(value))
		}
	}
	return ""
}

// owned decides whether a calendar is the principal's own.
func (f *finder) owned(in Info) Info {
	at, err := parsePlace(in.URL)
	if err != nil || in.Err != nil {
		return in
	}
	in.Name = named(in.Name, at)
	if in.Owner != "" && f.principal.path != "" {
		in.Own = in.Owner == f.principal.String() || in.Owner == f.principal.dir().String() || in.Owner+"/" == f.principal.String()
		return in
	}
	in.Own = slices.ContainsFunc(f.homes, func(home place) bool { return strings.HasPrefix(at.path, home.path) })
	return in
}

func named(told string, at place) string {
	if told = strings.TrimSpace(oneLine(told)); told != "" {
		return told
	}
	trimmed := strings.TrimSuffix(at.path, "/")
	last, err := url.PathUnescape(trimmed[strings.LastIndexByte(trimmed, '/')+1:])
	if err != nil {
		return trimmed
	}
	return oneLine(last)
}

// oneLine puts a space in the place of control characters: names go into tables and logs.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// withHeader adds what an answer's header tells of the server.
func withHeader(text string, h http.Header) string {
	p := parseProfile(text)
	p.recognise(h)
	return p.String()
}
