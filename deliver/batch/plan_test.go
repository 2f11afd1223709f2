package batch_test

import (
	"encoding/json"
	"testing"

	"github.com/barbhq/barb/deliver/batch"
)

// A run that was begun by an earlier barb goes on under the same ids, so both are written down here.
func TestTheIDsOfMessagesFollowFromThePlan(t *testing.T) {
	t.Parallel()
	p := batch.Plan{IDs: "msg_1", Seed: 7, Events: "sha256"}
	if got := p.MessageID(0, false); got != "msg_1-1" {
		t.Error(got)
	}
	if got := p.MessageID(41, true); got != "86da2998-a78b-5dcd-a6a5-1cefacb89334" {
		t.Error(got)
	}
	data, err := json.Marshal(p)
	if want := `{"ids":"msg_1","seed":7,"event":"sha256"}`; string(data) != want || err != nil {
		t.Errorf("%s, want %s; %v", data, want, err)
	}
}
