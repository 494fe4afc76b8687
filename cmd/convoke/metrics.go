package main

import (
	"net/http"
	"time"

	"convoke/internal/metrics"
)

// metrics is the handler of the daemon's numbers.
func (a *app) metrics() http.Handler {
	var emails []string
	for _, o := range a.cfg.Organizers {
		emails = append(emails, o.Email)
	}
	return metrics.New(metrics.Options{
		Ledger: a.ledger, Organizers: emails, Now: time.Now, Log: a.log, Recovery: a.engine.Recovery,
		LastPass: func() (metrics.Pass, error) {
			last, err := readLastPass(a.cfg.Database)
			if err != nil || last == nil {
				return metrics.Pass{}, err
			}
			results := map[string]int{}
			for _, o := range outcomes(last.Report) {
				results[o.what] = o.n
			}
			return metrics.Pass{At: last.At, Results: results}, nil
		},
	})
}
