package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Addresses hide in what servers call calendars and events.
func TestLoggerHidesAddresses(t *testing.T) {
	for name, c := range map[string]struct{ key, text string }{
		"in a sentence":       {"error", "no account for alice.b@example.com"},
		"in a path":           {"error", "GET https://dav.example.com/alice.b@example.com/work/: 500"},
		"in an encoded path":  {"error", "GET https://dav.example.com/alice.b%40example.com/work/: 500"},
		"name of a calendar":  {"calendar", "alice.b@example.com"},
		"href without an UID": {"uid", "/dav/alice.b%40example.com/work/1.ics"},
	} {
		t.Run(name, func(t *testing.T) {
			var quiet, verbose bytes.Buffer
			(&streams{errTo: &quiet}).logger().Warn("not done", c.key, c.text, "calendar_id", 1)
			assert.NotContains(t, quiet.String(), "alice.b")
			assert.Contains(t, quiet.String(), "example.com")
			(&streams{errTo: &verbose, verbose: true}).logger().Warn("not done", c.key, errors.New(c.text))
			assert.Contains(t, verbose.String(), "alice.b")
		})
	}
	t.Run("an UID stays", func(t *testing.T) {
		var out bytes.Buffer
		(&streams{errTo: &out}).logger().Info("done", "uid", "7kukuqrfedlm2f9t@google.com")
		assert.Contains(t, out.String(), "7kukuqrfedlm2f9t@google.com")
	})
}
