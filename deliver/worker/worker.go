package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
)

// Worker delivers what is due in the queue, also what other processes put in. One goroutine looks what is due; what is slow,
// an attempt or the preparation of one, runs beside it and holds up no other target. It runs once.
type Worker struct {
	Leases  *Leases
	Handle  map[store.QueueKind]Handler
	Targets []string      // nil: all
	Every   time.Duration // how often it looks for what other processes have put in; 0: 100 ms

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
	unlimited deliver.Limits
}

// Handler delivers the entries of one kind.
type Handler struct {
	// Deliver makes the next attempt of an entry. Its context ends when the lease is lost. After an error nothing is written
	// down: the lease is lost, or ends by itself.
	Deliver func(ctx context.Context, q *store.Queued) (Result, error)
	// Prepare makes what the entries of a target and policy need before the first is leased, and says why they cannot be
	// delivered by this process. It may take long. Nil: they need nothing.
	Prepare func(ctx context.Context, target, policy string) error
	Recheck time.Duration   // how long it takes until Prepare is asked again after it failed; never in a run that ends by itself
	Limits  *deliver.Limits // nil: none

	AtOnce    int // entries at a time; 0: any number
	PerTarget int // of them, for one target; 0: any number
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

// lot is what is delivered to one target in one way.
type lot struct {
	kind           store.QueueKind
	target, policy string
}

// progress is how far a lot is.
type progress struct {
	busy    bool      // it is being prepared, or entries of it are being leased
	ready   bool      // it is prepared
	blocked time.Time // when it was found that it cannot be delivered here; zero: it can
}

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
}

// UnderWay returns how many entries are being delivered.
func (w *Worker) UnderWay() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// Wake has the Worker look at once, since something was put into the queue.
func (w *Worker) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ring()
}

func (w *Worker) ring() {
	select {
	case w.rung() <- struct{}{}:
	default:
	}
}

// rung is the channel that wakes the Worker.
func (w *Worker) rung() chan struct{} {
	if w.bell == nil {
		w.bell = make(chan struct{}, 1)
	}
	return w.bell
}

// Run delivers until it is through. The end of ctx cuts off what is under way; Finish lets it end. What a killed process of
// this machine was delivering is due at once.
func (w *Worker) Run(ctx context.Context, until Until) {
	kept := context.WithoutCancel(ctx)
	keeping, end := context.WithCancel(kept)
	w.Leases.takeOver(ctx)
	w.Finish(until)
	w.asked = until
	var keeper sync.WaitGroup
	keeper.Go(func() { w.Leases.keep(keeping) })
	w.look(ctx)
	w.running.Wait()
	end()
	keeper.Wait()
	w.Leases.release(kept)
}

