package systemd_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainFiles are what any system has.
var plainFiles = map[string]string{
	"etc/passwd":     "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	"etc/group":      "root:x:0:\nnogroup:x:65534:\n",
	"etc/shadow":     "root:*:::::::\n",
	"etc/machine-id": strings.Repeat("b", 32) + "\n",
	"etc/hosts":      "127.0.0.1 localhost\n",
	"etc/os-release": "ID=boottest\n",
	// What a service without any protection could get at.
	"home/alice/diary": "private\n",
	"root/diary":       "private\n",
	"tmp/of-others":    "private\n",
}

// newTree prepares the root of a machine: a small system into which `make install` has put convoke, with the default PREFIX.
func newTree(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		cannot(t, "it takes root")
	}
	for program, of := range map[string]string{initProgram: "systemd", "nsenter": "util-linux", "make": "make"} {
		if _, err := exec.LookPath(program); err != nil {
			cannot(t, "%s is missing (Debian: %s)", program, of)
		}
	}
	root := filepath.Join(t.TempDir(), "root")
	for _, folder := range []string{"run", "var/lib", "var/log", "srv/open", "srv/calendars", "etc/convoke", "etc/systemd/system", unitsFolder} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	for name, text := range plainFiles {
		put(t, filepath.Join(root, name), text)
	}
	for _, open := range []string{"tmp", "srv/open", "srv/calendars"} {
		require.NoError(t, os.Chmod(filepath.Join(root, open), 0o777|fs.ModeSticky))
	}
	for link, target := range map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/run": "../run"} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, link)))
	}
	copyUnits(t, filepath.Join(root, unitsFolder))
	install(t, root)
	build(t, "./probe", filepath.Join(root, "usr/local/lib/convoke-probe"))
	return root
}

// copyUnits takes the standard units of the host; those that it does not have are not needed by this systemd.
func copyUnits(t *testing.T, folder string) {
	for _, name := range standardUnits {
		text, err := os.ReadFile(filepath.Join(hostUnits, name))
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
			put(t, filepath.Join(folder, name), string(text))
		}
	}
	for _, wants := range []string{"sysinit.target.wants/systemd-journald.service", "sockets.target.wants/systemd-journald.socket", "sockets.target.wants/systemd-journald-dev-log.socket"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, filepath.Dir(wants)), 0o755))
		require.NoError(t, os.Symlink("../"+filepath.Base(wants), filepath.Join(folder, wants)))
	}
}

// install builds convoke and puts it into the tree as an admin does.
func install(t *testing.T, root string) {
	t.Helper()
	make := exec.Command("make", "--no-print-directory", "-C", "..", "install", "DESTDIR="+root, "PREFIX=/usr/local",
		"BINARY="+filepath.Join(t.TempDir(), "convoke"))
	make.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "MAKE") || slices.Contains([]string{"MFLAGS", "BINDIR", "LIBDIR", "DOCDIR", "MANDIR"}, name)
	})
	out, err := make.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// build makes a program that needs no other file to run.
func build(t *testing.T, pkg, program string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// put writes a file that everybody may read, and the folders above it.
func put(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	require.NoError(t, os.Chmod(name, 0o644)) // whatever the umask
}
