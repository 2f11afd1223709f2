package backfill_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/backfill"
	"github.com/barbhq/barb/store/disk"
)

// history opens a SQLite file with a log that nobody copies, with a table.
func history(t *testing.T) (c *sqlite3.SQLiteConn, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "h.db")
	opened, err := (&sqlite3.SQLiteDriver{}).Open(disk.SQLiteAddress(path, 0, "_journal_mode=WAL", "_synchronous=FULL"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	c = opened.(*sqlite3.SQLiteConn)
	do(t, c, "PRAGMA wal_autocheckpoint = 0")
	do(t, c, "CREATE TABLE t (x)")
	return c, path
}

func do(t *testing.T, c *sqlite3.SQLiteConn, statement string) {
	t.Helper()
	if _, err := c.ExecContext(context.Background(), statement, nil); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestWhatWasCommittedIsCopiedIntoTheFile(t *testing.T) {
	t.Parallel()
	c, path := history(t)
	before := size(t, path)
	w := backfill.Worker{Address: disk.SQLiteAddress(path, 0, "mode=rw")}
	for range 3 {
		do(t, c, "INSERT INTO t VALUES (randomblob(300000))")
		w.Wrote(300_000)
	}
	w.Stop()
	if got := size(t, path); got < before+900_000 {
		t.Errorf("the file has %d bytes after three commits of 300,000, before them %d", got, before)
	}
}

func TestASmallCommitIsLeftInTheLog(t *testing.T) {
	t.Parallel()
	c, path := history(t)
	before := size(t, path)
	w := backfill.Worker{Address: disk.SQLiteAddress(path, 0, "mode=rw")}
	do(t, c, "INSERT INTO t VALUES (randomblob(100000))")
	w.Wrote(100_000)
	w.Stop()
	if got := size(t, path); got != before {
		t.Errorf("the file has grown from %d to %d bytes", before, got)
	}
}

func TestAHistoryThatCannotBeOpenedIsLeftToTheWriter(t *testing.T) {
	t.Parallel()
	w := backfill.Worker{Address: disk.SQLiteAddress(filepath.Join(t.TempDir(), "none", "h.db"), 0, "mode=rw")}
	for range 3 {
		w.Wrote(1 << 20)
	}
	w.Stop()
	w.Stop()
}
