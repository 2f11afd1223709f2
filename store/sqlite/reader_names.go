package sqlite

import (
	"errors"
	"io"

	"github.com/barbhq/barb/store/sqlite/raw"
	"github.com/barbhq/barb/store/words"
)

// nameReader reads the names of a row over one connection. Its first error stays.
type nameReader struct {
	words *words.Words
	conn  *raw.Conn
	err   error
}

// of returns the name with an id, "" for 0 and for an id that a damaged file lacks.
func (n *nameReader) of(id int64) string {
	if id == 0 || n.err != nil {
		return ""
	}
	text, ok := n.words.Get(id)
	if ok {
		return text
	}
	if err := n.conn.QueryRow("SELECT text FROM name WHERE id = ?", raw.Arguments(id), &text); err != nil {
		if !errors.Is(err, io.EOF) {
			n.err = err
		}
		return ""
	}
	n.words.Put(id, text)
	return text
}
