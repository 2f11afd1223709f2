// Package bulk takes all rows of a history in PostgreSQL out of it, or puts them into an empty one with COPY.
package bulk

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

// Loader is an engine.Sink that writes the rows of a history in a transaction, some thousand with each COPY.
type Loader struct {
	Ctx    context.Context
	Tx     pgx.Tx
	Name   string // of the history
	Self   int64  // exchange.writer
	Offset int64  // ns: of the server's clock to ours

	PerPartition  int64 // ids
	MakePartition func(ctx context.Context, tx pgx.Tx, number int64) error
	LaneOf        func(target, order string) any
	KindOf        func(column string) string // the type of a column of exchange, request and response
	Told          func(error) error          // an error of the server in words

	facts   engine.Facts
	counts  map[*engine.Table]int64
	highest map[*engine.Table]int64

	table      *engine.Table // at hand
	columns    []string
	kinds      []string
	rows       [][]any
	bytes      int
	partition  int64
	targets    map[int64]string
	lanePlaces [2]int
}

// The types of columns.
const (
	text = "text"
	blob = "bytea"
	yes  = "bool"
)

// Of a batch: rows, and bytes of values. Of targets: how many are remembered.
const (
	mostRows  = 5000
	mostBytes = 4 << 20
	mostNames = 4096
)

const isEmptyQuery = `SELECT EXISTS (SELECT FROM barb.exchange) OR EXISTS (SELECT FROM barb.queue) OR
	EXISTS (SELECT FROM barb.name) OR EXISTS (SELECT FROM barb.run) OR EXISTS (SELECT FROM barb.pin) OR
	EXISTS (SELECT FROM barb.remark) OR last_id > 0, pin_key FROM barb.history`

// Begin refuses a history that is not empty.
func (l *Loader) Begin(f engine.Facts) error {
	var used bool
	var key []byte
	err := l.Tx.QueryRow(l.Ctx, isEmptyQuery).Scan(&used, &key)
	switch {
	case err != nil:
		return l.Told(err)
	case !used && string(key) == string(f.PinKey):
		return engine.Fault(l.Name, engine.ErrSame)
	case used:
		return engine.Fault(l.Name, engine.ErrNotEmpty)
	}
	l.facts, l.partition = f, 0
	l.counts, l.highest = map[*engine.Table]int64{}, map[*engine.Table]int64{}
	return nil
}

// Put adds a row, with the columns that only this engine has.
func (l *Loader) Put(t *engine.Table, row engine.Row) error {
	if t != l.table {
		if err := l.flush(); err != nil {
			return err
		}
		l.turnTo(t)
	}
	shift(t, row, l.Offset)
	values := make([]any, len(row), len(row)+1)
	for i, v := range row {
		var size int
		values[i], size = valueFor(l.kinds[i], v)
		l.bytes += size
	}
	last, err := l.ownColumn(t, row)
	if err != nil {
		return l.Told(err)
	}
	if last != nil {
		values = append(values, last...)
	}
	l.counts[t]++
	if id, ok := row[0].(int64); ok {
		l.highest[t] = max(l.highest[t], id)
	}
	if l.rows = append(l.rows, values); len(l.rows) >= mostRows || l.bytes >= mostBytes {
		return l.flush()
	}
	return nil
}

// ownColumn returns the value of the column that the table has here alone; nothing where there is none.
func (l *Loader) ownColumn(t *engine.Table, row engine.Row) ([]any, error) {
	switch t.Name {
	case "name":
		text, _ := row[2].(string)
		return []any{SumOf(text)}, nil
	case "exchange":
		id, _ := row[0].(int64)
		return []any{l.Self}, l.ready(id / l.PerPartition)
	case "queue":
		lane, err := l.laneOf(row)
		return []any{lane}, err
	}
	return nil, nil
}

// ready makes the partition of the exchange at hand. Ids come in their order.
func (l *Loader) ready(partition int64) error {
	if partition == l.partition {
		return nil
	}
	l.partition = partition
	return l.MakePartition(l.Ctx, l.Tx, partition)
}

