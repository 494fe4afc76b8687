package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// secrets are the files that the configurations of testdata name, with their modes.
var secrets = map[string]os.FileMode{
	"platform-api-key": 0o600, "platform.key": 0o640, "alice.key": 0o600,
	"alice.password": 0o640, "bob.password": 0o600,
	"open.password": 0o644, "open.key": 0o604,
}

// folder makes a folder with the secrets and a configuration.
func folder(t *testing.T, document string) (dir, file string) {
	t.Helper()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	dir = t.TempDir()
	for name, mode := range secrets {
		writeFile(t, filepath.Join(dir, name), "canary\n", mode)
	}
	writeFile(t, filepath.Join(dir, "empty.password"), "", 0o600)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	file = filepath.Join(dir, "config.toml")
	writeFile(t, file, document, 0o644)
	return dir, file
}

// writeFile sets the mode whatever the umask is.
func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, os.Chmod(path, mode))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func load(t *testing.T, document string) (*Config, error) {
	t.Helper()
	_, file := folder(t, document)
	return Load(file)
}

// minimal is a valid file that a test case appends to.
const minimal = `
database = "ledger.db"
platform.url = "https://meeting.example.com"
platform.join_url = "https://meeting.example.com/{meetingId}"
`

func TestGoodFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.toml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := load(t, readFile(t, file))
			require.NoError(t, err)
		})
	}
}

// Each bad file has its error beside it, word for word.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.toml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir, path := folder(t, readFile(t, file))
			_, err := Load(path)
			var invalid *Invalid
			require.ErrorAs(t, err, &invalid)
			require.NotEmpty(t, invalid.Faults)
			assert.NotContains(t, err.Error(), "canary", "a secret is shown")
			golden := strings.TrimSuffix(file, ".toml") + ".golden"
			text := strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(text), 0o644))
			}
			assert.Equal(t, readFile(t, golden), text)
		})
	}
}

func TestDefaults(t *testing.T) {
	dir, file := folder(t, readFile(t, "testdata/good/minimal.toml"))
	c, err := Load(file)
	require.NoError(t, err)
	want := Default()
	want.File = file
	want.Database = filepath.Join(dir, "ledger.db")
	want.KeyFile = filepath.Join(dir, "convoke.key")
	want.Stamp = want.KeyFile + ".stamp"
	want.Platform.APIKeyFile = filepath.Join(dir, "platform-api-key")
	want.Platform.URL = c.Platform.URL
	want.Platform.JoinURL = "https://meeting.example.com/join/{meetingId}"
	assert.Equal(t, want, *c)
	assert.Equal(t, "https://meeting.example.com", c.Platform.URL.String(), "no final slash")
}

// A file that sets every key to something else leaves no default: so every key reaches its field.
func TestEveryKeyIsRead(t *testing.T) {
	dir, file := folder(t, readFile(t, "testdata/good/every-key.toml"))
	c, err := Load(file)
	require.NoError(t, err)
	require.Len(t, c.Organizers, 3)
	sameFields(t, "", reflect.ValueOf(Default()), reflect.ValueOf(*c))
	sameFields(t, "preset.", reflect.ValueOf(Preset{Meeting: c.Meeting}), reflect.ValueOf(c.Presets["record"]))

	alice, carol, bob := c.Organizers[0], c.Organizers[1], c.Organizers[2]
	alice.VDir, alice.ICSURL = carol.VDir, bob.ICSURL // what cannot stand beside caldav_url
	sameFields(t, "organizer.", reflect.ValueOf(Organizer{Mode: ModeAttendees, Language: "nl"}), reflect.ValueOf(alice))
	assert.Equal(t, "alice@example.com", alice.Email)
	assert.Equal(t, []string{"a.smith@example.com"}, alice.Aliases)
	assert.Equal(t, "https://dav.example.com/", alice.CalDAVURL.String())
	assert.Equal(t, filepath.Join(dir, "alice.password"), alice.PasswordFile)
	assert.Equal(t, filepath.Join(dir, "carol"), carol.VDir)
	assert.Equal(t, ModeAttendees, carol.Mode, "from [select]")
	assert.Equal(t, "nl", carol.Language, "from [details]")
	assert.Equal(t, []CalendarRule{{"https://dav.example.com/shared/team/", ModeMarked}, {"Work", ModeAll}}, alice.CalendarRules)
	assert.Equal(t, "https://calendar.example.com/private-canary/basic.ics?token=canary", bob.ICSURL.Reveal())
	assert.Equal(t, filepath.Join(dir, "bob.password"), bob.PasswordFile)
	assert.Equal(t, map[string]Preset{
		"record":    {Meeting: Meeting{Type: "webinar"}, Agenda: "Welcome\nDecisions"},
		"as-always": {Meeting: c.Meeting},
	}, c.Presets)
	assert.Equal(t, filepath.Join(dir, "folder"), c.Details.Templates)
	assert.Equal(t, "https://convoke.example.com/team", c.PublicURL.String(), "no final slash")
	assert.Equal(t, filepath.Join(dir, "seal.key"), c.KeyFile, "may be missing")
	assert.Equal(t, "http://127.0.0.1:8080", c.Platform.URL.String())
}

// sameFields fails for every field that is equal in both.
func sameFields(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	for i := range a.NumField() {
		name := path + a.Type().Field(i).Name
		if a.Field(i).Kind() == reflect.Struct && name != "Schedule" && name != "organizer.ICSURL" {
			sameFields(t, name+".", a.Field(i), b.Field(i))
			continue
		}
		assert.False(t, reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()), "%s is still the default", name)
	}
}

