package health

import (
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Tally counts exchanges that were read already, as store.Figures counts them in the history. It knows nothing of the
// queue. The zero value has counted nothing.
type Tally struct {
	got  store.Figures
	took []time.Duration
}

// Add counts an exchange.
func (t *Tally) Add(x *record.Exchange) {
	if x.Kind == record.Received {
		t.addReceived(x)
		return
	}
	if !x.Ended || x.FailureKind() == record.FailInterrupted {
		return
	}
	t.got.Attempts++
	t.took = append(t.took, x.Took)
	if x.Attempt > 1 {
		t.got.Retries++
	}
	switch x.Outcome() {
	case record.Delivered:
		t.got.Delivered++
	case record.Failed:
		t.got.Exhausted++
	}
}

func (t *Tally) addReceived(x *record.Exchange) {
	if x.Verdict.Status == record.Unchecked || x.Handshake != "" {
		return
	}
	t.got.Checked++
	if x.Verdict.Status == record.Invalid {
		t.got.Invalid++
	}
}

// Empty reports whether nothing was counted that a figure has as a sample.
func (t *Tally) Empty() bool { return t.got.Attempts+t.got.Checked == 0 }

// Figures returns what was counted. More may be added afterwards.
func (t *Tally) Figures() store.Figures {
	got := t.got
	if n := len(t.took); n > 0 {
		slices.Sort(t.took)
		got.P99 = t.took[(n*99+99)/100-1]
	}
	return got
}
