package store

import (
	"database/sql/driver"
	"errors"
	"io"

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
)

type word struct {
	kind nameKind
	text string
}

// names gives the ids of names within the writer's transaction. It remembers them, which is right since names are never
// removed; strangers choose event types, so what it remembers is bounded.
type names struct {
	find, add *sqlite3.SQLiteStmt
	known     map[word]driver.Value
}

const maxNames = 4096

func newNames(c *conn) (*names, error) {
	find, err := c.keep("SELECT id FROM name WHERE kind = ? AND text = ?")
	if err != nil {
		return nil, err
	}
	add, err := c.keep("INSERT INTO name (kind, text) VALUES (?, ?) RETURNING id")
	if err != nil {
		return nil, err
	}
	return &names{find: find, add: add, known: map[word]driver.Value{}}, nil
}

// id returns the id of a name, nil for "".
func (n *names) id(kind nameKind, text string) (driver.Value, error) {
	if text == "" {
		return nil, nil
	}
	w := word{kind, text}
	if id, ok := n.known[w]; ok {
		return id, nil
	}
	var id int64
	args := arguments(int64(kind), text)
	err := one(n.find, args, &id)
	if errors.Is(err, io.EOF) {
		err = one(n.add, args, &id)
	}
	if err != nil {
		return nil, err
	}
	if len(n.known) >= maxNames {
		clear(n.known)
	}
	n.known[w] = id
	return id, nil
}

// forget is for a transaction that was rolled back: names that it added are not there.
func (n *names) forget() { clear(n.known) }
