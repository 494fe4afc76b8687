package transport

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Why a request was refused or an answer cut off; found with errors.Is.
var (
	ErrOrigin   = errors.New("not an origin that may be asked: only the configured host is; if this one is right, configure it")
	ErrAddress  = errors.New("a network address that nobody configured")
	ErrPlain    = errors.New("plain http is accepted for loopback addresses only: use https")
	ErrRedirect = errors.New("too many redirects: configure the URL that they should lead to")
	ErrTooLarge = errors.New("the answer is larger than convoke reads")

	errUserinfo = errors.New("a URL with a user name or password in it; they belong in username and password_file")
)

// An Error says which request to which origin failed. It holds neither path nor query, which may be secrets, nor
// credentials.
type Error struct {
	Method string
	Origin string // scheme://host[:port]
	Sent   bool   // a connection was there, so that something may have reached the server
	Err    error

	transient bool // another try may do better
}

// Error names the method, the origin and the cause.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Method, e.Origin, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotSent reports that nothing of the request has left: whatever it asks for has certainly not happened. Packages that
// may not import this one find it with errors.As and an interface.
func (e *Error) NotSent() bool { return !e.Sent }

func fail(method string, u *url.URL, err error) *Error {
	return &Error{Method: method, Origin: origin(u), Err: err}
}

// A RetryAfterError says that a host wants to be left alone, as it told with Retry-After (RFC 9110, 10.2.3). Until then
// nothing is sent to it, by no client of the pool.
type RetryAfterError struct {
	Host  string // host[:port]
	Until time.Time
}

// Error names the host and the time.
func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("%s asks not to be asked before %s", e.Host, e.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// RetryAt returns Until. Packages that may not import this one find it with errors.As and an interface.
func (e *RetryAfterError) RetryAt() time.Time { return e.Until }

// A SilentError says that a host has just let somebody wait in vain. Until then nothing is sent to it, by no client of the pool.
type SilentError struct {
	Host  string // host[:port]
	Until time.Time
}

// Error names the host and the time.
func (e *SilentError) Error() string {
	return fmt.Sprintf("not asked: %s has just not answered in time, and is left alone until %s", e.Host, e.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// RetryAt returns Until, as that of a *RetryAfterError does.
func (e *SilentError) RetryAt() time.Time { return e.Until }
