package systemd_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stop in the middle of a pass is clean and leaves nothing behind.
func sceneStop(t *testing.T, s *service) {
	asked := s.world.stall()
	select {
	case <-asked:
	case <-time.After(time.Minute):
		require.FailNow(t, "the daemon asks for nothing")
	}
	began := time.Now()
	s.must(t, "systemctl", "stop", unit)
	took := time.Since(began)
	t.Logf("stopped within %s", took.Round(time.Millisecond))
	assert.Less(t, took, 30*time.Second)
	assert.Equal(t, map[string]string{"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0", "ExecMainCode": "1", "MainPID": "0"},
		s.show(t, unit, "ActiveState", "Result", "ExecMainStatus", "ExecMainCode", "MainPID"))
	assert.NoDirExists(t, s.path("/sys/fs/cgroup/system.slice/convoke.service"))
	assert.NoFileExists(t, s.path("/run/credentials/convoke.service/platform-api-key"))
	assert.Empty(t, s.processes(t, s.user(t)))
	s.world.CalDAV.Heal()
}

// The codes that a new start does not mend end the service; any other is tried again until it works.
func sceneExitCodes(t *testing.T, s *service) {
	ends := func(code string, substate string) {
		t.Helper()
		s.must(t, "systemctl", "reset-failed")
		out, err := s.run("systemctl", "start", unit)
		require.Error(t, err, "it became ready: %s", out)
		assert.Equal(t, map[string]string{"ExecMainStatus": code, "SubState": substate, "Result": "exit-code", "NRestarts": "0"},
			s.show(t, unit, "ExecMainStatus", "SubState", "Result", "NRestarts"))
	}
	// 1: a port that another program has, until it is free
	var other net.Listener
	s.in(t, func() (err error) {
		other, err = net.Listen("tcp", "127.0.0.1:8330")
		return err
	})
	defer other.Close()
	s.install(t, "config.toml", strings.Replace(s.config, `listen   = ""`, `listen = "127.0.0.1:8330"`, 1), 0o644, 0)
	ends("1", "auto-restart")
	require.NoError(t, other.Close())
	s.eventually(t, time.Minute, func() bool { return s.show(t, unit, "SubState")["SubState"] == "running" }, func() string { return "it was not tried again" })
	s.must(t, "systemctl", "stop", unit)

	// 2: a bad configuration
	s.install(t, "config.toml", s.config+"\n[select]\nmarker = 7\n", 0o644, 0)
	ends("2", "failed")

	// 3: another convoke holds the ledger
	s.install(t, "config.toml", s.config, 0o644, 0)
	put(t, s.path("/etc/systemd/system/other.service"), s.settings(t))
	s.must(t, "systemctl", "daemon-reload")
	s.must(t, "systemctl", "start", "other.service")
	ends("3", "failed")
	s.must(t, "systemctl", "stop", "other.service")

	// 4: a damaged ledger
	require.NoError(t, os.WriteFile(s.path(stateDir+"/ledger.db"), []byte(strings.Repeat("damage", 1000)), 0o600))
	ends("4", "failed")
}
