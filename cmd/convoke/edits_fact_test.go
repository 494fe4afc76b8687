package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// facts are what only the person changes, each a number. LOCATION and DESCRIPTION hold text of convoke's behind it; a new title
// or time goes to the platform. Each stands in the first physical line of its property.
var facts = [...]fact{
	{"title", `SUMMARY%s:Talk \w+ (\d+)\r?$`, strconv.Itoa, strconv.Atoi},
	{"room", `LOCATION%s:Room (\d+)(?: @meet\r?$| http)`, strconv.Itoa, strconv.Atoi},
	{"point", `DESCRIPTION%s:Point (\d+)\\nBring the figures\.`, strconv.Itoa, strconv.Atoi},
	{"count", `X-COUNT%s:(\d+)\r?$`, strconv.Itoa, strconv.Atoi},
	{"start", `DTSTART%s:(\d{8}T\d{6}Z)\r?$`, minuteText, minuteOf},
}

const title, room, point, count, begin = 0, 1, 2, 3, 4

type fact struct {
	name   string
	form   string // %s is for parameters that a server adds
	text   func(int) string
	number func(string) (int, error)
}

const minuteForm = "20060102T150405Z"

var firstMinute = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time  { return firstMinute.Add(time.Duration(n) * time.Minute) }
func minuteText(n int) string { return minute(n).Format(minuteForm) }

func minuteOf(s string) (int, error) {
	t, err := time.Parse(minuteForm, s)
	return int(t.Sub(firstMinute) / time.Minute), err
}

// find says where in an event the number stands.
func (f fact) find(event string) (from, to int, err error) {
	form := regexp.MustCompile(`(?m)^` + fmt.Sprintf(f.form, `(?:;[^:\r\n]*)?`))
	found := form.FindAllStringSubmatchIndex(event, -1)
	if len(found) != 1 {
		return 0, 0, fmt.Errorf("the %s is found %d times in\n%s", f.name, len(found), event)
	}
	return found[0][2], found[0][3], nil
}
