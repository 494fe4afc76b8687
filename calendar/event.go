// Package calendar knows events: it reads an iCalendar object (RFC 5545), finds in it what an organizer asked for, and
// writes join details into it without touching anything else.
//
// It is pure: no network, no files, no clock. It knows neither the meeting platform nor the ledger; what it
// is told about a meeting is a join URL, a number and a few lines of text.
package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxObject is the size in bytes above which an object is not read.
const MaxObject = 1 << 20

// What can be wrong with the text of an object.
var (
	ErrMalformed   = errors.New("not a readable iCalendar object")
	ErrNoEvent     = errors.New("no event in the object")
	ErrNoUID       = errors.New("the event has no UID")
	ErrSeveralUIDs = errors.New("the object holds events with different UIDs")
)

// An Event is what an object says: the VEVENTs of one UID.
type Event struct {
	UID        string
	Method     string       // METHOD of the VCALENDAR, upper case; "" in a calendar that keeps to RFC 4791, 4.1
	Components []*Component // the VEVENTs in the order of the file

	data  []byte
	doc   *document
	home  *time.Location
	zones *zones
}

// Parse reads an object. Floating times and times in a zone that nobody knows are read in home (nil = UTC); the
// latter is no error, see Component.ZoneNote. The errors wrap ErrMalformed, ErrNoEvent, ErrNoUID,
// ErrSeveralUIDs or ErrTooLarge. The caller must not change data afterwards.
func Parse(data []byte, home *time.Location) (*Event, error) {
	if len(data) > MaxObject {
		return nil, fmt.Errorf("parse event: %d bytes, more than %d: %w", len(data), MaxObject, ErrTooLarge)
	}
	if home == nil {
		home = time.UTC
	}
	doc, err := readDocument(string(data))
	if err != nil {
		return nil, fmt.Errorf("parse event: %w", err)
	}
	e := &Event{data: data, doc: doc, home: home}
	if err := e.read(); err != nil {
		return nil, fmt.Errorf("parse event: %w", err)
	}
	return e, nil
}

func (e *Event) read() error {
	if err := e.checkRoot(); err != nil {
		return err
	}
	if l, ok := e.doc.first(0, "METHOD"); ok {
		e.Method = strings.ToUpper(strings.TrimSpace(l.value()))
	}
	e.zones = newZones(e.doc, e.home)
	for i, s := range e.doc.sections {
		if s.name != "VEVENT" || s.parent != 0 {
			continue
		}
		if err := e.readUID(i); err != nil {
			return err
		}
		c, err := readComponent(e.doc, i, e.zones)
		if err != nil {
			return err
		}
		e.Components = append(e.Components, c)
	}
	if len(e.Components) == 0 {
		return ErrNoEvent
	}
	return nil
}

// checkRoot wants exactly one VCALENDAR and no properties outside it.
func (e *Event) checkRoot() error {
	for i, s := range e.doc.sections {
		if s.parent < 0 && (i > 0 || s.name != "VCALENDAR") {
			return fmt.Errorf("%w: more than one VCALENDAR, or %.40q outside of it", ErrMalformed, s.name)
		}
	}
	if len(e.doc.sections) == 0 {
		return fmt.Errorf("%w: no BEGIN:VCALENDAR", ErrMalformed)
	}
	for i, l := range e.doc.lines {
		if l.in < 0 && l.name != "" {
			return fmt.Errorf("%w: line %d: %.40q stands outside of VCALENDAR", ErrMalformed, i+1, l.name)
		}
	}
	return nil
}

func (e *Event) readUID(sec int) error {
	l, _ := e.doc.first(sec, "UID")
	uid := decodeText(l.value())
	switch {
	case uid == "":
		return ErrNoUID
	case e.UID == "":
		e.UID = uid
	case e.UID != uid:
		return fmt.Errorf("%w: %.80q and %.80q", ErrSeveralUIDs, e.UID, uid)
	}
	return nil
}

// Master is the component without RECURRENCE-ID; nil when the object holds overrides only, as the copy of someone
// who was invited to single occurrences does.
func (e *Event) Master() *Component {
	for _, c := range e.Components {
		if c.RecurrenceID == "" {
			return c
		}
	}
	return nil
}

// Recurring tells whether the event is a series: an RRULE or RDATE on a component, or an override.
func (e *Event) Recurring() bool {
	for _, c := range e.Components {
		if c.RecurrenceID != "" || c.recurs {
			return true
		}
	}
	return false
}

// Data is the object's text as it was given to Parse.
func (e *Event) Data() []byte { return e.data }
