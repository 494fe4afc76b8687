package wording

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
)

// The limits of what a template may give.
const (
	maxLines  = 40
	maxOutput = 16 << 10
)

// A language is one file of templates.
type language struct {
	tag              string // as the file is named
	heading, private string
	parts            *template.Template
}

// lines writes the body.
func (l *language) lines(d Data) ([]string, error) {
	text, err := l.execute("body", d)
	if err != nil {
		return nil, err
	}
	lines := tidy(text)
	return lines, checkBody(lines, d)
}

func (l *language) cancelled(topic string) (string, error) {
	return l.line("cancelled", struct{ Topic string }{topic})
}

// line writes a part that is one line.
func (l *language) line(part string, data any) (string, error) {
	text, err := l.execute(part, data)
	text = strings.TrimSpace(text)
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", errors.New("it gives no text")
	case strings.Contains(text, "\n"):
		return "", errors.New("it gives more than one line")
	}
	return text, checkCharacters(text)
}

func (l *language) execute(part string, data any) (string, error) {
	var out limited
	err := l.parts.ExecuteTemplate(&out, part, data)
	return out.String(), err
}

// tidy drops white space at line ends, empty lines at both ends, and all but the first of several empty lines.
func tidy(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return slices.CompactFunc(lines, func(a, b string) bool { return a == "" && b == "" })
}

func checkBody(lines []string, d Data) error {
	if len(lines) > maxLines {
		return fmt.Errorf("it gives %d lines: %d are allowed", len(lines), maxLines)
	}
	for _, row := range lines {
		switch {
		case strings.HasPrefix(row, "----"):
			return fmt.Errorf("it gives the line %.40q: dashes like these end the block", row)
		case d.Marker != "" && strings.EqualFold(row, d.Marker):
			return fmt.Errorf("it gives %q as a line of its own: that would decline the meeting; put words around it", row)
		}
	}
	if err := checkCharacters(strings.Join(lines, "")); err != nil {
		return err
	}
	if !slices.ContainsFunc(lines, func(row string) bool { return holdsURL(row, d.JoinURL) }) {
		return errors.New("it does not give the join URL: {{.JoinURL}} must stand in it, whatever else is missing, with a space behind it")
	}
	return nil
}

func checkCharacters(text string) error {
	if i := strings.IndexFunc(text, breaks); i >= 0 {
		return fmt.Errorf("it gives a control character (%+q)", []rune(text[i:])[0])
	}
	return nil
}

// holdsURL tells whether a URL stands in a line and ends there: it is not the beginning of a longer one.
func holdsURL(row, url string) bool {
	for {
		i := strings.Index(row, url)
		if i < 0 {
			return false
		}
		row = row[i+len(url):]
		if row == "" || strings.ContainsAny(row[:1], " \t.,;)>]") {
			return true
		}
	}
}

// limited is a writer that ends a template that does not end.
type limited struct{ strings.Builder }

var errTooLong = fmt.Errorf("it gives more than %d bytes", maxOutput)

func (w *limited) Write(p []byte) (int, error) {
	if w.Len()+len(p) > maxOutput {
		return 0, errTooLong
	}
	return w.Builder.Write(p)
}
