package batch

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
)

// Job is one message that a worker is to send.
type Job struct {
	Message int64 // from 0
	Body    []byte
	Late    time.Duration // how long after its due time it begins
	Begun   bool          // before the run was resumed: an attempt of it may be in the history
}

// source hands the messages of a run to its workers and knows how far each worker is. A worker reads its next message
// and waits until it is due by itself, so no other goroutine has to be woken in between.
type source struct {
	run *Run

	reading sync.Mutex // held while one worker gets its next message, which may take long
	body    []byte     // of message last
	last    int64

	mu    sync.Mutex // held for moments, and to change left and next beside reading
	left  []int64    // places that were begun before the run was resumed, and not ended
	next  int64      // the first place that was not begun
	open  []int64    // the place of each worker; -1: it has none
	cut   []int64    // places that were interrupted
	end   int64      // places in all; 0: no end
	begun int64
	ended int64
	done  bool // nothing more comes
	tally *Tally
}

func newSource(r *Run) *source {
	s := &source{run: r, last: -1, open: make([]int64, r.Workers), end: r.Order.places(), tally: NewTally(r.Pace != nil)}
	if p := r.Pace; p != nil && p.For > 0 && p.Rate.N > 0 {
		if within := p.Rate.Within(p.For); s.end == 0 || within < s.end {
			s.end = within
		}
	}
	for i := range s.open {
		s.open[i] = -1
	}
	if r.Resumed != nil {
		s.left, s.next = r.Resumed.Open, r.Resumed.Next
	}
	return s
}

// first returns the place that is begun next.
func (s *source) first() int64 {
	if len(s.left) > 0 {
		return s.left[0]
	}
	return s.next
}

// planned returns how many messages are still to be begun; 0: unknown. Its caller holds mu or runs alone.
func (s *source) planned() int64 {
	if s.end == 0 {
		return 0
	}
	return s.end - s.next + int64(len(s.left))
}

// take returns the next job of a worker, or false when all messages have begun, the time is over, or ctx has ended.
func (s *source) take(ctx context.Context, worker int) (j Job, ok bool, err error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	place, left := s.first(), len(s.left) > 0
	if ok = ctx.Err() == nil && !s.done && (left || s.end == 0 || place < s.end); ok {
		j, err = s.at(ctx, place)
		if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
			return j, false, err
		}
		ok = err == nil
	}
	if ok && s.run.Pace != nil {
		var due time.Time
		due, ok = s.run.Pace.Next(ctx)
		j.Late = time.Since(due)
	}
	if ok {
		j.Begun = left
		s.begin(worker, place, left)
	} else {
		s.finish(ctx)
	}
	return j, ok, nil
}

// at returns the message at a place.
func (s *source) at(ctx context.Context, place int64) (Job, error) {
	message := s.run.Order.at(place)
	if message == s.last {
		return Job{Message: message, Body: s.body}, nil
	}
	n := message
	if count := s.run.Bodies.Count(); count > 0 {
		n %= count
	}
	body, err := s.run.Bodies.Event(ctx, n)
	if err == nil {
		s.last, s.body = message, body
	}
	return Job{Message: message, Body: body}, err
}

// begin notes that a worker begins the message at a place, which may be left from before the run was resumed.
func (s *source) begin(worker int, place int64, left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left {
		s.left = s.left[1:]
	} else {
		s.next++
	}
	s.open[worker] = place
	s.begun++
}

// finish notes that nothing more comes, unless ctx has ended: then the rest is for the resumed run.
func (s *source) finish(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = s.done || ctx.Err() == nil
}

// add counts a worker's delivery, which has ended. An interrupted one stays open.
func (s *source) add(worker int, o *journal.Outcome, e *Ends) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Interrupted {
		s.cut = append(s.cut, s.open[worker])
	}
	s.open[worker] = -1
	s.ended++
	s.tally.Add(o, e)
}

// checkpoint sets how far the run is in r, and returns how many messages began and ended. It leaves r alone where these
// are as many as seen.
func (s *source) checkpoint(r *store.Run, seen int64) (moves int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if moves = s.begun + s.ended; moves == seen {
		return moves
	}
	r.Next, r.Open, r.Total = s.next, nil, s.end
	for _, place := range s.open {
		if place >= 0 {
			r.Open = append(r.Open, place)
		}
	}
	r.Open = append(append(r.Open, s.left...), s.cut...)
	slices.Sort(r.Open)
	if s.done {
		r.Total = s.next
	}
	return moves
}
