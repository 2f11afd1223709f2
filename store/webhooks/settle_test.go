package webhooks_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// The clock of the reader stands still, so that it waits however slow the machine is.
func TestAReaderWaitsForAnAnswerThatIsAnnounced(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	x := b.add(open)
	var answered atomic.Bool
	done := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() {
		defer close(done)
		answered.Store(true)
		x.Ended, x.Response = true, &record.Response{Status: 201}
		if err := b.Answer(t.Context(), x); err != nil {
			t.Error(err)
		}
	})
	now := func() time.Time { return x.Start.Add(5 * time.Millisecond) }
	if err := webhooks.Settle(t.Context(), b.Store, now); err != nil || !answered.Load() {
		t.Errorf("it does not wait: %v", err)
	}
	<-done
	if w, err := webhooks.Get(t.Context(), b.Store, x.ID, now()); err != nil || w.Last().Status() != 201 {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestAReaderWaitsForNoAnswerThatIsNotDue(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	x := b.add(open)
	for name, now := range map[string]time.Time{"not yet": x.Start.Add(-time.Hour), "no more": x.Start.Add(time.Hour)} {
		if err := webhooks.Settle(t.Context(), b.Store, func() time.Time { return now }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
