package calendar

import (
	"slices"
	"strings"
	"unicode"
)

// A Phone is a number for dialling in. It becomes a tel URI (RFC 3966) in a CONFERENCE (RFC 7986, 5.11).
type Phone struct {
	Number string // with the country's code, as people write it: +1 (412) 555-0123
	Label  string // LABEL of the CONFERENCE, such as "United States"; "" = the heading of the block
}

// The number of digits, country's code included: ITU-T E.164 allows 15, and the shortest in use have 7.
const minDigits, maxDigits = 7, 15

// uri writes the number with digits and hyphens alone; ok is false for what is none. A code after a comma is left out: servers
// cut, escape or collapse commas. So is the (0) that is not dialled after a country's code. A local number would need a
// context (RFC 3966, 5.1.5) that nobody knows here, so it is none.
func (p Phone) uri() (uri string, ok bool) {
	number, _ := cutScheme(p.Number)
	if end := strings.IndexAny(number, ",;#"); end >= 0 {
		number = number[:end]
	}
	rest, global := strings.CutPrefix(strings.TrimSpace(number), "+")
	groups := strings.FieldsFunc(strings.ReplaceAll(rest, "(0)", " "), separatesDigits)
	rest = strings.Join(groups, "-")
	n := len(digits(rest))
	return "tel:+" + rest, global && n >= minDigits && n <= maxDigits && strings.Trim(rest, "0123456789-") == ""
}

func separatesDigits(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("-.()/\u2010\u2011\u2012\u2013", r)
}

// cutScheme takes off "tel:".
func cutScheme(uri string) (number string, ok bool) {
	const scheme = "tel:"
	uri = strings.TrimSpace(uri)
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return uri, false
	}
	return uri[len(scheme):], true
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// dials tells whether the value of a CONFERENCE is one of the numbers, however a server wrote it.
func (d Details) dials(value string) bool {
	number, ok := cutScheme(value)
	return ok && slices.ContainsFunc(d.Phones, func(p Phone) bool {
		uri, valid := p.uri()
		return valid && digits(uri) == digits(number)
	})
}

func (d Details) setConference(p *Patch, c *Component) {
	old := func(value string) bool { return holdsAny(value, d.old()) && !holdsLink(value, d.JoinURL) }
	if slices.ContainsFunc(c.Conferences, func(v string) bool { return holdsLink(v, d.JoinURL) }) {
		p.Remove(c, "CONFERENCE", old)
		return
	}
	p.Set(c, `CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=`+paramValue(d.Heading), d.JoinURL, old)
}

// setPhones adds the numbers that are not there yet, each once.
func (d Details) setPhones(p *Patch, c *Component) {
	there := slices.Clone(c.Conferences)
	for _, phone := range d.Phones {
		uri, ok := phone.uri()
		if !ok || slices.ContainsFunc(there, Details{Phones: []Phone{phone}}.dials) {
			continue
		}
		label := phone.Label
		if strings.TrimSpace(label) == "" {
			label = d.Heading
		}
		p.Insert(c, "CONFERENCE;VALUE=URI;FEATURE=PHONE;LABEL="+paramValue(label), uri)
		there = append(there, uri)
	}
}

// paramValue writes a parameter's value, in quotes where RFC 5545 (3.2) wants them.
func paramValue(s string) string {
	s = strings.ReplaceAll(s, `"`, "'")
	if strings.ContainsAny(s, ":;,") {
		return `"` + s + `"`
	}
	return s
}
