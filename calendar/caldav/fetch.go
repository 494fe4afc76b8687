package caldav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"convoke/calendar"
)

// batch is how many objects one multiget asks for.
const batch = 50

// fetch gets the objects that came without data, in batches, and those that do not come that way one by one.
func (l *look) fetch() error {
	for hrefs := range slices.Chunk(l.wanted, batch) {
		rest := hrefs
		if l.known().multiget != no {
			var err error
			if rest, err = l.multiget(hrefs); err != nil {
				return err
			}
		}
		for _, href := range rest {
			if err := l.fetchOne(href); err != nil {
				return err
			}
		}
	}
	return nil
}

// multiget fetches a batch and returns the hrefs that did not come: DAViCal and sabre leave out what is gone, and
// sabre 1.8 answers the whole report with 404.
func (l *look) multiget(hrefs []string) (rest []string, err error) {
	left := make(map[string]bool, len(hrefs))
	for _, h := range hrefs {
		left[h] = true
	}
	_, err = l.ask(l.ctx, query{method: "REPORT", at: l.at, depth: "1", body: multiget(hrefs)}, func(r *response) error {
		for _, href := range r.hrefs {
			at, err := l.at.resolve(href)
			if err != nil || !left[at.path] {
				continue
			}
			told, err := l.multigetRow(at, r)
			if err != nil {
				return err
			}
			if told {
				delete(left, at.path)
			}
		}
		return nil
	})
	var refused *StatusError
	switch {
	case l.stopped != nil:
		return nil, l.stopped
	case errors.As(err, &refused) && !passing(refused.Code):
		if refused.Code == http.StatusNotImplemented || refused.Precondition == "DAV:supported-report" {
			l.learn(func(p *profile) { p.multiget = no })
		}
	case err != nil:
		return nil, err
	}
	for _, h := range hrefs {
		if left[h] {
			rest = append(rest, h)
		}
	}
	return rest, nil
}

// multigetRow tells the caller of a row, unless it is no use.
func (l *look) multigetRow(at place, r *response) (told bool, err error) {
	o := calendar.Object{Href: at.path, ETag: r.etag()}
	data, ok := r.get(propData)
	switch {
	case r.status == http.StatusNotFound || r.status == http.StatusGone:
		return true, l.tell(calendar.Change{Object: o, Gone: true})
	case r.unusable():
		return true, l.tell(calendar.Change{Object: o, Err: errETag})
	case ok && data.long:
		return true, l.tell(calendar.Change{Object: o, Err: tooLarge(at)})
	case ok && o.ETag != "" && len(data.text) > 0:
		o.Data = data.text
		return true, l.tell(calendar.Change{Object: o})
	}
	return false, nil
}

// passing are the answers that say nothing about the request: all of the look fails with them.
func passing(code int) bool {
	return code == http.StatusUnauthorized || code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable
}

// fetchOne gets one object. What concerns only that object is told in its row.
func (l *look) fetchOne(href string) error {
	o, err := l.Get(l.ctx, href)
	var status *StatusError
	switch {
	case err == nil:
		return l.tell(calendar.Change{Object: o})
	case errors.Is(err, calendar.ErrNotFound):
		return l.tell(calendar.Change{Object: calendar.Object{Href: href}, Gone: true})
	case slices.ContainsFunc(ofOne, func(e error) bool { return errors.Is(err, e) }), errors.As(err, &status) && !passing(status.Code):
		return l.tell(calendar.Change{Object: calendar.Object{Href: href}, Err: err})
	}
	return err
}

// Get implements calendar.Collection.
func (c *Calendar) Get(ctx context.Context, href string) (calendar.Object, error) {
	at, err := c.within(href)
	if err != nil {
		return calendar.Object{}, fmt.Errorf("get object: %w", err)
	}
	o, err := c.get(ctx, at)
	if err != nil || o.ETag != "" {
		return o, err
	}
	return c.getTagged(ctx, o, at)
}

