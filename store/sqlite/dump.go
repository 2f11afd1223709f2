package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

const dumpFacts = `SELECT last_id, (SELECT max(last_name, ifnull(max(id), 0)) FROM name),
	(SELECT max(last_queued, ifnull(max(id), 0)) FROM queue), disorder, pin_key,
	(SELECT count(*) FROM exchange), (SELECT count(*) FROM queue WHERE state = 1),
	(SELECT count(*) FROM queue WHERE state = 1 AND owner IS NOT NULL AND due > ?), (SELECT max(id) FROM exchange)
	FROM history`

// Dump gives a sink all rows, as of one moment: others may write meanwhile.
func (s *Engine) Dump(ctx context.Context, rule engine.CopyRule, to engine.Sink) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return s.told(err)
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		d := &dump{s: s, c: c.(*sqlite3.SQLiteConn), ctx: ctx, rule: rule, to: to}
		if err := d.each("BEGIN", nil); err != nil {
			return err
		}
		err := d.all()
		return errors.Join(err, d.each("COMMIT", nil))
	})
}

// dump reads all rows through one connection, in a transaction.
type dump struct {
	s    *Engine
	c    *sqlite3.SQLiteConn
	ctx  context.Context
	rule engine.CopyRule
	to   engine.Sink
}

func (d *dump) all() error {
	var f engine.Facts
	err := d.each(dumpFacts, func(row engine.Row) error {
		f = engine.Facts{LastID: row.Number(), LastName: row.Number(), LastWait: row.Number(), Disorder: row.Number(),
			PinKey: row.Bytes(), Exchanges: row.Number(), Waiting: row.Number(), Leased: row.Number()}
		if newest := row.Number(); !d.rule.Since.IsZero() { // newer ones may be left out
			f.LastID = max(f.LastID, newest)
		}
		return nil
	}, record.Nanos(d.rule.Now))
	if err == nil {
		err = d.to.Begin(f)
	}
	for _, t := range engine.Tables() {
		if err == nil {
			err = d.each("SELECT "+dumped(t)+" FROM "+t.Name+" t WHERE "+d.rule.Where(t, "")+" ORDER BY 1",
				func(row engine.Row) error { return d.to.Put(t, row) })
		}
	}
	return err
}

// dumped lists the columns of a table. A body that is kept once for many requests is a body of each.
func dumped(t *engine.Table) string {
	list := strings.Join(t.Columns, ", ")
	if t.Name == "request" {
		list = strings.Replace(list, ", body,", ", ifnull(body, (SELECT data FROM body b WHERE b.id = t.shared)),", 1)
	}
	return list
}

// each runs a statement, and hands its rows to do. An error of do stays as it is.
func (d *dump) each(query string, do func(engine.Row) error, values ...any) error {
	rows, err := d.c.QueryContext(d.ctx, query, raw.Arguments(values...))
	if err != nil {
		return d.s.told(err)
	}
	var failed error
	err = raw.EachOf(rows, func(row engine.Row) error {
		if do != nil {
			failed = do(row)
		}
		return failed
	})
	if failed != nil {
		return failed
	}
	return d.s.told(err)
}
