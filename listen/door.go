package listen

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Admission is what becomes of a request, judged by its head and by where it comes from. The zero value takes it.
type Admission struct {
	Status     int           // 400–599: what it is refused with, before its body is read
	RetryAfter time.Duration // when it may come again; 0: nothing is said
	Reason     string        // why, in a word: "ip_not_allowed"
	// Keep records a refused request all the same: its head, unchecked, with Reason as that of a verdict that was not
	// reached. It does not count for Limit, and Reply is not asked.
	Keep bool
}

// admissionError is the error of a request that is not taken.
type admissionError struct{ Admission }

func (e *admissionError) Error() string { return cmp.Or(e.Reason, "not admitted") }

// ask asks Admit.
func (c *conn) ask(r *record.Request) error {
	if c.run.Admit == nil {
		return nil
	}
	if a := c.run.Admit(c.remote, r); a.Status != 0 {
		return &admissionError{a}
	}
	return nil
}

// turnAway ends a request that could not be read or was not admitted, and with it the connection's use.
func (c *conn) turnAway(ctx context.Context, x *record.Exchange, err error) {
	if isInflight(err) { // its sender has done nothing wrong, and may send all of the body before it reads
		c.undrawn = max(c.undrawn, c.run.MaxBody)
	}
	c.letGo()
	not, ok := errors.AsType[*admissionError](err)
	if !ok || !not.Keep {
		c.refuse(statusOf(err), err)
		return
	}
	defer c.rescue(ctx, x)
	c.counts = false
	x.Verdict.Reason = not.Reason
	if storeErr := c.run.Recorder.Record(ctx, x); storeErr != nil {
		c.refuse(not.Status, storeErr)
		return
	}
	c.recorded = true
	c.answer(ctx, x, refusalOf(not.Status, err), true)
	c.settle(ctx, x)
	c.linger()
}

// refusalOf is the answer to a request that is refused: a constant, but for when it may come again.
func refusalOf(status int, err error) *record.Response {
	response := plain(status)
	if not, ok := errors.AsType[*admissionError](err); ok && not.RetryAfter > 0 {
		seconds := int64((not.RetryAfter + time.Second - 1) / time.Second)
		response.Header = response.Header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	return response
}
