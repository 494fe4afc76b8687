package calendar

import "strings"

// intoLocation puts the join URL into a LOCATION: in the place of the marker or of an old URL, alone, or behind what
// the author typed; not where he took it out.
func (d Details) intoLocation(t *rawText) {
	exchangeLinks(t, d.old(), d.JoinURL, cutLink)
	if holdsLink(t.text, d.JoinURL) {
		return
	}
	if mark, ok := findToken(t.text, d.Markers.Ask); ok {
		t.splice(mark.span, d.JoinURL)
		return
	}
	if d.kept {
		return
	}
	end := len(strings.TrimRight(t.text, " \t\r\n"))
	if end == 0 {
		t.splice(span{0, len(t.text)}, d.JoinURL)
		return
	}
	t.splice(span{end, end}, ", "+d.JoinURL)
}

func (d Details) outOfLocation(t *rawText) { cutLinks(t, d.links(), cutLink) }

// cutLink removes a link with what joins it to its neighbour: ", " or a space.
func cutLink(text string, link span) span {
	before, after := text[:link.from], text[link.to:]
	switch {
	case strings.HasSuffix(before, ", "):
		link.from -= 2
	case strings.HasSuffix(before, " "):
		link.from--
	case strings.HasPrefix(after, ", "):
		link.to += 2
	case strings.HasPrefix(after, " "):
		link.to++
	}
	return link
}
