// Package systemd_test boots the unit: a real systemd as the first process of namespaces of its own, on the host's programs and
// an otherwise empty tree, into which `make install` has put convoke. It knows convoke only as an admin does: by its unit,
// its commands, its files and its log.
package systemd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	initProgram = "/usr/lib/systemd/systemd"
	hostUnits   = "/usr/lib/systemd/system"
	unitsFolder = "units" // of the machine's root; mounted on hostUnits
	bootTime    = time.Minute
)

// hostFolders are what the machine takes of the host, read-only. /usr/local is its own.
var hostFolders = []string{"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libx32"}

// standardUnits are those of the host's that the machine has; all others would be of no use or do harm.
var standardUnits = []string{
	"basic.target", "local-fs.target", "local-fs-pre.target", "multi-user.target", "network.target", "network-online.target",
	"nss-lookup.target", "paths.target", "shutdown.target", "slices.target", "sockets.target", "sysinit.target", "timers.target",
	"umount.target", "systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket",
}

// A machine is a booted systemd. It ends with the test.
type machine struct {
	init int // its first process, as the host counts
}

// cannot says why this machine cannot boot another, which is a failure in CI.
func cannot(t *testing.T, why string, args ...any) {
	t.Helper()
	message := "the unit was not booted: " + fmt.Sprintf(why, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
}

// boot starts systemd over a tree that newTree has prepared.
func boot(t *testing.T, root string) *machine {
	t.Helper()
	group := newCgroup(t)
	init, err := startInit(t, root, group)
	if err != nil {
		cannot(t, "%v", err)
	}
	m := &machine{init: init.Pid}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := m.run("journalctl", "--no-pager", "--output=short-monotonic")
			t.Logf("the journal:\n%s", log)
		}
		_ = init.Kill() // and with it everything in its PID namespace
	})
	var state string
	m.eventually(t, bootTime, func() bool {
		state, _ = m.run("systemctl", "is-system-running")
		return state == "running"
	}, func() string { return "systemd is " + state })
	return m
}

// startInit runs this program again, in new namespaces and another cgroup, where it becomes systemd.
func startInit(t *testing.T, root string, group *os.File) (*os.Process, error) {
	self, err := os.Executable()
	require.NoError(t, err)
	reason, said, err := os.Pipe()
	require.NoError(t, err)
	defer reason.Close()
	cmd := exec.Command(self)
	cmd.Env = []string{startAsInit + "=" + root}
	cmd.ExtraFiles = []*os.File{said}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
		Unshareflags: unix.CLONE_NEWCGROUP, // after the move into the cgroup, which is the root then
		UseCgroupFD:  true,
		CgroupFD:     int(group.Fd()),
		Setsid:       true,
		Pdeathsig:    unix.SIGKILL, // when this process dies, so does the machine
	}
	started, ended := make(chan error), make(chan struct{})
	go func() { // Pdeathsig is about this thread: it lives as long as the machine
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
		close(ended)
	}()
	err = <-started
	said.Close()
	if err != nil {
		return nil, fmt.Errorf("new namespaces: %w", err)
	}
	t.Cleanup(func() { <-ended })
	text, err := io.ReadAll(reason)
	if err == nil && len(text) > 0 {
		err = errors.New(string(text))
	}
	return cmd.Process, err
}

// command prepares a program to run in the machine as its root.
func (m *machine) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(m.init), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--", program}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/usr/sbin", "LC_ALL=C.UTF-8", "HOME=/root"}
	return cmd
}

// run runs a program in the machine, and returns what it printed on both streams, trimmed.
func (m *machine) run(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := m.command(ctx, program, args...).CombinedOutput()
	return string(bytes.TrimSpace(out)), err
}

// must runs a program that has to succeed.
func (m *machine) must(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := m.run(program, args...)
	require.NoError(t, err, "%s %s\n%s", program, strings.Join(args, " "), out)
	return out
}

// show returns properties of a unit by name.
func (m *machine) show(t *testing.T, unit string, properties ...string) map[string]string {
	t.Helper()
	values := map[string]string{}
	for line := range strings.Lines(m.must(t, "systemctl", "show", "--property="+strings.Join(properties, ","), unit)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		values[name] = value
	}
	for _, p := range properties {
		require.Contains(t, values, p, "systemd does not know this property")
	}
	return values
}

// path is where the host finds a file of the machine, mounts included.
func (m *machine) path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(m.init), "root", name)
}

// in runs f on a thread that is in the machine's network; sockets made there stay there.
func (m *machine) in(t *testing.T, f func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		network, err := os.Open(filepath.Join("/proc", strconv.Itoa(m.init), "ns/net"))
		if err == nil {
			err = errors.Join(unix.Setns(int(network.Fd()), unix.CLONE_NEWNET), network.Close())
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	require.NoError(t, <-done)
}

// eventually waits until something holds, and otherwise says what is.
func (m *machine) eventually(t *testing.T, limit time.Duration, holds func() bool, is func() string) {
	t.Helper()
	for late := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(late) {
			require.FailNow(t, "not within "+limit.String(), is())
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
