package sync_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/caldavtest"
	"convoke/calendar/feed"
	"convoke/internal/scenario"
	"convoke/internal/wording"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// step carries out one section of a scenario. It returns what came of it when that is to be compared.
func (p *play) step(name, body string) (result string, asked bool) {
	p.t.Helper()
	verb, rest, _ := strings.Cut(name, " ")
	arg := strings.Fields(rest)
	path := func(i int) string { return p.path(arg[i]) }
	switch verb {
	case "given":
		p.given(body)
	case "put":
		require.NoError(p.t, p.dav.Put(path(0), scenario.Object(arg[0], p.unmasked(body))))
	case "edit":
		require.NoError(p.t, p.dav.Put(path(0), p.edited(p.text(path(0)), body)))
	case "override":
		require.NoError(p.t, p.dav.Put(path(0), scenario.Override(p.text(path(0)), p.unmasked(body))))
	case "copy":
		require.NoError(p.t, p.dav.Put(path(1), p.edited(scenario.Renamed(p.text(path(0)), arg[1]), body)))
	case "move":
		require.NoError(p.t, p.dav.Move(path(0), path(1)))
	case "delete":
		p.deleted[path(0)] = p.text(path(0))
		require.NoError(p.t, p.dav.Delete(path(0)))
	case "restore":
		require.NoError(p.t, p.dav.Put(path(len(arg)-1), p.edited(p.deleted[path(0)], body)))
	case "publish":
		require.NoError(p.t, os.WriteFile(p.feed(arg[0]), []byte(scenario.Object(arg[0], body)), 0o600))
	case "meanwhile":
		p.meanwhile(path(0), body)
	case "answer":
		require.NoError(p.t, p.dav.Reply(arg[0], arg[1], arg[2]))
	case "server":
		p.server(arg)
	case "platform":
		for range times(p.t, arg[2:]) {
			p.platform.Fail(routes[arg[0]], faults[arg[1]])
		}
	case "vanish":
		p.platform.Drop(p.numbered(arg[0]).ID)
	case "missing":
		p.dav.Inject(caldavtest.Fault{Path: p.dav.Calendar("alice", arg[0]), Status: http.StatusNotFound})
	case "denied":
		p.dav.Inject(caldavtest.Fault{Path: p.dav.Calendar("alice", arg[0]), Status: http.StatusForbidden})
	case "unlisted":
		p.shelf.unlist(arg[0], arg[1])
	case "approve":
		p.approve()
	case "heal":
		p.dav.Heal()
		p.newClient()
	case "wait":
		d, err := time.ParseDuration(rest)
		require.NoError(p.t, err)
		p.clock.add(d)
	case "clock":
		p.clock.add(utc(rest).Sub(p.clock.Now()))
	case "late":
		require.Positive(p.t, p.platform.ReleaseLate(), "nothing was held back")
	case "trust":
		require.NoError(p.t, p.engine.Trust(p.t.Context()))
	case "rebuild":
		return p.rebuilt(), true
	case "restart":
		p.restart()
	case "lose-ledger":
		p.loseLedger()
	case "eject":
		_, err := p.engine.Eject(p.t.Context(), "", len(arg) > 0)
		require.NoError(p.t, err)
		p.puts = p.dav.Counts()["PUT"]
	case "open-end":
		p.open = true
	case "pass", "plan", "show", "why", "mails":
		return p.question(verb, arg), true
	default:
		require.Fail(p.t, "no such step", "%q", name)
	}
	return "", false
}

func (p *play) question(verb string, arg []string) string {
	switch verb {
	case "plan":
		steps, report := p.world.plan()
		return p.masked(showSteps(p.placeholders(steps)) + showProblems(report))
	case "show":
		return p.masked(strings.ReplaceAll(p.text(p.path(arg[0])), "\r\n", "\n"))
	case "why":
		return p.why(arg[0])
	case "mails":
		return p.mails()
	}
	return p.passed()
}

