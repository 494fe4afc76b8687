package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/store"
	"convoke/store/sqlite"
)

// TestMain is also what the test binary does as another process: see child.
func TestMain(m *testing.M) {
	if role := os.Getenv("LEDGER_TEST_ROLE"); role != "" {
		if err := roles[role](os.Getenv("LEDGER_TEST_PATH")); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var roles = map[string]func(path string) error{
	"open": func(path string) error {
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			return err
		}
		return l.Close()
	},
	"hold": func(path string) error {
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			return err
		}
		if _, err := l.Lock(); err != nil {
			return err
		}
		if err := l.Beat([]byte(`{"pass":1}`)); err != nil {
			return err
		}
		fmt.Println("held")
		_, err = io.Copy(io.Discard, os.Stdin) // until it is killed
		return err
	},
	"book": func(path string) error {
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			if err := book(os.Stdout, l, fmt.Sprintf("%d-%d", os.Getpid(), n)); err != nil {
				return err
			}
		}
	},
}

// book takes one event through the protocol of creation, and says what the ledger has taken over.
func book(w io.Writer, l store.Ledger, uid string) error {
	ctx, now := context.Background(), time.Now()
	in, err := l.Begin(ctx, store.Intent{Kind: store.CreateMeeting, Organizer: "alice@example.com", UID: uid, SentAt: now})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "begun", uid)
	_, _, err = l.Made(ctx, in, store.Meeting{Organizer: "alice@example.com", PlatformID: uid, State: store.Live, UpdatedAt: now},
		store.Link{Organizer: "alice@example.com", UID: uid, State: store.Active})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "made", uid)
	return nil
}

// child starts the test binary in a role, and returns the lines it prints and its end.
func child(t *testing.T, role, path string, change func(*exec.Cmd)) (lines <-chan string, kill func()) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "LEDGER_TEST_ROLE="+role, "LEDGER_TEST_PATH="+path,
		"GORACE=atexit_sleep_ms=0") // else a child of a race-detecting binary takes a second to end
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	if change != nil {
		change(cmd)
	}
	require.NoError(t, cmd.Start())
	out := make(chan string)
	go func() {
		defer close(out)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			out <- s.Text()
		}
	}()
	kill = func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		for range out { // what it still said
		}
		_ = cmd.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(kill)
	return out, kill
}
