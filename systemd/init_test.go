package systemd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// startAsInit names the folder that becomes the root of a machine. A test binary that finds it in its environment is the first
// process of new namespaces: it mounts what systemd needs and turns into it.
const startAsInit = "CONVOKE_TEST_MACHINE"

func TestMain(m *testing.M) {
	if root := os.Getenv(startAsInit); root != "" {
		os.Exit(becomeInit(root))
	}
	os.Exit(m.Run())
}

// becomeInit returns only when it fails. The parent reads the reason from file 3, which is closed without a word by the exec.
func becomeInit(root string) int {
	unix.CloseOnExec(3)
	err := mountAll(root)
	if err == nil {
		err = dropCapabilities()
	}
	if err == nil {
		err = unix.Sethostname([]byte("boottest"))
	}
	if err == nil {
		err = unix.Exec(initProgram, []string{initProgram, "--unit=multi-user.target", "--show-status=no"},
			[]string{"container=convoke-boottest", "PATH=/usr/bin:/usr/sbin"})
	}
	fmt.Fprintf(os.NewFile(3, "parent"), "%v", err)
	return 1
}

// A mountPoint is one line of fstab(5). A device that begins with a slash is bound.
type mountPoint struct {
	device, target, kind string
	flags                uintptr
	options              string
}

const readOnly = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV

// mountAll makes a root of the prepared folder, the host's programs, and kernel file systems of the new namespaces. What the
// kernel has only once (/proc/sys, /sys) cannot be written to.
func mountAll(root string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts from the host: %w", err)
	}
	mounts := []mountPoint{{root, "/", "", 0, ""}}
	for _, name := range hostFolders {
		if info, err := os.Lstat(name); err == nil && info.IsDir() {
			mounts = append(mounts, mountPoint{name, name, "", unix.MS_RDONLY, ""})
		}
	}
	mounts = append(mounts,
		mountPoint{filepath.Join(root, unitsFolder), hostUnits, "", readOnly, ""},
		mountPoint{"proc", "/proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		mountPoint{filepath.Join(root, "proc/sys"), "/proc/sys", "", readOnly, ""},
		mountPoint{"sysfs", "/sys", "sysfs", readOnly, ""},
		mountPoint{"cgroup2", "/sys/fs/cgroup", "cgroup2", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		mountPoint{"tmpfs", "/dev", "tmpfs", unix.MS_NOSUID, "mode=755"},
		mountPoint{"devpts", "/dev/pts", "devpts", unix.MS_NOSUID, "newinstance,ptmxmode=0666,mode=620"},
		mountPoint{"tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, ""},
	)
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		mounts = append(mounts, mountPoint{"/dev/" + name, "/dev/" + name, "", 0, ""})
	}
	for _, m := range mounts {
		if err := m.mount(root); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	if err := os.Symlink("pts/ptmx", filepath.Join(root, "dev/ptmx")); err != nil {
		return err
	}
	return enter(root)
}

func (m mountPoint) mount(root string) error {
	target := filepath.Join(root, m.target)
	if m.kind != "" {
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		return unix.Mount(m.device, target, m.kind, m.flags, m.options)
	}
	if err := bindTarget(m.device, target); err != nil {
		return err
	}
	if err := unix.Mount(m.device, target, "", unix.MS_BIND, ""); err != nil || m.flags == 0 {
		return err
	}
	return unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|m.flags, "")
}

// bindTarget makes an empty folder or file to mount over, as the source is one.
func bindTarget(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.MkdirAll(target, 0o755)
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_RDONLY, 0o666)
	if err != nil {
		return err
	}
	return f.Close()
}

// enter makes the folder the root, and lets go of the old one (pivot_root(2), the last example).
func enter(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the host's root: %w", err)
	}
	// systemd expects this of a container: credentials reach a service by a mount that spreads.
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

// dropCapabilities gives up what reaches beyond the namespaces, so that nothing in the machine can harm the host.
func dropCapabilities() error {
	for _, capability := range []uintptr{unix.CAP_SYS_MODULE, unix.CAP_SYS_TIME, unix.CAP_SYS_BOOT, unix.CAP_SYS_RAWIO, unix.CAP_SYSLOG} {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d: %w", capability, err)
		}
	}
	return nil
}
