package deliver

import (
	"context"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// overWire makes an attempt over a connection of our own.
//
// The peer may have closed a kept connection. overWire probes it first, and when not one byte could be written it uses
// a new one. Once a byte has left, the attempt fails as on a new connection: a webhook, unlike a GET, may have been
// acted upon, so the policy decides about sending it again and the history shows it.
func (c *Client) overWire(ctx context.Context, x *record.Exchange, to *endpoint) *record.Failure {
	if cn := c.kept(ctx, to.key); cn != nil {
		if f, unsent := c.exchange(ctx, x, cn); !unsent {
			return f
		}
	}
	cn, f := c.dial(ctx, to, &x.Phases, "http/1.1")
	if f != nil {
		return f
	}
	cn.watch(ctx)
	f, _ = c.exchange(ctx, x, cn)
	return f
}

// kept returns an idle connection that is still open, for exchange, or nil.
func (c *Client) kept(ctx context.Context, key string) *conn {
	for {
		cn := c.idle.get(key)
		if cn == nil {
			return nil
		}
		if cn.idle() < idleFor {
			if cn.watch(ctx); cn.isBusy() || cn.alive() {
				return cn
			}
		}
		_ = cn.Close()
	}
}

// exchange sends the request over a connection that is watched and reads the answer. unsent means that nothing was
// sent, since the connection had ended before.
func (c *Client) exchange(ctx context.Context, x *record.Exchange, cn *conn) (f *record.Failure, unsent bool) {
	x.Remote, cn.left, cn.room = cn.remote, c.o.ReadLimit, c.roomIn(ctx)
	start := time.Now()
	if !permitted(ctx) {
		cn.unwatch(ctx)
		_ = cn.Close()
		return failure(ctx, sending, errForbidden, false), false
	}
	cn.send(&x.Request)
	var at stage
	var whole bool
	var err error
	// A request cut off midway may still have an answer that explains why. Without a byte sent there is none.
	if cn.tx.done != nil || cn.tx.n > 0 {
		at, whole, err = cn.receive(x, start, c.o.MaxBody)
	}
	cn.finish()
	if x.Response == nil && cn.tx.done == nil && cn.tx.err != nil {
		at, err = sending, cn.tx.err
	}
	// A connection that the end of the context has begun to cut is not reused.
	if cn.unwatch(ctx) && err == nil && whole && cn.tx.err == nil && cn.tx.honest && !saysClose(x) {
		cn.used, cn.room = cn.used+1, nil
		c.idle.put(cn)
		return nil, false
	}
	_ = cn.Close()
	if err == nil {
		return nil, false
	}
	f = failure(ctx, at, err, cn.tx.n > 0)
	return f, cn.used > 0 && cn.tx.n == 0 && f.Kind == record.FailReset
}

// saysClose reports whether one side closes the connection after this exchange, by a field or by HTTP/1.0.
func saysClose(x *record.Exchange) bool {
	return x.Request.Proto == "HTTP/1.0" || x.Response.Proto == "HTTP/1.0" ||
		wantsClose(x.Request.Header) || wantsClose(x.Response.Header)
}

func wantsClose(header record.Header) bool {
	for _, f := range header {
		if !strings.EqualFold(f.Name, "Connection") {
			continue
		}
		for token := range strings.SplitSeq(f.Value, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "close") {
				return true
			}
		}
	}
	return false
}
