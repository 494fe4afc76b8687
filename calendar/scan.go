package calendar

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scan looks at an object without parsing it: the UID of its first VEVENT, unfolded and decoded, and whether one of the
// needles stands anywhere in the text. Needles are compared through folds and, as Markers are, without regard to case in any
// script; there may be up to 32, in lower case. Where uid is "" it takes Parse to say why.
func Scan(data []byte, needles [][]byte) (uid string, hit bool) {
	s := newScanner(data, needles)
	s.line(len(data) - len(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for i := 0; i < len(data); i++ {
		set := s.wanted[data[i]]
		if set == 0 {
			continue
		}
		if set&lineStart != 0 && s.uid == "" && startsLine(data, i) {
			s.line(i + 1)
		}
		if set &^= lineStart; set != 0 && !s.hit && s.matches(set, i) {
			s.hit = true
			s.forget()
		}
		if s.hit && s.uid != "" {
			break
		}
	}
	return s.uid, s.hit
}

// lineStart marks the byte after which a line begins.
const lineStart = 1 << 32

const maxNeedles = 32

type scanner struct {
	data    []byte
	needles [][]byte
	anchors [maxNeedles]int // where in the needle the byte stands that is looked for; -1 = any that its first letter may begin with
	wanted  [256]uint64     // byte → set of needles whose anchor it is, and lineStart

	depth   int  // how many components are open
	inEvent bool // the second of them is a VEVENT
	uid     string
	hit     bool
}

func newScanner(data []byte, needles [][]byte) *scanner {
	s := &scanner{data: data, needles: needles[:min(len(needles), maxNeedles)]}
	s.wanted['\n'] = lineStart
	for n, needle := range s.needles {
		if len(needle) == 0 {
			continue
		}
		at := rarest(needle)
		s.anchors[n] = at
		if at < 0 {
			s.wantAny(needle, 1<<n)
			continue
		}
		s.wanted[lower(needle[at])] |= 1 << n
		s.wanted[upper(needle[at])] |= 1 << n
	}
	return s
}

// wantAny looks at each byte with which the first letter of a needle may begin, in whatever case.
func (s *scanner) wantAny(needle []byte, bit uint64) {
	first, _ := utf8.DecodeRune(needle)
	for c := range s.wanted {
		if c >= utf8.RuneSelf || foldRune(rune(c)) == foldRune(first) {
			s.wanted[c] |= bit
		}
	}
}

// forget stops looking for needles.
func (s *scanner) forget() {
	s.wanted = [256]uint64{'\n': lineStart}
}

// rarest picks the byte of a needle that calendars have least of, roughly: one that is the same in any case, but for its own
// capital. -1 when there is none.
func rarest(needle []byte) int {
	best, rank := -1, -1
	for i, c := range needle {
		if c >= utf8.RuneSelf || strings.IndexByte("iks", lower(c)) >= 0 { // İ, K (kelvin) and ſ are in other places of Unicode
			continue
		}
		if r := strings.IndexByte("etaonrldhcmu-gpfy.wb:;=/0123456789v@_xjqz#", lower(c)); best < 0 || r > rank {
			best, rank = i, r
		}
	}
	return best
}

// foldRune is the same for all cases of a letter: those that strings.EqualFold takes for one, and what strings.ToLower makes of
// them.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(upper(byte(r)))
	}
	r = unicode.ToLower(r)
	first := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		first = min(first, f)
	}
	return first
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c &^ 0x20
	}
	return c
}

func (s *scanner) matches(set uint64, i int) bool {
	for ; set != 0; set &= set - 1 {
		n := bits.TrailingZeros64(set)
		needle, at := s.needles[n], s.anchors[n]
		if at < 0 {
			if matchFold(s.data, i, needle) >= 0 {
				return true
			}
		} else if s.matchesBack(needle[:at], i) && matchFold(s.data, i+1, needle[at+1:]) >= 0 {
			return true
		}
	}
	return false
}

// matchesBack compares what stands before i with a text, through folds.
func (s *scanner) matchesBack(text []byte, i int) bool {
	for len(text) > 0 {
		before := beforeFold(s.data, i) - 1
		if before < 0 {
			return false
		}
		last := text[len(text)-1]
		if c := s.data[before]; c < utf8.RuneSelf && last < utf8.RuneSelf {
			if lower(c) != lower(last) {
				return false
			}
			i, text = before, text[:len(text)-1]
			continue
		}
		want, n := utf8.DecodeLastRune(text)
		r, start := runeBefore(s.data, i)
		if foldRune(r) != foldRune(want) {
			return false
		}
		i, text = start, text[:len(text)-n]
	}
	return true
}

