package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func showsAWholeTree(t *testing.T, h history) {
	threads := []int64{0, 0, 1, 3, 2, 1, 4, 99, 0} // of the ids 1 to 9; what 8 repeats was pruned
	for n, thread := range threads {
		x := hook(n)
		x.Thread = thread
		keep(t, h, x)
	}
	for _, want := range [][]int64{{1, 3, 4, 6, 7}, {2, 5}, {8}, {9}} {
		for _, id := range want {
			xs, err := h.Thread(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, x := range xs {
				got = append(got, x.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("the tree of %d is %v, want %v", id, got, want)
			}
			if xs[0].Request.Body != nil {
				t.Error("a tree is loaded with bodies")
			}
		}
	}
}

// deliveries are: one delivered at once, one at the third attempt, one exhausted after two, one refused for good, one
// that waits, one that was cut off; and a hook taken, one forwarded with success, and one badly signed.
func deliveries() []*record.Exchange {
	n := 0
	try := func(status, attemptNo int, thread int64, next, took time.Duration) *record.Exchange {
		n++
		x := answered(attempt(n, "a.test"), status)
		x.Attempt, x.Thread, x.NextIn, x.Took = attemptNo, thread, next, took
		return x
	}
	ms := time.Millisecond
	bad := answered(hook(10), 401)
	bad.Verdict.Status = record.Invalid
	forward := try(200, 1, 11, 0, 10*ms)
	cut := attempt(10, "a.test")
	return []*record.Exchange{
		try(200, 1, 0, 0, 1*ms),
		try(503, 1, 0, ms, 2*ms), try(0, 2, 2, ms, 3*ms), try(200, 3, 2, 0, 4*ms),
		try(500, 1, 0, ms, 5*ms), try(0, 2, 5, 0, 6*ms),
		try(404, 1, 0, 0, 7*ms),
		try(429, 1, 0, time.Hour, 8*ms),
		cut,
		bad, answered(hook(11), 200), forward,
	}
}

func sumsUp(t *testing.T, h history) {
	for _, x := range deliveries() {
		keep(t, h, x)
	}
	got, err := h.Stats(context.Background(), store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	ms := time.Millisecond
	want := store.Stats{
		Total: 12, Sent: 10, Received: 2,
		Retries: 3, BadSignatures: 1,
		SentLatency:     store.Latency{P50: 5 * ms, P95: 10 * ms, P99: 10 * ms, Max: 10 * ms},
		ReceivedLatency: store.Latency{P50: 3 * ms, P95: 3 * ms, P99: 3 * ms, Max: 3 * ms},
		ByStatus:        map[int]int64{200: 4, 401: 1, 404: 1, 429: 1, 500: 1, 503: 1},
		ByFailure:       map[string]int64{"refused": 2, "unknown": 1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("stats (-want +got):\n%s", d)
	}
	received, err := h.Stats(context.Background(), store.Filter{Kind: record.Received})
	if err != nil || received.Total != 2 || received.Sent != 0 {
		t.Errorf("stats of what was received = %+v, %v", received, err)
	}
}

func sumsUpNothing(t *testing.T, h history) {
	got, err := h.Stats(context.Background(), store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(store.Stats{}, got); d != "" {
		t.Errorf("stats of an empty history (-want +got):\n%s", d)
	}
}

func prunesByAge(t *testing.T, h history) {
	var xs []*record.Exchange
	for n := range 2500 {
		xs = append(xs, answered(hook(n), 200))
	}
	keep(t, h, xs...)
	got, err := h.Prune(context.Background(), store.PruneRule{OlderThan: xs[2400].Start})
	if err != nil || got.Removed != 2400 && got.Removed != 2401 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	if got.Bytes < 2_000_000 && !got.Remains { // a server keeps the space of rows for others
		t.Errorf("2,400 hooks of 1 KiB gave %d bytes back, and nothing is said to remain", got.Bytes)
	}
	if n := len(listed(t, h, store.Filter{Bodies: true})); n != 100 && n != 99 {
		t.Errorf("%d are left", n)
	}
	if again, err := h.Prune(context.Background(), store.PruneRule{OlderThan: xs[2400].Start}); err != nil ||
		again.Removed != 0 {
		t.Errorf("a second Prune = %+v, %v", again, err)
	}
}

func prunesOnlyWhatTheFilterSelects(t *testing.T, h history) {
	keep(t, h, mixed()...)
	got, err := h.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(9*time.Minute + time.Second),
		Filter: store.Filter{Failed: true, Kind: record.Sent}})
	if err != nil || got.Removed != 4 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	if ids := listed(t, h, store.Filter{}); !slices.Equal(ids, []int64{12, 11, 10, 6, 4, 3, 2, 1}) {
		t.Errorf("left %v", ids)
	}
}
