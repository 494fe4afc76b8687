package systemd_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Reload takes a good configuration into use without a restart.
func sceneReload(t *testing.T, s *service) {
	pid := s.pid(t)
	s.install(t, "config.toml", s.config+"\n[select]\nmarker = \"@room\"\n", 0o644, 0)
	s.must(t, "systemctl", "reload", unit)
	s.logs(t, "configuration read again")
	s.meets(t, "third", "Third @room")
	assert.Equal(t, pid, s.pid(t))
}

// A bad one is refused, by `systemctl reload` and by the daemon, which goes on with the one it has.
func sceneBadReload(t *testing.T, s *service) {
	pid := s.pid(t)
	s.install(t, "config.toml", s.config+"\n[select]\nmarker = 7\n", 0o644, 0)
	out, err := s.run("systemctl", "reload", unit)
	require.Error(t, err, out)
	s.must(t, "systemctl", "kill", "--kill-who=main", "--signal=HUP", unit)
	s.logs(t, "configuration refused, the old one stays in use")
	s.meets(t, "fourth", "Fourth @room")
	assert.Equal(t, pid, s.pid(t))
	assert.Equal(t, "active", s.show(t, unit, "ActiveState")["ActiveState"])
	s.install(t, "config.toml", s.config, 0o644, 0)
	s.must(t, "systemctl", "reload", unit)
}

// A daemon that is killed is started again, and passes go on.
func sceneKill(t *testing.T, s *service) {
	s.restarts(t, "Failed with result 'signal'", func() { s.must(t, "kill", "-KILL", s.pid(t)) })
	s.meets(t, "fifth", "Fifth @meet")
}

// A crash of the Go runtime is no wrong configuration: by itself it would end with 2, from which systemd does not start again.
func sceneCrash(t *testing.T, s *service) {
	s.restarts(t, "status=6/ABRT", func() { s.must(t, "kill", "-QUIT", s.pid(t)) })
}

// A daemon that makes no progress is killed and started again. The time is shortened; all else is the unit's.
func sceneWatchdog(t *testing.T, s *service) {
	const limit = 8 * time.Second
	s.dropIn(t, "watchdog", "WatchdogSec="+limit.String())
	s.must(t, "systemctl", "restart", unit)
	pid, last := s.pid(t), s.sign(t)
	for range 2 { // it gives signs of life, and lives on
		s.eventually(t, time.Minute, func() bool { return s.sign(t) > last }, func() string { return "no sign of life" })
		last = s.sign(t)
	}
	require.Equal(t, pid, s.pid(t))

	stopped := time.Now()
	s.restarts(t, "Failed with result 'watchdog'", func() { s.must(t, "kill", "-STOP", pid) })
	assert.Greater(t, time.Since(stopped), limit/2)
	s.meets(t, "sixth", "Sixth @meet")
	require.NoError(t, os.Remove(s.path("/etc/systemd/system/convoke.service.d/watchdog.conf")))
	s.must(t, "systemctl", "daemon-reload")
	s.must(t, "systemctl", "restart", unit)
}
