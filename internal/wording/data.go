package wording

import (
	"slices"
	"strings"
	"unicode"
)

// Data are what the body of a block may say.
type Data struct {
	JoinURL string
	Number  string // the meeting number that people see; "" = none
	Dial    []Dial // numbers to dial, at most the first 10 are shown
	PIN     string // for those who dial; in the template its digits stand in groups
	Marker  string // what to type to decline a meeting; "" = do not tell
}

// A Dial is a telephone number as people read it.
type Dial struct{ Number, Label, Country string }

// Where is the country and the label, as far as they are known.
func (d Dial) Where() string {
	known := slices.DeleteFunc([]string{d.Country, d.Label}, func(s string) bool { return s == "" })
	return strings.Join(slices.Compact(known), ", ")
}

const maxDials = 10

// readable makes of each value one line as people read it, and leaves out what cannot be dialled.
func (d Data) readable() Data {
	var dials []Dial
	for _, n := range d.Dial {
		n = Dial{oneLine(n.Number), oneLine(n.Label), oneLine(n.Country)}
		if n.Number != "" && len(dials) < maxDials {
			dials = append(dials, n)
		}
	}
	return Data{
		JoinURL: oneLine(d.JoinURL),
		Number:  oneLine(d.Number),
		Dial:    dials,
		PIN:     grouped(oneLine(d.PIN)),
		Marker:  oneLine(d.Marker),
	}
}

// oneLine puts a space in the place of control characters and line ends.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if breaks(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}

// breaks tells whether a character is a control character or ends a line.
func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// grouped writes more than four digits in groups of three, the last one of two to four: 65 43 21 is misread, 654 321 is not.
func grouped(pin string) string {
	if len(pin) <= 4 || strings.Trim(pin, "0123456789") != "" {
		return pin
	}
	var groups []string
	for len(pin) > 4 {
		groups = append(groups, pin[:3])
		pin = pin[3:]
	}
	return strings.Join(append(groups, pin), " ")
}

// samples are data of every kind that a body may meet: whatever may be missing is there and is missing.
func samples() []Data {
	full := make([]Dial, maxDials)
	for i := range full {
		full[i] = Dial{Number: "+1 412 555 0123", Label: "toll-free", Country: "United States"}
	}
	var all []Data
	for _, dial := range [][]Dial{nil, {{Number: "+41 44 555 01 23"}}, {{Number: "+41 44 555 01 23", Label: "Zürich"}}, full} {
		for _, number := range []string{"", "9974-7653-8886-0485"} {
			for _, pin := range []string{"", "654 321"} {
				for _, marker := range []string{"", "#nomeet"} {
					all = append(all, Data{"https://meeting.example.com/join/9974-7653-8886-0485", number, dial, pin, marker})
				}
			}
		}
	}
	return all
}
