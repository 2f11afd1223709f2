package store

import (
	"database/sql/driver"
	"errors"
	"io"

	"github.com/barbhq/barb/store/sqlite"
	"github.com/mattn/go-sqlite3"
)

// nameKind says what a name in the table of names stands for.
type nameKind int64

const (
	nameEndpoint nameKind = iota + 1
	nameEvent
	nameScheme
	nameReason
	nameVersion
	nameSecret
	nameTarget
	namePolicy
	nameAnswer // the head of an answer without its date
)

type word struct {
	kind nameKind
	text string
}

// names gives the ids of names within the writer's transaction. It remembers a bounded number of them, since strangers
// choose event types, until a prune removes any.
type names struct {
	find, add, count *sqlite3.SQLiteStmt
	known            map[word]driver.Value
	removed          int64           // how many had been removed when it last looked
	seen             map[string]bool // heads of answers that came once
	err              error           // the first error of id in the transaction
}

const maxNames = 4096

// An id is never given twice: a reader may still remember the name that it stood for.
const addName = `INSERT INTO name (id, kind, text)
	VALUES (1 + max((SELECT ifnull(max(id), 0) FROM name), (SELECT last_name FROM history)), ?, ?) RETURNING id`

func newNames(c *sqlite.Conn) *names {
	return &names{
		find:  c.Keep("SELECT id FROM name WHERE kind = ? AND text = ?"),
		add:   c.Keep(addName),
		count: c.Keep("SELECT names_removed FROM history"),
		known: map[word]driver.Value{},
	}
}

// begin opens a transaction for names: what a prune of another connection removed in the meantime is forgotten.
func (n *names) begin() error {
	last := n.removed
	n.err = nil
	if err := sqlite.One(n.count, nil, &n.removed); err != nil {
		return err
	}
	if n.removed != last {
		n.forget()
	}
	return nil
}

// id returns the id of a name, nil for "" and after an error, which stays in err.
func (n *names) id(kind nameKind, text string) driver.Value {
	if text == "" || n.err != nil {
		return nil
	}
	w := word{kind, text}
	if id, ok := n.known[w]; ok {
		return id
	}
	var id int64
	args := sqlite.Arguments(int64(kind), text)
	err := sqlite.One(n.find, args, &id)
	if errors.Is(err, io.EOF) {
		err = sqlite.One(n.add, args, &id)
	}
	if err != nil {
		n.err = err
		return nil
	}
	if len(n.known) >= maxNames {
		clear(n.known)
	}
	n.known[w] = id
	return id
}

// forget is for a transaction that was rolled back: names that it added are not there.
func (n *names) forget() { clear(n.known) }
