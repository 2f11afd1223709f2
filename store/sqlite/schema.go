package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/migrations"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// pageSize suits hooks of 1 KiB: 4 KiB waste a quarter of each page, 16 KiB write twice as much in a small group.
const pageSize = 8 << 10

// patience is how long a lock of another process is waited for.
const patience = 5 * time.Second

// migrate brings the file to the latest version in one immediate transaction, so that a kill leaves the old version or
// the new one, and of several processes one does it and the others find it done.
func migrate(path string) error {
	c, err := raw.Dial(disk.SQLiteAddress(path, patience, "mode=rw", "_synchronous=FULL"))
	if err != nil {
		return err
	}
	return cmp.Or(migrateOn(c, path), c.Close())
}

func migrateOn(c *raw.Conn, path string) error {
	// Both hold only while the file is empty. Incremental vacuum is what gives space back without a copy of it all.
	if err := c.Exec(fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL", pageSize)); err != nil {
		return err
	}
	return c.Transact(func() error { return applyMigrations(c, path) })
}

func applyMigrations(c *raw.Conn, path string) error {
	var application, version, tables int64
	err := c.QueryRow("SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM "+
		"pragma_application_id, pragma_user_version",
		nil, &application, &version, &tables)
	switch {
	case err != nil:
		return err
	case application != applicationID && (application != 0 || tables > 0):
		return engine.Fault(path, engine.ErrForeign)
	case int(version) > migrations.Latest():
		return newer(path, int(version))
	case int(version) == migrations.Latest(): // another process was faster
		return nil
	}
	for _, script := range migrations.All()[version:] {
		if err := c.Exec(script.Text); err != nil {
			return fmt.Errorf("%s: %w", script.Name, err)
		}
	}
	return c.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, migrations.Latest()))
}

// useLog switches the file to a write-ahead log.
func useLog(path string) error {
	c, err := raw.Dial(disk.SQLiteAddress(path, patience, "mode=rw"))
	if err != nil {
		return err
	}
	var mode string
	err = cmp.Or(c.QueryRow("PRAGMA journal_mode = WAL", nil, &mode), c.Close())
	if err == nil && mode != "wal" {
		err = sqlite3.Error{Code: sqlite3.ErrBusy} // SQLite says so by staying where it was
	}
	return err
}

// untilFree calls do again while another process is in the way, for at most patience. SQLite's own wait does not cover
// all of opening: switching to a log or recovering one fails at once where waiting could end in a deadlock.
func untilFree(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := do()
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
