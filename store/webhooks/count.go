package webhooks

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Counts are numbers of webhooks. A delivery is a webhook that goes to an app or an endpoint, however many attempts it
// takes: every sent webhook, and a received one if it was forwarded or replayed to its app, or waits in the queue.
type Counts struct {
	Total, Sent, Received int64
	ByState               map[State]int64

	Deliveries, Delivered, Exhausted, Open int64   // a cancelled delivery is none of the last three
	SuccessRate                            float64 // Delivered of Delivered and Exhausted, 0 to 1; 0 when there are none
}

// Sums sums up the exchanges that a filter selects, and counts the webhooks, at the same time: both read all of them.
func Sums(ctx context.Context, history *store.Store, f store.Filter, now time.Time) (store.Stats, Counts, error) {
	var c Counts
	var counting error
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, counting = Count(List(ctx, history, f, now))
	}()
	s, err := history.Stats(ctx, f)
	<-done
	return s, c, errors.Join(err, counting)
}

// Count counts webhooks. The error is the first of the list.
func Count(all iter.Seq2[*Webhook, error]) (Counts, error) {
	c := Counts{ByState: map[State]int64{}}
	for w, err := range all {
		if err != nil {
			return Counts{}, err
		}
		c.add(w)
	}
	if ended := c.Delivered + c.Exhausted; ended > 0 {
		c.SuccessRate = float64(c.Delivered) / float64(ended)
	}
	return c, nil
}

func (c *Counts) add(w *Webhook) {
	c.Total++
	c.ByState[w.State]++
	if w.Kind() == record.Received {
		c.Received++
	} else {
		c.Sent++
	}
	if !w.isDelivery() {
		return
	}
	c.Deliveries++
	switch w.State {
	case Delivered, Accepted:
		c.Delivered++
	case Failed:
		c.Exhausted++
	case Pending:
		c.Open++
	}
}

// isDelivery reports whether the webhook goes to an app or an endpoint. What barb rejected does not.
func (w *Webhook) isDelivery() bool {
	return w.State != Rejected && (len(w.Entries) > 0 ||
		slices.ContainsFunc(w.Exchanges, func(x *record.Exchange) bool { return x.Kind == record.Sent && counts(x) }))
}
