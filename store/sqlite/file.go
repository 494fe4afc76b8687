package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// prepareFile makes the ledger when there is none and sees that only its owner may read it. SQLite gives the -wal and
// -shm files the mode of the file itself.
//
// An existing file is never opened here: closing it would drop the locks that SQLite holds on it in this process.
func prepareFile(ctx context.Context, path string, steps []string, log *slog.Logger) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createLedger(ctx, path, steps)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file: `database` must name the ledger's file")
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", lockPath(path)} {
		tighten(name, log)
		if err := mayWrite(name); err != nil {
			return err
		}
	}
	return nil
}

// realPath is that of the ledger itself, by whatever name it is known: SQLite keeps the files that belong to it beside that one. A
// ledger that is not there yet has the path that it is given.
func realPath(path string) (string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Abs(path)
}

// mayWrite asks before SQLite does: the -wal and -shm files that it makes beside a file that can only be read could never be
// written to either, and would stay so when the file is mended.
func mayWrite(name string) error {
	err := unix.Faccessat(unix.AT_FDCWD, name, unix.W_OK, unix.AT_EACCESS)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return &fs.PathError{Op: "write", Path: name, Err: err}
}

// createLedger makes a ledger under another name and gives it its own when it is whole: whoever else looks at the
// same time finds none or this one. Where another program was faster, its ledger stays.
func createLedger(ctx context.Context, path string, steps []string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s: make it, owned by the user that convoke runs as: %w", filepath.Dir(path), err)
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := fillNew(ctx, f.Name(), steps); err != nil {
		return err
	}
	if err := publish(f.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func fillNew(ctx context.Context, name string, steps []string) error {
	p := openPool(writerDSN(name), 1)
	err := apply(ctx, p, steps)
	if err == nil {
		err = p.useWAL(ctx)
	}
	return errors.Join(err, p.close())
}

// publish gives a whole file one more name, for good. A link, unlike a rename, never replaces anything.
func publish(unfinished, name string) error {
	if err := syncFile(unfinished); err != nil {
		return err
	}
	if err := os.Link(unfinished, name); err != nil {
		return err
	}
	return syncFile(filepath.Dir(name))
}

// reserve is how much room there must be on the disk before a call is announced: many times what it takes to record what
// comes of it.
const reserve = 512 << 10

// roomy asks for the reserve. A file system that does not tell what room it has is taken at its word when it is full.
func roomy(path string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil || s.Blocks == 0 {
		return nil
	}
	if free := s.Bavail * uint64(s.Bsize); free < reserve {
		return fmt.Errorf("only %d KiB are left, and %d are kept for what comes of a call: %w", free>>10, reserve>>10, unix.ENOSPC)
	}
	return nil
}

// tighten takes others' rights away. Where that is not allowed it is only said: the ledger works all the same.
func tighten(name string, log *slog.Logger) {
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return
	}
	if err := os.Chmod(name, 0o600); err != nil {
		log.Warn("others can read a file of the ledger", "file", name, "mode", info.Mode().Perm().String(), "error", err)
		return
	}
	log.Info("took others' rights to a file of the ledger", "file", name, "mode", info.Mode().Perm().String())
}

// syncFile puts a file that SQLite does not have open on the disk for good.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
