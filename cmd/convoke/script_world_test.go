package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
)

// want checks the number of a command's arguments; none of these commands can be negated.
func want(ts *testscript.TestScript, neg bool, args []string, usage string) {
	if neg || len(args) != len(strings.Fields(usage)) {
		ts.Fatalf("usage: %s", usage)
	}
}

// path is where an event of alice's stands.
func (s *stage) path(name string) string { return s.dav.Calendar("alice", "work") + name + ".ics" }

// put NAME FILE: alice puts an event into her calendar.
func put(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "NAME FILE")
	s := stageOf(ts)
	ts.Check(s.dav.Put(s.path(args[0]), crlf(ts.ReadFile(args[1]))))
}

// edit NAME OLD NEW: she changes one; \n in NEW begins a line.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "NAME OLD NEW")
	s := stageOf(ts)
	data, _, ok := s.dav.Get(s.path(args[0]))
	if !ok || !strings.Contains(string(data), args[1]) {
		ts.Fatalf("%q does not stand in event %s", args[1], args[0])
	}
	ts.Check(s.dav.Put(s.path(args[0]), strings.ReplaceAll(string(data), args[1], strings.ReplaceAll(args[2], `\n`, "\r\n"))))
}

// delete NAME: she deletes one.
func remove(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "NAME")
	s := stageOf(ts)
	ts.Check(s.dav.Delete(s.path(args[0])))
}

// event NAME prints one, unfolded.
func event(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "NAME")
	s := stageOf(ts)
	data, _, ok := s.dav.Get(s.path(args[0]))
	if !ok {
		ts.Fatalf("no event %s", args[0])
	}
	_, err := io.WriteString(ts.Stdout(), strings.NewReplacer("\r\n ", "", "\r\n", "\n").Replace(string(data)))
	ts.Check(err)
}

// calendar fail METHOD STATUS | stall | heal | hide: what happens to her calendar server. It stalls at the next report; the
// command "stalled" waits for that, and heal lets it go on.
func calendarServer(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	switch {
	case len(args) == 3 && args[0] == "fail":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.dav.Inject(caldavtest.Fault{Method: args[1], Status: status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: "out of order"})
	case len(args) == 1 && args[0] == "stall":
		waiting, goOn := make(chan struct{}), make(chan struct{})
		s.stalled, s.goOn = waiting, goOn
		s.dav.Inject(caldavtest.Fault{Method: "REPORT", Times: 1, Hook: func(r *http.Request) {
			close(waiting)
			select {
			case <-goOn:
			case <-r.Context().Done():
			}
		}})
	case len(args) == 1 && args[0] == "heal":
		s.dav.Heal()
		if s.goOn != nil {
			close(s.goOn)
			s.goOn = nil
		}
	case len(args) == 1 && args[0] == "hide":
		s.dav.Unshare(s.dav.Calendar("alice", "work"))
	default:
		ts.Fatalf("usage: calendar fail METHOD STATUS | stall | heal | hide")
	}
}

// stalled waits until somebody waits for the calendar server.
func stalled(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	select {
	case <-stageOf(ts).stalled:
	case <-time.After(time.Minute):
		ts.Fatalf("nobody asks")
	}
}

// meetings prints what the platform holds.
func meetings(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	out := ts.Stdout()
	for _, m := range stageOf(ts).platform.Meetings() {
		fmt.Fprintf(out, "%s  %s  %s-%s  %d min\n", m.Number, m.Topic, m.Start.UTC().Format("2006-01-02 15:04"), m.End.UTC().Format("15:04"), m.Duration)
	}
}

// calls prints what the platform was asked since the last time.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	s, out := stageOf(ts), ts.Stdout()
	all := s.platform.Calls()
	counts := map[meetingtest.Route]int{}
	for _, c := range all[s.calls:] {
		counts[c.Route]++
	}
	s.calls = len(all)
	for _, route := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "%d %s\n", counts[route], route)
	}
}

// mails prints what the platform would have sent.
func mails(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "")
	out := ts.Stdout()
	for _, m := range stageOf(ts).platform.Mails() {
		fmt.Fprintf(out, "%s to %s\n", m.About, m.To)
	}
}

// account EMAIL VARIABLE: the ID of somebody's account.
func account(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, "EMAIL VARIABLE")
	for _, u := range stageOf(ts).platform.Users() {
		if u.Email == args[0] {
			ts.Setenv(args[1], u.AccountID)
			return
		}
	}
	ts.Fatalf("no user %s", args[0])
}

var routes = map[string]meetingtest.Route{
	"account": meetingtest.CreateAccount, "admins": meetingtest.Admins, "create": meetingtest.CreateMeeting, "update": meetingtest.UpdateMeeting,
}

var faults = map[string]meetingtest.Fault{
	"html": meetingtest.HTML(http.StatusOK), "truncated": meetingtest.Truncated(), "lost-request": meetingtest.LostRequest(),
	"lost-answer": meetingtest.LostAnswer(), "500": meetingtest.ErrorBefore(http.StatusInternalServerError),
	"429": meetingtest.RateLimited("120"), "401": meetingtest.ErrorBefore(http.StatusUnauthorized),
	"404": meetingtest.ErrorBefore(http.StatusNotFound), "empty": {Apply: meetingtest.NotApplied, Answer: meetingtest.AnswerEmpty},
}

// platform fail ROUTE KIND: what goes wrong with the next such call. platform closed: what is over stays closed.
// platform no-data: a refusal is a success without data. platform feed-details: the feed shows what is in a meeting.
func platform(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	switch {
	case len(args) == 3 && args[0] == "fail":
		route, known := routes[args[1]]
		fault, there := faults[args[2]]
		if !known || !there {
			ts.Fatalf("no route %s, or no fault %s", args[1], args[2])
		}
		s.platform.Fail(route, fault)
	case len(args) == 1 && args[0] == "no-data":
		s.platform.Set(func(k *meetingtest.Knobs) { k.Failures = meetingtest.FailNoData })
	case len(args) == 1 && args[0] == "feed-details":
		s.platform.Set(func(k *meetingtest.Knobs) { k.FeedDetails = true })
	default:
		ts.Fatalf("usage: platform fail ROUTE KIND | no-data | feed-details")
	}
}
