package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	stdsync "sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
	"convoke/store/storetest"
)

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := newPath(t)
	names := []string{path, path + "-wal", path + "-shm", path + ".lock"}
	work := func() *sqlite.Ledger {
		l := openAt(t, path)
		require.NoError(t, l.Note(t.Context(), "k", "v"))
		_, err := l.Lock()
		require.NoError(t, err)
		for _, name := range names {
			info, err := os.Stat(name)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode(), name)
		}
		return l
	}
	l := work()
	for _, name := range names {
		require.NoError(t, os.Chmod(name, 0o644))
	}
	work2 := openAt(t, path) // beside the first, so that all four are there
	require.NoError(t, work2.Close())
	require.NoError(t, l.Close())
	work()
}

// Several programs make one new ledger at the same time.
func TestOpenTogether(t *testing.T) {
	for range 10 {
		path := newPath(t)
		var all stdsync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
				if assert.NoError(t, err) {
					assert.NoError(t, l.Note(context.Background(), fmt.Sprint(i), "v"))
					assert.NoError(t, l.Close())
				}
			})
		}
		for range 2 {
			lines, _ := child(t, "open", path, nil)
			for line := range lines {
				assert.Fail(t, line)
			}
		}
		all.Wait()
		l := openAt(t, path)
		for i := range 6 {
			v, err := l.Notes(t.Context(), fmt.Sprint(i))
			require.NoError(t, err)
			assert.Equal(t, "v", v)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(t *testing.T, path string)
		want error
		says string
	}{
		{"no SQLite file", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), 0o600))
		}, store.ErrDamaged, "bring back the last backup"},
		{"another program's SQLite file", func(t *testing.T, path string) {
			execute(t, path, "CREATE TABLE history (url TEXT)")
		}, store.ErrDamaged, "another program's"},
		{"another program's version", func(t *testing.T, path string) {
			execute(t, path, "PRAGMA user_version = 1")
		}, store.ErrDamaged, "another program's"},
		{"newer", func(t *testing.T, path string) {
			require.NoError(t, openAt(t, path).Close())
			execute(t, path, "PRAGMA user_version = 7")
		}, store.ErrNewer, "has version 7, this program knows 2"},
		{"bytes lost in the middle", func(t *testing.T, path string) {
			fillMuch(t, path)
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(make([]byte, 8192), 16*4096)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}, store.ErrDamaged, "bring back the last backup"},
		{"cut off", func(t *testing.T, path string) {
			fillMuch(t, path)
			require.NoError(t, os.Truncate(path, 9*4096))
		}, store.ErrDamaged, "bring back the last backup"},
		{"a folder", func(t *testing.T, path string) {
			require.NoError(t, os.Mkdir(path, 0o700))
		}, nil, "it is no file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := newPath(t)
			row.make(t, path)
			before := folder(t, path)
			for name, open := range map[string]func() (*sqlite.Ledger, error){
				"Open": func() (*sqlite.Ledger, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) },
				"Copy": func() (*sqlite.Ledger, error) { return sqlite.Copy(t.Context(), path) },
			} {
				_, err := open()
				require.Error(t, err, name)
				if row.want != nil {
					require.ErrorIs(t, err, row.want, name)
					assert.Contains(t, err.Error(), row.says, name)
				}
				assert.Contains(t, err.Error(), path, name)
			}
			assert.Equal(t, before, folder(t, path), "nothing was touched")
		})
	}
}

func TestOpenWithoutFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "ledger.db")
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Contains(t, err.Error(), "there is no folder "+filepath.Dir(path))
}

// An empty file, as an installer or a crash at the very start leaves it, becomes a ledger.
func TestOpenEmptyFile(t *testing.T) {
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	storetest.Fill(t, openAt(t, path))
}

func TestOpenReadOnly(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"file": 0o777, "file and folder": 0o555} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			l := openAt(t, path)
			storetest.Fill(t, l)
			require.NoError(t, l.Close())
			require.NoError(t, os.Chmod(path, 0o444))
			require.NoError(t, os.Chmod(filepath.Dir(path), mode))
			for dir := filepath.Dir(filepath.Dir(path)); dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
				require.NoError(t, os.Chmod(dir, 0o755))
			}
			lines, _ := child(t, "open", path, asNobody)
			assert.Contains(t, <-lines, "cannot be written to: run as its owner")
			require.NoError(t, os.Chmod(filepath.Dir(path), 0o755))
		})
	}
}

// asNobody lets go of root's right to write everywhere.
func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

// fillMuch leaves a closed ledger of some 80 pages.
func fillMuch(t *testing.T, path string) {
	l := openAt(t, path)
	id, err := l.SaveCalendar(t.Context(), store.Calendar{Organizer: "alice@example.com", URL: "c"})
	require.NoError(t, err)
	for _, rows := range look(id, 1000, "1") {
		require.NoError(t, l.Seen(t.Context(), rows))
	}
	require.NoError(t, l.Close())
}

// execute runs SQL on a file without any of the ledger's code.
func execute(t *testing.T, path, script string) {
	db, err := sql.Open("sqlite", fileURI(path))
	require.NoError(t, err)
	_, err = db.Exec(script)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// folder returns what lies beside path, with its content.
func folder(t *testing.T, path string) map[string]string {
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if !e.IsDir() {
			require.NoError(t, err)
		}
		all[e.Name()] = string(data)
	}
	return all
}
