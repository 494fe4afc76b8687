package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/chaos"
	"convoke/meetingapi/meetingtest"
)

// farthest is in how many days the last event of these tests is at most: as far ahead as the platform's feed must have been seen
// to reach before a meeting that it does not show is believed not to be there.
const farthest = 61

// spoiled are two proxies that spoil requests, between convoke and its servers, and the host that redirects lead to.
type spoiled struct {
	calendar, platform       *chaos.Proxy
	calendarURL, platformURL string // of the proxies
	canary                   *chaos.Canary
}

// spoilBetween starts them before a calendar server and a platform.
func spoilBetween(t testing.TB, calendar, platform string, o chaos.Options) *spoiled {
	t.Helper()
	s := &spoiled{canary: &chaos.Canary{}}
	o.Canary = serveElsewhere(t, s.canary)
	s.calendar, s.calendarURL = startProxy(t, o, calendar, chaos.Calendar)
	o.Seed++
	s.platform, s.platformURL = startProxy(t, o, platform, chaos.Platform)
	return s
}

func startProxy(t testing.TB, o chaos.Options, target string, kind func(*http.Request) chaos.Kind) (*chaos.Proxy, string) {
	t.Helper()
	o.Target, o.Kind = target, kind
	p, err := chaos.New(o)
	require.NoError(t, err)
	url := serve(t, p)
	t.Cleanup(p.Close)
	return p, url
}

// serveElsewhere serves on another loopback address than everything else.
func serveElsewhere(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// arm has the next request of a kind meet a fault.
func (s *spoiled) arm(k chaos.Kind, f chaos.Fault) {
	if strings.HasPrefix(string(k), "platform") {
		s.platform.Arm(k, f)
	} else {
		s.calendar.Arm(k, f)
	}
}

func (s *spoiled) setRate(rate float64) {
	s.calendar.SetRate(rate)
	s.platform.SetRate(rate)
}

func (s *spoiled) tally() chaos.Tally {
	all := s.calendar.Tally()
	all.Add(s.platform.Tally())
	return all
}

// assertNothingLeaked wants that nobody followed a redirect to another host.
func (s *spoiled) assertNothingLeaked(t testing.TB) {
	t.Helper()
	assert.Empty(t, s.canary.Hits(), "requests that reached a host that nobody configured")
}

// A booking is an organizer of these tests, as the configuration names her.
type booking struct{ email, account, user, calendar string }

// configuration is a file that leads to both proxies; settle is platform.settle.
func (s *spoiled) configuration(settle time.Duration, organizers ...booking) string {
	var b strings.Builder
	fmt.Fprintf(&b, `database = "ledger.db"
listen = ""
schedule = "@every 1s"

[platform]
url = %q
api_key_file = "platform-api-key"
join_url = %q
requests_per_second = 1000
settle = %q

[limits]
creations_per_hour = 0
creations_per_day = 0
creations_overall = 0

[select]
horizon = "0s"

[details]
quiet = "1s"

[cancel]
undo = "1s"
`, s.platformURL, joinURL, settle)
	for _, o := range organizers {
		fmt.Fprintf(&b, `
[[organizer]]
email = %q
account_id = %q
caldav_url = %q
username = %q
password_file = "%s.password"
calendars = [%q]
`, o.email, o.account, s.calendarURL+"/", o.user, o.user, o.calendar)
	}
	return b.String()
}

// newFeedPlatform is a platform whose feed shows ids and numbers, with an account for each address.
func newFeedPlatform(t testing.TB, emails ...string) (p *meetingtest.Server, address string, accounts []string) {
	t.Helper()
	p = meetingtest.New(meetingtest.Options{InstanceKey: canaryKey, Knobs: meetingtest.Knobs{FeedDetails: true}})
	for _, email := range emails {
		account, _ := p.AddAccount(meetingtest.User{Email: email, FirstName: "A", LastName: "B", TimeZone: "Europe/Brussels", Language: "en"})
		accounts = append(accounts, account.ID)
	}
	return p, serve(t, p), accounts
}
