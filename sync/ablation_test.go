package sync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"convoke/calendar"
	"convoke/store"
	"convoke/sync"
)

// weaknesses are the protections, each of them switched off. The model must notice.
func weaknesses() []weakness {
	rules := func(change func(*sync.Rules)) func(*history) { return func(h *history) { h.rules(change) } }
	ledger := func(wrap func(store.Ledger) store.Ledger) func(*history) {
		return func(h *history) { h.engine.Ledger = wrap(h.ledger) }
	}
	return []weakness{
		{name: "no intents: what was sent is forgotten", harm: "two meetings", focus: []string{"late", "lost creation", "time"},
			rig: ledger(func(l store.Ledger) store.Ledger { return forgetting{l, store.CreateMeeting} })},
		{name: "blind retry", harm: "two meetings", focus: []string{"kill", "platform"}, rig: func(h *history) {
			h.rules(func(r *sync.Rules) { r.RetryUnknown, r.Settle = true, 0 })
			for i := range h.people {
				h.people[i].Feed = nil
			}
		}},
		{name: "no settle time", harm: "two meetings|the title of", focus: []string{"lost creation", "time"}, rig: rules(func(r *sync.Rules) { r.Settle = 0 })},
		{name: "random references", harm: "two meetings", focus: []string{"backup", "put back", "lost creation"}, rig: func(h *history) {
			h.engine.Token = func(string, string, int) string { return randomReference() }
		}},
		{name: "no stamp outside the ledger", harm: "two meetings", focus: []string{"lost creation", "lose"}, rig: func(h *history) { h.engine.Witness = nil }},
		{name: "no sweep", harm: "two meetings|still there", focus: []string{"very late"}, rig: ledger(func(l store.Ledger) store.Ledger { return unswept{l, store.CreateMeeting} })},
		{name: "what holds is not sent once more", harm: "the (title|time) of", focus: []string{"late change"},
			rig: ledger(func(l store.Ledger) store.Ledger { return unswept{l, store.UpdateMeeting} })},
		{name: "a change overtakes one without an answer", harm: "the (title|time) of", focus: []string{"late change"},
			rig: ledger(func(l store.Ledger) store.Ledger { return forgetting{l, store.UpdateMeeting} })},
		{name: "writes without a condition", harm: "is lost", focus: []string{"between"}, wrap: func(c calendar.Collection) calendar.Collection { return unconditional{c} }},
		{name: "a failed listing is an empty one", harm: "no join link|given up", focus: []string{"calendar"}, wrap: func(c calendar.Collection) calendar.Collection { return gullible{c} }},
		{name: "an object that cannot be fetched is gone", harm: "was given up|no join link|still there", focus: []string{"unfetchable"},
			rig: rules(func(r *sync.Rules) { r.Undo = 0 }), wrap: func(c calendar.Collection) calendar.Collection { return credulous{c} }},
		{name: "any seal is believed", harm: "not ours was changed", focus: []string{"forge"}, rig: func(h *history) { h.engine.Seals = trusting{h.engine.Seals} }},
		{name: "an empty calendar is believed", harm: "whole calendar was empty", focus: []string{"wipe"}, after: (*history).approveAll},
		{name: "no end to writing", harm: "again and again", focus: []string{"pass"}, rig: ledger(func(l store.Ledger) store.Ledger { return tireless{l} }), drops: true},
	}
}

// TestAblation switches one protection off after the other, and requires that the model finds a history in which that does
// harm: what is never missed does not protect.
func TestAblation(t *testing.T) {
	set := func(name, value string) {
		old := flag.Lookup(name).Value.String()
		require.NoError(t, flag.Set(name, value))
		t.Cleanup(func() { require.NoError(t, flag.Set(name, old)) })
	}
	set("rapid.checks", "3000")
	set("rapid.shrinktime", "0s")
	set("rapid.nofailfile", "true")
	for _, w := range weaknesses() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			v := &verdict{name: t.Name()}
			for range 5 { // a weakness may do other harm first
				if v = missed(t, w); regexp.MustCompile(w.harm).MatchString(v.harm()) {
					break
				}
			}
			require.True(t, v.failed, "%d histories, and none of them misses it", v.histories)
			harm := v.harm()
			assert.Regexp(t, w.harm, harm, "%s", v.said.String())
			t.Logf("found in history %d: %s", v.histories, harm)
		})
	}
}

// missed plays histories without a protection until it is missed.
func missed(t *testing.T, w weakness) *verdict {
	v := &verdict{name: t.Name()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		rapid.Check(v, func(draw *rapid.T) {
			v.histories++
			playHistory(t, draw, w)
		})
	}()
	<-done
	return v
}

// harm is the message of the invariant that was violated.
func (v *verdict) harm() string {
	_, after, _ := strings.Cut(v.said.String(), "Messages:")
	line, _, _ := strings.Cut(strings.TrimSpace(after), "\n")
	return line
}

// A verdict is what rapid says of a property that is to fail.
type verdict struct {
	name      string
	histories int
	failed    bool
	said      strings.Builder
}

