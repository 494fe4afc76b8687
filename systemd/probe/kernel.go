package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var rights = []attempt{
	{"have a capability", func() error {
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			if strings.Trim(status(set), "0") != "" {
				return nil
			}
		}
		return errors.New("none in any set")
	}},
	{"gain rights by a setuid program", func() error {
		if status("NoNewPrivs") == "1" {
			return errors.New("no new privileges")
		}
		return nil
	}},
	{"make a setuid file", makeSetuid},
	{"become root", func() error { return unix.Setresuid(0, 0, 0) }},
	{"give a file away", func() error { return inState(func(name string) error { return unix.Chown(name, 1, 1) }) }},
	{"make a user namespace", func() error {
		cmd := exec.Command("/proc/self/exe", "--quit")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
		return cause(cmd.Run())
	}},
	{"have a lower priority", func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 1) }},
	{"dump core", func() error {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Max > 0 {
			return err
		}
		return errors.New("limit 0")
	}},
}

var kernel = []attempt{
	{"see the first process", func() error { return readable("/proc/1/status") }},
	{"see the kernel's settings", func() error { return readable("/proc/sys/kernel/ostype") }},
	{"make a control group", func() error {
		dir, err := os.MkdirTemp("/sys/fs/cgroup", "probe-*")
		if err != nil {
			return cause(err)
		}
		return os.Remove(dir)
	}},
	{"mount", func() error {
		if err := unix.Mount("tmpfs", "/srv/open", "tmpfs", 0, ""); err != nil {
			return err
		}
		return unix.Unmount("/srv/open", 0)
	}},
	{"make a device", func() error {
		name := unused(stateFolder)
		if err := unix.Mknod(name, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
			return err
		}
		return os.Remove(name)
	}},
	{"see a device", func() error { return readable("/dev/a-device") }},
	{"rename the machine", func() error { return unix.Sethostname([]byte("boottest")) }},
	{"change to another ABI", func() error { return personality(0x0008) }}, // PER_LINUX32, personality(2)
	{"trace a process", func() error {
		_, _, errno := unix.Syscall(unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1<<30, 0) // there is no such process
		if errno == unix.ESRCH {
			return nil
		}
		return errno
	}},
}

var network = []attempt{
	{"open an IPv4 socket", func() error { return socket(unix.AF_INET, unix.SOCK_STREAM) }},
	{"open a Unix socket", func() error { return socket(unix.AF_UNIX, unix.SOCK_DGRAM) }},
	{"open a netlink socket", func() error { return socket(unix.AF_NETLINK, unix.SOCK_RAW) }},
	{"open a packet socket", func() error { return socket(unix.AF_PACKET, unix.SOCK_RAW) }},
	{"take a port below 1024", func() error {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(s)
		return unix.Bind(s, &unix.SockaddrInet4{Port: 443, Addr: [4]byte{127, 0, 0, 1}})
	}},
}

func socket(family, kind int) error {
	s, err := unix.Socket(family, kind, 0)
	if err != nil {
		return err
	}
	return unix.Close(s)
}

// inState does something with a new file of the state folder.
func inState(do func(name string) error) error {
	f, err := os.CreateTemp(stateFolder, "probe-*")
	if err != nil {
		return cause(err)
	}
	defer os.Remove(f.Name())
	return errors.Join(do(f.Name()), f.Close())
}

func makeSetuid() error {
	return inState(func(name string) error { return unix.Chmod(name, 0o4700) })
}

// runMemory executes a copy of this program that is in no file system (memfd_create(2)).
func runMemory() error {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return cause(err)
	}
	fd, err := unix.MemfdCreate("probe", 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "probe")
	defer f.Close()
	if _, err := f.Write(program); err != nil {
		return err
	}
	return run(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd))
}

func makeExecutable() error {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return errors.Join(unix.Mprotect(memory, unix.PROT_READ|unix.PROT_EXEC), unix.Munmap(memory))
}

// personality sets the execution domain and puts it back.
func personality(domain uintptr) error {
	old, _, errno := unix.Syscall(unix.SYS_PERSONALITY, domain, 0, 0)
	if errno != 0 {
		return errno
	}
	_, _, _ = unix.Syscall(unix.SYS_PERSONALITY, old, 0, 0)
	return nil
}
