package calendar

import "strings"

// A tag is a start or end tag, or a comment or declaration (which has no name), at its place in the text.
type tag struct {
	span
	name    string // lower case
	closing bool
}

// nextTag finds the next tag. What is within script and style is text, whatever it looks like (HTML, 13.2.5).
func nextTag(text string, from int) (tag, bool) {
	for {
		n := strings.IndexByte(text[from:], '<')
		if n < 0 {
			return tag{}, false
		}
		from += n
		if t, ok := tagAt(text, from); ok {
			return t, true
		}
		from++
	}
}

func tagAt(text string, from int) (tag, bool) {
	rest := text[from+1:]
	switch {
	case strings.HasPrefix(rest, "!--"):
		return tag{span: span{from, endAfter(text, from+4, "-->")}}, true
	case strings.HasPrefix(rest, "!"), strings.HasPrefix(rest, "?"):
		return tag{span: span{from, endAfter(text, from, ">")}}, true
	}
	t := tag{span: span{from: from}}
	if t.closing = strings.HasPrefix(rest, "/"); t.closing {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && isAlnum(rest[n]) {
		n++
	}
	if n == 0 || rest[0] < 'A' {
		return tag{}, false
	}
	t.name = strings.ToLower(rest[:n])
	t.to = tagEnd(text, len(text)-len(rest)+n)
	if (t.name == "script" || t.name == "style") && !t.closing {
		t.to = rawEnd(text, t)
	}
	return t, true
}

// tagEnd finds the > that ends a tag; one in a quoted attribute does not.
func tagEnd(text string, from int) int {
	quote := byte(0)
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(text)
}

func endAfter(text string, from int, mark string) int {
	if from > len(text) {
		return len(text)
	}
	if n := strings.Index(text[from:], mark); n >= 0 {
		return from + n + len(mark)
	}
	return len(text)
}

// rawEnd finds the end of a script or style element; without an end tag it takes the rest.
func rawEnd(text string, t tag) int {
	mark := "</" + t.name
	for from := t.to; from+len(mark) <= len(text); from++ {
		if strings.EqualFold(text[from:from+len(mark)], mark) {
			return tagEnd(text, from)
		}
	}
	return len(text)
}
