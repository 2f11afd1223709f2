package webhooks_test

import (
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A bad signature counts until the webhook comes again with a good one.
func TestAWebhookThatCameAgainWellSignedIsNotInvalid(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	first := b.add(invalid)
	b.add(func(x *record.Exchange) { x.Thread, x.Role = first.ID, record.Redelivery })
	for want, f := range map[string]store.Filter{"1 accepted": {}, "": {Invalid: true}} {
		if got := b.listed(f, noon.Add(time.Minute)); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}
