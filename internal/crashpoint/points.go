// Package crashpoint kills its own process, as a power cut would, at points that have names: before and after each commit of
// the ledger, and along each exchange with a server. Only a program that was built with the tag crashpoints imports it, for
// tests of what is left of such a death. It knows nothing of what happens between its points.
package crashpoint

import (
	"fmt"
	"os"
	"strconv"
	stdsync "sync"
	"syscall"
	"time"
)

// What a program with points reads from its environment. None of it need be set.
const (
	// At says where the process dies: NAME#N at the Nth time that the point of that name is passed, #N at the Nth point of all.
	At = "CONVOKE_CRASH_AT"
	// Trace is a file that gets a line NAME#N for each point that is passed, also the last one.
	Trace = "CONVOKE_CRASH_TRACE"
	// Clock is the time (RFC 3339) that it is for the program, from its start to its end.
	Clock = "CONVOKE_CRASH_CLOCK"
)

// Points are those of one process.
type Points struct {
	at  string
	die func()

	mu     stdsync.Mutex
	trace  *os.File // nil for none
	passed map[string]int
	all    int
}

// FromEnvironment returns the points of this process, which dies by SIGKILL.
func FromEnvironment() (*Points, error) {
	p := &Points{at: os.Getenv(At), die: kill, passed: map[string]int{}}
	name := os.Getenv(Trace)
	if name == "" {
		return p, nil
	}
	var err error
	p.trace, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return p, err
}

// kill does not return, though the signal may take a moment to arrive.
func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// Pass is called at a point. The process may end in it; no other point is passed meanwhile.
func (p *Points) Pass(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all++
	p.passed[name]++
	here := name + "#" + strconv.Itoa(p.passed[name])
	if p.trace != nil {
		if _, err := fmt.Fprintln(p.trace, here); err != nil {
			panic(err) // a test that goes by half a trace proves nothing
		}
	}
	if p.at == here || p.at == "#"+strconv.Itoa(p.all) {
		p.die()
	}
}

// Now is the clock of this process: time.Now, unless the environment has stopped it.
func Now() (func() time.Time, error) {
	text := os.Getenv(Clock)
	if text == "" {
		return time.Now, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Clock, err)
	}
	return func() time.Time { return at }, nil
}
