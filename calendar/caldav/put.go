package caldav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"convoke/calendar"
)

// Put implements calendar.Collection. A PUT is sent once. When it has no answer, or one that says that the server
// failed, the object is read: if it is another one now and says what was sent, the PUT was carried out.
//
// Never If-Schedule-Tag-Match (RFC 6638, 8.3): Cyrus overwrites attendees' replies with it, others ignore it and store.
func (c *Calendar) Put(ctx context.Context, o calendar.Object) (calendar.Object, error) {
	at, err := c.within(o.Href)
	if err != nil {
		return calendar.Object{}, fmt.Errorf("put object: %w", err)
	}
	if tag := strings.TrimSpace(o.ETag); tag == "" || tag == "*" { // If-Match: * holds for whatever is there (RFC 9110, 13.1.1)
		return calendar.Object{}, fmt.Errorf("put object %s: without an ETag it could overwrite another's change: %w", at, calendar.ErrPrecondition)
	}
	if err := c.guard(ctx, at, o); err != nil {
		return calendar.Object{}, err
	}
	err = c.put(ctx, at, o)
	var status *StatusError
	switch {
	case err == nil:
		return c.readBack(ctx, o.Href)
	case !errors.As(err, &status), status.Code >= 500:
		return c.afterSilence(ctx, o, err)
	case status.Code == http.StatusNotFound:
		return calendar.Object{}, c.whyNotFound(ctx, o.Href, status)
	}
	return calendar.Object{}, err
}

// guard looks first where If-Match creates what is not there: on SOGo.
func (c *Calendar) guard(ctx context.Context, at place, o calendar.Object) error {
	if c.known().server != "sogo" {
		return nil
	}
	now, err := c.get(ctx, at)
	if err == nil && now.ETag != o.ETag {
		err = fmt.Errorf("put object %s: %w", at, calendar.ErrPrecondition)
	}
	return err
}

// put sends the request.
func (c *Calendar) put(ctx context.Context, at place, o calendar.Object) error {
	req, err := newRequest(ctx, http.MethodPut, at, bytes.NewReader(o.Data)) // sets Content-Length: two servers refuse chunks
	if err != nil {
		return err
	}
	req.GetBody = nil // net/http cannot send it twice
	req.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	req.Header.Set("If-Match", o.ETag)
	res, err := c.send(req)
	if err != nil {
		return err
	}
	defer closeBody(res)
	switch res.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return nil
	}
	return newStatusError(req, res, object) // 207 is how Xandikos refuses
}

// readBack fetches what is there after a PUT that succeeded: the ETag in its answer may mean other bytes than those
// that were sent (Cyrus, SOGo).
func (c *Calendar) readBack(ctx context.Context, href string) (calendar.Object, error) {
	o, err := c.Get(ctx, href)
	if err != nil {
		return calendar.Object{}, fmt.Errorf("written, but not read back: %w", err)
	}
	return o, nil
}

// afterSilence finds out whether a PUT without a usable answer was carried out.
func (c *Calendar) afterSilence(ctx context.Context, sent calendar.Object, silence error) (calendar.Object, error) {
	now, err := c.Get(ctx, sent.Href)
	if err == nil && now.ETag != sent.ETag && carries(now.Data, sent.Data) {
		return now, nil
	}
	return calendar.Object{}, fmt.Errorf("put without an answer: %w", silence)
}

// whyNotFound tells a deleted object from one that could not be parsed, which is 404 on SOGo.
func (c *Calendar) whyNotFound(ctx context.Context, href string, status *StatusError) error {
	if _, err := c.Get(ctx, href); err == nil {
		status.meaning = calendar.ErrRefused
	}
	return status
}
