package script

import (
	"slices"
	"sync"
)

// sequencer calls functions in the order of the ids that a store gives, however many records are written at once.
// Records end in any order, but a record that begins after another has ended gets the higher id. So the lowest id that
// waits is next once all records have ended that were being written when it ended. The zero value is ready to use.
type sequencer struct {
	mu      sync.Mutex
	newest  int64              // ticket
	oldest  int64              // no older ticket is being written
	writing map[int64]struct{} // tickets of the records being written
	waiting []waiter           // by id
}

// waiter is a record that has ended and whose function is not called yet.
type waiter struct {
	id    int64
	above int64 // tickets above this one get higher ids
	call  func()
	done  chan struct{}
}

// do calls write, which writes a record and returns its id, and then calls next in the order of the ids. It returns
// when next has returned. next is not called where write fails, panics or returns 0, which is no id.
func (s *sequencer) do(write func() (id int64, err error), next func()) error {
	ticket, written := s.begin(), false
	defer func() {
		if !written {
			s.cancel(ticket) // also after a panic: others wait for it
		}
	}()
	id, err := write()
	if err != nil || id == 0 {
		return err
	}
	written = true
	s.end(ticket, id, next)
	return nil
}

func (s *sequencer) begin() (ticket int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing == nil {
		s.writing = map[int64]struct{}{}
	}
	s.newest++
	s.writing[s.newest] = struct{}{}
	return s.newest
}

func (s *sequencer) cancel(ticket int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.writing, ticket)
	s.advance()
}

// end queues the call of a record that is written and waits for it.
func (s *sequencer) end(ticket, id int64, call func()) {
	s.mu.Lock()
	delete(s.writing, ticket)
	w := waiter{id: id, above: s.newest, call: call, done: make(chan struct{})}
	at, _ := slices.BinarySearchFunc(s.waiting, id, func(w waiter, id int64) int { return int(w.id - id) })
	s.waiting = slices.Insert(s.waiting, at, w)
	s.advance()
	s.mu.Unlock()
	<-w.done
}

// advance makes the calls that no record can come before any more.
func (s *sequencer) advance() {
	for ; s.oldest <= s.newest; s.oldest++ {
		if _, still := s.writing[s.oldest]; still {
			break
		}
	}
	for len(s.waiting) > 0 && s.oldest > s.waiting[0].above {
		s.waiting[0].call()
		close(s.waiting[0].done)
		s.waiting = slices.Delete(s.waiting, 0, 1)
	}
}
