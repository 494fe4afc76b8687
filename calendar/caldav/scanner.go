package caldav

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"convoke/calendar"
)

// Limits of one XML document. A text longer than maxText is cut there and marked.
const (
	maxDocument = 64 << 20
	maxText     = 1 << 20
	maxDepth    = 32
	maxTag      = 64 << 10
	maxElements = 10_000 // of one row; the longest there are list the reports and privileges of a calendar, a hundred or two
	maxNames    = 1_000  // that are remembered
	maxBindings = 256    // of namespaces, in scope; servers declare ten or so
)

var errDoctype = errors.New("the answer has a DOCTYPE, which no calendar server needs; it is not read")

// A name is an XML name with its namespace resolved.
type name struct{ space, local string }

// A scanner reads XML as WebDAV servers write it, element by element, in memory that does not grow with the
// document. It differs from encoding/xml where servers differ from the book: bytes that are no characters, or half of one,
// damage only the text they stand in, and line ends stay as they came (iCalendar has CRLF). What it insists on: every
// element is closed, by its own name, and there is no DOCTYPE.
type scanner struct {
	in       *bufio.Reader
	left     *io.LimitedReader
	open     []element
	bound    []binding
	names    map[string]element // by tag, under the present bindings
	raw      []byte             // text since the last tag, not decoded
	long     bool               // raw was cut
	tag      []byte
	attrs    []byte // of the last start tag
	limit    int    // the element that is too many, counted down; 0 for none
	pending  bool   // the last start tag was <a/>: its end comes next
	finished bool
}

type element struct {
	tag      string
	name     name
	bindings int // in scope before it
}

type binding struct{ prefix, space string }

func newScanner(r io.Reader) *scanner {
	left := &io.LimitedReader{R: r, N: maxDocument + 1}
	return &scanner{in: bufio.NewReaderSize(left, 32<<10), left: left, names: map[string]element{}}
}

// next moves to the next start or end tag. After an end tag, text has what stood since the last tag. At the end of a
// whole document it returns io.EOF.
func (s *scanner) next() (n name, end bool, err error) {
	if s.finished {
		return name{}, false, io.EOF
	}
	s.raw, s.long = s.raw[:0], false
	if s.pending {
		s.pending = false
		return s.pop(), true, nil
	}
	for {
		if err := s.readText(); err != nil {
			return name{}, false, s.broken(err)
		}
		n, kind, err := s.readMarkup()
		if err != nil {
			return name{}, false, s.broken(err)
		}
		if kind != markupOther {
			return n, kind == markupEnd, nil
		}
	}
}

