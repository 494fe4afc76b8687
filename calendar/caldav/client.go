package caldav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"convoke/calendar"
)

// A client sends requests and insists on the answers that the standards promise.
type client struct{ Doer }

// A query is a PROPFIND or a REPORT.
type query struct {
	method string
	at     place
	depth  string // "0" or "1"
	body   string
	moved  bool // an answer from another path is accepted
}

// An answer is what a multistatus told besides its rows.
type answer struct {
	token  string
	header http.Header
	final  place // who answered in the end
}

// multistatus sends a query and gives fn each row as it comes. Anything but a whole multistatus is an error.
func (c client) multistatus(ctx context.Context, q query, fn func(*response) error) (answer, error) {
	req, err := newRequest(ctx, q.method, q.at, strings.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/xml; charset=utf-8") // two of seven servers refuse others
	req.Header.Set("Depth", q.depth)
	res, err := c.send(req)
	if err != nil {
		return answer{}, err
	}
	defer closeBody(res)
	final := finalPlace(res, q.at)
	switch {
	case res.StatusCode != http.StatusMultiStatus:
		return answer{}, newStatusError(req, res, collection)
	case !q.moved && final.dir() != q.at.dir():
		return answer{}, &StatusError{Method: q.method, URL: safeURL(req), Code: http.StatusMovedPermanently, Header: res.Header, meaning: calendar.ErrMissing}
	}
	token, err := readMultistatus(res.Body, fn)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", q.method, safeURL(req), err)
	}
	return answer{token: token, header: res.Header, final: final}, nil
}

// newRequest makes a request whose URL has exactly the path given.
func newRequest(ctx context.Context, method string, at place, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, at, err)
	}
	return req, nil
}

// errNoAnswer marks a request that came to no answer, whether it was sent or not.
var errNoAnswer = errors.New("no answer")

// An unanswered error is such a request's, in words of its own.
type unanswered struct{ error }

func (u unanswered) Unwrap() error        { return u.error }
func (u unanswered) Is(target error) bool { return target == errNoAnswer }

// send names the request in the error of one that had no answer, without what may be secret in its URL. What the Doer says beside
// the cause is that once more.
func (c client) send(req *http.Request) (*http.Response, error) {
	res, err := c.Do(req)
	if err == nil {
		return res, nil
	}
	var wrapped *url.Error
	switch {
	case errors.As(err, &wrapped):
		err = wrapped.Err
	case strings.HasPrefix(err.Error(), req.Method+" ") && errors.Unwrap(err) != nil:
		err = bare{err}
	}
	what := fmt.Errorf("%s %s: %w", req.Method, safeURL(req), err)
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		what = fmt.Errorf("the calendar server does not answer (%w); is it running, and is caldav_url right?", what)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		what = fmt.Errorf("the calendar server does not answer (%w)", what)
	} // else it was not asked, or what came is no answer
	return nil, unanswered{what}
}

// A bare error is one that names its request, told without it.
type bare struct{ error }

func (b bare) Error() string { return errors.Unwrap(b.error).Error() }
func (b bare) Unwrap() error { return b.error }

// finalPlace is where the answer came from, after redirects; asked where the Doer does not tell.
func finalPlace(res *http.Response, asked place) place {
	if res.Request == nil || res.Request.URL == nil {
		return asked
	}
	p, err := parsePlace(res.Request.URL.String())
	if err != nil {
		return asked
	}
	return p
}

// closeBody reads a little more, so that the connection can be used again.
func closeBody(res *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
}

// maxLibraryAnswer is what a library may read of an answer: go-webdav keeps all of it in memory, as twenty times the bytes.
const maxLibraryAnswer = 1 << 20

// strict is a Doer for libraries: an answer that is not 207 is a StatusError, and a long one ends early.
type strict struct{ client }

func (s strict) Do(req *http.Request) (*http.Response, error) {
	res, err := s.send(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusMultiStatus {
		defer closeBody(res)
		return nil, newStatusError(req, res, collection)
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxLibraryAnswer), res.Body}
	return res, nil
}
