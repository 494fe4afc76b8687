package systemd_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const unit = "convoke.service"

// A service is the daemon on its machine, and the world that it works in.
type service struct {
	*machine
	*world
}

// user returns the number of convoke's user, which is that of its group too.
func (s *service) user(t *testing.T) int {
	t.Helper()
	for line := range strings.Lines(read(t, s.path("/etc/passwd"))) {
		if fields := strings.Split(line, ":"); fields[0] == "convoke" {
			require.Equal(t, fields[2], fields[3])
			id, err := strconv.Atoi(fields[2])
			require.NoError(t, err)
			return id
		}
	}
	require.FailNow(t, "no user convoke")
	return 0
}

// install puts a file into /etc/convoke, for root and a group.
func (s *service) install(t *testing.T, name, text string, mode os.FileMode, group int) {
	t.Helper()
	name = s.path(filepath.Join("/etc/convoke", name))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	require.NoError(t, os.Chown(name, 0, group))
	require.NoError(t, os.Chmod(name, mode))
}

// dropIn writes settings as `systemctl edit` does.
func (s *service) dropIn(t *testing.T, name, settings string) {
	t.Helper()
	put(t, s.path("/etc/systemd/system/convoke.service.d/"+name+".conf"), "[Service]\n"+settings+"\n")
	s.must(t, "systemctl", "daemon-reload")
}

// settings are those of the unit and of the credentials, for another service of the same kind.
func (s *service) settings(t *testing.T) string {
	t.Helper()
	return read(t, s.path("/usr/local/lib/systemd/system/convoke.service")) + read(t, s.path("/etc/systemd/system/convoke.service.d/credentials.conf"))
}

func (s *service) pid(t *testing.T) string {
	t.Helper()
	pid := s.show(t, unit, "MainPID")["MainPID"]
	require.NotEqual(t, "0", pid, "it does not run")
	return pid
}

// process reads a file of the daemon's folder in /proc.
func (s *service) process(t *testing.T, file string) string {
	t.Helper()
	return read(t, s.path(filepath.Join("/proc", s.pid(t), file)))
}

// processes returns what a user runs.
func (s *service) processes(t *testing.T, user int) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.path("/proc"))
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		if _, number := strconv.Atoi(e.Name()); number == nil && err == nil && owner(info) == user {
			names = append(names, e.Name())
		}
	}
	return names
}

// logs waits until the service's log has a line.
func (s *service) logs(t *testing.T, text string) {
	t.Helper()
	var log string
	s.eventually(t, time.Minute, func() bool {
		log = s.must(t, "journalctl", "--no-pager", "--output=cat", "--unit="+unit)
		return strings.Contains(log, text)
	}, func() string { return log })
}

// sign is when the daemon has given its last sign of life, in microseconds since the boot.
func (s *service) sign(t *testing.T) int {
	t.Helper()
	at, err := strconv.Atoi(s.show(t, unit, "WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"])
	require.NoError(t, err)
	return at
}

// restarts does what ends the daemon, and waits until systemd has started it again, and has said this of its end.
func (s *service) restarts(t *testing.T, saying string, end func()) {
	t.Helper()
	properties := []string{"SubState", "NRestarts", "MainPID"}
	before := s.show(t, unit, properties...)
	restarts, err := strconv.Atoi(before["NRestarts"])
	require.NoError(t, err)
	end()
	var now map[string]string
	s.eventually(t, time.Minute, func() bool {
		now = s.show(t, unit, properties...)
		return now["SubState"] == "running" && now["NRestarts"] == strconv.Itoa(restarts+1)
	}, func() string { return now["SubState"] + " after " + now["NRestarts"] + " restarts" })
	require.NotEqual(t, before["MainPID"], now["MainPID"])
	s.logs(t, saying)
}

// meets waits until an event has a meeting, on the platform and in the calendar.
func (s *service) meets(t *testing.T, name, title string) {
	t.Helper()
	s.world.book(t, name, title)
	topic, _, _ := strings.Cut(title, " @")
	s.becomes(t, topic)
	var text string
	s.eventually(t, time.Minute, func() bool {
		text = s.world.event(name)
		return strings.Contains(text, s.world.join)
	}, func() string { return text })
}

// becomes waits until the platform has one meeting with this topic.
func (s *service) becomes(t *testing.T, topic string) {
	t.Helper()
	s.eventually(t, time.Minute, func() bool { return slices.Contains(s.world.topics(), topic) },
		func() string { return strings.Join(s.world.topics(), "\n") })
}
