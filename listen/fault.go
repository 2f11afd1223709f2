package listen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// MaxWait is the longest that a sender is made to wait on purpose, by a delay, a hang or a slow answer.
const MaxWait = 10 * time.Minute

// FaultKind is a way to fail instead of answering.
type FaultKind string

// The faults, by the names that scripts and the history use.
const (
	Reset             FaultKind = "reset"               // cuts the connection, with a TCP reset where there is TCP
	Hang              FaultKind = "hang"                // never answers, until the sender leaves or the server ends
	CloseAfterHeaders FaultKind = "close-after-headers" // sends the head of an answer and closes
	Truncate          FaultKind = "truncate"            // sends half of the body that the head promises and closes
	Drip              FaultKind = "drip"                // sends the whole answer, so many bytes a second
	BadHTTP           FaultKind = "bad-http"            // sends something that is not HTTP and closes
)

// Fault is a failure played to a sender.
type Fault struct {
	Kind FaultKind // "" for none
	Rate int64     // of Drip, bytes a second, from 1
}

const (
	// promised is the length of a body that is not sent, where the answer has none that could be cut.
	promised = 64
	// dripEvery is how often a slow answer sends something, unless that would be less than a byte.
	dripEvery = 100 * time.Millisecond
	// maxHeld is how many bytes are read from a sender that goes on sending during a hang.
	maxHeld = 1 << 20
)

// notHTTP begins like no version of HTTP and like no TLS record.
const notHTTP = "\x00\x01 this is not HTTP: a scripted answer of barb listen\r\n\r\n"

// pause makes the sender wait.
func (c *conn) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(min(d, MaxWait))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.run.ended:
	case <-ctx.Done():
	}
}

// misbehave plays the fault to the sender, and sets in x what was sent.
func (c *conn) misbehave(ctx context.Context, x *record.Exchange, given Answer) {
	c.wrote = true
	kind := given.Fault.Kind
	var text string
	var err error
	switch kind {
	case Reset:
		c.reset()
		text = "connection reset instead of an answer"
	case Hang:
		text = "no answer: " + c.hang()
		_ = c.net.Close() // a sender that still waits sees that nothing comes
	case BadHTTP:
		err = c.write([]byte(notHTTP), nil)
		text = "sent bytes that are not HTTP"
	default:
		x.Response = compose(&x.Request, given.Response, true, time.Now())
		x.Response.Head = string(x.Response.AppendHead(nil))
		if kind == Drip {
			text, err = c.drip(ctx, x.Response, given.Fault.Rate)
		} else {
			text, err = c.breakOff(x, kind)
		}
	}
	c.last = time.Now()
	x.Took, x.Ended = c.last.Sub(x.Start), true
	if failed := failure(ctx, err); failed != nil {
		text += "; " + failed.Text
	}
	x.Fault(string(kind), text)
}

// reset closes the connection so that the sender's kernel reports a reset, not an end. A unix socket does so only while
// bytes of its peer are unread.
func (c *conn) reset() {
	nc := c.net
	if inner, ok := nc.(interface{ NetConn() net.Conn }); ok { // below TLS, whose close would say goodbye
		nc = inner.NetConn()
	}
	if tcp, ok := nc.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = nc.Close()
}

// hang waits until the sender leaves, and returns what ended the wait. Meanwhile the connection counts as idle and can
// be closed like one.
func (c *conn) hang() string {
	c.pace = pace{end: time.Now().Add(MaxWait)}
	c.setIdle(true)
	if c.run.stopping.Load() {
		c.expire()
	}
	begun := time.Now()
	_, err := c.br.Discard(maxHeld)
	c.setIdle(false)
	switch {
	case err == nil:
		return "the sender went on to send " + strconv.Itoa(maxHeld>>20) + " MiB"
	case c.run.stopping.Load():
		return "the listener stopped"
	case errors.Is(err, os.ErrDeadlineExceeded) && time.Since(begun) >= MaxWait:
		return "held for 10 minutes, the longest that barb holds one"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "closed to make room for a new connection"
	case errors.Is(err, io.EOF):
		return "the sender closed the connection"
	}
	return "the connection to the sender was lost"
}

// breakOff sends the beginning of an answer that announces more, and sets in x what was sent. An answer that never has
// a body is cut in its head.
func (c *conn) breakOff(x *record.Exchange, kind FaultKind) (text string, err error) {
	r := x.Response
	if bodyless(x.Request.Method, r.Status) {
		r.Head = r.Head[:len(r.Head)-len("\r\n")]
		return "sent headers without the empty line that ends them", c.write([]byte(r.Head), nil)
	}
	length := cmp.Or(len(r.Body), promised)
	r.Header = r.Header.Set("Content-Length", strconv.Itoa(length))
	r.Head = ""
	r.Head = string(r.AppendHead(nil))
	r.Body = r.Body[:len(r.Body)/2]
	if kind == CloseAfterHeaders {
		r.Body = nil
	}
	r.Size, r.Cut = int64(len(r.Body)), true
	return fmt.Sprintf("sent %d of %d body bytes", len(r.Body), length), c.write([]byte(r.Head), r.Body)
}

// drip sends an answer slowly. When the server ends it sends the rest at once; at MaxWait it breaks off.
func (c *conn) drip(ctx context.Context, r *record.Response, rate int64) (text string, err error) {
	rest := append([]byte(r.Head), r.Body...)
	size, every := max(1, rate*int64(dripEvery)/int64(time.Second)), dripEvery
	if perByte := time.Second / time.Duration(max(1, rate)); perByte > every {
		every = perByte
	}
	end := time.Now().Add(MaxWait)
	for len(rest) > 0 && err == nil && time.Now().Before(end) {
		n := min(int64(len(rest)), size)
		if c.run.stopping.Load() || ctx.Err() != nil {
			n = int64(len(rest))
		}
		err = c.write(rest[:n], nil)
		if rest = rest[n:]; len(rest) > 0 && err == nil {
			c.pause(ctx, every)
		}
	}
	if unsent := len(rest); unsent > 0 {
		kept := max(0, len(r.Body)-unsent)
		r.Body, r.Size, r.Cut = r.Body[:kept], int64(kept), true
	}
	return fmt.Sprintf("sent at %d bytes a second", rate), err
}
