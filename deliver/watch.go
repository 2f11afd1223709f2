package deliver

import (
	"context"
	"sync"
	"time"
)

// watch cuts a connection when a context ends. Many attempts of one run follow each other on a connection, so a watch
// stays for the next attempt with the same context: to make one for each would cost more than its system calls save.
type watch struct {
	conn *conn
	done <-chan struct{} // of the context
	stop func() bool     // nil: the context never ends
}

// watcher holds the watch of a connection.
type watcher struct {
	mu  sync.Mutex
	now *watch // of the exchange at hand; nil: there is none
	old *watch // of the last one
}

// watch has the connection cut when ctx ends, until unwatch. It is called once for each exchange.
func (c *conn) watch(ctx context.Context) {
	parent, until := ctx, time.Time{}
	if l, ok := ctx.(*limited); ok {
		parent, until = l.parent, l.until
	}
	w := c.watcher.old
	fresh := w == nil || w.done != parent.Done()
	if fresh {
		c.forget()
		w = &watch{conn: c, done: parent.Done()}
	}
	c.watcher.mu.Lock()
	c.watcher.now, c.watcher.old = w, w
	_ = c.SetDeadline(until) // an error shows when the connection is used
	c.watcher.mu.Unlock()
	switch {
	case parent.Err() != nil:
		w.cut()
	case fresh && w.done != nil:
		w.stop = context.AfterFunc(parent, w.cut)
	}
}

// cut ends a running read and write, and the use of the connection with it. After the exchange it does nothing.
func (w *watch) cut() {
	h := &w.conn.watcher
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == w {
		_ = w.conn.SetDeadline(time.Unix(1, 0))
	}
}

// unwatch ends the watch and reports whether the connection can be used again: it was not cut.
func (c *conn) unwatch(ctx context.Context) bool {
	c.watcher.mu.Lock()
	c.watcher.now = nil
	c.watcher.mu.Unlock()
	l, ok := ctx.(*limited)
	if !ok { // a context of this request alone
		c.forget()
		return ctx.Err() == nil && !c.last
	}
	return l.parent.Err() == nil && !c.last
}

// forget lets go of the context that was watched last.
func (c *conn) forget() {
	if w := c.watcher.old; w != nil && w.stop != nil {
		w.stop()
	}
	c.watcher.old = nil
}

// Close closes the connection.
func (c *conn) Close() error {
	c.forget()
	return c.Conn.Close()
}
