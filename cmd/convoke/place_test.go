package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/calendar/caldavtest/servers"
	"convoke/meetingapi/meetingtest"
)

// ownClient has connections of its own: closing any httptest.Server closes those of http.DefaultTransport.
var ownClient = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}

// A place is a calendar as the organizer's own program sees it.
type place interface {
	// put answers an error when the calendar does not take the event.
	put(t testing.TB, name, data string) error
	get(t testing.TB, name string) string
	remove(t testing.TB, name string)
}

// A remote is a place on a CalDAV server.
type remote struct{ calendar, user, password string }

func (w remote) do(t testing.TB, method, name, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.calendar+name, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(w.user, w.password)
	if body != "" {
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	}
	resp, err := ownClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func (w remote) put(t testing.TB, name, data string) error {
	t.Helper()
	status, body := w.do(t, http.MethodPut, name, data)
	if status/100 != 2 || status == http.StatusMultiStatus {
		return fmt.Errorf("PUT %s: %d %.200s", name, status, body)
	}
	return nil
}

func (w remote) get(t testing.TB, name string) string {
	t.Helper()
	status, body := w.do(t, http.MethodGet, name, "")
	require.Equal(t, http.StatusOK, status, body)
	return body
}

func (w remote) remove(t testing.TB, name string) {
	t.Helper()
	status, body := w.do(t, http.MethodDelete, name, "")
	require.Equal(t, 2, status/100, body)
}

// A folder is a place of .ics files.
type folder string

func (f folder) put(t testing.TB, name, data string) error {
	t.Helper()
	draft := filepath.Join(string(f), "."+name)
	require.NoError(t, os.WriteFile(draft, []byte(data), 0o600))
	return os.Rename(draft, filepath.Join(string(f), name))
}

func (f folder) get(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(string(f), name))
	require.NoError(t, err)
	return string(data)
}

func (f folder) remove(t testing.TB, name string) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(string(f), name)))
}

// A bench is convoke between a calendar and a platform.
type bench struct {
	place
	resets   bool // a new LOCATION makes attendees answer again, as on SOGo
	platform *meetingtest.Server
	requests *counter // to the calendar server; nil for a folder
	config   string
}

// benches are all kinds of calendars. Those of real servers skip when their server cannot be had, but under CI=true.
func benches() map[string]func(testing.TB) *bench {
	all := map[string]func(testing.TB) *bench{
		"memory": func(t testing.TB) *bench { return memoryBench(t) },
		"folder": func(t testing.TB) *bench { return folderBench(t) },
	}
	for _, p := range []string{"radicale", "xandikos", "davical", "cyrus", "sogo"} {
		all["memory as "+p] = func(t testing.TB) *bench {
			b := memoryBench(t, caldavtest.Profile(p))
			b.resets = p == "sogo"
			return b
		}
	}
	for _, name := range servers.Names() {
		all["real "+name] = func(t testing.TB) *bench { return realBench(t, name) }
	}
	return all
}

func folderBench(t testing.TB) *bench {
	dir := t.TempDir()
	b := newBench(t, fmt.Sprintf("vdir = %q", dir), "")
	b.place = folder(dir)
	return b
}

func memoryBench(t testing.TB, options ...caldavtest.Option) *bench {
	return memorySite(t, options...).bench(t)
}

func realBench(t testing.TB, name string) *bench { return benchOn(t, realServer(t, name)) }

// realServer starts a server that is really one.
func realServer(t testing.TB, name string) *servers.Instance {
	t.Helper()
	i, err := servers.Start(t.Context(), name, t.Logf)
	if errors.Is(err, servers.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(i.Stop)
	return i
}

// benchOn is a new convoke and a new platform before a server that may have been used before.
func benchOn(t testing.TB, i *servers.Instance) *bench {
	t.Helper()
	return siteOf(t, i).bench(t)
}

// A site is where a calendar is on a server: what convoke is told to begin at, and the path of the calendar itself.
type site struct{ address, begin, calendar, user, password string }

func memorySite(t testing.TB, options ...caldavtest.Option) site {
	s := caldavtest.New(append(options, caldavtest.User("alice", canaryPassword, alice))...)
	return site{serve(t, s), s.Home("alice"), s.Calendar("alice", "work"), "alice", canaryPassword}
}

func siteOf(t testing.TB, i *servers.Instance) site {
	t.Helper()
	base, err := url.Parse(i.Base)
	require.NoError(t, err)
	user := i.User("alice")
	cal, err := url.Parse(user.Calendar)
	require.NoError(t, err)
	return site{base.Scheme + "://" + base.Host, base.Path, cal.Path, user.Name, user.Password}
}

// bench puts a counter before the server.
func (s site) bench(t testing.TB) *bench {
	requests, proxy := newCounter(t, s.address)
	b := s.behind(t, proxy)
	b.requests = requests
	return b
}

// behind is convoke before a proxy of the server; it is told where to begin, and finds the calendar itself.
func (s site) behind(t testing.TB, proxy string) *bench {
	b := newBench(t, fmt.Sprintf("caldav_url = %q\nusername = %q\npassword_file = \"alice.password\"\ncalendars = [%q]",
		proxy+s.begin, s.user, s.calendar), s.password)
	b.place = remote{s.address + s.calendar, s.user, s.password}
	return b
}

func newBench(t testing.TB, organizer, password string) *bench {
	platform, address, account := newPlatform(t)
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"platform-api-key": canaryKey, "alice.password": password, "config.toml": configuration(address, account.ID, organizer),
	})
	return &bench{platform: platform, config: filepath.Join(dir, "config.toml")}
}

// asked returns what the calendar server was asked since the last time, and the platform.
func (b *bench) asked(from int) (calendar map[string]int, platform int) {
	if b.requests != nil {
		calendar = b.requests.take()
	}
	return calendar, b.platform.CountCalls() - from
}
