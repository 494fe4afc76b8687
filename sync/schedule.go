package sync

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"
)

// Run calls pass once at the start and then by the schedule, never twice at a time, until ctx ends; it returns when the
// last call has. A call that is still running when the next is due takes its place.
func Run(ctx context.Context, s cron.Schedule, log *slog.Logger, pass func(ctx context.Context)) {
	// Recover within SkipIfStillRunning: the other way round a pass that panics counts as running for ever.
	c := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger), cron.Recover(cronLog{log})))
	id := c.Schedule(Monotonic{s}, cron.FuncJob(func() {
		if ctx.Err() == nil {
			pass(ctx)
		}
	}))
	c.Start()
	first := make(chan struct{})
	go func() {
		defer close(first)
		c.Entry(id).WrappedJob.Run()
	}()
	<-ctx.Done()
	<-c.Stop().Done()
	<-first
}

// Monotonic is a schedule whose next time is as far away as it was when it was asked, however the wall clock is set meanwhile.
type Monotonic struct{ cron.Schedule }

// Next keeps the monotonic reading of t.
func (m Monotonic) Next(t time.Time) time.Time {
	next := m.Schedule.Next(t)
	if next.IsZero() {
		return next
	}
	return t.Add(next.Sub(t))
}

// cronLog hands what cron catches on to our log.
type cronLog struct{ *slog.Logger }

func (l cronLog) Info(msg string, kv ...any) { l.Debug(msg, kv...) }

func (l cronLog) Error(err error, msg string, kv ...any) {
	l.Logger.Error("pass stopped: "+msg, append(kv, "error", err)...)
}
