package sqlite

import (
	"errors"
	"io"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/sqlite/raw"
	"github.com/mattn/go-sqlite3"
)

type word struct {
	kind engine.NameKind
	text string
}

// names gives the ids of names within the writer's transaction. It remembers a bounded number of them, since strangers
// choose event types, until a prune removes any.
type names struct {
	find, add, count *sqlite3.SQLiteStmt
	known            map[word]any
	removed          int64           // how many had been removed when it last looked
	seen             map[string]bool // heads of answers that came once
	err              error           // the first error of ID in the transaction
}

const (
	maxNames  = 4096
	firstSeen = 16 // heads of answers of which the writer remembers that they came once
)

// An id is never given twice: a reader may still remember the name that it stood for.
const addName = `INSERT INTO name (id, kind, text)
	VALUES (1 + max((SELECT ifnull(max(id), 0) FROM name), (SELECT last_name FROM history)), ?, ?) RETURNING id`

func newNames(c *raw.Conn) *names {
	return &names{
		find:  c.Keep("SELECT id FROM name WHERE kind = ? AND text = ?"),
		add:   c.Keep(addName),
		count: c.Keep("SELECT names_removed FROM history"),
		known: map[word]any{},
	}
}

// begin opens a transaction for names: what a prune of another connection removed in the meantime is forgotten.
func (n *names) begin() error {
	last := n.removed
	n.err = nil
	if err := raw.One(n.count, nil, &n.removed); err != nil {
		return err
	}
	if n.removed != last {
		n.forget()
	}
	return nil
}

// ID returns the id of a name, nil for "" and after an error, which stays in err.
func (n *names) ID(kind engine.NameKind, text string) any {
	if text == "" || n.err != nil {
		return nil
	}
	w := word{kind, text}
	if id, ok := n.known[w]; ok {
		return id
	}
	var id int64
	args := raw.Arguments(int64(kind), text)
	err := raw.One(n.find, args, &id)
	if errors.Is(err, io.EOF) {
		err = raw.One(n.add, args, &id)
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

// CameBefore reports whether a head is a name already, or came before to this writer. Servers that put a new id into
// each head would fill the table of names.
func (n *names) CameBefore(head string) bool {
	if _, ok := n.known[word{engine.NameAnswer, head}]; ok || n.seen[head] {
		return true
	}
	if n.seen == nil || len(n.seen) >= firstSeen {
		n.seen = make(map[string]bool, firstSeen)
	}
	n.seen[head] = true
	return false
}
