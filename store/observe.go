package store

import "time"

// Commit is one transaction of the writer.
type Commit struct {
	Calls int           // of Record, Answer and Add that were written together
	Took  time.Duration // until it was durable, waiting for other processes included
	Err   error         // nil when it is
}

// observed commits a group and tells Observe.
func (w *writer) observed(writes []*write) error {
	observe := w.store.Observe
	if observe == nil {
		return w.commit(writes)
	}
	begun := time.Now()
	err := w.commit(writes)
	observe(Commit{Calls: len(writes), Took: time.Since(begun), Err: translate(w.store.path, err)})
	return err
}
