package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// becomeOwner makes a program that was started as root the ledger's owner, or that of its folder, so that it leaves no
// file behind that the daemon cannot write to. A ledger that is root's in a folder of somebody else's was put there by mistake:
// reachable tells.
func becomeOwner(database string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	owner := ownerOf(database)
	if owner == nil || owner.Uid == 0 {
		owner = ownerOf(filepath.Dir(database))
	}
	if owner == nil || owner.Uid == 0 { // a folder that is not there is told, with advice, by whoever opens the ledger
		return nil
	}
	var groups []int
	if u, err := user.LookupId(strconv.Itoa(int(owner.Uid))); err == nil {
		ids, _ := u.GroupIds()
		for _, id := range ids {
			if n, err := strconv.Atoi(id); err == nil {
				groups = append(groups, n)
			}
		}
	}
	if err := errors.Join(syscall.Setgroups(groups), syscall.Setgid(int(owner.Gid)), syscall.Setuid(int(owner.Uid))); err != nil {
		return fmt.Errorf("become the ledger's owner (user %d): %w", owner.Uid, err)
	}
	return nil
}

// ownerOf tells whose a file is; nil when that cannot be told.
func ownerOf(name string) *syscall.Stat_t {
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	owner, _ := info.Sys().(*syscall.Stat_t)
	return owner
}

const (
	toRead  = unix.R_OK
	toWrite = unix.R_OK | unix.W_OK
)

// ledgerFiles are the ledger and what lies beside it while it is in use.
func ledgerFiles(database string) []string {
	return []string{database, database + "-wal", database + "-shm", database + ".lock"}
}

// reachable says so when a file cannot be used (access(2)) because it belongs to somebody else than its folder, as a backup does
// that root has put back.
func reachable(how uint32, names ...string) error {
	for _, name := range names {
		file, folder := ownerOf(name), ownerOf(filepath.Dir(name))
		if file == nil || folder == nil || file.Uid == folder.Uid {
			continue
		}
		if err := unix.Faccessat(unix.AT_FDCWD, name, how, unix.AT_EACCESS); errors.Is(err, unix.EACCES) {
			return fmt.Errorf("%s belongs to %s, its folder to %s, and cannot be used: chown %s: %s", name, userName(file.Uid), userName(folder.Uid), userName(folder.Uid), name)
		}
	}
	return nil
}

func userName(uid uint32) string {
	id := strconv.Itoa(int(uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
