package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// Load fills the history at path, which it makes where there is none. All is in one transaction: after an error or a
// kill the history is as it was, empty. Others cannot use it meanwhile. It returns the path as Name does. Errors:
// ErrNotEmpty, and those of opening.
func Load(ctx context.Context, path string, fill func(engine.Sink) error) (name string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return path, err
	}
	s := &Engine{path: path}
	if err := untilFree(ctx, func() error { return s.ready(true) }); err != nil {
		return s.path, translate(s.path, err)
	}
	if s.refused != nil {
		return s.path, s.refused
	}
	c, err := raw.Dial(disk.SQLiteAddress(s.path, patience, "mode=rw", "_synchronous=FULL"))
	if err != nil {
		return s.path, translate(s.path, err)
	}
	l := &loader{s: s, c: c, ctx: ctx}
	var failed error // in the words of whoever it is of
	err = errors.Join(l.load(func(to engine.Sink) error {
		failed = fill(to)
		return failed
	}), c.Close())
	if failed != nil {
		return s.path, failed
	}
	if err == nil && !s.network {
		err = useLog(s.path)
	}
	return s.path, translate(s.path, err)
}

// IsSame reports whether two paths lead to one file that is there.
func IsSame(path, other string) bool { return disk.IsSame(path, other) }

// loader writes the rows of a history through one connection.
type loader struct {
	s      *Engine
	c      *raw.Conn
	ctx    context.Context
	facts  engine.Facts
	tables map[*engine.Table]*loading
	now    *loading // the table at hand
	bodies bodies
	newest int64
}

// loading is one of the tables while it is filled.
type loading struct {
	*many
	n     int64 // rows
	ended int   // the place of the column ended in exchange, and of body in request
	body  int
	row   []any
}

// load fills the history in one transaction. Without a log SQLite writes new pages into the file once; a file that
// others have open keeps its log.
func (l *loader) load(fill func(engine.Sink) error) error {
	var mode string
	_ = l.c.QueryRow("PRAGMA journal_mode = DELETE", nil, &mode) // fails while others have the file open
	if err := l.c.Exec("PRAGMA cache_size = -65536"); err != nil {
		return err
	}
	if err := untilFree(l.ctx, func() error { return l.c.Exec("BEGIN EXCLUSIVE") }); err != nil {
		return err
	}
	err := fill(l)
	if err == nil {
		err = l.finish()
	}
	if err == nil {
		err = l.c.Exec("COMMIT")
	}
	if err != nil {
		_ = l.c.Exec("ROLLBACK") // the first error is the one to tell
	}
	return err
}

const isEmptyQuery = `SELECT EXISTS (SELECT 1 FROM exchange) OR EXISTS (SELECT 1 FROM queue) OR
	EXISTS (SELECT 1 FROM name) OR EXISTS (SELECT 1 FROM run) OR EXISTS (SELECT 1 FROM pin) OR
	EXISTS (SELECT 1 FROM remark) OR last_id + last_queued > 0 FROM history`

// Begin refuses a history that is not empty.
func (l *loader) Begin(f engine.Facts) error {
	var used int64
	if err := l.c.QueryRow(isEmptyQuery, nil, &used); err != nil {
		return translate(l.s.path, err)
	}
	if used != 0 {
		return engine.Fault(l.s.path, engine.ErrNotEmpty)
	}
	l.facts, l.tables = f, map[*engine.Table]*loading{}
	return nil
}

// Put adds a row. An exchange that is open has room for its ending, and a body that came before is kept once.
func (l *loader) Put(t *engine.Table, row engine.Row) error {
	if l.now == nil || l.tables[t] != l.now {
		if err := l.turnTo(t); err != nil {
			return translate(l.s.path, err)
		}
	}
	l.now.n++
	l.now.row = l.now.row[:0]
	for _, v := range row {
		l.now.row = append(l.now.row, v)
	}
	var body []byte
	var err error
	switch t.Name {
	case "exchange":
		l.newest, _ = row[0].(int64)
		var free any
		if row[l.now.ended] == int64(0) {
			free = room
		}
		l.now.row = append(l.now.row, free)
	case "request":
		body, err = l.bodyOf(row[0], row[l.now.body])
	}
	return translate(l.s.path, cmp.Or(err, l.now.addWith(body, l.now.row...)))
}

