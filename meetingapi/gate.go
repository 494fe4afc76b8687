package meetingapi

import (
	"context"
	"fmt"
	stdsync "sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// patience is how long a call waits by itself for the end of a hold. A longer one is the caller's to plan for.
	patience = 10 * time.Second

	// longestHold bounds what the platform can ask for: a Retry-After of a year must not stop the daemon for a year.
	longestHold = time.Hour
)

// A gate lets calls through: so many a second, so many at a time, and none while the platform asked to be left alone.
//
// After a 429 or 503 with Retry-After the gate is closed until then. Calls wait for a short hold; for a longer one they
// fail at once, unsent, with the time that is left.
type gate struct {
	rate  *rate.Limiter
	slots chan struct{}

	mu    stdsync.Mutex
	until time.Time
}

// A heldError says that the gate is closed for longer than a call waits.
type heldError struct{ wait time.Duration }

func (e *heldError) Error() string {
	return fmt.Sprintf("not sent: the platform asked for a pause of %s more", e.wait.Round(time.Second))
}

func newGate(perSecond float64, inFlight int) *gate {
	return &gate{rate: rate.NewLimiter(rate.Limit(perSecond), 1), slots: make(chan struct{}, inFlight)}
}

// enter waits until a call may be sent, or ctx ends. After release the next one may.
func (g *gate) enter(ctx context.Context) (release func(), err error) {
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, notSentError(ctx)
	}
	if err := g.pass(ctx); err != nil {
		<-g.slots
		return nil, err
	}
	return func() { <-g.slots }, nil
}

// pass takes its turn in the rate and looks whether a hold was put on meanwhile.
func (g *gate) pass(ctx context.Context) error {
	for {
		if err := g.rate.Wait(ctx); err != nil {
			return notSentError(ctx)
		}
		wait := g.held()
		switch {
		case wait <= 0:
			return nil
		case wait > patience:
			return &heldError{wait}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return notSentError(ctx)
		}
	}
}

// notSentError says why waiting ended. The limiter gives up as soon as it sees that the deadline comes first.
func notSentError(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not sent: %w", ctx.Err())
	}
	return fmt.Errorf("not sent: %w before its turn", context.DeadlineExceeded)
}

func (g *gate) held() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until)
}

// hold closes the gate for d, if it is not closed for longer already.
func (g *gate) hold(d time.Duration) {
	if d <= 0 {
		return
	}
	until := time.Now().Add(min(d, longestHold))
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until = until
	}
}
