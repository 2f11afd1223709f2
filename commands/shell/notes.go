package shell

import (
	"bytes"
	"strings"
	"sync"
)

// Notes collects what a run beside another would write to stderr. The zero value is ready, and many goroutines may
// write.
type Notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes lines.
func (n *Notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

// Lines returns the lines without the name of barb before them.
func (n *Notes) Lines() (all []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(n.text.String()) {
		all = append(all, strings.TrimPrefix(strings.TrimRight(line, "\n"), "barb: "))
	}
	return all
}
