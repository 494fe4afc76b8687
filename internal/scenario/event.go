// Package scenario reads what the stories in sync/testdata/scenarios say of events: how one looks, and what an author does to
// it. It works on text alone, as a calendar program's hand; it must not know what convoke makes of it. Only tests import it.
package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Object makes an iCalendar object (RFC 5545) of the body of a step: a whole one, whole components, or paragraphs of
// properties, of which the first is the event, tomorrow from nine to ten unless it says otherwise, and the others are its
// overrides. The UID is the last part of the event's place.
func Object(place, body string) string {
	body = strings.TrimSpace(body)
	switch {
	case strings.HasPrefix(body, "BEGIN:VCALENDAR"):
		return crlf(body) + "\r\n"
	case strings.Contains(body, "BEGIN:VEVENT"):
		return crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Calendar//EN\n" + body + "\nEND:VCALENDAR\n")
	}
	event, overrides, _ := strings.Cut(body, "\n\n")
	return Override(single(name(place), strings.Split(event, "\n")), overrides)
}

// single is an object with one event.
func single(uid string, lines []string) string {
	defaults := []string{"UID:" + uid, "DTSTAMP:20261101T080000Z", "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:" + uid}
	for _, line := range lines {
		defaults = slices.DeleteFunc(defaults, func(d string) bool {
			said := property(line)
			return property(d) == said || said == "DURATION" && property(d) == "DTEND"
		})
	}
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar//EN", "BEGIN:VEVENT"}, append(defaults, lines...)...)
	return strings.Join(append(all, "END:VEVENT", "END:VCALENDAR", ""), "\r\n")
}

// Override adds a component for each paragraph of properties.
func Override(text, paragraphs string) string {
	uid := uidLine.FindString(text)
	for paragraph := range strings.SplitSeq(paragraphs, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			one := "BEGIN:VEVENT\r\n" + uid + "DTSTAMP:20261101T080000Z\r\n" + crlf(paragraph) + "\r\nEND:VEVENT\r\n"
			text = strings.Replace(text, "END:VCALENDAR", one+"END:VCALENDAR", 1)
		}
	}
	return text
}

// Renamed is an object under the UID that its new place names.
func Renamed(text, place string) string {
	return uidLine.ReplaceAllString(text, "UID:"+name(place)+"\r\n")
}

// Edited changes an unfolded object as the lines of body say, each one an edit: "old => new" in the text, "- begin" takes lines
// out, "+ line" adds one, and a property takes the place of the first one of that name. An edit that finds nothing to change
// is an error.
func Edited(text, body string) (string, error) {
	for line := range strings.SplitSeq(body, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		after, err := edit(text, line)
		if err != nil {
			return "", err
		}
		text = after
	}
	return text, nil
}

func edit(text, line string) (string, error) {
	if old, with, exchange := strings.Cut(line, " => "); exchange {
		if !strings.Contains(text, old) {
			return "", fmt.Errorf("edit %q: there is no such text in\n%s", line, text)
		}
		return strings.ReplaceAll(text, old, with), nil
	}
	switch {
	case strings.HasPrefix(line, "- "):
		lines := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line[2:]) + `.*\r\n`)
		if !lines.MatchString(text) {
			return "", fmt.Errorf("edit %q: there is no such line in\n%s", line, text)
		}
		return lines.ReplaceAllString(text, ""), nil
	case strings.HasPrefix(line, "+ "):
		return added(text, line[2:]), nil
	case property(line) == "":
		return "", fmt.Errorf("edit %q: that is no edit", line)
	}
	begin := max(0, strings.Index(text, "BEGIN:VEVENT"))
	at := regexp.MustCompile(`(?m)^` + property(line) + `[;:].*\r\n`).FindStringIndex(text[begin:])
	if at == nil {
		return added(text, line), nil
	}
	return text[:begin+at[0]] + line + "\r\n" + text[begin+at[1]:], nil
}

func added(text, line string) string {
	return strings.Replace(text, "END:VEVENT", line+"\r\nEND:VEVENT", 1)
}

var (
	propertyName = regexp.MustCompile(`^([A-Z][A-Z-]*)[;:]`)
	uidLine      = regexp.MustCompile(`(?m)^UID:.*\r\n`)
)

// property is the name of the property that a line sets, "" for none.
func property(line string) string {
	if m := propertyName.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

func name(place string) string { return place[strings.LastIndexByte(place, '/')+1:] }

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
