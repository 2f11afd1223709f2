// Package watch notices that a PostgreSQL server has gone without a word: its machine lost power, or the network drops
// packets. The operating system would wait for minutes, and a statement may rightly take as long.
package watch

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// askAfter is how long an answer is waited for before the server is asked whether it is there, and asked again.
	askAfter = 2 * time.Second
	// answerWithin is how long it may take to say so, on a loaded machine.
	answerWithin = 4 * time.Second
	// answerAgain is for a server that did not answer the last time: another host may be next.
	answerAgain = 500 * time.Millisecond
)

// sslRequest is what a client may ask a server before anything else. It answers with one byte, whoever asks.
var sslRequest = []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}

var errGone = errors.New("the server does not answer")

// Over has the connections of a configuration watched. Where one is waited for, and its server does not answer on a
// connection of its own either, all connections to that server are closed.
func Over(c *pgconn.Config) {
	w := &watcher{dial: c.DialFunc, conns: map[*conn]bool{}, gone: map[string]bool{}}
	c.DialFunc = w.connect
}

type watcher struct {
	dial pgconn.DialFunc

	mu    sync.Mutex
	conns map[*conn]bool
	gone  map[string]bool // addresses whose server did not answer
}

// connect makes a connection, at once or not at all to a server that did not answer the last time.
func (w *watcher) connect(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	suspect := w.gone[address]
	w.mu.Unlock()
	if suspect && !w.isThere(network, address, answerAgain) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errGone}
	}
	made, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: made, watcher: w, network: network, address: address}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.gone, address)
	w.conns[c] = true
	return c, nil
}

// isThere reports whether a server answers.
func (w *watcher) isThere(network, address string, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := w.dial(ctx, network, address)
	if err != nil {
		return false
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	_ = c.SetDeadline(deadline) // else the write says what is wrong
	if _, err := c.Write(sslRequest); err != nil {
		return false
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return err == nil
}

// drop closes all connections to a server that is gone.
func (w *watcher) drop(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone[address] = true
	for c := range w.conns {
		if c.address == address {
			delete(w.conns, c)
			_ = c.Conn.Close() // whoever waits for it has an error now
		}
	}
}

// conn is a connection that somebody may wait for.
type conn struct {
	net.Conn
	watcher          *watcher
	network, address string
}

// Read waits for what the server sends.
func (c *conn) Read(b []byte) (int, error) {
	defer c.watch()()
	return c.Conn.Read(b)
}

// Write waits until there is room for what the server is sent.
func (c *conn) Write(b []byte) (int, error) {
	defer c.watch()()
	return c.Conn.Write(b)
}

// Close closes the connection.
func (c *conn) Close() error {
	c.watcher.mu.Lock()
	delete(c.watcher.conns, c)
	c.watcher.mu.Unlock()
	return c.Conn.Close()
}

// watch asks from time to time whether the server is there, until stop is called.
func (c *conn) watch() (stop func()) {
	ended := make(chan struct{})
	timer := time.AfterFunc(askAfter, func() {
		for c.watcher.isThere(c.network, c.address, answerWithin) {
			select {
			case <-ended:
				return
			case <-time.After(askAfter):
			}
		}
		select {
		case <-ended: // it has answered meanwhile
		default:
			c.watcher.drop(c.address)
		}
	})
	return func() {
		timer.Stop()
		close(ended)
	}
}
