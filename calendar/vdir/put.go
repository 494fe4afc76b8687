package vdir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	"convoke/calendar"
)

// Put replaces a file in one step: a new one is written beside it and renamed over it, with the old one's mode and, where
// that is allowed, owner; a file that its owner or its group could not use any more as before is read-only. The ETag is compared first and once more just before the rename; between that and
// the rename, some microseconds, file systems offer no condition. Its errors wrap calendar.ErrPrecondition (also
// when the file is gone), ErrReadOnly, ErrRefused or ErrTooLarge.
func (f *Folder) Put(ctx context.Context, o calendar.Object) (calendar.Object, error) {
	root, err := f.root()
	if err != nil {
		return calendar.Object{}, err
	}
	defer root.Close()
	if err := put(root, o); err != nil {
		return calendar.Object{}, fmt.Errorf("write %s in %s: %w", o.Href, f.dir, err)
	}
	return f.Get(ctx, o.Href)
}

func put(root *os.Root, o calendar.Object) error {
	if len(o.Data) == 0 {
		return fmt.Errorf("no data: %w", calendar.ErrRefused)
	}
	if len(o.Data) > calendar.MaxObject {
		return fmt.Errorf("%d bytes: %w", len(o.Data), calendar.ErrTooLarge)
	}
	old, err := unchanged(root, o)
	if err != nil {
		return err
	}
	if old.Mode().Perm()&0o222 == 0 {
		return fmt.Errorf("mode %v: %w", old.Mode().Perm(), calendar.ErrReadOnly)
	}
	temp := tempName(o.Href)
	if err := writeTemp(root, temp, old, o.Data); err != nil {
		return errors.Join(readOnly(err), removed(root, temp))
	}
	if _, err := unchanged(root, o); err != nil {
		return errors.Join(err, removed(root, temp))
	}
	if err := root.Rename(temp, o.Href); err != nil {
		return errors.Join(readOnly(err), removed(root, temp))
	}
	return syncFolder(root)
}

// unchanged looks whether the file is still the one that the ETag is of.
func unchanged(root *os.Root, o calendar.Object) (fs.FileInfo, error) {
	if !isEvent(o.Href) {
		return nil, fmt.Errorf("no name of an event: %w", calendar.ErrPrecondition)
	}
	info, err := root.Lstat(o.Href)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("it is gone: %w", calendar.ErrPrecondition)
	case err != nil:
		return nil, forbidden(err)
	case !info.Mode().IsRegular() || etag(info) != o.ETag:
		return nil, calendar.ErrPrecondition
	}
	return info, nil
}

// tempName is the same for every attempt, so that a killed one leaves no more than one file behind; other programs
// ignore files that begin with a dot or end with .tmp.
func tempName(href string) string {
	sum := sha256.Sum256([]byte(href))
	return ".convoke-" + hex.EncodeToString(sum[:8]) + ".tmp"
}

func writeTemp(root *os.Root, temp string, old fs.FileInfo, data []byte) (err error) {
	if err := removed(root, temp); err != nil {
		return err
	}
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := keepOwner(file, old); err != nil {
		return err
	}
	if err := file.Chmod(old.Mode().Perm()); err != nil {
		return err
	}
	return file.Sync()
}

// keepOwner gives the file the old one's owner and group. Where the process may not, it must be the same for both.
func keepOwner(file *os.File, old fs.FileInfo) error {
	s, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	err := file.Chown(int(s.Uid), int(s.Gid))
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	owner, group, others := old.Mode().Perm()>>6&7, old.Mode().Perm()>>3&7, old.Mode().Perm()&7
	inGroup := false
	switch err := file.Chown(-1, int(s.Gid)); {
	case err == nil:
		inGroup = member(s.Uid, s.Gid)
	case !errors.Is(err, fs.ErrPermission):
		return err
	case group&^others != 0:
		return fmt.Errorf("the file's group (%d) would lose it, since convoke is not in it: %w", s.Gid, calendar.ErrReadOnly)
	}
	if int(s.Uid) == os.Geteuid() || owner&^others == 0 || inGroup && owner&^group == 0 {
		return nil
	}
	return fmt.Errorf("the file's owner (%d) would lose it: its mode must give its group (%d) what it gives him, and he must be in that group: %w", s.Uid, s.Gid, calendar.ErrReadOnly)
}

// member reports whether a user is known to be in a group.
func member(uid, gid uint32) bool {
	u, err := user.LookupId(strconv.Itoa(int(uid)))
	if err != nil {
		return false
	}
	groups, err := u.GroupIds()
	return err == nil && slices.Contains(groups, strconv.Itoa(int(gid)))
}

func readOnly(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", calendar.ErrReadOnly, err)
	}
	return err
}

func removed(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes the rename last through a power cut.
func syncFolder(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
