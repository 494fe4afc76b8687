package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
)

// TestScripts runs testdata/script: commands as people type them, with what they print. Each script has a calendar server
// and a platform of its own, and when it ends nothing secret may be in anything that was printed or kept.
//
// Beside testscript's own commands there are those of script_world_test.go and script_process_test.go.
func TestScripts(t *testing.T) {
	bin := programFolder(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUp(env, bin) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": jsonHas, "agrees": agrees, "spoil": spoil, "hold": hold, "release": release,
			"notify": notifySocket, "notified": notified, "signal": signalAll, "logged": logged, "rewrite": rewrite,
			"put": put, "edit": edit, "delete": remove, "event": event, "calendar": calendarServer, "stalled": stalled,
			"meetings": meetings, "calls": calls, "mails": mails, "platform": platform, "account": account,
		},
	})
}

// A stage is what a script plays on.
type stage struct {
	dav      *caldavtest.Server
	platform *meetingtest.Server
	calls    int // of the platform, seen by the script
	release  func()
	messages chan string // to systemd
	told     []string    // those that the script has not asked for

	stalled, goOn chan struct{} // a request to the calendar server waits
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

func setUp(env *testscript.Env, bin string) error {
	t := env.T().(testing.TB)
	s := &stage{dav: caldavtest.New(caldavtest.User("alice", canaryPassword, alice))}
	p, address, account := newPlatform(t)
	s.platform = p
	env.Values[stageKey{}] = s
	user := p.Users()[0]
	for key, value := range map[string]string{
		"PATH": bin + string(filepath.ListSeparator) + env.Getenv("PATH"), outputFile: filepath.Join(env.WorkDir, ".output"),
		"DAV": serve(t, s.dav), "CALENDAR": s.dav.Calendar("alice", "work"),
		"API": address, "ACCOUNT": account.ID, "USER_ID": user.ID, "ORGANIZER": alice,
		"GORACE":   quickExit,
		"NO_COLOR": "", "JOURNAL_STREAM": "", "CREDENTIALS_DIRECTORY": "", "NOTIFY_SOCKET": "", "WATCHDOG_USEC": "",
	} {
		env.Setenv(key, value)
	}
	env.Defer(func() { searchSecrets(t, env.WorkDir, user.ICSToken) })
	return writeConfiguration(t, env, account.ID)
}

// writeConfiguration puts the usual configuration and its secrets there, where the script has none of its own, and fills in
// addresses in those of the script.
func writeConfiguration(t testing.TB, env *testscript.Env, account string) error {
	organizer := fmt.Sprintf("caldav_url = %q\nusername = \"alice\"\npassword_file = \"alice.password\"", env.Getenv("DAV")+"/")
	for name, text := range map[string]string{
		"config.toml": configuration(env.Getenv("API"), account, organizer), "platform-api-key": canaryKey + "\n", "alice.password": canaryPassword + "\n",
	} {
		if _, err := os.Stat(filepath.Join(env.WorkDir, name)); err != nil {
			writeFiles(t, env.WorkDir, map[string]string{name: text})
		}
	}
	written, err := filepath.Glob(filepath.Join(env.WorkDir, "*.toml"))
	for _, name := range written {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, []byte(os.Expand(string(text), env.Getenv)), 0o600))
	}
	return err
}

// searchSecrets looks into everything that is in the folder, and for what was printed.
func searchSecrets(t testing.TB, dir, feedToken string) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() || strings.Contains(e.Name(), "password") || strings.Contains(e.Name(), "api-key") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{canaryKey, canaryPassword, feedToken} {
			assert.False(t, bytes.Contains(data, []byte(secret)), "a secret in %s", e.Name())
		}
		return err
	})
	assert.NoError(t, err)
}
