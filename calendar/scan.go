package calendar

import (
	"bytes"
	"math/bits"
	"strings"
)

// Scan looks at an object without parsing it: the UID of its first VEVENT, unfolded and decoded, and whether one of the
// needles stands anywhere in the text. Needles are compared without regard to ASCII case and through folds; there may
// be up to 32, in lower case. Where uid is "" it takes Parse to say why.
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
	anchors [maxNeedles]int // where in the needle the byte stands that is looked for
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
		s.wanted[lower(needle[at])] |= 1 << n
		s.wanted[upper(needle[at])] |= 1 << n
	}
	return s
}

// forget stops looking for needles.
func (s *scanner) forget() {
	s.wanted = [256]uint64{'\n': lineStart}
}

// rarest picks the byte of a needle that calendars have least of, roughly.
func rarest(needle []byte) int {
	best, rank := 0, -1
	for i, c := range needle {
		if r := strings.IndexByte("etaonirsldhcmu-gpfy.wb:;=/0123456789vk@_xjqz#", lower(c)); r > rank {
			best, rank = i, r
		}
	}
	return best
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
		if s.matchesBack(needle[:at], i) && matchFold(s.data, i+1, needle[at+1:]) >= 0 {
			return true
		}
	}
	return false
}

// matchesBack compares what stands before i with a text, through folds.
func (s *scanner) matchesBack(text []byte, i int) bool {
	for n := len(text) - 1; n >= 0; n-- {
		i = beforeFold(s.data, i) - 1
		if i < 0 || lower(s.data[i]) != lower(text[n]) {
			return false
		}
	}
	return true
}

// matchFold compares what stands at i with a text, through folds and in any case. It returns where the text ends; -1 when
// it does not stand there.
func matchFold(data []byte, i int, text []byte) int {
	for _, c := range text {
		i = afterFold(data, i)
		if i >= len(data) || lower(data[i]) != lower(c) {
			return -1
		}
		i++
	}
	return i
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
