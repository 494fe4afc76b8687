package sync_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
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
		n, err := sync.Approve(t.Context(), w.ledger, w.calendar("Work").ID, w.clock.Now())
		require.NoError(t, err)
		require.Equal(t, 8, n)
		w.pass()
		assert.Equal(t, 8, cancelled(w))
		w.rest()
	})
	for name, empty := range map[string]func(w *world){
		"the server knows no token any more": func(w *world) { w.dav.ForgetTokens() },
		"only the daily listing shows it":    func(w *world) { w.dav.Set(caldavtest.OnBadToken(caldavtest.TokenEmpty)); w.dav.ForgetTokens() },
		"seen by another process":            func(w *world) { w.restart() },
	} {
		t.Run("an empty calendar: "+name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.Undo = 0 })
			var all []*entry
			for i := range 8 {
				all = append(all, w.book(fmt.Sprint("e", i), nextMonth...))
			}
			w.rest()
			for _, e := range all {
				e.delete()
			}
			empty(w)
			for range 72 {
				w.clock.add(time.Hour)
				w.try()
			}
			assert.Zero(t, cancelled(w))
			assert.Equal(t, 8, w.platform.CountCalls())
			for _, e := range all {
				assert.True(t, sync.IsHeld(w.link(e.uid)))
			}
		})
	}
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
