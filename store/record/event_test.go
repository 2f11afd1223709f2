package record_test

import (
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestAStrangersEventPassesForNoHandshake(t *testing.T) {
	for event, plain := range map[string]string{"handshake:slack": "event:handshake:slack", "push": "push", "": ""} {
		if got := record.PlainEvent(event); got != plain || record.EventToSend(got) != event {
			t.Errorf("%q is %q, and sent as %q", event, got, record.EventToSend(got))
		}
	}
}
