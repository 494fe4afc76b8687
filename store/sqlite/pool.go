package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	stdsync "sync"
	"time"

	sqlite "modernc.org/sqlite" // and the driver that it registers
)

// busyTimeout is how long a statement waits for another program's transaction.
const busyTimeout = 5 * time.Second

// memoryDSN names a database that lives and dies with its one connection.
const memoryDSN = "file::memory:?_pragma=foreign_keys(1)&_txlock=immediate&_dqs=0&_error_rc=1"

func writerDSN(path string) string {
	return dsn(path, url.Values{
		// FULL: with NORMAL the last commits may be gone after a power failure, and with them the memory of calls
		// that were made.
		"_pragma": {"synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
			// A first look fills the tables in no order: pages stay at hand, and are folded into the file less often.
			"cache_size(-8000)", "wal_autocheckpoint(4000)", "journal_size_limit(4194304)"},
		"_txlock":    {"immediate"},
		"_defensive": {"1"},
		"mode":       {"rw"},
	})
}

func readerDSN(path string) string {
	return dsn(path, url.Values{"_pragma": {"trusted_schema(0)"}, "mode": {"ro"}})
}

func dsn(path string, q url.Values) string {
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	q.Set("_dqs", "0")      // a misspelt column is an error, not a text
	q.Set("_error_rc", "1") // no leftovers of an earlier error in the text
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// A pool is a set of connections to one database, with the statements prepared on it.
type pool struct {
	db    *sql.DB
	mu    stdsync.Mutex
	stmts map[string]*sql.Stmt
}

// openPool opens no connection yet. A limit of 0 is none: a bounded pool of readers could lock up when a caller of
// ETags reads something else meanwhile.
func openPool(dsn string, limit int) *pool {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		panic(err) // the driver is not linked in
	}
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(2)
	return &pool{db: db, stmts: map[string]*sql.Stmt{}}
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stmts {
		_ = s.Close() // goes with its connections anyhow
	}
	clear(p.stmts)
	return p.db.Close()
}

func (p *pool) cached(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stmts[query]
}

// prepare returns the statement for a query; each text is prepared once. It must not hold p.mu while it waits for a
// connection: the transaction that has the only one needs p.mu too.
func (p *pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := p.cached(query); s != nil {
		return s, nil
	}
	s, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil {
		_ = s.Close() // somebody was faster
		return first, nil
	}
	p.stmts[query] = s
	return s, nil
}

// writable refuses a file that SQLite, for want of rights, has opened for reading only.
func (p *pool) writable(ctx context.Context) error {
	return p.raw(ctx, func(c rawConn) error {
		ro, err := c.IsReadOnly("main")
		if err == nil && ro {
			err = errReadOnly
		}
		return err
	})
}

// rawConn is what the driver's connections can do besides SQL.
type rawConn interface {
	IsReadOnly(schema string) (bool, error)
	NewRestore(srcURI string) (*sqlite.Backup, error)
}

func (p *pool) raw(ctx context.Context, fn func(rawConn) error) error {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.Raw(func(dc any) error { return fn(dc.(rawConn)) }), c.Close())
}

// useWAL switches to the write-ahead log, which the file remembers.
func (p *pool) useWAL(ctx context.Context) error {
	var mode string
	if err := p.db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system cannot keep a write-ahead log (journal mode stays %q): "+
			"put the ledger on a local disk", mode)
	}
	return nil
}
