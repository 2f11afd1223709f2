package commands

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// feed hands the messages of a run to its workers, one after the other, and knows how far each is. A worker that takes
// its turn reads the message and waits until it is due itself, so that nobody has to be woken in between.
type feed struct {
	events bodies
	order  order
	pace   *deliver.Pace // nil: as fast as it goes

	turn  sync.Mutex // held while one takes its turn, which may take long
	left  []int64    // places that were begun before and not ended, for a run that goes on
	body  []byte     // of message last
	last  int64
	place int64 // the first one that was not begun

	mu    sync.Mutex // held for moments
	open  []int64    // the place each worker is at; -1: at none
	wait  []int64    // the rest of left
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

func newFeed(e bodies, o order, pace *deliver.Pace, workers int) *feed {
	f := &feed{events: e, order: o, pace: pace, last: -1, open: make([]int64, workers), end: o.places(), sum: newRunSums(pace != nil)}
	for i := range f.open {
		f.open[i] = -1
	}
	return f
}

// from lets the feed begin where a run stopped.
func (f *feed) from(r store.Run) {
	f.left, f.wait, f.place, f.next = r.Open, r.Open, r.Next, r.Next
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
	if count := f.events.count(); count > 0 {
		n %= count
	}
	body, err := f.events.event(ctx, n)
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
		f.wait = f.left
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
func (f *feed) ended(worker int, d *delivered, a *attempts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.interrupted {
		f.wait = append(slices.Clone(f.wait), f.open[worker])
	}
	f.open[worker] = -1
	f.done++
	f.moves++
	f.sum.add(d, a)
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
	r.Open = append(r.Open, f.wait...)
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
	p := ui.Progress{Done: f.done, Total: f.planned(), Failed: f.sum.refused + f.sum.unanswered}
	if p.Total > 0 {
		p.Total += f.begun
	}
	if f.done > 0 {
		p.P99 = time.Duration(f.sum.took.ValueAtPercentile(99)) * time.Microsecond
	}
	return p
}

// attempts are those of one message, of which a worker makes a note when each has ended.
type attempts struct {
	all  []attemptEnd
	late time.Duration
}

type attemptEnd struct {
	took   time.Duration
	status int
	kind   record.FailureKind
}

func (a *attempts) note(x *record.Exchange) {
	a.all = append(a.all, attemptEnd{x.Took, x.Status(), x.FailureKind()})
}

// runSums are the figures of a run. They take the same memory however long it is.
type runSums struct {
	delivered, refused, unanswered, interrupted, queued int64
	attempts, retries                                   int64
	statuses                                            map[int]int64
	kinds                                               map[record.FailureKind]int64
	took, late                                          *hdrhistogram.Histogram // in µs; late is nil where there is no rate
	dead                                                []ui.DeadLetter
	deadCount                                           int64
}

// deadListed is how many dead letters are listed.
const deadListed = 20

func newRunSums(paced bool) runSums {
	s := runSums{statuses: map[int]int64{}, kinds: map[record.FailureKind]int64{}, took: hdrhistogram.New(1, time.Hour.Microseconds(), 3)}
	if paced {
		s.late = hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	}
	return s
}

func (s *runSums) add(d *delivered, a *attempts) {
	if d.queued {
		s.queued++
		return
	}
	switch d.code() {
	case exitOK:
		s.delivered++
	case exitFailed:
		s.refused++
	case exitNoAnswer:
		s.unanswered++
	case exitInterrupted:
		s.interrupted++
	}
	for _, one := range a.all {
		s.attempts++
		if one.status != 0 {
			s.statuses[one.status]++
		}
		if one.kind != "" {
			s.kinds[one.kind]++
		}
		if one.kind != record.FailInterrupted {
			countTime(s.took, one.took)
		}
	}
	s.retries += int64(max(len(a.all)-1, 0))
	if s.late != nil {
		countTime(s.late, a.late)
	}
	if !d.ok && !d.interrupted {
		s.bury(d, a)
	}
}

// countTime counts a time. What is out of range counts as the end of it.
func countTime(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 0), time.Hour.Microseconds()))
}

func (s *runSums) bury(d *delivered, a *attempts) {
	s.deadCount++
	if len(s.dead) == deadListed {
		return
	}
	letter := ui.DeadLetter{WebhookID: d.summary.WebhookID, Attempts: d.summary.Attempts, Why: d.summary.Why}
	if n := len(a.all); n > 0 {
		letter.Status, letter.Kind = a.all[n-1].status, string(a.all[n-1].kind)
	}
	s.dead = append(s.dead, letter)
}

// summary is the figures as they are shown.
func (s *runSums) summary(took time.Duration, rate deliver.Rate) ui.Batch {
	b := ui.Batch{Delivered: int(s.delivered), Queued: int(s.queued), Refused: int(s.refused), Unanswered: int(s.unanswered), Attempts: int(s.attempts),
		Retries: int(s.retries), Took: took, Asked: rate.String(), Dead: s.dead, DeadCount: int(s.deadCount), Latency: spreadOf(s.took), Lateness: spreadOf(s.late)}
	if rate.Burst {
		b.Asked = "bursts of " + b.Asked
	}
	for status, n := range s.statuses {
		b.Statuses = append(b.Statuses, ui.Tallied{What: strconv.Itoa(status), N: n})
	}
	for kind, n := range s.kinds {
		b.Failures = append(b.Failures, ui.Tallied{What: string(kind), N: n})
	}
	byName := func(a, b ui.Tallied) int { return strings.Compare(a.What, b.What) }
	slices.SortFunc(b.Statuses, byName)
	slices.SortFunc(b.Failures, byName)
	return b
}

func spreadOf(h *hdrhistogram.Histogram) (s ui.Spread) {
	if h == nil || h.TotalCount() == 0 {
		return s
	}
	at := func(percent float64) time.Duration {
		return time.Duration(h.ValueAtPercentile(percent)) * time.Microsecond
	}
	return ui.Spread{P50: at(50), P90: at(90), P99: at(99), Max: time.Duration(h.Max()) * time.Microsecond}
}
