package main

import (
	"os"
	"os/exec"
	"path/filepath"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// builds are the programs that tests have made, by their build tags; TestMain takes them away.
var builds struct {
	mu       stdsync.Mutex
	dir      string
	programs map[string]string
}

// built is the program as it is shipped, or with build tags, made once for all tests: the test's own binary may look for races,
// which takes several times the memory and the time. The flags are those of the Makefile, so that what it has compiled is
// compiled no more.
func built(t testing.TB, tags string) string {
	t.Helper()
	builds.mu.Lock()
	defer builds.mu.Unlock()
	if name := builds.programs[tags]; name != "" {
		return name
	}
	if builds.dir == "" {
		dir, err := os.MkdirTemp("", "convoke-")
		require.NoError(t, err)
		builds.dir, builds.programs = dir, map[string]string{}
	}
	name := filepath.Join(builds.dir, "tags-"+tags, program)
	c := exec.Command("go", "build", "-trimpath", "-tags", tags, "-o", name, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	builds.programs[tags] = name
	return name
}
