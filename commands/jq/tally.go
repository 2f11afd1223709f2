package jq

import (
	"fmt"
	"slices"
	"sync"

	"github.com/barbhq/barb/store/record"
)

// Tally counts how the expressions of flags went. Its methods may be called by several goroutines.
type Tally struct {
	mu    sync.Mutex
	flags []Count
}

// Count is how the expression of one flag went.
type Count struct {
	Flag    string
	Decided int            // exchanges on which it did not fail
	Failed  int            // exchanges on which it failed
	Last    error          // the latest failure
	said    map[int64]bool // the latest of them, because a command may ask several times
}

// maxKept is how many exchanges are remembered as said: a listener runs for weeks.
const maxKept = 100_000

// Note counts how an expression went on an exchange. It returns the sentence to say about a failure and the number of
// the failure, or "" where there is nothing to say: each exchange is said once.
func (t *Tally) Note(flag string, x *record.Exchange, err error) (say string, number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.flags, func(c Count) bool { return c.Flag == flag })
	if i < 0 {
		i = len(t.flags)
		t.flags = append(t.flags, Count{Flag: flag, said: map[int64]bool{}})
	}
	c := &t.flags[i]
	switch {
	case err == nil:
		c.Decided++
		return "", 0
	case c.said[x.ID]:
		return "", 0
	case len(c.said) >= maxKept:
		clear(c.said)
	}
	c.Failed, c.Last, c.said[x.ID] = c.Failed+1, err, true
	done := "left out"
	if flag == "--jq" {
		done = "not printed"
	}
	return fmt.Sprintf("%d is %s, because %s fails on it: %v", x.ID, done, flag, err), c.Failed
}

// Counts returns how each expression went so far.
func (t *Tally) Counts() []Count {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.flags)
}
