package systemd_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

const (
	key      = "/etc/convoke/platform-api-key"
	stateDir = "/var/lib/convoke"
)

// TestUnitBoots is the life of an installation, scene by scene on one machine; each goes on from where the last one ended.
func TestUnitBoots(t *testing.T) {
	m := boot(t, newTree(t))
	s := &service{machine: m}
	s.world = newWorld(t, m)
	for _, scene := range []struct {
		name string
		play func(*testing.T, *service)
	}{
		{"start", sceneStart},
		{"meeting", sceneMeeting},
		{"credentials", sceneCredentials},
		{"mounts", sceneMounts},
		{"sandbox", sceneSandbox},
		{"every wall", sceneEveryWall},
		{"reload", sceneReload},
		{"bad reload", sceneBadReload},
		{"kill", sceneKill},
		{"crash", sceneCrash},
		{"watchdog", sceneWatchdog},
		{"stop", sceneStop},
		{"exit codes", sceneExitCodes},
		{"secrets", sceneSecrets},
	} {
		began := time.Now()
		if !t.Run(scene.name, func(t *testing.T) { scene.play(t, s) }) {
			break
		}
		t.Logf("%s: %s", scene.name, time.Since(began).Round(100*time.Millisecond))
	}
}

// The daemon starts as the README says, and is itself as the unit says.
func sceneStart(t *testing.T, s *service) {
	s.must(t, "systemd-sysusers")
	user := s.user(t)
	s.install(t, "config.toml", s.config, 0o644, 0)
	s.install(t, "platform-api-key", meetingtest.DefaultKey+"\n", 0o600, 0)
	s.install(t, "alice.password", s.world.password, 0o640, user)
	s.dropIn(t, "credentials", "LoadCredential=platform-api-key:"+key)
	s.must(t, "systemctl", "enable", "--now", unit)

	state := s.show(t, unit, "Type", "ActiveState", "SubState", "NRestarts", "User", "MemoryMax", "TasksMax", "UnitFileState")
	assert.Equal(t, map[string]string{
		"Type": "notify", "ActiveState": "active", "SubState": "running", "NRestarts": "0", "User": "convoke",
		"MemoryMax": strconv.Itoa(512 << 20), "TasksMax": "256", "UnitFileState": "enabled",
	}, state)
	ids := strings.Repeat(strconv.Itoa(user)+"\t", 4)
	status := s.process(t, "status")
	for _, line := range []string{"Uid:\t" + ids, "Gid:\t" + ids, "NoNewPrivs:\t1\n", "Seccomp:\t2\n", "CapBnd:\t0000000000000000\n", "CapEff:\t0000000000000000\n"} {
		assert.Contains(t, status, strings.TrimSuffix(line, "\t"))
	}
	assert.Regexp(t, `Max core file size +0 +0 `, s.process(t, "limits"))
	assert.Contains(t, s.process(t, "cgroup"), "/system.slice/convoke.service\n")
	s.limits(t)
}

// limits are held where this machine has the controllers in cgroup2; elsewhere only systemd knows them.
func (s *service) limits(t *testing.T) {
	for file, want := range map[string]string{"memory.max": strconv.Itoa(512 << 20), "pids.max": "256"} {
		got, err := os.ReadFile(s.path(filepath.Join("/sys/fs/cgroup/system.slice/convoke.service", file)))
		if os.IsNotExist(err) {
			t.Logf("%s is not enforced on this machine: its cgroup2 hierarchy does not have the controller", file)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, strings.TrimSpace(string(got)), file)
	}
}

// A pass works: a meeting is booked, and what the daemon keeps is its own.
func sceneMeeting(t *testing.T, s *service) {
	s.meets(t, "first", "First @meet")
	user := s.user(t)
	folder, err := os.Stat(s.path(stateDir))
	require.NoError(t, err)
	assert.Equal(t, os.ModeDir|0o700, folder.Mode())
	assert.Equal(t, user, owner(folder))
	entries, err := os.ReadDir(s.path(stateDir))
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		names = append(names, e.Name())
		assert.Equal(t, os.FileMode(0o600), info.Mode(), e.Name())
		assert.Equal(t, user, owner(info), e.Name())
	}
	assert.Subset(t, names, []string{"ledger.db", "convoke.key"})
}

// The key of the seals moves from the state folder to a credential, and the meeting that it sealed is known again.
func sceneCredentials(t *testing.T, s *service) {
	seals := read(t, s.path(stateDir+"/convoke.key"))
	s.install(t, "convoke.key", seals, 0o600, 0)
	s.install(t, "config.toml", "key_file = \"convoke.key\"\n"+s.config, 0o644, 0)
	s.config = read(t, s.path("/etc/convoke/config.toml"))
	require.NoError(t, os.Remove(s.path(stateDir+"/convoke.key")))
	s.dropIn(t, "credentials", "LoadCredential=platform-api-key:"+key+"\nLoadCredential=convoke.key:/etc/convoke/convoke.key")
	s.must(t, "systemctl", "restart", unit)

	assert.Equal(t, seals, read(t, s.path("/run/credentials/convoke.service/convoke.key")))
	assert.Contains(t, s.process(t, "environ"), "CREDENTIALS_DIRECTORY=/run/credentials/convoke.service\x00")
	before := len(s.world.Platform.Meetings())
	s.world.change(t, "first", "First, renamed @meet")
	s.becomes(t, "First, renamed")
	assert.Len(t, s.world.Platform.Meetings(), before, "another meeting for the same event")
	assert.NoFileExists(t, s.path(stateDir+"/convoke.key"), "made anew beside the credential")
	s.meets(t, "second", "Second @meet")
}

// Nothing that was said in all that time tells a secret or a title.
func sceneSecrets(t *testing.T, s *service) {
	log := s.must(t, "journalctl", "--no-pager", "--output=cat")
	require.Contains(t, log, "msg=started")
	for _, secret := range []string{meetingtest.DefaultKey, strings.TrimSpace(s.world.password), "First", "Sixth", "alice@example.com"} {
		assert.NotContains(t, log, secret)
	}
}

func owner(info os.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }
