package storetest

import (
	"fmt"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

var sharedChecks = []struct {
	name string
	run  func(t *testing.T, d *desk, again func() *desk)
}{
	{"restart: everything is there", func(t *testing.T, d *desk, again func() *desk) {
		Fill(t, d.Ledger)
		before := Read(t, d.Ledger)
		require.NoError(t, d.Close())
		assert.Equal(t, before, Read(t, again().Ledger))
	}},
	{"restart: a creation that was begun stays begun", func(t *testing.T, d *desk, again func() *desk) {
		in := creation(alice, "u", 1)
		in.ID, in.State = d.begin(in), store.Open
		require.NoError(t, d.Close())
		d = again()
		assert.Equal(t, []store.Intent{in}, must[[]store.Intent](t)(d.Intents(d.ctx, "")))
		_, err := d.Begin(d.ctx, creation(alice, "u", 1))
		assert.ErrorIs(t, err, store.ErrUnknown)
		m, k := made()
		_, _, err = d.Made(d.ctx, in.ID, m, k)
		assert.NoError(t, err, "and can be adopted")
	}},
	{"restart: the lock is free", func(t *testing.T, d *desk, again func() *desk) {
		_, err := d.Lock()
		require.NoError(t, err)
		require.NoError(t, d.Close())
		release, err := again().Lock()
		require.NoError(t, err)
		release()
	}},
	{"beside: what one writes the other reads", func(t *testing.T, d *desk, again func() *desk) {
		other := again()
		Fill(t, d.Ledger)
		assert.Equal(t, Read(t, d.Ledger), Read(t, other.Ledger))
		require.NoError(t, other.Note(other.ctx, "agenda", "accepted"))
		assert.Equal(t, "accepted", must[string](t)(d.Notes(d.ctx, "agenda")))
	}},
	{"beside: the lock keeps the other out of passes only", func(t *testing.T, d *desk, again func() *desk) {
		other := again()
		release, err := d.Lock()
		require.NoError(t, err)
		_, err = other.Lock()
		assert.ErrorIs(t, err, store.ErrLocked)
		require.NoError(t, other.Note(other.ctx, "k", "v"))
		release()
		release, err = other.Lock()
		require.NoError(t, err)
		release()
	}},
	{"beside: one begins", func(t *testing.T, d *desk, again func() *desk) {
		onlyOneBegins(t, []*desk{d, again()}, func(int) store.Intent { return creation(alice, "u", 1) }, store.ErrUnknown)
	}},
	{"beside: an outcome is learned once", func(t *testing.T, d *desk, again func() *desk) {
		other := again()
		in := d.begin(creation(alice, "u", 1))
		errs := make([]error, 2)
		var all stdsync.WaitGroup
		for i, d := range []*desk{d, other} {
			m, k := made()
			m.PlatformID = fmt.Sprint("platform-", i)
			all.Go(func() { _, _, errs[i] = d.Made(d.ctx, in, m, k) })
		}
		all.Wait()
		assert.Equal(t, 1, countErrors(errs))
		assert.Len(t, must[[]store.Meeting](t)(d.Meetings(d.ctx, "")), 1, "one event, one meeting")
	}},
	{"beside: both write at once, nothing is lost", func(t *testing.T, d *desk, again func() *desk) {
		var all stdsync.WaitGroup
		desks := []*desk{d, again()}
		for i, d := range desks {
			all.Go(func() {
				for n := range 50 {
					assert.NoError(t, d.Note(d.ctx, fmt.Sprint(i, "-", n), "v"))
				}
			})
		}
		all.Wait()
		for i := range desks {
			for n := range 50 {
				assert.Equal(t, "v", must[string](t)(d.Notes(d.ctx, fmt.Sprint(i, "-", n))))
			}
		}
	}},
}

func countErrors(errs []error) (n int) {
	for _, err := range errs {
		if err != nil {
			n++
		}
	}
	return n
}
