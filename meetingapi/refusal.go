package meetingapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// kindOfStatus tells what an HTTP status of 300 or more means.
func kindOfStatus(status int) error {
	switch status {
	case http.StatusUnauthorized:
		return ErrAuth
	case http.StatusPaymentRequired, http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusTooManyRequests:
		return ErrRateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusMisdirectedRequest, http.StatusProxyAuthRequired:
		return ErrTransient
	}
	if status < 400 || status >= 500 {
		return ErrTransient
	}
	return ErrInvalid
}

// kindOfCode tells what a responseCode means, nil when it says nothing beyond "failed". The negative ones come from an
// older version of the API; a code that looks like an HTTP status is read as one.
func kindOfCode(code string) error {
	n, err := strconv.Atoi(code)
	switch {
	case err != nil:
		return nil
	case n == -10:
		return ErrConflict
	case n == -4:
		return ErrInvalid
	case n == -3:
		return ErrForbidden
	case n == -2:
		return ErrAuth
	case n >= 400 && n < 600:
		return kindOfStatus(n)
	}
	return nil
}

// isRefusal reports that a failed answer says for certain that nothing was done.
//
// A well-formed 4xx says so, and so does a responseCode. Not 408, which may come from something in between that gave up
// waiting; not a 4xx with a page for people, which a filter may put in the place of any answer, unless the status alone
// makes it plain; not 5xx, by status or by code, and not -99, "unknown". An answer that carries an id has done something.
func isRefusal(status int, a answer) bool {
	if hasID(a.data) {
		return false
	}
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusTooManyRequests:
		return true
	case http.StatusRequestTimeout:
		return false
	}
	if status >= 400 {
		return status < 500 && (a.isJSON || a.isEmpty)
	}
	code, err := strconv.Atoi(a.code)
	return status < 300 && a.isJSON && a.failed() && err == nil && code != -99 && (code < 500 || code > 599) && code != 408
}

// refused is the failure that an answer tells of.
func (c *call) refused(a answer, h http.Header) *Error {
	e := &Error{
		Method: c.route.method, Path: c.route.public(c.arg), Status: c.status,
		Message: a.say(c.scrub), definite: isRefusal(c.status, a),
	}
	if a.failed() {
		e.Code = c.scrub(a.code)
	}
	e.Kind = kindOf(c.status, a)
	if c.status >= 300 && c.status < 400 {
		e.Message = "redirected to " + redirectHost(h) + ", which is not followed; check platform.url"
	}
	if c.status == http.StatusTooManyRequests || c.status == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter(h, c.received)
	}
	return c.settle(e)
}

// kindOf weighs status and code. A status that names the reason goes first, then the code, then any other status. A code
// that nobody knows is a refusal all the same; -99, "unknown", is no reason at all.
func kindOf(status int, a answer) error {
	byStatus, byCode := kindOfStatus(status), kindOfCode(a.code)
	vague := status < 300 || byStatus == ErrInvalid || byStatus == ErrTransient
	switch {
	case vague && a.failed() && byCode != nil:
		return byCode
	case status >= 300:
		return byStatus
	case a.failed() && a.code != "-99":
		return ErrInvalid
	}
	return ErrTransient
}

// redirectHost names where a redirect leads, without its path, which may hold anything.
func redirectHost(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return "another address"
	}
	return quote(u.Scheme + "://" + u.Host)
}

// quote makes foreign text fit for a log line: quoted, and cut to 200 characters.
func quote(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// printed is a code as it is, or quoted where it is anything else.
func printed(code string) string {
	if _, err := strconv.Atoi(code); err == nil {
		return code
	}
	return quote(code)
}

// scrub takes the call's secrets out of a text, should somebody echo them.
func (c *call) scrub(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "<secret>")
	}
	return s
}

// hasID reports whether data is an object with an id.
func hasID(data json.RawMessage) bool {
	f, err := parseFields(data)
	return err == nil && (f.text("id") != "" || f.text("meetingId") != "")
}
