package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
)

// Copy returns a copy in memory of the ledger at path as it is now, for a look ahead: what is written to it touches
// no file and is gone after Close. Another program may work with the original meanwhile. Where there is none, the
// copy is empty. An older ledger is brought up to date in the copy only.
func Copy(ctx context.Context, path string) (*Ledger, error) {
	l, err := copyOf(ctx, path, steps)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, explain(err))
	}
	return l, nil
}

func copyOf(ctx context.Context, path string, steps []string) (*Ledger, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return Memory(ctx)
	} else if err != nil {
		return nil, err
	}
	l := newLedger(Options{})
	l.write = openPool(memoryDSN, 1)
	l.read = l.write
	if err := l.load(ctx, path, steps); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Ledger) load(ctx context.Context, path string, steps []string) error {
	if err := restore(ctx, l.write, path); err != nil {
		return err
	}
	version, err := inspect(ctx, l.write, len(steps))
	if err != nil || version == len(steps) {
		return err
	}
	return apply(ctx, l.write, steps)
}

// restore loads the file. While a program works with it there is a write-ahead log beside it, and SQLite's own
// locks give a consistent view. Else the file stands alone and is read as it lies, so that not even the files that
// SQLite keeps beside one in use appear; should a program have come in between, it is read again.
func restore(ctx context.Context, p *pool, path string) error {
	for range 10 {
		before, err := stamp(path)
		if err != nil {
			return err
		}
		if before.log {
			return load(ctx, p, readerDSN(path))
		}
		err = load(ctx, p, dsn(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
		if after, again := stamp(path); again == nil && after == before {
			return err
		}
	}
	return load(ctx, p, readerDSN(path))
}

func load(ctx context.Context, p *pool, source string) error {
	return p.raw(ctx, func(c rawConn) error {
		b, err := c.NewRestore(source)
		if err != nil {
			return err
		}
		if _, err = b.Step(-1); err != nil {
			_ = b.Finish() // which says the same once more
			return err
		}
		return b.Finish()
	})
}

// A fileStamp tells whether a file is the same as before. In WAL mode it changes only while its log is there.
type fileStamp struct {
	log           bool
	size, changed int64
}

func stamp(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}, err
	}
	s := fileStamp{size: info.Size(), changed: info.ModTime().UnixNano()}
	for _, beside := range []string{"-wal", "-journal"} {
		if _, err := os.Stat(path + beside); err == nil {
			s.log = true
		}
	}
	return s, nil
}

// Backup writes the ledger as it is now into a file, which must be empty or not there. Programs may work with the ledger
// meanwhile.
func (l *Ledger) Backup(ctx context.Context, path string) error {
	return fail("backup", l.vacuumInto(ctx, path))
}

func (l *Ledger) vacuumInto(ctx context.Context, path string) error {
	_, err := l.write.db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}
