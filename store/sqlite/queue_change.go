package sqlite

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// changes are the states in which an entry can be changed, with @now for the time, and the statement that changes one.
var changes = [...]struct{ states, statement string }{
	engine.RetryEntries: {"state IN (1, 3, 4) AND (owner IS NULL OR due <= @now)",
		`UPDATE queue SET due = @now, changed = @now, owner = NULL, straight = 0,
		behind = iif(state = 1, behind,
			EXISTS (SELECT 1 FROM queue o WHERE o.target = queue.target AND o.ord = queue.ord AND o.state = 1)),
		created = iif(state = 1, created, @now), attempts = iif(state = 1, attempts, 0),
		first = iif(state = 1, first, NULL), state = 1`},
	engine.CancelEntries: {"state = 1", "UPDATE queue SET state = 4, owner = NULL, straight = 0, changed = @now"},
	engine.FinishEntries: {"state = 3", "UPDATE queue SET state = 2, changed = @now"},
	engine.PurgeEntries:  {"state <> 1", "DELETE FROM queue"},
}

// change changes the entries of a filter that are in the right state, in the order of their ids, and lets those go on
// that waited for them.
func (w *writer) change(c *engine.Change) error {
	where, args := conditions(&c.Filter)
	how := changes[c.To]
	states := strings.ReplaceAll(how.states, "@now", strconv.FormatInt(record.Nanos(c.Now), 10))
	ids, err := w.idsOf("SELECT id FROM queue WHERE "+where+" AND "+states+" ORDER BY id", args...)
	if err != nil {
		return err
	}
	if limit := c.Filter.Limit; limit > 0 && len(ids) > limit {
		ids = ids[:limit]
	}
	for _, id := range ids {
		if err := w.changeOne(id, how.statement, c.Now); err != nil {
			return err
		}
	}
	c.Changed = int64(len(ids))
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
	if err := raw.One(stmt, args, &target, &order); err != nil || order == "" {
		return err
	}
	return w.advance(target, order)
}
