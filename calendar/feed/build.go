package feed

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"convoke/calendar"
)

// refresh is how often programs are asked to look at a published feed (RFC 7986, 5.7).
const refresh = "PT15M"

// carried are the properties of a calendar that go into the published feed when all objects agree on them. Others do
// not: SOURCE and URL may hold the secret address of the feed that was read, and METHOD would make it a message.
var carried = []string{"CALSCALE", "X-WR-TIMEZONE", "X-WR-CALDESC", "DESCRIPTION", "COLOR", "X-APPLE-CALENDAR-COLOR"}

// Build makes a feed of objects as Objects, or an edit, gives them. Events stand in it byte for byte, each time zone once.
// The same objects give the same bytes in whatever order they come; one that comes twice counts once, and one without
// events for nothing. Its errors wrap calendar.ErrMalformed and say which object is meant.
//
// Two time zones with one name are no trouble where the name is one that everybody knows, of the IANA database or of
// Windows: readers go by it, convoke too, and the fuller definition stands in the feed. Where only the definition tells
// what a name means, both must be kept, and no event renamed: the later events follow in a VCALENDAR of their own, in the
// same stream (RFC 5545, 3.4).
func Build(name string, objects [][]byte) ([]byte, error) {
	all, err := readObjects(objects)
	if err != nil {
		return nil, fmt.Errorf("build feed: %w", err)
	}
	head := headOf(name, all)
	var b bytes.Buffer
	for _, book := range arrange(all) {
		book.write(&b, head)
	}
	return b.Bytes(), nil
}

// ETag is a strong ETag (RFC 9110, 8.8.3) of a feed that was built.
func ETag(feed []byte) string { return `"` + digest(feed) + `"` }

// A piece is one object on its way into a feed.
type piece struct {
	uid    string
	data   []byte
	cal    *vcalendar
	events []*part
}

// readObjects reads the objects and puts them into an order that does not depend on how they came.
func readObjects(objects [][]byte) ([]*piece, error) {
	var all []*piece
	for i, data := range objects {
		p, err := readPiece(data)
		if err != nil {
			return nil, fmt.Errorf("object %d, %d bytes: %w: %w", i, len(data), calendar.ErrMalformed, err)
		}
		if len(p.events) > 0 {
			all = append(all, p)
		}
	}
	order := func(a, b *piece) int { return cmp.Or(strings.Compare(a.uid, b.uid), bytes.Compare(a.data, b.data)) }
	slices.SortFunc(all, order)
	return slices.CompactFunc(all, func(a, b *piece) bool { return bytes.Equal(a.data, b.data) }), nil
}

func readPiece(data []byte) (*piece, error) {
	calendars, err := read(string(data))
	if err != nil {
		return nil, err
	}
	if len(calendars) > 1 {
		return nil, errors.New("more than one VCALENDAR")
	}
	p := &piece{data: data, cal: calendars[0]}
	for _, event := range p.cal.parts {
		switch {
		case event.kind != "VEVENT":
			continue
		case event.broken:
			return nil, fmt.Errorf("components of event %.80q do not close", event.name)
		}
		p.uid = event.name
		p.events = append(p.events, event)
	}
	return p, nil
}

// headOf is what every VCALENDAR of a feed begins with.
func headOf(name string, all []*piece) []string {
	head := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//convoke//convoke//EN"}
	if name = encodeText(name); name != "" {
		head = append(head, "NAME:"+name, "X-WR-CALNAME:"+name)
	}
	head = append(head, "REFRESH-INTERVAL;VALUE=DURATION:"+refresh, "X-PUBLISHED-TTL:"+refresh)
	return append(head, common(all)...)
}

// common lists the carried properties that stand in all objects.
func common(all []*piece) []string {
	var lines []string
	count := map[string]int{}
	for i, p := range all {
		for _, l := range p.cal.header {
			if !slices.Contains(carried, l.name()) || count[l.text] != i {
				continue
			}
			if count[l.text]++; i == 0 {
				lines = append(lines, l.text)
			}
		}
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(text string) bool { return count[text] < len(all) })
}

// A book is one VCALENDAR of the feed.
type book struct {
	zones  map[string]*part
	events []*part
}

// arrange puts each object into the first book that has no other time zone of the same name. There is always one book.
func arrange(all []*piece) []*book {
	books := []*book{{zones: map[string]*part{}}}
	for _, p := range all {
		zones := p.cal.zones
		i := slices.IndexFunc(books, func(b *book) bool { return b.takes(zones) })
		if i < 0 {
			i, books = len(books), append(books, &book{zones: map[string]*part{}})
		}
		books[i].add(p)
	}
	return books
}

// takes tells whether time zones can stand in a book without giving another meaning to the events in it.
func (b *book) takes(zones map[string]*part) bool {
	for name, zone := range zones {
		if has := b.zones[name]; has != nil && has.sum != zone.sum && !wellKnown(name) {
			return false
		}
	}
	return true
}

func (b *book) add(p *piece) {
	for name, zone := range p.cal.zones {
		if has := b.zones[name]; has == nil || fuller(zone, has) {
			b.zones[name] = zone
		}
	}
	b.events = append(b.events, p.events...)
}

// fuller tells which of two definitions of a well-known time zone says more: mostly more of its past.
func fuller(a, b *part) bool {
	return a.sum != b.sum && cmp.Or(cmp.Compare(len(a.raw), len(b.raw)), strings.Compare(a.raw, b.raw)) > 0
}

func (b *book) write(to *bytes.Buffer, head []string) {
	for _, text := range head {
		writeLine(to, text)
	}
	for _, zone := range sortedByName(b.zones) {
		to.WriteString(zone.raw)
	}
	for _, event := range b.events {
		to.WriteString(event.raw)
	}
	writeLine(to, "END:VCALENDAR")
}
