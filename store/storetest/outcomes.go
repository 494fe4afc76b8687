package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

// made is what the platform's answer to creation(alice, "u", 1) leads to.
func made() (store.Meeting, store.Link) {
	return fullMeeting(), store.Link{Organizer: alice, UID: "u", State: store.Active, UpdatedAt: at(3)}
}

var outcomeChecks = []check{
	{"a creation that is given up", func(t *testing.T, d *desk) {
		id := d.begin(creation(alice, "u", 1))
		require.NoError(t, d.Failed(d.ctx, id, store.Unknown, "no answer", at(2)))
		require.NoError(t, d.Failed(d.ctx, id, store.GivenUp, "not waited for", at(3)))
		assert.Empty(t, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
		for _, who := range []string{alice, ""} {
			all := must[[]store.Intent](t)(d.GivenUp(d.ctx, who))
			require.Len(t, all, 1)
			assert.Equal(t, store.GivenUp, all[0].State)
			assert.Equal(t, at(3), all[0].ClosedAt)
		}
		assert.Empty(t, must[[]store.Intent](t)(d.GivenUp(d.ctx, bob)))
		again := d.begin(creation(alice, "u", 1)) // another one may be sent
		m := store.Meeting{Organizer: alice, PlatformID: "late", State: store.Live, UpdatedAt: at(4)}
		_, _, err := d.Made(d.ctx, id, m, store.Link{Organizer: alice, UID: "u", State: store.Active})
		require.NoError(t, err, "it turned out that it was made")
		require.NoError(t, d.Failed(d.ctx, again, store.GivenUp, "not waited for", at(5)))
		require.NoError(t, d.Failed(d.ctx, again, store.Refused, "not made", at(6)))
		assert.Empty(t, must[[]store.Intent](t)(d.GivenUp(d.ctx, "")))
	}},
	{"a change may be given up, a deletion not", func(t *testing.T, d *desk) {
		meeting := d.meeting(alice, "p").ID
		id := d.begin(store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Meeting: meeting})
		require.NoError(t, d.Failed(d.ctx, id, store.GivenUp, "answered since", at(2)))
		assert.Len(t, must[[]store.Intent](t)(d.GivenUp(d.ctx, "")), 1)
		id = d.begin(store.Intent{Kind: store.DeleteMeeting, Organizer: alice, UID: "u", Meeting: meeting})
		assert.Error(t, d.Failed(d.ctx, id, store.GivenUp, "", at(2)))
	}},
	{"creations are counted", func(t *testing.T, d *desk) {
		ids := []int64{d.begin(creation(alice, "a", 1)), d.begin(creation(alice, "b", 1)), d.begin(creation(bob, "a", 1))}
		count := func(who string, minute int) int { return must[int](t)(d.Created(d.ctx, who, at(minute), at(9))) }
		assert.Equal(t, []int{2, 1, 3, 0}, []int{count(alice, 1), count(bob, 1), count("", 1), count("", 2)})
		require.NoError(t, d.Failed(d.ctx, ids[0], store.Refused, "no", at(2)))
		require.NoError(t, d.Failed(d.ctx, ids[1], store.Unknown, "lost", at(2)))
		assert.Equal(t, []int{1, 2}, []int{count(alice, 1), count("", 1)}, "what was refused was not made")
		assert.Zero(t, must[int](t)(d.Created(d.ctx, "", at(0), at(0))), "what was sent later is no matter: the clock was set")
	}},
	{"the sequence counts what was begun", func(t *testing.T, d *desk) {
		id, n, err := d.Sequence(d.ctx)
		require.NoError(t, err)
		assert.NotEmpty(t, id)
		assert.Zero(t, n)
		last := d.begin(creation(alice, "a", 1))
		require.NoError(t, d.Failed(d.ctx, last, store.Refused, "no", at(2)))
		require.NoError(t, d.Prune(d.ctx, at(9)))
		same, n, err := d.Sequence(d.ctx)
		require.NoError(t, err)
		assert.Equal(t, id, same)
		assert.Equal(t, last, n, "also of what was forgotten since")
	}},
	{"meetings that the platform does not find", func(t *testing.T, d *desk) {
		m := d.meeting(alice, "p")
		d.meeting(bob, "q")
		assert.Empty(t, must[[]store.Meeting](t)(d.MissingMeetings(d.ctx)))
		m.MissingAt = at(3)
		must[int64](t)(d.SaveMeeting(d.ctx, m))
		assert.Equal(t, []store.Meeting{m}, must[[]store.Meeting](t)(d.MissingMeetings(d.ctx)))
	}},
	{"made: meeting and link are there, the intent is closed", func(t *testing.T, d *desk) {
		in := d.begin(creation(alice, "u", 1))
		m, k, err := d.Made(d.ctx, in, fullMeeting(), store.Link{Organizer: alice, UID: "u", State: store.Active, Href: "1"})
		require.NoError(t, err)
		want := fullMeeting()
		want.ID = m.ID
		assert.Equal(t, want, m)
		assert.Equal(t, store.Link{ID: k.ID, Organizer: alice, UID: "u", State: store.Active, Href: "1", Meeting: m.ID}, k)
		assert.Equal(t, m, must[store.Meeting](t)(d.Meeting(d.ctx, m.ID)))
		assert.Equal(t, k, must[store.Link](t)(d.Link(d.ctx, alice, "u")))
		assert.Empty(t, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
	}},
	{"made: of an unknown outcome that was read back", func(t *testing.T, d *desk) {
		in := d.begin(creation(alice, "u", 1))
		require.NoError(t, d.Failed(d.ctx, in, store.Unknown, "no answer", at(2)))
		m, k := made()
		_, _, err := d.Made(d.ctx, in, m, k)
		require.NoError(t, err)
		assert.Empty(t, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
	}},
	{"made: an ended link gets the new meeting", func(t *testing.T, d *desk) {
		old := d.link(alice, "u", d.meeting(alice, "old").ID, func(k *store.Link) { k.State, k.Reason = store.Ended, "deleted" })
		m, k := made()
		m, k, err := d.Made(d.ctx, d.begin(creation(alice, "u", 2)), m, k)
		require.NoError(t, err)
		assert.Equal(t, old.ID, k.ID)
		assert.Equal(t, []store.Link{k}, must[[]store.Link](t)(d.Links(d.ctx, "")))
		assert.Equal(t, m.ID, k.Meeting)
	}},
	{"made: not twice", func(t *testing.T, d *desk) {
		in := d.begin(creation(alice, "u", 1))
		m, k := made()
		m, k, err := d.Made(d.ctx, in, m, k)
		require.NoError(t, err)
		second := m
		second.PlatformID = "5e9459c5b863b82cefdddf51"
		_, _, err = d.Made(d.ctx, in, second, k)
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.Equal(t, []store.Meeting{m}, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")))
		assert.Equal(t, k, must[store.Link](t)(d.Link(d.ctx, alice, "u")))
	}},
	{"made: whole or not at all", func(t *testing.T, d *desk) {
		for name, spoil := range map[string]func(*store.Meeting, *store.Link){
			"a link into a calendar that is not there": func(_ *store.Meeting, k *store.Link) { k.Calendar = 9 },
			"a meeting without an id":                  func(m *store.Meeting, _ *store.Link) { m.PlatformID = "" },
			"another organizer's meeting":              func(m *store.Meeting, _ *store.Link) { m.Organizer = bob },
			"another organizer's link":                 func(_ *store.Meeting, k *store.Link) { k.Organizer = bob },
			"another event's link":                     func(_ *store.Meeting, k *store.Link) { k.UID = name(k.UID) },
		} {
			t.Run(name, func(t *testing.T) {
				in := d.begin(creation(alice, "u", 1))
				m, k := made()
				spoil(&m, &k)
				_, _, err := d.Made(d.ctx, in, m, k)
				require.Error(t, err)
				assert.Empty(t, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")))
				assert.Empty(t, must[[]store.Link](t)(d.Links(d.ctx, "")))
				assert.Equal(t, store.Open, d.intent(in).State)
				require.NoError(t, d.Failed(d.ctx, in, store.Refused, "", at(2)))
			})
		}
	}},
	{"made: no such intent", func(t *testing.T, d *desk) {
		m, k := made()
		_, _, err := d.Made(d.ctx, 9, m, k)
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"changed: meeting and link as given, the intent is closed", func(t *testing.T, d *desk) {
		m := d.meeting(alice, "p")
		k := d.link(alice, "u", m.ID, nil)
		in := d.begin(store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Meeting: m.ID})
		m.Topic, m.State, m.UpdatedAt = "another", store.Voided, at(8)
		k.State, k.Reason = store.Ended, "deleted"
		require.NoError(t, d.Changed(d.ctx, in, m, k))
		assert.Equal(t, m, must[store.Meeting](t)(d.Meeting(d.ctx, m.ID)))
		assert.Equal(t, k, must[store.Link](t)(d.Link(d.ctx, alice, "u")))
		assert.Empty(t, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
		assert.ErrorIs(t, d.Changed(d.ctx, in, m, k), store.ErrNotFound, "not twice")
	}},
	{"changed: without a link", func(t *testing.T, d *desk) {
		m := d.meeting(alice, "p")
		k := d.link(alice, "u", m.ID, nil)
		in := d.begin(store.Intent{Kind: store.DeleteMeeting, Organizer: alice, UID: "u", Meeting: m.ID})
		m.State = store.Deleted
		require.NoError(t, d.Changed(d.ctx, in, m, store.Link{}))
		assert.Equal(t, m, must[store.Meeting](t)(d.Meeting(d.ctx, m.ID)))
		assert.Equal(t, []store.Link{k}, must[[]store.Link](t)(d.Links(d.ctx, "")))
	}},
	{"changed: whole or not at all", func(t *testing.T, d *desk) {
		m, other := d.meeting(alice, "p"), d.meeting(alice, "q")
		in := d.begin(store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Meeting: m.ID})
		m.Topic, other.Topic = "another", "another"
		renamed := m
		renamed.PlatformID = "r"
		require.Error(t, d.Changed(d.ctx, in, m, store.Link{ID: 1, Organizer: alice, UID: "u", Meeting: 99, State: store.Active}))
		require.Error(t, d.Changed(d.ctx, in, other, store.Link{}), "not the meeting of the intent")
		require.Error(t, d.Changed(d.ctx, in, renamed, store.Link{}), "not the platform's id of it")
		for _, kept := range must[[]store.Meeting](t)(d.Meetings(d.ctx, "")) {
			assert.Empty(t, kept.Topic)
		}
		assert.Len(t, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")), 2)
		assert.Equal(t, store.Open, d.intent(in).State)
	}},
	{"changed: closes no creation", func(t *testing.T, d *desk) {
		in := d.begin(creation(alice, "u", 1))
		require.Error(t, d.Changed(d.ctx, in, d.meeting(alice, "p"), store.Link{}))
		assert.Equal(t, store.Open, d.intent(in).State)
	}},
	{"failed: what it may become", failedRules},
	{"failed: unknown keeps its reason and time", func(t *testing.T, d *desk) {
		in := creation(alice, "u", 1)
		in.ID = d.begin(in)
		in.State, in.Error, in.ClosedAt = store.Unknown, "no answer", at(2)
		require.NoError(t, d.Failed(d.ctx, in.ID, store.Unknown, "no answer", at(2)))
		assert.Equal(t, in, d.intent(in.ID))
	}},
	{"failed: no such intent", func(t *testing.T, d *desk) {
		assert.ErrorIs(t, d.Failed(d.ctx, 9, store.Refused, "", at(2)), store.ErrNotFound)
	}},
}

func name(uid string) string { return uid + "-another" }

func failedRules(t *testing.T, d *desk) {
	account := store.Intent{Kind: store.CreateAccount, Organizer: alice}
	for _, row := range []struct {
		name string
		in   store.Intent
		then []store.IntentState // one after the other
		ok   bool                // the last of them
	}{
		{"refused", creation(alice, "u", 1), []store.IntentState{store.Refused}, true},
		{"unknown", creation(alice, "u", 1), []store.IntentState{store.Unknown}, true},
		{"unknown, again", creation(alice, "u", 1), []store.IntentState{store.Unknown, store.Unknown}, true},
		{"unknown, then refused", creation(alice, "u", 1), []store.IntentState{store.Unknown, store.Refused}, true},
		{"refused is final", creation(alice, "u", 1), []store.IntentState{store.Refused, store.Unknown}, false},
		{"open again", creation(alice, "u", 1), []store.IntentState{store.Open}, false},
		{"done without its meeting", creation(alice, "u", 1), []store.IntentState{store.Done}, false},
		{"an account, done", account, []store.IntentState{store.Done}, true},
		{"an account, unknown, then done", account, []store.IntentState{store.Unknown, store.Done}, true},
		{"an account, done is final", account, []store.IntentState{store.Done, store.Refused}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := d.begin(row.in)
			last := len(row.then) - 1
			for i, s := range row.then {
				err := d.Failed(d.ctx, in, s, string(s), at(2+i))
				assert.Equal(t, i < last || row.ok, err == nil, "%s: %v", s, err)
			}
			for _, left := range must[[]store.Intent](t)(d.Intents(d.ctx, "")) {
				require.NoError(t, d.Failed(d.ctx, left.ID, store.Refused, "", at(9)))
			}
		})
	}
}
