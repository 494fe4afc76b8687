package calendar

import (
	"regexp"
	"strings"
)

// Settle makes what Write put in the author's own text, so that nothing tells it from what he typed: the seal goes from every
// component, and so do the two rulers of the block, and our class in HTML. All that people read stays, and so do LOCATION, URL
// and CONFERENCE. JoinURL, Number, Replaces, OldNumbers, Base, Heading, Lines and Stamp matter. It returns the very
// bytes of the event when there is nothing to do.
func (e *Event) Settle(d Details) ([]byte, error) {
	p := e.Patch()
	d = d.ready()
	for _, c := range e.Components {
		d.stamp(p, c, func() {
			p.editDescription(c, false, d.settleText, d.settleHTML)
			p.editHTML(c, d.settleHTML)
			p.Remove(c, sealProperty, nil)
		})
	}
	return p.Bytes()
}

// settleText leaves the heading and the lines of the blocks.
func (d Details) settleText(t *rawText) {
	var changes []change
	for _, b := range d.blocks(t.text, asText) {
		if !b.sure && !b.whole {
			continue
		}
		open, shut := strings.IndexByte(b.text, '\n'), strings.LastIndexByte(b.text, '\n')
		changes = append(changes,
			change{span{b.from, b.from + open}, strings.Trim(b.text[:open], "- \t\r")},
			change{span{b.from + shut, b.to}, ""})
	}
	t.apply(changes)
}

// settleHTML takes our class off the twin blocks.
func (d Details) settleHTML(t *rawText) {
	var changes []change
	for _, b := range d.blocks(t.text, asHTML) {
		for tag, ok := nextTag(t.text, b.from); ok && tag.from < b.to; tag, ok = nextTag(t.text, tag.to) {
			if text := t.text[tag.from:tag.to]; tag.name == "div" && strings.Contains(text, htmlClass) {
				changes = append(changes, change{tag.span, withoutClass(text)})
			}
		}
	}
	t.apply(changes)
}

func withoutClass(tag string) string {
	return ourClass.ReplaceAllString(onlyClass.ReplaceAllString(tag, ""), "")
}

// Our class as the only one of a tag, with the attribute that then goes as well; and wherever else it stands.
var (
	onlyClass = regexp.MustCompile(`(?i)\s+class\s*=\s*(?:"\s*[\w-]*` + htmlClass + `[\w-]*\s*"|'\s*[\w-]*` + htmlClass +
		`[\w-]*\s*'|[\w-]*` + htmlClass + `[\w-]*)`)
	ourClass = regexp.MustCompile(`[\w-]*` + htmlClass + `[\w-]*\s?`)
)
