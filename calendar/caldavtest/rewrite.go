package caldavtest

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// A Rewrite is what a server does to what it is given. It works on the unfolded lines between BEGIN:VEVENT and
// END:VEVENT, nested components left out, and returns them changed.
type Rewrite func(lines []string) []string

// SortLines sorts the properties, as Radicale, Xandikos and SOGo do in their ways.
func SortLines(lines []string) []string {
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(name(a), name(b)) })
	return lines
}

// AddClass adds CLASS:PUBLIC, as SOGo does.
func AddClass(lines []string) []string {
	if slices.ContainsFunc(lines, func(l string) bool { return name(l) == "CLASS" }) {
		return lines
	}
	return append(lines, "CLASS:PUBLIC")
}

// DropX drops every X- property.
func DropX(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(name(l), "X-") })
}

// DropUnknown drops the properties that no standard names but X-, as Cyrus does.
func DropUnknown(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool {
		return !strings.HasPrefix(name(l), "X-") && !known[name(l)]
	})
}

// CutAtCommas ends the value of CONFERENCE and X-APPLE-STRUCTURED-LOCATION at the first comma, as Radicale does.
func CutAtCommas(lines []string) []string {
	return eachUnknown(lines, func(v string) string { return strings.SplitN(v, ",", 2)[0] })
}

// AddBackslashes escapes commas in those values, as Xandikos does.
func AddBackslashes(lines []string) []string {
	return eachUnknown(lines, func(v string) string {
		return strings.ReplaceAll(strings.ReplaceAll(v, `\,`, ","), ",", `\,`)
	})
}

var commas = regexp.MustCompile(",+")

// CollapseCommas makes one comma of several in those values, as SOGo does.
func CollapseCommas(lines []string) []string {
	return eachUnknown(lines, func(v string) string { return commas.ReplaceAllString(v, ",") })
}

func eachUnknown(lines []string, change func(string) string) []string {
	for i, l := range lines {
		if n := name(l); n == "CONFERENCE" || n == "X-APPLE-STRUCTURED-LOCATION" {
			head, value, _ := cutValue(l)
			lines[i] = head + ":" + change(value)
		}
	}
	return lines
}

var known = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`UID DTSTAMP DTSTART DTEND DURATION SUMMARY DESCRIPTION LOCATION URL CLASS CREATED LAST-MODIFIED
		SEQUENCE STATUS TRANSP PRIORITY GEO ORGANIZER ATTENDEE CATEGORIES COMMENT CONTACT RESOURCES RELATED-TO ATTACH RRULE RDATE EXDATE
		RECURRENCE-ID REQUEST-STATUS COLOR IMAGE CONFERENCE REFRESH-INTERVAL SOURCE NAME`) {
		m[n] = true
	}
	return m
}()

func name(line string) string {
	return strings.ToUpper(line[:len(line)-len(strings.TrimLeft(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"))])
}

// cutValue splits a content line at the colon that ends its parameters (RFC 5545, 3.1).
func cutValue(line string) (head, value string, ok bool) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return line, "", false
}

var fold = regexp.MustCompile(`\r?\n[ \t]`)

// rewritten applies the rewrites to each VEVENT; without any the bytes stay as they are.
func rewritten(body []byte, rewrites []Rewrite) []byte {
	if len(rewrites) == 0 {
		return body
	}
	var out bytes.Buffer
	var event, nested []string
	depth := 0
	for line := range strings.Lines(fold.ReplaceAllString(string(body), "")) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.EqualFold(line, "END:VEVENT") && depth == 1:
			for _, r := range rewrites {
				event = r(event)
			}
			writeLines(&out, event)
			writeLines(&out, nested)
			writeLines(&out, []string{line})
			event, nested, depth = nil, nil, 0
		case strings.EqualFold(line, "BEGIN:VEVENT"):
			depth = 1
			writeLines(&out, []string{line})
		case depth > 0 && name(line) == "BEGIN":
			depth++
			nested = append(nested, line)
		case depth > 1:
			if name(line) == "END" {
				depth--
			}
			nested = append(nested, line)
		case depth == 1:
			event = append(event, line)
		default:
			writeLines(&out, []string{line})
		}
	}
	return out.Bytes()
}

// writeLines folds at 75 octets, never inside a character (RFC 5545, 3.1).
func writeLines(out *bytes.Buffer, lines []string) {
	for _, l := range lines {
		width := 0
		for _, r := range l {
			n := len(string(r))
			if width+n > 75 {
				out.WriteString("\r\n ")
				width = 1
			}
			out.WriteRune(r)
			width += n
		}
		out.WriteString("\r\n")
	}
}
