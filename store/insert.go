package store

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// The columns that an ending fills, in the order of appendEnding.
const endingColumns = "ended, failed, verdict, reason, version, secret, age, status, response_size, response_cut, " +
	"took, dns, connect, tls, first_byte, next_in, failure, failure_text, ambiguous, permanent, " +
	"marks, masks, exec_exit, exec_took, " +
	"scripted, late_for, late_after, answer, answer_date, answer_body, room"

const beginningColumns = "id, kind, thread, attempt, start, remote, endpoint, method, url, " +
	"webhook_id, event, handshake, scheme, request_size, webhook, role, "

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

func newMany(c *sqlite.Conn, into, columns string) *many {
	n := strings.Count(columns, ",") + 1
	row := "(?" + strings.Repeat(", ?", n-1) + ")"
	one := "INSERT OR REPLACE INTO " + into + " (" + columns + ") VALUES " + row
	return &many{one: c.Keep(one), sixteen: c.Keep(one + strings.Repeat(", "+row, atOnce-1)), columns: n,
		args: sqlite.Arguments(make([]driver.Value, n*atOnce)...)}
}

func (m *many) add(row ...driver.Value) error {
	for i, v := range row {
		m.args[m.used+i].Value = v
	}
	if m.used += len(row); m.used < len(m.args) {
		return nil
	}
	err := sqlite.Run(m.sixteen, m.args)
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
		if err := sqlite.Run(m.one, m.args[:m.columns]); err != nil {
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
func (m *many) addWith(body []byte, row ...driver.Value) error {
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
	row                         []driver.Value

	conn *sqlite.Conn
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
func newInserts(c *sqlite.Conn) *inserts {
	update := fmt.Sprintf("UPDATE exchange SET %s = ? WHERE id = ?", strings.ReplaceAll(endingColumns, ",", " = ?,"))
	// a command may have ended before the answer did: see Ran
	for _, column := range []string{"masks", "exec_exit", "exec_took"} {
		update = strings.Replace(update, column+" = ?", column+" = ifnull(?, "+column+")", 1)
	}
	return &inserts{
		exchange: newMany(c, "exchange", beginningColumns+endingColumns),
		request: newMany(c, "request",
			"id, head, fields, target, proto, trailer, body, chunks, server_name, full_length, full_sha256, shared"),
		response: newMany(c, "response", "id, head, fields, proto, reason, body"),
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
func (ins *inserts) begin(id int64, b *beginning) error {
	x, r, names := b.x, &b.x.Request, ins.names
	row := ins.row[:0]
	row = append(row, id, int64(x.Kind), unlessZero(x.Thread), int64(x.Attempt), record.Nanos(x.Start),
		unlessZero(x.Remote), names.id(nameEndpoint, b.endpoint), r.Method, b.url, unlessZero(x.WebhookID),
		names.id(nameEvent, x.EventType), unlessZero(x.Handshake), names.id(nameScheme, x.Scheme), int64(x.BodySize()))
	webhook, err := ins.webhookOf(x)
	if err != nil {
		return err
	}
	b.webhook = webhook
	row = append(row, unlessZero(webhook), unlessZero(int64(x.Role)))
	if row, err = ins.appendEnding(row, &b.ending); err != nil {
		return err
	}
	ins.row = row
	if err := ins.exchange.add(row...); err != nil {
		return err
	}
	length, digest := wholeOf(r)
	body, place, err := ins.bodyOf(id, b)
	if err != nil {
		return err
	}
	err = ins.request.addWith(body, id, bytesOf([]byte(r.Head)), bytesUnlessNil(b.fields), b.target, b.proto,
		bytesOf(b.trailer), bytesOf(body), bytesOf([]byte(r.Chunks)), unlessZero(x.ServerName), length, digest, place)
	if err != nil {
		return err
	}
	return ins.respond(id, b.ending.response)
}

// webhookOf is the first exchange of the webhook that x belongs to; 0 when that is x itself.
func (ins *inserts) webhookOf(x *record.Exchange) (first int64, err error) {
	if x.Webhook != 0 || x.Thread == 0 || x.Role == record.Copy {
		return x.Webhook, nil
	}
	stmt, err := ins.statement("SELECT ifnull((SELECT webhook FROM exchange WHERE id = ?1), ?1)")
	if err == nil {
		err = sqlite.One(stmt, sqlite.Arguments(x.Thread), &first)
	}
	return first, err
}

// end writes how exchanges ended, except those that were pruned meanwhile. The count of all changes shows whether any
// was: RETURNING would cost more than the update.
func (ins *inserts) end(endings []*ending) error {
	if len(endings) == 0 {
		return nil
	}
	before, err := ins.changed()
	if err != nil {
		return err
	}
	for _, e := range endings {
		row, err := ins.appendEnding(ins.row[:0], e)
		if err != nil {
			return err
		}
		row = append(row, e.id)
		ins.row = row
		if err := sqlite.Run(ins.ending, sqlite.Arguments(row...)); err != nil {
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
func (ins *inserts) respondAll(endings []*ending, allThere bool) error {
	for _, e := range endings {
		found := allThere
		if !found {
			var err error
			if found, err = sqlite.Some(ins.there, sqlite.Arguments(e.id)); err != nil {
				return err
			}
		}
		if !found {
			continue
		}
		if err := ins.respond(e.id, e.response); err != nil {
			return err
		}
	}
	return nil
}

// changed is how many rows this connection has changed so far.
func (ins *inserts) changed() (n int64, err error) {
	err = sqlite.One(ins.changes, nil, &n)
	return n, err
}

func (ins *inserts) respond(id int64, a *answer) error {
	if a == nil || a.named {
		return nil
	}
	return ins.response.addWith(a.body, id, bytesOf([]byte(a.head)), bytesUnlessNil(a.fields), a.proto, a.reason,
		bytesOf(a.body))
}

// appendEnding appends the endingColumns, the last of them room for the ending of an open exchange. Its error, and that
// of the names before it in the row, is of the table of names.
func (ins *inserts) appendEnding(row []driver.Value, e *ending) ([]driver.Value, error) {
	var age driver.Value
	if e.judged.HasAge {
		age = int64(e.judged.Age)
	}
	row = append(row, e.ended, e.failed, unlessZero(e.verdict), ins.names.id(nameReason, e.judged.Reason),
		ins.names.id(nameVersion, e.judged.Version), ins.names.id(nameSecret, cmp.Or(e.judged.Secret, e.judged.Tried)), age,
		e.status, unlessZero(e.size), unlessZero(e.cut), e.took, unlessZero(int64(e.phases.DNS)),
		unlessZero(int64(e.phases.Connect)), unlessZero(int64(e.phases.TLS)), unlessZero(int64(e.phases.FirstByte)),
		unlessZero(e.nextIn))
	if f := e.failure; f != nil {
		row = append(row, string(f.Kind), f.Text, unlessZero(f.Ambiguous), unlessZero(f.Permanent))
	} else {
		row = append(row, nil, nil, nil, nil)
	}
	row = append(row, unlessZero(e.marks), unlessZero(e.masks), e.exit, e.run, unlessZero(e.scripted),
		unlessZero(e.late.Provider), unlessZero(int64(e.late.Deadline)))
	row = ins.names.appendNamed(row, e.response)
	if e.ended != 0 {
		return append(row, nil), ins.names.err
	}
	return append(row, room), ins.names.err
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

// wholeOf returns the columns of a body that was kept only in part.
func wholeOf(r *record.Request) (length, digest driver.Value) {
	if r.Whole == nil {
		return nil, nil
	}
	return r.Whole.Length, r.Whole.SHA256[:]
}

// bytesOf returns NULL for nil and for an empty slice.
func bytesOf(b []byte) driver.Value {
	if len(b) == 0 {
		return nil
	}
	return b
}

// bytesUnlessNil returns NULL for nil, and an empty blob for an empty slice.
func bytesUnlessNil(b []byte) driver.Value {
	if b == nil {
		return nil
	}
	return b
}

// unlessZero returns NULL for the zero value. SQLite stores true as 1.
func unlessZero[T int64 | string | bool](v T) driver.Value {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