// rebuilt rebuilds the ledger and tells what came of it.
func (p *play) rebuilt() string {
	p.t.Helper()
	p.steps = nil
	report, doubts, err := p.engine.Rebuild(p.t.Context())
	require.NoError(p.t, err)
	for _, s := range p.steps {
		p.rules[string(s.Rule)] = true
	}
	end := fmt.Sprintf("in doubt: %d\n", len(doubts))
	return p.masked(showSteps(p.steps) + showProblems(report) + p.calls() + p.events() + end)
}

var routes = map[string]meetingtest.Route{
	"FEED": meetingtest.Feed,
	"POST": meetingtest.CreateMeeting, "PUT": meetingtest.UpdateMeeting, "DELETE": meetingtest.DeleteMeeting,
}

var faults = map[string]meetingtest.Fault{
	"lost-answer": meetingtest.LostAnswer(), "lost-request": meetingtest.LostRequest(), "fails": meetingtest.ErrorBefore(http.StatusInternalServerError),
	"refuses": meetingtest.ErrorBefore(http.StatusForbidden), "busy": meetingtest.RateLimited("60"),
	"late": meetingtest.Late(), "page": meetingtest.HTML(http.StatusOK),
	"not-found": meetingtest.ErrorBefore(http.StatusNotFound),
}

// times reads how often something happens: once, where nothing is said.
func times(t testing.TB, arg []string) int {
	t.Helper()
	if len(arg) == 0 {
		return 1
	}
	n, err := strconv.Atoi(arg[0])
	require.NoError(t, err)
	return n
}

// numbered is the meeting #1, #2 …
func (p *play) numbered(name string) meetingtest.Meeting {
	p.t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(name, "#"))
	require.NoError(p.t, err)
	return p.platform.Meetings()[n-1]
}

// approve is what an admin says to everything that is held.
func (p *play) approve() {
	p.t.Helper()
	_, err := sync.ApproveMissing(p.t.Context(), p.ledger, p.clock.Now())
	require.NoError(p.t, err)
	for _, o := range p.people {
		for _, c := range p.calendarsOf(o.Email) {
			_, err := sync.Approve(p.t.Context(), p.ledger, c.ID, p.clock.Now())
			require.NoError(p.t, err)
		}
	}
}

// path is that of work/name, which is alice's, or of bob/work/name.
func (p *play) path(place string) string {
	p.t.Helper()
	part := strings.Split(place, "/")
	if len(part) == 2 {
		part = append([]string{"alice"}, part...)
	}
	require.Len(p.t, part, 3, "%q is no place of an event", place)
	return p.dav.Calendar(part[0], part[1]) + part[2] + ".ics"
}

// text is an event as the calendar holds it, without folds.
func (p *play) text(path string) string {
	p.t.Helper()
	return (&entry{world: p.world, path: path}).text()
}

// edited changes a text as the lines of body say.
func (p *play) edited(text, body string) string {
	p.t.Helper()
	after, err := scenario.Edited(text, p.unmasked(body))
	require.NoError(p.t, err)
	return after
}

// meanwhile lets somebody edit an event after convoke has read it and before it writes.
func (p *play) meanwhile(path, body string) {
	p.dav.Inject(caldavtest.Fault{Method: http.MethodPut, Path: path, Times: 1, Hook: func(*http.Request) {
		if strings.TrimSpace(body) == "delete" {
			require.NoError(p.t, p.dav.Delete(path))
			return
		}
		require.NoError(p.t, p.dav.Put(path, p.edited(p.text(path), body)))
	}})
}

// server spoils requests: METHOD STATUS, and how often.
func (p *play) server(arg []string) {
	f := caldavtest.Fault{Method: arg[0]}
	var err error
	if f.Status, err = strconv.Atoi(arg[1]); err != nil {
		f.Reset, f.After = true, arg[1] == "lost-answer"
		err = nil
	}
	if len(arg) > 2 {
		f.Times, err = strconv.Atoi(arg[2])
	}
	require.NoError(p.t, err)
	p.dav.Inject(f)
}

