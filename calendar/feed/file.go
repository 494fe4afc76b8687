package feed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"convoke/calendar"
)

// A file is a feed on disk, by its absolute path.
type file string

func (f file) String() string { return string(f) }

// attempts is how often a file is read that somebody writes to meanwhile.
const attempts = 3

// fetch reads the file, and checks that it is the same file afterwards: not every program replaces files in one step.
func (f file) fetch(ctx context.Context, known validators) (download, error) {
	for range attempts {
		if err := ctx.Err(); err != nil {
			return download{}, fmt.Errorf("%s: %w", f, err)
		}
		got, err := f.read(known)
		if err != nil || got.unchanged {
			return got, err
		}
		info, err := os.Stat(string(f))
		if err == nil && version(info) == got.validators.ETag {
			return got, nil
		}
	}
	return download{}, fmt.Errorf("%s: somebody keeps writing to it", f)
}

func (f file) read(known validators) (download, error) {
	open, err := os.OpenFile(string(f), os.O_RDONLY|syscall.O_NONBLOCK, 0) // O_NONBLOCK: should it be a pipe
	if err != nil {
		return download{}, f.meaning(err)
	}
	defer open.Close()
	info, err := open.Stat()
	switch {
	case err != nil:
		return download{}, f.meaning(err)
	case !info.Mode().IsRegular():
		return download{}, fmt.Errorf("%s is not a file", f)
	case known.ETag == version(info):
		return download{unchanged: true}, nil
	}
	body, err := readAll(open)
	if err != nil {
		return download{}, fmt.Errorf("%s: %w", f, err)
	}
	return download{body: body, validators: validators{ETag: version(info)}}, nil
}

// meaning maps an error of the file system to what a caller acts on.
func (f file) meaning(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", f, calendar.ErrMissing)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w", f, calendar.ErrForbidden)
	}
	return err
}

// version changes with every replacement (inode), and with every write in place that a file system can tell (size, time).
func version(info fs.FileInfo) string {
	inode := uint64(0)
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = s.Ino
	}
	return fmt.Sprintf(`"%d-%d-%d"`, info.Size(), info.ModTime().UnixNano(), inode)
}
