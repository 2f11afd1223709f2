package sqlite

import (
	"slices"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/others"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// timeline gives out ids and watches how far they stray from the order of the starts: queries bisect the ids by time.
type timeline struct {
	others *others.Notes // is told of the ids
	newest int64         // the highest id looked at
	latest int64         // the latest start among those up to newest
}

// glance is how many of the newest exchanges a new connection looks at to know the latest start.
const glance = 1000

// next returns the id for a group's first exchange, in its transaction: no other process gives out the same.
func (t *timeline) next(ins *inserts, writes []*engine.Write) (int64, error) {
	if !slices.ContainsFunc(writes, func(e *engine.Write) bool { return len(e.Begin) > 0 }) {
		return 0, nil
	}
	var newest, pruned, disorder int64
	stmt, err := ins.statement("SELECT (SELECT max(id) FROM exchange), last_id, disorder FROM history")
	if err == nil {
		err = raw.One(stmt, nil, &newest, &pruned, &disorder)
	}
	if err != nil {
		return 0, err
	}
	if newest > t.newest {
		var latest int64
		from := max(t.newest, newest-glance)
		const newer = "SELECT max(start) FROM exchange WHERE id > ?"
		if err := ins.conn.QueryRow(newer, raw.Arguments(from), &latest); err != nil {
			return 0, err
		}
		t.others.Found(t.newest+1, newest)
		t.newest, t.latest = newest, max(t.latest, latest)
	}
	first := max(newest, pruned) + 1
	return first, t.pass(ins.conn, writes, first, disorder)
}

// pass looks at the starts of a group and notes when they are further back than ever before.
func (t *timeline) pass(c *raw.Conn, writes []*engine.Write, id, disorder int64) error {
	worst := disorder
	for _, e := range writes {
		for _, b := range e.Begin {
			start := record.Nanos(b.X.Start)
			worst = max(worst, t.latest-start)
			t.latest = max(t.latest, start)
			t.newest = id
			id++
		}
	}
	t.others.Gave(t.newest)
	if worst == disorder {
		return nil
	}
	return c.Exec("UPDATE history SET disorder = ?", worst+worst/2) // some in advance: not with every row
}