// serverOptions reads the line "server" of the first section.
func serverOptions(t testing.TB, given string) (opts []caldavtest.Option) {
	t.Helper()
	for line := range strings.Lines(given) {
		word := strings.Fields(line)
		if len(word) == 0 || word[0] != "server" {
			continue
		}
		for _, name := range word[1:] {
			switch {
			case name == "schedules":
				opts = append(opts, caldavtest.Scheduling())
			case name == "drops-x":
				opts = append(opts, caldavtest.Rewrites(caldavtest.DropX))
			case name == "drops-link":
				opts = append(opts, caldavtest.Rewrites(dropLinks))
			default:
				require.Contains(t, caldavtest.Profiles(), name)
				opts = append(opts, caldavtest.Profile(name))
			}
		}
	}
	return opts
}

// dropLinks takes out of an event what has a join link in it.
func dropLinks(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, joinPrefix) })
}

// given makes people and calendars, and sets what the admin set.
func (p *play) given(body string) {
	p.t.Helper()
	for line := range strings.Lines(body) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		arg := strings.Fields(value)
		switch key {
		case "", "server":
		case "person":
			p.join(value)
			p.world.rules(func(r *sync.Rules) { r.RollAfter, r.MailBudget, r.Private = 30*time.Minute, 1, sync.PrivateNeutral })
		case "user":
			caldavtest.User(value, "secret")(p.dav)
		case "alias":
			o := p.person(arg[0])
			o.Addresses = append(o.Addresses, arg[1])
		case "home":
			zone, err := time.LoadLocation(arg[1])
			require.NoError(p.t, err)
			p.person(arg[0]).Home = zone
		case "calendar":
			p.shelf.add(arg[0], p.dav.AddCalendar(arg[0], arg[1], arg[1]), arg[1])
		case "mode-of":
			p.person(arg[0]).Modes = map[string]sync.Mode{arg[1]: sync.Mode(arg[2])}
		case "share":
			p.shelf.add(arg[2], p.dav.Share(p.dav.Calendar(arg[0], arg[1]), arg[2], true), arg[1]+" of "+arg[0])
			rows := p.shelf.places[arg[2]+"@example.com"]
			rows[len(rows)-1].Shared = true
		case "read-only":
			p.dav.SetReadOnly(p.dav.Calendar(arg[0], arg[1]), true)
		case "writable":
			p.dav.SetReadOnly(p.dav.Calendar(arg[0], arg[1]), false)
		case "feed":
			p.subscribe(value)
		case "left":
			p.shelf.leave(arg[0], arg[1])
		case "reads-back":
			p.readsBack()
		case "platform":
			p.platform.Set(knobs[value])
		default:
			p.world.rules(func(r *sync.Rules) { p.rule(r, key, value) })
		}
	}
}

var knobs = map[string]func(*meetingtest.Knobs){
	"closed-stays":   func(k *meetingtest.Knobs) { k.ClosedStays = true },
	"refuses-agenda": func(k *meetingtest.Knobs) { k.Agenda = meetingtest.AgendaRefused },
	"feed-lags":      func(k *meetingtest.Knobs) { k.FeedLag = 5 * time.Minute },
	"stingy":         func(k *meetingtest.Knobs) { k.Stingy = true },
	"dial-in":        func(k *meetingtest.Knobs) { k.DialIns = []any{"+41 44 555 01 23", "+1 412 555 0123"} },
}

func (p *play) person(name string) *sync.Organizer {
	p.t.Helper()
	i := slices.IndexFunc(p.people, func(o sync.Organizer) bool { return o.Email == name+"@example.com" })
	require.GreaterOrEqual(p.t, i, 0, "no organizer %s", name)
	return &p.people[i]
}

// leave takes a calendar out of the configuration.
func (s *shelf) leave(who, name string) {
	s.unlist(who, name)
	s.source += "-"
}

// unlist makes discovery not find a calendar any more.
func (s *shelf) unlist(who, name string) {
	email := who + "@example.com"
	s.places[email] = slices.DeleteFunc(s.places[email], func(c store.Calendar) bool { return strings.EqualFold(c.Name, name) })
}

