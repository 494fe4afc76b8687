package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"
	"time"
)

// What can be wrong with a secret's file, besides what the file system says.
var (
	ErrExposed   = errors.New("others can read it")
	ErrEmpty     = errors.New("it is empty")
	ErrMalformed = errors.New("it is not one line of text")
)

const (
	maxSize = 64 << 10

	// A file that was changed less than this before it was read may be changed again without a new time of change.
	mtimeResolution = 2 * time.Second
)

// ReadFile reads a secret: one line of text, without the line's end. A file that others can read (mode&0007) is
// refused, unless it lies in $CREDENTIALS_DIRECTORY, which systemd guards as a whole. The errors name the file, never
// its content.
func ReadFile(path string) (Secret, error) {
	s, _, err := read(path)
	return s, err
}

func read(path string) (Secret, fs.FileInfo, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for its writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return Secret{}, nil, fmt.Errorf("secret file: %w; the user that convoke runs as must be able to read it: chgrp convoke, and chmod 0640", err)
	}
	if err != nil {
		return Secret{}, nil, fmt.Errorf("secret file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, nil, fmt.Errorf("secret file: %w", err)
	}
	if err := check(path, info); err != nil {
		return Secret{}, nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Secret{}, nil, fmt.Errorf("secret file: %w", err)
	}
	s, err := parse(path, raw)
	return s, info, err
}

func check(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("secret file %s: it is not a regular file", path)
	}
	if perm := info.Mode().Perm(); perm&0o007 != 0 && !isCredential(path) {
		return fmt.Errorf("secret file %s: %w (mode %04o); mend it with: chmod o-rwx %[1]s", path, ErrExposed, perm)
	}
	return nil
}

// isCredential reports whether systemd has put the file there (systemd.exec(5), LoadCredential=).
func isCredential(path string) bool {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return false
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, abs)
	return err == nil && filepath.IsLocal(rel)
}

func parse(path string, raw []byte) (Secret, error) {
	if len(raw) > maxSize {
		return Secret{}, fmt.Errorf("secret file %s: %w: larger than %d bytes", path, ErrMalformed, maxSize)
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		return Secret{}, fmt.Errorf("secret file %s: %w", path, ErrEmpty)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Secret{}, fmt.Errorf("secret file %s: %w: several lines, or a control character", path, ErrMalformed)
	}
	return New(text), nil
}

// A File is a secret that is read again when its file was changed or replaced, so that a new password needs no restart.
// It may be used by several goroutines.
type File struct {
	path string

	mu     stdsync.Mutex
	value  Secret
	info   fs.FileInfo // of the file that value came from; nil when there is none
	readAt time.Time
}

// NewFile names the file; nothing is read yet.
func NewFile(path string) *File { return &File{path: path} }

// Path returns the file's name.
func (f *File) Path() string { return f.path }

// Read returns the secret as the file holds it now. When the file cannot be read, it fails rather than give an old one.
func (f *File) Read() (Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if info, err := os.Stat(f.path); err == nil && f.current(info) {
		return f.value, nil
	}
	f.info, f.readAt = nil, time.Now()
	s, info, err := read(f.path)
	if err != nil {
		return Secret{}, err
	}
	f.value, f.info = s, info
	return s, nil
}

// current reports whether info is still that of the file which was read.
func (f *File) current(info fs.FileInfo) bool {
	return f.info != nil &&
		os.SameFile(info, f.info) &&
		info.Size() == f.info.Size() &&
		info.Mode() == f.info.Mode() &&
		info.ModTime().Equal(f.info.ModTime()) &&
		f.readAt.Sub(info.ModTime()) > mtimeResolution
}
