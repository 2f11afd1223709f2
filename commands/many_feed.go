package commands

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
)

// feed hands the messages of a run to its workers, one after the other, and knows how far each is. A worker that takes
// its turn reads the message and waits until it is due itself, so that nobody has to be woken in between.
type feed struct {
	events payload.Bodies
	order  order
	pace   *deliver.Pace // nil: as fast as it goes

	turn  sync.Mutex // held while one takes its turn, which may take long
	left  []int64    // places that were begun before and not ended, for a run that goes on
	body  []byte     // of message last
	last  int64
	place int64 // the first one that was not begun

	mu    sync.Mutex // held for moments
	open  []int64    // the place each worker is at; -1: at none
	cut   []int64    // places that were interrupted
	next  int64      // place, as others see it
	end   int64      // places in all; 0: no end
	begun int64
	done  int64
	dried bool // there is nothing more
	moves int64
	sum   runSums
}

// errand is one message that a worker is to send.
type errand struct {
	message int64
	body    []byte
	late    time.Duration // behind the moment it was due
}

func newFeed(e payload.Bodies, o order, pace *deliver.Pace, workers int) *feed {
	f := &feed{events: e, order: o, pace: pace, last: -1, open: make([]int64, workers), end: o.places(), sum: newRunSums(pace != nil)}
	if pace != nil && pace.For > 0 && pace.Rate.N > 0 {
		if within := pace.Rate.Within(pace.For); f.end == 0 || within < f.end {
			f.end = within
		}
	}
	for i := range f.open {
		f.open[i] = -1
	}
	return f
}

// from lets the feed begin where a run stopped.
func (f *feed) from(r store.Run) {
	f.left, f.place, f.next = r.Open, r.Next, r.Next
}

// first is the place that is begun next.
func (f *feed) first() int64 {
	if len(f.left) > 0 {
		return f.left[0]
	}
	return f.place
}

// planned is how many are still to be begun; 0: it is not known.
func (f *feed) planned() int64 {
	if f.end == 0 {
		return 0
	}
	return f.end - f.place + int64(len(f.left))
}

// take is a worker's next turn; false when there is none: all are begun, the time is over, or ctx has ended.
func (f *feed) take(ctx context.Context, worker int) (t errand, ok bool, err error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	place, again := f.first(), len(f.left) > 0
	if ctx.Err() != nil || f.dried || !again && f.end > 0 && place >= f.end {
		f.dry(ctx)
		return t, false, nil
	}
	if t.message, t.body, err = f.at(ctx, place); err != nil {
		if errors.Is(err, io.EOF) {
			f.dry(ctx)
			err = nil
		}
		if ctx.Err() != nil {
			err = nil
		}
		return t, false, err
	}
	if f.pace != nil {
		due, ok := f.pace.Next(ctx)
		if !ok {
			f.dry(ctx)
			return t, false, nil
		}
		t.late = time.Since(due)
	}
	f.begin(worker, place, again)
	return t, true, nil
}

// at is the message at a place, with its body.
func (f *feed) at(ctx context.Context, place int64) (int64, []byte, error) {
	message, _ := f.order.at(place)
	if message == f.last {
		return message, f.body, nil
	}
	n := message
	if count := f.events.Count(); count > 0 {
		n %= count
	}
	body, err := f.events.Event(ctx, n)
	if err == nil {
		f.last, f.body = message, body
	}
	return message, body, err
}

func (f *feed) begin(worker int, place int64, again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if again {
		f.left = f.left[1:]
	} else {
		f.place++
		f.next = f.place
	}
	f.open[worker] = place
	f.begun++
	f.moves++
}

// dry notes that nothing more comes, unless it was only interrupted.
func (f *feed) dry(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dried = f.dried || ctx.Err() == nil
}

// ended counts what became of a worker's message. One that was interrupted stays open.
func (f *feed) ended(worker int, o *journal.Outcome, a *attempts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.Interrupted {
		f.cut = append(f.cut, f.open[worker])
	}
	f.open[worker] = -1
	f.done++
	f.moves++
	f.sum.add(o, a)
}

// note is how far the run is, for the history; moved tells whether it is further than it was at the last call with seen.
func (f *feed) note(r *store.Run, seen int64) (moves int64, moved bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.moves == seen {
		return seen, false
	}
	r.Next, r.Open, r.Total = f.next, nil, f.end
	for _, place := range f.open {
		if place >= 0 {
			r.Open = append(r.Open, place)
		}
	}
	r.Open = append(append(r.Open, f.left...), f.cut...)
	slices.Sort(r.Open)
	if f.dried {
		r.Total = f.next
	}
	return f.moves, true
}

// progress is how far it is, for a person.
func (f *feed) progress() ui.Progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := ui.Progress{Done: f.done, Failed: f.sum.Refused + f.sum.Unanswered}
	if f.end > 0 {
		p.Total = f.begun + f.planned()
	}
	if f.done > 0 {
		p.P99 = time.Duration(f.sum.took.ValueAtPercentile(99)) * time.Microsecond
	}
	return p
}
