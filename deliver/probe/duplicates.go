package probe

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const onceFix = "Insert the webhook id under a unique key in the transaction that does the work; when it is there " +
	"already, answer 200 and do nothing."

const (
	copies     = 20               // of one webhook at once
	cuts       = 3                // tries to close a connection while the receiver works
	restartFor = 15 * time.Second // until a receiver that was started again answers
)

// duplicates are the checks of group F.
var duplicates = []Check{
	{
		ID: "F1", Name: "the same webhook again has no second effect", Severity: Major,
		Source: []string{sourceSW, sourceWRC, sourceSTR, sourceGH}, Fix: onceFix,
		skip: identified, requests: func(*Probe) int { return 2 },
		judge: func(ctx context.Context, r *run) finding {
			return r.again(ctx, "the same webhook again", func(ctx context.Context, d *draft, _ bool) (*answer, finding) {
				return r.send(ctx, d)
			})
		},
	},
	{
		ID: "F2", Name: "twenty copies at once have one effect", Severity: Major, Source: []string{sourceWRC},
		Fix: "Let the database decide which copy is first (a unique key, INSERT … ON CONFLICT), not a SELECT before the " +
			"INSERT.",
		skip: identified, requests: func(*Probe) int { return copies }, atOnce: copies,
		judge: judgeCopies,
	},
	{
		ID: "F3", Name: "the same webhook after a restart has no second effect", Severity: Major,
		Source: []string{sourceWRC},
		Fix:    "Keep the ids of handled webhooks in the database, not in the memory of the process.",
		skip: all(identified, func(p *Probe) string {
			if p.Restart == nil {
				return "it needs --restart CMD"
			}
			return ""
		}),
		requests: func(*Probe) int { return 3 },
		judge: func(ctx context.Context, r *run) finding {
			return r.again(ctx, "the same webhook after a restart",
				func(ctx context.Context, d *draft, second bool) (*answer, finding) {
					if !second {
						return r.send(ctx, d)
					}
					if f := r.restart(ctx); f.outcome != "" {
						return nil, f
					}
					return r.send(ctx, d)
				})
		},
	},
	{
		ID: "F4", Name: "a retry after a lost answer has no second effect", Severity: Major,
		Source: []string{sourceWRC}, Fix: onceFix, skip: identified, requests: func(*Probe) int { return 2 + 2*cuts },
		judge: judgeLost,
	},
}

func identified(p *Probe) string {
	if p.Signer.Scheme.IDIn == "" {
		return "the scheme has no webhook id"
	}
	return ""
}

// sender sends a webhook the first time, or the second.
type sender func(ctx context.Context, second bool) (*answer, finding)

// again sends a new event twice, signed anew.
func (r *run) again(ctx context.Context, what string,
	send func(ctx context.Context, d *draft, second bool) (*answer, finding)) finding {
	d, err := r.fresh()
	if err != nil {
		r.broken = err
		return finding{outcome: Unknown}
	}
	return r.twice(ctx, what,
		func(ctx context.Context, second bool) (*answer, finding) { return send(ctx, d, second) }, nil)
}

// twice sends a webhook twice, and judges the answer to the second time and what it did. may says which other answers
// than 2xx are as good.
func (r *run) twice(ctx context.Context, what string, send sender, may func(second *answer) bool) finding {
	before := r.effects(ctx)
	first, f := send(ctx, false)
	if first == nil {
		return f
	}
	if !first.accepted() && !first.lost() {
		return finding{outcome: Unknown, exchange: first.ID, detail: first.says() + " to the first"}
	}
	second, f := send(ctx, true)
	if second == nil {
		return f
	}
	f = finding{outcome: Pass, exchange: second.ID, detail: second.says() + " to " + what}
	switch {
	case second.Err != nil && !second.crashed():
		f.outcome = Unknown
		return f
	case !second.accepted() && (may == nil || !may(second)):
		f.outcome = Fail
		return f
	}
	return r.once(ctx, before, f)
}

// judgeLost loses the answer to a webhook in two ways: when it has been written, and while the receiver works on it.
func judgeLost(ctx context.Context, r *run) finding {
	written := r.again(ctx, "the retry after a lost answer",
		func(ctx context.Context, d *draft, second bool) (*answer, finding) {
			if !second {
				ctx = context.WithValue(ctx, lostKey{}, true)
			}
			return r.send(ctx, d)
		})
	for range cuts {
		isCut := false
		f := r.again(ctx, "the retry after the connection was closed while the receiver worked",
			func(ctx context.Context, d *draft, second bool) (*answer, finding) {
				if second {
					return r.send(ctx, d)
				}
				d.cutAfter = max(r.fastest/2, time.Millisecond)
				a, f := r.send(ctx, d)
				d.cutAfter, isCut = 0, a != nil && a.lost()
				return a, f
			})
		switch {
		case f.worse(written):
			return f
		case isCut || r.broken != nil || r.stopped != "" || ctx.Err() != nil:
			return written
		}
	}
	if written.outcome == Pass {
		written.detail += "; it answers before a connection can be closed while it works"
	}
	return written
}

