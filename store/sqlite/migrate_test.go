package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/storetest"
)

var (
	steps2 = append(steps[:len(steps):len(steps)], "ALTER TABLE notes ADD COLUMN at INTEGER; CREATE TABLE extra (x TEXT) STRICT")
	steps3 = append(steps2[:len(steps2):len(steps2)], "INSERT INTO extra VALUES ('three')")
	broken = append(steps2[:len(steps2):len(steps2)], "INSERT INTO extra VALUES ('three'); INSERT INTO nowhere VALUES (1)")
)

func tempPath(t *testing.T) string { return filepath.Join(t.TempDir(), "ledger.db") }

func mustOpen(t *testing.T, path string, o Options, steps []string) *Ledger {
	l, err := open(context.Background(), path, o, steps)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// filled leaves a closed ledger of the present version, and returns what is in it.
func filled(t *testing.T, path string) storetest.Content {
	l := mustOpen(t, path, Options{}, steps)
	storetest.Fill(t, l)
	content := storetest.Read(t, l)
	require.NoError(t, l.Close())
	return content
}

func versionOf(t *testing.T, path string) (v int) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{}))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&v))
	return v
}

func TestMigrate(t *testing.T) {
	for name, to := range map[string][]string{"one step": steps2, "two steps": steps3} {
		t.Run(name, func(t *testing.T) {
			path := tempPath(t)
			content := filled(t, path)
			var log bytes.Buffer
			l := mustOpen(t, path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, to)
			assert.Equal(t, content, storetest.Read(t, l))
			assert.Equal(t, len(to), versionOf(t, path))
			assert.Contains(t, log.String(), "brought the ledger up to date")
			require.NoError(t, l.Close())

			copied := path + fmt.Sprintf(".v%d.bak", len(steps))
			assert.Contains(t, log.String(), copied)
			info, err := os.Stat(copied)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())
			assert.Equal(t, content, storetest.Read(t, mustOpen(t, copied, Options{}, steps)), "the older program can go on with it")

			log.Reset()
			require.NoError(t, mustOpen(t, path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, to).Close())
			assert.Empty(t, log.String(), "once")
			assert.Empty(t, leftovers(t, path))
		})
	}
}

func TestMigrateKeepsEarlierCopies(t *testing.T) {
	path := tempPath(t)
	require.NoError(t, os.WriteFile(path+fmt.Sprintf(".v%d.bak", len(steps)), []byte("an earlier one"), 0o600))
	content := filled(t, path)
	now := func() time.Time { return time.Date(2026, 11, 3, 10, 0, 5, 0, time.FixedZone("", 3600)) }
	mustOpen(t, path, Options{Now: now}, steps2)
	earlier, err := os.ReadFile(path + fmt.Sprintf(".v%d.bak", len(steps)))
	require.NoError(t, err)
	assert.Equal(t, "an earlier one", string(earlier))
	assert.Equal(t, content, storetest.Read(t, mustOpen(t, path+fmt.Sprintf(".v%d.20261103T090005Z.bak", len(steps)), Options{}, steps)))
}

func TestMigrateFails(t *testing.T) {
	path := tempPath(t)
	content := filled(t, path)
	_, err := open(t.Context(), path, Options{}, broken)
	require.ErrorContains(t, err, fmt.Sprintf("from version %d to %d, nothing was changed: step %d", len(steps), len(broken), len(broken)))
	assert.Equal(t, len(steps), versionOf(t, path))
	assert.Equal(t, content, storetest.Read(t, mustOpen(t, path, Options{}, steps)))
	assert.Empty(t, leftovers(t, path))
}

func TestMigrateFailsOnNewFile(t *testing.T) {
	path := tempPath(t)
	_, err := open(t.Context(), path, Options{}, broken)
	require.ErrorContains(t, err, fmt.Sprintf("step %d", len(broken)))
	_, err = os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist, "no half a ledger")
	assert.Empty(t, leftovers(t, path))
}

// A convoke of the old version that still runs must not find other tables under its feet.
func TestMigrateBesideRunning(t *testing.T) {
	path := tempPath(t)
	content := filled(t, path)
	old := mustOpen(t, path, Options{}, steps)
	release, err := old.Lock()
	require.NoError(t, err)
	_, err = open(t.Context(), path, Options{}, steps2)
	require.ErrorIs(t, err, store.ErrLocked)
	assert.ErrorContains(t, err, fmt.Sprintf("version %d must become %d", len(steps), len(steps2)))
	assert.Equal(t, content, storetest.Read(t, old))
	release()
	mustOpen(t, path, Options{}, steps2)
}

func TestOldProgramRefusesNewer(t *testing.T) {
	path := tempPath(t)
	filled(t, path)
	require.NoError(t, mustOpen(t, path, Options{}, steps3).Close())
	_, err := open(t.Context(), path, Options{}, steps)
	require.ErrorIs(t, err, store.ErrNewer)
	assert.ErrorContains(t, err, "version 4, this program knows 2")
}

// A copy of an older ledger is brought up to date, the ledger itself is not.
func TestCopyMigrates(t *testing.T) {
	path := tempPath(t)
	content := filled(t, path)
	l, err := copyOf(t.Context(), path, steps2)
	require.NoError(t, err)
	defer l.Close()
	assert.Equal(t, content, storetest.Read(t, l))
	_, err = l.write.db.Exec("INSERT INTO extra VALUES ('there')")
	require.NoError(t, err)
	assert.Equal(t, len(steps), versionOf(t, path))
	assert.Empty(t, leftovers(t, path))
}

var update = flag.Bool("update", false, "write testdata/v1.json from testdata/v1.sql: for a new dump only")

// TestDumps opens the ledger of every released version, kept as SQL, and wants everything to be there.
func TestDumps(t *testing.T) {
	for _, name := range []string{"v1"} {
		t.Run(name, func(t *testing.T) {
			path := tempPath(t)
			dump, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
			require.NoError(t, err)
			db, err := sql.Open("sqlite", dsn(path, url.Values{}))
			require.NoError(t, err)
			_, err = db.Exec(string(dump))
			require.NoError(t, err)
			require.NoError(t, db.Close())

			got := storetest.Read(t, mustOpen(t, path, Options{}, steps))
			golden := filepath.Join("testdata", name+".json")
			if *update {
				text, err := json.MarshalIndent(got, "", "  ")
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
			}
			text, err := os.ReadFile(golden)
			require.NoError(t, err)
			var want storetest.Content
			require.NoError(t, json.Unmarshal(text, &want))
			assert.Equal(t, want, got)
			assert.NotEmpty(t, got.Links)
		})
	}
}

// leftovers are the unfinished files beside a ledger.
func leftovers(t *testing.T, path string) []string {
	found, err := filepath.Glob(path + "*new*")
	require.NoError(t, err)
	return found
}
