package caldavtest

import (
	"net/http"
	"time"
)

// An Option changes how a server behaves. Where there are several of a kind, the last one counts.
type Option func(*Server)

// config is what the options set. The zero value is not useful: see defaults.
type config struct {
	clock func() time.Time

	prefix        string
	dav           string // DAV header
	server        string // Server header
	wellKnown     int    // status; 200 is a login page
	wellKnownAuth bool
	digest        bool
	wantXMLType   bool
	refuseChunked bool
	foreign       int // answer for somebody else's calendar: 403, 404, 301, or 207 with 403 inside

	ownerTold      bool
	privilegesTold bool
	addresses      bool // calendar-user-address-set holds mailto
	extras         string
	homeLooksAlike bool

	sync        bool
	syncData    bool
	inclusive   bool // a sync report repeats the token's second
	limit       int  // rows of a sync report; 0 for all
	badToken    BadToken
	ctag        bool
	ctagSeconds bool
	hrefs       func(string) string

	multiget MultigetAbsent

	etag       func(*object) string
	weak       bool
	putETag    PutETag
	putChanged int // status of a PUT that changed an object
	rewrites   []Rewrite
	atomic     bool
	gap        func()
	loose      bool // If-Match on nothing creates, If-None-Match: * overwrites, DELETE is unconditional
	refusal    int  // status for what is not iCalendar
	noParens   bool
	schedule   *scheduling // nil: it does not
}

func defaults() config {
	return config{
		clock: time.Now, dav: "1, 3, access-control, calendar-access, extended-mkcol, sync-collection",
		wellKnown: http.StatusMovedPermanently, foreign: http.StatusForbidden,
		ownerTold: true, privilegesTold: true, addresses: true,
		sync: true, syncData: true, ctag: true,
		etag: contentETag, putChanged: http.StatusNoContent, atomic: true, refusal: http.StatusForbidden,
	}
}

// User adds a person with a calendar "Work" at Calendar(name, "work"). Without addresses hers is NAME@example.com.
func User(name, password string, addresses ...string) Option {
	return func(s *Server) {
		if len(addresses) == 0 {
			addresses = []string{name + "@example.com"}
		}
		s.users[name] = &user{name: name, password: password, addresses: addresses}
		s.mount(s.cfg.prefix+"/calendars/"+name+"/work/", name, "Work", true, newCollection(name))
	}
}

// Clock sets the time that the server goes by.
func Clock(now func() time.Time) Option { return func(s *Server) { s.cfg.clock = now } }

// Digest asks for HTTP digest authentication (RFC 7616) instead of Basic.
func Digest() Option { return func(s *Server) { s.cfg.digest = true } }

// NoSync turns sync-collection off: such a report is answered 403 supported-report.
func NoSync() Option { return func(s *Server) { s.cfg.sync = false } }

// NoCTag takes getctag away.
func NoCTag() Option { return func(s *Server) { s.cfg.ctag = false } }

// CTagSeconds makes the ctag the Unix second of the last change, as SOGo does.
func CTagSeconds() Option { return func(s *Server) { s.cfg.ctagSeconds = true } }

// SyncWithoutData never sends calendar-data in a sync report, as DAViCal does.
func SyncWithoutData() Option { return func(s *Server) { s.cfg.syncData = false } }

// SyncLimit truncates sync reports after n rows (RFC 6578, 3.6); 0 is without limit.
func SyncLimit(n int) Option { return func(s *Server) { s.cfg.limit = n } }

// A BadToken is what a server makes of a sync token that it does not know.
type BadToken int

// The answers to an unknown sync token.
const (
	TokenForbidden BadToken = iota // 403 valid-sync-token, as RFC 6578 says
	TokenError                     // 500 in plain text (Xandikos)
	TokenEmpty                     // 207 with nothing in it (sabre, SOGo for tokens of the future)
	TokenAsFirst                   // 207, as if there had been no token (DAViCal)
	TokenGone                      // 410
)

// OnBadToken chooses the answer to an unknown sync token.
func OnBadToken(b BadToken) Option { return func(s *Server) { s.cfg.badToken = b } }

// A MultigetAbsent is what a server makes of an href in a multiget under which there is nothing.
type MultigetAbsent int

// The answers to an absent href in a multiget.
const (
	AbsentTold    MultigetAbsent = iota // a row with 404
	AbsentOmitted                       // no row (DAViCal, sabre)
	AbsentFails                         // the whole report is answered 404 (sabre 1.8)
	AbsentAlways                        // every multiget fails with 500
)

// OnAbsent chooses the answer to an absent href in a multiget.
func OnAbsent(m MultigetAbsent) Option { return func(s *Server) { s.cfg.multiget = m } }

// A PutETag is when a PUT is answered with an ETag.
type PutETag int

// When a PUT is answered with an ETag.
const (
	ETagAlways      PutETag = iota
	ETagNever               // and on GET neither
	ETagUnscheduled         // only when nobody is invited (DAViCal, Cyrus)
	ETagUnrewritten         // only when the bytes are kept (sabre)
)

// ETagOnPut chooses when a PUT is answered with an ETag.
func ETagOnPut(p PutETag) Option { return func(s *Server) { s.cfg.putETag = p } }

// WeakETags marks every ETag as weak (RFC 9110, 8.8.1); they still compare equal here.
func WeakETags() Option { return func(s *Server) { s.cfg.weak = true } }

// ETags sets how an ETag is made from an object's bytes and the number of writes since it was created; the quotes are
// the function's own. "" is none.
func ETags(f func(data []byte, writes int) string) Option {
	return func(s *Server) { s.cfg.etag = func(o *object) string { return f(o.data, o.writes) } }
}

// Rewrites makes the server change what it is given.
func Rewrites(r ...Rewrite) Option { return func(s *Server) { s.cfg.rewrites = r } }

// NonAtomic checks If-Match and stores in two steps, with gap (may be nil) called between them.
func NonAtomic(gap func()) Option {
	return func(s *Server) { s.cfg.atomic, s.cfg.gap = false, gap }
}

// OwnerTold says whether DAV:owner is filled in.
func OwnerTold(told bool) Option { return func(s *Server) { s.cfg.ownerTold = told } }

// PrivilegesTold says whether current-user-privilege-set is known.
func PrivilegesTold(told bool) Option { return func(s *Server) { s.cfg.privilegesTold = told } }

// Foreign chooses the status for somebody else's calendar: 403, 404, 301 (to nowhere) or 207 with 403 inside.
func Foreign(status int) Option { return func(s *Server) { s.cfg.foreign = status } }

// HrefsAs sets how hrefs are encoded, given the decoded path.
func HrefsAs(f func(path string) string) Option { return func(s *Server) { s.cfg.hrefs = f } }