func (v *verdict) Helper()                           {}
func (v *verdict) Name() string                      { return v.name }
func (v *verdict) Logf(format string, args ...any)   { fmt.Fprintf(&v.said, format+"\n", args...) }
func (v *verdict) Log(args ...any)                   { fmt.Fprintln(&v.said, args...) }
func (v *verdict) Skipf(format string, args ...any)  {}
func (v *verdict) Skip(args ...any)                  {}
func (v *verdict) SkipNow()                          {}
func (v *verdict) Errorf(format string, args ...any) { v.Logf(format, args...); v.failed = true }
func (v *verdict) Error(args ...any)                 { v.Log(args...); v.failed = true }
func (v *verdict) Fatalf(format string, args ...any) { v.Errorf(format, args...); v.FailNow() }
func (v *verdict) Fatal(args ...any)                 { v.Error(args...); v.FailNow() }
func (v *verdict) Fail()                             { v.failed = true }
func (v *verdict) Failed() bool                      { return v.failed }
func (v *verdict) FailNow()                          { v.failed = true; runtime.Goexit() }

// forgetting does not remember calls of a kind whose outcome is not known.
type forgetting struct {
	store.Ledger
	kind store.IntentKind
}

func (l forgetting) Begin(ctx context.Context, in store.Intent) (int64, error) {
	id, err := l.Ledger.Begin(ctx, in)
	if in.Kind != l.kind || !errors.Is(err, store.ErrUnknown) {
		return id, err
	}
	all, err := l.Ledger.Intents(ctx, in.Organizer)
	for _, old := range all {
		if err == nil && old.Kind == in.Kind && old.UID == in.UID {
			err = l.Ledger.Failed(ctx, old.ID, store.Refused, "forgotten", in.SentAt)
		}
	}
	if err != nil {
		return 0, err
	}
	return l.Ledger.Begin(ctx, in)
}

func (l forgetting) Intents(ctx context.Context, organizer string) ([]store.Intent, error) {
	all, err := l.Ledger.Intents(ctx, organizer)
	return slices.DeleteFunc(all, func(in store.Intent) bool { return in.Kind == l.kind }), err
}

// unswept does not remember calls of a kind that were given up.
type unswept struct {
	store.Ledger
	kind store.IntentKind
}

func (l unswept) GivenUp(ctx context.Context, organizer string) ([]store.Intent, error) {
	all, err := l.Ledger.GivenUp(ctx, organizer)
	return slices.DeleteFunc(all, func(in store.Intent) bool { return in.Kind == l.kind }), err
}

// tireless does not count writes.
type tireless struct{ store.Ledger }

func (l tireless) SaveLink(ctx context.Context, k store.Link) (int64, error) {
	k.Writes = 0
	return l.Ledger.SaveLink(ctx, k)
}

// unconditional writes over whatever is there.
type unconditional struct{ calendar.Collection }

func (c unconditional) Put(ctx context.Context, o calendar.Object) (calendar.Object, error) {
	back, err := c.Collection.Put(ctx, o)
	if !errors.Is(err, calendar.ErrPrecondition) {
		return back, err
	}
	now, err := c.Get(ctx, o.Href)
	if err != nil {
		return now, err
	}
	o.ETag = now.ETag
	return c.Collection.Put(ctx, o)
}

// gullible takes a listing that failed for a complete one.
type gullible struct{ calendar.Collection }

func (c gullible) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	l, err := c.Collection.Changes(ctx, since, fn)
	if err != nil {
		return calendar.Look{Complete: true}, nil
	}
	return l, nil
}

// Get believes it, too.
func (c gullible) Get(ctx context.Context, href string) (calendar.Object, error) {
	return calendar.Object{}, calendar.ErrNotFound
}

// credulous takes what cannot be fetched for gone.
type credulous struct{ calendar.Collection }

func (c credulous) Get(ctx context.Context, href string) (calendar.Object, error) {
	o, err := c.Collection.Get(ctx, href)
	if err != nil {
		err = calendar.ErrNotFound
	}
	return o, err
}

// trusting believes every seal.
type trusting struct{ sync.Seals }

func (trusting) Valid(calendar.Seal, string, string) bool { return true }

var dice = struct {
	stdsync.Mutex
	*rand.Rand
}{Rand: rand.New(rand.NewPCG(1, 2))}

// randomReference has the form of a reference, and is never the same.
func randomReference() string {
	dice.Lock()
	defer dice.Unlock()
	var b strings.Builder
	for range 20 {
		b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[dice.IntN(32)])
	}
	return b.String()
}

// approveAll gives up whatever is held.
func (h *history) approveAll() {
	links, err := h.ledger.Links(context.Background(), "")
	require.NoError(h.t, err)
	for _, l := range links {
		if l.State == store.Ending && l.Reason == string(sync.Hold) {
			l.DueAt, l.Reason = h.clock.Now().Add(-time.Second), string(sync.Approved)
			_, err := h.ledger.SaveLink(context.Background(), l)
			require.NoError(h.t, err)
		}
	}
}
