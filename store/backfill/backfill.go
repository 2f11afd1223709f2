// Package backfill copies what was committed from the write-ahead log into the file, beside the writer.
//
// SQLite does it within the commit that makes the log longer than a thousand pages: all who wait for that commit wait
// for the copying of 8 MiB and for two more fsyncs. A connection of its own copies small parts while commits go on, and
// leaves little for such a commit to do.
package backfill

import (
	"context"

	"github.com/mattn/go-sqlite3"
)

// part is how many bytes are committed before they are copied.
const part = 256 << 10

// Worker copies in a goroutine of its own, which starts when there is enough to copy. Its methods are called by one
// goroutine.
type Worker struct {
	Address string // of the history, as SQLite takes it; "" does nothing
	bytes   int
	wake    chan struct{} // nil: no goroutine
	stopped chan struct{}
}

// Wrote is told of a commit of about so many bytes.
func (w *Worker) Wrote(bytes int) {
	if w.bytes += bytes; w.bytes < part || w.Address == "" {
		return
	}
	w.bytes = 0
	if w.wake == nil {
		w.wake, w.stopped = make(chan struct{}, 1), make(chan struct{})
		go copyParts(w.Address, w.wake, w.stopped)
	}
	select {
	case w.wake <- struct{}{}:
	default: // the last part is not copied yet
	}
}

// Stop waits for the part at hand, closes the connection and forgets the address.
func (w *Worker) Stop() {
	if w.wake == nil {
		return
	}
	close(w.wake)
	<-w.stopped
	*w = Worker{}
}

// copyParts runs a passive checkpoint for each signal: it waits for nobody and nobody waits for it (sqlite.org/c3ref,
// sqlite3_wal_checkpoint_v2). A mistake is not told: the writer makes the same one in a checkpoint of its own, and
// nothing depends on when the log is copied.
func copyParts(address string, wake <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	c, err := (&sqlite3.SQLiteDriver{}).Open(address)
	if err != nil {
		for range wake { // until Stop
		}
		return
	}
	defer c.Close()
	for range wake {
		_, _ = c.(*sqlite3.SQLiteConn).ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)", nil)
	}
}