// judgeCopies sends one webhook many times at once.
func judgeCopies(ctx context.Context, r *run) finding {
	d, err := r.fresh()
	if err != nil {
		r.broken = err
		return finding{outcome: Unknown}
	}
	before := r.effects(ctx)
	answers := make([]*answer, copies)
	errs := make([]error, copies)
	b := barrier{open: make(chan struct{})}
	b.left.Store(copies)
	var wg sync.WaitGroup
	for i := range copies {
		wg.Go(func() {
			var arrived sync.Once
			own := *d
			own.permit = func() bool {
				arrived.Do(b.arrive)
				select {
				case <-b.open:
				case <-ctx.Done():
				}
				return true
			}
			answers[i], errs[i] = r.deliver(ctx, &own)
			arrived.Do(b.arrive) // one that found no connection
		})
	}
	wg.Wait()
	f := finding{outcome: Pass, detail: fmt.Sprintf("%d copies were answered", copies)}
	for i, a := range answers {
		if errs[i] != nil {
			r.broken = errs[i]
			return finding{outcome: Unknown, detail: errs[i].Error()}
		}
		switch {
		case a.crashed() || a.status() >= 500 && !a.limited():
			return finding{outcome: Fail, exchange: a.ID, detail: a.says() + " to one of the copies"}
		case a.Err != nil:
			f = finding{outcome: Unknown, exchange: a.ID, detail: a.says() + " to one of the copies"}
		case f.exchange == 0:
			f.exchange = a.ID
		}
	}
	if f.outcome != Pass {
		return f
	}
	return r.once(ctx, before, f)
}

// barrier lets goroutines go on when all have arrived.
type barrier struct {
	left atomic.Int32
	open chan struct{}
}

func (b *barrier) arrive() {
	if b.left.Add(-1) == 0 {
		close(b.open)
	}
}

// effects returns how many effects there are; 0 when nobody can see them.
func (r *run) effects(ctx context.Context) int64 {
	if r.Effect == nil || r.broken != nil {
		return 0
	}
	n, err := r.Effect(ctx)
	if err != nil {
		r.broken = err
	}
	return n
}

// once judges whether exactly one effect came since before. A receiver may work after it has answered, so an effect is
// waited for, and after it a moment for a second one.
func (r *run) once(ctx context.Context, before int64, f finding) finding {
	if r.Effect == nil {
		f.detail += "; its effects were not observed"
		return f
	}
	var n int64
	for waited := time.Duration(0); waited < r.patience && n == 0; waited += r.settle {
		if n = r.effects(ctx) - before; n == 0 && !pause(ctx, r.settle) {
			break
		}
	}
	if n == 1 && pause(ctx, r.settle) {
		n = r.effects(ctx) - before
	}
	switch {
	case r.broken != nil:
		return finding{outcome: Unknown, detail: r.broken.Error()}
	case n == 0 && r.hasEffects:
		f.outcome, f.detail = Fail, f.detail+"; no effect: the webhook is lost"
		f.fix = "Keep the webhook id in the transaction that does the work, so that an id is kept only when the work is " +
			"done; let no work end with the connection."
	case n == 0:
		f.outcome, f.detail = Unknown, f.detail+"; no effect was seen: --event chooses an event that has one"
	case n != 1:
		f.outcome, f.detail = Fail, fmt.Sprintf("%s; %d effects", f.detail, n)
	default:
		r.hasEffects = true
		f.detail += "; one effect"
	}
	return f
}

// restart starts the receiver again, and waits until it answers.
func (r *run) restart(ctx context.Context) finding {
	if err := r.Restart(ctx); err != nil {
		r.broken = err
		return finding{outcome: Unknown, detail: err.Error()}
	}
	d, err := r.fresh()
	if err != nil {
		r.broken = err
		return finding{outcome: Unknown}
	}
	d.signer, d.x.Request.Method, d.x.Request.Body = nil, http.MethodGet, nil // it has no effect
	for waited := time.Duration(0); ; waited += r.knock {
		a, f := r.send(ctx, d)
		switch {
		case a == nil:
			return f
		case a.status() > 0:
			return finding{}
		case waited >= restartFor || !pause(ctx, r.knock):
			return finding{outcome: Unknown, exchange: a.ID, detail: a.says() + " after the restart"}
		}
	}
}

// pause waits, and returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
