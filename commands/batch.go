package commands

import (
	"context"
	"iter"
	"sync"

	"github.com/barbhq/barb/commands/ui"
)

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
