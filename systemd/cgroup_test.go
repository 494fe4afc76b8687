package systemd_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// newCgroup makes a cgroup below that of this process, in the hierarchy of version 2; systemd has it for itself.
func newCgroup(t *testing.T) *os.File {
	t.Helper()
	var top, own string
	for line := range strings.Lines(read(t, "/proc/self/mountinfo")) { // proc_pid_mountinfo(5)
		before, after, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(before); strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 && top == "" {
			top = fields[4]
		}
	}
	for line := range strings.Lines(read(t, "/proc/self/cgroup")) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			own = strings.TrimSpace(path)
		}
	}
	if top == "" {
		cannot(t, "no cgroup2 file system is mounted")
	}
	dir, err := os.MkdirTemp(filepath.Join(top, own), "convoke-boot-")
	if err != nil {
		cannot(t, "no cgroup of its own: %v", err)
	}
	group, err := os.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() {
		group.Close()
		require.NoError(t, removeCgroup(dir))
	})
	return group
}

// removeCgroup ends all processes in a cgroup and takes it away.
func removeCgroup(dir string) (err error) {
	if err := os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for range 100 { // the kernel takes a moment
		if err = removeFolders(dir); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// removeFolders removes a folder of folders; the files of a cgroup go with it.
func removeFolders(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, removeFolders(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(err, unix.Rmdir(dir))
}
