package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"convoke/store"
)

// applicationID marks a file as convoke's ("cvok"), see PRAGMA application_id.
const applicationID = 0x63766f6b

var (
	//go:embed v1.sql
	v1 string
	//go:embed v2.sql
	v2 string
)

// steps lead from nothing to the present version, one version each. The list is append-only: a step that was
// released is never changed, since there are ledgers that have it behind them.
var steps = []string{v1, v2}

// inspect returns the version of what the file holds, 0 for an empty one, and refuses what is not for this program.
func inspect(ctx context.Context, p *pool, latest int) (version int, err error) {
	var app, tables int
	err = p.db.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id),"+
		" (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)").Scan(&app, &version, &tables)
	switch {
	case err != nil:
		return 0, err
	case app == 0 && version == 0 && tables == 0:
		return 0, nil
	case app != applicationID:
		return 0, fmt.Errorf("%w: it is another program's SQLite file; `database` must name convoke's own", store.ErrDamaged)
	case version > latest:
		return 0, fmt.Errorf("%w: it has version %d, this program knows %d: install the newer convoke again, "+
			"or bring back a backup of version %d", store.ErrNewer, version, latest, latest)
	}
	return version, quickCheck(ctx, p)
}

func quickCheck(ctx context.Context, p *pool) error {
	var result string
	if err := p.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return damaged(errors.New(result))
	}
	return nil
}

// migrate brings the file up to date. Only an empty one goes without the lock and the copy: a convoke that is still
// running would not know what became of its tables.
func (l *Ledger) migrate(ctx context.Context, version int, steps []string) error {
	if version > 0 {
		release, err := l.Lock()
		if err != nil {
			return fmt.Errorf("version %d must become %d: stop it first: %w", version, len(steps), err)
		}
		defer release()
		if err := l.backUp(ctx, version); err != nil {
			return fmt.Errorf("copying version %d before it becomes %d: %w", version, len(steps), err)
		}
	}
	if err := apply(ctx, l.write, steps); err != nil {
		return fmt.Errorf("from version %d to %d, nothing was changed: %w", version, len(steps), err)
	}
	if version > 0 {
		l.log.Info("brought the ledger up to date", "from", version, "to", len(steps))
	}
	return nil
}

// apply takes the steps that are still missing, in one transaction: the database is at the old version or the new.
func apply(ctx context.Context, p *pool, steps []string) error {
	return p.transact(ctx, func(t *tx) error {
		var version int // as it is now that nobody else can write
		if err := t.tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version >= len(steps) {
			return nil // another program was faster
		}
		for i, script := range steps[version:] {
			if _, err := t.tx.ExecContext(ctx, script); err != nil {
				return fmt.Errorf("step %d: %w", version+i+1, err)
			}
		}
		_, err := t.tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
		return err
	})
}

// backUp puts a copy of the ledger beside it that no later one replaces. It gets its name when it is whole.
func (l *Ledger) backUp(ctx context.Context, version int) error {
	f, err := os.CreateTemp(filepath.Dir(l.path), filepath.Base(l.path)+".bak.new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := l.vacuumInto(ctx, f.Name()); err != nil {
		return err
	}
	name := l.backupName(version)
	if err := publish(f.Name(), name); err != nil {
		return err
	}
	l.log.Info("copied the ledger before bringing it up to date", "copy", name)
	return nil
}

// backupName names a copy by its version or, where there is one of that version, by the time too.
func (l *Ledger) backupName(version int) string {
	name := fmt.Sprintf("%s.v%d.bak", l.path, version)
	if _, err := os.Lstat(name); err != nil {
		return name
	}
	return fmt.Sprintf("%s.v%d.%s.bak", l.path, version, l.now().UTC().Format("20060102T150405Z"))
}
