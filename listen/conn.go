package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/record"
)

// conn is one connection. Its goroutine serves one request after the other; other goroutines only call expire.
type conn struct {
	run    *run
	net    net.Conn
	br     *bufio.Reader
	remote string
	// serverName is the name that a TLS sender asked for.
	serverName string

	pace pace
	holding

	mu      sync.Mutex
	idle    bool      // waits for the first byte of a request
	expired bool      // has been sent away, and its read deadline is lastCall
	armed   time.Time // else the read deadline that stands

	writeBy time.Time   // the write deadline that stands
	last    time.Time   // when the last answer was written, or the connection was made
	served  atomic.Bool // has had an answer
	out     []byte      // memory for answers

	hook     Hook            // of the request, once that was read whole
	request  *record.Request // the one being read or answered; nil when its head is not known
	undrawn  int64           // how much of a refused request is read before the connection is closed
	reserved bool            // it has one of Limit's places, and is not recorded
	recorded bool            // it is durable, and its end not noted
	counts   bool            // it is one of those that Limit counts
	wrote    bool            // an answer to the request was begun
}

// bufferSize is the memory of an idle connection besides its goroutine. A usual webhook fits into it.
const bufferSize = 4096

func newConn(r *run, nc net.Conn) *conn {
	c := &conn{run: r, net: nc, last: time.Now(), remote: remoteOf(nc), holding: holding{budget: r.Budget}}
	c.br = bufio.NewReaderSize(c, bufferSize)
	return c
}

func (c *conn) serve(ctx context.Context) {
	defer func() { _ = c.net.Close() }()
	// Only a panic in Refused, or a second panic after a first one, is caught here.
	defer func() { _ = recover() }()
	if c.run.TLS != nil {
		secret, ok := c.secure(ctx)
		if !ok {
			return
		}
		if secret.ConnectionState().NegotiatedProtocol == overHTTP2 {
			c.run.http2.serve(secret)
			return
		}
	}
	for c.next(ctx) {
		c.served.Store(true)
	}
}

// next serves one request. It returns false when that was the connection's last.
func (c *conn) next(ctx context.Context) (more bool) {
	c.hook, c.request, c.undrawn = nil, nil, maxDrain // an idle connection keeps nothing of its last webhook
	c.reserved, c.recorded, c.counts, c.wrote = false, false, true, false
	if !c.wait() {
		return false
	}
	defer c.letGo()
	x := &record.Exchange{Attempt: 1, Kind: record.Received, Remote: c.remote, ServerName: c.serverName, Start: time.Now()}
	if err := c.receive(x); err != nil {
		c.turnAway(err)
		return false
	}
	return c.exchange(ctx, x)
}

// wait waits for the first byte of a request.
func (c *conn) wait() bool {
	if c.served.Load() {
		c.pace = pace{end: c.last.Add(c.run.KeepIdle), slack: c.run.KeepIdle / 8}
	} else {
		c.pace = pace{end: c.last.Add(c.run.HeadTimeout)}
	}
	c.setIdle(true)
	// These flags are set before the idle connections are swept: either we see the flag or the sweep sees us.
	if c.run.stopping.Load() || c.run.crowded.Load() && c.served.Load() {
		c.expire()
	}
	first, err := c.br.Peek(1)
	c.setIdle(false)
	if err == nil && first[0] == tlsHandshake && c.run.TLS == nil {
		// No request begins like this, and a client that waits for a TLS handshake would wait until it times out.
		c.run.tell(Refusal{Remote: c.remote, Err: ErrTLS})
		return false
	}
	if err != nil && !left(err) {
		c.run.tell(Refusal{Remote: c.remote, Err: err}) // a TLS handshake that did not come about
	}
	return err == nil
}

// tlsHandshake is the first byte of a TLS client's first record (RFC 8446, section 5.1).
const tlsHandshake = 0x16

// ErrTLS means that a sender speaks TLS to a listener of plain HTTP.
var ErrTLS = errors.New("the client speaks TLS, this listener plain HTTP")

// left reports whether a read failed only because one of the two sides was finished.
func left(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, io.EOF) || ok && (op.Op == "read" || op.Op == "set")
}

// receive reads one whole request.
func (c *conn) receive(x *record.Exchange) error {
	if c.served.Load() { // the first head has the connection's own deadline, which began with it
		c.pace = pace{end: x.Start.Add(c.run.HeadTimeout)}
	}
	c.pace.kept = true
	head, err := record.ReadRequestHead(c.br, c.run.MaxHead)
	if err != nil {
		return midway(err)
	}
	x.Request, err = record.ParseRequest(head, c.run.Scheme)
	if err != nil {
		return err
	}
	c.request = &x.Request
	length, chunked, err := x.Request.BodyFraming()
	if err != nil {
		return err
	}
	if err := c.admit(&x.Request, length); err != nil {
		return err
	}
	return c.readBody(&x.Request, length, chunked)
}

