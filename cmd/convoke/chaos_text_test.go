package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	ourBlock   = regexp.MustCompile(`(?s)-{8} Web meeting -{8}\n.*?\n-{29}`)
	markerLine = regexp.MustCompile(`(?m)^@meet$`)
	joinLink   = regexp.MustCompile(regexp.QuoteMeta(joinStart) + `(\d{4}-\d{4}-\d{4}-\d{4})`)
	linkAfter  = regexp.MustCompile(`(?:\\, )?` + joinLink.String()) // a room that was there without a marker
)

// users is what the organizer wrote of an object: its meaning without our text, and without the markers that it takes the place of.
func users(data string) []string {
	return meaning(data, func(p property) (property, bool) {
		if p.path != "VCALENDAR/VEVENT" {
			return p, true
		}
		switch p.name {
		case "X-CONVOKE", "DTSTAMP", "LAST-MODIFIED":
			return p, false
		case "URL", "CONFERENCE":
			return p, !joinLink.MatchString(p.value)
		case "LOCATION":
			p.value = strings.TrimSpace(strings.ReplaceAll(linkAfter.ReplaceAllString(p.value, ""), "@meet", ""))
		case "DESCRIPTION":
			text := ourBlock.ReplaceAllString(strings.ReplaceAll(p.value, `\n`, "\n"), "")
			p.value = strings.TrimRight(markerLine.ReplaceAllString(text, ""), "\n")
		}
		return p, p.value != ""
	})
}

// numbersIn are the numbers of the meetings that an object links to, each once.
func numbersIn(data string) []string {
	numbers := map[string]bool{}
	for _, p := range properties(data) {
		for _, m := range joinLink.FindAllStringSubmatch(p.value, -1) {
			numbers[m[1]] = true
		}
	}
	all := []string{}
	for n := range numbers {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// Our text is taken out wherever it stands, and no edit of the organizer's is.
func TestUsers(t *testing.T) {
	const link = joinStart + "1111-2222-3333-4444"
	block := strings.Join([]string{"-------- Web meeting --------", "Join: " + link, "Meeting number: 1111-2222-3333-4444", strings.Repeat("-", 29)}, `\n`)
	event := func(lines ...string) string {
		return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	asked := event("LOCATION:Room 5 @meet", `DESCRIPTION:Before\n@meet\nafter`, "URL:https://example.com")
	written := event("LOCATION:Room 5 "+link, `DESCRIPTION:Before\n`+block+`\nafter`, "URL:https://example.com", "X-CONVOKE:v1", "CONFERENCE:"+link, "DTSTAMP:20260101T000000Z")
	assert.Len(t, users(asked), 3)
	assert.Equal(t, users(asked), users(written))
	assert.Equal(t, users(event("LOCATION:Room 5")), users(event(`LOCATION:Room 5\, `+link)))
	assert.Empty(t, users(event("LOCATION:@meet", "DESCRIPTION:"+block, "URL:"+link)))
	assert.Equal(t, []string{"1111-2222-3333-4444"}, numbersIn(written))
	assert.Empty(t, numbersIn(asked))
	for name, edit := range map[string][2]string{
		"room": {"Room 5", "Room 6"}, "line before": {`Before\n`, ""}, "line after": {"after", "after that"}, "own URL": {"URL:https://example.com", "URL:https://example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.NotEqual(t, users(asked), users(strings.Replace(written, edit[0], edit[1], 1)))
		})
	}
}
