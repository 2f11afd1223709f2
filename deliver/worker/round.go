package worker

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/deliver/fleet"
	"github.com/barbhq/barb/store"
)

// lot is what is delivered to one target in one way.
type lot = fleet.Lot

// progress is how far a lot is.
type progress struct {
	busy    bool      // it is being prepared, or entries of it are being leased
	ready   bool      // it is prepared
	blocked time.Time // when it was found that it cannot be delivered here; zero: it can
	n       int       // entries of it that are under way
}

// state is the input of a round's decisions.
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

// round begins what is due, as much as there is room for. It returns how long until there may be more, and whether
// the Worker is through. What an entry puts in before it ends is seen by the round that follows.
func (w *Worker) round(ctx, preparing context.Context) (wait time.Duration, through bool) {
	s := w.state()
	if s.until == Now {
		return 0, true
	}
	if wait, ok := w.again(ctx, preparing, s); ok {
		return wait, false
	}
	wait = w.every()
	open, waits := false, false
	for kind := range w.Handle {
		dues, err := w.upcoming(ctx, kind)
		if err != nil {
			w.Leases.trouble(ctx, "the queue", err)
			return max(wait, time.Second), s.until == Idle && s.idle
		}
		f := w.beginAll(ctx, preparing, s, kind, dues)
		open, waits, wait = open || f.open, waits || f.waits, min(wait, f.next)
	}
	if s.until == Forever || open || !s.idle {
		return max(wait, time.Millisecond), false
	}
	return wait, s.until != Drained || !waits
}

// again begins what the last look at the queue found and is not begun yet; false where that is nothing.
func (w *Worker) again(ctx, preparing context.Context, s state) (wait time.Duration, ok bool) {
	wait = w.every()
	for kind := range w.Handle {
		dues, left, good := w.remembered(kind)
		if !good {
			return 0, false
		}
		f := w.beginAll(ctx, preparing, s, kind, dues)
		ok, wait = ok || f.open, min(wait, left, f.next)
	}
	return max(wait, time.Millisecond), ok
}

// found is what there is of a kind.
type found struct {
	open  bool          // there is something to deliver at the moment
	waits bool          // there is something to deliver, then or later
	next  time.Duration // until there is more, where that is known; else it is long
}

// beginAll begins what is due of a kind, as much as there is room for.
func (w *Worker) beginAll(ctx, preparing context.Context, s state, kind store.QueueKind, dues []store.Due) found {
	f := found{next: time.Hour}
	for _, due := range dues {
		if w.isLeft(s, kind, due) {
			continue
		}
		l := lot{Kind: kind, Target: due.Target, Policy: due.Policy}
		left, now := w.begin(ctx, preparing, s, l, due.At)
		f.open, f.waits = f.open || now, true
		if left > 0 {
			f.next = min(f.next, left)
		}
	}
	return f
}

func (w *Worker) every() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	every := cmp.Or(w.Every, lookAgain)
	if v := w.member.view; v != nil && v.Others() > 0 { // they put in what is this worker's
		every = min(every, lookAgain)
	}
	return every
}

// isLeft reports whether entries are not this Worker's to deliver: others' targets, and lots that could not be
// delivered here a moment ago.
func (w *Worker) isLeft(s state, kind store.QueueKind, due store.Due) bool {
	if w.Targets != nil && !slices.Contains(w.Targets, due.Target) {
		return true
	}
	recheck := max(w.Handle[kind].Recheck, w.every())
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(lot{Kind: kind, Target: due.Target, Policy: due.Policy})
	return !p.blocked.IsZero() && (s.until != Forever || time.Since(p.blocked) < recheck)
}

// progress returns how far a lot is, to be read and changed under the lock.
func (w *Worker) progress(l lot) *progress {
	p := w.lots[l]
	if p == nil {
		p = &progress{}
		w.lots[l] = p
	}
	return p
}

// begin begins to prepare a lot, or to deliver what is due of it. left is how long until there is something to
// deliver, where that is known; now reports whether there is something at the moment.
func (w *Worker) begin(ctx, preparing context.Context, s state, l lot, due time.Time) (left time.Duration, now bool) {
	if due.After(s.at) {
		return due.Sub(s.at), false
	}
	h := w.Handle[l.Kind]
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress(l)
	whose, free := w.whose(h, l), w.room(h, l)
	switch {
	case w.until == Now:
		return 0, false
	case p.busy:
		return 0, true
	case !p.ready && h.Prepare != nil && (whose == fleet.Mine || !p.blocked.IsZero()):
		p.busy = true
		w.running.Go(func() { w.prepare(preparing, h, l) })
		return 0, true
	case whose != fleet.Mine:
		return 0, whose == fleet.Later && s.until == Once
	case free <= 0:
		return 0, true
	}
	limits := h.Limits
	if limits == nil {
		limits = &w.unlimited
	}
	grant := limits.Acquire(l.Target, free)
	if len(grant.Permits) == 0 {
		return grant.Wait, !grant.Open || s.until == Drained
	}
	p.busy = true
	w.count(l, len(grant.Permits))
	w.running.Go(func() { w.lease(ctx, h, l, grant.Permits, s.at) })
	return 0, true
}

// maxAtOnce is how many entries are leased at a time where nothing limits them.
const maxAtOnce = 64

// room returns how many entries of a lot may begin.
func (w *Worker) room(h Handler, l lot) int {
	free := maxAtOnce
	if h.AtOnce > 0 {
		free = h.AtOnce - w.underWay[l.Kind]
	}
	if h.PerTarget > 0 {
		free = min(free, h.PerTarget-w.ofTarget[l.Target])
	}
	return free
}

// count counts entries that are under way.
func (w *Worker) count(l lot, n int) {
	p := w.progress(l)
	p.n += n
	w.underWay[l.Kind] += n
	w.ofTarget[l.Target] += n
	w.total += n
	if p.n == 0 && w.member.view != nil && w.member.view.Whose(l) == fleet.Theirs { // who waits for that
		w.announce()
	}
}
