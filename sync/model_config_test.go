package sync_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/sync"
)

// A setting is what the admin configured for a history, and what his platform tells.
type setting struct {
	cancel sync.CancelAction
	undo   time.Duration
	retry  bool   // platform.unknown = "retry"
	feed   string // one of the feeds
}

// The feeds that a platform may have. Only the first one tells which meeting is whose.
const (
	feedTells   = "tells"
	feedBare    = "no details"
	feedNone    = "none"
	feedNoToken = "no reference is sent"
	feedIgnores = "the reference is dropped"
	feedRefuses = "the reference is refused"
)

// mute reports whether nothing on the platform tells convoke which meeting is whose.
func (s setting) mute() bool { return s.feed != feedTells }

// anonymous reports whether no meeting on the platform carries a reference.
func (s setting) anonymous() bool {
	return s.feed == feedNoToken || s.feed == feedIgnores || s.feed == feedRefuses
}

// configure draws a setting. Weak engines have the usual one.
func (h *history) configure() {
	h.setting = setting{cancel: sync.Retitle, undo: 10 * time.Minute, feed: feedTells}
	if h.off.name == "" && rapid.IntRange(0, 2).Draw(h.draw, "an unusual configuration") > 0 {
		h.setting = setting{
			cancel: rapid.SampledFrom([]sync.CancelAction{sync.Retitle, sync.CloseWindow, sync.DeleteCall, sync.Keep}).Draw(h.draw, "cancel.action"),
			undo:   rapid.SampledFrom([]time.Duration{10 * time.Minute, 0}).Draw(h.draw, "cancel.undo"),
			retry:  rapid.SampledFrom([]bool{false, false, true}).Draw(h.draw, "retry"),
			feed: rapid.SampledFrom([]string{
				feedTells, feedTells, feedTells, feedTells, feedBare, feedNone, feedNoToken, feedIgnores, feedRefuses,
			}).Draw(h.draw, "feed"),
		}
	}
	h.rules(func(r *sync.Rules) { r.Cancel, r.Undo, r.RetryUnknown = h.cancel, h.undo, h.retry })
	h.platform.Set(func(k *meetingtest.Knobs) {
		k.FeedDetails = h.feed != feedBare
		switch h.feed {
		case feedIgnores:
			k.Agenda = meetingtest.AgendaIgnored
		case feedRefuses:
			k.Agenda = meetingtest.AgendaRefused
		}
	})
	h.equip()
	h.note("cancel.action %s, undo %s, retry %v, feed %s, capped %v", h.cancel, h.undo, h.retry, h.feed, h.capped)
}

// equip gives people the feeds that the setting says.
func (h *history) equip() {
	for i := range h.people {
		h.people[i].Feed = h.feedOf(h.people[i].Email)
		if h.feed == feedNone {
			h.people[i].Feed = nil
		}
		h.people[i].Agenda = h.feed != feedNoToken
	}
}

// stays reports whether a meeting stays on the platform because cancel.action is keep: the ledger knows that it is nobody's.
func (h *history) stays(m meetingtest.Meeting) bool {
	if h.cancel != sync.Keep {
		return false
	}
	all, err := h.ledger.Meetings(h.t.Context(), "")
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.ContainsFunc(all, func(row store.Meeting) bool { return row.PlatformID == m.ID && row.State == store.Voided })
}

// rows are what ledger and platform have, for whoever looks for a fault.
func (h *history) rows() string {
	ctx := context.Background()
	text := "\n"
	all, _ := h.ledger.Intents(ctx, "")
	given, _ := h.ledger.GivenUp(ctx, "")
	for _, in := range append(all, given...) {
		text += fmt.Sprintf("intent %s %s %s %s %s %s\n", in.Kind, in.UID, in.State, in.SentAt.Format("02 15:04:05"), in.ClosedAt.Format("02 15:04:05"), in.Error)
	}
	links, _ := h.ledger.Links(ctx, "")
	for _, l := range links {
		text += fmt.Sprintf("link %s %s %s meeting %d written %v href %s\n", l.UID, l.State, l.Reason, l.Meeting, l.Written, l.Href)
	}
	ms, _ := h.ledger.Meetings(ctx, "")
	for _, m := range ms {
		text += fmt.Sprintf("meeting %d %s %s %q %s gen %d missing %v\n", m.ID, m.PlatformID, m.State, m.Topic, stamp(m.Start), m.Generation, !m.MissingAt.IsZero())
	}
	for _, m := range h.platform.Meetings() {
		text += fmt.Sprintf("platform %s %s made %s:", m.ID, m.Number, m.History[0].At.Format("02 15:04:05"))
		for _, v := range m.History {
			text += fmt.Sprintf(" %s %q %s", v.At.Format("02 15:04:05"), v.Topic, stamp(v.Start))
		}
		text += fmt.Sprintf(" deleted %v\n", !m.DeletedAt.IsZero())
	}
	r, _ := h.engine.Recovery(ctx)
	return text + fmt.Sprintf("recovery %v\n", r)
}
