package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// endingColumns are those that an ending fills.
const endingColumns = engine.EndingColumns + ", room"

// room is what an exchange without an ending holds free for it.
var room = make([]byte, 36)

// many inserts rows into a table, sixteen at a time: that halves what a row costs.
type many struct {
	one, sixteen *sqlite3.SQLiteStmt
	columns      int
	args         []driver.NamedValue // sixteen rows, numbered once
	used         int                 // of args
}

const atOnce = 16

func newMany(c *raw.Conn, into, columns string) *many {
	n := strings.Count(columns, ",") + 1
	row := "(?" + strings.Repeat(", ?", n-1) + ")"
	one := "INSERT OR REPLACE INTO " + into + " (" + columns + ") VALUES " + row
	return &many{one: c.Keep(one), sixteen: c.Keep(one + strings.Repeat(", "+row, atOnce-1)), columns: n,
		args: raw.Arguments(make([]any, n*atOnce)...)}
}

func (m *many) add(row ...any) error {
	for i, v := range row {
		m.args[m.used+i].Value = v
	}
	if m.used += len(row); m.used < len(m.args) {
		return nil
	}
	err := raw.Run(m.sixteen, m.args)
	m.empty()
	return err
}

// finish inserts the rows that are left, one at a time.
func (m *many) finish() error {
	defer m.empty()
	for first := 0; first < m.used; first += m.columns {
		for i := range m.columns { // those before are inserted
			m.args[i].Value = m.args[first+i].Value
		}
		if err := raw.Run(m.one, m.args[:m.columns]); err != nil {
			return err
		}
	}
	return nil
}

// empty lets go of the rows, whose bodies would otherwise stay in memory until the next.
func (m *many) empty() {
	for i := range m.args[:m.used] {
		m.args[i].Value = nil
	}
	m.used = 0
}

// largeBody is the size in bytes from which a row does not wait for fifteen others: SQLite copies all bound values.
const largeBody = 64 << 10

// addWith adds a row that has a body.
func (m *many) addWith(body []byte, row ...any) error {
	if err := m.add(row...); err != nil || len(body) <= largeBody {
		return err
	}
	return m.finish()
}

// inserts are the prepared statements of one connection.
type inserts struct {
	exchange, request, response *many
	ending, changes, there      *sqlite3.SQLiteStmt
	open, commit, went          *sqlite3.SQLiteStmt // of the transaction, and of a run of answers
	names                       *names
	shared                      shared
	row                         []any

	conn *raw.Conn
	rare map[string]*sqlite3.SQLiteStmt // prepared when first needed: most processes have no use for them
}

// statement is a prepared statement that not every process needs.
func (ins *inserts) statement(text string) (*sqlite3.SQLiteStmt, error) {
	if stmt, ok := ins.rare[text]; ok {
		return stmt, nil
	}
	stmt, err := ins.conn.Statement(text)
	if err == nil {
		ins.conn.Own(stmt)
		ins.rare[text] = stmt
	}
	return stmt, err
}

// newInserts prepares what every process needs; c has the error.
func newInserts(c *raw.Conn) *inserts {
	update := fmt.Sprintf("UPDATE exchange SET %s = ? WHERE id = ?", strings.ReplaceAll(endingColumns, ",", " = ?,"))
	// a command may have ended before the answer did: see Ran
	for _, column := range []string{"masks", "exec_exit", "exec_took"} {
		update = strings.Replace(update, column+" = ?", column+" = ifnull(?, "+column+")", 1)
	}
	return &inserts{
		exchange: newMany(c, "exchange", engine.BeginningColumns+", "+endingColumns),
		request: newMany(c, "request",
			engine.RequestColumns+", shared"),
		response: newMany(c, "response", engine.ResponseColumns),
		ending:   c.Keep(update),
		changes:  c.Keep("SELECT total_changes()"),
		there:    c.Keep("SELECT id FROM exchange WHERE id = ?"),
		open:     c.Keep("BEGIN IMMEDIATE"),
		commit:   c.Keep("COMMIT"),
		went:     c.Keep(ahead.Insert),
		names:    newNames(c),
		conn:     c,
		rare:     map[string]*sqlite3.SQLiteStmt{},
	}
}

