package live

import (
	"context"
	"sync"
	"time"
)

// Promptly is how long the end of a listener may take before a person wonders why it goes on.
const Promptly = 200 * time.Millisecond

// Awaited says, a moment after ^C, how many webhooks the listener waits for, unless through was called before.
func Awaited(interrupted context.Context, underWay func() int, say func(n int)) (through func()) {
	over := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		select {
		case <-interrupted.Done():
		case <-over:
			return
		}
		select {
		case <-time.After(Promptly):
		case <-over:
			return
		}
		if n := underWay(); n > 0 {
			say(n)
		}
	})
	return func() {
		close(over)
		group.Wait()
	}
}
