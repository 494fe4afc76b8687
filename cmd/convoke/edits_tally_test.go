package main

import (
	"fmt"
	"math"
	"net/http"
	stdsync "sync"
	"time"
)

// A tally is an outcome that people and the daemon add to.
type tally struct {
	mu stdsync.Mutex
	outcome
}

func (t *tally) note(add func(*outcome)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	add(&t.outcome)
}

func (t *tally) sofar() outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.outcome
}

// An outcome is what became of the edits of all people, and of the daemon's writes.
type outcome struct {
	took          time.Duration
	edits, writes answers
	lost          []string
}

// answers counts PUTs by their answer.
type answers struct{ stored, refused, other int }

func (a *answers) count(status int) {
	switch {
	case stored(status):
		a.stored++
	case status == http.StatusPreconditionFailed:
		a.refused++
	default:
		a.other++
	}
}

func stored(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusNoContent
}

func (a answers) String() string {
	return fmt.Sprintf("%d acknowledged (and %d × 412, %d others)", a.stored, a.refused, a.other)
}

func (o outcome) String() string {
	return fmt.Sprintf("%.0f s; edits: %v; writes of the daemon: %v; %d edits lost, %.2f a write, a window of %v",
		o.took.Seconds(), o.edits, o.writes, len(o.lost), o.rate(), o.window().Round(time.Millisecond))
}

// rate is how many edits were lost for each write of the daemon.
func (o outcome) rate() float64 { return float64(len(o.lost)) / max(1, float64(o.writes.stored)) }

// window is how long one write of the daemon endangers the edits of its event: as many of them come in that time as it loses.
func (o outcome) window() time.Duration {
	if o.edits.stored == 0 {
		return 0
	}
	return time.Duration(o.rate() / (float64(o.edits.stored) / editors) * float64(o.took))
}

// busy reports whether enough has happened for a promise to be tested: the daemon was refused for the sake of an edit, too.
func (o outcome) busy() bool {
	return o.writes.stored >= 20 && o.edits.stored >= 100 && o.writes.refused >= 3
}

func (o outcome) lossy() bool { return len(o.lost) > 0 }

// examples are a few of the edits that were lost.
func (o outcome) examples() []string { return o.lost[:min(3, len(o.lost))] }

// clearlyBetter reports whether fewer edits were lost for each write than in another outcome, by more than three standard
// deviations (of two counts that are Poisson's).
func (o outcome) clearlyBetter(than outcome) bool {
	if o.writes.stored == 0 || than.writes.stored == 0 {
		return false
	}
	variance := o.rate()/float64(o.writes.stored) + than.rate()/float64(than.writes.stored)
	return than.rate()-o.rate() > 3*math.Sqrt(variance)
}
