package calendar

import (
	"context"
	"errors"
)

// An Object is one calendar resource: the iCalendar text of one event under the name that its calendar gives it.
type Object struct {
	Href string // the calendar's name for it: a percent-encoded path on CalDAV, a file name in a folder
	ETag string // verbatim, with its quotes and W/ (RFC 9110, 8.8.3)
	Data []byte // raw iCalendar (RFC 5545), as the calendar sent it
}

// A Change is one row of what Changes reports.
type Change struct {
	Object       // Data is nil when the calendar did not send it along or when it is as it was
	Gone   bool  // the calendar says that there is nothing under this href any more
	Err    error // this row could not be read; the others could
}

// Since tells a Collection what its caller knows already.
type Since struct {
	Token string                   // Look.Token of the last look; "" when there was none
	ETag  func(href string) string // the ETag last seen under an href, "" for none; never nil
	Full  bool                     // list everything, though the token might do
}

// A Look is what remains of a call of Changes.
type Look struct {
	Token    string // what to pass as Since.Token next time
	Complete bool   // every object was reported: an href that was not reported is gone
}

// A Collection is one calendar: a CalDAV collection (package caldav) or a folder of .ics files (package vdir).
//
// Its errors wrap the sentinels below where one applies. An error of Changes means that the look is void:
// nothing may be concluded from what was not reported, and the old token stays in use.
type Collection interface {
	// Changes reports, row by row, what differs from Since, and everything when there is no usable token. It
	// holds no more than one batch of objects in memory. A row whose ETag equals Since.ETag has no data. Where
	// the calendar does not send data along, Changes fetches it in batches. When fn fails, Changes stops with
	// its error.
	Changes(ctx context.Context, since Since, fn func(Change) error) (Look, error)

	// Get fetches one object as it is now.
	Get(ctx context.Context, href string) (Object, error)

	// Put replaces an object on the condition that its ETag is still o.ETag, and returns it as the calendar has
	// it afterwards, read back: many calendars rewrite what they are given. It never creates one.
	Put(ctx context.Context, o Object) (Object, error)
}

// A Server is what a writer should know of where a calendar lives. A Collection that knows it has a method Server() Server.
type Server struct {
	Schedules      bool // it carries changes of an event to its attendees (RFC 6638)
	LocationResets bool // a new LOCATION makes attendees answer again
	ReadOnly       bool // nothing can be written; the details are published elsewhere
}

// What can be wrong with a calendar or with one of its objects.
var (
	ErrNotFound     = errors.New("no such object")                                  // 404, 410 on an object
	ErrPrecondition = errors.New("the object has changed in between")               // 412 on Put
	ErrReadOnly     = errors.New("the calendar does not accept changes")            // 403, 405 on Put
	ErrRefused      = errors.New("the calendar refused the object")                 // anything else that says: this body never
	ErrAuth         = errors.New("the calendar server did not accept the password") // 401
	ErrForbidden    = errors.New("the calendar server denies access")               // 403 on reading
	ErrMissing      = errors.New("the calendar is not there")                       // 404, 410 on the collection
	ErrTooLarge     = errors.New("larger than convoke reads")                       // over a limit of size or number
)
