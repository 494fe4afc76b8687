package caldav

import (
	"net/http"
	"strings"
)

// A tri is yes, no, or not known ("").
type tri string

const (
	yes tri = "yes"
	no  tri = "no"
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

// A profile is what was learned of a server. Its text is words like "sync=yes"; unknown words are dropped, so that it
// may change from version to version.
type profile struct {
	server   string
	sync     tri // sync-collection works
	data     tri // sync reports carry calendar-data
	multiget tri // calendar-multiget works
	ctag     tri // getctag is there
	schedule tri // scheduling is announced (RFC 6638, 2)
}

func parseProfile(text string) profile {
	var p profile
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		if key == "server" {
			p.server = value
		} else if t := p.field(key); t != nil && (value == "yes" || value == "no") {
			*t = tri(value)
		}
	}
	return p
}

func (p *profile) field(key string) *tri {
	switch key {
	case "sync":
		return &p.sync
	case "data":
		return &p.data
	case "multiget":
		return &p.multiget
	case "ctag":
		return &p.ctag
	case "schedule":
		return &p.schedule
	}
	return nil
}

// String writes what is known, in a fixed order.
func (p profile) String() string {
	var words []string
	if p.server != "" {
		words = append(words, "server="+p.server)
	}
	for _, key := range []string{"sync", "data", "multiget", "ctag", "schedule"} {
		if t := *p.field(key); t != "" {
			words = append(words, key+"="+string(t))
		}
	}
	return strings.Join(words, " ")
}

// recognise tells the server by its DAV header, which says more than Server does. Some send it with OPTIONS only.
func (p *profile) recognise(h http.Header) {
	classes := map[string]bool{}
	for _, line := range h.Values("DAV") {
		for class := range strings.SplitSeq(line, ",") {
			classes[strings.ToLower(strings.TrimSpace(class))] = true
		}
	}
	switch {
	case classes["calendar-auto-schedule"], classes["calendar-schedule"]: // the latter is a draft's name for it
		p.schedule = yes
	case classes["calendar-access"] && p.schedule == "": // a whole header (RFC 4791, 5.1); some answers carry part of it
		p.schedule = no
	}
	if s := serverOf(classes, h.Get("Server")); s != "" {
		p.server = s
	}
}

func serverOf(classes map[string]bool, header string) string {
	switch {
	case classes["inbox-availability"]:
		return "cyrus"
	case classes["bind"] && classes["calendar-proxy"]:
		return "davical"
	case classes["calendar-query-extended"]:
		return "sogo"
	case classes["calendarserver-principal-property-search"]:
		return "sabre"
	case classes["calendar-auto-scheduling"], strings.Contains(header, "aiohttp"), strings.Contains(header, "Xandikos"):
		return "xandikos"
	case strings.Contains(header, "WSGIServer"), strings.Contains(header, "Radicale"):
		return "radicale"
	}
	return ""
}

// supports takes sync-collection and multiget from supported-report-set (RFC 3253, 3.1.5), where it is told.
func (p *profile) supports(reports *property) {
	if reports == nil || len(reports.inside) == 0 {
		return
	}
	p.sync = triOf(reports.has(name{nsDAV, "sync-collection"}))
	p.multiget = triOf(reports.has(name{nsCalDAV, "calendar-multiget"}))
}