func TestSchedule(t *testing.T) {
	start := time.Date(2026, 3, 28, 23, 30, 15, 0, time.FixedZone("", 3600))
	for _, c := range []struct{ name, text, next, wrong string }{
		{name: "every", text: "@every 90s", next: "2026-03-28T22:31:45Z"},
		{name: "five fields are UTC", text: "30 2 * * *", next: "2026-03-29T02:30:00Z"},
		{name: "descriptor is UTC", text: "@daily", next: "2026-03-29T00:00:00Z"},
		{name: "zone without a space", text: "TZ=0", wrong: "in UTC"},
		{name: "zone alone", text: "TZ=", wrong: "in UTC"},
		{name: "cron zone", text: "CRON_TZ=Europe/Berlin 0 1 * * *", wrong: "in UTC"},
		{name: "six fields", text: "0 0 1 * * *", wrong: "is not a cron expression"},
		{name: "words", text: "hourly", wrong: "is not a cron expression"},
		{name: "a day that never comes", text: "0 0 30 2 *", wrong: "no such day"},
		{name: "every, without a unit", text: "@every 60", wrong: "needs a duration"},
		{name: "every, too often", text: "@every 10ms", wrong: "too often"},
		{name: "every, backwards", text: "@every -1m", wrong: "too often"},
		{name: "empty", text: "", wrong: "must not be empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := schedule(c.text)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.text, s.Text)
			assert.Equal(t, c.next, s.Next(start.UTC()).UTC().Format(time.RFC3339))
		})
	}
}

// No limit is not a limit of zero.
func TestDurationsOfEvents(t *testing.T) {
	for name, c := range map[string]struct {
		limits   string
		min, max time.Duration
		ok       bool
	}{
		"none":               {"select.max_duration = \"0s\"", 0, 0, true},
		"a minimum alone":    {"select.max_duration = \"0s\"\nselect.min_duration = \"48h\"", 48 * time.Hour, 0, true},
		"both the same":      {"select.max_duration = \"1h\"\nselect.min_duration = \"1h\"", time.Hour, time.Hour, true},
		"above the default":  {"select.min_duration = \"24h1s\"", 0, 0, false},
		"minimum the longer": {"select.min_duration = \"2h\"\nselect.max_duration = \"1h\"", 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, minimal+c.limits)
			if !c.ok {
				require.ErrorContains(t, err, "must not be above select.max_duration")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.min, got.Select.MinDuration)
			assert.Equal(t, c.max, got.Select.MaxDuration)
		})
	}
}

func TestPresetTakesTheRestFromMeeting(t *testing.T) {
	c, err := load(t, minimal+`
[preset.quiet]
dialin = false
[preset.own]
permission_id = ""
agenda = ""
[meeting]
type = "boardroom"
dialin = true
permission_id = "5e9459c5b863b82cefdddf40"
`)
	require.NoError(t, err)
	assert.Equal(t, map[string]Preset{
		"quiet": {Meeting: Meeting{Type: "boardroom", PermissionID: "5e9459c5b863b82cefdddf40"}},
		"own":   {Meeting: Meeting{Type: "boardroom", Dialin: true}},
	}, c.Presets)
}

func TestAgendaOfWindowsLines(t *testing.T) {
	got, err := prose("One\r\n\r\nTwo\r\n")
	require.NoError(t, err)
	assert.Equal(t, "One\n\nTwo", got)
	_, err = prose("One\rTwo")
	assert.ErrorContains(t, err, "control characters")
}

func TestPlainHTTPForLoopbackOnly(t *testing.T) {
	for host, accepted := range map[string]bool{
		"127.0.0.1:5232": true, "127.9.9.9": true, "[::1]:80": true, "localhost": true, "LocalHost:80": true,
		"10.0.0.1": false, "[fe80::1]": false, "0.0.0.0": false, "localhost.example.com": false, "2130706433": false,
	} {
		t.Run(host, func(t *testing.T) {
			_, err := webURL("http://" + host + "/")
			assert.Equal(t, accepted, err == nil, "%v", err)
			_, err = webURL("https://" + host + "/")
			assert.NoError(t, err)
		})
	}
}

func TestJoinURL(t *testing.T) {
	for name, c := range map[string]struct {
		url string
		ok  bool
	}{
		"in the path":     {"https://m.example.com/join/{meetingId}", true},
		"in the query":    {"https://m.example.com/join?id={meetingId}&x=1", true},
		"in the fragment": {"https://m.example.com/#/join/{meetingId}", true},
		"in the host":     {"https://m{meetingId}.example.com/", false},
		"plain http":      {"http://m.example.com/{meetingId}", false},
		"with a password": {"https://a:b@m.example.com/{meetingId}", false},
		"with a space":    {"https://m.example.com/a b/{meetingId}", false},
		"without number":  {"https://m.example.com/{id}", false},
		"no URL":          {"{meetingId}", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := joinURL(c.url)
			assert.Equal(t, c.ok, err == nil, "%v", err)
		})
	}
}

func TestEveryFaultHasKeyLineAndValue(t *testing.T) {
	_, err := load(t, minimal+"\n[[organizer]]\nemail = \"a@example.com\"\nvdir = \"a\"\n\n"+
		"[[organizer]]\nemail = \"b@example.com\"\n# where his calendars are\ncaldav_url = \"http://dav.example.com/\"\n")
	var invalid *Invalid
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, []Fault{{
		Key: "organizer[1].caldav_url", Value: `"http://dav.example.com/"`, Line: 13,
		Message: "plain http is accepted for loopback addresses only",
	}}, invalid.Faults)
	assert.Equal(t, invalid.File+`:13: organizer[1].caldav_url = "http://dav.example.com/": `+
		"plain http is accepted for loopback addresses only", err.Error())
}

func TestLongValueIsCut(t *testing.T) {
	_, err := load(t, minimal+`schedule = "`+strings.Repeat("ü", 5000)+`"`)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 600)
}
