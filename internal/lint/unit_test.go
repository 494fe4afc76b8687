package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	unitFile    = "../../systemd/convoke.service"
	maxExposure = 1.2 // of 10, where 10 is a service without any protection
)

// analyze runs systemd-analyze, which needs no running systemd for what is asked here.
func analyze(t *testing.T, args ...string) (string, error) {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("systemd-analyze is missing: install Debian's systemd")
		}
		t.Skip("systemd-analyze is missing (Debian: systemd): the unit was not checked")
	}
	out, err := exec.Command(tool, args...).CombinedOutput()
	return string(out), err
}

var exposureLine = regexp.MustCompile(`Overall exposure level for .*: ([0-9.]+) `)

func exposure(t *testing.T, unit string) float64 {
	t.Helper()
	out, err := analyze(t, "security", "--offline=true", "--no-pager", unit)
	require.NoError(t, err, out)
	match := exposureLine.FindStringSubmatch(out)
	require.NotNil(t, match, "%s", out)
	level, err := strconv.ParseFloat(match[1], 64)
	require.NoError(t, err)
	return level
}

// The unit is measured as it is shipped, and with each credential that an admin may turn on.
func TestUnitExposure(t *testing.T) {
	withCredentials := filepath.Join(t.TempDir(), "convoke.service")
	require.NoError(t, os.WriteFile(withCredentials, []byte(turnOnCredentials(t, readFile(t, unitFile))), 0o644))
	for name, unit := range map[string]string{"as shipped": unitFile, "with credentials": withCredentials} {
		level := exposure(t, unit)
		t.Logf("systemd-analyze security, %s: %.1f", name, level)
		assert.LessOrEqual(t, level, maxExposure, name)
	}
}

var credentials = regexp.MustCompile(`(?m)^#LoadCredential`)

func turnOnCredentials(t *testing.T, unit string) string {
	t.Helper()
	require.Len(t, credentials.FindAllString(unit, -1), 2)
	return credentials.ReplaceAllString(unit, "LoadCredential")
}

// A unit without hardening scores badly: the measurement can fail.
func TestExposureWithoutHardening(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "convoke.service")
	require.NoError(t, os.WriteFile(plain, []byte("[Service]\nExecStart=/usr/bin/convoke run\n"), 0o644))
	assert.Greater(t, exposure(t, plain), 9.0, "the measurement measures nothing")
}

// verify returns what systemd has to say about the unit, in a root of its own where the program exists.
func verify(t *testing.T, unit string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"usr/bin", "usr/lib/systemd/system", "etc"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "usr/bin/convoke"), []byte("#!/bin/true\n"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "usr/lib/systemd/system/convoke.service"), []byte(unit), 0o644))
	out, err := analyze(t, "verify", "--man=no", "--recursive-errors=no", "--root="+root, "convoke.service")
	if err != nil {
		out += err.Error()
	}
	return out
}

func TestUnitIsValid(t *testing.T) {
	unit := readFile(t, unitFile)
	assert.Empty(t, verify(t, unit))
	assert.NotEmpty(t, verify(t, unit+"\n[Service]\nProtectEverything=yes\n"), "an unknown setting is not noticed")
	assert.Empty(t, verify(t, turnOnCredentials(t, unit)), "as an admin may turn it on")
}

// Each setting of the unit is explained, and nothing is explained that is not there.
func TestUnitIsExplained(t *testing.T) {
	setting := regexp.MustCompile(`(?m)^#?([A-Z][A-Za-z]+)=`)
	explained := regexp.MustCompile("`([A-Z][A-Za-z]+)=")
	in := func(found [][]string) map[string]bool {
		names := map[string]bool{}
		for _, f := range found {
			names[f[1]] = true
		}
		return names
	}
	_, service, _ := strings.Cut(readFile(t, unitFile), "[Service]")
	service, _, _ = strings.Cut(service, "[Install]")
	table, _, _ := strings.Cut(readFile(t, "../../systemd/README.md"), "## Left out")
	assert.Equal(t, in(setting.FindAllStringSubmatch(service, -1)), in(explained.FindAllStringSubmatch(table, -1)))
}

// Go's collector works harder some way before the kernel kills, and SQLite's memory, which it does not count, has its place
// between the two.
func TestUnitMemory(t *testing.T) {
	setting := func(pattern string) int {
		match := regexp.MustCompile(`(?m)^` + pattern + `$`).FindStringSubmatch(readFile(t, unitFile))
		require.NotNil(t, match, pattern)
		n, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		return n
	}
	limit, most := setting(`Environment=GOMEMLIMIT=(\d+)MiB`), setting(`MemoryMax=(\d+)M`)
	assert.InDelta(t, 0.75, float64(limit)/float64(most), 0.05, "GOMEMLIMIT is three quarters of MemoryMax")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
