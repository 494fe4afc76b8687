package sqlite

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"convoke/store"
)

var errReadOnly = errors.New("it cannot be written to: " +
	"run as its owner, and look at the mode of the file and its folder and at the mount")

// fail says what was tried. It returns nil for nil.
func fail(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ledger: %s: %w", what, explain(err))
}

// explain adds to an error of SQLite what it means here and what to do about it. Whatever the error is, nothing of
// the transaction has happened.
func explain(err error) error {
	switch { // the folder's own answer, where the error is not SQLite's
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return full(err)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: %w", errReadOnly, err)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code() == codes.SQLITE_IOERR_SHMSIZE { // the -shm file beside the ledger could not be made as large as it has to be
		return full(err)
	}
	switch e.Code() & 0xff { // the primary code
	case codes.SQLITE_FULL:
		return full(err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: %w", errReadOnly, err)
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return fmt.Errorf("another program has kept it busy for %v: try again: %w", busyTimeout, err)
	case codes.SQLITE_IOERR:
		return fmt.Errorf("reading or writing failed, nothing was recorded: look at the disk: %w", err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return damaged(err)
	}
	if e.Code() == codes.SQLITE_CONSTRAINT_FOREIGNKEY {
		return fmt.Errorf("a row that this one needs: %w", store.ErrNotFound)
	}
	return err
}

func full(why error) error {
	return fmt.Errorf("the disk is full, nothing was recorded: make room: %w", why)
}

func damaged(why error) error {
	return fmt.Errorf("%w (%w): stop convoke, keep the file aside and bring back the last backup, with no -wal and -shm file of the old one beside it", store.ErrDamaged, why)
}
