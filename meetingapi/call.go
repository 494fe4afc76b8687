package meetingapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// A call is one request and what became of it.
type call struct {
	route  route
	arg    string // what stands for {} in the path
	userID string
	body   []byte

	secrets  []string // what must not appear in an error
	status   int      // of the answer
	received time.Time
}

// creates reports that sending the call twice would make two of something.
func (r route) creates() bool { return r.method == http.MethodPost }

// send sends a call once, when the limits allow it, and returns the data of its answer, or the text of a feed.
func (c *Client) send(ctx context.Context, cl *call) ([]byte, error) {
	req, err := c.request(ctx, cl)
	if err != nil {
		return nil, err
	}
	release, err := c.gate.enter(ctx)
	if err != nil {
		return nil, cl.heldBack(err)
	}
	defer release()
	trace, traced := traceConnection(req)
	resp, err := c.doer.Do(traced)
	if err != nil {
		return nil, cl.noAnswer(err, trace.nothingSent(err))
	}
	defer resp.Body.Close()
	data, err := cl.read(resp, c.maxBody)
	if e := (*Error)(nil); errors.As(err, &e) {
		c.gate.hold(e.RetryAfter)
	}
	return data, err
}

// request builds the request of a call; it is the only place that does.
func (c *Client) request(ctx context.Context, cl *call) (*http.Request, error) {
	path, err := cl.route.fill(cl.arg)
	if err != nil {
		return nil, cl.notSent(ErrInvalid, err)
	}
	req, err := http.NewRequestWithContext(ctx, cl.route.method, c.origin+path, bodyReader(cl.body))
	if err != nil {
		return nil, cl.notSent(ErrInvalid, errors.New("the request cannot be built"))
	}
	req.GetBody = nil // net/http and redirects cannot send it again
	if cl.route.feed {
		cl.secrets = []string{cl.arg}
		req.Header.Set("Accept", "text/calendar")
		return req, nil
	}
	return req, c.authorize(req, cl)
}

func bodyReader(body []byte) io.Reader {
	if body == nil {
		return nil
	}
	return bytes.NewReader(body)
}

// authorize sets the headers of the API. The key goes to the platform's origin only, since request knows no other.
func (c *Client) authorize(req *http.Request, cl *call) error {
	if cl.userID != "" && !idPattern.MatchString(cl.userID) {
		return cl.notSent(ErrInvalid, fmt.Errorf("user id: %w", errID))
	}
	key, err := c.key()
	key = strings.TrimSpace(key)
	switch {
	case err != nil:
		return cl.notSent(ErrAuth, fmt.Errorf("the API key cannot be read: %w", err))
	case key == "":
		return cl.notSent(ErrAuth, errors.New("the API key is empty"))
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return cl.notSent(ErrAuth, errors.New("the API key holds characters that no header can carry"))
	}
	cl.secrets = []string{key}
	req.Header.Set("X-API-KEY", key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if cl.userID != "" {
		req.Header.Set("X-USER-ID", cl.userID)
	}
	return nil
}

// read judges an answer and returns its data.
func (c *call) read(resp *http.Response, maxBody int64) ([]byte, error) {
	c.status, c.received = resp.StatusCode, time.Now()
	body, err := readAll(resp.Body, maxBody)
	if c.status >= 300 {
		a := answer{} // of what was cut off nothing is believed but the status
		if err == nil {
			a = parseAnswer(body)
		}
		return nil, c.refused(a, resp.Header)
	}
	if err != nil {
		return nil, c.unanswered("the answer is not complete: "+c.scrub(withoutURL(err).Error()), err)
	}
	if c.route.feed {
		return body, nil
	}
	return c.data(parseAnswer(body), resp.Header)
}

// data returns what a good status came with, where it is a success.
func (c *call) data(a answer, h http.Header) (json.RawMessage, error) {
	switch {
	case a.failed():
		return nil, c.refused(a, h)
	case c.route == deleteMeeting && (a.isJSON || a.isEmpty): // what it answers is not documented
		return a.data, nil
	case !a.isJSON || a.data == nil:
		return nil, c.unanswered(a.say(c.scrub), nil)
	}
	return a.data, nil
}

// readAll reads an answer to its end, which must not be further than most bytes away.
func readAll(r io.Reader, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(body)) > most {
		return nil, fmt.Errorf("more than %d bytes", most)
	}
	return body, err
}

// heldBack is the failure of a call that was not let through by the client itself.
func (c *call) heldBack(err error) *Error {
	var held *heldError
	if errors.As(err, &held) {
		e := c.notSent(ErrRateLimited, err)
		e.RetryAfter = held.wait
		return e
	}
	return c.notSent(ErrTransient, err)
}

// noAnswer is the failure of a call to which nothing came back. A Doer may know better than a trace that nothing was sent: it
// has let others go first, or the host wants to be left alone.
func (c *call) noAnswer(err error, nothingSent bool) *Error {
	e := c.unanswered(c.scrub(withoutURL(err).Error()), err)
	var says interface{ NotSent() bool }
	if nothingSent || errors.As(err, &says) && says.NotSent() {
		e.Kind, e.definite = ErrTransient, true
		var parked interface{ RetryAt() time.Time }
		if errors.As(err, &parked) {
			e.RetryAfter = max(0, time.Until(parked.RetryAt()))
		}
	}
	return e
}

// withoutURL strips the URL, which net/http puts into its errors, and which holds a feed's token.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// A connectionTrace knows whether a request got as far as a connection.
type connectionTrace struct{ asked, got atomic.Bool }

func traceConnection(req *http.Request) (*connectionTrace, *http.Request) {
	t := &connectionTrace{}
	return t, req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn:      func(string) { t.asked.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { t.got.Store(true) },
		WroteHeaders: func() { t.got.Store(true) },
	}))
}

// nothingSent reports that no byte of the request was sent: net/http asked for a connection, or dialling failed, and
// there was no connection, TLS included. A Doer that is not net/http and says nothing of dialling proves nothing.
func (t *connectionTrace) nothingSent(err error) bool {
	var op *net.OpError
	dialFailed := errors.As(err, &op) && op.Op == "dial"
	return !t.got.Load() && (t.asked.Load() || dialFailed)
}
