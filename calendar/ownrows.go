package calendar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A row is a line of a block as people read it, at its place in the block.
type row struct {
	span
	text    string // in a heading of text without the dashes
	heading bool   // where and as Write puts the heading
	plain   bool   // nothing is in it but what can be read, and links of ours
	cut     []span // what goes when the row is removed

	before, after span // line breaks of HTML beside it; empty when there are none
}

// A block is a part of a text that is about the meeting, and what in it is ours. All else in it is the author's.
type block struct {
	span
	text  string
	rows  []row
	own   []bool // of each row
	base  bool   // it says what one of Base says
	whole bool   // nothing in it is the author's
	sure  bool   // it has our heading, or our mark in HTML
}

// blocks finds the blocks of a text, none within another. Those that are surely ours come before those that look like it: the
// author may have asked for the block in a section of his own.
func (d Details) blocks(text string, s shape) []block {
	var sure, likely []block
	for _, where := range s.find(text) {
		b, ours := d.judge(text[where.from:where.to], s)
		b.span = where
		switch {
		case ours && b.sure:
			sure = appendDisjoint(sure, b)
		case ours:
			likely = append(likely, b)
		}
	}
	found, next := []block(nil), 0
	for _, b := range likely {
		for next < len(sure) && sure[next].to <= b.from {
			found, next = append(found, sure[next]), next+1
		}
		if next == len(sure) || b.to <= sure[next].from {
			found = appendDisjoint(found, b)
		}
	}
	return append(found, sure[next:]...)
}

func appendDisjoint(blocks []block, b block) []block {
	if n := len(blocks); n > 0 && blocks[n-1].to > b.from {
		return blocks
	}
	return append(blocks, b)
}

// judge tells what in a block is ours. It is none of ours at all without our heading and a trace of the meeting, or a whole row
// of ours with the link: a number alone may be anything.
func (d Details) judge(text string, s shape) (b block, ours bool) {
	b = block{text: text, rows: s.rows(d, text)}
	link, number := s.holds(text, d.links()...), s.holds(text, d.names()...)
	foreign, telling, linked := false, false, false
	b.own = make([]bool, len(b.rows))
	b.sure = len(b.rows) > 0 && d.written.headings[d.rowKey(b.rows[0].text)]
	labels := !d.wrote() && !b.sure && link // it may have been written in another language
	for i, r := range b.rows {
		key := d.rowKey(r.text)
		known := d.written.rows[key]
		switch {
		case key == "":
			b.own[i] = r.plain
		case i == 0 && !s.marked:
			b.own[i] = d.written.headings[key] || labels && r.heading
		default:
			b.own[i] = r.plain && (known || bare(key) || labels && (i == 0 && r.heading || labelled(key)))
			telling = telling || known && strings.ContainsAny(key, linkMark+numberMark)
			linked = linked || known && strings.Contains(key, linkMark)
		}
		foreign = foreign || !b.own[i]
	}
	b.keepBlanks()
	b.base = d.inBase(text, s)
	b.whole = b.base || s.same(text, d.Block()) || !foreign && (link || telling)
	ours = b.whole || b.sure && (link || number) || s.marked && (link || number) || linked && b.rows[0].heading
	b.sure = b.sure || b.base || s.marked
	return b, ours
}

// keepBlanks makes empty rows the author's when they stand between rows of his.
func (b *block) keepBlanks() {
	last := -1 // the last row of his, when only empty ones came after it
	for i, r := range b.rows {
		switch {
		case !b.own[i]:
			for ; last >= 0 && last < i; last++ {
				b.own[last] = false
			}
			last = i
		case strings.TrimSpace(r.text) != "":
			last = -1
		}
	}
}

// What stands for a link and a number in the key of a row, so that a row counts as ours though the link in it is another.
const (
	linkMark   = "\x00"
	numberMark = "\x01"
)

// ownRows are the keys of what convoke wrote, or writes now.
type ownRows struct {
	headings, rows map[string]bool
	shown          string // all of them as they are, and the links
}

// ready prepares what Write, Erase and Settle ask about each row.
func (d Details) ready() Details {
	texts := append(slices.Clone(d.Base), d.Block())
	d.written = ownRows{map[string]bool{}, map[string]bool{}, strings.Join(append(d.links(), texts...), "\n")}
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		for i, r := range textRows(text) {
			key := d.rowKey(r)
			if i == 0 {
				d.written.headings[key] = true
			}
			d.written.rows[key] = true
			for _, mark := range []string{linkMark, numberMark} { // it was cut out of the row
				d.written.rows[strings.TrimSpace(strings.ReplaceAll(key, mark, ""))] = true
			}
		}
	}
	delete(d.written.headings, "")
	delete(d.written.rows, "")
	return d
}

// rowKey is what a row says, whatever the link, the number and the white space in it.
func (d Details) rowKey(text string) string {
	key := strings.Join(strings.Fields(text), " ")
	key = marked(key, d.links(), linkMark)
	return marked(key, d.names(), numberMark)
}

func marked(text string, words []string, mark string) string {
	var b strings.Builder
	done := 0
	for _, s := range linkSpans(text, words) {
		if s.from >= done {
			b.WriteString(text[done:s.from] + mark)
			done = s.to
		}
	}
	return b.String() + text[done:]
}

// bare tells whether a row is a link or number of ours and nothing else.
func bare(key string) bool {
	return strings.ContainsAny(key, linkMark+numberMark) && !strings.ContainsFunc(key, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// maxLabel is the length of a label in runes: what is longer says something.
const maxLabel = 40

// labelled tells whether a row is a label with a link or number of ours, in words that are not known.
func labelled(key string) bool {
	label := strings.TrimSpace(strings.TrimRight(key, linkMark+numberMark))
	return len(label) < len(key) && strings.HasSuffix(label, ":") && !strings.ContainsAny(label, linkMark+numberMark) && utf8.RuneCountInString(label) <= maxLabel
}
