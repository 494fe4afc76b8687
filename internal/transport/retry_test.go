package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A script answers one request after the other, on the clock of synctest; the last answer is repeated.
type script struct {
	answers []any // *http.Response or error
	at      []time.Time
	open    int // bodies that were not closed
}

func (s *script) CloseIdleConnections() {}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	next := s.answers[min(len(s.at), len(s.answers)-1)]
	s.at = append(s.at, time.Now())
	if err, bad := next.(error); bad {
		return nil, err
	}
	resp := *next.(*http.Response)
	s.open++
	resp.Request, resp.Body = req, &counted{strings.NewReader("text"), s}
	return &resp, nil
}

type counted struct {
	io.Reader
	s *script
}

func (c *counted) Close() error { c.s.open--; return nil }

func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h}
}

const davOrigin = "https://dav.example.com"

func scripted(t *testing.T, answers ...any) (*Client, *script) {
	t.Helper()
	s := &script{answers: answers}
	c, err := New(Options{Origin: davOrigin, Retry: true})
	require.NoError(t, err)
	c.hosts[davOrigin].transport = s
	return c, s
}

func send(t *testing.T, c *Client, method string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, davOrigin+"/cal/", strings.NewReader("x"))
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

var (
	refused  = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	reset    = &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	unlucky  = &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	noSuch   = &net.DNSError{Err: "no such host", IsNotFound: true}
	tooSlow  = &net.DNSError{Err: "timeout", IsTimeout: true}
	strayEOF = io.ErrUnexpectedEOF
)

func TestRetry(t *testing.T) {
	for _, tc := range []struct {
		name    string
		method  string
		answers []any
		tries   int
		code    int // 0 for an error
	}{
		{"nothing wrong", "GET", []any{status(200)}, 1, 200},
		{"busy once", "GET", []any{status(503), status(200)}, 2, 200},
		{"busy twice", "PROPFIND", []any{status(502), status(504), status(207)}, 3, 207},
		{"busy for long", "REPORT", []any{status(503)}, 3, 503},
		{"too many requests", "OPTIONS", []any{status(429), status(200)}, 2, 200},
		{"refused", "HEAD", []any{refused, status(200)}, 2, 200},
		{"refused for long", "GET", []any{refused}, 3, 0},
		{"reset", "GET", []any{reset, status(200)}, 2, 200},
		{"closed", "PROPFIND", []any{strayEOF, io.EOF, status(207)}, 3, 207},
		{"name server trouble", "GET", []any{unlucky, status(200)}, 2, 200},
		{"no such name", "GET", []any{noSuch}, 1, 0},
		{"name server too slow", "GET", []any{tooSlow}, 1, 0},
		{"bad certificate", "GET", []any{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, 1, 0},
		{"no common TLS version", "GET", []any{tls.AlertError(70)}, 1, 0},
		{"no TLS at all", "GET", []any{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}, 1, 0},
		{"server error", "GET", []any{status(500)}, 1, 500},
		{"not there", "GET", []any{status(404)}, 1, 404},
		{"PUT, busy", "PUT", []any{status(503)}, 1, 503},
		{"POST, busy", "POST", []any{status(429, "Retry-After", "1")}, 1, 429},
		{"POST, refused", "POST", []any{refused}, 1, 0},
		{"DELETE, reset", "DELETE", []any{reset}, 1, 0},
		{"MOVE, busy", "MOVE", []any{status(502)}, 1, 502},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(t, tc.answers...)
				resp, err := send(t, c, tc.method)
				assert.Len(t, s.at, tc.tries)
				assert.Zero(t, s.open, "bodies left open")
				if tc.code == 0 {
					require.Error(t, err)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tc.code, resp.StatusCode)
				for i := 1; i < len(s.at); i++ {
					assert.Greater(t, s.at[i].Sub(s.at[i-1]), 200*time.Millisecond, "a pause before each try")
				}
			})
		})
	}
}

func TestRetryOffMeansOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, status(503, "Retry-After", "3600"))
		c.retry = false
		resp, err := send(t, c, "GET")
		require.NoError(t, err)
		assert.Equal(t, 503, resp.StatusCode)
		assert.Len(t, s.at, 1)
	})
}

