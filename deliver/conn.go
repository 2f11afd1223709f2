package deliver

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
)

// inline is the largest request that is written before its answer is read. It fits into a socket's buffers, so the
// write returns even when the peer does not read.
const inline = 64 << 10

// errReadLimit means that an answer is longer than Options.ReadLimit.
const errReadLimit = protocolError("the answer is longer than the limit")

// conn is a connection to an endpoint with the buffers of one exchange, used by one goroutine at a time.
type conn struct {
	net.Conn
	key    string
	via    *endpoint // the endpoint, where a proxy takes the requests itself; else nil
	remote string
	br     *bufio.Reader
	out    []byte
	left   int64 // bytes that may still be read in this exchange, whatever they are
	room   room  // for what is read in this exchange
	tx     transfer
	alive  func() bool
	since  time.Time
	used   int  // exchanges that have ended on it before
	last   bool // its time is up, and what had come by then is being read

	watcher watcher
	answer  record.Response // the last head that was read, parsed, without a body
	again   repeated        // the last answer that was read whole
}

// A connection that has carried so many exchanges, the last one a moment ago, is not probed: a peer that closes without
// a Connection field has done so by then. To probe it costs as much as to read the answer.
const (
	busyAfter = 8
	busyFor   = 5 * time.Millisecond
)

// idle returns how long ago the last exchange ended.
func (c *conn) idle() time.Duration { return time.Since(c.since) }

func (c *conn) isBusy() bool { return c.used >= busyAfter && c.idle() < busyFor }

// lastLook is how long the bytes that came before an attempt was cut off may be read.
const lastLook = 10 * time.Millisecond

// transfer is the result of writing a request. While a goroutine writes, n and err belong to it.
type transfer struct {
	n      int64 // bytes that left
	err    error
	honest bool          // the body is as long as the head says
	done   chan struct{} // closed when a writing beside the reading has ended; nil when it was done at once
}

// newConn returns a conn to an endpoint; socket is the connection below all TLS, or the same.
func newConn(c, socket net.Conn, to *endpoint) *conn {
	cn := &conn{Conn: c, key: to.key, remote: c.RemoteAddr().String(), alive: probe(socket)}
	if to.isRelayed() {
		cn.via = to
	}
	cn.br = bufio.NewReader(cn)
	return cn
}

// Read reads from the connection, up to the limit of bytes for one exchange.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errReadLimit
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	if n == 0 && !c.last && errors.Is(err, os.ErrDeadlineExceeded) {
		// An answer that came in time counts, also where the process was stopped and finds it together with the timeout.
		c.last = true
		_ = c.SetReadDeadline(time.Now().Add(lastLook))
		n, err = c.Conn.Read(p)
	}
	c.left -= int64(n)
	if full := c.room.take(n); full != nil {
		return 0, full
	}
	return n, err
}

// room is Options.Room with the context of an exchange; nil means no limit.
type room func(n int64) error

func (c *Client) roomIn(ctx context.Context) room {
	if c.o.Room == nil {
		return nil
	}
	return func(n int64) error { return c.o.Room(ctx, n) }
}

func (r room) take(n int) error {
	if r == nil || n == 0 {
		return nil
	}
	if err := r(int64(n)); err != nil {
		return &roomError{err}
	}
	return nil
}

// roomError is an error of Options.Room.
type roomError struct{ error }

// Write takes room for the bytes that io.TeeReader has read.
func (r room) Write(p []byte) (int, error) { return len(p), r.take(len(p)) }

// send writes a request, head and body in one write. When that is too much for the socket's buffers, it writes beside
// the reading: a peer may answer before it has read everything, or read on only when its answer is read.
func (c *conn) send(r *record.Request) {
	body, honest := wireBody(r)
	c.tx = transfer{honest: honest}
	c.out = c.appendHead(c.out[:0], r)
	if len(c.out)+len(body) <= inline {
		c.out = append(c.out, body...)
		n, err := c.Write(c.out)
		c.tx.n, c.tx.err = int64(n), err
		return
	}
	done := make(chan struct{})
	c.tx.done = done
	go func() {
		defer close(done)
		parts := net.Buffers{c.out, body}
		c.tx.n, c.tx.err = parts.WriteTo(c.Conn)
	}()
}

// appendHead appends the head for the peer. A proxy gets the whole URL and its credentials; neither is recorded.
func (c *conn) appendHead(dst []byte, r *record.Request) []byte {
	if c.via == nil {
		return r.AppendHead(dst)
	}
	asked := record.Request{Method: r.Method, Target: record.Origin(r.URL) + r.WireTarget(), Proto: r.Proto,
		Header: r.Header}
	if credentials := proxyCredentials(c.via.proxy); credentials != "" {
		asked.Header = append(slices.Clip(asked.Header), record.Field{Name: "Proxy-Authorization", Value: credentials})
	}
	return asked.AppendHead(dst)
}

// finish waits for the end of the sending. When the answer is done first, it cuts the sending and the connection.
func (c *conn) finish() {
	if c.tx.done == nil {
		return
	}
	select {
	case <-c.tx.done:
	default:
		_ = c.Close()
		<-c.tx.done
	}
}
