package commands

import (
	"context"
	"time"

	"github.com/barbhq/barb/commands/ui"
)

// promptly is how long the end of a listener may take before a person wonders why it goes on.
const promptly = 200 * time.Millisecond

// sayWhatIsAwaited says, a moment after ^C, what the listener does not end before. The function it returns ends that.
func (g *listener) sayWhatIsAwaited(interrupted context.Context) (through func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-interrupted.Done():
		case <-over:
			return
		}
		select {
		case <-time.After(promptly):
		case <-over:
			return
		}
		if n := g.underWay(); n > 0 {
			g.suggest("waits for %s under way; ^C again ends at once", ui.Count(n, "webhook"))
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// underWay is how many webhooks are being answered or forwarded.
func (g *listener) underWay() int {
	n := g.watch.UnderWay() + int(g.mirrors.count.Load())
	if g.outbox != nil {
		n += g.outbox.worker.UnderWay()
	}
	return n
}
