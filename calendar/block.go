package calendar

import (
	"strings"
	"unicode/utf8"
)

// The block in DESCRIPTION stands between two lines of plain ASCII around the heading, which servers and mail clients
// leave alone. Both are of the same length; so a ruler that the author draws further down closes nothing.
const (
	blockRuler = "--------"
	minRuler   = 4
)

func (d Details) block() string {
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
	old := d.old()
	d.replaceBlocks(t, func(block string) bool {
		return !holdsLink(block, d.JoinURL) && (holdsAny(block, old) || d.namedBy(block))
	})
	exchangeLinks(t, old, d.JoinURL, cutLine)
	if holdsLink(t.text, d.JoinURL) {
		return
	}
	if mark, ok := findTokenLine(t.text, d.Markers.Ask); ok {
		t.splice(mark.span, d.block())
		return
	}
	gap := "\n\n"
	if strings.TrimSpace(t.text) == "" {
		gap = ""
	}
	t.splice(span{len(t.text), len(t.text)}, gap+d.block())
}

// namedBy tells whether a block shows the meeting's number: then it is this meeting's, though its link was taken out. A
// number of a few digits says nothing.
func (d Details) namedBy(block string) bool { return len(d.Number) >= 6 && holdsLink(block, d.Number) }

// replaceBlocks puts our block where the first block is for which stale says yes, unless the text has the join URL already,
// and removes the others.
func (d Details) replaceBlocks(t *rawText, stale func(block string) bool) {
	there := holdsLink(t.text, d.JoinURL)
	var changes []change
	for _, b := range findBlocks(t.text) {
		switch {
		case !stale(t.text[b.from:b.to]):
		case there:
			changes = append(changes, change{withGap(t.text, b), ""})
		default:
			changes = append(changes, change{b, d.block()})
			there = true
		}
	}
	t.apply(changes)
}

// outOfDescription takes the block out, and the links that are left.
func (d Details) outOfDescription(t *rawText) {
	var changes []change
	for _, b := range findBlocks(t.text) {
		if block := t.text[b.from:b.to]; holdsAny(block, d.links()) || d.namedBy(block) {
			changes = append(changes, change{withGap(t.text, b), ""})
		}
	}
	t.apply(changes)
	cutLinks(t, d.links(), cutLine)
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
	start := strings.LastIndexByte(text[:link.from], '\n') + 1
	end := len(text)
	if n := strings.IndexByte(text[link.to:], '\n'); n >= 0 {
		end = link.to + n + 1
	}
	if strings.TrimSpace(text[start:link.from]+text[link.to:end]) == "" {
		return span{start, end}
	}
	return link
}
