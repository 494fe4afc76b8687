package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"convoke/internal/config"
	"convoke/store/sqlite"
)

func newReload(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Tell the running daemon to read its configuration again",
		Long: `Check the configuration, tell the daemon that holds the ledger to read it again, and wait for what it says. A bad one is refused
here, and by the daemon, which goes on with the old one. The files of secrets are looked at by the daemon alone.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := s.read(config.LoadWithoutSecrets) // as the unit's ExecReload= it has no credentials
			if err != nil {
				return err
			}
			pid, err := sqlite.Holder(cfg.Database)
			if err != nil {
				return err
			}
			if pid == 0 {
				return fmt.Errorf("no daemon holds the ledger %s", cfg.Database)
			}
			if err := becomeOwner(cfg.Database); err != nil {
				return err
			}
			return s.reload(c.Context(), cfg, pid)
		},
	}
}

// reloadKey is the note of when the daemon read its configuration last, on a line, and of what was wrong with it.
const reloadKey = "daemon/reload"

// answerReload leaves word of a reload for who asked for it.
func (a *app) answerReload(ctx context.Context, refused error) {
	answer := time.Now().UTC().Format(time.RFC3339Nano) + "\n"
	if refused != nil {
		answer += refused.Error()
	}
	if err := a.ledger.Note(ctx, reloadKey, answer); err != nil {
		a.log.Warn("no answer left for who asked for a reload", "error", err.Error())
	}
}

// answerWithin is how long a daemon is waited for. A pass under way does not keep it from answering.
const answerWithin = 5 * time.Second

// reload tells a process to read the configuration again, and tells what it answers. One that makes a single pass does not answer.
func (s *streams) reload(ctx context.Context, cfg *config.Config, pid int) error {
	l, err := sqlite.Open(ctx, cfg.Database, sqlite.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	before, err := l.Notes(ctx, reloadKey)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		return fmt.Errorf("tell process %d: %w", pid, err)
	}
	for late := time.Now().Add(answerWithin); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		now, err := l.Notes(ctx, reloadKey)
		if err != nil {
			return err
		}
		if now == before {
			continue
		}
		if _, refused, _ := strings.Cut(now, "\n"); refused != "" {
			return usageError{fmt.Errorf("process %d refused it, and goes on with the old one: %s", pid, refused)}
		}
		s.out.Printf("process %d has read %s again\n", pid, cfg.File)
		return nil
	}
	s.out.Printf("told process %d to read %s again; whether it did: journalctl -u convoke\n", pid, cfg.File)
	return nil
}
