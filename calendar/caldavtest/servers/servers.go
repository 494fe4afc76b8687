// Package servers starts real CalDAV servers for tests: Radicale, Xandikos, DAViCal and Cyrus, as Debian packages
// them, each in a folder of its own and on loopback only. It holds the scripts that know how, and makes sure that
// nothing is left when a test ends, however it ends.
package servers

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	stdsync "sync"
	"syscall"
	"time"
)

//go:embed *.sh
var scripts embed.FS

// ErrUnavailable says that a server cannot run on this machine; the error says what is missing.
var ErrUnavailable = errors.New("not available here")

// unavailable is the exit code of the scripts for that.
const unavailable = 3

// Names lists the servers that Start knows.
func Names() []string { return []string{"radicale", "xandikos", "davical", "cyrus"} }

// An Instance is a running server with the users alice, bob and carol. Each has a calendar.
type Instance struct {
	Name  string
	Base  string // URL to begin a discovery at
	Users []User

	dir   string
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bytes.Buffer
	stop  stdsync.Once
}

// A User is a person on a server; the URLs are whole.
type User struct{ Name, Password, Principal, Calendar string }

// User returns a user by name.
func (i *Instance) User(name string) User {
	for _, u := range i.Users {
		if u.Name == name {
			return u
		}
	}
	return User{}
}

// Start runs a server until Stop is called, ctx ends or this process does, even by SIGKILL: the supervising script
// reads from a pipe that breaks then. As root missing Debian packages are installed, which takes minutes; else the
// error wraps ErrUnavailable and names them.
func Start(ctx context.Context, name string, logf func(format string, args ...any)) (*Instance, error) {
	var err error
	for try := range 3 { // another process may take the port in between
		var i *Instance
		if i, err = start(ctx, name); err == nil {
			logf("%s runs at %s", name, i.Base)
			return i, nil
		}
		if errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			break
		}
		logf("start %s, try %d: %v", name, try+1, err)
	}
	return nil, fmt.Errorf("start %s: %w", name, err)
}

func start(ctx context.Context, name string) (*Instance, error) {
	dir, err := unpack(name)
	if err != nil {
		return nil, err
	}
	port, err := freePorts()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	i := &Instance{Name: name, dir: dir, out: new(bytes.Buffer)}
	i.cmd = exec.CommandContext(ctx, "bash", filepath.Join(dir, "serve.sh"), name, strconv.Itoa(port), filepath.Join(dir, "data"))
	i.cmd.Stderr = i.out
	i.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is for the test
	i.cmd.Cancel = func() error { return i.stdin.Close() }
	i.cmd.WaitDelay = time.Minute
	stdout, err := i.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if i.stdin, err = i.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := i.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if i.read(stdout) {
		return i, nil
	}
	return nil, i.failed()
}

// read takes the script's report, and says whether it came to its end.
func (i *Instance) read(report io.Reader) bool {
	lines := bufio.NewScanner(report)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) == 2 && f[0] == "base":
			i.Base = f[1]
		case len(f) == 8 && f[0] == "user":
			i.Users = append(i.Users, User{Name: f[1], Password: f[3], Principal: f[5], Calendar: f[7]})
		case len(f) == 1 && f[0] == "ready":
			return i.Base != "" && len(i.Users) > 0
		}
	}
	return false
}

// failed ends a script that could not start its server, and says why.
func (i *Instance) failed() error {
	i.Stop()
	why := strings.TrimSpace(i.out.String())
	if i.cmd.ProcessState != nil && i.cmd.ProcessState.ExitCode() == unavailable {
		return fmt.Errorf("%w: %s", ErrUnavailable, why)
	}
	return fmt.Errorf("the script failed: %s", why)
}

// Stop ends the server and everything it started, and removes its folder. It may be called more than once.
func (i *Instance) Stop() {
	i.stop.Do(func() {
		_ = i.stdin.Close()
		_ = i.cmd.Wait()
		_ = os.RemoveAll(i.dir)
	})
}

// unpack lays the scripts out in a new folder that the servers' own users can enter.
func unpack(name string) (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "convoke-"+name+"-"); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := scripts.ReadDir(".")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		text, err := scripts.ReadFile(e.Name())
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// freePorts finds two neighbouring ports that nobody listens on: Cyrus needs the second one for IMAP.
func freePorts() (int, error) {
	for range 50 {
		a, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := a.Addr().(*net.TCPAddr).Port
		b, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+1))
		_ = a.Close()
		if err == nil {
			return port, b.Close()
		}
	}
	return 0, errors.New("no two free ports")
}
