package vdir_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/vdir"
)

// Users of every Debian, each in a group of his own.
const (
	daemon = 1  // writes
	owner  = 33 // www-data
	nobody = 4242
)

// as runs f on a thread that is somebody else, and ends with it.
func as(uid, gid int, groups []uint32, f func()) (errno syscall.Errno) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()             // and never unlocked
		for _, call := range [][4]uintptr{ // of this thread alone
			{syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(unsafe.SliceData(groups)))}, {syscall.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
			{syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			if _, _, errno = syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				return
			}
		}
		f()
	}()
	<-done
	return errno
}

// A file that somebody shares with convoke stays his, or is left alone.
func TestOwnerKeepsHisFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to be two others")
	}
	for name, c := range map[string]struct {
		uid, gid int
		mode     os.FileMode
		groups   []uint32 // of the process
		written  bool
	}{
		"shared with a group that he is in":        {owner, owner, 0o660, []uint32{owner}, true},
		"the group may only read":                  {owner, owner, 0o640, []uint32{owner}, false},
		"shared with a group that he is not in":    {owner, nobody, 0o660, []uint32{nobody}, false},
		"somebody whom nobody knows":               {nobody, nobody, 0o660, []uint32{nobody}, false},
		"everybody may write":                      {owner, owner, 0o666, nil, true},
		"everybody may read":                       {owner, owner, 0o644, nil, false},
		"ours, with a group that we are in":        {daemon, owner, 0o660, []uint32{owner}, true},
		"ours, with a group that we are not in":    {daemon, owner, 0o660, nil, false},
		"ours, with another's group that has less": {daemon, owner, 0o644, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "vdir-")
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			require.NoError(t, os.Chmod(dir, 0o777))
			file := filepath.Join(dir, "a.ics")
			require.NoError(t, os.WriteFile(file, []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), 0o600))
			require.NoError(t, os.Chown(file, c.uid, c.gid))
			require.NoError(t, os.Chmod(file, c.mode))
			var failed error
			errno := as(daemon, daemon, c.groups, func() {
				f, err := vdir.Open(dir)
				if err != nil {
					failed = err
					return
				}
				info, err := os.Stat(file)
				if err != nil {
					failed = err
					return
				}
				_, failed = f.Put(t.Context(), calendar.Object{Href: "a.ics", ETag: vdir.ETag(info), Data: []byte("BEGIN:VCALENDAR\r\nX-NEW:1\r\nEND:VCALENDAR\r\n")})
			})
			require.Zero(t, errno)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			info, err := os.Stat(file)
			require.NoError(t, err)
			assert.Equal(t, c.mode, info.Mode().Perm())
			if !c.written {
				require.ErrorIs(t, failed, calendar.ErrReadOnly)
				assert.NotContains(t, string(data), "X-NEW")
				assert.EqualValues(t, c.uid, info.Sys().(*syscall.Stat_t).Uid)
				return
			}
			if failed != nil { // what was written may be read back by whoever may
				require.ErrorIs(t, failed, os.ErrPermission)
			}
			assert.Contains(t, string(data), "X-NEW")
		})
	}
}
