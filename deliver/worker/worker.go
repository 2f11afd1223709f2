package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
)

// Worker delivers the queue entries that are due, also those of other processes. One goroutine looks for due entries;
// attempts and their preparation run beside it and hold up no other target. A Worker runs once.
type Worker struct {
	Leases  *Leases
	Handle  map[store.QueueKind]Handler
	Targets []string      // nil: all
	Every   time.Duration // how often it looks for what other processes have put in; 0: 100 ms
	Version string        // of barb, for people who look at all workers

	mu        sync.Mutex
	asked     Until // of Run
	until     Until
	cutoff    time.Time // of Once
	bell      chan struct{}
	lots      map[lot]*progress
	underWay  map[store.QueueKind]int
	ofTarget  map[string]int
	total     int
	running   sync.WaitGroup
	member    member
	outlook   outlook
	unlimited deliver.Limits
}

// Handler delivers the entries of one kind.
type Handler struct {
	// Deliver makes the next attempt of an entry. Its context ends when the lease is lost. After an error nothing is
	// written down: the lease is lost, or ends by itself.
	Deliver func(ctx context.Context, q *store.Queued) (Result, error)
	// Prepare makes what the entries of a target and policy need before the first is leased, and says why they cannot be
	// delivered by this process. It may take long. Nil: they need nothing.
	Prepare func(ctx context.Context, target, policy string) error
	// Recheck is how long after it failed Prepare is asked again. In a run that ends by itself it is not.
	Recheck time.Duration

	Limits    *deliver.Limits // nil: none
	AtOnce    int             // entries at a time; 0: any number
	PerTarget int             // of them, for one target; 0: any number
}

// Until says when a Worker is through.
type Until uint8

// When a Worker is through, from the last to the first: Finish only ever brings the end nearer.
const (
	Forever Until = iota
	Drained       // nothing waits that this process can deliver
	Once          // what was due when Run began has been tried, each entry once
	Idle          // nothing is due
	Now           // what is under way has ended; nothing more begins
)

// Finish has a Worker come to an end by itself.
func (w *Worker) Finish(until Until) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until > w.until {
		w.until = until
	}
	if until == Once {
		w.cutoff = time.Now()
	}
	w.ring()
	if w.until >= Idle { // the others need not wait for this one's end
		w.announce()
	}
}

// UnderWay returns how many entries are being delivered.
func (w *Worker) UnderWay() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// Wake has the Worker look at once, since something was put into the queue.
func (w *Worker) Wake() {
	w.lookAnew()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ring()
}

func (w *Worker) ring() {
	select {
	case w.bell <- struct{}{}:
	default: // it will look anyway
	}
}

// Run delivers until it is through. The end of ctx cuts off what is under way; Finish lets it end. What a killed
// process of this machine was delivering is due at once.
func (w *Worker) Run(ctx context.Context, until Until) {
	kept := context.WithoutCancel(ctx)
	keeping, end := context.WithCancel(kept)
	w.Leases.takeOver(ctx)
	w.mu.Lock()
	w.asked, w.bell, w.lots = until, make(chan struct{}, 1), map[lot]*progress{}
	w.underWay, w.ofTarget = map[store.QueueKind]int{}, map[string]int{}
	w.member.bell = make(chan struct{}, 1)
	w.mu.Unlock()
	w.Finish(until)
	next := w.beat(keeping)
	var keepers sync.WaitGroup
	keepers.Go(func() { w.Leases.keep(keeping) })
	keepers.Go(func() { w.keepBeating(keeping, next) })
	w.look(ctx)
	w.running.Wait()
	end()
	keepers.Wait()
	if w.member.fence != nil {
		w.member.fence.Stop()
	}
	w.Leases.release(kept)
}

// look begins what is due, round after round.
func (w *Worker) look(ctx context.Context) {
	preparing, stop := context.WithCancel(ctx)
	defer stop() // what is being prepared then is not needed any more
	for ctx.Err() == nil {
		wait, through := w.round(ctx, preparing)
		if through {
			return
		}
		select {
		case <-w.bell:
		case <-time.After(wait):
		case <-ctx.Done():
		}
		w.gatherEnds()
	}
}

