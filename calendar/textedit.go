package calendar

import (
	"net/url"
	"strings"
)

// editText edits the first property of a name as TEXT. One that is not there is edited as an empty one, when create says
// so, and one that the edit left empty is removed.
func (p *Patch) editText(c *Component, name string, create bool, edit func(*rawText)) {
	p.editFirst(c, name, create, edit, func(head string) string { return head })
}

// editDescription edits DESCRIPTION, and when that changes it the HTML that it may carry along.
func (p *Patch) editDescription(c *Component, create bool, edit, editHTML func(*rawText)) {
	p.editFirst(c, "DESCRIPTION", create, edit, func(head string) string { return editAltRep(head, editHTML) })
}

func (p *Patch) editFirst(c *Component, name string, create bool, edit func(*rawText), editHead func(string) string) {
	found := false
	p.each(c, name, func(i int, l line) {
		if found {
			return
		}
		found = true
		t := newRawText(l.value())
		if edit(t); t.raw != l.value() {
			p.set(i, editHead(l.head()), t.raw, t.raw != "")
		}
	})
	if t := newRawText(""); !found && create {
		if edit(t); t.raw != "" {
			p.Insert(c, name, t.raw)
		}
	}
}

// editHTML edits the HTML descriptions that Outlook and others write.
func (p *Patch) editHTML(c *Component, edit func(*rawText)) {
	p.each(c, "X-ALT-DESC", func(i int, l line) {
		if isHTML(l) && l.value() != "" {
			t := newRawText(l.value())
			edit(t)
			p.set(i, l.head(), t.raw, true)
		}
	})
}

// editAltRep edits the HTML in an ALTREP parameter, where Thunderbird keeps it: ALTREP="data:text/html,<percent-encoded>". It
// shows that and not the text (seen in tracim/tracim#5430), so the two have to say the same. Any other ALTREP stays.
func editAltRep(head string, edit func(*rawText)) string {
	const mark = `ALTREP="data:text/html`
	from := strings.Index(strings.ToUpper(head), strings.ToUpper(mark))
	if from < 0 || len(strings.ToUpper(head)) != len(head) {
		return head
	}
	from += len(mark)
	to := strings.IndexByte(head[from:], '"')
	if to < 0 {
		return head
	}
	to += from
	media, data, ok := strings.Cut(head[from:to], ",")
	html, err := url.PathUnescape(data)
	if !ok || err != nil || strings.HasSuffix(media, ";base64") {
		return head
	}
	t := newRawText(encodeText(html))
	if edit(t); t.text == html {
		return head
	}
	return head[:from] + media + "," + componentEscaper.Replace(url.QueryEscape(t.text)) + head[to:]
}

// componentEscaper makes of a query's escapes those that Thunderbird writes (encodeURIComponent of ECMAScript).
var componentEscaper = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
