package caldav

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"convoke/calendar"
)

// bySync looks by sync-collection, from a token or from the beginning, and by listing where that does not work.
func (l *look) bySync(token string) (calendar.Look, error) {
	out, err := l.syncFrom(token)
	if token != "" && l.stopped == nil && hasCode(err, tokenRefusals) {
		l.restart()
		out, err = l.syncFrom("")
	}
	if l.stopped != nil || !hasCode(err, syncRefusals) {
		return out, err
	}
	l.restart()
	refusal := err
	if out, err = l.byCTag(""); err == nil && !hasCode(refusal, []int{http.StatusInternalServerError}) {
		l.learn(func(p *profile) { p.sync = no })
	}
	return out, err
}

var (
	// tokenRefusals are the answers to a token that is not known. 403 is the standard's (RFC 6578, 3.2); Xandikos says 500.
	tokenRefusals = []int{400, 403, 404, 409, 410, 412, 500}
	// syncRefusals are the answers of servers that do not know the report.
	syncRefusals = []int{400, 403, 405, 409, 412, 415, 422, 500, 501}
)

func hasCode(err error, codes []int) bool {
	var e *StatusError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// syncFrom asks until the server says that there is no more, then fetches what came without data.
func (l *look) syncFrom(token string) (calendar.Look, error) {
	start, data := token, l.known().data != no
	for {
		l.truncated = false
		next, err := l.syncReport(token, data)
		if err != nil && data && l.stopped == nil && errors.Is(err, calendar.ErrTooLarge) && l.rows <= maxRows {
			// the calendar is too large for one report: the names now, the data in batches
			data = false
			l.restart()
			token = start
			continue
		}
		if err != nil {
			return calendar.Look{}, err
		}
		if l.failed != 0 {
			return calendar.Look{}, l.refused("REPORT", l.failed)
		}
		if l.truncated && next == token {
			return calendar.Look{}, fmt.Errorf("%s: the server says that there is more, but not from where on", l.at)
		}
		token = next
		if !l.truncated {
			break
		}
	}
	if start == "" && l.rows > 0 && l.inside == 0 { // a proxy has lost a part of the path, say
		return calendar.Look{}, fmt.Errorf("REPORT %s: all that the server tells lies outside the calendar; it proves nothing", l.at)
	}
	l.learn(func(p *profile) {
		p.sync = yes
		if data && l.withData > 0 {
			p.data = yes
		} else if data && len(l.wanted) > 0 {
			p.data = no // DAViCal
		}
	})
	if err := l.checkAccess(start == ""); err != nil {
		return calendar.Look{}, err
	}
	return calendar.Look{Token: syncToken + token, Complete: start == ""}, l.fetch()
}

// checkAccess asks DAViCal whether the calendar may be read at all, where it matters. To those who may only see
// free-busy times it reports changes all the same, and serves every event as a "Busy" stub under the real ETag.
func (l *look) checkAccess(first bool) error {
	if l.known().server != "davical" || !first && len(l.wanted) == 0 {
		return nil
	}
	_, err := l.state(stateProps)
	return err
}

// syncReport sends one sync-collection and returns the next token.
func (l *look) syncReport(token string, data bool) (string, error) {
	// RFC 6578, 3.2: Depth is 0, the scope is in sync-level
	a, err := l.ask(l.ctx, query{method: "REPORT", at: l.at, depth: "0", body: syncCollection(token, data)}, l.row)
	if err != nil {
		return "", err
	}
	if a.token == "" {
		return "", fmt.Errorf("%s: a sync report without a sync token", l.at)
	}
	return a.token, nil
}