// gatherEnds yields the processor until no more entries end. Those of one transaction end together, and what takes
// their place is to be leased together.
func (w *Worker) gatherEnds() {
	for n, before := w.UnderWay(), -1; n != before; n = w.UnderWay() {
		before = n
		runtime.Gosched()
	}
}

// prepare prepares a lot.
func (w *Worker) prepare(ctx context.Context, h Handler, l lot) {
	err := h.Prepare(ctx, l.Target, l.Policy)
	if err != nil && ctx.Err() == nil {
		w.block(l, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(l)
	p.busy, p.ready = false, err == nil
	if p.ready && !p.blocked.IsZero() {
		p.blocked = time.Time{}
		w.announce()
	}
	w.ring()
}

// block notes that a lot cannot be delivered here, most often for want of its secret. Another process may have what
// it needs.
func (w *Worker) block(l lot, err error) {
	w.mu.Lock()
	p := w.progress(l)
	p.ready, p.blocked = false, time.Now()
	w.mu.Unlock()
	w.announce()
	w.Leases.Tell(Event{Err: err, Blocked: true, Kind: l.Kind, Target: l.Target})
}

// lease leases what is due of a lot, as much as there are permits, and delivers it.
func (w *Worker) lease(ctx context.Context, h Handler, l lot, permits []*deliver.Permit, at time.Time) {
	entries, err := w.Leases.History.Lease(ctx, store.LeaseRequest{Kind: l.Kind, Target: l.Target, Policy: l.Policy,
		Owner: w.Leases.Holder, Want: len(permits), Now: at, Until: time.Now().Add(LeaseFor)})
	w.leased(l, len(entries) == len(permits))
	if err != nil {
		w.Leases.Suspect(err)
		w.Leases.trouble(ctx, "the queue", err)
		select { // whatever holds the history is not asked all the time
		case <-time.After(w.every()):
		case <-ctx.Done():
		}
	}
	for i, permit := range permits {
		if i < len(entries) && !w.Leases.extend(entries[i]) {
			w.running.Go(func() { w.deliver(ctx, h, l, entries[i], permit) })
			continue
		}
		permit.End(nil) // nothing is due, or an attempt of this process is still under way
		w.ended(l)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress(l).busy = false
	w.ring()
}

// deliver brings a leased entry one attempt further.
func (w *Worker) deliver(ctx context.Context, h Handler, l lot, q *store.Queued, permit *deliver.Permit) {
	defer w.ended(l)
	leased, release := w.Leases.Hold(ctx, q)
	r, err := h.Deliver(leased, q)
	cut := leased.Err() != nil
	release() // another goroutine may lease the entry as soon as it is completed
	permit.End(r.Attempt)
	if err != nil {
		w.lookAnew()
		if w.Leases.Suspect(err); cut { // maybe while it waited for a history that is away
			w.Leases.suspect()
		}
		if !cut && !errors.Is(err, store.ErrLease) {
			w.Leases.Tell(Event{Err: fmt.Errorf("%d: %w", q.Thread, err)})
		}
		return
	}
	if r.Blocked != nil {
		w.block(l, r.Blocked)
	}
	w.Leases.Complete(context.WithoutCancel(ctx), q, r)
	if changes(q, r) {
		w.lookAnew()
	}
}

// ended notes that an entry is no longer under way.
func (w *Worker) ended(l lot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(l, -1)
	w.ring()
}

// Blocked returns how many entries that are due are left to another process, which has what they need.
func (w *Worker) Blocked(ctx context.Context) (n int, err error) {
	w.mu.Lock()
	asked, at := w.asked, time.Now()
	if asked == Once {
		at = w.cutoff
	}
	blocked := map[lot]bool{}
	for l, p := range w.lots {
		blocked[l] = !p.blocked.IsZero()
	}
	w.mu.Unlock()
	states := []store.QueueState{store.Waiting, store.Leased}
	for kind := range w.Handle {
		open, err := w.Leases.History.Queue(ctx, store.QueueFilter{Kind: kind, States: states})
		if err != nil {
			return n, err
		}
		for _, q := range open {
			l := lot{Kind: q.Kind, Target: q.Target, Policy: q.Policy}
			if blocked[l] && !q.Blocked && (asked == Drained || !q.Due.After(at)) {
				n++
			}
		}
	}
	return n, nil
}
