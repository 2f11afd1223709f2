package commands

import (
	"context"
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
	b := batch{courier: c, first: x, sameID: o.id != ""}
	if !b.sameID {
		b.first.WebhookID = newWebhookID()
	}
	begun := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.run(ctx, cancel, o.count, min(o.concurrency, o.count))
	if b.err != nil {
		return b.err
	}
	b.sum.Total, b.sum.Took = o.count, time.Since(begun)
	b.sum.Interrupted = ctx.Err() != nil
	if !c.json {
		c.out.Batch(b.sum)
	}
	return silent(b.code())
}

// batch is the state of many deliveries; its lock also keeps their lines apart.
type batch struct {
	*courier
	first  record.Exchange
	sameID bool

	mu  sync.Mutex
	sum ui.Batch
	err error
}

// run has the workers deliver the numbers 1 to count.
func (b *batch) run(ctx context.Context, cancel context.CancelFunc, count, workers int) {
	jobs, started := make(chan int), make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	leading, lazy := *b.courier, *b.courier
	leading.onBegun, lazy.lazily = start, true

	var group sync.WaitGroup
	group.Go(func() {
		b.one(ctx, cancel, &leading, 1)
		start() // also when nothing was begun
		b.work(ctx, cancel, &lazy, jobs)
	})
	<-started
	for range workers - 1 {
		group.Go(func() { b.work(ctx, cancel, &lazy, jobs) })
	}
	for n := 2; n <= count && ctx.Err() == nil; n++ {
		select {
		case jobs <- n:
		case <-ctx.Done():
		}
	}
	close(jobs)
	group.Wait()
}

func (b *batch) work(ctx context.Context, cancel context.CancelFunc, c *courier, jobs <-chan int) {
	for n := range jobs {
		b.one(ctx, cancel, c, n)
	}
}

// one delivers number n; what keeps it from being recorded ends the batch.
func (b *batch) one(ctx context.Context, cancel context.CancelFunc, c *courier, n int) {
	x := b.first
	if !b.sameID {
		x.WebhookID += "-" + strconv.Itoa(n)
	}
	d, err := c.deliver(ctx, x)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		if b.err == nil {
			b.err = err
		}
		cancel()
		return
	}
	b.sum.Attempts += d.summary.Attempts
	switch d.code() {
	case exitOK:
		b.sum.Delivered++
	case exitFailed:
		b.sum.Refused++
	case exitNoAnswer:
		b.sum.Unanswered++
	}
}

func (b *batch) code() int {
	code := exitOK
	if b.sum.Interrupted {
		code = worst(code, exitInterrupted)
	}
	if b.sum.Unanswered > 0 {
		code = worst(code, exitNoAnswer)
	}
	if b.sum.Refused > 0 {
		code = worst(code, exitFailed)
	}
	return code
}