func TestRetryAfter(t *testing.T) {
	// synctest starts at midnight UTC, 1 January 2000; the server's clock is an hour ahead.
	const itsNow = "Sat, 01 Jan 2000 01:00:00 GMT"
	for _, tc := range []struct {
		name   string
		header []string
		wait   time.Duration // what is waited before the second try, or parked
		parked bool
	}{
		{"seconds", []string{"Retry-After", "3"}, 3 * time.Second, false},
		{"seconds with spaces", []string{"Retry-After", " 3 "}, 3 * time.Second, false},
		{"at the bound", []string{"Retry-After", "10"}, 10 * time.Second, false},
		{"a date by its clock", []string{"Retry-After", "Sat, 01 Jan 2000 01:00:05 GMT", "Date", itsNow}, 5 * time.Second, false},
		{"a date without a clock", []string{"Retry-After", "Sat, 01 Jan 2000 00:00:05 GMT"}, 5 * time.Second, false},
		{"the old form of a date", []string{"Retry-After", "Saturday, 01-Jan-00 01:00:05 GMT", "Date", itsNow}, 5 * time.Second, false},
		{"too long", []string{"Retry-After", "11"}, 11 * time.Second, true},
		{"a far date", []string{"Retry-After", "Sat, 01 Jan 2000 01:30:00 GMT", "Date", itsNow}, 30 * time.Minute, true},
		{"a day is an hour", []string{"Retry-After", "86400"}, time.Hour, true},
		{"a year is an hour", []string{"Retry-After", "Mon, 01 Jan 2001 00:00:00 GMT"}, time.Hour, true},
		{"a number that overflows", []string{"Retry-After", "9223372036854775807"}, time.Hour, true},
	} {
		for _, code := range []int{429, 503} {
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, s := scripted(t, status(code, tc.header...), status(200))
					start := time.Now()
					resp, err := send(t, c, "PROPFIND")
					assert.Zero(t, s.open)
					if !tc.parked {
						require.NoError(t, err)
						assert.Equal(t, 200, resp.StatusCode)
						assert.Equal(t, tc.wait, s.at[1].Sub(start))
						return
					}
					var e *RetryAfterError
					require.ErrorAs(t, err, &e)
					assert.Equal(t, "dav.example.com", e.Host)
					assert.Equal(t, start.Add(tc.wait), e.Until)
					assert.Equal(t, start, time.Now(), "the caller waits, not we")
				})
			})
		}
	}
}

func TestRetryAfterThatSaysNothing(t *testing.T) {
	for _, value := range []string{"", "0", "-5", "soon", "1.5", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999999999"} {
		synctest.Test(t, func(t *testing.T) {
			c, s := scripted(t, status(503, "Retry-After", value), status(200))
			resp, err := send(t, c, "GET")
			require.NoError(t, err, value)
			assert.Equal(t, 200, resp.StatusCode)
			assert.Greater(t, s.at[1].Sub(s.at[0]), 200*time.Millisecond, value)
			assert.Less(t, s.at[1].Sub(s.at[0]), time.Second, value)
		})
	}
}

func TestFaultRateLimitParksHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, status(503, "Retry-After", "4"))
		_, err := send(t, c, "GET")
		var e *RetryAfterError
		require.ErrorAs(t, err, &e)
		assert.Len(t, s.at, maxTries)
		assert.Equal(t, 4*time.Second, time.Until(e.Until))
	})
}

func TestParkedHostIsLeftAloneByEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool()
		s := &script{answers: []any{status(429, "Retry-After", "600"), status(200)}}
		var clients []*Client
		for range 2 {
			c, err := New(Options{Origin: davOrigin, Retry: true, Pool: pool})
			require.NoError(t, err)
			c.hosts[davOrigin].transport = s
			clients = append(clients, c)
		}
		_, err := send(t, clients[0], "GET")
		require.Error(t, err)
		for _, method := range []string{"GET", "PUT", "POST"} {
			_, err := send(t, clients[1], method)
			var retryAt interface{ RetryAt() time.Time }
			require.ErrorAs(t, err, &retryAt)
			assert.Equal(t, 10*time.Minute, time.Until(retryAt.RetryAt()))
			var notSent interface{ NotSent() bool }
			require.ErrorAs(t, err, &notSent)
			assert.True(t, notSent.NotSent())
		}
		assert.Len(t, s.at, 1)

		time.Sleep(10 * time.Minute) // the clock of synctest
		resp, err := send(t, clients[1], "PUT")
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, status(503, "Retry-After", "9"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", davOrigin, nil)
		require.NoError(t, err)
		start := time.Now()
		_, err = c.Do(req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Len(t, s.at, 1)
		assert.Zero(t, s.open)
	})
}

func TestLastFailureIsTheOneReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, status(503), refused, errors.New("the last one"))
		_, err := send(t, c, "GET")
		require.ErrorContains(t, err, "the last one")
	})
}
