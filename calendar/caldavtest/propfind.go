package caldavtest

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// properties are inner XML by name.
type properties map[xml.Name]string

func (p properties) value(w io.Writer, n xml.Name) bool {
	v, ok := p[n]
	if w != nil {
		_, _ = io.WriteString(w, v)
	}
	return ok
}

func dav(local string) xml.Name { return xml.Name{Space: nsDAV, Local: local} }
func cal(local string) xml.Name { return xml.Name{Space: nsCalDAV, Local: local} }
func cs(local string) xml.Name  { return xml.Name{Space: nsCS, Local: local} }

const components = `<C:comp name="VEVENT"/><C:comp name="VTODO"/>`

// propfindTop answers for the root, a principal or a home.
func (s *Server) propfindTop(w http.ResponseWriter, r *http.Request, c config, who *user, parts []string) {
	ask, err := parse(r)
	if err != nil {
		http.Error(w, "not XML", http.StatusBadRequest)
		return
	}
	if len(parts) == 2 && parts[1] != who.name {
		s.foreign(w, r, c, who, r.URL.Path)
		return
	}
	isHome := len(parts) == 2 && parts[0] == "calendars"
	ms := startMultistatus(w)
	defer ms.end("")
	ms.row(c.href(slashed(r.URL.Path)), ask.names(), s.top(c, who, parts).value)
	if isHome && r.Header.Get("Depth") != "0" {
		s.listHome(ms, ask.names(), c, who)
	}
}

// top are the properties of the root, a principal or a home.
func (s *Server) top(c config, who *user, parts []string) properties {
	me := "<D:href>" + c.href(c.prefix+"/principals/"+who.name+"/") + "</D:href>"
	p := properties{dav("current-user-principal"): me, dav("resourcetype"): "<D:collection/>"}
	if len(parts) < 2 {
		return p
	}
	p[dav("displayname")] = escape(who.name)
	p[dav("owner")] = me
	if parts[0] == "calendars" {
		if c.homeLooksAlike {
			p[cal("supported-calendar-component-set")] = components
		}
		return p
	}
	p[dav("resourcetype")] = "<D:collection/><D:principal/>"
	p[cal("calendar-home-set")] = "<D:href>" + c.href(c.prefix+"/calendars/"+who.name+"/") + "</D:href>"
	addresses := me
	if c.addresses {
		for _, a := range who.addresses {
			addresses += "<D:href>mailto:" + escape(a) + "</D:href>"
		}
	}
	p[cal("calendar-user-address-set")] = addresses
	return p
}

// listHome writes a row for everything in a home.
func (s *Server) listHome(ms *multistatus, names []xml.Name, c config, who *user) {
	s.mu.Lock()
	var all []*mount
	for _, m := range s.mounts {
		if m.user == who.name {
			all = append(all, m)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	var rows []properties
	for _, m := range all {
		rows = append(rows, s.calendarProperties(c, m, who))
	}
	s.mu.Unlock()
	for i, m := range all {
		ms.row(c.href(m.path), names, rows[i].value)
	}
	home := c.prefix + "/calendars/" + who.name + "/"
	switch c.extras {
	case "boxes":
		for _, box := range []string{"inbox", "outbox"} {
			ms.row(c.href(home+box+"/"), names, properties{
				dav("resourcetype"):                     "<D:collection/><C:schedule-" + box + "/>",
				cal("supported-calendar-component-set"): components,
			}.value)
		}
	case "proxies":
		for _, p := range []string{"read", "write"} {
			ms.row(c.href(home+"calendar-proxy-"+p+"/"), names, properties{
				dav("resourcetype"): "<D:principal/><CS:calendar-proxy-" + p + "/>",
			}.value)
		}
	}
}

// calendarProperties are those of a calendar. The caller holds the lock.
func (s *Server) calendarProperties(c config, m *mount, who *user) properties {
	kind := "<D:collection/><C:calendar/>"
	switch {
	case c.extras == "outbox-calendar" && strings.HasSuffix(m.path, "/work/"):
		kind += "<C:schedule-outbox/>"
	case c.extras == "boxes" && m.owner != m.user:
		kind += "<CS:shared/>"
	}
	p := properties{
		dav("resourcetype"):                     kind,
		dav("displayname"):                      escape(m.name),
		dav("current-user-principal"):           "<D:href>" + c.href(c.prefix+"/principals/"+who.name+"/") + "</D:href>",
		cal("supported-calendar-component-set"): components,
		cal("calendar-timezone"):                escape(timezone),
		dav("supported-report-set"):             s.reports(c),
	}
	if c.ownerTold {
		p[dav("owner")] = "<D:href>" + c.href(c.prefix+"/principals/"+m.owner+"/") + "</D:href>"
	} else {
		p[dav("owner")] = ""
	}
	if c.privilegesTold {
		p[dav("current-user-privilege-set")] = "<D:privilege><D:read/></D:privilege>"
		if m.writable {
			p[dav("current-user-privilege-set")] += "<D:privilege><D:write/></D:privilege><D:privilege><D:write-content/></D:privilege>"
		}
	}
	if c.ctag {
		p[cs("getctag")] = escape(s.ctag(c, m.collection))
	}
	if c.sync {
		p[dav("sync-token")] = escape(s.token(m.rev))
	}
	return p
}

const timezone = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"

func (s *Server) reports(c config) string {
	names := []string{"C:calendar-multiget", "C:calendar-query"}
	if c.sync {
		names = append(names, "D:sync-collection")
	}
	var b strings.Builder
	for _, n := range names {
		b.WriteString("<D:supported-report><D:report><" + n + "/></D:report></D:supported-report>")
	}
	return b.String()
}

func (s *Server) ctag(c config, col *collection) string {
	if c.ctagSeconds {
		return strconv.FormatInt(col.changed.Unix(), 10)
	}
	return fmt.Sprintf(`"%d-%d"`, s.epoch, col.rev)
}

// propfindCalendar answers for a calendar, and with Depth 1 for its objects.
func (s *Server) propfindCalendar(w http.ResponseWriter, r *http.Request, c config, m *mount, who *user) {
	ask, err := parse(r)
	if err != nil {
		http.Error(w, "not XML", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	own := s.calendarProperties(c, m, who)
	var objects []*object
	if r.Header.Get("Depth") != "0" {
		objects = m.since(present)
	}
	s.mu.Unlock()
	ms := startMultistatus(w)
	defer ms.end("")
	ms.row(c.href(m.path), ask.names(), own.value)
	for _, o := range objects {
		ms.row(c.objectHref(m.path, o.name), ask.names(), o.value(c, false))
	}
}

// value returns an object's properties; calendar-data only in a report.
func (o *object) value(c config, data bool) func(io.Writer, xml.Name) bool {
	return func(w io.Writer, n xml.Name) bool {
		v, ok := "", true
		switch n {
		case dav("getetag"):
			v = escape(c.tag(o))
			ok = v != ""
		case dav("getcontenttype"):
			v = escape(o.kind)
		case dav("resourcetype"):
		case cal("calendar-data"):
			if ok = data; ok && w != nil {
				_, _ = escaper.WriteString(w, string(o.data))
			}
		default:
			ok = false
		}
		if w != nil {
			_, _ = io.WriteString(w, v)
		}
		return ok
	}
}

// tag is the ETag as it is shown.
func (c config) tag(o *object) string {
	if c.weak && o.etag != "" {
		return "W/" + o.etag
	}
	return o.etag
}

func slashed(path string) string { return strings.TrimSuffix(path, "/") + "/" }
