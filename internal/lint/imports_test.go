package lint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rules are the import directions of the tree: downwards only.
var rules = []Rule{
	{
		Why:      "calendar knows neither the platform, nor the ledger, nor what is above it",
		Packages: []string{"convoke/calendar/..."},
		Never: []string{
			"convoke/meetingapi/...", "convoke/store/...", "convoke/sync/...", "convoke/internal/...", "convoke/cmd/...",
		},
	},
	{
		Why:      "meetingapi knows neither calendars, nor the ledger, nor what is above it",
		Packages: []string{"convoke/meetingapi/..."},
		Never: []string{
			"convoke/calendar/...", "convoke/store/...", "convoke/sync/...", "convoke/internal/...", "convoke/cmd/...",
		},
	},
	{
		Why:      "store knows neither calendars, nor the platform, nor what is above it",
		Packages: []string{"convoke/store/..."},
		Never: []string{
			"convoke/calendar/...", "convoke/meetingapi/...", "convoke/sync/...", "convoke/internal/...", "convoke/cmd/...",
		},
	},
	{
		Why:      "sync uses the types of calendar, meetingapi and store, never what is behind them or above it",
		Packages: []string{"convoke/sync/..."},
		Never: []string{
			"convoke/calendar/...", "convoke/meetingapi/...", "convoke/store/...", "convoke/internal/...", "convoke/cmd/...",
		},
		But: []string{"convoke/calendar", "convoke/meetingapi", "convoke/store"},
	},
	{
		Why:      "sync decides and applies; network, files and SQL are behind its interfaces",
		Packages: []string{"convoke/sync/..."},
		Never:    []string{"net/http/...", "os/...", "database/sql/..."},
	},
	{
		Why:      "reading and editing events needs no network",
		Packages: []string{"convoke/calendar"},
		Never:    []string{"net", "net/http/...", "convoke/calendar/..."},
	},
	{
		Why:      "the ledger's operations have no SQL types; those are in store/sqlite",
		Packages: []string{"convoke/store"},
		Never:    []string{"database/sql/...", "modernc.org/sqlite/...", "convoke/store/..."},
	},
	{
		Why:      "this fake is part of `convoke demo`: no test library in the program",
		Packages: []string{"convoke/calendar/caldavtest/...", "convoke/meetingapi/meetingtest/..."},
		Never: []string{
			"testing/...", "github.com/stretchr/testify/...", "pgregory.net/rapid/...",
			"github.com/rogpeppe/go-internal/...",
		},
	},
	{
		Why:      "test libraries are for _test.go files and suites",
		Packages: []string{"convoke/..."},
		Except:   []string{"convoke/store/storetest"},
		Never:    []string{"testing/...", "github.com/stretchr/testify/...", "pgregory.net/rapid/..."},
	},
	{
		Why:      "the program is the top: nothing imports it",
		Packages: []string{"convoke/..."},
		Never:    []string{"convoke/cmd/..."},
		Tests:    true,
	},
	{
		Why:      "the standard library's sync is imported as stdsync, since convoke/sync is another",
		Packages: []string{"convoke/..."},
		Never:    []string{"sync"},
		Tests:    true,
		As:       "stdsync",
	},
}

func TestImportsRunDownwards(t *testing.T) {
	violations, files, err := Imports("../..", "convoke", rules)
	require.NoError(t, err)
	require.Greater(t, files, 10, "the root of the module was not found")
	for _, v := range violations {
		t.Error(v)
	}
}

// Each rule finds what it forbids in a tree that breaks all of them, and nothing in its neighbours.
func TestRulesCanFail(t *testing.T) {
	for _, c := range []struct{ name, file, imports, want string }{
		{"calendar to platform", "calendar/a.go", `"convoke/meetingapi"`, "calendar knows"},
		{"calendar/caldav to ledger", "calendar/caldav/a.go", `"convoke/store"`, "calendar knows"},
		{"calendar/vdir to internal", "calendar/vdir/a.go", `"convoke/internal/transport"`, "calendar knows"},
		{"calendar/caldav to calendar", "calendar/caldav/a.go", `"convoke/calendar"`, ""},
		{"test of caldav may reach across", "calendar/caldav/a_test.go", `"convoke/internal/transport"`, ""},
		{"calendars is another word", "calendars/a.go", `"convoke/store"`, ""},
		{"platform to calendar", "meetingapi/a.go", `"convoke/calendar"`, "meetingapi knows"},
		{"platform's fake to ledger", "meetingapi/meetingtest/a.go", `"convoke/store"`, "meetingapi knows"},
		{"ledger to sync", "store/sqlite/a.go", `"convoke/sync"`, "store knows"},
		{"sync to store", "sync/a.go", `"convoke/store"`, ""},
		{"sync to sqlite", "sync/a.go", `"convoke/store/sqlite"`, "sync uses"},
		{"sync to config", "sync/a.go", `"convoke/internal/config"`, "sync uses"},
		{"sync to http", "sync/a.go", `"net/http"`, "sync decides"},
		{"sync to os", "sync/a.go", `"os"`, "sync decides"},
		{"sync to SQL, renamed", "sync/a.go", `db "database/sql"`, "sync decides"},
		{"calendar to http", "calendar/a.go", `"net/http"`, "no network"},
		{"caldav to http", "calendar/caldav/a.go", `"net/http"`, ""},
		{"store to SQL", "store/a.go", `"database/sql"`, "no SQL types"},
		{"sqlite to SQL", "store/sqlite/a.go", `"database/sql"`, ""},
		{"caldavtest to testing", "calendar/caldavtest/a.go", `"testing/synctest"`, "convoke demo"},
		{"meetingtest to testify", "meetingapi/meetingtest/a.go", `"github.com/stretchr/testify/assert"`, "convoke demo"},
		{"testing in the program", "internal/web/a.go", `"testing"`, "_test.go"},
		{"testing in a suite", "store/storetest/a.go", `"testing"`, ""},
		{"anything to cmd", "internal/web/a_test.go", `"convoke/cmd/convoke"`, "the top"},
		{"sync without its name", "internal/web/a.go", `"sync"`, "stdsync"},
		{"sync under another name", "internal/web/a.go", `s "sync"`, "stdsync"},
		{"sync in a test", "internal/web/a_test.go", `"sync"`, "stdsync"},
		{"sync as stdsync", "internal/web/a.go", `stdsync "sync"`, ""},
		{"sync/atomic", "internal/web/a.go", `"sync/atomic"`, ""},
		{"testdata is left out", "calendar/testdata/a.go", `"convoke/store"`, ""},
		{"file for another system", "calendar/a_windows.go", `"convoke/store"`, "calendar knows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			file := filepath.Join(root, filepath.FromSlash(c.file))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte("package a\n\nimport "+c.imports+"\n"), 0o644))
			violations, _, err := Imports(root, "convoke", rules)
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, violations)
				return
			}
			require.NotEmpty(t, violations)
			assert.Contains(t, violations[0].String(), c.want)
			assert.Contains(t, violations[0].String(), c.file+":3: ")
		})
	}
}

func TestAnotherModuleIsLeftOut(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "tools"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "tools", "go.mod"), []byte("module tools\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "tools", "a.go"), []byte("not Go"), 0o644))
	_, files, err := Imports(root, "convoke", rules)
	require.NoError(t, err)
	assert.Zero(t, files)
}

func TestBrokenFileIsAnError(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.go"), []byte("not Go"), 0o644))
	_, _, err := Imports(root, "convoke", rules)
	require.Error(t, err)
}
