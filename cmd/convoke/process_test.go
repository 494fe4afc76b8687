package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process is convoke in a process of its own, with all that it has printed.
type process struct {
	*exec.Cmd
	t    testing.TB
	mu   stdsync.Mutex
	text bytes.Buffer
}

// start starts a program; it is killed when the test ends. Env is added to the test's.
func start(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, Cmd: exec.CommandContext(t.Context(), program, args...)}
	p.Env = append(append(os.Environ(), "GORACE="+quickExit), env...)
	p.Stdout, p.Stderr = p, p
	require.NoError(t, p.Start())
	return p
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// says waits until the program has printed something n times since it was started.
func (p *process) says(pattern string, n int) {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for late := time.Now().Add(2 * time.Minute); time.Now().Before(late); time.Sleep(5 * time.Millisecond) {
		if len(re.FindAllString(p.printed(), n)) == n {
			return
		}
	}
	require.FailNow(p.t, fmt.Sprintf("it did not say %s", pattern), p.printed())
}

// count is how often the program has printed something.
func (p *process) count(pattern string) int {
	return len(regexp.MustCompile(pattern).FindAllString(p.printed(), -1))
}

// stop asks it to end, which it does without complaint.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.Wait(), p.printed())
}
