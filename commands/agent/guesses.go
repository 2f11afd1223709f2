package agent

import (
	"sync"
	"time"

	"github.com/barbhq/barb/commands/fail"
)

const (
	// mostGuesses is how many signatures of messages that an agent gives may be not valid at once.
	mostGuesses = 20
	// guessEvery is how long it takes until one more may be.
	guessEvery = time.Minute
)

// guesses limits how often an agent may have a signature or a token of its own checked that is not valid, so that
// nobody finds a secret by trying. The zero value has all of them left.
type guesses struct {
	mu     sync.Mutex
	used   int
	filled time.Time // when used was last lowered
}

// take takes a guess at a time, or says when there is one again.
func (g *guesses) take(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := int(now.Sub(g.filled) / guessEvery); n > 0 {
		g.used, g.filled = max(g.used-n, 0), now
	}
	if g.used >= mostGuesses {
		return fail.Usage("%d signatures that you gave were not valid; the next can be checked in a minute", mostGuesses).
			Hint("verify with id checks a recorded webhook, without a limit")
	}
	g.used++
	return nil
}

// giveBack gives a guess back that was none.
func (g *guesses) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used = max(g.used-1, 0)
}
