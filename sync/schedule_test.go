package sync_test

import (
	"bytes"
	"context"
	"log/slog"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/sync"
)

// A timetable notes when passes began, counted from when Run was called.
type timetable struct {
	mu     stdsync.Mutex
	zero   time.Time
	began  []time.Duration
	now    int // how many are under way
	most   int
	lasts  time.Duration
	panics int // so many passes panic
}

func (t *timetable) pass(ctx context.Context) {
	t.mu.Lock()
	t.began = append(t.began, time.Since(t.zero))
	t.now++
	t.most = max(t.most, t.now)
	panics := t.panics > 0
	t.panics--
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.now--
		t.mu.Unlock()
	}()
	if panics {
		panic("a bug")
	}
	select {
	case <-ctx.Done():
		time.Sleep(time.Second) // the step under way is finished
	case <-time.After(t.lasts):
	}
}

// run runs a schedule for a while, inside a bubble of fake time, and returns the log.
func (t *timetable) run(test *testing.T, spec string, d time.Duration) string {
	schedule, err := cron.ParseStandard(spec)
	require.NoError(test, err)
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(test.Context())
	done := make(chan struct{})
	t.zero = time.Now()
	go func() {
		defer close(done)
		sync.Run(ctx, schedule, slog.New(slog.NewTextHandler(&log, nil)), t.pass)
	}()
	time.Sleep(d)
	cancel()
	<-done
	assert.Zero(test, t.now, "Run returns when the last pass has")
	return log.String()
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name  string
		spec  string
		lasts time.Duration
		d     time.Duration
		began []time.Duration
	}{
		{"at the start and then by the schedule", "@every 1m", time.Second, 150 * time.Second, []time.Duration{0, time.Minute, 2 * time.Minute}},
		{"a pass that takes longer takes the place of the next", "@every 1m", 90 * time.Second, 5 * time.Minute,
			[]time.Duration{0, 2 * time.Minute, 4 * time.Minute}},
		{"stopped in the first pass", "@every 1m", time.Hour, 30 * time.Second, []time.Duration{0}},
		// a bubble's clock begins at midnight UTC (testing/synctest)
		{"a cron expression is read in UTC", "30 1 * * *", time.Second, 26 * time.Hour, []time.Duration{0, 90 * time.Minute, 25*time.Hour + 30*time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := &timetable{lasts: c.lasts}
				log := table.run(t, c.spec, c.d)
				assert.Equal(t, c.began, table.began)
				assert.Equal(t, 1, table.most, "never two at a time")
				assert.Empty(t, log)
			})
		})
	}
	t.Run("a pass that panics is told of, and the next one comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			table := &timetable{panics: 2}
			log := table.run(t, "@every 1m", 150*time.Second)
			assert.Len(t, table.began, 3)
			assert.Contains(t, log, "a bug")
		})
	})
	t.Run("ended before it began", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			schedule, err := cron.ParseStandard("@every 1m")
			require.NoError(t, err)
			sync.Run(ctx, schedule, slog.New(slog.DiscardHandler), func(context.Context) { t.Error("a pass after the end") })
		})
	})
}