// rule sets one key of the admin's.
func (p *play) rule(r *sync.Rules, key, value string) {
	p.t.Helper()
	duration := func() time.Duration {
		d, err := time.ParseDuration(value)
		require.NoError(p.t, err)
		return d
	}
	switch key {
	case "mode":
		r.Mode = sync.Mode(value)
	case "existing":
		r.Existing = value == "true"
	case "quiet":
		r.Quiet = duration()
	case "undo":
		r.Undo = duration()
	case "cancel":
		r.Cancel = sync.CancelAction(value)
	case "window":
		r.Window = sync.WindowMode(value)
	case "min_duration":
		r.MinDuration = duration()
	case "max_duration":
		r.MaxDuration = duration()
	case "horizon":
		r.Horizon = duration()
	case "creations_per_hour":
		n, err := strconv.Atoi(value)
		require.NoError(p.t, err)
		r.Caps.PerHour = n
	case "private":
		r.Private = sync.PrivateMode(value)
	case "mail_budget":
		n, err := strconv.Atoi(value)
		require.NoError(p.t, err)
		r.MailBudget = n
	case "unknown":
		r.RetryUnknown = value == "retry"
	case "dialin":
		r.Dialin = value == "true"
	case "preset":
		p.preset(r, strings.Fields(value))
	case "language":
		words, err := wording.Load("")
		require.NoError(p.t, err)
		r.Words = worded(words, value)
	default:
		require.Fail(p.t, "no such line in given", "%s %s", key, value)
	}
}

// worded are the words of a language, as package people makes them.
func worded(words *wording.Words, language string) sync.Words {
	return sync.Words{
		Untitled: words.Heading(language), Private: words.Private(language),
		Cancelled: func(topic string) string { return words.Cancelled(language, topic) },
		Block: func(t sync.Text) (string, []string) {
			d := wording.Data{JoinURL: t.JoinURL, Number: t.Number, PIN: t.PIN}
			for _, n := range t.Phones {
				d.Dial = append(d.Dial, wording.Dial{Number: n.Number, Label: n.Label})
			}
			return words.Heading(language), words.Lines(language, d)
		},
	}
}

// preset defines one: its name, and what it sets.
func (p *play) preset(r *sync.Rules, words []string) {
	preset := r.Preset
	for _, w := range words[1:] {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "type":
			preset.Type = value
		case "recorded":
			preset.Recorded = true
		case "dialin":
			preset.Dialin = true
		case "agenda":
			preset.Agenda = value
		default:
			require.Fail(p.t, "no such key of a preset", key)
		}
	}
	if r.Presets == nil {
		r.Presets = map[string]sync.Preset{}
	}
	r.Presets[words[0]] = preset
}

// feed is the file that somebody's feed is published as.
func (p *play) feed(name string) string { return filepath.Join(p.folder, name+".ics") }

// subscribe gives somebody a feed as a calendar.
func (p *play) subscribe(name string) {
	p.t.Helper()
	s, err := feed.File(p.feed(name))
	require.NoError(p.t, err)
	p.shelf.add(name, "", "Subscription")
	rows := p.shelf.places[name+"@example.com"]
	rows[len(rows)-1].URL = "feed:" + name
	p.shelf.feeds = map[string]calendar.Collection{"feed:" + name: subscription{s}}
}

// subscription is a feed that is known not to take anything.
type subscription struct{ *feed.Subscription }

func (subscription) Server() calendar.Server { return calendar.Server{ReadOnly: true} }

// traits lets convoke know of a calendar's server what it knows in the program.
func (p *play) traits(_ store.Calendar, c calendar.Collection) calendar.Collection {
	if web, ok := c.(*caldav.Calendar); ok {
		return &served{web}
	}
	return c
}

// served is a calendar whose server is told, as package calendars does it.
type served struct{ *caldav.Calendar }

func (s *served) Server() calendar.Server {
	t := s.Traits()
	return calendar.Server{Schedules: t.Schedules, LocationResets: t.LocationResets}
}
