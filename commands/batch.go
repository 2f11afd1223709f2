package commands

import (
	"context"
	"iter"
	"strconv"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

// sendMany delivers x so many times, each time with an id of its own unless one was asked for. Unreachable or refusing
// endpoints do not stop the others; a history that cannot be written does.
//
// The ids are the first one's with a number behind it. The first attempt of the first delivery is durable before anything
// leaves, so after a kill every id can be told; the others are recorded in groups when they end, which makes them fast.
func sendMany(ctx context.Context, c *courier, x record.Exchange, o sendOptions) error {
	c.silent = !c.verbose
	b := batch{courier: c, first: x, sameID: o.id != "", content: o.content}
	if !b.sameID {
		b.first.WebhookID = newWebhookID()
	}
	begun := time.Now()
	err := b.run(ctx, o.count, min(o.concurrency, o.count))
	if err != nil {
		return err
	}
	return b.finish(c.shell, ui.Batch{Total: o.count, Took: time.Since(begun), Interrupted: ctx.Err() != nil})
}

// batch is many deliveries of one exchange.
type batch struct {
	tally
	*courier
	first   record.Exchange
	sameID  bool
	content *content
}

// run delivers the numbers 1 to count.
func (b *batch) run(ctx context.Context, count, workers int) error {
	started := make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	leading, lazy := *b.courier, *b.courier
	leading.onBegun, lazy.lazily = start, true
	numbers := func(yield func(int) bool) {
		for n := 1; n <= count && yield(n); n++ {
			if n == 1 {
				<-started
			}
		}
	}
	return inParallel(ctx, workers, numbers, func(ctx context.Context, n int) error {
		if n > 1 {
			return b.one(ctx, &lazy, n)
		}
		defer start() // also when nothing was begun
		return b.one(ctx, &leading, n)
	})
}

// one delivers number n.
func (b *batch) one(ctx context.Context, c *courier, n int) error {
	x := b.first
	if !b.sameID {
		x.WebhookID += "-" + strconv.Itoa(n)
	}
	if !b.content.constant() {
		if err := b.content.fill(&x, c.sign, n); err != nil {
			return err
		}
	}
	d, err := c.deliver(ctx, x)
	if err == nil {
		b.add(d)
	}
	return err
}

// inParallel hands the jobs to so many workers and waits for them. The first error ends it and is returned; when ctx ends,
// no further job begins.
func inParallel[T any](ctx context.Context, workers int, jobs iter.Seq[T], do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan T)
	var group sync.WaitGroup
	var failed error
	var once sync.Once
	for range workers {
		group.Go(func() {
			for job := range queue {
				if err := do(ctx, job); err != nil {
					once.Do(func() { failed = err })
					cancel(err)
				}
			}
		})
	}
	for job := range jobs {
		select {
		case queue <- job:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	group.Wait()
	return failed
}

// tally counts what became of many deliveries.
type tally struct {
	mu  sync.Mutex
	sum ui.Batch
}

func (t *tally) add(d delivered) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Attempts += d.summary.Attempts
	if d.queued {
		t.sum.Queued++
		return
	}
	switch d.code() {
	case exitOK:
		t.sum.Delivered++
	case exitFailed:
		t.sum.Refused++
	case exitNoAnswer:
		t.sum.Unanswered++
	}
}

// finish prints the sum, with what end says of the whole, and ends in its exit code.
func (t *tally) finish(sh *shell, end ui.Batch) error {
	end.Queued = t.sum.Queued
	end.Delivered, end.Refused, end.Unanswered, end.Attempts = t.sum.Delivered, t.sum.Refused, t.sum.Unanswered, t.sum.Attempts
	if !sh.json {
		sh.out.Batch(end)
	}
	var codes []int
	if end.Interrupted {
		codes = append(codes, exitInterrupted)
	}
	if end.Unanswered > 0 {
		codes = append(codes, exitNoAnswer)
	}
	if end.Refused > 0 {
		codes = append(codes, exitFailed)
	}
	return silent(worst(codes...))
}
