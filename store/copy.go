package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/sqlite"
)

// WaitingRule says what a copy does about open entries of the queue: workers of both histories would deliver them.
type WaitingRule int

// The rules.
const (
	RefuseWaiting WaitingRule = iota // copy nothing while there are any
	CopyWaiting                      // copy them, unless one is being delivered
	LeaveWaiting
)

// Copy copies a history. The fields that count may be read meanwhile.
type Copy struct {
	Since   time.Time // only webhooks that began since then; zero: all
	Waiting WaitingRule
	Now     time.Time // when leases are looked at

	Exchanges, Webhooks                   atomic.Int64 // so far
	Queued, Open, Runs, Pins, Notes, Left atomic.Int64 // Open of Queued are to be delivered; Left were not copied
	Total                                 atomic.Int64 // exchanges in the history
	To                                    string       // the name of the copy
}

// WaitingError says that open entries of the queue are in the way of a copy.
type WaitingError struct {
	Waiting int64 // entries
	Leased  int64 // those of them that are being delivered
}

// Error says how many there are.
func (e *WaitingError) Error() string {
	if e.Leased > 0 {
		return fmt.Sprintf("%d entries of the queue are being delivered", e.Leased)
	}
	return fmt.Sprintf("%d entries of the queue wait for their delivery", e.Waiting)
}

// Run copies a history, as it is when Run begins, to a place: the path of a file or the address of a server. What is
// there must be empty, and is made where there is nothing. Ids stay. After an error nothing was copied. What was stored
// is copied as it is: Redact is not applied again. Errors: ErrNotEmpty, ErrSame, WaitingError, and those of Open.
func (c *Copy) Run(ctx context.Context, from *Store, place string) (err error) {
	if from.isAt(place) {
		return engine.Fault(NameOf(place), engine.ErrSame)
	}
	if err := c.askAboutWaiting(ctx, from); err != nil { // before anything is made
		return err
	}
	load := sqlite.Load
	if IsServer(place) {
		load = postgres.Load
	}
	rule := engine.CopyRule{Waiting: c.Waiting == CopyWaiting, Since: c.Since, Now: c.Now}
	c.To, err = load(ctx, place, func(to engine.Sink) error {
		return from.engine.Dump(ctx, rule, &copying{Copy: c, to: to})
	})
	return err
}

// askAboutWaiting refuses to copy while there is something in the queue, unless there is a rule for it.
func (c *Copy) askAboutWaiting(ctx context.Context, from *Store) error {
	if c.Waiting != RefuseWaiting {
		return nil
	}
	open, _, err := from.engine.QueueGauges(ctx)
	if err == nil && open > 0 {
		return &WaitingError{Waiting: open}
	}
	return from.told(err)
}

// isAt reports whether a place is that of this history.
func (s *Store) isAt(place string) bool {
	if IsServer(place) {
		return NameOf(place) == s.Path()
	}
	return !IsServer(s.Path()) && sqlite.IsSame(place, s.Path())
}

// copying counts what goes to a sink, and takes the leases from entries of the queue.
type copying struct {
	*Copy
	to engine.Sink
}

// Begin refuses entries of the queue that would be delivered twice.
func (c *copying) Begin(f engine.Facts) error {
	c.Total.Store(f.Exchanges)
	if f.Waiting > 0 && c.Waiting == RefuseWaiting || f.Leased > 0 && c.Waiting == CopyWaiting {
		return &WaitingError{Waiting: f.Waiting, Leased: min(f.Leased, f.Waiting)}
	}
	if c.Waiting == LeaveWaiting {
		c.Left.Store(f.Waiting)
	}
	return c.to.Begin(f)
}

// Put hands a row on.
func (c *copying) Put(t *engine.Table, row engine.Row) error {
	return c.to.Put(t, c.counted(t, row))
}

func (c *copying) counted(t *engine.Table, row engine.Row) engine.Row {
	switch t.Name {
	case "exchange":
		c.Exchanges.Add(1)
		if row[t.Place("webhook")] == nil {
			c.Webhooks.Add(1)
		}
	case "queue":
		c.Queued.Add(1)
		if row[t.Place("state")] == engine.Waiting.Code() { // whoever had it would not end its lease here
			c.Open.Add(1)
			row[t.Place("owner")], row[t.Place("straight")] = nil, int64(0)
		}
	case "run":
		c.Runs.Add(1)
	case "pin":
		c.Pins.Add(1)
	case "remark":
		c.Notes.Add(1)
	}
	return row
}
