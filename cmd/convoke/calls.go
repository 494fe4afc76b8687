package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"convoke/internal/terminal"
	"convoke/store"
)

// A callStatus is a call to the platform whose outcome nobody knows.
type callStatus struct {
	Organizer string    `json:"organizer"`
	UID       string    `json:"uid,omitempty"`
	Call      string    `json:"call"`
	Title     string    `json:"title,omitempty"` // of the meeting that was asked for, by which it can be found on the platform
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	SentAt    time.Time `json:"sentAt"`
	Error     string    `json:"error,omitempty"`
	WayOut    string    `json:"wayOut,omitempty"`
}

func callStatusOf(in store.Intent) callStatus {
	c := callStatus{Organizer: in.Organizer, UID: in.UID, Call: string(in.Kind), SentAt: in.SentAt, Error: in.Error}
	var sent struct {
		Topic     string    `json:"topic"`
		StartTime time.Time `json:"startTime"`
		EndTime   time.Time `json:"endTime"`
	}
	if err := json.Unmarshal(in.Request, &sent); err == nil { // that of an account has none of these
		c.Title, c.Start, c.End = sent.Topic, sent.StartTime, sent.EndTime
	}
	return c
}

// wayOutOfCall says what a person can do about a call that got no answer.
func wayOutOfCall(in store.Intent) string {
	switch in.Kind {
	case store.CreateMeeting:
		return fmt.Sprintf("when it stays: look on the platform; it is there: convoke resolve %s --adopt ID --number N; it is not: convoke resolve %[1]s --retry", quoted(in.UID))
	case store.CreateAccount:
		return fmt.Sprintf("look it up on the platform, then: convoke organizer add %s --account ID", in.Organizer)
	}
	return ""
}

// plainWord is what a shell takes as one word as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoted is a text as a word for a shell: a UID is whatever somebody's program made of it.
func quoted(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (a *app) callStatus(ctx context.Context, st *status) (err error) {
	if st.Unanswered, err = a.unanswered(ctx, ""); err != nil {
		return err
	}
	given, err := a.ledger.GivenUp(ctx, "")
	for _, in := range given {
		if in.Kind != store.CreateMeeting {
			continue // what holds is sent once more, and that is all
		}
		st.Leftovers = append(st.Leftovers, callStatusOf(in))
	}
	return err
}

// unanswered are the calls that got no answer, for one event or ("") for all.
func (a *app) unanswered(ctx context.Context, uid string) ([]callStatus, error) {
	calls := []callStatus{}
	intents, err := a.ledger.Intents(ctx, "")
	for _, in := range intents {
		if uid != "" && in.UID != uid {
			continue
		}
		c := callStatusOf(in)
		c.WayOut = wayOutOfCall(in)
		calls = append(calls, c)
	}
	return calls, err
}

// unanswered reports whether an event waits for what became of the creation of its meeting.
func (st status) unanswered(x eventStatus) bool {
	return slices.ContainsFunc(st.Unanswered, func(c callStatus) bool {
		return c.Call == string(store.CreateMeeting) && c.Organizer == x.Organizer && c.UID == x.UID
	})
}

// meeting is what the call was about, for people; "" when it was about none.
func (c callStatus) meeting() string {
	if c.Start.IsZero() {
		return ""
	}
	return fmt.Sprintf("%q %s", terminal.Plain(c.Title), window(c.Start, c.End))
}

// why is what came instead of an answer, and the way out.
func (c callStatus) why(o *terminal.Out) string {
	text := o.Bad(terminal.Plain(c.Error))
	if c.WayOut != "" {
		text += o.Warn("; " + terminal.Plain(c.WayOut))
	}
	return text
}
