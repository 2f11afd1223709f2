package webhooks_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

func (b *book) counts(f store.Filter) webhooks.Counts {
	b.t.Helper()
	c, err := webhooks.Count(webhooks.List(context.Background(), b.Store, f, noon.Add(time.Minute)))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestADeliveryIsCountedOnceHoweverManyAttemptsItTook(t *testing.T) {
	t.Parallel()
	b := filled(t)
	b.add()
	b.add(sentTo(other, 9, record.Mirror), noAnswer)
	b.add(sentTo(other, 9, record.Elsewhere), noAnswer)
	b.add(sentTo(app, 0, record.First), status(503), retryIn(time.Hour))
	want := webhooks.Counts{Total: 7, Sent: 3, Received: 4,
		ByState: map[webhooks.State]int64{webhooks.Accepted: 3, webhooks.Delivered: 1, webhooks.Failed: 1,
			webhooks.Rejected: 1, webhooks.Pending: 1},
		Deliveries: 4, Delivered: 2, Exhausted: 1, Open: 1, SuccessRate: 2. / 3}
	if d := cmp.Diff(want, b.counts(store.Filter{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if c := b.counts(store.Filter{Kind: record.Received}); c.Total != 4 || c.Deliveries != 1 || c.SuccessRate != 1 {
		t.Errorf("of the received ones: %+v", c)
	}
}

func TestAWebhookThatWaitsIsAnOpenDelivery(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.add(status(202))
	q := &store.Queued{Kind: store.Forward, Thread: 1, Target: "http://" + app, Due: noon, Created: noon}
	if err := b.Enqueue(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if c := b.counts(store.Filter{}); c.Deliveries != 1 || c.Open != 1 || c.SuccessRate != 0 {
		t.Errorf("%+v", c)
	}
}
