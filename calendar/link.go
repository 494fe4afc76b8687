package calendar

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

var webLink = regexp.MustCompile(`(?i)https?://[^\s<>"\x60{}|\\^\x{201c}\x{201d}]+`)

// linkOrder says where Links looks, and in which order; all other X- properties come last.
var linkOrder = []string{
	"LOCATION", "URL", "CONFERENCE", "DESCRIPTION", "X-ALT-DESC",
	"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL",
}

// Links lists the http and https URLs of LOCATION, URL, CONFERENCE, DESCRIPTION, X-ALT-DESC and the X- properties whose
// value is a URL, in that order and without duplicates. None of them is ever fetched.
func (c *Component) Links() []string {
	found := make([][]string, len(linkOrder)+1)
	c.doc.own(c.sec, func(_ int, l line) {
		rank := slices.Index(linkOrder, l.name)
		switch {
		case rank >= 0:
			found[rank] = append(found[rank], linksIn(l)...)
		case strings.HasPrefix(l.name, "X-"):
			if v := strings.TrimSpace(decodeText(l.value())); webLink.FindString(v) == v && v != "" {
				found[len(linkOrder)] = append(found[len(linkOrder)], v)
			}
		}
	})
	var links []string
	told := map[string]bool{} // a megabyte of an invitation may be nothing but links
	for _, link := range slices.Concat(found...) {
		if !told[link] {
			told[link] = true
			links = append(links, link)
		}
	}
	return links
}

func linksIn(l line) []string {
	text := decodeText(l.value())
	if l.name == "X-ALT-DESC" {
		text = strings.ReplaceAll(text, "&nbsp;", " ")
		text = html.UnescapeString(text)
	}
	links := webLink.FindAllString(text, -1)
	for i := range links {
		links[i] = trimLink(links[i])
	}
	return links
}

// trimLink takes off the punctuation of the sentence that a link stands in.
func trimLink(link string) string {
	unopened := map[byte]int{ // brackets that shut what the link did not open, counted once: it may end with a megabyte of them
		')': strings.Count(link, ")") - strings.Count(link, "("),
		']': strings.Count(link, "]") - strings.Count(link, "["),
	}
	for {
		link = strings.TrimRight(link, ".,;:!?'*_")
		if link == "" || unopened[link[len(link)-1]] <= 0 {
			return link
		}
		unopened[link[len(link)-1]]--
		link = link[:len(link)-1]
	}
}

// indexLink finds a link in a text from an offset on: not a longer one that begins alike. -1 when it is not there.
func indexLink(text, link string, from int) int {
	if link == "" {
		return -1
	}
	for {
		n := strings.Index(text[from:], link)
		if n < 0 {
			return -1
		}
		from += n
		if end := from + len(link); end == len(text) || !goesOn(text[end:]) {
			return from
		}
		from++
	}
}

// goesOn tells whether a link would be another one with what follows.
func goesOn(rest string) bool {
	return rest[0] == '-' || rest[0] == '_' || isAlnum(rest[0])
}

func holdsLink(text, link string) bool { return indexLink(text, link, 0) >= 0 }

// holdsAny tells whether one of the links stands in a text.
func holdsAny(text string, links []string) bool {
	return slices.ContainsFunc(links, func(l string) bool { return holdsLink(text, l) })
}

// linkSpans finds links in a text, in its order.
func linkSpans(text string, links []string) []span {
	var spans []span
	for _, l := range links {
		for from := indexLink(text, l, 0); from >= 0; from = indexLink(text, l, from+len(l)) {
			spans = append(spans, span{from, from + len(l)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	return spans
}

// cutLinks removes links, each with what cut says belongs to it.
func cutLinks(t *rawText, links []string, cut func(text string, link span) span) {
	var changes []change
	done := 0
	for _, s := range linkSpans(t.text, links) {
		if s.from >= done {
			s = cut(t.text, s)
			s.from = max(s.from, done)
			changes = append(changes, change{s, ""})
			done = s.to
		}
	}
	t.apply(changes)
}

// cutOnly removes no more than the link.
func cutOnly(_ string, link span) span { return link }

// exchangeLinks puts a link where old ones are; where it stands already, and from the second on, the old ones are cut.
func exchangeLinks(t *rawText, old []string, by string, cut func(text string, link span) span) {
	if holdsLink(t.text, by) {
		cutLinks(t, old, cut)
		return
	}
	if spans := linkSpans(t.text, old); len(spans) > 0 {
		t.splice(spans[0], by)
		cutLinks(t, old, cut)
	}
}
