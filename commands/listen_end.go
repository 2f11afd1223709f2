package commands

import (
	"context"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/ui"
)

// promptly is how long the end of a listener may take before a person wonders why it goes on.
const promptly = 200 * time.Millisecond

// sayWhatIsAwaited says, a moment after ^C, how many webhooks the listener waits for, unless through was called before.
func (sh *shell) sayWhatIsAwaited(interrupted context.Context, underWay func() int) (through func()) {
	over := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
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
		if n := underWay(); n > 0 {
			sh.say("barb: waits for %s under way; ^C again ends at once", ui.Count(n, "webhook"))
		}
	})
	return func() {
		close(over)
		group.Wait()
	}
}