// matchFold compares what stands at i with a text, through folds and in any case. It returns where the text ends; -1 when
// it does not stand there.
func matchFold(data []byte, i int, text []byte) int {
	for len(text) > 0 {
		if i = afterFold(data, i); i >= len(data) {
			return -1
		}
		if c := data[i]; c < utf8.RuneSelf && text[0] < utf8.RuneSelf {
			if lower(c) != lower(text[0]) {
				return -1
			}
			i, text = i+1, text[1:]
			continue
		}
		want, n := utf8.DecodeRune(text)
		r, end := runeAfter(data, i)
		if foldRune(r) != foldRune(want) {
			return -1
		}
		i, text = end, text[n:]
	}
	return i
}

// runeAfter reads the letter at i, which folds may cut through, and says where it ends.
func runeAfter(data []byte, i int) (r rune, end int) {
	var letter []byte
	var ends [utf8.UTFMax + 1]int
	for len(letter) < utf8.UTFMax && !utf8.FullRune(letter) {
		if i = afterFold(data, i); i >= len(data) {
			break
		}
		letter = append(letter, data[i])
		i++
		ends[len(letter)] = i
	}
	r, n := utf8.DecodeRune(letter)
	return r, ends[n]
}

// runeBefore reads the letter before i, which folds may cut through, and says where it starts.
func runeBefore(data []byte, i int) (r rune, start int) {
	var letter []byte
	var starts [utf8.UTFMax + 1]int
	for len(letter) < utf8.UTFMax && (len(letter) == 0 || !utf8.RuneStart(letter[0])) {
		if i = beforeFold(data, i) - 1; i < 0 {
			break
		}
		letter = slices.Insert(letter, 0, data[i])
		starts[len(letter)] = i
	}
	r, n := utf8.DecodeLastRune(letter)
	return r, starts[n]
}

// afterFold steps over folds that begin at i.
func afterFold(data []byte, i int) int {
	for {
		end := i
		for end < len(data) && data[end] == '\r' {
			end++
		}
		if end+1 >= len(data) || data[end] != '\n' || data[end+1] != ' ' && data[end+1] != '\t' {
			return i
		}
		i = end + 2
	}
}

// beforeFold steps back over folds that end at i.
func beforeFold(data []byte, i int) int {
	for i >= 2 && (data[i-1] == ' ' || data[i-1] == '\t') && data[i-2] == '\n' {
		i -= 2
		for i > 0 && data[i-1] == '\r' {
			i--
		}
	}
	return i
}

// startsLine tells whether a logical line begins after the line feed at i.
func startsLine(data []byte, i int) bool {
	return i+1 < len(data) && data[i+1] != ' ' && data[i+1] != '\t'
}

// line follows the components and takes the UID that stands directly in the first VEVENT.
func (s *scanner) line(i int) {
	if i = afterFold(s.data, i); i >= len(s.data) {
		return
	}
	switch lower(s.data[i]) {
	case 'b':
		if end := matchFold(s.data, i, []byte("begin:")); end >= 0 {
			s.depth++
			s.inEvent = s.depth == 2 && s.isEvent(end) || s.depth > 2 && s.inEvent
		}
	case 'e':
		if matchFold(s.data, i, []byte("end:")) >= 0 {
			s.depth--
		}
	case 'u':
		if s.depth == 2 && s.inEvent && matchFold(s.data, i, []byte("uid")) >= 0 {
			if l := s.read(i); l.name == "UID" {
				s.uid = decodeText(l.value())
			}
		}
	}
}

func (s *scanner) isEvent(i int) bool {
	_, value, _ := strings.Cut("BEGIN:"+s.read(i).text, ":")
	return strings.EqualFold(strings.TrimSpace(value), "VEVENT")
}

// read reads the rest of a logical line.
func (s *scanner) read(i int) line {
	end := i
	for {
		n := bytes.IndexByte(s.data[end:], '\n')
		if n < 0 {
			end = len(s.data)
			break
		}
		end += n
		if !startsLine(s.data, end) && end+1 < len(s.data) {
			end++
			continue
		}
		break
	}
	return newLine(string(s.data[i:end]), true)
}
