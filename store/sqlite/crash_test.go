package sqlite_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

// TestKilled kills a process in the midst of booking, at another point each time. What it said to be on the disk is
// there, and a creation is either without an outcome or has both its meeting and its link.
func TestKilled(t *testing.T) {
	path := newPath(t)
	said := map[string]string{} // UID: how far it had come at least
	for round := range 6 {
		lines, kill := child(t, "book", path, nil)
		for range 20 + 7*round {
			what, uid, ok := strings.Cut(<-lines, " ")
			require.True(t, ok)
			said[uid] = what
		}
		kill()
	}
	l := openAt(t, path)
	open := map[string]bool{}
	intents, err := l.Intents(t.Context(), "")
	require.NoError(t, err)
	for _, in := range intents {
		assert.Equal(t, store.Open, in.State)
		open[in.UID] = true
	}
	assert.LessOrEqual(t, len(open), 6, "at most one for each death")
	for uid, what := range said {
		k, err := l.Link(t.Context(), "alice@example.com", uid)
		if open[uid] {
			assert.Equal(t, "begun", what)
			assert.ErrorIs(t, err, store.ErrNotFound)
			continue
		}
		if assert.NoError(t, err, "%s %s", what, uid) {
			m, err := l.Meeting(t.Context(), k.Meeting)
			require.NoError(t, err)
			assert.Equal(t, uid, m.PlatformID)
		}
	}
	links, err := l.Links(t.Context(), "")
	require.NoError(t, err)
	meetings, err := l.Meetings(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, len(meetings), len(links))
}