// turnTo ends the rows of the table before, and begins those of another.
func (l *loader) turnTo(t *engine.Table) error {
	if l.now != nil {
		if err := l.now.finish(); err != nil {
			return err
		}
	}
	columns := strings.Join(t.Columns, ", ")
	switch t.Name {
	case "exchange":
		columns += ", room"
	case "request":
		columns += ", shared"
	}
	l.now = &loading{many: newMany(l.c, t.Name, columns), ended: t.Place("ended"), body: t.Place("body")}
	l.tables[t] = l.now
	return l.c.Failed
}

// bodies are those that came lately, by their sums: the id of the exchange that came with it, and whether it is in the
// table of bodies under that id.
type bodies map[[sha256.Size]byte]*sharedBody

type sharedBody struct{ id, refs int64 }

// mostBodies is how many bodies are known at a time.
const mostBodies = 1024

// bodyOf ends the row of a request: a body that came before is in the table of bodies, for all but the first.
func (l *loader) bodyOf(id, body any) ([]byte, error) {
	bytes, _ := body.([]byte)
	if len(bytes) < leastShared {
		l.now.row = append(l.now.row, nil)
		return bytes, nil
	}
	sum := sha256.Sum256(bytes)
	found := l.bodies[sum]
	if found == nil {
		if err := l.known(sum); err != nil {
			return nil, err
		}
		l.now.row = append(l.now.row, nil)
		return bytes, nil
	}
	if found.refs++; found.id == 0 {
		found.id, _ = id.(int64)
		if err := l.c.Exec("INSERT INTO body (id, refs, data) VALUES (?, 0, ?)", found.id, bytes); err != nil {
			return nil, err
		}
	}
	l.now.row[l.now.body] = nil
	l.now.row = append(l.now.row, found.id)
	return nil, nil
}

// known notes a body that came for the first time; of too many it forgets all.
func (l *loader) known(sum [sha256.Size]byte) error {
	if len(l.bodies) >= mostBodies {
		if err := l.countUses(); err != nil {
			return err
		}
	}
	if l.bodies == nil {
		l.bodies = bodies{}
	}
	l.bodies[sum] = &sharedBody{}
	return nil
}

// countUses writes how many requests have each body, and forgets the bodies.
func (l *loader) countUses() error {
	for _, b := range l.bodies {
		if b.refs > 0 {
			if err := l.c.Exec("UPDATE body SET refs = ? WHERE id = ?", b.refs, b.id); err != nil {
				return err
			}
		}
	}
	l.bodies = nil
	return nil
}

// finish writes what is not a row, and compares the numbers of rows with what is there.
func (l *loader) finish() error {
	if l.now != nil {
		if err := l.now.finish(); err != nil {
			return err
		}
	}
	err := cmp.Or(l.countUses(), lookup.Fill(l.c.SQLiteConn, l.newest+1))
	for _, t := range engine.Tables() {
		var want, got int64
		if table := l.tables[t]; table != nil {
			want = table.n
		}
		err = cmp.Or(err, l.c.QueryRow("SELECT count(*) FROM "+t.Name, nil, &got))
		if err == nil && got != want {
			return fmt.Errorf("%s has %d rows of the %d that were copied", t.Name, got, want)
		}
	}
	return cmp.Or(err, l.c.Exec("UPDATE history SET last_id = ?, last_name = ?, last_queued = ?, disorder = ?, "+
		"pin_key = ?", l.facts.LastID, l.facts.LastName, l.facts.LastWait, l.facts.Disorder, l.facts.PinKey))
}
