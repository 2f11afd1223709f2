// Package words remembers the texts of a history's names for those who read it, within bounds.
package words

import "sync"

// most is how many texts are remembered. Strangers choose event types, so they are bounded.
const most = 4096

// Words are texts by the ids of their names. An id is never given twice. The zero value is empty and ready for use, by
// several goroutines too.
type Words struct {
	mu    sync.Mutex
	known map[int64]string
}

// Get returns the text with an id, where it is remembered.
func (w *Words) Get(id int64) (text string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok = w.known[id]
	return text, ok
}

// Put remembers a text. Once there are 4096, the others are forgotten.
func (w *Words) Put(id int64, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil || len(w.known) >= most {
		w.known = make(map[int64]string)
	}
	w.known[id] = text
}
