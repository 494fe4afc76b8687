// Command probe tells what the settings of a unit let a program do: it tries one thing after the other and prints, a line each,
// its name and "ok" or the error. The boot test runs it in the place of convoke. It undoes what it can; run it nowhere
// but in a machine that is thrown away.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An attempt is something that a program may be kept from.
type attempt struct {
	name string
	try  func() error
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--quit" { // it was executed; no more was asked
		return
	}
	for _, group := range [][]attempt{files, programs, rights, kernel, network} {
		for _, a := range group {
			result := "ok"
			if err := a.try(); err != nil {
				result = err.Error()
			}
			fmt.Printf("%s: %s\n", a.name, result)
		}
	}
	fmt.Println("end")
}

// stateFolder is $STATE_DIRECTORY, as StateDirectory= says it.
var stateFolder = os.Getenv("STATE_DIRECTORY")

var files = []attempt{
	{"write to the state folder", func() error { return write(stateFolder) }},
	{"write to /tmp", func() error { return write("/tmp") }},
	{"write to an open folder", func() error { return write("/srv/open") }},
	{"write to /etc/convoke", func() error { return write("/etc/convoke") }},
	{"write to an opened folder", func() error { return write("/srv/calendars") }},
	{"write to /dev", func() error { return write("/dev") }},
	{"write to /dev/shm", func() error { return write("/dev/shm") }},
	{"write to /run/lock", func() error { return write("/run/lock") }},
	{"see /tmp of others", func() error { return readable("/tmp/of-others") }},
	{"see a home", func() error { return readable("/home/alice/diary") }},
	{"see root's home", func() error { return readable("/root/diary") }},
	{"read the key in /etc/convoke", func() error { return readable("/etc/convoke/platform-api-key") }},
	{"read the key as a credential", func() error { return readable(filepath.Join(os.Getenv("CREDENTIALS_DIRECTORY"), "platform-api-key")) }},
	{"read an organizer's password", func() error { return readable("/etc/convoke/alice.password") }},
	{"read /etc/shadow", func() error { return readable("/etc/shadow") }},
	{"new files are the user's alone", newFileIsPrivate},
}

var programs = []attempt{
	{"execute itself", func() error { return run("/proc/self/exe") }},
	{"execute another program", func() error { return run("/usr/bin/true") }},
	{"execute a file of its own", func() error { return runCopy(stateFolder) }},
	{"execute a file in /tmp", func() error { return runCopy("/tmp") }},
	{"execute a file in an opened folder", func() error { return runCopy("/srv/calendars") }},
	{"execute memory", runMemory},
	{"make written memory executable", makeExecutable},
}

// unused is a name for a new file; other probes may be at work in the same folder.
func unused(folder string) string { return filepath.Join(folder, fmt.Sprintf("probe-%d", os.Getpid())) }

// write makes a file and takes it away.
func write(folder string) error {
	f, err := os.CreateTemp(folder, "probe-*")
	if err != nil {
		return cause(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func readable(name string) error {
	_, err := os.ReadFile(name)
	return cause(err)
}

// cause is the error without the path, which may be a random one.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func newFileIsPrivate() error {
	name := unused(stateFolder)
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		return cause(err)
	}
	defer os.Remove(name)
	info, err := os.Stat(name)
	if err == nil && info.Mode().Perm() != 0o600 {
		return fmt.Errorf("mode %04o", info.Mode().Perm())
	}
	return cause(err)
}

func run(program string) error { return cause(exec.Command(program, "--quit").Run()) }

// runCopy puts a copy of this program into a folder and executes it.
func runCopy(folder string) error {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return cause(err)
	}
	name := unused(folder)
	if err := os.WriteFile(name, program, 0o700); err != nil {
		return cause(err)
	}
	defer os.Remove(name)
	return run(name)
}

// status returns a field of /proc/self/status (proc(5)).
func status(field string) string {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
