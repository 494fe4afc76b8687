package calendar

import (
	"errors"
	"fmt"
	"strings"
)

// What can go wrong with an edit. In both cases nothing is returned, and so nothing can be written.
var (
	ErrControl    = errors.New("line ends or control characters in a value")
	ErrUnsafeEdit = errors.New("the edit would change more than was meant")
)

// A Patch edits the lines of an event's components in place. All that it is not told to change stays byte for byte, and
// Bytes checks that. Nested components (VALARM) cannot be reached through it.
type Patch struct {
	e       *Event
	edited  map[int]string   // line → its new text
	removed map[int]bool     // line → it goes
	added   map[int][]string // section → new lines, behind its own properties
	err     error            // the first one; Bytes reports it
}

// Patch begins an edit of the event. The event itself does not change.
func (e *Event) Patch() *Patch {
	return &Patch{e: e, edited: map[int]string{}, removed: map[int]bool{}, added: map[int][]string{}}
}

// Edits counts the lines that are changed so far.
func (p *Patch) Edits() int {
	n := len(p.edited) + len(p.removed)
	for _, lines := range p.added {
		n += len(lines)
	}
	return n
}

// Insert adds a property. head is the name with its parameters, value is written as it is: encode TEXT before.
func (p *Patch) Insert(c *Component, head, value string) {
	text := head + ":" + value
	if p.accept(head, text, "") {
		p.added[c.sec] = append(p.added[c.sec], text)
	}
}

// Edit rewrites the raw values of the properties of one name, in the order of the file. fn returns the new value, and
// whether the property stays at all. It returns how many properties of that name there are.
func (p *Patch) Edit(c *Component, name string, fn func(raw string) (value string, keep bool)) int {
	n := 0
	p.each(c, name, func(i int, l line) {
		n++
		value, keep := fn(l.value())
		p.set(i, l.head(), value, keep)
	})
	return n
}

// Set makes the one property for which match says yes (nil: any) this one; further ones that match are removed. Where none
// matches it is inserted. match sees the decoded value.
func (p *Patch) Set(c *Component, head, value string, match func(value string) bool) {
	name, _, _ := strings.Cut(head, ";")
	found := false
	p.each(c, name, func(i int, l line) {
		if match == nil || match(decodeText(l.value())) {
			p.set(i, head, value, !found)
			found = true
		}
	})
	if !found {
		p.Insert(c, head, value)
	}
}

// each calls fn for the properties of a name as they are by now, but for those that the patch inserts.
func (p *Patch) each(c *Component, name string, fn func(i int, l line)) {
	c.doc.own(c.sec, func(i int, l line) {
		if l.name != name || p.removed[i] {
			return
		}
		if text, ok := p.edited[i]; ok {
			l = parseLine(text)
		}
		fn(i, l)
	})
}

// Remove takes out the properties of a name for which match says yes (nil: all).
func (p *Patch) Remove(c *Component, name string, match func(value string) bool) {
	p.Edit(c, name, func(raw string) (string, bool) {
		return raw, match != nil && !match(decodeText(raw))
	})
}

func (p *Patch) set(i int, head, value string, keep bool) {
	text, was := head+":"+value, p.e.doc.lines[i].text
	switch {
	case !keep:
		delete(p.edited, i)
		p.removed[i] = true
	case text == was:
		delete(p.edited, i)
	case p.accept(head, text, was):
		p.edited[i] = text
	}
}

// accept refuses what could become another property, and control characters that were not in the line before.
func (p *Patch) accept(head, text, old string) bool {
	name, _, _ := strings.Cut(head, ";")
	switch {
	case strings.ContainsAny(text, "\r\n\x00"), hasControl(text) && !hasControl(old):
		p.fail(fmt.Errorf("%s: %w", name, ErrControl))
	case parseLine(text).name != strings.ToUpper(name) || parseLine(text).head() != head:
		p.fail(fmt.Errorf("%s: %w: parameters that do not close", name, ErrUnsafeEdit))
	default:
		return true
	}
	return false
}

func (p *Patch) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Bytes is the object with the edits in it: the very bytes of the event when there are none. Its errors wrap ErrControl or
// ErrUnsafeEdit.
func (p *Patch) Bytes() ([]byte, error) {
	if p.err != nil {
		return nil, fmt.Errorf("edit event %.80q: %w", p.e.UID, p.err)
	}
	if p.Edits() == 0 {
		return p.e.data, nil
	}
	out := p.render()
	if err := p.check(out); err != nil {
		return nil, fmt.Errorf("edit event %.80q: %w: %w", p.e.UID, ErrUnsafeEdit, err)
	}
	return []byte(out), nil
}

func (p *Patch) render() string {
	insert := p.insertions()
	var b strings.Builder
	b.Grow(len(p.e.data) + 2048)
	for i, l := range p.e.doc.lines {
		if sec, ok := insert[i]; ok {
			end := lineEnding(p.e.doc.lines[p.e.doc.sections[sec].begin].raw)
			for _, text := range p.added[sec] {
				fold(&b, text, end)
			}
		}
		text, edited := p.edited[i]
		switch {
		case p.removed[i]:
		case edited:
			fold(&b, text, lineEnding(l.raw))
		default:
			b.WriteString(l.raw)
		}
	}
	return b.String()
}

// insertions says before which lines new ones come: behind a component's own properties, before what is nested in it.
func (p *Patch) insertions() map[int]int {
	at := make(map[int]int, len(p.added))
	for sec := range p.added {
		at[p.e.doc.sections[sec].childBegins] = sec
	}
	return at
}

func lineEnding(raw string) string {
	if strings.HasSuffix(raw, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// foldAt is the length of a physical line in octets, without its line end (RFC 5545, 3.1).
const foldAt = 75

// fold writes a line as physical lines. It never cuts a UTF-8 sequence: of seven servers five garble or refuse that.
func fold(b *strings.Builder, text, lineEnd string) {
	for room := foldAt; len(text) > room; room = foldAt - 1 {
		cut := room
		for cut > room-4 && text[cut]&0xC0 == 0x80 {
			cut--
		}
		b.WriteString(text[:cut])
		b.WriteString(lineEnd)
		b.WriteByte(' ')
		text = text[cut:]
	}
	b.WriteString(text)
	b.WriteString(lineEnd)
}