// exchange checks, records and answers a request that was read whole.
func (c *conn) exchange(ctx context.Context, x *record.Exchange) (more bool) {
	defer c.rescue(ctx, x)
	c.hook = c.run.Receive(x)
	c.check(x)
	if c.counts && !c.run.reserve() {
		c.refuse(503, ErrEnough)
		return false
	}
	c.reserved = c.counts
	final := c.isFinal(x)
	isForeseen := c.foresee(x, final)
	if err := c.hook.Record(ctx); err != nil {
		forget(x)
		c.unstored(ctx, x, err)
		return false
	}
	c.reserved, c.recorded = false, true
	if isForeseen && x.Foreseen && final == c.isFinal(x) {
		c.send(ctx, x)
		return c.end(ctx, x, final)
	}
	forget(x)
	given := c.reply(ctx, x)
	c.pause(ctx, given.Delay)
	final = c.isFinal(x) || given.Fault.Kind != ""
	if given.Fault.Kind != "" {
		c.misbehave(ctx, x, given)
	} else {
		c.answer(ctx, x, given.Response, final)
	}
	return c.end(ctx, x, final)
}

// isFinal reports whether the answer to x is the last one of the connection.
func (c *conn) isFinal(x *record.Exchange) bool { return c.run.closing() || !keepsAlive(&x.Request) }

// end tells how a recorded exchange ended, and returns false when that was the connection's last.
func (c *conn) end(ctx context.Context, x *record.Exchange, final bool) (more bool) {
	c.finish(ctx, x)
	if final {
		c.linger()
	}
	return !final && x.Err == nil
}

func (c *conn) check(x *record.Exchange) {
	if len(x.Request.Body) > smallBody {
		c.run.checking <- struct{}{}
		defer func() { <-c.run.checking }()
	}
	found := c.hook.Check(time.Now())
	x.Verdict, x.Scheme, x.WebhookID, x.EventType = found.Verdict, found.Scheme, found.WebhookID, found.EventType
	x.Handshake, x.Marks, c.counts = found.Handshake, found.Marks, !found.Uncounted
}

// reply asks the hook for the answer to x. The answer always has a response.
func (c *conn) reply(ctx context.Context, x *record.Exchange) Answer {
	given := c.hook.Reply(context.WithValue(ctx, holdingKey{}, &c.holding))
	switch {
	case given.Response != nil:
	case x.Verdict.Status == record.Invalid:
		given.Response = plain(401)
	default:
		given.Response = &record.Response{Status: 200}
	}
	return given
}

// unstored answers a request that could not be recorded: 503, so that the sender tries again, unless the signature is
// wrong.
func (c *conn) unstored(ctx context.Context, x *record.Exchange, err error) {
	c.release()
	if x.Verdict.Status != record.Invalid {
		c.refuse(503, err)
		return
	}
	c.answer(ctx, x, c.reply(ctx, x).Response, true)
	c.tell(x.Response.Status, err)
	c.linger()
}

// release gives back the place of an exchange that was not recorded.
func (c *conn) release() {
	if c.reserved {
		c.run.release()
		c.reserved = false
	}
}

// finish tells the hook how a recorded exchange ended.
func (c *conn) finish(ctx context.Context, x *record.Exchange) {
	c.recorded = false
	if c.counts {
		defer c.run.count()
	}
	if err := c.hook.Answered(context.WithoutCancel(ctx)); err != nil {
		c.tell(x.Status(), fmt.Errorf("the answer to webhook %d is not recorded: %w", x.ID, err))
	}
}

// rescue ends an exchange whose hook panicked.
func (c *conn) rescue(ctx context.Context, x *record.Exchange) {
	v := recover()
	if v == nil {
		return
	}
	status := 0
	x.Foreseen = false
	if !c.wrote {
		status = 500
		c.answer(ctx, x, plain(500), true)
	}
	if c.recorded {
		c.finish(ctx, x)
	} else {
		c.release()
	}
	c.tell(status, fmt.Errorf("panic: %v", v))
	c.linger()
}

func (c *conn) tell(status int, err error) {
	refusal := Refusal{Remote: c.remote, Status: status, Err: err}
	if c.request != nil {
		refusal.Method, refusal.Path = c.request.Method, path(c.request.Target)
	}
	c.run.tell(refusal)
}
