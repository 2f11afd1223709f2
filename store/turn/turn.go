// Package turn puts the processes that write one history in a row.
package turn

import (
	"os"
	"time"

	"github.com/barbhq/barb/store/disk"
)

// Turn is the lock on which writers wait for each other: SQLite gives its write lock to whoever asks at the right
// moment, and a process that writes all the time asks first again and again. Who wants the lock takes the turn, waits
// for the lock, and passes the turn on: who has just written comes after whoever waits. It is advice, and the lock of
// SQLite goes on keeping the writers apart. The methods are for one goroutine, and for nil nobody waits.
type Turn struct {
	f     *os.File
	id    disk.FileID // of f
	stuck bool        // nobody passed it on in time; it is asked for, and not waited for, until it is free again
}

// pause is the time between two looks at a lock that another process holds.
const pause = time.Millisecond / 4

// longest is how long the turn is waited for at most: a process that was stopped may keep it.
const longest = time.Second

// Open returns the turn of a history. path is a file that all its writers have open, and on which SQLite has no
// locks: the write-ahead log. The error is of the system.
func Open(path string) (*Turn, error) {
	id, err := disk.Identify(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &Turn{f: f, id: id}, nil
}

// Same reports whether the path still leads to the same file.
func (t *Turn) Same() bool { return t == nil || t.id.Same() }

// Await takes the turn, calls do until it no longer reports that the lock of SQLite is busy, and passes the turn on. It
// does so for about as long as patience at most, of which a second goes to waiting for the turn.
func (t *Turn) Await(patience time.Duration, do func() (busy bool)) {
	if t == nil {
		do()
		return
	}
	began := time.Now()
	free := lock(t.f)
	for ; !free && !t.stuck; free = lock(t.f) {
		t.stuck = time.Since(began) > longest
		time.Sleep(pause)
	}
	t.stuck = t.stuck && !free
	for do() && time.Since(began) < patience {
		time.Sleep(pause)
	}
	unlock(t.f)
}

// Close passes the turn on for good.
func (t *Turn) Close() {
	if t != nil {
		_ = t.f.Close() // it was only read
	}
}
