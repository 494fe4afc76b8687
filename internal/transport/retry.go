package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	maxTries = 3
	maxWait  = 10 * time.Second // longer waits are the caller's: he has other hosts to ask meanwhile
	maxPark  = time.Hour        // a server that asks for more is asked once an hour whether it still means it
)

// retried sends a message up to three times, as long as another try may do better.
func (c *Client) retried(m *message) (*http.Response, error) {
	pause := backoff.NewExponentialBackOff() // 0.5 s, then 0.75 s, half more or less
	for try := 1; ; try++ {
		resp, err := c.followed(m)
		if !passing(resp, err) {
			return resp, err
		}
		wait, told := retryAfter(resp, time.Now())
		if told && (wait > maxWait || try == maxTries) {
			resp.Body.Close()
			return nil, c.park(m, resp, wait)
		}
		if try == maxTries {
			return resp, err
		}
		if !told {
			wait = pause.NextBackOff()
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := sleep(m.ctx, wait); err != nil {
			return nil, &Error{Method: m.method, Origin: origin(m.url), Sent: true, Err: err}
		}
	}
}

// passing reports whether a failure may pass by itself.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		return ok && e.transient
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// park makes an answer that asks for more patience than we have into an error.
func (c *Client) park(m *message, resp *http.Response, wait time.Duration) error {
	u := resp.Request.URL
	return &Error{Method: m.method, Origin: origin(u), Sent: true, Err: c.hosts[origin(u)].park(min(wait, maxPark))}
}

// retryAfter returns how long the server wants to be left alone: seconds or a date (RFC 9110, 10.2.3). A date counts
// from the server's own clock where it tells it.
func retryAfter(resp *http.Response, now time.Time) (wait time.Duration, told bool) {
	if resp == nil {
		return 0, false
	}
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		wait = time.Duration(max(0, min(seconds, int64(maxPark/time.Second)))) * time.Second
		return wait, wait > 0
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	wait = at.Sub(now)
	return wait, wait > 0
}

// transient reports whether a request that failed without an answer may succeed if sent again at once. A host that
// does not answer in time will not do so sooner when asked twice.
func transient(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrAddress) {
		return false
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return false
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return !e.IsNotFound
	}
	return !isTLS(err)
}

func isTLS(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return verification || authority || alert || record
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
