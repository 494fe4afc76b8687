package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// prepareFile makes the file when it is missing and sees that only its owner may read it. SQLite gives the -wal and
// -shm files the mode of the file itself.
//
// An existing file is never opened here: closing it would drop the locks that SQLite holds on it in this process.
func prepareFile(path string, log *slog.Logger) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createFile(path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file: `database` must name the ledger's file")
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", lockPath(path)} {
		tighten(name, log)
	}
	return nil
}

func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another program was faster
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s: make it, owned by the user that convoke runs as: %w", filepath.Dir(path), err)
	}
	if err != nil {
		return err
	}
	return f.Close()
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
