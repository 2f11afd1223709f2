package complete_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func TestAnEntryOfTheQueueWaitsOnceItsLeaseHasEnded(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), time.Now()
	history, err := store.Open(ctx, filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	const target = "http://127.0.0.1:1"
	x := &record.Exchange{Kind: record.Sent, Start: now, WebhookID: "msg_1",
		Request: record.Request{Method: "POST", URL: target, Proto: "HTTP/1.1"}}
	q := &store.Queued{Kind: store.Message, Target: target, Policy: "plan", Due: now, Created: now}
	if err := history.RecordQueued(ctx, x, q); err != nil {
		t.Fatal(err)
	}
	leased, err := history.Lease(ctx, store.LeaseRequest{Kind: store.Message, Target: target, Policy: "plan",
		Owner: "another machine", Want: 1, Now: now, Until: now.Add(time.Minute)})
	if err != nil || len(leased) != 1 {
		t.Fatalf("%d leased: %v", len(leased), err)
	}
	for after, want := range map[time.Duration]string{0: "1\tleased " + target, time.Minute: "1\twaiting " + target} {
		if got := complete.Queued(ctx, history, "", now.Add(after)); !slices.Equal(got, []string{want}) {
			t.Errorf("after %s: %q", after, got)
		}
	}
}
