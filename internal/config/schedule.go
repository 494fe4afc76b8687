package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when a pass starts: five cron fields or a descriptor such as "@hourly", always in UTC because a
// local hour can come twice or not at all, or "@every" and a duration.
type Schedule struct {
	Text string // as configured
	cron.Schedule
}

func defaultSchedule() Schedule {
	return Schedule{Text: "@every 1m", Schedule: cron.Every(time.Minute)}
}

func schedule(raw any) (Schedule, error) {
	s, err := text(raw)
	if err != nil {
		return Schedule{}, err
	}
	if len(s) > maxShown {
		return Schedule{}, errors.New("is too long for a cron expression")
	}
	// Not left to the parser: it panics on a zone without a space after it.
	if strings.HasPrefix(s, "TZ=") || strings.HasPrefix(s, "CRON_TZ=") {
		return Schedule{}, errors.New("a time zone is not accepted: the schedule is in UTC, since an hour of local time can come twice or not at all")
	}
	if rest, ok := strings.CutPrefix(s, "@every "); ok {
		return every(s, rest)
	}
	parsed, err := parseCron(s)
	if err != nil {
		return Schedule{}, fmt.Errorf(`is not a cron expression (minute hour day month weekday) or "@every 1m": %w`, err)
	}
	if spec, ok := parsed.(*cron.SpecSchedule); ok {
		spec.Location = time.UTC
	}
	if parsed.Next(time.Unix(0, 0)).IsZero() {
		return Schedule{}, errors.New("no such day ever comes")
	}
	return Schedule{Text: s, Schedule: parsed}, nil
}

// every is stricter than cron, which rounds anything below a second, also a negative duration, up to one.
func every(s, rest string) (Schedule, error) {
	d, err := time.ParseDuration(rest)
	if err != nil {
		return Schedule{}, errors.New(`needs a duration after "@every", such as "30s" or "5m"`)
	}
	if d < time.Second {
		return Schedule{}, errors.New("is too often: once a second is the most")
	}
	return Schedule{Text: s, Schedule: cron.Every(d)}, nil
}

// parseCron turns the parser's panics into errors.
func parseCron(s string) (parsed cron.Schedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return cron.ParseStandard(s)
}
