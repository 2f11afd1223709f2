package store

import (
	"errors"
	"io"
	"sync"
)

// words gives readers the texts of names and remembers them, within bounds: an id is never given twice.
type words struct {
	mu    sync.Mutex
	known map[int64]string
}

func (w *words) get(id int64) (text string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok = w.known[id]
	return text, ok
}

func (w *words) put(id int64, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil || len(w.known) >= maxNames {
		w.known = make(map[int64]string)
	}
	w.known[id] = text
}

// nameReader reads the names of a row over one connection. Its first error stays.
type nameReader struct {
	words *words
	conn  *conn
	err   error
}

// of returns the name with an id, "" for 0 and for an id that a damaged file lacks.
func (n *nameReader) of(id int64) string {
	if id == 0 || n.err != nil {
		return ""
	}
	text, ok := n.words.get(id)
	if ok {
		return text
	}
	if err := n.conn.queryRow("SELECT text FROM name WHERE id = ?", arguments(id), &text); err != nil {
		if !errors.Is(err, io.EOF) {
			n.err = err
		}
		return ""
	}
	n.words.put(id, text)
	return text
}
