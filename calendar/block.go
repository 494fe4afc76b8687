package calendar

import (
	"slices"
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

// maxOpen bounds how many sections are looked at as long as none of their rulers came: they may lie in each other.
const maxOpen = 8

// findBlocks finds what looks like a block, whatever its heading says; to is the end of its last line, without line end. Blocks may
// lie in each other, or overlap: a heading that never finds a ruler of its length does not end the block that it stands in.
func findBlocks(text string) []span {
	type opener struct{ from, length int }
	var open []opener
	var blocks []span
	start := 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		row := strings.TrimSpace(l)
		length := utf8.RuneCountInString(row)
		same := slices.IndexFunc(open, func(o opener) bool { return o.length == length })
		switch {
		case opensBlock(row):
			if same >= 0 {
				open = slices.Delete(open, same, same+1)
			} else if len(open) == maxOpen {
				open = slices.Delete(open, 0, 1)
			}
			open = append(open, opener{start, length})
		case same >= 0 && strings.Trim(row, "-") == "":
			blocks = append(blocks, span{open[same].from, start + len(strings.TrimRight(l, "\r\n"))})
			open = slices.Delete(open, same, same+1)
		}
		start += len(l)
	}
	slices.SortFunc(blocks, func(a, b span) int { return a.from - b.from })
	return blocks
}

func opensBlock(row string) bool {
	heading := strings.Trim(row, "-")
	return len(heading) > 2 && heading[0] == ' ' && heading[len(heading)-1] == ' ' &&
		strings.HasPrefix(row, strings.Repeat("-", minRuler)) && strings.HasSuffix(row, strings.Repeat("-", minRuler))
}

// textBlockRows lists the lines of a block but for its last one, the ruler. The heading, without its dashes, is the first.
func (d Details) textBlockRows(block string) []row {
	var rows []row
	start := 0
	for l := range strings.SplitAfterSeq(block, "\n") {
		line := span{start, start + len(strings.TrimRight(l, "\r\n"))}
		rows = append(rows, row{span: line, text: l, plain: true, cut: []span{line}})
		start += len(l)
	}
	heading := strings.TrimSpace(rows[0].text)
	rows[0].text = strings.Trim(heading, "-")
	rows[0].heading = strings.HasPrefix(heading, blockRuler+" ") && strings.HasSuffix(heading, " "+blockRuler)
	return rows[:len(rows)-1]
}

// cutTextRows removes our rows from a block that has others. The rulers go with the heading; under one of the author's they stay.
func cutTextRows(_ string, b block) []change {
	lines, keep := slices.Clone(b.rows), make([]bool, len(b.rows)+1)
	for i, r := range b.rows {
		keep[i] = !b.own[i]
		lines[i].span = span{b.from + r.from, b.from + r.to}
	}
	ruler := strings.LastIndexByte(b.text, '\n') + 1
	lines, keep[len(b.rows)] = append(lines, row{span: span{b.from + ruler, b.to}}), keep[0]

	var changes []change
	at, end := b.from, b.from
	for i, l := range lines {
		if !keep[i] {
			continue
		}
		if at < l.from {
			changes = append(changes, change{span{at, l.from}, ""})
		}
		if end = l.to; i+1 < len(lines) {
			at = lines[i+1].from
		}
	}
	if end < b.to {
		changes = append(changes, change{span{end, b.to}, ""})
	}
	return changes
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

// cutBlocks removes the blocks that are as convoke wrote them, and from others the rows that it wrote.
func (d Details) cutBlocks(t *rawText, s shape) {
	var changes []change
	for _, b := range d.blocks(t.text, s) {
		if b.whole {
			changes = append(changes, change{s.widen(t.text, b.span), ""})
		} else {
			changes = append(changes, s.cut(t.text, b)...)
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
