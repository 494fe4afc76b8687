package calendar_test

import (
	"errors"

	"convoke/calendar"
)

func isError(err, target error) bool { return errors.Is(err, target) }

func testDetails() calendar.Details {
	return calendar.Details{
		JoinURL: "https://meeting.example.com/join/9974-7653-8886-0485",
		Number:  "9974-7653-8886-0485",
		Heading: "Web meeting",
		Lines:   []string{"Join: https://meeting.example.com/join/9974-7653-8886-0485", "Meeting number: 9974-7653-8886-0485"},
		Seal:    "v1.01234567.5e9459c5b863b82cefdddf50.0.AAAA",
		Stamp:   "20261123T170000Z",
		Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"},
	}
}
