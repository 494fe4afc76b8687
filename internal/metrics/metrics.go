// Package metrics shows in numbers how convoke is, in Prometheus' text form: read from the ledger when somebody asks, so
// that they hold after a restart, too. Labels are closed sets; no title, address or UID is among them. It must not know
// how the numbers are served.
package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"convoke/store"
	"convoke/sync"
)

// A Pass is what the last pass left behind.
type Pass struct {
	At      time.Time // zero: there was none
	Results map[string]int
}

// Options are what the numbers are read from.
type Options struct {
	Ledger     store.Ledger
	Organizers []string // those of the configuration
	LastPass   func() (Pass, error)
	Recovery   func(context.Context) (sync.Recovery, error)
	Now        func() time.Time
	Log        *slog.Logger
}

// patience is how long a request may read the ledger.
const patience = 10 * time.Second

// New returns the handler of GET /metrics, over a registry of its own.
func New(o Options) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(&collector{o})
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("convoke_"+name, help, labels, nil)
}

var (
	organizers = desc("organizers", "Organizers of the configuration, by what is wrong with them.", "trouble")
	calendars  = desc("calendars", "Calendars that are watched, by what is wrong with them.", "trouble")
	meetings   = desc("meetings", "Meetings in the ledger, by state.", "state")
	links      = desc("links", "Ties of an event to a meeting, by state.", "state")
	held       = desc("held_meetings", "Meetings that stay until an admin approves.")
	missing    = desc("missing_meetings", "Meetings to come that the platform does not find.")
	unanswered = desc("unanswered_calls", "Calls to the platform whose outcome is not known.")
	leftovers  = desc("given_up_calls", "Calls that nobody waits for any more, and that may have left a meeting behind, or may yet.")
	recovering = desc("recovering", "1 while the ledger may not know all meetings, since it was lost or an old copy put back.")
	failing    = desc("events_failing", "Events that could not be treated, or wait for a person or for room.")
	passed     = desc("last_pass_timestamp_seconds", "When the last pass that came to its end did so.")
	results    = desc("last_pass_results", "What that pass did, by outcome.", "result")
)

// The values that labels can have.
var (
	troubles      = []store.Trouble{store.NoTrouble, store.Password, store.Denied, store.Missing, store.ReadOnly, store.Unreachable, store.Platform}
	meetingStates = []store.MeetingState{store.Live, store.Voided, store.Deleted, store.Vanished}
	linkStates    = []store.LinkState{store.Active, store.Ending, store.Ended}
)

// A collector reads the ledger when it is asked.
type collector struct{ Options }

func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{organizers, calendars, meetings, links, held, missing, unanswered, leftovers, recovering, failing, passed, results} {
		to <- d
	}
}

// Collect says no more than that it failed when it does: what the ledger says of an error is for the log.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	var all []prometheus.Metric
	for _, read := range []func(context.Context) ([]prometheus.Metric, error){c.people, c.places, c.rows, c.waiting, c.last} {
		some, err := read(ctx)
		if err != nil {
			c.Log.Error("metrics failed", "error", err.Error())
			to <- prometheus.NewInvalidMetric(organizers, errors.New("the ledger cannot be read: see the log"))
			return
		}
		all = append(all, some...)
	}
	for _, m := range all {
		to <- m
	}
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// people counts the organizers of the configuration; one that the ledger does not know yet has no trouble.
func (c *collector) people(ctx context.Context) ([]prometheus.Metric, error) {
	rows, err := c.Ledger.Organizers(ctx)
	if err != nil {
		return nil, err
	}
	trouble := map[string]store.Trouble{}
	for _, o := range rows {
		trouble[o.Email] = o.Trouble
	}
	n := map[store.Trouble]int{}
	for _, email := range c.Organizers {
		n[trouble[email]]++
	}
	return byTrouble(organizers, n), nil
}

// places counts the calendars that are watched.
func (c *collector) places(ctx context.Context) ([]prometheus.Metric, error) {
	watched := map[string]bool{}
	for _, email := range c.Organizers {
		watched[email] = true
	}
	rows, err := c.Ledger.Calendars(ctx, "")
	if err != nil {
		return nil, err
	}
	n := map[store.Trouble]int{}
	for _, row := range rows {
		if !row.Left && watched[row.Organizer] {
			n[row.Trouble]++
		}
	}
	return byTrouble(calendars, n), nil
}

func byTrouble(d *prometheus.Desc, n map[store.Trouble]int) []prometheus.Metric {
	var all []prometheus.Metric
	for _, t := range troubles {
		label := string(t)
		if t == store.NoTrouble {
			label = "none"
		}
		all = append(all, gauge(d, float64(n[t]), label))
	}
	return all
}

// rows counts meetings and links.
func (c *collector) rows(ctx context.Context) ([]prometheus.Metric, error) {
	t, err := c.Ledger.Tally(ctx)
	if err != nil {
		return nil, err
	}
	var all []prometheus.Metric
	for _, s := range meetingStates {
		all = append(all, gauge(meetings, float64(t.Meetings[s]), string(s)))
	}
	n, waiting := map[store.LinkState]int{}, 0
	for kind, count := range t.Links {
		n[kind.State] += count
		if sync.IsHeld(store.Link{State: kind.State, Reason: kind.Reason}) {
			waiting += count
		}
	}
	for _, s := range linkStates {
		all = append(all, gauge(links, float64(n[s]), string(s)))
	}
	return append(all, gauge(held, float64(waiting))), nil
}

// waiting counts what somebody may have to look at.
func (c *collector) waiting(ctx context.Context) ([]prometheus.Metric, error) {
	n, err := c.Ledger.Counts(ctx, "")
	if err != nil {
		return nil, err
	}
	lost, err := sync.CountMissing(ctx, c.Ledger, c.Now())
	if err != nil {
		return nil, err
	}
	given, err := c.Ledger.GivenUp(ctx, "")
	if err != nil {
		return nil, err
	}
	doubt, err := c.Recovery(ctx)
	if err != nil {
		return nil, err
	}
	doubtful := 0.0
	if !doubt.Since.IsZero() {
		doubtful = 1
	}
	return []prometheus.Metric{
		gauge(leftovers, float64(len(given))), gauge(recovering, doubtful),
		gauge(unanswered, float64(n.Unknown)), gauge(failing, float64(n.Failing)), gauge(missing, float64(lost.Meetings)),
	}, nil
}

// last tells of the last pass.
func (c *collector) last(context.Context) ([]prometheus.Metric, error) {
	p, err := c.LastPass()
	if err != nil || p.At.IsZero() {
		return nil, err
	}
	all := []prometheus.Metric{gauge(passed, float64(p.At.Unix()))}
	for result, n := range p.Results {
		all = append(all, gauge(results, float64(n), result))
	}
	return all, nil
}
