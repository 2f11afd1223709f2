package commands

import (
	"slices"
	"sync"
)

// turns numbers what is recorded in the order of its ids, so that the n-th hook of the history is the n-th of a script also
// when many come at once. Their records end in no order; but what begins to be recorded after another has ended gets the
// higher id. So the lowest id that waits has its turn when all have ended that were being written when it ended.
type turns struct {
	mu      sync.Mutex
	last    int64              // the newest ticket
	first   int64              // no older ticket is still being written
	writing map[int64]struct{} // tickets of what is being recorded
	waiting []arrival          // by id
}

// arrival is a record that has ended and waits for its turn.
type arrival struct {
	id    int64
	newer int64  // tickets above this one get higher ids
	take  func() // to be called in turn
	done  chan struct{}
}

// begin is called before something is recorded.
func (t *turns) begin() (ticket int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writing == nil {
		t.writing = map[int64]struct{}{}
	}
	t.last++
	t.writing[t.last] = struct{}{}
	return t.last
}

// failed is called when it could not be recorded.
func (t *turns) failed(ticket int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.writing, ticket)
	t.advance()
}

// recorded is called when it has an id. It calls take in turn and returns after that.
func (t *turns) recorded(ticket, id int64, take func()) {
	t.mu.Lock()
	delete(t.writing, ticket)
	a := arrival{id: id, newer: t.last, take: take, done: make(chan struct{})}
	at, _ := slices.BinarySearchFunc(t.waiting, id, func(w arrival, id int64) int { return int(w.id - id) })
	t.waiting = slices.Insert(t.waiting, at, a)
	t.advance()
	t.mu.Unlock()
	<-a.done
}

// advance gives those their turn that cannot be overtaken any more.
func (t *turns) advance() {
	for ; t.first <= t.last; t.first++ {
		if _, still := t.writing[t.first]; still {
			break
		}
	}
	for len(t.waiting) > 0 && t.first > t.waiting[0].newer {
		t.waiting[0].take()
		close(t.waiting[0].done)
		t.waiting = slices.Delete(t.waiting, 0, 1)
	}
}
