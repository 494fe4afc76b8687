package calendar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The block in DESCRIPTION stands between two lines of plain ASCII around the heading, which servers and mail clients
// leave alone. Both are of the same length; so a ruler that the author draws further down closes nothing.
const (
	blockRuler = "--------"
	minRuler   = 4
)

// Block is the block that Write puts into DESCRIPTION, decoded: rows joined by "\n", the rulers among them.
func (d Details) Block() string {
	open := blockRuler + " " + d.Heading + " " + blockRuler
	rows := append([]string{open}, d.Lines...)
	return strings.Join(append(rows, strings.Repeat("-", utf8.RuneCountInString(open))), "\n")
}

// findBlocks finds what looks like a block, whatever its heading says; to is the end of its last line, without line end.
func findBlocks(text string) []span {
	var blocks []span
	open, length, start := -1, 0, 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		row := strings.TrimSpace(l)
		switch {
		case opensBlock(row):
			open, length = start, utf8.RuneCountInString(row)
		case open >= 0 && len(row) == length && strings.Trim(row, "-") == "":
			blocks = append(blocks, span{open, start + len(strings.TrimRight(l, "\r\n"))})
			open = -1
		}
		start += len(l)
	}
	return blocks
}

func opensBlock(row string) bool {
	heading := strings.Trim(row, "-")
	return len(heading) > 2 && heading[0] == ' ' && heading[len(heading)-1] == ' ' &&
		strings.HasPrefix(row, strings.Repeat("-", minRuler)) && strings.HasSuffix(row, strings.Repeat("-", minRuler))
}

// intoDescription puts the block into a DESCRIPTION that does not have the join URL yet.
func (d Details) intoDescription(t *rawText) {
	d.merge(t, asText, d.exchangeInText)
	if holdsLink(t.text, d.JoinURL) {
		return
	}
	if mark, ok := findTokenLine(t.text, d.Markers.Ask); ok {
		t.splice(mark.span, d.Block())
		return
	}
	if d.kept {
		return
	}
	gap := "\n\n"
	if strings.TrimSpace(t.text) == "" {
		gap = ""
	}
	t.splice(span{len(t.text), len(t.text)}, gap+d.Block())
}

// exchangeInText exchanges old links and numbers: each of them in what may be the author's, else no more than one link.
func (d Details) exchangeInText(t *rawText) {
	if d.wrote() {
		exchangeAll(t, d.old(), d.JoinURL)
	} else {
		exchangeLinks(t, d.old(), d.JoinURL, cutLine)
	}
	d.exchangeNumbers(t, func(text string) []span { return []span{{0, len(text)}} })
}

// outOfDescription takes the block out, and the links that are left.
func (d Details) outOfDescription(t *rawText) {
	d.cutBlocks(t, asText)
	cutLinks(t, d.links(), cutLine)
}

func (d Details) cutBlocks(t *rawText, s shape) {
	var changes []change
	for _, b := range s.find(t.text) {
		if d.owns(t.text[b.from:b.to], s) {
			changes = append(changes, change{s.widen(t.text, b), ""})
		}
	}
	t.apply(changes)
}

// withGap widens a block by the empty line that was put before it; or by its line end, when the author wrote on below.
func withGap(text string, b span) span {
	if strings.TrimSpace(text[b.to:]) == "" {
		before := text[:b.from]
		b.from = len(strings.TrimSuffix(strings.TrimSuffix(before, "\n"), "\n"))
	} else if text[b.to] == '\n' {
		b.to++
	}
	return b
}

// cutLine widens a link to its line when nothing else stands in it.
func cutLine(text string, link span) span {
	blank := func(r rune) bool { return r != '\n' && unicode.IsSpace(r) }
	start := len(strings.TrimRightFunc(text[:link.from], blank))
	rest := strings.TrimLeftFunc(text[link.to:], blank)
	switch {
	case start > 0 && text[start-1] != '\n':
		return link
	case rest == "":
		return span{start, len(text)}
	case rest[0] == '\n':
		return span{start, len(text) - len(rest) + 1}
	}
	return link
}
