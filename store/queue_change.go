package store

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// Retry makes entries that a filter selects due at once: those that wait, and, as deliveries that begin anew, those
// that are dead or were cancelled. It returns how many. Entries under a lease that has not ended are being tried
// already; what is done stays done.
func (s *Store) Retry(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	return s.change(ctx, &change{filter: f, to: retryEntries, now: now})
}

// Cancel ends the open entries that a filter selects and returns how many. An attempt on its way is not stopped.
func (s *Store) Cancel(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	return s.change(ctx, &change{filter: f, to: cancelEntries, now: now})
}

// Finish notes of dead entries that a filter selects that they were delivered in another way. It returns how many.
func (s *Store) Finish(ctx context.Context, f QueueFilter, now time.Time) (n int64, err error) {
	return s.change(ctx, &change{filter: f, to: finishEntries, now: now})
}

// Purge forgets entries that a filter selects and that have ended. The exchanges stay. It returns how many.
func (s *Store) Purge(ctx context.Context, f QueueFilter) (n int64, err error) {
	return s.change(ctx, &change{filter: f, to: purgeEntries})
}

func (s *Store) change(ctx context.Context, c *change) (int64, error) {
	err := s.do(ctx, c)
	return c.changed, err
}

// changes are the states in which an entry can be changed, with @now for the time, and the statement that changes one.
var changes = [...]struct{ states, statement string }{
	retryEntries: {"state IN (1, 3, 4) AND (owner IS NULL OR due <= @now)",
		`UPDATE queue SET due = @now, changed = @now, owner = NULL, straight = 0,
		behind = iif(state = 1, behind,
			EXISTS (SELECT 1 FROM queue o WHERE o.target = queue.target AND o.ord = queue.ord AND o.state = 1)),
		created = iif(state = 1, created, @now), attempts = iif(state = 1, attempts, 0),
		first = iif(state = 1, first, NULL), state = 1`},
	cancelEntries: {"state = 1", "UPDATE queue SET state = 4, owner = NULL, straight = 0, changed = @now"},
	finishEntries: {"state = 3", "UPDATE queue SET state = 2, changed = @now"},
	purgeEntries:  {"state <> 1", "DELETE FROM queue"},
}

// change changes the entries of a filter that are in the right state, in the order of their ids, and lets those go on
// that waited for them.
func (w *writer) change(c *change) error {
	where, args := c.filter.conditions()
	values := make([]driver.Value, len(args))
	for i, a := range args {
		values[i] = a
	}
	how := changes[c.to]
	states := strings.ReplaceAll(how.states, "@now", strconv.FormatInt(record.Nanos(c.now), 10))
	ids, err := w.idsOf("SELECT id FROM queue WHERE "+where+" AND "+states+" ORDER BY id", values...)
	if err != nil {
		return err
	}
	if limit := c.filter.Limit; limit > 0 && len(ids) > limit {
		ids = ids[:limit]
	}
	for _, id := range ids {
		if err := w.changeOne(id, how.statement, c.now); err != nil {
			return err
		}
	}
	c.changed = int64(len(ids))
	return nil
}

func (w *writer) changeOne(id int64, statement string, now time.Time) error {
	var target int64
	var order string
	stmt, err := w.inserts.statement(statement + " WHERE id = @id RETURNING target, ord")
	if err != nil {
		return err
	}
	args := []driver.NamedValue{{Name: "id", Value: id}, {Name: "now", Value: record.Nanos(now)}}
	if err := sqlite.One(stmt, args, &target, &order); err != nil || order == "" {
		return err
	}
	return w.advance(target, order)
}
