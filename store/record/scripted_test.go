package record_test

import (
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

func TestALateAnswerSaysForWhom(t *testing.T) {
	for name, c := range map[string]struct {
		fault, text string
		kind        record.FailureKind
	}{
		"alone":         {"", "too slow for slack (3 s): 4.1 s", record.FailTooSlow},
		"after a fault": {"drip", "sent at 9 bytes a second; too slow for slack (3 s): 4.1 s", "scripted:drip"},
	} {
		x := record.Exchange{Kind: record.Received, Took: 4120 * time.Millisecond}
		if c.fault != "" {
			x.Fault(c.fault, "sent at 9 bytes a second")
		}
		before := x.Err
		x.TooSlow("slack", 3*time.Second)
		if *x.Late != (record.Lateness{Provider: "slack", Deadline: 3 * time.Second}) || x.Scripted != c.fault {
			t.Errorf("%s: late %+v, scripted %q", name, x.Late, x.Scripted)
		}
		if x.Err.Kind != c.kind || x.Err.Text != c.text || x.Late.Text(x.Took) != "too slow for slack (3 s): 4.1 s" {
			t.Errorf("%s: %+v, %q", name, x.Err, x.Late.Text(x.Took))
		}
		if before != nil && before.Text != "sent at 9 bytes a second" {
			t.Errorf("%s: the failure that was there is now %+v", name, before)
		}
	}
}

func TestAnExchangeThatWasLeftWithoutAnAnswerOnPurposeFailed(t *testing.T) {
	x := &record.Exchange{Kind: record.Received, Ended: true}
	x.Fault("reset", "connection reset instead of an answer")
	if x.Outcome() != record.Failed || x.FailureKind() != "scripted:reset" {
		t.Errorf("outcome %s, failure %q", x.Outcome(), x.FailureKind())
	}
	x.Response = &record.Response{Status: 200}
	if x.Outcome() != record.Accepted {
		t.Errorf("with a status: outcome %s", x.Outcome())
	}
}

func TestAHandshakeGoesByItsNameInTheEvent(t *testing.T) {
	if got := (&record.Exchange{Handshake: "zoom"}).Event(); got != "handshake:zoom" {
		t.Errorf("handshake: %q", got)
	}
	if got := (&record.Exchange{EventType: "a.b"}).Event(); got != "a.b" {
		t.Errorf("event: %q", got)
	}
}
