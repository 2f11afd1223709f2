package store

import "time"

// observed commits a group and tells Observe.
func (w *writer) observed(writes []*write) error {
	observe := w.store.Observe
	if observe == nil {
		return w.commit(writes)
	}
	begun := time.Now()
	err := w.commit(writes)
	observe(time.Since(begun), translate(w.store.path, err))
	return err
}