// getTagged finds the ETag of an object whose GET did not tell it. A tag that was read between two equal readings
// belongs to them.
func (c *Calendar) getTagged(ctx context.Context, o calendar.Object, at place) (calendar.Object, error) {
	for range 3 {
		tag := ""
		q := query{method: "PROPFIND", at: at, depth: "0", body: propfind("<D:getetag/>")}
		if _, err := c.multistatus(ctx, q, func(r *response) error { tag = r.etag(); return nil }); err != nil {
			return calendar.Object{}, fmt.Errorf("get ETag: %w", err)
		}
		again, err := c.get(ctx, at)
		if err != nil {
			return calendar.Object{}, err
		}
		if bytes.Equal(again.Data, o.Data) {
			o.ETag = tag
			return o, nil
		}
		o = again
	}
	return calendar.Object{}, fmt.Errorf("get object %s: %w", at, errMoving)
}

// get sends one GET. Compression is declined, because Apache marks the ETags of what it compresses, and such an ETag
// never matches again.
func (c *Calendar) get(ctx context.Context, at place) (calendar.Object, error) {
	req, err := newRequest(ctx, http.MethodGet, at, nil)
	if err != nil {
		return calendar.Object{}, err
	}
	req.Header.Set("Accept", "text/calendar")
	req.Header.Set("Accept-Encoding", "identity")
	res, err := c.send(req)
	if err != nil {
		return calendar.Object{}, err
	}
	defer closeBody(res)
	switch kind := res.Header.Get("Content-Type"); {
	case finalPlace(res, at).path != at.path:
		return calendar.Object{}, &StatusError{Method: req.Method, URL: safeURL(req), Code: http.StatusMovedPermanently, Header: res.Header}
	case res.StatusCode != http.StatusOK:
		return calendar.Object{}, newStatusError(req, res, object)
	case strings.Contains(kind, "html"), !slices.Contains([]string{"", "identity"}, res.Header.Get("Content-Encoding")):
		return calendar.Object{}, fmt.Errorf("GET %s: %w (Content-Type %.60q, Content-Encoding %.20q)",
			safeURL(req), errNoObject, kind, res.Header.Get("Content-Encoding"))
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxText+1))
	switch {
	case err != nil:
		return calendar.Object{}, fmt.Errorf("GET %s: %w", safeURL(req), err)
	case len(data) > maxText:
		return calendar.Object{}, tooLarge(at)
	}
	if err := whole(data); err != nil {
		return calendar.Object{}, fmt.Errorf("GET %s: %w", safeURL(req), err)
	}
	return calendar.Object{Href: at.path, ETag: res.Header.Get("ETag"), Data: data}, nil
}

// errETag is an object whose version cannot be named in a condition (RFC 9110, 8.8.3), so that nothing could be written to it safely.
var errETag = errors.New("its ETag holds characters that no header can carry")

// ofOne are the errors that concern only the object that was asked for.
var ofOne = []error{calendar.ErrTooLarge, errHalf, errNoObject, errMoving}

var (
	errNoObject = errors.New("the answer is no calendar object")
	errMoving   = errors.New("it changes all the time")
)

// errHalf is an object without its end: more likely something between here and the server has cut the answer, whose length may
// fit all the same, than it stands so in the calendar. It is asked for again, and not taken for what the organizer wrote.
var errHalf = errors.New("half an object: END:VCALENDAR is missing")

// whole is an error where data does not begin as an iCalendar object, or not end as one (RFC 5545, 3.4): nothing, or a page, in the
// place of an event does not mean that the event asks for nothing.
func whole(data []byte) error {
	data = bytes.ToUpper(data)
	if !bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \t\r\n"), []byte("BEGIN:VCALENDAR")) {
		return fmt.Errorf("%w: BEGIN:VCALENDAR is missing", errNoObject)
	}
	if !bytes.Contains(data, []byte("\nEND:VCALENDAR")) {
		return errHalf
	}
	return nil
}
