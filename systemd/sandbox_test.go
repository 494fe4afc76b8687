package systemd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The mounts of the daemon itself, seen by root through /proc: not even root can write or execute in them.
func sceneMounts(t *testing.T, s *service) {
	its := func(name string) string { return s.path(filepath.Join("/proc", s.pid(t), "root", name)) }
	write := func(folder string) error { return os.Mkdir(filepath.Join(its(folder), "by-root"), 0o700) }
	for _, folder := range []string{"/", "/run", "/run/lock", "/sys/fs/cgroup", "/etc", "/etc/convoke", "/usr/local", "/var", "/var/lib", "/srv/open"} {
		assert.ErrorIs(t, write(folder), unix.EROFS, folder)
	}
	require.NoError(t, write(stateDir))
	require.NoError(t, os.Remove(s.path(stateDir+"/by-root")))
	assert.NoFileExists(t, its("/tmp/of-others"))
	assert.NoFileExists(t, its("/home/alice/diary"))
	assert.NoFileExists(t, its("/root/diary"))
	assert.FileExists(t, s.path("/home/alice/diary"))

	s.wx(t)
	assert.ErrorIs(t, exec.Command(its("/usr/bin/true")).Run(), unix.EACCES)
	out, err := exec.Command(its("/usr/local/bin/convoke"), "version").CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

// wx checks that what the daemon can write to cannot be executed, in any of its mounts.
func (s *service) wx(t *testing.T) {
	t.Helper()
	writable := []string{}
	for line := range strings.Lines(s.process(t, "mountinfo")) { // proc_pid_mountinfo(5)
		fields := strings.Fields(line)
		point, options := fields[4], strings.Split(fields[5], ",")
		switch {
		case point == "/usr/local/bin/convoke": // root's, and the one that may be executed
		case point == "/dev/pts": // terminals only; no file can be made there
		case slices.Contains(options, "rw"):
			writable = append(writable, point)
			assert.Contains(t, options, "noexec", line)
		}
	}
	assert.ElementsMatch(t, []string{stateDir, "/tmp", "/var/tmp", "/proc"}, writable)
}

// denied is what the unit's settings keep a program from, and how. What is not in here, it may do.
var denied = map[string]string{
	"write to an open folder":            "read-only file system",
	"write to /etc/convoke":              "read-only file system",
	"write to /dev":                      "read-only file system",
	"write to /dev/shm":                  "permission denied",
	"write to /run/lock":                 "read-only file system",
	"see /tmp of others":                 "no such file or directory",
	"see a home":                         "permission denied",
	"see root's home":                    "permission denied",
	"read the key in /etc/convoke":       "permission denied",
	"read /etc/shadow":                   "permission denied",
	"execute another program":            "permission denied",
	"execute a file of its own":          "permission denied",
	"execute a file in /tmp":             "permission denied",
	"execute a file in an opened folder": "permission denied",
	"execute memory":                     "operation not permitted",
	"make written memory executable":     "operation not permitted",
	"have a capability":                  "none in any set",
	"gain rights by a setuid program":    "no new privileges",
	"make a setuid file":                 "operation not permitted",
	"become root":                        "operation not permitted",
	"give a file away":                   "operation not permitted",
	"make a user namespace":              "operation not permitted",
	"have a lower priority":              "operation not permitted",
	"dump core":                          "limit 0",
	"see the first process":              "no such file or directory",
	"see the kernel's settings":          "no such file or directory",
	"make a control group":               "permission denied", // the mount is read-only too: see sceneMounts
	"mount":                              "operation not permitted",
	"make a device":                      "operation not permitted",
	"see a device":                       "no such file or directory",
	"rename the machine":                 "operation not permitted",
	"change to another ABI":              "operation not permitted",
	"trace a process":                    "operation not permitted",
	"open a netlink socket":              "address family not supported by protocol",
	"open a packet socket":               "address family not supported by protocol",
	"take a port below 1024":             "permission denied",
}

// allowed is what the daemon needs.
var allowed = []string{
	"write to the state folder", "write to /tmp", "write to an opened folder", "read the key as a credential", "read an organizer's password",
	"new files are the user's alone", "execute itself", "open an IPv4 socket", "open a Unix socket",
}

// inPlace puts the probe in the place of convoke, and a folder of calendars as the README says.
const inPlace = `
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecReload=
ReadWritePaths=/srv/calendars
NoExecPaths=/srv/calendars
BindReadOnlyPaths=/usr/local/lib/convoke-probe:/usr/local/bin/convoke
StandardOutput=truncate:/var/log/%p
`

// bare is a service without any protection.
const bare = `[Service]
Type=oneshot
ExecStart=/usr/local/lib/convoke-probe
StateDirectory=convoke-probe
UMask=0077
LoadCredential=platform-api-key:/etc/convoke/platform-api-key
StandardOutput=truncate:/var/log/%p
`

// A program in the place of convoke, under the same unit but for the program and the kind, is kept from all that is denied, and from
// nothing else; without the unit's settings it is kept from nothing.
func sceneSandbox(t *testing.T, s *service) {
	put(t, s.path("/dev/a-device"), "")
	require.NoError(t, os.Chmod(s.path("/etc/shadow"), 0o640))
	found := s.probe(t, map[string]string{"unit": s.settings(t) + inPlace, "bare": bare})
	for name, why := range denied {
		assert.Equal(t, why, found["unit"][name], name)
	}
	for _, name := range allowed {
		assert.Equal(t, "ok", found["unit"][name], name)
	}
	assert.Len(t, found["unit"], len(denied)+len(allowed), "the probe tries what nobody expects anything of")
	for name, result := range found["bare"] {
		assert.Equal(t, "ok", result, "%s: it is not the unit that denies it", name)
	}
}

// walls are the settings behind which there is no second one: without the line that begins so, this is not as it was.
var walls = map[string]string{
	"User=":                            "read /etc/shadow",
	"UMask=":                           "new files are the user's alone",
	"LoadCredential=platform-api-key":  "read the key as a credential",
	"ProtectSystem=":                   "write to an open folder",
	"ReadOnlyPaths=":                   "write to /run/lock",
	"InaccessiblePaths=":               "write to /dev/shm",
	"ProtectHome=":                     "see a home",
	"PrivateTmp=":                      "see /tmp of others",
	"PrivateDevices=":                  "see a device",
	"NoExecPaths=":                     "execute another program",
	"CapabilityBoundingSet=":           "have a capability",
	"RestrictSUIDSGID=":                "make a setuid file",
	"ProtectProc=":                     "see the first process",
	"ProcSubset=":                      "see the kernel's settings",
	"RestrictNamespaces=":              "make a user namespace",
	"LockPersonality=":                 "change to another ABI",
	"MemoryDenyWriteExecute=":          "make written memory executable",
	"RestrictAddressFamilies=":         "open a netlink socket",
	"SystemCallFilter=@system-service": "trace a process",
	"SystemCallFilter=~@privileged":    "execute memory",
	"LimitCORE=":                       "dump core",
}

// Each of these settings is needed: when it is taken out of the unit, the probe notices.
func sceneEveryWall(t *testing.T, s *service) {
	whole, units := s.settings(t), map[string]string{}
	for line := range walls {
		without := regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(line)+`.*\n`).ReplaceAllLiteralString(whole, "")
		require.NotEqual(t, whole, without, line)
		units[line] = without + inPlace
	}
	for line, found := range s.probe(t, units) {
		want, kept := denied[walls[line]]
		if !kept {
			want = "ok"
		}
		assert.NotEqual(t, want, found[walls[line]], "%s: nothing changes without it", line)
	}
}

// probe runs units that have the probe in them, all at once, and returns what each found.
func (s *service) probe(t *testing.T, units map[string]string) map[string]map[string]string {
	t.Helper()
	start, services := []string{"start"}, map[string]string{}
	for name, text := range units {
		service := fmt.Sprintf("probe%d", len(services))
		services[name] = service
		start = append(start, service)
		put(t, s.path("/etc/systemd/system/"+service+".service"), text)
	}
	s.must(t, "systemctl", "daemon-reload")
	s.must(t, "systemctl", start...)
	results := map[string]map[string]string{}
	for name, service := range services {
		found, ended := strings.CutSuffix(read(t, s.path("/var/log/"+service)), "end\n")
		require.True(t, ended, "%s: %s", name, found)
		results[name] = map[string]string{}
		for line := range strings.Lines(found) {
			attempt, result, _ := strings.Cut(strings.TrimSpace(line), ": ")
			results[name][attempt] = result
		}
	}
	return results
}
