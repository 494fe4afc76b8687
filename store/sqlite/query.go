package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"convoke/store"
)

// A tx is one write transaction. It takes the write lock when it begins, so what it reads stays true until it ends.
type tx struct {
	tx     *sql.Tx
	pool   *pool
	missed []string // queries to be prepared for the next time
}

// begin refuses what was cancelled already. What has begun is not interrupted: it ends soon, and the driver would have a goroutine
// wait beside each statement.
func begin(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

// transact runs fn in a transaction, which is committed when fn returns nil.
func (p *pool) transact(ctx context.Context, fn func(*tx) error) error {
	ctx, err := begin(ctx)
	if err != nil {
		return err
	}
	t := &tx{pool: p}
	if t.tx, err = p.db.BeginTx(ctx, nil); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		_ = t.tx.Rollback() // fn's error says more, and SQLite may have rolled back itself
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return err
	}
	for _, query := range t.missed {
		_, _ = p.prepare(ctx, query) // only a head start for the next call
	}
	return nil
}

// prepare returns a statement that ends with the transaction. The pool cannot prepare while the transaction has its
// connection, so a query that is new to it is noted for later.
func (t *tx) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := t.pool.cached(query); s != nil {
		return t.tx.StmtContext(ctx, s), nil
	}
	t.missed = append(t.missed, query)
	return t.tx.PrepareContext(ctx, query)
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := t.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// A querier is a pool (each query a transaction of its own) or a tx.
type querier interface {
	prepare(ctx context.Context, query string) (*sql.Stmt, error)
}

// A row is what a scan function reads: *sql.Row or *sql.Rows.
type row interface{ Scan(dest ...any) error }

// one returns the row that a query finds, or store.ErrNotFound.
func one[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (T, error) {
	var none T
	ctx, err := begin(ctx)
	if err != nil {
		return none, err
	}
	s, err := q.prepare(ctx, query)
	if err != nil {
		return none, err
	}
	v, err := scan(s.QueryRowContext(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return none, store.ErrNotFound
	}
	return v, err
}

// many returns all rows that a query finds.
func many[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, q, func(r row) error {
		v, err := scan(r)
		all = append(all, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// each calls fn for every row that a query finds.
func each(ctx context.Context, q querier, fn func(row) error, query string, args ...any) error {
	ctx, err := begin(ctx)
	if err != nil {
		return err
	}
	s, err := q.prepare(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanID(r row) (id int64, err error) { return id, r.Scan(&id) }

// seconds is how a time is kept: seconds, NULL for none.
func seconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

// when scans such a time.
type when struct{ t *time.Time }

func (w when) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*w.t = time.Time{}
	case int64:
		*w.t = time.Unix(v, 0).UTC()
	default:
		return fmt.Errorf("a time kept as %T", v)
	}
	return nil
}

// ref is how a reference is kept that may be missing.
func ref(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// blob is how bytes are kept: none and empty are the same.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// ofOne returns the rows of one organizer or ("") of all.
func ofOne[T any](ctx context.Context, q querier, scan func(row) (T, error), all, of, organizer string) ([]T, error) {
	if organizer == "" {
		return many(ctx, q, scan, all)
	}
	return many(ctx, q, scan, of, organizer)
}
