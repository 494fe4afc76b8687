package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Details are what convoke writes into an event.
type Details struct {
	JoinURL  string   // the link to the meeting
	Number   string   // the meeting number that people see
	Heading  string   // title of the block, and LABEL of CONFERENCE
	Lines    []string // the lines of the block; one of them holds JoinURL
	Seal     string   // value of X-CONVOKE; "" leaves it alone
	Stamp    string   // for LAST-MODIFIED and DTSTAMP, such as 20261123T170000Z; "" leaves them alone
	Markers  Markers
	Replaces []string // join URLs of an earlier meeting that these details take the place of

	OldNumbers   []string              // the numbers that go with Replaces, in the same order
	Base         []string              // blocks as they were written before; what differs from them is the author's
	Only         func(*Component) bool // which components Write and Erase are for; nil = all
	KeepLocation bool                  // Write leaves LOCATION alone, even an old link or a marker in it
	Phones       []Phone

	kept    bool    // of the component at hand, see in
	written ownRows // see ready
}

// links lists all join URLs that the details know.
func (d Details) links() []string {
	return slices.DeleteFunc(append([]string{d.JoinURL}, d.Replaces...), func(l string) bool { return l == "" })
}

// old lists the join URLs to be replaced. One that stands in the details themselves cannot be told from them.
func (d Details) old() []string {
	if len(d.Replaces) == 0 {
		return nil
	}
	ours := d.JoinURL + "\n" + d.Block()
	return slices.DeleteFunc(slices.Clone(d.Replaces), func(l string) bool { return l == "" || holdsLink(ours, l) })
}

// of lists the components that the details are for.
func (d Details) of(e *Event) []*Component {
	if d.Only == nil {
		return e.Components
	}
	return slices.DeleteFunc(slices.Clone(e.Components), func(c *Component) bool { return !d.Only(c) })
}

// Write puts the details into the components: LOCATION, URL when it is empty, CONFERENCE, the block in DESCRIPTION and its twin
// in an HTML description, the seal, and the stamps where anything changed. Nothing else changes. It returns the very bytes
// of the event when they say all of it already, in whatever spelling. Errors wrap ErrControl or ErrUnsafeEdit.
//
// With Base the author's edits win. A block that says what one of Base says is replaced by the present one; in text that he
// changed only old join URLs and numbers are exchanged. A block that he deleted, and a link that he took out of LOCATION,
// come back only when no trace of the link is left in the component, or when he asks by a marker there.
func (e *Event) Write(d Details) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("write event %.80q: %w", e.UID, err)
	}
	p := e.Patch()
	d = d.ready()
	for _, c := range d.of(e) {
		d := d.in(c)
		d.stamp(p, c, func() {
			if !d.KeepLocation {
				p.editText(c, "LOCATION", true, d.intoLocation)
			}
			p.editDescription(c, true, d.intoDescription, d.intoHTML)
			p.editHTML(c, d.intoHTML)
			d.setURL(p, c)
			d.setConference(p, c)
			d.setPhones(p, c)
			d.setSeal(p, c)
		})
	}
	return p.Bytes()
}

// Erase takes out what Write put in; what the author wrote stays, in the block and in sections of his own as well. JoinURL,
// Number, Heading, Lines, Replaces, OldNumbers, Base, Only, Phones and Stamp matter. It returns the very bytes of the event when
// there is nothing to take out.
func (e *Event) Erase(d Details) ([]byte, error) {
	p := e.Patch()
	d = d.ready()
	ours := func(value string) bool { return holdsAny(value, d.links()) }
	for _, c := range d.of(e) {
		d.stamp(p, c, func() {
			p.editText(c, "LOCATION", false, d.outOfLocation)
			p.editDescription(c, false, d.outOfDescription, d.outOfHTML)
			p.editHTML(c, d.outOfHTML)
			p.Remove(c, "URL", func(v string) bool { return isAny(v, d.links()) })
			p.Remove(c, "CONFERENCE", func(v string) bool { return ours(v) || d.dials(v) })
			p.Remove(c, sealProperty, nil)
		})
	}
	return p.Bytes()
}

// Shows tells whether any trace of a join URL is left in LOCATION, URL, CONFERENCE, DESCRIPTION or the HTML description.
func (c *Component) Shows(joinURL string) bool {
	texts := append([]string{c.Location, c.Description}, c.Conferences...)
	return isLink(c.URL, joinURL) || slices.ContainsFunc(texts, func(t string) bool { return holdsLink(t, joinURL) }) ||
		joinURL != "" && Details{JoinURL: joinURL}.inHTML(c.HTML)
}

// isLink tells whether a URL is a link of ours, and not one of the author's that has it in it. Of what is no link but a number it
// may be enough that it stands there.
func isLink(value, link string) bool {
	if strings.Contains(link, "://") {
		return strings.TrimSpace(value) == link
	}
	return holdsLink(value, link)
}

func isAny(value string, links []string) bool {
	return slices.ContainsFunc(links, func(l string) bool { return isLink(value, l) })
}

func (d Details) check() error {
	values := append([]string{d.JoinURL, d.Number, d.Heading, d.Seal, d.Stamp}, d.Lines...)
	for _, phone := range d.Phones {
		values = append(values, phone.Label)
	}
	if slices.ContainsFunc(append(values, d.Replaces...), hasControl) {
		return fmt.Errorf("join details: %w", ErrControl)
	}
	switch {
	case d.JoinURL == "" || strings.ContainsAny(d.JoinURL, " \t\"<>\\"):
		return fmt.Errorf("join details: %.200q is no join URL", d.JoinURL)
	case strings.TrimSpace(d.Heading) == "":
		return errors.New("join details: no heading")
	case !slices.ContainsFunc(d.Lines, func(l string) bool { return holdsLink(l, d.JoinURL) }):
		return errors.New("join details: no line of the block holds the join URL")
	}
	return nil
}

// stamp runs an edit of one component, and when it changed something sets the stamps that are there.
func (d Details) stamp(p *Patch, c *Component, edit func()) {
	before := p.Edits()
	edit()
	if p.Edits() == before || d.Stamp == "" {
		return
	}
	for _, name := range []string{"LAST-MODIFIED", "DTSTAMP"} {
		p.Edit(c, name, func(string) (string, bool) { return d.Stamp, true })
	}
}

func (d Details) setURL(p *Patch, c *Component) {
	first := true
	n := p.Edit(c, "URL", func(raw string) (string, bool) {
		value := decodeText(raw)
		fill := first && strings.TrimSpace(value) == "" || isAny(value, d.old())
		first = false
		if fill {
			return d.JoinURL, true
		}
		return raw, true
	})
	if n == 0 {
		p.Insert(c, "URL", d.JoinURL)
	}
}

func (d Details) setSeal(p *Patch, c *Component) {
	if d.Seal == "" {
		return
	}
	head, first := sealProperty+";VALUE=TEXT", true
	n := p.Edit(c, sealProperty, func(raw string) (string, bool) {
		keep := first
		first = false
		if strings.TrimSpace(decodeText(raw)) == d.Seal {
			return raw, keep
		}
		return encodeText(d.Seal), keep
	})
	if n == 0 {
		p.Insert(c, head, encodeText(d.Seal))
	}
}
