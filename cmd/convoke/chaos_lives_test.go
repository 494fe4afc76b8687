package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// The lives of a program are its processes, one after the other.
type lives struct {
	path, config, log string
	random            *rand.Rand
	started           int
	killed            int // by SIGKILL
}

// live runs the daemon and kills it after some seconds, most times with SIGKILL, and makes a pass by hand in between, which does
// not wait with what has failed, and is killed too when it lasts. It ends with ctx.
func (l *lives) live(ctx context.Context) error {
	for ctx.Err() == nil {
		signal := syscall.SIGKILL
		if l.random.IntN(4) == 0 {
			signal = syscall.SIGTERM
		}
		if err := l.until(ctx, signal, l.between(2*time.Second, 6*time.Second), "run"); err != nil {
			return err
		}
		if err := l.until(ctx, syscall.SIGKILL, l.between(time.Second/2, 9*time.Second), "sync"); err != nil {
			return err
		}
	}
	return nil
}

func (l *lives) between(least, most time.Duration) time.Duration {
	return least + time.Duration(l.random.Int64N(int64(most-least)))
}

// until lets a command run for a time, or until it ends by itself, which a daemon must not.
func (l *lives) until(ctx context.Context, signal syscall.Signal, after time.Duration, command string) error {
	limited, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	signalled := false
	cmd, out := l.command(limited, command)
	cmd.Cancel = func() error { signalled = true; return cmd.Process.Signal(signal) }
	cmd.WaitDelay = 30 * time.Second
	err := l.logged(cmd)
	switch code := cmd.ProcessState.ExitCode(); {
	case cmd.Process == nil && limited.Err() != nil: // the time was over before it began
		return nil
	case signalled && signal == syscall.SIGKILL:
		l.killed++
		return nil
	case signalled && code == exitDone, command == "sync" && (code == exitDone || code == exitSome):
		return nil
	}
	return fmt.Errorf("convoke %s: %w: %s", command, errors.Join(err, errors.New("it ended")), out)
}

// run runs a command to its end.
func (l *lives) run(ctx context.Context, args ...string) (code int, out string) {
	cmd, buffer := l.command(ctx, args...)
	_ = l.logged(cmd) // the exit code says it
	return cmd.ProcessState.ExitCode(), buffer.String()
}

func (l *lives) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	out := new(bytes.Buffer)
	cmd := exec.CommandContext(ctx, l.path, append(args, "-c", l.config)...)
	cmd.Stdout, cmd.Env = out, append(os.Environ(), "GORACE="+quickExit)
	l.started++
	return cmd, out
}

// logged runs a command whose log goes where all of them go.
func (l *lives) logged(cmd *exec.Cmd) error {
	log, err := os.OpenFile(l.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	return cmd.Run()
}
