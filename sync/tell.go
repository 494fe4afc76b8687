package sync

import (
	"strings"
	"time"
)

// How times are told to people, in texts of decisions: as `status` tells them, and durations as the configuration has them.

func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span is 10m, and not 10m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
