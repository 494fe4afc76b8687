//go:build crashpoints

package main

import (
	"net/http"
	stdsync "sync"

	"convoke/internal/crashpoint"
)

// points are those of this process, whatever is wired to what in it.
var points = stdsync.OnceValues(crashpoint.FromEnvironment)

// addPoints puts points around everything that leaves something behind, at which tests of crashes kill the program, and sets
// the clock as they say.
func (w *wiring) addPoints() error {
	p, err := points()
	if err != nil {
		return err
	}
	if w.now, err = crashpoint.Now(); err != nil {
		return err
	}
	w.uptime = nil
	platform := w.cfg.Platform.URL.Host
	whom := func(r *http.Request) string {
		if r.URL.Host == platform {
			return "platform"
		}
		return "calendar"
	}
	w.pool.Around = func(next http.RoundTripper) http.RoundTripper { return p.RoundTripper(whom, next) }
	w.ledger, w.witness = p.Ledger(w.ledger), p.Witness(w.witness)
	return nil
}

// passed is a point between two steps.
func passed(name string) {
	if p, err := points(); err == nil { // else addPoints says so
		p.Pass(name)
	}
}
