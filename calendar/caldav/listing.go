package caldav

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"convoke/calendar"
)

// A state is what a calendar says of itself as a whole.
type state struct {
	ctag  string
	token string
	read  int64 // Unix second, by the server's clock where it tells
}

const (
	stateProps = `<D:resourcetype/><CS:getctag/>`
	fullProps  = stateProps + `<D:sync-token/><D:supported-report-set/>`
)

// state asks for the ctag and, with fullProps, the sync token and the reports that the server knows.
func (l *look) state(props string) (state, error) {
	var s state
	var kind *property
	failed, read := 0, false
	a, err := l.ask(l.ctx, query{method: "PROPFIND", at: l.at, depth: "0", body: propfind(props)}, func(r *response) error {
		if self := l.isSelf(r); read && !self { // what a server adds to Depth 0
			return nil
		}
		read = true
		s.ctag, s.token = r.text(propCTag), r.text(nameSyncToken)
		failed = r.failure(propResourceType)
		if k, ok := r.get(propResourceType); ok {
			kind = &property{inside: k.inside}
		}
		if reports, ok := r.get(name{nsDAV, "supported-report-set"}); ok {
			l.learn(func(p *profile) { p.supports(reports) })
		}
		return nil
	})
	switch {
	case err != nil:
		return s, err
	case failed != 0: // sabre answers 207 with 403 inside
		return s, l.refused("PROPFIND", failed)
	case kind != nil && !kind.has(name{nsCalDAV, "calendar"}):
		return s, fmt.Errorf("%s is not a calendar: %w", l.at, calendar.ErrMissing)
	}
	s.read = l.now().Unix()
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		s.read = date.Unix()
	}
	l.learn(func(p *profile) { p.ctag = triOf(s.ctag != "") })
	return s, nil
}

// isSelf says whether a row is the calendar's own.
func (l *look) isSelf(r *response) bool {
	return slices.ContainsFunc(r.hrefs, func(href string) bool {
		at, err := l.at.resolve(href)
		return err == nil && l.member(at.path) == memberSelf
	})
}

// refused is the failure that stands in a 207.
func (l *look) refused(method string, code int) error {
	e := &StatusError{Method: method, URL: l.at.String(), Code: code}
	e.meaning = meaning(e, collection)
	return e
}

// byCTag looks by ctag, and lists the ETags when it moved or cannot be trusted. old is the rest of a token.
func (l *look) byCTag(old string) (calendar.Look, error) {
	if l.known().ctag == no {
		return calendar.Look{Complete: true}, l.list()
	}
	s, err := l.state(stateProps)
	if err != nil {
		return calendar.Look{}, err
	}
	if s.ctag == "" {
		return calendar.Look{Complete: true}, l.list()
	}
	out := calendar.Look{Token: fmt.Sprintf("%s%d %s", ctagToken, s.read, s.ctag)}
	if unmoved(old, s.ctag) {
		return out, nil
	}
	out.Complete = true
	return out, l.list()
}

// unmoved says that nothing has changed since old was read. SOGo's ctag is the second of the last change: what came
// later in that second is not seen in it, so a reading so close to it proves nothing.
func unmoved(old, ctag string) bool {
	read, seen, ok := strings.Cut(old, " ")
	if !ok || seen != ctag {
		return false
	}
	second, err := strconv.ParseInt(strings.Trim(ctag, `"`), 10, 64)
	if err != nil || second < time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() {
		return true
	}
	at, err := strconv.ParseInt(read, 10, 64)
	return err == nil && at >= second+2
}

// full lists everything, and takes the token from before the listing, so that nothing falls between the two.
func (l *look) full() (calendar.Look, error) {
	s, err := l.state(fullProps)
	if err != nil {
		return calendar.Look{}, err
	}
	out := calendar.Look{Complete: true}
	switch {
	case l.known().sync == no && s.ctag != "":
		out.Token = fmt.Sprintf("%s%d %s", ctagToken, s.read, s.ctag)
	case l.known().sync == no:
	case s.token != "":
		out.Token = syncToken + s.token
	case strings.HasPrefix(l.since.Token, syncToken):
		out.Token = l.since.Token
	}
	return out, l.list()
}

// list reads all ETags and fetches what is new.
func (l *look) list() error {
	l.restart()
	_, err := l.ask(l.ctx, query{method: "PROPFIND", at: l.at, depth: "1", body: propfind(objectProps)}, l.row)
	switch {
	case err != nil:
		return err
	case l.failed != 0:
		return l.refused("PROPFIND", l.failed)
	case l.truncated:
		return errors.New("PROPFIND " + l.at.String() + ": the server says that the listing is not whole (507)")
	case !l.self: // RFC 4918, 9.1: a listing has the collection itself
		return errors.New("PROPFIND " + l.at.String() + ": a listing without the calendar itself; it proves nothing")
	}
	return l.fetch()
}
