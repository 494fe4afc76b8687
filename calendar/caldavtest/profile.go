package caldavtest

import (
	"fmt"
	"net/http"
	"strings"
)

// Profiles are the names that Profile knows.
func Profiles() []string {
	return []string{"radicale", "xandikos", "davical", "cyrus", "sogo", "sabre", "sabre-1.8"}
}

// Profile makes the server behave like a known one, as far as clients notice. It belongs before User in the list of
// options, since it may move everything below a prefix; options after it refine it. An unknown name panics.
func Profile(name string) Option {
	set := map[string]func(*config){
		"radicale": radicale, "xandikos": xandikos, "davical": davical, "cyrus": cyrus,
		"sogo": sogo, "sabre": sabre, "sabre-1.8": sabre18,
	}[name]
	if set == nil {
		panic(fmt.Sprintf("caldavtest: no profile %q", name))
	}
	return func(s *Server) { set(&s.cfg) }
}

func radicale(c *config) {
	c.dav = "1, 2, 3, calendar-access, addressbook, extended-mkcol"
	c.server = "WSGIServer/0.2 CPython/3.11.2"
	c.addresses = false
	c.putChanged = http.StatusCreated
	c.refuseChunked = true
	c.refusal = http.StatusBadRequest
	c.rewrites = []Rewrite{SortLines, CutAtCommas}
	c.hrefs = encodeAll("@(+)", upperHex)
}

func xandikos(c *config) {
	c.dav = "1, 2, 3, access-control, calendar-access, calendar-auto-scheduling, sync-collection"
	c.wellKnown, c.wellKnownAuth = http.StatusFound, true
	c.wantXMLType = true
	c.addresses, c.ownerTold, c.privilegesTold = false, false, false
	c.badToken = TokenError
	c.refusal = http.StatusMultiStatus
	c.rewrites = []Rewrite{SortLines, AddBackslashes}
	c.hrefs = encodeAll("@(+)", upperHex)
}

func davical(c *config) {
	c.prefix = "/caldav.php"
	c.dav = "1, 2, 3, access-control, calendar-access, calendar-schedule, extended-mkcol, bind, addressbook, calendar-auto-schedule, calendar-proxy"
	c.syncData = false
	c.badToken = TokenAsFirst
	c.multiget = AbsentOmitted
	c.putETag = ETagUnscheduled
	c.atomic = false
	c.noParens = true
	c.refusal = http.StatusPreconditionFailed
	c.extras = "proxies"
	c.hrefs = encodeAll("@", upperHex)
	c.schedule = davicalScheduling()
}

func cyrus(c *config) {
	c.prefix = "/dav"
	c.dav = "1, 2, 3, access-control, extended-mkcol, resource-sharing, calendar-access, calendar-auto-schedule, calendarserver-sharing, inbox-availability"
	c.wantXMLType = true
	c.foreign = http.StatusMovedPermanently
	c.limit = 0
	c.putETag = ETagUnscheduled
	c.rewrites = []Rewrite{DropUnknown}
	c.extras = "boxes"
	c.hrefs = encodeAll("+", upperHex)
	c.schedule = cyrusScheduling()
}

func sogo(c *config) {
	c.prefix = "/SOGo/dav"
	c.dav = "1, 2, access-control, calendar-access, calendar-schedule, calendar-auto-schedule, calendar-proxy, calendar-query-extended, extended-mkcol"
	c.wellKnown = http.StatusOK
	c.foreign = http.StatusNotFound
	c.refuseChunked = true
	c.inclusive = true
	c.ctagSeconds = true
	c.badToken = TokenEmpty
	c.etag = counterETag
	c.rewrites = []Rewrite{AddClass, SortLines, CollapseCommas}
	c.atomic, c.loose = false, true
	c.refusal = http.StatusNotFound
	c.extras = "outbox-calendar"
	c.homeLooksAlike = true
	c.hrefs = encodeAll("(", upperHex)
	c.schedule = sogoScheduling()
}

func sabre(c *config) {
	c.prefix = "/dav.php"
	c.dav = "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, calendar-access, calendar-proxy, calendar-auto-schedule, calendar-availability, resource-sharing, calendarserver-sharing"
	c.wellKnown = http.StatusPermanentRedirect
	c.digest = true
	c.foreign = http.StatusMultiStatus
	c.multiget = AbsentOmitted
	c.putETag = ETagUnrewritten
	c.atomic = false
	c.refusal = http.StatusUnsupportedMediaType
	c.extras = "boxes"
	c.hrefs = encodeAll("", lowerHex)
	c.schedule = sabreScheduling()
}

func sabre18(c *config) {
	sabre(c)
	c.prefix = "/server.php"
	c.dav, c.schedule = strings.Replace(c.dav, "calendar-auto-schedule, ", "", 1), nil
	c.wellKnown = http.StatusMovedPermanently
	c.putETag = ETagAlways
	c.sync = false
	c.multiget = AbsentFails
	c.hrefs = encodeAll("@", lowerHex)
}

const (
	upperHex = "%%%02X"
	lowerHex = "%%%02x"
)

// encodeAll percent-encodes what a path must encode, and the extra characters too.
func encodeAll(extra, format string) func(string) string {
	return func(path string) string {
		var b strings.Builder
		for i := range len(path) {
			c := path[i]
			switch {
			case strings.IndexByte(extra, c) >= 0, c <= ' ', c >= 0x7f, strings.IndexByte(`%"<>\^{|}?#`+"`", c) >= 0:
				fmt.Fprintf(&b, format, c)
			default:
				b.WriteByte(c)
			}
		}
		return b.String()
	}
}
