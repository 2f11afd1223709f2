package sqlite

import (
	"cmp"
	"context"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// lightColumns are what a list shows, in the order of engine.Light.
const lightColumns = engine.LightColumns + ", " + ahead.At

// requestColumns are in the order of request, and bodyColumns of request and answer.
const (
	requestColumns = `q.head, q.fields, q.target, q.proto, q.trailer,
	ifnull(q.body, (SELECT data FROM body WHERE id = q.shared)), q.chunks, q.server_name, q.full_length,
q.full_sha256`
	bodyColumns = ", " + requestColumns + ", e.answer, e.answer_date, e.answer_body, ifnull(p.head, " + ahead.Head +
		"), p.fields, p.proto, p.reason, p.body"
)

const bodyJoins = " LEFT JOIN request q ON q.id = e.id LEFT JOIN response p ON p.id = e.id"

// scanAll reads the exchanges that a query of lightColumns, and of bodyColumns when whole, finds.
func (s *Engine) scanAll(ctx context.Context, whole bool, query string, args ...any) (xs []*record.Exchange,
	err error,
) {
	err = s.eachCells(ctx, query, args, func(c *raw.Conn, row engine.Row) error {
		x, err := s.scan(c, row, whole)
		xs = append(xs, x)
		return err
	})
	return xs, err
}

// eachCells hands the rows of a query to do, until it returns io.EOF. It goes around database/sql, which asks for the
// type of each column: that costs as much as reading them.
func (s *Engine) eachCells(ctx context.Context, query string, args []any,
	do func(*raw.Conn, engine.Row) error,
) error {
	pooled, err := s.db.Conn(ctx)
	if err != nil {
		return s.told(err)
	}
	defer pooled.Close()
	return s.told(pooled.Raw(func(driverConn any) error {
		c := &raw.Conn{SQLiteConn: driverConn.(*sqlite3.SQLiteConn)}
		return c.Each(ctx, query, args, func(row engine.Row) error { return do(c, row) })
	}))
}

// scan reads one exchange, with heads and bodies when whole.
func (s *Engine) scan(c *raw.Conn, row engine.Row, whole bool) (*record.Exchange, error) {
	x := new(record.Exchange)
	name := nameReader{words: &s.words, conn: c}
	if err := cmp.Or(engine.Light(&row, x, name.of), name.err); err != nil || !whole {
		return x, err
	}
	if err := engine.Request(&row, x); err != nil {
		return nil, err
	}
	if named := engine.NamedResponse(&row, x.Response, name.of); named || name.err != nil {
		return x, name.err
	}
	return x, engine.Response(&row, x.Response)
}
