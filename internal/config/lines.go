package config

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// keyLines finds the line of every key and table of a TOML document that has been parsed already: the parser
// keeps positions by name only, and so one for all tables of an array. Keys are written as in Fault.Key. What
// stands inside a value, such as the keys of an inline table, has the line of the value.
func keyLines(document string) map[string]int {
	s := &scanner{text: document, line: 1, lines: map[string]int{}, count: map[string]int{}}
	s.text = strings.TrimPrefix(s.text, "\ufeff")
	for s.blank(); s.at < len(s.text); s.blank() {
		if s.text[s.at] == '[' {
			s.header()
		} else {
			s.assignment()
		}
	}
	return s.lines
}

// lineOf looks a key up; what has no line of its own has that of what it stands in; 0 when nothing of it is there.
func lineOf(lines map[string]int, key string) int {
	for key != "" {
		if line, ok := lines[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 0
}

type scanner struct {
	text  string
	at    int
	line  int
	table string         // the table that assignments go to
	count map[string]int // of the tables seen of each array
	lines map[string]int
}

func (s *scanner) rest() string { return s.text[s.at:] }

// skip moves on by n bytes.
func (s *scanner) skip(n int) {
	n = min(n, len(s.rest()))
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// skipTo moves on to the first of chars, or to the end.
func (s *scanner) skipTo(chars string) {
	if n := strings.IndexAny(s.rest(), chars); n >= 0 {
		s.skip(n)
		return
	}
	s.skip(len(s.rest()))
}

// blank skips white space, empty lines and comments.
func (s *scanner) blank() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.skip(1)
		case '#':
			s.skipTo("\n")
		default:
			return
		}
	}
}

// header reads [table] or [[array of tables]].
func (s *scanner) header() {
	array := strings.HasPrefix(s.rest(), "[[")
	s.skip(1)
	if array {
		s.skip(1)
	}
	line, keys := s.line, s.keys("]")
	s.skipTo("\n")
	path := ""
	for i, k := range keys {
		path = join(path, k)
		if array && i == len(keys)-1 {
			s.count[path]++
			s.mark(path, line)
		}
		if n := s.count[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
		s.mark(path, line)
	}
	s.table = path
}

// assignment reads key = value; a dotted key also names the tables on its way.
func (s *scanner) assignment() {
	line, path := s.line, s.table
	for _, k := range s.keys("=\n") {
		path = join(path, k)
		s.mark(path, line)
	}
	s.skip(1)
	s.value()
}

func (s *scanner) mark(path string, line int) {
	if _, seen := s.lines[path]; !seen {
		s.lines[path] = line
	}
}

// keys reads the parts of a dotted key up to one of the stops. Escapes in quoted parts stay as they are.
func (s *scanner) keys(stops string) []string {
	var keys []string
	for s.at < len(s.text) && !strings.ContainsRune(stops, rune(s.text[s.at])) {
		start := s.at
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '.':
			s.skip(1)
		case '"', '\'':
			s.quoted()
			keys = append(keys, toml.Key{strings.Trim(s.text[start:s.at], string(c))}.String())
		default:
			s.skip(1)
			s.skipTo(" \t\r.\n" + stops)
			keys = append(keys, s.text[start:s.at])
		}
	}
	return keys
}

// value skips a value with all that it holds, up to the end of its last line.
func (s *scanner) value() {
	for depth := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"', '\'':
			s.quoted()
			continue
		case '#':
			s.skipTo("\n")
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '\n':
			if depth <= 0 {
				return
			}
		}
		s.skip(1)
	}
}

// quoted skips a string of any of the four kinds.
func (s *scanner) quoted() {
	quote := s.rest()[:1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.rest(), long) {
		s.skip(3)
		s.untilQuote(long)
		for strings.HasPrefix(s.rest(), quote) { // a long string may end with quotes of its own
			s.skip(1)
		}
		return
	}
	s.skip(1)
	s.untilQuote(quote)
}

func (s *scanner) untilQuote(end string) {
	for s.at < len(s.text) && !strings.HasPrefix(s.rest(), end) {
		if s.text[s.at] == '\\' && end[0] == '"' {
			s.skip(1)
		}
		s.skip(1)
	}
	s.skip(len(end))
}

// join appends a key to the path of its table.
func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}
