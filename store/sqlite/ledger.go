// Package sqlite is convoke's default ledger: a store.Ledger in one SQLite file, with a lock file beside it.
//
// It keeps what it is given and hands it back; it knows neither calendars nor the platform and decides nothing.
// Several programs may have the file open at once. Each of them writes through one connection and reads through a
// read-only pool beside it, which the write-ahead log lets go on undisturbed.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	stdsync "sync"
	"time"

	"convoke/store"
)

// Options of Open. The zero value will do.
type Options struct {
	Log *slog.Logger     // told of migrations and of mended file modes; nil for nobody
	Now func() time.Time // for the names of copies; nil for time.Now
}

// A Ledger is a store.Ledger kept by SQLite. It is safe for concurrent use.
type Ledger struct {
	path string // "" for one in memory
	log  *slog.Logger
	now  func() time.Time

	write *pool // one connection
	read  *pool // the same pool as write for a ledger in memory

	mu   stdsync.Mutex
	held *passLock // nil while this ledger does not hold the lock
}

var _ store.Ledger = (*Ledger)(nil)

// Open opens the ledger at path and makes it when there is none; the folder must be there. An older ledger is
// brought up to date, after a copy was put beside it.
//
// It fails with store.ErrNewer for the ledger of a later convoke, with store.ErrDamaged for a file that is broken or
// none of convoke's, and with store.ErrLocked for an older ledger that a running convoke still works with.
func Open(ctx context.Context, path string, o Options) (*Ledger, error) {
	l, err := open(ctx, path, o, steps)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	return l, nil
}

func open(ctx context.Context, path string, o Options, steps []string) (*Ledger, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	l := newLedger(o)
	l.path = path
	if err := prepareFile(ctx, path, steps, l.log); err != nil {
		return nil, explain(err)
	}
	l.write, l.read = openPool(writerDSN(path), 1), openPool(readerDSN(path), 0)
	if err := l.start(ctx, steps); err != nil {
		return nil, errors.Join(explain(err), l.Close())
	}
	return l, nil
}

// start looks at what the file holds before anything of it is changed.
func (l *Ledger) start(ctx context.Context, steps []string) error {
	if err := l.write.writable(ctx); err != nil {
		return err
	}
	version, err := inspect(ctx, l.write, len(steps))
	if err != nil {
		return err
	}
	if version < len(steps) {
		if err := l.migrate(ctx, version, steps); err != nil {
			return err
		}
	}
	return l.write.useWAL(ctx)
}

// Memory returns an empty ledger in memory, for tests and the demo. It is gone after Close.
func Memory(ctx context.Context) (*Ledger, error) {
	l := newLedger(Options{})
	l.write = openPool(memoryDSN, 1)
	l.read = l.write
	if err := apply(ctx, l.write, steps); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger in memory: %w", explain(err)), l.Close())
	}
	return l, nil
}

// Clear makes another ledger of one in memory: an empty one. It keeps the statements prepared on it, and so is much faster than
// Memory.
func (l *Ledger) Clear(ctx context.Context) error {
	if l.path != "" {
		return errors.New("only a ledger in memory is cleared")
	}
	return fail("clear", l.write.transact(ctx, func(t *tx) error {
		for _, table := range []string{"decisions", "intents", "links", "objects", "meetings", "calendars", "organizers", "notes", "sqlite_sequence"} {
			if _, err := t.exec(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, "INSERT INTO notes (key, value) VALUES (?, lower(hex(randomblob(8))))", identity) // as v2.sql does
		return err
	}))
}

func newLedger(o Options) *Ledger {
	l := &Ledger{log: o.Log, now: o.Now}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.now == nil {
		l.now = time.Now
	}
	return l
}

// Close lets go of the ledger, and of the lock if it is still held.
func (l *Ledger) Close() error {
	l.unlock()
	// The writer goes last: it is the one that may fold the write-ahead log into the file.
	err := l.read.close()
	if l.read != l.write {
		err = errors.Join(err, l.write.close())
	}
	return fail("close", err)
}
