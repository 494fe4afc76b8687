package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/storetest"
)

// TestMemory runs the suite, and then asks SQLite how it answers every statement that the suite has used. Only the lists of
// everything may walk through a table; openIntents, givenUp and missingMeetings walk through indices that hold nothing else
// (TestIndices).
func TestMemory(t *testing.T) {
	lists := map[string]bool{allOrganizers: true, allCalendars: true, allMeetings: true, allLinks: true,
		openIntents: true, givenUp: true, missingMeetings: true, countsOfAll: true, countsOfOne: true, tallyMeetings: true, tallyLinks: true}
	used := map[string]bool{}
	var l *Ledger
	storetest.Run(t, func(t *testing.T) store.Ledger {
		l = memory(t)
		t.Cleanup(func() {
			for query := range l.read.stmts {
				used[query] = true
			}
			assert.NoError(t, l.Close())
		})
		return l
	})
	l = memory(t)
	defer l.Close()
	assert.Greater(t, len(used), 40)
	for query := range used {
		for _, step := range plan(t, l, query) {
			scans := strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW"
			assert.False(t, scans && !lists[query], "%s\n%s", query, step)
		}
	}
}

// TestClear requires that nothing is left, and that it is another ledger.
func TestClear(t *testing.T) {
	l := memory(t)
	defer l.Close()
	storetest.Run(t, func(t *testing.T) store.Ledger { // on one and the same ledger
		was, _, err := l.Sequence(t.Context())
		require.NoError(t, err)
		require.NoError(t, l.Clear(t.Context()))
		id, begun, err := l.Sequence(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, was, id)
		assert.Zero(t, begun)
		for _, table := range tables(t, l) {
			rows, err := one(t.Context(), l.read, scanID, "SELECT count(*) FROM "+table)
			require.NoError(t, err)
			assert.Equal(t, table == "notes", rows == 1, table) // the identity
		}
		return l
	})
	onDisk, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), Options{})
	require.NoError(t, err)
	defer onDisk.Close()
	assert.Error(t, onDisk.Clear(t.Context()))
}

func tables(t *testing.T, l *Ledger) []string {
	all, err := many(t.Context(), l.read, scanText, "SELECT name FROM sqlite_schema WHERE type = 'table'")
	require.NoError(t, err)
	require.Greater(t, len(all), 5)
	return all
}

func TestIndices(t *testing.T) {
	l := memory(t)
	defer l.Close()
	for _, row := range []struct {
		name, query string
		indices     []string
	}{
		{"Object", objectByHref, []string{"PRIMARY KEY (calendar=? AND href=?)"}},
		{"Pending", pendingObjects, []string{"objects_new (calendar=?)", "objects_due (calendar=? AND due_at<?)"}},
		{"Failing", failingObjects, []string{"objects_failing (calendar=?)"}},
		{"ObjectsByUID", objectsByUID, []string{"objects_uid (uid=?)"}},
		{"ObjectsByUID of one", objectsByUIDFor, []string{"objects_uid (uid=?)"}},
		{"Link", linkByEvent, []string{"links_event (uid=? AND organizer=?)"}},
		{"LinksByUID", linksByUID, []string{"links_event (uid=?)"}},
		{"LinksAt", linksAt, []string{"links_at (calendar=? AND href=?)"}},
		{"LinksOf", linksOf, []string{"links_meeting (meeting=?)"}},
		{"DueLinks", dueLinks, []string{"links_due (organizer=? AND due_at<?)"}},
		{"MeetingByPlatformID", meetingByPlatformID, []string{"(organizer=? AND platform_id=?)"}},
		{"Begin", sameCreation, []string{"intents_creation (uid=? AND organizer=? AND generation=? AND kind=?)"}},
		{"Begin, shared", othersClaim, []string{"intents_creation (uid=?)", "intents_shared (uid=?)", "links_event (uid=?)"}},
		{"Intents", openFor, []string{"intents_open (organizer=?)"}},
		{"Intents of all", openIntents, []string{"USING INDEX intents_open"}},
		{"GivenUp of all", givenUp, []string{"USING INDEX intents_given_up"}},
		{"Missing meetings of all", missingMeetings, []string{"USING INDEX meetings_missing"}},
		{"Decide", lastDecision, []string{"decisions_event (uid=? AND organizer=?)"}},
		{"Prune decisions", pruneDecisions, []string{"decisions_at (at<?)"}},
		{"Prune intents", pruneIntents, []string{"intents_closed (closed_at<?)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			steps := strings.Join(plan(t, l, row.query), "\n")
			for _, index := range row.indices {
				assert.Contains(t, steps, index)
			}
		})
	}
}

func memory(t *testing.T) *Ledger {
	l, err := Memory(context.Background())
	require.NoError(t, err)
	return l
}

// plan returns SQLite's steps.
func plan(t *testing.T, l *Ledger, query string) (steps []string) {
	args := make([]any, max(strings.Count(query, "?"), 9))
	for i := range args {
		args[i] = fmt.Sprint(i)
	}
	for n := len(args); ; n-- { // the driver wants exactly as many as the query has
		rows, err := l.read.db.Query("EXPLAIN QUERY PLAN "+query, args[:n]...)
		if err != nil && n > 0 {
			continue
		}
		require.NoError(t, err, query)
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			steps = append(steps, detail)
		}
		return steps
	}
}