// begin inserts an exchange under an id.
func (ins *inserts) begin(id int64, b *engine.Beginning) error {
	webhook, err := ins.webhookOf(b.X)
	if err != nil {
		return err
	}
	b.Webhook = webhook
	row := ins.withRoom(b.Ending.Append(b.Append(ins.row[:0], id, webhook, ins.names), ins.names), &b.Ending)
	ins.row = row
	if ins.names.err != nil {
		return ins.names.err
	}
	if err := ins.exchange.add(row...); err != nil {
		return err
	}
	body, place, err := ins.bodyOf(id, b)
	if err != nil {
		return err
	}
	ins.row = append(b.AppendRequest(ins.row[:0], id, body), place)
	if err := ins.request.addWith(body, ins.row...); err != nil {
		return err
	}
	return ins.respond(id, b.Ending.Response)
}

// withRoom ends a row of endings: an exchange that is open has room for its ending.
func (ins *inserts) withRoom(row []any, e *engine.Ending) []any {
	if e.Ended != 0 {
		return append(row, nil)
	}
	return append(row, room)
}

// webhookOf is the first exchange of the webhook that x belongs to; 0 when that is x itself.
func (ins *inserts) webhookOf(x *record.Exchange) (first int64, err error) {
	if x.Webhook != 0 || x.Thread == 0 || x.Role == record.Copy {
		return x.Webhook, nil
	}
	stmt, err := ins.statement("SELECT ifnull((SELECT webhook FROM exchange WHERE id = ?1), ?1)")
	if err == nil {
		err = raw.One(stmt, raw.Arguments(x.Thread), &first)
	}
	return first, err
}

// end writes how exchanges ended, except those that were pruned meanwhile. The count of all changes shows whether any
// was: RETURNING would cost more than the update.
func (ins *inserts) end(endings []*engine.Ending) error {
	if len(endings) == 0 {
		return nil
	}
	before, err := ins.changed()
	if err != nil {
		return err
	}
	for _, e := range endings {
		ins.row = append(ins.withRoom(e.Append(ins.row[:0], ins.names), e), e.ID)
		if ins.names.err != nil {
			return ins.names.err
		}
		if err := raw.Run(ins.ending, raw.Arguments(ins.row...)); err != nil {
			return err
		}
	}
	after, err := ins.changed()
	if err != nil {
		return err
	}
	return ins.respondAll(endings, after-before == int64(len(endings)))
}

// respondAll writes the answers of endings; allThere says that none of their exchanges was pruned.
func (ins *inserts) respondAll(endings []*engine.Ending, allThere bool) error {
	for _, e := range endings {
		found := allThere
		if !found {
			var err error
			if found, err = raw.Some(ins.there, raw.Arguments(e.ID)); err != nil {
				return err
			}
		}
		if !found {
			continue
		}
		if err := ins.respond(e.ID, e.Response); err != nil {
			return err
		}
	}
	return nil
}

// changed is how many rows this connection has changed so far.
func (ins *inserts) changed() (n int64, err error) {
	err = raw.One(ins.changes, nil, &n)
	return n, err
}

func (ins *inserts) respond(id int64, a *engine.Answer) error {
	if a == nil || a.Named {
		return nil
	}
	ins.row = a.Append(ins.row[:0], id)
	return ins.response.addWith(a.Body, ins.row...)
}

// finish inserts the rows that are left for all tables.
func (ins *inserts) finish() error {
	for _, m := range []*many{ins.exchange, ins.request, ins.response} {
		if err := m.finish(); err != nil {
			return err
		}
	}
	return ins.countUses()
}

// forget is for a transaction that was rolled back.
func (ins *inserts) forget() {
	ins.names.forget()
	ins.shared = shared{}
	for _, m := range []*many{ins.exchange, ins.request, ins.response} {
		m.empty()
	}
}
