package feed

import "convoke/calendar"

// Href is the name of the object with a UID.
var Href = href

// Split gives what Changes would report of a feed that nobody has seen before.
func Split(text string) ([]calendar.Change, error) {
	entries, err := split(text)
	changes := make([]calendar.Change, len(entries))
	for i, e := range entries {
		changes[i] = e.change("")
	}
	return changes, err
}

// Events gives the VEVENTs of a feed, as they stand in it.
func Events(text string) ([]string, error) {
	calendars, err := read(text)
	var events []string
	for _, c := range calendars {
		for _, p := range c.parts {
			if p.kind == "VEVENT" {
				events = append(events, p.raw)
			}
		}
	}
	return events, err
}
