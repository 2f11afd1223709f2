package listen

import (
	"context"

	"github.com/barbhq/barb/store/record"
)

// Foreseer is a Hook that may know its answer before the exchange is recorded, so that one write records both.
type Foreseer interface {
	// Foreseen returns the response to the sender when nothing can change it any more, nil otherwise. It has no body. The
	// server asks after Check; when there is a response and the exchange was recorded, it does not ask Reply.
	Foreseen() *record.Response
}

// foresee composes the answer before x is recorded: x has it as its Response then. It reports whether the hook knew it.
func (c *conn) foresee(x *record.Exchange, final bool) bool {
	hook, ok := c.hook.(Foreseer)
	if !ok || x.Request.Proto == protoHTTP2 {
		return false
	}
	given := hook.Foreseen()
	if given == nil {
		return false
	}
	x.Response, x.Foreseen = c.compose(x, given, final), true
	return true
}

// forget makes x an exchange whose answer is not known yet.
func forget(x *record.Exchange) { x.Response, x.Foreseen = nil, false }

// send writes the answer that was recorded with x. An answer that does not go out is recorded again, as any other is.
func (c *conn) send(ctx context.Context, x *record.Exchange) {
	c.wrote = true
	err := c.write(c.out, nil)
	x.Took, x.Ended, x.Err = c.last.Sub(x.Start), true, failure(ctx, err)
	x.Foreseen = x.Err == nil
}
