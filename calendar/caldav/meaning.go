package caldav

import (
	"bytes"
	"strings"
)

// carries says that an object holds every property that was sent, whatever a server did to order, folding, parameters,
// escapes and commas. It errs on the side of no: then the PUT is reported as failed, and tried again on a fresh copy.
func carries(got, sent []byte) bool {
	have := contents(got)
	for line, n := range contents(sent) {
		if have[line] < n {
			return false
		}
	}
	return len(sent) > 0
}

// contents counts an object's properties by component, name and value, but for those that every write changes.
func contents(data []byte) map[string]int {
	text := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for _, fold := range []string{"\n ", "\n\t"} {
		text = bytes.ReplaceAll(text, []byte(fold), nil)
	}
	out := map[string]int{}
	var path []string
	for line := range strings.Lines(string(text)) {
		key, value := split(strings.TrimRight(line, "\n"))
		switch key {
		case "BEGIN":
			path = append(path, strings.ToUpper(value))
		case "END":
			path = path[:max(0, len(path)-1)]
		case "", "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "PRODID", "VERSION", "CALSCALE", "METHOD":
		default:
			out[strings.Join(path, "/")+" "+key+" "+plain(value)]++
		}
	}
	return out
}

// split cuts a content line (RFC 5545, 3.1) into its name and its value.
func split(line string) (key, value string) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			key, _, _ = strings.Cut(line[:i], ";")
			return strings.ToUpper(key), line[i+1:]
		}
	}
	return "", ""
}

var plainer = strings.NewReplacer(`\`, "", ",", "", " ", "")

// plain takes out of a value what servers add to it and leave out.
func plain(value string) string { return plainer.Replace(value) }
