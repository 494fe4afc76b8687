package main

import (
	"net/http"
	"time"

	"convoke/internal/metrics"
	"convoke/sync"
)

// metrics is the handler of the daemon's numbers.
func (a *app) metrics() http.Handler {
	var emails []string
	for _, o := range a.cfg.Organizers {
		emails = append(emails, o.Email)
	}
	return metrics.New(metrics.Options{
		Ledger: a.ledger, Organizers: emails, Now: time.Now, Log: a.log,
		LastPass: func() (metrics.Pass, error) {
			last, err := readLastPass(a.cfg.Database)
			if err != nil || last == nil {
				return metrics.Pass{}, err
			}
			return metrics.Pass{At: last.At, Results: outcomes(last.Report)}, nil
		},
	})
}

// outcomes are the counts of a report by name.
func outcomes(r sync.Report) map[string]int {
	return map[string]int{
		"created": r.Created, "updated": r.Updated, "rolled": r.Rolled, "cancelled": r.Cancelled, "written": r.Written,
		"unchanged": r.Unchanged, "skipped": r.Skipped, "held": r.Held, "failed": r.Failed,
	}
}
