package sync_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/sync"
)

// A calendar that loses many of its current events at once gives nothing up by itself.
func TestFaultCalendarEmptied(t *testing.T) {
	full := func(t *testing.T, n int) (*world, []*entry) {
		w := newWorld(t)
		var all []*entry
		for i := range n {
			all = append(all, w.book(fmt.Sprintf("e%02d", i), "LOCATION:@meet"))
		}
		w.rest()
		require.Len(t, w.meetings(), n)
		return w, all
	}
	cancelled := func(w *world) (n int) {
		for _, topic := range w.topics() {
			if len(topic) > 10 {
				n++
			}
		}
		return n
	}
	t.Run("six of six", func(t *testing.T) {
		w, all := full(t, 6)
		for _, e := range all {
			e.delete()
		}
		assert.Equal(t, 6, w.pass().Held)
		w.later(24 * time.Hour)
		w.rest()
		assert.Zero(t, cancelled(w))
	})
	t.Run("five of six: a person at work", func(t *testing.T) {
		w, all := full(t, 6)
		for _, e := range all[:5] {
			e.delete()
		}
		w.pass()
		w.later(time.Hour)
		assert.Equal(t, 5, cancelled(w))
	})
	t.Run("one after the other, within the undo window", func(t *testing.T) {
		w, all := full(t, 7)
		for _, e := range all[:6] {
			e.delete()
			w.later(time.Minute)
		}
		w.later(24 * time.Hour)
		assert.Zero(t, cancelled(w), "the first ones are held with the others")
	})
	t.Run("six of seventy: not a tenth", func(t *testing.T) {
		w, all := full(t, 70)
		for _, e := range all[:6] {
			e.delete()
		}
		w.pass()
		w.later(time.Hour)
		assert.Equal(t, 6, cancelled(w))
	})
	t.Run("they come back", func(t *testing.T) {
		w, all := full(t, 8)
		var texts []string
		for _, e := range all {
			texts = append(texts, e.text())
			e.delete()
		}
		w.later(time.Hour)
		calls := w.platform.CountCalls()
		for i, e := range all {
			e.restore(texts[i])
		}
		w.pass()
		w.rest()
		assert.Equal(t, calls, w.platform.CountCalls(), "the same meetings, and no question about them")
		for _, e := range all {
			assert.Equal(t, store.Active, w.link(e.uid).State)
		}
	})
	t.Run("approved", func(t *testing.T) {
		w, all := full(t, 8)
		for _, e := range all {
			e.delete()
		}
		w.pass()
		links, err := w.ledger.Links(t.Context(), "")
		require.NoError(t, err)
		for _, l := range links {
			l.DueAt, l.Reason = w.clock.Now(), string(sync.Approved)
			_, err := w.ledger.SaveLink(t.Context(), l)
			require.NoError(t, err)
		}
		w.pass()
		assert.Equal(t, 8, cancelled(w))
		w.rest()
	})
	t.Run("events that are over do not count", func(t *testing.T) {
		w, all := full(t, 8)
		w.clock.add(48 * time.Hour)
		for _, e := range all {
			e.delete()
		}
		assert.Zero(t, w.pass().Held)
		assert.Zero(t, cancelled(w))
	})
}
