package caldav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"convoke/calendar"
)

// maxRows is how many objects a calendar may have.
const maxRows = 20_000

// A token of Look is "sync " and the server's sync token, or "ctag ", the second it was read at, and the ctag.
const (
	syncToken = "sync "
	ctagToken = "ctag "
)

// Changes implements calendar.Collection. Where the server has sync-collection, a look is one request, with the data
// in it; else one for the ctag, and when that moved, a listing of ETags. What comes without data is fetched afterwards.
func (c *Calendar) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	l := &look{Calendar: c, ctx: ctx, since: since, fn: fn}
	sync, synced := strings.CutPrefix(since.Token, syncToken)
	ctag, _ := strings.CutPrefix(since.Token, ctagToken)
	var out calendar.Look
	var err error
	switch known := c.known(); {
	case since.Full:
		out, err = l.full()
	case known.sync == no && synced:
		out, err = l.byCTag("")
	case known.sync == no:
		out, err = l.byCTag(ctag)
	case synced:
		out, err = l.bySync(sync)
	default:
		out, err = l.bySync("")
	}
	if err != nil {
		return calendar.Look{}, fmt.Errorf("look at calendar: %w", err)
	}
	return out, nil
}

// A look is one call of Changes.
type look struct {
	*Calendar
	ctx     context.Context
	since   calendar.Since
	fn      func(calendar.Change) error
	stopped error // what fn returned

	rows      int
	self      bool     // the collection's own row came
	truncated bool     // and said that there is more
	failed    int      // or that it could not be read: with this status
	inside    int      // rows of the collection and what is in it
	wanted    []string // objects that came without data
	withData  int      // objects that came with it
}

// restart forgets the rows of a report that failed.
func (l *look) restart() {
	l.rows, l.wanted, l.withData = 0, nil, 0
	l.self, l.truncated, l.failed, l.inside = false, false, 0, 0
}

// tell gives the caller a row.
func (l *look) tell(ch calendar.Change) error {
	if err := l.fn(ch); err != nil {
		l.stopped = err
		return err
	}
	return nil
}

// row takes one row of a sync report or a listing.
func (l *look) row(r *response) error {
	for _, href := range r.hrefs {
		if l.rows++; l.rows > maxRows+1 {
			return fmt.Errorf("more than %d objects: %w", maxRows, calendar.ErrTooLarge)
		}
		if href == "" {
			return fmt.Errorf("%s: a row without an href; nothing can be told from what is not named", l.at)
		}
		at, err := l.at.resolve(href)
		if err == nil && l.member(at.path) == memberOutside {
			err = errors.New("an object outside its calendar; it is not asked")
		}
		if err != nil {
			if err := l.tell(calendar.Change{Object: calendar.Object{Href: href}, Err: fmt.Errorf("href %.200q: %w", href, err)}); err != nil {
				return err
			}
			continue
		}
		l.inside++
		switch l.member(at.path) {
		case memberSelf:
			l.self = true
			if r.status == http.StatusInsufficientStorage { // RFC 6578, 3.6
				l.truncated = true
			} else if code := r.failure(propResourceType); code != 0 {
				l.failed = code
			}
		case memberObject:
			if err := l.objectRow(at, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// objectRow decides what a row says about an object.
func (l *look) objectRow(at place, r *response) error {
	kind, _ := r.get(propResourceType)
	o := calendar.Object{Href: at.path, ETag: r.etag()}
	data, hasData := r.get(propData)
	switch {
	case r.status == http.StatusNotFound || r.status == http.StatusGone:
		return l.tell(calendar.Change{Object: o, Gone: true})
	case r.status >= 300 || r.status == 0 && r.denied(propETag):
		return l.tell(calendar.Change{Object: o, Err: l.rowError(at, r)})
	case r.unusable():
		return l.tell(calendar.Change{Object: o, Err: errETag})
	case kind.has(name{nsDAV, "collection"}) || notCalendar(r.text(propContentType)):
		return nil
	case o.ETag != "" && o.ETag == l.since.ETag(o.Href):
		if hasData {
			l.withData++
		}
		return l.tell(calendar.Change{Object: o})
	case hasData && data.long:
		return l.tell(calendar.Change{Object: o, Err: tooLarge(at)})
	case hasData && o.ETag != "" && len(data.text) > 0:
		l.withData++
		o.Data = data.text
		return l.tell(calendar.Change{Object: o})
	}
	l.wanted = append(l.wanted, o.Href)
	return nil
}

// rowError is the error of a row that the server could not answer.
func (l *look) rowError(at place, r *response) error {
	code := r.status
	if code == 0 {
		code = http.StatusForbidden
	}
	e := &StatusError{Method: "REPORT", URL: at.String(), Code: code, Precondition: r.condition}
	e.meaning = meaning(e, object)
	return e
}

// notCalendar says that a Content-Type is told and is not iCalendar's: Xandikos keeps any file.
func notCalendar(contentType string) bool {
	return contentType != "" && !strings.HasPrefix(strings.ToLower(contentType), "text/calendar")
}

func tooLarge(at place) error {
	return fmt.Errorf("%s: an object of more than %d MiB: %w", at, maxText>>20, calendar.ErrTooLarge)
}
