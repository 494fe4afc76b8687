package wording

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
	"unicode/utf8"
)

// An Error is what is wrong with a file of templates.
type Error struct {
	File string
	Line int    // 0 = none, where something is missing
	Part string // "" = none, where it stands outside of the parts
	Err  error
}

// Error names the file, the line and the part.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at += ":" + strconv.Itoa(e.Line)
	}
	if e.Part != "" {
		at += ": part " + strconv.Quote(e.Part)
	}
	return at + ": " + e.Err.Error()
}

// Unwrap gives what is wrong without the place.
func (e *Error) Unwrap() error { return e.Err }

// parts are the names that every file defines. It may define more, for its own use.
var parts = []string{"heading", "body", "cancelled", "private"}

// A source is a file while it is read.
type source struct {
	name, text string
	defines    []define
}

type define struct {
	part string
	line int
}

var defineAction = regexp.MustCompile(`\{\{-?\s*define\s+"([^"]*)"`)

func newSource(name, text string) *source {
	s := &source{name: name, text: text}
	for _, m := range defineAction.FindAllStringSubmatchIndex(text, -1) {
		s.defines = append(s.defines, define{text[m[2]:m[3]], s.lineOf(m[0])})
	}
	return s
}

func (s *source) lineOf(offset int) int { return 1 + strings.Count(s.text[:offset], "\n") }

// partAt is the part that a line belongs to.
func (s *source) partAt(line int) string {
	part := ""
	for _, d := range s.defines {
		if d.line <= line {
			part = d.part
		}
	}
	return part
}

// at places an error on a line.
func (s *source) at(line int, err error) error {
	return &Error{File: s.name, Line: line, Part: s.partAt(line), Err: err}
}

// templateError is how text/template begins its errors: with the line, and the part when it was executed.
var templateError = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (?:executing "[^"]*" |template: )?`)

// of places an error of a part: on the line that text/template names, else where the part begins.
func (s *source) of(part string, err error) error {
	if m := templateError.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // the pattern has digits there
		return s.at(line, errors.New(err.Error()[len(m[0]):]))
	}
	for _, d := range s.defines {
		if d.part == part {
			return &Error{File: s.name, Line: d.line, Part: part, Err: err}
		}
	}
	return &Error{File: s.name, Part: part, Err: err}
}

// compile reads a file and tries out all of its parts.
func compile(tag, name, text string) (*language, error) {
	s := newSource(name, text)
	if err := s.checkText(); err != nil {
		return nil, err
	}
	t, err := template.New("file").Parse(text)
	if err != nil {
		return nil, s.of("", err)
	}
	if err := s.checkParts(t); err != nil {
		return nil, err
	}
	l := &language{tag: tag, parts: t}
	return l, s.try(l)
}

// checkText refuses control characters in the file itself.
func (s *source) checkText() error {
	for i, r := range s.text {
		_, n := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return s.at(s.lineOf(i), errors.New("not UTF-8"))
		case breaks(r) && r != '\n' && r != '\t':
			return s.at(s.lineOf(i), fmt.Errorf("a control character (%+q)", r))
		}
	}
	return nil
}

// checkParts wants all parts, and no text outside of them, which would never be shown.
func (s *source) checkParts(t *template.Template) error {
	for _, node := range t.Root.Nodes {
		if !isBlank(node) {
			line := s.lineOf(textStart(s.text, int(node.Position())))
			return &Error{File: s.name, Line: line, Err: errors.New(`text outside of the parts: put it between {{define "body"}} and {{end}}`)}
		}
	}
	for _, part := range parts {
		if t.Lookup(part) == nil {
			return &Error{File: s.name, Part: part, Err: fmt.Errorf(`it is missing: add {{define %q}}…{{end}}`, part)}
		}
	}
	return nil
}

func isBlank(node parse.Node) bool {
	text, ok := node.(*parse.TextNode)
	return ok && strings.TrimSpace(string(text.Text)) == ""
}

// textStart skips the white space before a text.
func textStart(text string, from int) int {
	if n := strings.IndexFunc(text[from:], func(r rune) bool { return !unicode.IsSpace(r) }); n > 0 {
		return from + n
	}
	return from
}

// try executes every part with sample data.
func (s *source) try(l *language) (err error) {
	if l.heading, err = l.line("heading", struct{}{}); err != nil {
		return s.of("heading", err)
	}
	if l.private, err = l.line("private", struct{}{}); err != nil {
		return s.of("private", err)
	}
	for _, topic := range []string{"Budget", ""} {
		text, err := l.cancelled(topic)
		if err == nil && !strings.Contains(text, topic) {
			err = errors.New("it does not give the topic: {{.Topic}} must stand in it")
		}
		if err != nil {
			return s.of("cancelled", err)
		}
	}
	for _, d := range samples() {
		if _, err := l.lines(d); err != nil {
			return s.of("body", err)
		}
	}
	return nil
}
