package meetingapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can be wrong with a call. Every error of a Client is an *Error of exactly one of these kinds.
var (
	ErrAuth           = errors.New("the platform does not accept the API key")
	ErrForbidden      = errors.New("the platform does not allow it: the key lacks a permission, or the account has expired")
	ErrInvalid        = errors.New("the platform does not accept the data")
	ErrNotFound       = errors.New("the platform does not know it")
	ErrConflict       = errors.New("the platform says that it exists already")
	ErrRateLimited    = errors.New("the platform asks for fewer calls")
	ErrTransient      = errors.New("the platform did not answer as it should; it may later")
	ErrUnknownOutcome = errors.New("no usable answer to a creation: it may have been carried out, or may still be")
	ErrNotEnabled     = errors.New("deleting meetings is not a documented call and not enabled")
)

// An Error is a call that failed. It holds no secret: neither the API key nor a feed's token.
type Error struct {
	Kind       error // one of the sentinels above
	Method     string
	Path       string        // a feed's token is left out
	Status     int           // of HTTP; 0 when there was no answer
	Code       string        // responseCode as it came, when there was one other than 0: Error quotes it
	Message    string        // what the platform, or the client, says about it; foreign text is quoted and cut
	RetryAfter time.Duration // how long the platform wants, or is, to be left alone; 0 when nobody says

	definite bool  // certainly not carried out
	cause    error // for errors.Is only: its text may hold a secret
}

// Error says what happened to which call.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "platform: %s %s: %v", e.Method, e.Path, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, "; status %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, "; code %s", printed(e.Code))
	}
	if e.Message != "" {
		fmt.Fprintf(&b, "; %s", e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; wait %s", e.RetryAfter.Round(time.Second))
	}
	return b.String()
}

// Is reports the kind, and whether a context's end was the cause.
func (e *Error) Is(target error) bool {
	if target == context.Canceled || target == context.DeadlineExceeded {
		return errors.Is(e.cause, target)
	}
	return target == e.Kind
}

// Definite reports that a failed call was certainly not carried out and never will be: it was refused in so many
// words, or nothing of it was sent. It is false for nil and for errors of others.
func Definite(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.definite
}

// notSent is the failure of a call before anything of it was sent.
func (c *call) notSent(kind, cause error) *Error {
	e := &Error{Kind: kind, Method: c.route.method, Path: c.route.public(c.arg), definite: true, cause: cause}
	if cause != nil {
		e.Message = cause.Error()
	}
	return e
}

// unanswered is the failure of a call that may have been carried out.
func (c *call) unanswered(message string, cause error) *Error {
	e := &Error{Kind: ErrTransient, Method: c.route.method, Path: c.route.public(c.arg), Status: c.status, Message: message, cause: cause}
	return c.settle(e)
}

// unusable is a success that does not say what it must.
func (c *call) unusable(cause error) *Error {
	return c.unanswered(cause.Error(), cause)
}

// settle makes the outcome of a creation unknown unless it is definite: a second one would make a second meeting.
func (c *call) settle(e *Error) *Error {
	if c.route.creates() && !e.definite {
		e.Kind = ErrUnknownOutcome
	}
	return e
}
