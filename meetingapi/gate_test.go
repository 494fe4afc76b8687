package meetingapi

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// enter goes through a gate and returns how long that took.
func enter(t *testing.T, g *gate) time.Duration {
	t.Helper()
	before := time.Now()
	release, err := g.enter(t.Context())
	require.NoError(t, err)
	release()
	return time.Since(before)
}

func TestGateKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4, 2)
		assert.Zero(t, enter(t, g))
		for range 8 {
			assert.Equal(t, 250*time.Millisecond, enter(t, g))
		}
	})
}

func TestGateKeepsTheCallsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, 2)
		first, err := g.enter(t.Context())
		require.NoError(t, err)
		_, err = g.enter(t.Context())
		require.NoError(t, err)
		through := false
		go func() {
			enter(t, g)
			through = true
		}()
		synctest.Wait()
		assert.False(t, through, "a third one at the same time")
		first()
		time.Sleep(time.Second) // of the bubble's clock
		synctest.Wait()
		assert.True(t, through)
	})
}

func TestGateWaitsForAShortHoldOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, 1)
		g.hold(5 * time.Second)
		g.hold(time.Second) // a shorter one does not shorten it
		assert.Equal(t, 5*time.Second, enter(t, g))

		g.hold(time.Minute)
		_, err := g.enter(t.Context())
		var held *heldError
		require.ErrorAs(t, err, &held)
		assert.InDelta(t, time.Minute, held.wait, float64(time.Second))
		time.Sleep(55 * time.Second)
		assert.Less(t, enter(t, g), 6*time.Second)
	})
}

func TestGateHoldIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1000, 1)
		g.hold(365 * 24 * time.Hour)
		assert.Equal(t, longestHold, g.held())
		g.hold(-time.Second)
		assert.Equal(t, longestHold, g.held())
	})
}

func TestGateEndsWithTheContext(t *testing.T) {
	for name, occupy := range map[string]func(*gate){
		"while all slots are taken": func(g *gate) { g.slots <- struct{}{} },
		"while the rate is used up": func(g *gate) { g.rate.Allow() },
		"while there is a hold":     func(g *gate) { g.hold(9 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(0.1, 1)
				occupy(g)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				_, err := g.enter(ctx)
				assert.ErrorIs(t, err, context.DeadlineExceeded)

				g = newGate(0.1, 1)
				occupy(g)
				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, stop)
				_, err = g.enter(ctx)
				assert.ErrorIs(t, err, context.Canceled)
			})
		})
	}
}