// broken says what is wrong with a document that ends early or is too large.
func (s *scanner) broken(err error) error {
	switch {
	case s.left.N <= 0:
		return fmt.Errorf("an answer of more than %d MiB: %w", maxDocument>>20, calendar.ErrTooLarge)
	case err == io.EOF:
		return fmt.Errorf("the answer ends early: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// depth is the number of open elements.
func (s *scanner) depth() int { return len(s.open) }

// text returns the decoded text since the last tag; it may be asked once, and
// is valid until the next call of next. long says that it was cut.
func (s *scanner) text() (text []byte, long bool) {
	s.raw = unescape(s.raw)
	return s.raw, s.long
}

// readText collects text up to the next '<' and consumes that.
func (s *scanner) readText() error {
	for {
		part, err := s.in.ReadSlice('<')
		if err == nil {
			s.appendText(part[:len(part)-1])
			return nil
		}
		s.appendText(part)
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}

func (s *scanner) appendText(part []byte) {
	if len(s.open) == 0 {
		return
	}
	if len(s.raw)+len(part) > maxText {
		s.long = true
		part = part[:max(0, maxText-len(s.raw))]
	}
	s.raw = append(s.raw, part...)
}

type markup int

const (
	markupOther markup = iota
	markupStart
	markupEnd
)

// readMarkup reads what follows a '<'.
func (s *scanner) readMarkup() (name, markup, error) {
	head, err := s.in.Peek(1)
	if err != nil {
		return name{}, markupOther, err
	}
	switch head[0] {
	case '?':
		return name{}, markupOther, s.skipTo("?>", nil)
	case '!':
		return name{}, markupOther, s.readDeclaration()
	case '/':
		n, err := s.readEnd()
		return n, markupEnd, err
	}
	n, err := s.readStart()
	return n, markupStart, err
}

// readDeclaration passes over a comment, takes a CDATA section as text, and refuses the rest.
func (s *scanner) readDeclaration() error {
	head, _ := s.in.Peek(8)
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		_, _ = s.in.Discard(3)
		return s.skipTo("-->", nil)
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		_, _ = s.in.Discard(8)
		return s.skipTo("]]>", func(b byte) {
			if b == '&' {
				s.appendText([]byte("&amp;"))
				return
			}
			s.appendText([]byte{b})
		})
	case len(head) < 8:
		return io.EOF
	}
	return errDoctype
}

// skipTo consumes input up to and including end, and gives keep what stood before it.
func (s *scanner) skipTo(end string, keep func(byte)) error {
	var held []byte
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		held = append(held, b)
		if string(held) == end {
			return nil
		}
		for len(held) > 0 && !strings.HasPrefix(end, string(held)) {
			if keep != nil {
				keep(held[0])
			}
			held = held[1:]
		}
	}
}

// readTag reads to the '>' that ends a tag, which is not one in a quoted attribute.
func (s *scanner) readTag() error {
	s.tag = s.tag[:0]
	var quote byte
	for {
		part, err := s.in.ReadSlice('>')
		s.tag = append(s.tag, part...)
		quote = openQuote(quote, part)
		switch {
		case len(s.tag) > maxTag:
			return fmt.Errorf("a tag of more than %d kiB", maxTag>>10)
		case err == bufio.ErrBufferFull:
		case err != nil:
			return err
		case quote == 0:
			s.tag = s.tag[:len(s.tag)-1]
			return nil
		}
	}
}

// openQuote is the quote that is open behind a part of a tag, or 0; before it, quote was.
func openQuote(quote byte, part []byte) byte {
	for _, b := range part {
		switch {
		case quote == 0 && (b == '"' || b == '\''):
			quote = b
		case b == quote:
			quote = 0
		}
	}
	return quote
}

func (s *scanner) readStart() (name, error) {
	if err := s.readTag(); err != nil {
		return name{}, err
	}
	tag := s.tag
	if s.pending = bytes.HasSuffix(tag, []byte("/")); s.pending {
		tag = tag[:len(tag)-1]
	}
	end := bytes.IndexAny(tag, " \t\r\n")
	if end < 0 {
		end = len(tag)
	}
	if end == 0 {
		return name{}, errors.New("a '<' that begins no tag")
	}
	s.attrs = tag[end:]
	if len(s.open) >= maxDepth {
		return name{}, fmt.Errorf("elements nested more than %d deep", maxDepth)
	}
	if s.limit--; s.limit == 0 {
		return name{}, fmt.Errorf("a row of more than %d elements", maxElements)
	}
	before := len(s.bound)
	if err := s.bind(); err != nil {
		return name{}, err
	}
	e := s.resolve(tag[:end])
	e.bindings = before
	s.open = append(s.open, e)
	return e.name, nil
}

func (s *scanner) readEnd() (name, error) {
	if err := s.readTag(); err != nil {
		return name{}, err
	}
	tag := bytes.TrimRight(s.tag[1:], " \t\r\n")
	if len(s.open) == 0 || s.open[len(s.open)-1].tag != string(tag) {
		return name{}, fmt.Errorf("</%.40s> closes nothing", tag)
	}
	return s.pop(), nil
}

// pop closes the innermost element.
func (s *scanner) pop() name {
	e := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	if len(s.bound) != e.bindings {
		s.bound = s.bound[:e.bindings]
		clear(s.names)
	}
	s.finished = len(s.open) == 0
	return e.name
}

// bind takes the namespace declarations out of the attributes.
func (s *scanner) bind() error {
	if !bytes.Contains(s.attrs, []byte("xmlns")) {
		return nil
	}
	for attr, value := range attributes(s.attrs) {
		prefix, declares := strings.CutPrefix(attr, "xmlns:")
		if attr == "xmlns" {
			prefix, declares = "", true
		}
		if !declares {
			continue
		}
		if len(s.bound) >= maxBindings {
			return fmt.Errorf("an element with more than %d namespaces", maxBindings)
		}
		s.bound = append(s.bound, binding{prefix, value})
		clear(s.names)
	}
	return nil
}

// resolve finds a tag's namespace, and remembers it so that a report of many rows allocates no names.
func (s *scanner) resolve(tag []byte) element {
	if e, ok := s.names[string(tag)]; ok {
		return e
	}
	prefix, local, prefixed := strings.Cut(string(tag), ":")
	if !prefixed {
		prefix, local = "", prefix
	}
	e := element{tag: string(tag), name: name{local: local}}
	for i := len(s.bound) - 1; i >= 0; i-- {
		if s.bound[i].prefix == prefix {
			e.name.space = s.bound[i].space
			break
		}
	}
	if len(s.names) >= maxNames {
		clear(s.names)
	}
	s.names[e.tag] = e
	return e
}

// attribute returns an attribute of the last start tag.
func (s *scanner) attribute(wanted string) string {
	for attr, value := range attributes(s.attrs) {
		if attr == wanted {
			return value
		}
	}
	return ""
}

// attributes yields what stands in a tag after its name.
func attributes(rest []byte) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for {
			rest = bytes.TrimLeft(rest, " \t\r\n")
			attr, after, ok := bytes.Cut(rest, []byte("="))
			after = bytes.TrimLeft(after, " \t\r\n")
			if !ok || len(after) == 0 || after[0] != '"' && after[0] != '\'' {
				return
			}
			end := bytes.IndexByte(after[1:], after[0])
			if end < 0 {
				return
			}
			value := unescape(bytes.Clone(after[1 : 1+end]))
			if !yield(string(bytes.TrimSpace(attr)), string(value)) {
				return
			}
			rest = after[end+2:]
		}
	}
}

// unescape replaces the entities that XML has without a DOCTYPE, in place. Others stay as they are.
func unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '&')
	if i < 0 {
		return b
	}
	out := b[:i]
	for i < len(b) {
		if b[i] != '&' {
			out = append(out, b[i])
			i++
			continue
		}
		end := bytes.IndexByte(b[i:min(len(b), i+12)], ';')
		r, ok := rune(0), false
		if end > 0 {
			r, ok = entity(string(b[i+1 : i+end]))
		}
		if !ok {
			out = append(out, '&')
			i++
			continue
		}
		out = utf8.AppendRune(out, r)
		i += end + 1
	}
	return out
}

func entity(s string) (rune, bool) {
	switch s {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, numeric := strings.CutPrefix(s, "#")
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), numeric && err == nil && n > 0 && utf8.ValidRune(rune(n))
}
