package feed

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"convoke/calendar"
)

// A StatusError is an answer of a server that is no feed. It wraps the sentinel of package calendar that says what it
// means, where there is one.
type StatusError struct {
	Feed string // without what is secret of the address
	Code int

	meaning error
	retryAt time.Time
}

func newStatusError(r *remote, res *http.Response) *StatusError {
	e := &StatusError{Feed: r.String(), Code: res.StatusCode, retryAt: retryAt(res.Header)}
	switch e.Code {
	case http.StatusUnauthorized:
		e.meaning = calendar.ErrAuth
	case http.StatusForbidden:
		e.meaning = calendar.ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		e.meaning = calendar.ErrMissing
	}
	return e
}

// Unwrap returns the sentinel of package calendar, or nil.
func (e *StatusError) Unwrap() error { return e.meaning }

// RetryAt is when the server wants to be asked again (Retry-After; RFC 9110, 10.2.3); zero when it did not say.
func (e *StatusError) RetryAt() time.Time { return e.retryAt }

// Error tells what came back, and what to do.
func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s: %d", e.Feed, e.Code)
	if text := http.StatusText(e.Code); text != "" {
		b.WriteString(" " + text)
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
	switch {
	case e.Code == http.StatusUnauthorized:
		return "the feed wants a password: check username and password_file"
	case e.meaning != nil:
		return "its owner may have withdrawn the address or made a new one: check it"
	case e.Code >= 300 && e.Code < 400:
		return "the server points elsewhere: give the address that it points to"
	case e.Code == http.StatusTooManyRequests, e.Code >= 500:
		return "it will be tried again"
	}
	return ""
}

// retryAt reads Retry-After, which is a number of seconds or a time.
func retryAt(h http.Header) time.Time {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Now().Add(time.Duration(seconds) * time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}
	}
	return at
}
