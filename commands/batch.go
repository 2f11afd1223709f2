package commands

import (
	"context"
	"iter"
	"sync"
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
