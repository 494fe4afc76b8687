package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestColour wants colour on a terminal, and nowhere else.
func TestColour(t *testing.T) {
	bin := filepath.Join(programFolder(t), program)
	for name, c := range map[string]struct {
		terminal bool
		env      []string
		colour   bool
	}{
		"terminal":              {true, []string{"TERM=xterm"}, true},
		"terminal, NO_COLOR":    {true, []string{"TERM=xterm", "NO_COLOR=1"}, false},
		"terminal without arts": {true, []string{"TERM=dumb"}, false},
		"pipe":                  {false, []string{"TERM=xterm"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), bin, "demo", "--once")
			cmd.Env = append(os.Environ(), append(c.env, "GORACE="+quickExit)...)
			out := output(t, cmd, c.terminal)
			assert.Contains(t, out, "Alice books two meetings")
			assert.Equal(t, c.colour, strings.Contains(out, "\x1b["), out)
		})
	}
}

// output runs a program and returns what it printed, on a pseudo-terminal if asked for.
func output(t *testing.T, cmd *exec.Cmd, terminal bool) string {
	t.Helper()
	if !terminal {
		out, err := cmd.CombinedOutput()
		require.NoError(t, err)
		return string(out)
	}
	screen, line := pseudoTerminal(t)
	cmd.Stdout, cmd.Stderr = line, line
	require.NoError(t, cmd.Start())
	require.NoError(t, line.Close())
	var out bytes.Buffer
	_, _ = io.Copy(&out, screen) // ends with EIO when the program has closed the other end
	require.NoError(t, cmd.Wait())
	return out.String()
}

// pseudoTerminal opens a pair of ends: what is printed to line appears on screen (pts(4)).
func pseudoTerminal(t *testing.T) (screen, line *os.File) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the numbers of the calls are those of Linux")
	}
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no pseudo-terminals here: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { screen.Close() })
	var unlock, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value)))
		require.Zero(t, failed)
	}
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	return screen, line
}
