package worker

import (
	"context"
	"os"
	"time"

	"github.com/barbhq/barb/deliver/fleet"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
)

const (
	beatEvery = 2 * time.Second
	beatSoon  = 200 * time.Millisecond // while somebody waits for another's beat, or after a failure

	// cutAfter is how long without a beat attempts go on. Soon after, another worker releases their leases.
	cutAfter = engine.SilentAfter - 2*time.Second
)

// member is a Worker as one of those that share its history. Its fields are for holders of Worker.mu.
type member struct {
	view   *fleet.View // the answer to the last beat; nil: there was none yet
	alone  bool        // the history keeps no beats
	beaten time.Time   // when the last beat that was answered was sent
	failed error       // why the last beat was not answered
	told   bool        // of failed
	bell   chan struct{}
	fence  *time.Timer // cuts off what is under way; nil: never
}

// self returns what the others are to know of this worker.
func (w *Worker) self() *store.Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	me := &store.Worker{Holder: w.Leases.Holder, Version: w.Version, Claims: w.claims(), Anew: w.member.failed != nil}
	me.Machine, _ = os.Hostname() // it is only for people
	for l, p := range w.lots {
		if !p.blocked.IsZero() {
			me.Blocked = append(me.Blocked, fleet.Block(l))
		}
	}
	view := w.member.view
	if view == nil {
		return me
	}
	me.Seen = view.Seen()
	view.Tell(me)
	for l, p := range w.lots {
		if p.n > 0 && view.Whose(l) == fleet.Theirs {
			me.Busy = append(me.Busy, fleet.Busy(l))
		}
	}
	return me
}

// claims are the kinds and targets that limits are kept for. What has no limits is anybody's.
func (w *Worker) claims() (all []int64) {
	if w.until >= Idle {
		all = append(all, fleet.Leaving)
	}
	for kind, h := range w.Handle {
		switch {
		case h.Limits == nil:
		case w.Targets == nil:
			all = append(all, fleet.Claim(kind, ""))
		default:
			for _, target := range w.Targets {
				all = append(all, fleet.Claim(kind, target))
			}
		}
	}
	return all
}

// beat tells the others that this worker lives, learns who they are, and returns when the next beat is due.
func (w *Worker) beat(ctx context.Context) (next time.Duration) {
	me, sent := w.self(), time.Now()
	all, err := w.Leases.History.Beat(ctx, me)
	w.mu.Lock()
	defer w.mu.Unlock()
	m := &w.member
	if m.failed = err; err != nil {
		if !m.told && time.Since(m.beaten) > engine.BeatGap && ctx.Err() == nil {
			m.told = true
			go w.Leases.trouble(ctx, "cannot tell other workers that this one lives", err)
		}
		return beatSoon
	}
	m.alone, m.told, m.beaten, m.view = len(all) == 0, false, sent, fleet.New(all, me.Holder, IsGone)
	if m.alone {
		return beatEvery
	}
	if left := cutAfter - time.Since(sent); m.fence == nil {
		m.fence = time.AfterFunc(left, w.Leases.cut)
	} else {
		m.fence.Reset(left)
	}
	w.ring()
	if m.view.IsSettled() {
		return beatEvery
	}
	return beatSoon
}

// keepBeating beats until ctx ends.
func (w *Worker) keepBeating(ctx context.Context, next time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.member.bell:
		case <-time.After(next):
		}
		next = w.beat(ctx)
	}
}

// announce has the next beat come soon, since there is something new to say.
func (w *Worker) announce() {
	select {
	case w.member.bell <- struct{}{}:
	default: // it comes soon anyway
	}
}

// whose says whether entries are this worker's to deliver. It is asked under the lock.
func (w *Worker) whose(h Handler, l lot) fleet.Whose {
	m := &w.member
	switch {
	case m.alone || h.Limits == nil:
		return fleet.Mine
	case m.view == nil || !isWithin(m.beaten, engine.BeatGap):
		return fleet.Later
	}
	return m.view.Whose(l)
}

// isWithin reports whether less than d has passed since t, by the monotonic clock and by the clock of the system: only
// the second one goes on while the machine sleeps.
func isWithin(t time.Time, d time.Duration) bool {
	now := time.Now()
	return now.Sub(t) < d && now.Round(0).Sub(t.Round(0)).Abs() < d
}

// cut cuts off what is under way: nobody knows that this process lives, and another may soon deliver it.
func (l *Leases) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.held {
		if h.cancel != nil {
			h.cancel()
		}
	}
}
