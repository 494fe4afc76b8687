package calendars_test

import (
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldavtest"
	"convoke/internal/calendars"
	"convoke/internal/config"
	"convoke/internal/transport"
	"convoke/store"
)

const alice = "alice@example.com"

// A house is a calendar server where alice has the calendars Work and Sport, reads bob's, and the file of her password.
type house struct {
	server   *caldavtest.Server
	url      *url.URL
	shared   string // bob's calendar, as alice sees it
	password string
}

func newHouse(t *testing.T, opts ...caldavtest.Option) *house {
	s := caldavtest.New(append(opts, caldavtest.User("alice", "secret-a"), caldavtest.User("bob", "secret-b"))...)
	s.AddCalendar("alice", "sport", "Sport")
	h := &house{server: s, shared: s.Share(s.Calendar("bob", "work"), "alice", false), password: filepath.Join(t.TempDir(), "password")}
	require.NoError(t, os.WriteFile(h.password, []byte("secret-a\n"), 0o600))
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var err error
	h.url, err = url.Parse(server.URL)
	require.NoError(t, err)
	return h
}

// open makes Calendars for alice, whose calendars are found from a path on.
func (h *house) open(path string, names ...string) *calendars.Calendars {
	return of(config.Organizer{Email: alice, CalDAVURL: h.url.JoinPath(path), Username: "alice", PasswordFile: h.password, Calendars: names})
}

func of(o config.Organizer) *calendars.Calendars {
	return calendars.New(&config.Config{Organizers: []config.Organizer{o}}, transport.NewPool(), "convoke/test")
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		from  string
		named func(*house) []string
		want  []string // names
		fails string
	}{
		"all of her own":         {"/", nil, []string{"Sport", "Work"}, ""},
		"from her principal":     {"/principals/alice/", nil, []string{"Sport", "Work"}, ""},
		"from her home":          {"/calendars/alice/", nil, []string{"Sport", "Work"}, ""},
		"one calendar's URL":     {"/calendars/alice/sport/", nil, []string{"Sport"}, ""},
		"without the last slash": {"/calendars/alice/sport", nil, []string{"Sport"}, ""},
		"by name":                {"/", list("Work"), []string{"Work"}, ""},
		"by path":                {"/", list("/calendars/alice/work/"), []string{"Work"}, ""},
		"by URL":                 {"/", func(h *house) []string { return []string{h.url.String() + "/calendars/alice/work"} }, []string{"Work"}, ""},
		"named twice":            {"/", list("Work", "/calendars/alice/work/"), []string{"Work"}, ""},
		"a shared one by name":   {"/", list("Work (bob)"), []string{"Work (bob)"}, ""},
		"not there":              {"/", list("Work", "Wrok"), nil, `calendar "Wrok" is not there; there are `},
		"on another server":      {"/", list("https://dav.example.com/calendars/alice/work/"), nil, "is not there"},
		"mistyped":               {"/calendars/alice/sprot/", nil, nil, `caldav_url is none of her calendars; there are `},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			var named []string
			if c.named != nil {
				named = c.named(h)
			}
			cals := h.open(c.from, named...)
			found, err := cals.Find(t.Context(), alice)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			var names []string
			for _, row := range found.Calendars {
				names = append(names, row.Name)
				assert.Equal(t, alice, row.Organizer)
				assert.Equal(t, cals.Source(alice), row.Source)
				assert.Equal(t, row.Name == "Work (bob)", row.Shared)
			}
			assert.ElementsMatch(t, c.want, names)
		})
	}
}

func list(names ...string) func(*house) []string { return func(*house) []string { return names } }

// What is found can be opened, in a later life too, and says what is in it.
func TestOpen(t *testing.T) {
	for name, opts := range map[string][]caldavtest.Option{"basic": nil, "digest": {caldavtest.Digest()}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, opts...)
			found, err := h.open("/", "Work").Find(t.Context(), alice)
			require.NoError(t, err)
			require.NoError(t, h.server.Put(h.server.Calendar("alice", "work")+"a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))
			col, err := h.open("/", "Work").Open(found.Calendars[0])
			require.NoError(t, err)
			h.server.ResetLog()
			o, err := col.Get(t.Context(), h.server.Calendar("alice", "work")+"a.ics")
			require.NoError(t, err)
			assert.Contains(t, string(o.Data), "VCALENDAR")
			if name == "basic" {
				assert.Len(t, h.server.Requests(), 1, "the password goes along at once")
			}
		})
	}
}

// A password is read again when it is used: a new one needs no restart.
func TestNewPassword(t *testing.T) {
	h := newHouse(t)
	cals := h.open("/")
	require.NoError(t, os.WriteFile(h.password, []byte("wrong"), 0o600))
	_, err := cals.Find(t.Context(), alice)
	require.ErrorIs(t, err, calendar.ErrAuth)
	assert.NotContains(t, err.Error(), "wrong")
	require.NoError(t, os.WriteFile(h.password, []byte("secret-a"), 0o600))
	_, err = cals.Find(t.Context(), alice)
	require.NoError(t, err)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "alice")
	cals := of(config.Organizer{Email: alice, VDir: dir})
	_, err := cals.Find(t.Context(), alice)
	require.ErrorIs(t, err, calendar.ErrMissing)
	require.ErrorContains(t, err, "make the folder, or mend vdir")

	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "displayname"), []byte("Alice's work\n"), 0o600))
	found, err := cals.Find(t.Context(), alice)
	require.NoError(t, err)
	assert.Equal(t, []store.Calendar{{Organizer: alice, URL: dir, Name: "Alice's work", Source: dir}}, found.Calendars)
	_, err = cals.Open(found.Calendars[0])
	require.NoError(t, err)
}

func TestNotConfigured(t *testing.T) {
	cals := of(config.Organizer{Email: alice, VDir: t.TempDir()})
	_, err := cals.Find(t.Context(), "bob@example.com")
	require.ErrorContains(t, err, "bob@example.com is not configured")
	_, err = cals.Open(store.Calendar{Organizer: "bob@example.com"})
	require.ErrorContains(t, err, "bob@example.com is not configured")
}
