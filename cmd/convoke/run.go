package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptrace"
	"os"
	"os/signal"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"convoke/internal/config"
	"convoke/internal/web"
	"convoke/store/sqlite"
	"convoke/sync"
)

func newRun(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: passes by the schedule, until it is stopped",
		Long: `Make a pass at once and then by the schedule (cron, in UTC). SIGHUP, or "convoke reload", reads the configuration again; a bad
one is refused and the old one kept. SIGTERM ends the pass after the step that is under way.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), patient)
			if c.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // stopped while it started, which is no failure
			}
			if err != nil {
				return err
			}
			d := &service{streams: s, app: a}
			return d.run(c.Context())
		},
	}
}

// A service is the daemon: one app after the other, a new one for each configuration that was read.
type service struct {
	*streams
	app   *app
	page  *web.Server // nil where it is turned off
	pulse pulse
}

func (d *service) run(ctx context.Context) error {
	defer func() { d.app.ledger.Close() }()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before anybody can find this process by its lock
	defer signal.Stop(hup)
	release, err := d.app.ledger.Lock()
	if err != nil {
		return err
	}
	defer release()

	if d.page, err = d.app.listen(); err != nil {
		return err
	}

	var watch stdsync.WaitGroup
	defer watch.Wait()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	ledger, log := d.app.ledger, d.app.log // the same in every generation
	watch.Go(func() { d.watchdog(watching, ledger, log) })

	v, commit := build()
	d.app.log.Info("started", "version", v, "commit", commit, "organizers", len(d.app.cfg.Organizers), "schedule", d.app.cfg.Schedule.Text)
	notify(daemon.SdNotifyReady)
	for ctx.Err() == nil {
		d.generation(ctx, hup)
	}
	notify(daemon.SdNotifyStopping)
	d.app.log.Info("stopped")
	return nil
}

// generation runs passes with one configuration, until the program is to stop or another configuration was read.
func (d *service) generation(ctx context.Context, hup <-chan os.Signal) {
	current, end := context.WithCancel(ctx)
	defer end()
	done := make(chan struct{})
	a := d.app
	a.engine.Calendars = beating{a.cals, &d.pulse}
	var parts stdsync.WaitGroup
	parts.Go(func() {
		d.pulse.schedule.Store(&a.cfg.Schedule)
		sync.Run(current, a.cfg.Schedule, a.log, d.pass)
	})
	if page := d.page; page != nil {
		parts.Go(func() {
			if err := page.Run(current); err != nil {
				a.log.Error("the web listener stopped", "error", err.Error())
			}
		})
	}
	go func() {
		defer close(done)
		parts.Wait()
	}()
	for {
		select {
		case <-ctx.Done():
			<-done
			return
		case <-hup:
			next, page, err := d.reload(ctx)
			a.answerReload(ctx, err)
			if err != nil {
				a.log.Error("configuration refused, the old one stays in use", "error", err.Error())
				continue
			}
			end()
			<-done
			d.app, d.page = next, page
			if err := next.engine.Unpark(ctx); err != nil {
				next.log.Error("who is parked stays so", "error", err.Error())
			}
			next.log.Info("configuration read again", "organizers", len(next.cfg.Organizers), "schedule", next.cfg.Schedule.Text)
			return
		}
	}
}

// reload reads the configuration again, wires it to the ledger that is open, and takes its address: all of it, or nothing changes.
func (d *service) reload(ctx context.Context) (*app, *web.Server, error) {
	cfg, err := config.Load(d.app.cfg.File)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Database != d.app.cfg.Database || cfg.KeyFile != d.app.cfg.KeyFile || cfg.Stamp != d.app.cfg.Stamp {
		return nil, nil, errors.New("another database, key_file or stamp_file takes a restart")
	}
	next, err := d.assemble(ctx, cfg, d.app.ledger, patient)
	if err != nil {
		return nil, nil, err
	}
	page, err := next.listenAfter(d.app, d.page)
	return next, page, err
}

// pass makes one pass and tells of it.
func (d *service) pass(ctx context.Context) {
	a := d.app
	d.pulse.begin()
	defer d.pulse.end()
	a.engine.Progress = func(sync.Progress) { d.pulse.beat() }
	a.engine.Step = func(sync.Step) { d.pulse.beat() }
	began := time.Now()
	report, err := a.engine.Pass(d.pulse.felt(ctx), "")
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		a.stopped(err)
		a.log.Error("pass stopped", "error", err.Error(), "ledger", a.cfg.Database, "took", took)
		notify("STATUS=last pass stopped: " + err.Error())
		return
	}
	a.beat(report)
	level := slog.LevelDebug
	if report.Steps() > 0 || report.Failed > 0 {
		level = slog.LevelInfo
	}
	a.log.Log(ctx, level, "pass", "result", summary(report), "took", took)
	notify(fmt.Sprintf("STATUS=last pass at %s: %s", began.UTC().Format("15:04:05 UTC"), summary(report)))
}

// A lastPass is the sign of life that a pass leaves beside the ledger, for status.
type lastPass struct {
	At        time.Time   `json:"at,omitzero"` // when it came to its end
	Report    sync.Report `json:"report"`
	Stopped   string      `json:"stopped,omitempty"` // why a later one did not come to its end
	StoppedAt time.Time   `json:"stoppedAt,omitzero"`
}

// beat leaves a sign of life.
func (a *app) beat(r sync.Report) { a.sign(lastPass{At: second(), Report: r}) }

// stopped leaves word of a pass that the ledger did not let come to its end, beside that of the last one that did: an alert waits
// for its time to grow old.
func (a *app) stopped(why error) {
	p := lastPass{}
	if last, err := readLastPass(a.cfg.Database); err == nil && last != nil {
		p = *last
	}
	p.Stopped, p.StoppedAt = why.Error(), second()
	a.sign(p)
}

// second is now, as a person reads it.
func second() time.Time { return time.Now().UTC().Truncate(time.Second) }

// sign leaves what status reads beside the ledger, not in it: an idle pass writes nothing there, and on a full disk there is
// room for it in the place of the last one.
func (a *app) sign(p lastPass) {
	p.Report.Errors = []sync.Problem{} // status reads them from the ledger
	text, err := json.Marshal(p)
	if err == nil {
		err = a.ledger.Beat(text)
	}
	if err != nil {
		a.log.Warn("no sign of life left for status", "error", err.Error())
	}
}

// notify tells systemd; without it nobody listens.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }

// A pulse is what the watchdog feels for: that passes begin when they are due, and that one under way gets on.
type pulse struct {
	schedule atomic.Pointer[config.Schedule]
	running  atomic.Bool
	last     atomic.Pointer[time.Time] // nil: just started. It has a monotonic reading: the wall clock may be set
}

// patience is how long a pass may be at one thing, and how late the next one may begin: longer than any exchange with a
// server lasts with its repetitions.
const patience = 15 * time.Minute

func (p *pulse) begin() { p.running.Store(true); p.beat() }
func (p *pulse) beat()  { now := time.Now(); p.last.Store(&now) }
func (p *pulse) end()   { p.beat(); p.running.Store(false) }

// felt is a context with which each exchange with a server is a sign of life: those for a pass, and not the requests of whoever
// reads a feed.
func (p *pulse) felt(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { p.beat() }, GotFirstResponseByte: p.beat})
}

// beating makes the turn of each organizer a sign of life: she may have nothing to do, and no server.
type beating struct {
	sync.Calendars
	pulse *pulse
}

// Source is asked at the beginning of each turn.
func (b beating) Source(organizer string) string {
	b.pulse.beat()
	return b.Calendars.Source(organizer)
}

func (p *pulse) healthy(now time.Time) bool {
	last, schedule := p.last.Load(), p.schedule.Load()
	if last == nil || schedule == nil {
		return true
	}
	if p.running.Load() {
		return now.Sub(*last) < patience
	}
	return now.Sub(sync.Monotonic{Schedule: schedule}.Next(*last)) < patience
}

// watchdog tells systemd that the daemon is well, as long as passes get on and the ledger can be read.
func (d *service) watchdog(ctx context.Context, ledger *sqlite.Ledger, log *slog.Logger) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	tick := time.NewTicker(interval / 3)
	defer tick.Stop()
	for {
		if d.well(ctx, ledger, log) {
			notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *service) well(ctx context.Context, ledger *sqlite.Ledger, log *slog.Logger) bool {
	if !d.pulse.healthy(time.Now()) {
		log.Error("no pass has got on for too long")
		return false
	}
	if _, err := ledger.Notes(ctx, "watchdog"); err != nil && ctx.Err() == nil {
		log.Error("the ledger cannot be read", "error", err.Error())
		return false
	}
	return true
}
