package calendar

import (
	"html"
	"slices"
	"strings"
)

// htmlClass marks our block in an HTML description. Mail clients may put something before it.
const htmlClass = "convoke-meeting"

// htmlBlock is the twin of the block: the same lines, the join URL as a link.
func (d Details) htmlBlock() string {
	link := html.EscapeString(d.JoinURL)
	var b strings.Builder
	b.WriteString(`<div class="` + htmlClass + `"><b>` + html.EscapeString(d.Heading) + `</b>`)
	for _, row := range d.Lines {
		b.WriteString("<br>" + strings.Replace(html.EscapeString(row), link, `<a href="`+link+`">`+link+`</a>`, 1))
	}
	b.WriteString("</div>")
	return b.String()
}

// intoHTML puts the twin block into an HTML description that does not have the join URL yet.
func (d Details) intoHTML(t *rawText) {
	d.merge(t, asHTML, d.exchangeInHTML)
	if d.inHTML(t.text) {
		return
	}
	if asked := d.cutHTMLMarker(t); d.kept && !asked {
		return
	}
	at := bodyEnd(t.text)
	t.splice(span{at, at}, d.htmlBlock())
}

func (d Details) exchangeInHTML(t *rawText) {
	exchangeAll(t, htmlForms(d.old()...), html.EscapeString(d.JoinURL))
	d.exchangeNumbers(t, htmlTexts)
}

// outOfHTML takes the twin block out, and the links that are left.
func (d Details) outOfHTML(t *rawText) {
	d.cutBlocks(t, asHTML)
	cutLinks(t, htmlForms(d.links()...), cutOnly)
}

// exchangeAll exchanges every link: in HTML one of them is the address and the next one the text of the same link.
func exchangeAll(t *rawText, old []string, by string) {
	var changes []change
	done := 0
	for _, s := range linkSpans(t.text, old) {
		if s.from >= done {
			changes = append(changes, change{s, by})
			done = s.to
		}
	}
	t.apply(changes)
}

func (d Details) inHTML(text string) bool { return holdsAny(text, htmlForms(d.JoinURL)) }

// htmlForms lists links as they may be written in HTML: with the entity for &, or as they are.
func htmlForms(links ...string) []string {
	var forms []string
	for _, l := range links {
		forms = append(forms, html.EscapeString(l))
		if forms[len(forms)-1] != l {
			forms = append(forms, l)
		}
	}
	return forms
}

// cutHTMLMarker removes the marker where it is all that stands between two tags: its line in DESCRIPTION goes as well.
func (d Details) cutHTMLMarker(t *rawText) (found bool) {
	for _, s := range htmlTexts(t.text) {
		if mark, ok := wholeToken(t.text[s.from:s.to], d.Markers.Ask); ok {
			t.splice(span{s.from + mark.from, s.from + mark.to}, "")
			return true
		}
	}
	return false
}

// htmlTexts finds what stands between the tags.
func htmlTexts(text string) []span {
	var texts []span
	end := 0
	for t, ok := nextTag(text, 0); ok; t, ok = nextTag(text, end) {
		texts = append(texts, span{end, t.from})
		end = t.to
	}
	return append(texts, span{end, len(text)})
}

// findHTMLBlocks finds the elements with our class, with all that is in them.
func findHTMLBlocks(text string) []span {
	var blocks []span
	open, depth := -1, 0
	for t, ok := nextTag(text, 0); ok; t, ok = nextTag(text, t.to) {
		if t.name != "div" {
			continue
		}
		switch {
		case open < 0 && !t.closing && strings.Contains(text[t.from:t.to], htmlClass):
			open, depth = t.from, 1
		case open >= 0 && !t.closing:
			depth++
		case open >= 0:
			if depth--; depth == 0 {
				blocks = append(blocks, span{open, t.to})
				open = -1
			}
		}
	}
	return blocks
}

// htmlBlockRows lists what stands between the tags that begin another line.
func (d Details) htmlBlockRows(block string) []row {
	var rows []row
	var text strings.Builder
	r, end, depth := row{plain: true}, 0, 0
	flush := func(to int) {
		if r.to, r.text = to, text.String(); depth == 0 { // else another row has the rest of a tag
			r.cut = []span{r.span}
		}
		if rows = append(rows, r); strings.TrimSpace(r.text) == "" && r.plain {
			rows = rows[:len(rows)-1]
		}
		text.Reset()
		depth = 0
	}
	for t, ok := nextTag(block, 0); ok; t, ok = nextTag(block, t.to) {
		text.WriteString(html.UnescapeString(block[end:t.from]))
		r.cut = append(r.cut, span{end, t.from})
		end = t.to
		switch {
		case slices.Contains(rowTags, t.name):
			lineBreak := span{}
			if t.name == "br" {
				lineBreak = t.span
			}
			r.after = lineBreak
			flush(t.from)
			r = row{span: span{from: t.to}, plain: true, before: lineBreak}
		case t.name == "":
		case !slices.Contains(inlineTags, t.name):
			r.plain = false
		case t.closing:
			depth--
		default:
			depth++
			r.heading = r.heading || t.name == "b" || t.name == "strong"
			r.plain = r.plain && d.ownTag(block[t.from:t.to])
		}
	}
	text.WriteString(html.UnescapeString(block[end:]))
	r.cut = append(r.cut, span{end, len(block)})
	flush(len(block))
	return rows
}

// ownTag tells whether all links in a tag are those of the details, or can be read in a block that was written.
func (d Details) ownTag(text string) bool {
	for _, link := range webLink.FindAllString(html.UnescapeString(text), -1) {
		if !holdsLink(d.written.shown, trimLink(strings.Trim(link, "'"))) {
			return false
		}
	}
	return true
}

// cutHTMLRows removes our rows, each with a line break, from a block that has others; and our class, since what is left is the
// author's.
func cutHTMLRows(text string, b block) []change {
	open, _ := nextTag(text, b.from)
	changes := []change{{open.span, withoutClass(text[open.from:open.to])}}
	done := 0
	cut := func(s span) {
		if s.from < s.to && s.from >= done {
			changes = append(changes, change{span{b.from + s.from, b.from + s.to}, ""})
			done = s.to
		}
	}
	for i, r := range b.rows {
		if !b.own[i] {
			continue
		}
		if r.after.to == 0 {
			cut(r.before)
		}
		for _, s := range r.cut {
			cut(s)
		}
		cut(r.after)
	}
	return changes
}

// bodyEnd is where the twin block goes: before the last </body>, else before </html>, else at the end.
func bodyEnd(text string) int {
	body, root := -1, -1
	for t, ok := nextTag(text, 0); ok; t, ok = nextTag(text, t.to) {
		switch {
		case t.closing && t.name == "body":
			body = t.from
		case t.closing && t.name == "html":
			root = t.from
		}
	}
	switch {
	case body >= 0:
		return body
	case root >= 0:
		return root
	}
	return len(text)
}
