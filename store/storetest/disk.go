package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A Disk is a file system of a test's own (tmpfs), so small that it can be filled to the last page.
type Disk struct {
	Dir    string
	t      *testing.T
	filler string
}

// diskVariable says to a process that it may mount what it likes: nobody else sees it.
const diskVariable = "CONVOKE_TEST_DISK"

// pageSize is what tmpfs counts by.
var pageSize = os.Getpagesize()

// OnDisk runs a test on a disk of that many bytes. The test runs once more, in a process with mounts of its own, which root
// may have, and others where the kernel lets them. Where that cannot be, it fails in CI, and is skipped elsewhere. It is
// the whole of a top-level test.
func OnDisk(t *testing.T, size int, test func(t *testing.T, d *Disk)) {
	t.Helper()
	if os.Getenv(diskVariable) != "" {
		test(t, mount(t, size))
		return
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	cmd.Env = append(os.Environ(), diskVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	failed := (*exec.ExitError)(nil)
	switch {
	case err == nil && !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")):
		t.Fatalf("it did not run: %s", out)
	case err == nil:
		t.Logf("%s", out)
	case errors.As(err, &failed) && failed.ExitCode() != notMounted:
		t.Fatalf("%s", out)
	case os.Getenv("CI") == "true":
		t.Fatalf("no disk of its own can be mounted here: %v %s", err, out)
	default:
		t.Skipf("no disk of its own can be mounted here (it takes root, or unprivileged user namespaces): %v", err)
	}
}

// notMounted is how such a process ends that may not mount anything after all.
const notMounted = 77

func mount(t *testing.T, size int) *Disk {
	t.Helper()
	d := &Disk{Dir: filepath.Join(t.TempDir(), "disk"), t: t}
	d.filler = filepath.Join(d.Dir, "filler")
	require.NoError(t, os.Mkdir(d.Dir, 0o755))
	if err := unix.Mount("tmpfs", d.Dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=0755", size)); err != nil {
		fmt.Println("mount:", err)
		os.Exit(notMounted)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(d.Dir, unix.MNT_DETACH)) })
	return d
}

// Fill leaves room for so many pages and not one more. It is safe for any goroutine.
func (d *Disk) Fill(free int) {
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		err = fill(f, free)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		d.t.Errorf("fill the disk: %v", err)
	}
}

func fill(f *os.File, free int) error {
	page := make([]byte, pageSize)
	for {
		_, err := f.Write(page)
		if errors.Is(err, unix.ENOSPC) {
			break
		}
		if err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size() - int64(free*pageSize)
	if size < 0 {
		return fmt.Errorf("there is no room for %d pages", free)
	}
	return f.Truncate(size)
}

// Room takes away what filled the disk.
func (d *Disk) Room() { require.NoError(d.t, os.RemoveAll(d.filler)) }

// ReadOnly lets nobody write to the disk any more, or everybody again. No file on it may be open for writing.
func (d *Disk) ReadOnly(readOnly bool) {
	flags := uintptr(unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV)
	if readOnly {
		flags |= unix.MS_RDONLY
	}
	require.NoError(d.t, unix.Mount("tmpfs", d.Dir, "tmpfs", flags, ""))
}
