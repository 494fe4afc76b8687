package caldav

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"convoke/calendar"
)

// A StatusError is an answer of a server that is not the one expected. It wraps the sentinel of package calendar that
// says what it means, where there is one.
type StatusError struct {
	Method       string
	URL          string // without user, password and query
	Code         int
	Header       http.Header
	Precondition string // element of DAV:error, as "DAV:need-privileges" or "CALDAV:valid-calendar-data" (RFC 4918, 16)

	meaning error
}

// Unwrap returns the sentinel of package calendar, or nil.
func (e *StatusError) Unwrap() error { return e.meaning }

// Error tells what was asked, what came back, and what to do.
func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.URL, e.Code)
	if text := http.StatusText(e.Code); text != "" {
		b.WriteString(" " + text)
	}
	if e.Precondition != "" {
		b.WriteString(" (" + e.Precondition + ")")
	}
	if e.meaning != nil {
		b.WriteString(": " + e.meaning.Error())
	}
	if hint := e.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// hint is what a person can do about it.
func (e *StatusError) hint() string {
	switch e.meaning {
	case calendar.ErrAuth:
		return "check username and password_file"
	case calendar.ErrForbidden:
		return "ask its owner for access, or take it out of the configuration"
	case calendar.ErrReadOnly:
		return "give the account the right to write"
	case calendar.ErrMissing:
		return "check caldav_url and calendars"
	case calendar.ErrPrecondition, calendar.ErrNotFound, calendar.ErrRefused:
		return ""
	}
	switch {
	case e.Code == http.StatusOK:
		return "207 was expected: is this a login page? check caldav_url"
	case e.Code >= 300 && e.Code < 400:
		return "the server points elsewhere: check caldav_url"
	case e.Code == http.StatusInsufficientStorage:
		return "the server has no room left"
	case e.Code == http.StatusTooManyRequests, e.Code >= 500:
		return "it will be tried again"
	}
	return ""
}

// A target is what a request is about, which decides what its status means.
type target int

const (
	collection target = iota
	object
)

// newStatusError reads the DAV:error of an answer and says what its status means. It does not close the body.
func newStatusError(req *http.Request, res *http.Response, t target) *StatusError {
	e := &StatusError{Method: req.Method, URL: safeURL(req), Code: res.StatusCode, Header: res.Header}
	if strings.Contains(res.Header.Get("Content-Type"), "xml") {
		e.Precondition = precondition(io.LimitReader(res.Body, 64<<10))
	}
	e.meaning = meaning(e, t)
	return e
}

// safeURL leaves out what may be secret: user, password and query.
func safeURL(req *http.Request) string {
	return req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
}

// precondition finds the DAV:error in a body, which may be a multistatus with one row.
func precondition(body io.Reader) string {
	s := newScanner(body)
	for {
		n, end, err := s.next()
		if err != nil {
			return ""
		}
		if n == nameError && !end {
			found, _ := readCondition(s)
			return found
		}
	}
}

// meaning maps a status to what a caller acts on.
func meaning(e *StatusError, t target) error {
	switch {
	case e.Code == http.StatusUnauthorized:
		return calendar.ErrAuth
	case e.Method == http.MethodPut:
		return meaningOfPut(e)
	case e.Code == http.StatusForbidden:
		return calendar.ErrForbidden
	case (e.Code == http.StatusNotFound || e.Code == http.StatusGone) && t == object:
		return calendar.ErrNotFound
	case e.Code == http.StatusNotFound || e.Code == http.StatusGone:
		return calendar.ErrMissing
	case e.Code >= 300 && e.Code < 400 && t == collection:
		return calendar.ErrMissing
	}
	return nil
}

// meaningOfPut maps the refusals of a PUT; what the other codes mean is not known, or passes.
func meaningOfPut(e *StatusError) error {
	switch e.Code {
	case http.StatusPreconditionFailed:
		return calendar.ErrPrecondition
	case http.StatusMethodNotAllowed:
		return calendar.ErrReadOnly
	case http.StatusForbidden:
		// RFC 4791, 5.3.2.1 and RFC 6638, 3.2.4: a precondition of CalDAV is about the body
		if strings.HasPrefix(e.Precondition, "CALDAV:") {
			return calendar.ErrRefused
		}
		return calendar.ErrReadOnly
	case http.StatusNotFound, http.StatusGone:
		return calendar.ErrNotFound
	case http.StatusMultiStatus, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return calendar.ErrRefused
	}
	return nil
}
