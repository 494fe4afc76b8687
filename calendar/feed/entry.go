package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"convoke/calendar"
)

// An entry is one object of a feed: the VEVENTs of one UID, with the header and the time zones of their VCALENDAR.
type entry struct {
	href, etag string
	err        error   // why the object is not handed out
	broken     bool    // its components are not whole
	head       string  // BEGIN:VCALENDAR and its own properties
	parts      []*part // VTIMEZONEs, then VEVENTs
	tail       string
}

// maxHref is the length up to which an escaped UID is an href; a longer one is replaced by its digest.
const maxHref = 200

// href is the name of the object with a UID. Escaped UIDs have no "!".
func href(uid string) string {
	if escaped := url.QueryEscape(uid); len(escaped) <= maxHref {
		return escaped + ".ics"
	}
	return "!uid-" + digest([]byte(uid)) + ".ics"
}

// digest is a short name for a content.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// A group collects the events of one UID.
type group struct {
	uid    string
	cal    *vcalendar
	header *header
	events []*part
	strays bool // events of that UID stand in another VCALENDAR too
}

// An event of a group; the same one may stand in a feed twice.
type event struct {
	name string
	sum  [sha256.Size]byte
}

// A header is what the objects of one VCALENDAR have in common.
type header struct {
	raw  string // BEGIN:VCALENDAR and its properties, as they stand there
	says string
}

func newHeader(text string, c *vcalendar) *header {
	var raw strings.Builder
	raw.WriteString(c.begin)
	for _, l := range c.header {
		raw.WriteString(text[l.from:l.to])
	}
	return &header{raw: raw.String(), says: c.headerSays()}
}

// split makes objects of a feed, in its order. Its errors wrap ErrNoCalendar, ErrIncomplete or calendar.ErrTooLarge.
func split(text string) ([]*entry, error) {
	calendars, err := read(text)
	if err != nil {
		return nil, err
	}
	groups, err := gather(text, calendars)
	if err != nil {
		return nil, err
	}
	entries := make([]*entry, len(groups))
	for i, g := range groups {
		entries[i] = g.entry()
	}
	return entries, nil
}

// gather collects the events by UID. One without UID stands for itself, under the name of what it says.
func gather(text string, calendars []*vcalendar) ([]*group, error) {
	var groups []*group
	byName, seen := map[string]*group{}, map[event]bool{}
	for _, c := range calendars {
		h := newHeader(text, c)
		for _, p := range c.parts {
			name := nameOf(p)
			if p.kind != "VEVENT" || seen[event{name, p.sum}] {
				continue
			}
			seen[event{name, p.sum}] = true
			g := byName[name]
			if g == nil {
				g = &group{uid: p.name, cal: c, header: h}
				byName[name] = g
				if groups = append(groups, g); len(groups) > MaxEvents {
					return nil, fmt.Errorf("more than %d events: %w", MaxEvents, calendar.ErrTooLarge)
				}
			}
			g.add(c, p)
		}
	}
	return groups, nil
}

// nameOf is the href of the object that an event belongs to.
func nameOf(p *part) string {
	if strings.TrimSpace(p.name) == "" {
		return "!" + hex.EncodeToString(p.sum[:16]) + ".ics"
	}
	return href(p.name)
}

// add takes one more event.
func (g *group) add(c *vcalendar, p *part) {
	if c != g.cal {
		g.strays = true
		return
	}
	g.events = append(g.events, p)
}

func (g *group) entry() *entry {
	zones := g.cal.zonesOf(g.events)
	e := &entry{href: nameOf(g.events[0]), head: g.header.raw, parts: append(zones, g.events...), tail: g.cal.end}
	e.etag = g.etag(zones)
	for _, p := range g.events {
		e.broken = e.broken || p.broken
	}
	if err := g.fault(e.size()); err != nil {
		e.err = fmt.Errorf("event %.80q: %w", g.uid, err)
		e.etag = `"` + digest([]byte(e.etag+err.Error())) + `"` // it is looked at again when the fault is another one
	}
	return e
}

// etag is a digest of what the object says, without stamps and whatever the order of its events is.
func (g *group) etag(zones []*part) string {
	sums := make([][]byte, 0, len(g.events))
	for _, p := range g.events {
		sums = append(sums, p.sum[:])
	}
	slices.SortFunc(sums, bytes.Compare)
	all := []byte(g.header.says)
	for _, z := range zones {
		all = append(all, z.sum[:]...)
	}
	all = append(all, '\n')
	return `"` + digest(append(all, bytes.Join(sums, nil)...)) + `"`
}

// fault is what is wrong with the object, if anything is.
func (g *group) fault(size int) error {
	masters := 0
	for _, p := range g.events {
		if p.broken {
			return fmt.Errorf("%w: components in it do not close", calendar.ErrMalformed)
		}
		if !p.override {
			masters++
		}
	}
	switch {
	case strings.TrimSpace(g.uid) == "":
		return fmt.Errorf("%w, and cannot be told from others", calendar.ErrNoUID)
	case g.strays:
		return fmt.Errorf("%w: its UID stands in two VCALENDARs of the feed", calendar.ErrMalformed)
	case masters > 1:
		return fmt.Errorf("%w: the feed has %d different events with that UID", calendar.ErrMalformed, masters)
	case size > calendar.MaxObject:
		return fmt.Errorf("%d bytes, more than %d: %w", size, calendar.MaxObject, calendar.ErrTooLarge)
	}
	return nil
}

func (e *entry) size() int {
	n := len(e.head) + len(e.tail)
	for _, p := range e.parts {
		n += len(p.raw)
	}
	return n
}

// object puts the entry together.
func (e *entry) object() calendar.Object {
	data := make([]byte, 0, e.size())
	data = append(data, e.head...)
	for _, p := range e.parts {
		data = append(data, p.raw...)
	}
	return calendar.Object{Href: e.href, ETag: e.etag, Data: append(data, e.tail...)}
}

// change reports the entry to somebody who has seen an ETag.
func (e *entry) change(seen string) calendar.Change {
	switch {
	case e.err != nil:
		return calendar.Change{Object: calendar.Object{Href: e.href, ETag: e.etag}, Err: e.err}
	case e.etag == seen:
		return calendar.Change{Object: calendar.Object{Href: e.href, ETag: e.etag}}
	}
	return calendar.Change{Object: e.object()}
}
