package calendar

import (
	"html"
	"slices"
	"strings"
	"unicode"
)

// A shape is one of the two in which the block stands in an event: plain text or HTML.
type shape struct {
	find   func(text string) []span
	same   func(block, base string) bool           // a block of this shape says what a plain one says
	holds  func(text string, words ...string) bool // links or numbers
	rows   func(d Details, block string) []row
	cut    func(text string, b block) []change // our rows out of a block that has others
	widen  func(text string, block span) span  // to what goes with the block when it is removed
	render func(d Details) string
	marked bool // what find finds bears our mark
}

var (
	asText = shape{
		find:   findBlocks,
		same:   func(block, base string) bool { return slices.Equal(textRows(block), textRows(base)) },
		holds:  func(text string, words ...string) bool { return holdsAny(text, words) },
		rows:   Details.textBlockRows,
		cut:    cutTextRows,
		widen:  withGap,
		render: Details.Block,
	}
	asHTML = shape{
		find:   findHTMLBlocks,
		same:   sameInHTML,
		holds:  func(text string, words ...string) bool { return holdsAny(text, htmlForms(words...)) },
		rows:   Details.htmlBlockRows,
		cut:    cutHTMLRows,
		widen:  cutOnly,
		render: Details.htmlBlock,
		marked: true,
	}
)

// wrote tells whether the ledger knows of a block that was written before.
func (d Details) wrote() bool {
	return slices.ContainsFunc(d.Base, func(b string) bool { return strings.TrimSpace(b) != "" })
}

// in readies the details for a component. Where they were written before and a trace of the link is left, what is missing was
// taken out by the author.
func (d Details) in(c *Component) Details {
	d.kept = d.wrote() && d.tracedIn(c)
	return d
}

// tracedIn leaves an old link in a LOCATION that will not be touched out of account: it leads nowhere.
func (d Details) tracedIn(c *Component) bool {
	rest := *c
	if d.KeepLocation {
		rest.Location = ""
	}
	return c.Shows(d.JoinURL) || slices.ContainsFunc(d.old(), rest.Shows)
}

// merge brings the blocks of a text up to date, and exchanges the old links and numbers that are left in it. After that, text
// of the author's may be one that convoke wrote; then it is brought up to date as well.
func (d Details) merge(t *rawText, s shape, exchange func(*rawText)) {
	d.refresh(t, s)
	exchange(t)
	if d.wrote() {
		d.refresh(t, s)
	}
}

// refresh writes the first outdated block anew and removes the others; all of them where a current one stands.
func (d Details) refresh(t *rawText, s shape) {
	there := !d.wrote() && s.holds(t.text, d.JoinURL)
	var outdated []span
	for _, b := range d.blocks(t.text, s) {
		if d.outdated(b, s) {
			outdated = append(outdated, b.span)
		} else if s.holds(b.text, d.JoinURL) {
			there = true
		}
	}
	var changes []change
	for i, b := range outdated {
		if i > 0 || there {
			changes = append(changes, change{s.widen(t.text, b), ""})
		} else {
			changes = append(changes, change{b, s.render(d)})
		}
	}
	t.apply(changes)
}

// outdated tells whether a block is to be written anew. One with something of the author's is not. Nor is one from which he took
// the link, as long as that stands elsewhere in the component.
func (d Details) outdated(b block, s shape) bool {
	switch {
	case b.base:
		return !s.same(b.text, d.Block())
	case s.holds(b.text, d.JoinURL):
		return false
	case s.holds(b.text, d.old()...):
		return b.whole && !d.wrote()
	}
	return b.whole && !d.kept
}

func (d Details) inBase(block string, s shape) bool {
	return slices.ContainsFunc(d.Base, func(base string) bool {
		return strings.TrimSpace(base) != "" && s.same(block, base)
	})
}

// minName is the length from which a number says by itself that a block is about its meeting.
const minName = 6

// names lists the numbers by which a block is known though its link was taken out.
func (d Details) names() []string {
	return slices.DeleteFunc(append([]string{d.Number}, d.OldNumbers...), func(n string) bool { return len(n) < minName })
}

// exchangeNumbers puts the number where an old one stands in one of the spans that find gives; not within a link, or a longer
// number.
func (d Details) exchangeNumbers(t *rawText, find func(text string) []span) {
	if len(d.OldNumbers) == 0 || d.Number == "" {
		return
	}
	block := d.Block()
	old := slices.DeleteFunc(slices.Clone(d.OldNumbers), func(n string) bool {
		return len(n) < minName || n == d.Number || holdsLink(block, n)
	})
	var changes []change
	for _, w := range find(t.text) {
		part := t.text[w.from:w.to]
		for _, s := range linkSpans(part, old) {
			if startsWord(part, s.from) {
				changes = append(changes, change{span{w.from + s.from, w.from + s.to}, d.Number})
			}
		}
	}
	t.apply(changes)
}

func startsWord(text string, at int) bool {
	return at == 0 || !isAlnum(text[at-1]) && !strings.ContainsRune("-_/=#&?%.@+", rune(text[at-1]))
}

// textRows lists what a block says: its heading, and its lines without the white space at their ends.
func textRows(block string) []string {
	rows := strings.Split(strings.TrimSpace(block), "\n")
	for i := range rows {
		rows[i] = strings.TrimRightFunc(rows[i], unicode.IsSpace)
	}
	rows[0] = strings.TrimSpace(strings.Trim(rows[0], "-"))
	if last := len(rows) - 1; last > 0 && strings.Trim(rows[last], "-") == "" {
		rows = rows[:last]
	}
	return rows
}

// sameInHTML compares what people read: editors write the tags of HTML in their own way.
func sameInHTML(block, base string) bool {
	var rows []string
	for _, row := range textRows(base) {
		rows = appendWords(rows, row)
	}
	return slices.Equal(htmlRows(block), rows) && plainTags(block, strings.Join(rows, "\n"))
}

// appendWords adds a row as HTML shows it: runs of white space count as one space, and an empty row as none.
func appendWords(rows []string, row string) []string {
	if words := strings.Fields(row); len(words) > 0 {
		return append(rows, strings.Join(words, " "))
	}
	return rows
}

// htmlRows lists the lines that HTML shows.
func htmlRows(text string) []string {
	var rows []string
	var row strings.Builder
	end := 0
	for t, ok := nextTag(text, 0); ok; t, ok = nextTag(text, end) {
		row.WriteString(html.UnescapeString(text[end:t.from]))
		if t.name != "" && !slices.Contains(inlineTags, t.name) {
			rows = appendWords(rows, row.String())
			row.Reset()
		}
		end = t.to
	}
	row.WriteString(html.UnescapeString(text[end:]))
	return appendWords(rows, row.String())
}

// What editors make of our block without anybody changing it.
var (
	inlineTags = []string{"a", "b", "strong", "span", "font"}
	rowTags    = []string{"div", "p", "br"}
)

// plainTags tells whether a block has no other tags (an image, a table) and no links but those that can be read in it.
func plainTags(block, shown string) bool {
	for t, ok := nextTag(block, 0); ok; t, ok = nextTag(block, t.to) {
		if t.name != "" && !slices.Contains(inlineTags, t.name) && !slices.Contains(rowTags, t.name) {
			return false
		}
		for _, link := range webLink.FindAllString(html.UnescapeString(block[t.from:t.to]), -1) {
			if t.name == "a" && !holdsLink(shown, trimLink(strings.Trim(link, "'"))) {
				return false
			}
		}
	}
	return true
}
