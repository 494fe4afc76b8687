package calendar_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// clients are known by their PRODID.
var clients = map[string]*regexp.Regexp{
	"thunderbird": regexp.MustCompile(`(?im)^PRODID:.*Mozilla`),
	"apple":       regexp.MustCompile(`(?im)^PRODID:.*Apple`),
	"google":      regexp.MustCompile(`(?im)^PRODID:.*Google`),
	"outlook":     regexp.MustCompile(`(?im)^PRODID:.*(Outlook|Microsoft)`),
	"evolution":   regexp.MustCompile(`(?im)^PRODID:.*Evolution`),
	"nextcloud":   regexp.MustCompile(`(?im)^PRODID:.*nextcloud`),
}

// eventsOfFile bounds what TestClients takes of one file; TestCorpus takes all.
const eventsOfFile = 6

// TestClients takes events as real programs write them, ours in their manner and those of the corpus, through a write, a second
// one, Erase and Settle: no other property changes, and nothing else of those that do.
func TestClients(t *testing.T) {
	files, whole := corpusFiles(t)
	for client, product := range clients {
		t.Run(client, func(t *testing.T) {
			require.Regexp(t, product, string(files[filepath.Join("clients", client+".ics")]), "an event of our own")
			seen := 0
			for _, name := range slices.Sorted(maps.Keys(files)) {
				if !product.Match(files[name]) {
					continue
				}
				events := singleEvents(map[string][]byte{name: files[name]})
				parts := slices.Sorted(maps.Keys(events))
				for _, part := range parts[:min(len(parts), eventsOfFile)] {
					e, err := calendar.Parse(events[part], time.UTC)
					if err != nil {
						assertKnown(t, err, knownErrors...)
						continue
					}
					seen++
					assertTreatsWell(t, part, e)
				}
			}
			t.Logf("%d events", seen)
			assert.Positive(t, seen, "ours")
			if whole {
				assert.Greater(t, seen, 1, "ours, and some of the corpus")
			}
		})
	}
	if !whole {
		withoutCorpus(t)
	}
}

func assertTreatsWell(t *testing.T, name string, e *calendar.Event) {
	t.Helper()
	after, err := e.Write(corpusDetails())
	require.NoError(t, err, name)
	assertOnlyTargets(t, name, e.Data(), after)
	assertStable(t, name, after)
	assertErases(t, name, e.Data(), after)
	assertSettles(t, name, after)
	assertMoves(t, name, e.Data(), after)
	written, err := calendar.Parse(after, time.UTC)
	require.NoError(t, err, name)
	for i, was := range e.Components {
		c := written.Components[i]
		assert.True(t, strings.HasPrefix(c.Description, was.Description), "%s: the author's text comes first", name)
		assert.True(t, strings.HasPrefix(c.Location, strings.TrimRight(was.Location, " \n")), "%s: the author's place comes first", name)
		assert.Equal(t, []any{was.Sequence, was.Organizer, was.Attendees, was.Start, was.End}, []any{c.Sequence, c.Organizer, c.Attendees, c.Start, c.End}, name)
	}
}
