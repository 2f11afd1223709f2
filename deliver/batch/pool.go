package batch

import (
	"context"
	"sync"
)

// Pool calls work in so many goroutines at a time, each with its number from 0, and returns when all have returned.
// The first error ends the context of the others and is returned.
func Pool(ctx context.Context, workers int, work func(ctx context.Context, worker int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	var once sync.Once
	var failed error
	for worker := range workers {
		group.Go(func() {
			if err := work(ctx, worker); err != nil {
				once.Do(func() { failed = err })
				cancel()
			}
		})
	}
	group.Wait()
	return failed
}