// look begins what is due, round after round.
func (w *Worker) look(ctx context.Context) {
	preparing, stop := context.WithCancel(ctx)
	defer stop() // what is being prepared then is not needed any more
	w.mu.Lock()
	bell := w.rung()
	w.mu.Unlock()
	for ctx.Err() == nil {
		wait, through := w.round(ctx, preparing)
		if through {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-bell:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// state is what a round goes by.
type state struct {
	until Until
	at    time.Time // what is due by then is delivered
	idle  bool      // nothing is under way or being prepared
}

func (w *Worker) state() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := state{until: w.until, at: time.Now(), idle: w.total == 0}
	if s.until == Once {
		s.at = w.cutoff
	}
	for _, p := range w.lots {
		s.idle = s.idle && !p.busy
	}
	return s
}

// round begins what is due, as much as there is room for. It returns how long until there may be more, and whether the Worker
// is through. What an entry puts in before it ends is seen by the round that follows.
func (w *Worker) round(ctx, preparing context.Context) (wait time.Duration, through bool) {
	s := w.state()
	if s.until == Now {
		return 0, true
	}
	wait = w.every()
	open, waits := false, false
	for kind := range w.Handle {
		dues, err := w.Leases.History.Upcoming(ctx, kind, "")
		if err != nil {
			w.trouble(ctx, fmt.Errorf("the queue: %w", err))
			return max(wait, time.Second), s.until == Idle && s.idle
		}
		for _, due := range dues {
			if w.isLeft(s, kind, due) {
				continue
			}
			left, now := w.begin(ctx, preparing, s, lot{kind, due.Target, due.Policy}, due.At)
			open, waits = open || now, true
			if left > 0 {
				wait = min(wait, left)
			}
		}
	}
	if s.until == Forever || open || !s.idle {
		return max(wait, time.Millisecond), false
	}
	return wait, s.until != Drained || !waits
}

func (w *Worker) every() time.Duration {
	if w.Every > 0 {
		return w.Every
	}
	return lookAgain
}

// isLeft reports whether entries are not this Worker's to deliver: others' targets, and lots that could not be delivered here
// a moment ago.
func (w *Worker) isLeft(s state, kind store.QueueKind, due store.Due) bool {
	if w.Targets != nil && !slices.Contains(w.Targets, due.Target) {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(lot{kind, due.Target, due.Policy})
	return !p.blocked.IsZero() && (s.until != Forever || time.Since(p.blocked) < max(w.Handle[kind].Recheck, w.every()))
}

// progress returns how far a lot is, to be read and changed under the lock.
func (w *Worker) progress(l lot) *progress {
	p := w.lots[l]
	if p == nil {
		p = &progress{}
		if w.lots == nil {
			w.lots, w.underWay, w.ofTarget = map[lot]*progress{}, map[store.QueueKind]int{}, map[string]int{}
		}
		w.lots[l] = p
	}
	return p
}

// begin begins to prepare a lot, or to deliver what is due of it. left is how long until there is something to deliver, where
// that is known; now reports whether there is something at the moment.
func (w *Worker) begin(ctx, preparing context.Context, s state, l lot, due time.Time) (left time.Duration, now bool) {
	if due.After(s.at) {
		return due.Sub(s.at), false
	}
	h := w.Handle[l.kind]
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(l)
	free := w.room(h, l)
	switch {
	case w.until == Now:
		return 0, false
	case p.busy:
		return 0, true
	case !p.ready && h.Prepare != nil:
		p.busy = true
		w.running.Go(func() { w.prepare(preparing, h, l) })
		return 0, true
	case free <= 0:
		return 0, true
	}
	limits := h.Limits
	if limits == nil {
		limits = &w.unlimited
	}
	leave := limits.Take(l.target, free)
	if len(leave.Places) == 0 {
		return leave.Wait, !leave.Resting || s.until == Drained
	}
	p.busy = true
	w.count(l, len(leave.Places))
	w.running.Go(func() { w.lease(ctx, h, l, leave.Places, s.at) })
	return 0, true
}

// maxAtOnce is how many entries are leased at a time where nothing limits them.
const maxAtOnce = 64

// room returns how many entries of a lot may begin.
func (w *Worker) room(h Handler, l lot) int {
	free := maxAtOnce
	if h.AtOnce > 0 {
		free = h.AtOnce - w.underWay[l.kind]
	}
	if h.PerTarget > 0 {
		free = min(free, h.PerTarget-w.ofTarget[l.target])
	}
	return free
}

// count counts entries that are under way.
func (w *Worker) count(l lot, n int) {
	w.underWay[l.kind] += n
	w.ofTarget[l.target] += n
	w.total += n
}

// prepare prepares a lot.
func (w *Worker) prepare(ctx context.Context, h Handler, l lot) {
	err := h.Prepare(ctx, l.target, l.policy)
	if err != nil && ctx.Err() == nil {
		w.block(l, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(l)
	p.busy, p.ready = false, err == nil
	if p.ready {
		p.blocked = time.Time{}
	}
	w.ring()
}

// block notes that a lot cannot be delivered here, most often for want of its secret. Another process may have what it needs.
func (w *Worker) block(l lot, err error) {
	w.mu.Lock()
	p := w.progress(l)
	p.ready, p.blocked = false, time.Now()
	w.mu.Unlock()
	w.Leases.Tell(Event{Err: err, Blocked: true, Kind: l.kind, Target: l.target})
}

// lease leases what is due of a lot, as much as there are places, and delivers it.
func (w *Worker) lease(ctx context.Context, h Handler, l lot, places []*deliver.Place, at time.Time) {
	entries, err := w.Leases.History.Lease(ctx, store.LeaseRequest{Kind: l.kind, Target: l.target, Policy: l.policy,
		Owner: w.Leases.Holder, Want: len(places), Now: at, Until: time.Now().Add(LeaseFor)})
	if err != nil {
		w.trouble(ctx, fmt.Errorf("the queue: %w", err))
		pause(ctx, w.every()) // what holds the history is not to be asked all the time
	}
	for i, place := range places {
		if i < len(entries) && !w.Leases.extend(entries[i]) {
			w.running.Go(func() { w.deliver(ctx, h, l, entries[i], place) })
			continue
		}
		place.End(nil) // nothing is due, or an attempt of this process is still under way
		w.ended(l)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress(l).busy = false
	w.ring()
}

// deliver brings a leased entry one attempt further.
func (w *Worker) deliver(ctx context.Context, h Handler, l lot, q *store.Queued, place *deliver.Place) {
	defer w.ended(l)
	leased, release := w.Leases.Hold(ctx, q)
	r, err := h.Deliver(leased, q)
	cut := leased.Err() != nil
	release() // another goroutine may lease the entry as soon as it is completed
	place.End(r.Attempt)
	if err != nil {
		if !cut && !errors.Is(err, store.ErrLease) {
			w.Leases.Tell(Event{Err: fmt.Errorf("%d: %w", q.Thread, err)})
		}
		return
	}
	if r.Blocked != nil {
		w.block(l, r.Blocked)
	}
	w.Leases.Complete(context.WithoutCancel(ctx), q, r)
}

// ended notes that an entry is no longer under way.
func (w *Worker) ended(l lot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(l, -1)
	w.ring()
}

// trouble tells of an error, unless it only follows from the end of ctx.
func (w *Worker) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil {
		w.Leases.Tell(Event{Err: err})
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
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
	for kind := range w.Handle {
		open, err := w.Leases.History.Queue(ctx, store.QueueFilter{Kind: kind, States: []store.QueueState{store.Waiting, store.Leased}})
		if err != nil {
			return n, err
		}
		for _, q := range open {
			if blocked[lot{q.Kind, q.Target, q.Policy}] && !q.Behind && (asked == Drained || !q.Due.After(at)) {
				n++
			}
		}
	}
	return n, nil
}
