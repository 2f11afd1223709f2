package batch

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
)

// Job is one message that a worker is to send.
type Job struct {
	Message int64 // from 0
	Body    []byte
	Late    time.Duration // how long after its due time it begins
}

// source hands the messages of a run to its workers and knows how far each worker is. A worker reads its next message
// and waits until it is due by itself, so no other goroutine has to be woken in between.
type source struct {
	bodies payload.Bodies
	order  Order
	pace   *deliver.Pace // nil: as fast as possible

	reading sync.Mutex // held while one worker gets its next message, which may take long
	left    []int64    // places that were begun before the run was resumed, and not ended
	body    []byte     // of message last
	last    int64
	place   int64 // the first one that was not begun

	mu    sync.Mutex // held for moments
	open  []int64    // the place of each worker; -1: it has none
	cut   []int64    // places that were interrupted
	next  int64      // place, as others see it
	end   int64      // places in all; 0: no end
	begun int64
	ended int64
	done  bool  // nothing more comes
	moves int64 // grows with each message that begins or ends
	tally *Tally
}

func newSource(r *Run) *source {
	s := &source{bodies: r.Bodies, order: r.Order, pace: r.Pace, last: -1, open: make([]int64, r.Workers),
		end:   r.Order.Places(),
		tally: NewTally(r.Pace != nil)}
	if p := r.Pace; p != nil && p.For > 0 && p.Rate.N > 0 {
		if within := p.Rate.Within(p.For); s.end == 0 || within < s.end {
			s.end = within
		}
	}
	for i := range s.open {
		s.open[i] = -1
	}
	if r.Resumed != nil {
		s.left, s.place, s.next = r.Resumed.Open, r.Resumed.Next, r.Resumed.Next
	}
	return s
}

// first returns the place that is begun next.
func (s *source) first() int64 {
	if len(s.left) > 0 {
		return s.left[0]
	}
	return s.place
}

// planned returns how many messages are still to be begun; 0: unknown.
func (s *source) planned() int64 {
	if s.end == 0 {
		return 0
	}
	return s.end - s.place + int64(len(s.left))
}

// take returns the next job of a worker, or false when all messages have begun, the time is over, or ctx has ended.
func (s *source) take(ctx context.Context, worker int) (j Job, ok bool, err error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	place, again := s.first(), len(s.left) > 0
	if ctx.Err() != nil || s.done || !again && s.end > 0 && place >= s.end {
		s.finish(ctx)
		return j, false, nil
	}
	if j, err = s.at(ctx, place); err != nil {
		if errors.Is(err, io.EOF) {
			s.finish(ctx)
			err = nil
		}
		if ctx.Err() != nil {
			err = nil
		}
		return j, false, err
	}
	if s.pace != nil {
		due, ok := s.pace.Next(ctx)
		if !ok {
			s.finish(ctx)
			return j, false, nil
		}
		j.Late = time.Since(due)
	}
	s.begin(worker, place, again)
	return j, true, nil
}

// at returns the message at a place.
func (s *source) at(ctx context.Context, place int64) (Job, error) {
	message, _ := s.order.At(place)
	if message == s.last {
		return Job{Message: message, Body: s.body}, nil
	}
	n := message
	if count := s.bodies.Count(); count > 0 {
		n %= count
	}
	body, err := s.bodies.Event(ctx, n)
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
		s.place++
		s.next = s.place
	}
	s.open[worker] = place
	s.begun++
	s.moves++
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
	s.moves++
	s.tally.Add(o, e)
}

// checkpoint sets how far the run is in r, unless that was seen before. It returns what to pass as seen the next
// time.
func (s *source) checkpoint(r *store.Run, seen int64) (moves int64, moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moves == seen {
		return seen, false
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
	return s.moves, true
}

// progress returns how far the run is.
func (s *source) progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Progress{Done: s.ended, Failed: s.tally.Refused + s.tally.Unanswered}
	if s.end > 0 {
		p.Total = s.begun + s.planned()
	}
	if s.ended > 0 {
		p.P99 = time.Duration(s.tally.took.ValueAtPercentile(99)) * time.Microsecond
	}
	return p
}