// laneOf is what stands for the target and the order of an entry of the queue.
func (l *Loader) laneOf(row engine.Row) (any, error) {
	order, _ := row[l.lanePlaces[1]].(string)
	target, _ := row[l.lanePlaces[0]].(int64)
	if order == "" {
		return nil, nil
	}
	text, known := l.targets[target]
	if !known {
		err := l.Tx.QueryRow(l.Ctx, "SELECT text FROM barb.name WHERE id = $1", target).Scan(&text)
		if err != nil {
			return nil, err
		}
		if l.targets == nil || len(l.targets) >= mostNames {
			l.targets = map[int64]string{}
		}
		text = Unescape(text)
		l.targets[target] = text
	}
	return l.LaneOf(text, order), nil
}

// kindIn is the type of a column of any table.
func (l *Loader) kindIn(table, column string) string {
	switch table + "." + column {
	case "queue.behind", "queue.straight", "queue.answered", "mirror.same", "remark.pinned", "run.ended":
		return yes
	case "name.text", "queue.ord", "queue.owner", "queue.why", "pin.route", "pin.scheme", "run.options", "run.open",
		"run.owner", "remark.note", "response.reason":
		return text
	case "pin.secret", "kept.pieces":
		return blob
	}
	return l.KindOf(column)
}

// turnTo begins the rows of a table.
func (l *Loader) turnTo(t *engine.Table) {
	l.table, l.columns, l.kinds = t, nil, nil
	for _, c := range t.Columns {
		l.columns, l.kinds = append(l.columns, c), append(l.kinds, l.kindIn(t.Name, c))
	}
	switch t.Name {
	case "name":
		l.columns = append(l.columns, "sum")
	case "exchange":
		l.columns = append(l.columns, "writer")
	case "queue":
		l.columns = append(l.columns, "lane")
		l.lanePlaces = [2]int{t.Place("target"), t.Place("ord")}
	}
}

// valueFor is a value as COPY takes it, and about its size.
func valueFor(kind string, v any) (any, int) {
	switch v := v.(type) {
	case string:
		if kind == text {
			v = Escape(v)
		}
		return v, len(v) + 8
	case []byte:
		if kind == text {
			return Escape(string(v)), len(v) + 8
		}
		return v, len(v) + 8
	case int64:
		if kind == yes {
			return v != 0, 8
		}
	}
	return v, 8
}

// flush sends the rows that were gathered.
func (l *Loader) flush() error {
	if len(l.rows) == 0 {
		return nil
	}
	_, err := l.Tx.CopyFrom(l.Ctx, pgx.Identifier{"barb", l.table.Name}, l.columns, pgx.CopyFromRows(l.rows))
	clear(l.rows)
	l.rows, l.bytes = l.rows[:0], 0
	return l.Told(err)
}

// Finish writes what is not a row, and compares the numbers of rows with what is there.
func (l *Loader) Finish() error {
	if err := l.flush(); err != nil {
		return err
	}
	for _, t := range engine.Tables() {
		var got int64
		if err := l.Tx.QueryRow(l.Ctx, "SELECT count(*) FROM barb."+t.Name).Scan(&got); err != nil {
			return err
		}
		if want := l.counts[t]; got != want {
			return fmt.Errorf("%s has %d rows of the %d that were copied", t.Name, got, want)
		}
	}
	b := &pgx.Batch{}
	b.Queue("UPDATE barb.history SET last_id = $1, disorder = $2, pin_key = $3", l.facts.LastID, l.facts.Disorder,
		l.facts.PinKey)
	least := map[string]int64{"exchange": l.facts.LastID, "name": l.facts.LastName, "queue": l.facts.LastWait, "run": 0}
	for _, t := range engine.Tables() {
		if last, ok := least[t.Name]; ok {
			last = max(last, l.highest[t])
			b.Queue("SELECT setval('barb."+t.Name+"_id', greatest($1::bigint, 1), $1::bigint > 0)", last)
		}
	}
	return l.Tx.SendBatch(l.Ctx, b).Close()
}
