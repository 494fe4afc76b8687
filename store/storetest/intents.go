package storetest

import (
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

func creation(organizer, uid string, generation int) store.Intent {
	return store.Intent{Kind: store.CreateMeeting, Organizer: organizer, UID: uid, Generation: generation, SentAt: at(1)}
}

func shared(in store.Intent) store.Intent { in.Shared = true; return in }

var beginChecks = []check{
	{"every field comes back, open", func(t *testing.T, d *desk) {
		in := store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Shared: true, Meeting: d.meeting(alice, "p").ID, Token: "T",
			Generation: 2, Request: []byte(`{"topic":"x"}`), SentAt: at(1)}
		closed := in
		closed.State, closed.Error, closed.ClosedAt = store.Done, "x", at(9)
		in.ID, in.State = d.begin(closed), store.Open
		assert.Equal(t, []store.Intent{in}, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
	}},
	{"of one and of all, ordered by id", func(t *testing.T, d *desk) {
		a, b, c := d.begin(creation(bob, "u", 1)), d.begin(creation(alice, "u", 1)), d.begin(creation(bob, "v", 1))
		require.NoError(t, d.Failed(d.ctx, a, store.Unknown, "lost", at(2)))
		assert.Equal(t, []int64{a, b, c}, intentIDs(must[[]store.Intent](t)(d.Intents(d.ctx, ""))))
		assert.Equal(t, []int64{a, c}, intentIDs(must[[]store.Intent](t)(d.Intents(d.ctx, bob))))
	}},
	{"beside an earlier one", beginRules},
	{"beside another organizer's link", func(t *testing.T, d *desk) {
		for _, row := range []struct {
			name  string
			state store.LinkState
			want  error
		}{
			{"active", store.Active, store.ErrClaimed},
			{"ending", store.Ending, store.ErrClaimed},
			{"ended", store.Ended, nil},
		} {
			t.Run(row.name, func(t *testing.T) {
				d.link(bob, row.name, d.meeting(bob, row.name).ID, func(k *store.Link) { k.State = row.state })
				_, err := d.Begin(d.ctx, shared(creation(alice, row.name, 1)))
				assert.ErrorIs(t, err, row.want)
				_, err = d.Begin(d.ctx, creation(alice, row.name, 2))
				assert.NoError(t, err, "what is not shared may be")
			})
		}
	}},
	{"beside the organizer's own link", func(t *testing.T, d *desk) {
		d.link(alice, "u", d.meeting(alice, "p").ID, nil)
		_, err := d.Begin(d.ctx, shared(creation(alice, "u", 2)))
		assert.NoError(t, err)
	}},
	{"a change of a meeting that is not there", func(t *testing.T, d *desk) {
		_, err := d.Begin(d.ctx, store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Meeting: 9})
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"a shared change beside another organizer's", func(t *testing.T, d *desk) {
		change := func(who, uid string, meeting int64) store.Intent {
			return store.Intent{Kind: store.UpdateMeeting, Organizer: who, UID: uid, Meeting: meeting}
		}
		hers, his := d.meeting(alice, "p").ID, d.meeting(bob, "q").ID
		d.begin(shared(change(alice, "u", hers)))
		_, err := d.Begin(d.ctx, shared(change(bob, "u", his)))
		assert.ErrorIs(t, err, store.ErrClaimed)
		_, err = d.Begin(d.ctx, shared(creation(bob, "u", 2)))
		assert.ErrorIs(t, err, store.ErrClaimed)
		_, err = d.Begin(d.ctx, change(bob, "u", his))
		assert.NoError(t, err, "what is not shared may be")
		d.link(alice, "v", hers, nil)
		_, err = d.Begin(d.ctx, shared(change(bob, "v", his)))
		assert.ErrorIs(t, err, store.ErrClaimed)
	}},
	{"at the same time: one wins", func(t *testing.T, d *desk) {
		onlyOneBegins(t, []*desk{d, d, d, d}, func(int) store.Intent { return creation(alice, "u", 1) }, store.ErrUnknown)
	}},
	{"at the same time, shared: one organizer wins", func(t *testing.T, d *desk) {
		onlyOneBegins(t, []*desk{d, d}, func(i int) store.Intent { return shared(creation([]string{alice, bob}[i], "u", 1)) }, store.ErrClaimed)
	}},
}

func beginRules(t *testing.T, d *desk) {
	account := store.Intent{Kind: store.CreateAccount, Organizer: alice, SentAt: at(1)}
	change := store.Intent{Kind: store.UpdateMeeting, Organizer: alice, UID: "u", Meeting: d.meeting(alice, "p").ID}
	for _, row := range []struct {
		name           string
		earlier, later store.Intent
		open, unknown  error // while the earlier one is open, or unknown
	}{
		{"the same", creation(alice, "u", 1), creation(alice, "u", 1), store.ErrUnknown, store.ErrUnknown},
		{"the same, shared", shared(creation(alice, "u", 1)), shared(creation(alice, "u", 1)), store.ErrUnknown, store.ErrUnknown},
		{"another generation", creation(alice, "u", 1), creation(alice, "u", 2), nil, nil},
		{"another UID", creation(alice, "u", 1), creation(alice, "v", 1), nil, nil},
		{"another organizer", creation(bob, "u", 1), creation(alice, "u", 1), nil, nil},
		{"another organizer, shared", creation(bob, "u", 1), shared(creation(alice, "u", 1)), store.ErrClaimed, store.ErrClaimed},
		{"another organizer's generation, shared", creation(bob, "u", 1), shared(creation(alice, "u", 2)), store.ErrClaimed, store.ErrClaimed},
		{"another organizer, only the earlier shared", shared(creation(bob, "u", 1)), creation(alice, "u", 1), nil, nil},
		{"an account, twice", account, account, store.ErrUnknown, store.ErrUnknown},
		{"a change, twice", change, change, nil, nil},
		{"a change, then a creation", change, creation(alice, "u", 1), nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			first := d.begin(row.earlier)
			ids := []int64{first}
			try := func(want error) {
				id, err := d.Begin(d.ctx, row.later)
				require.ErrorIs(t, err, want)
				if err == nil {
					ids = append(ids, id)
					require.NoError(t, d.Failed(d.ctx, id, store.Refused, "", at(2)))
				}
			}
			try(row.open)
			require.NoError(t, d.Failed(d.ctx, first, store.Unknown, "no answer", at(2)))
			try(row.unknown)
			require.NoError(t, d.Failed(d.ctx, first, store.Refused, "no", at(3)))
			try(nil)
			assert.Empty(t, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
			assert.IsIncreasing(t, ids)
		})
	}
}

// onlyOneBegins lets each desk begin at once, and wants one to succeed and the others to be refused.
func onlyOneBegins(t *testing.T, desks []*desk, in func(i int) store.Intent, refusal error) {
	for range 10 {
		errs := make([]error, len(desks))
		ids := make([]int64, len(desks))
		var all stdsync.WaitGroup
		for i, d := range desks {
			all.Go(func() { ids[i], errs[i] = d.Begin(d.ctx, in(i)) })
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				require.NoError(t, desks[0].Failed(desks[0].ctx, ids[i], store.Refused, "", at(2)))
			} else {
				require.ErrorIs(t, err, refusal)
			}
		}
		require.Equal(t, 1, won)
	}
}

func intentIDs(all []store.Intent) (ids []int64) {
	for _, in := range all {
		ids = append(ids, in.ID)
	}
	return ids
}
