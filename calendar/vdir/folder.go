// Package vdir makes a calendar of a folder of .ics files, one event a file: the vdir convention of vdirsyncer, khal and
// pimsync (https://vdirsyncer.pimutils.org/en/stable/vdir.html).
//
// It knows files and nothing of what is in them: reading and writing events is package calendar's business.
package vdir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"convoke/calendar"
)

// MaxObjects is the number of events above which a folder is not read.
const MaxObjects = 20_000

// A Folder is a folder of .ics files as a calendar. Hrefs are file names. Files whose name begins with a dot or ends with
// anything but .ics, sub-folders, links and devices are no events.
type Folder struct {
	dir, name string
	limit     int // MaxObjects, less in a test
}

var _ calendar.Collection = (*Folder)(nil)

// Open looks at a folder; nothing stays open. Its errors wrap calendar.ErrMissing or calendar.ErrForbidden.
func Open(dir string) (*Folder, error) {
	f := &Folder{dir: dir, name: filepath.Base(dir), limit: MaxObjects}
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if name, err := displayName(root); err == nil && name != "" {
		f.name = name
	}
	return f, nil
}

// Name is what the file displayname says, else the name of the folder.
func (f *Folder) Name() string { return f.name }

func displayName(root *os.Root) (string, error) {
	file, err := root.Open("displayname")
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(first), err
}

// root opens the folder itself. It is opened afresh for every operation: a folder may be replaced, or mounted late.
func (f *Folder) root() (*os.Root, error) {
	root, err := os.OpenRoot(f.dir)
	switch {
	case err == nil:
		return root, nil
	case errors.Is(err, fs.ErrNotExist), isFile(f.dir):
		return nil, fmt.Errorf("folder %s: %w", f.dir, calendar.ErrMissing)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("folder %s: %w", f.dir, calendar.ErrForbidden)
	}
	return nil, fmt.Errorf("folder %s: %w", f.dir, err)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// Changes reports every event of the folder, with its data where the ETag is not the one seen last. A folder has no
// token, and every look at it is complete; where nothing changed it costs a listing and no reading.
func (f *Folder) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	root, err := f.root()
	if err != nil {
		return calendar.Look{}, err
	}
	defer root.Close()
	names, err := list(root, f.limit)
	if err != nil {
		return calendar.Look{}, fmt.Errorf("folder %s: %w", f.dir, err)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return calendar.Look{}, fmt.Errorf("folder %s: %w", f.dir, err)
		}
		change, there := look(root, name, since.ETag(name))
		if !there {
			continue
		}
		if err := fn(change); err != nil {
			return calendar.Look{}, err
		}
	}
	return calendar.Look{Complete: true}, nil
}

func list(root *os.Root, limit int) ([]string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, forbidden(err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, forbidden(err)
	}
	var names []string
	for _, e := range entries {
		if isEvent(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	if len(names) > limit {
		return nil, fmt.Errorf("%d events, more than %d: %w", len(names), limit, calendar.ErrTooLarge)
	}
	slices.Sort(names)
	return names, nil
}

func forbidden(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", calendar.ErrForbidden, err)
	}
	return err
}

func isEvent(name string) bool {
	return !strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".ics") && name == filepath.Base(name) && !strings.Contains(name, "\x00")
}

// look reports one file; false when it went away after the listing.
func look(root *os.Root, name, seen string) (calendar.Change, bool) {
	change := calendar.Change{Object: calendar.Object{Href: name}}
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return change, false
	case err != nil:
		change.Err = fmt.Errorf("%s: %w", name, forbidden(err))
		return change, true
	}
	if change.ETag = etag(info); change.ETag == seen {
		return change, true
	}
	o, err := read(root, name)
	if errors.Is(err, calendar.ErrNotFound) {
		return change, false
	}
	if change.Err = err; err == nil {
		change.Object = o
	}
	return change, true
}

// Get reads one event.
func (f *Folder) Get(_ context.Context, href string) (calendar.Object, error) {
	root, err := f.root()
	if err != nil {
		return calendar.Object{}, err
	}
	defer root.Close()
	return read(root, href)
}

// attempts is how often a file is read that somebody writes to meanwhile.
const attempts = 3

// read reads a file and checks that it is the same file afterwards: not every program replaces files in one step.
func read(root *os.Root, name string) (calendar.Object, error) {
	if !isEvent(name) {
		return calendar.Object{}, fmt.Errorf("%s: %w", name, calendar.ErrNotFound)
	}
	for range attempts {
		before, err := regular(root, name)
		if err != nil {
			return calendar.Object{}, err
		}
		data, err := readFile(root, name)
		if err != nil {
			return calendar.Object{}, fmt.Errorf("%s: %w", name, notFound(err))
		}
		after, err := regular(root, name)
		if err != nil {
			return calendar.Object{}, err
		}
		if etag(before) == etag(after) {
			return calendar.Object{Href: name, ETag: etag(after), Data: data}, nil
		}
	}
	return calendar.Object{}, fmt.Errorf("%s: somebody keeps writing to it", name)
}

func regular(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, notFound(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a file: %w", name, calendar.ErrNotFound)
	case info.Size() > calendar.MaxObject:
		return nil, fmt.Errorf("%s: %d bytes: %w", name, info.Size(), calendar.ErrTooLarge)
	}
	return info, nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return calendar.ErrNotFound
	}
	return forbidden(err)
}

func readFile(root *os.Root, name string) ([]byte, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // O_NONBLOCK: should it be a pipe by now
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(file, calendar.MaxObject+1)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// etag changes with every replacement (inode), and with every write in place that a file system can tell (size, time).
func etag(info fs.FileInfo) string {
	inode := uint64(0)
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = s.Ino
	}
	return fmt.Sprintf(`"%d-%d-%d"`, info.Size(), info.ModTime().UnixNano(), inode)
}
