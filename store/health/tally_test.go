package health_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
)

// A tally of single exchanges has the figures that the history returns.
func TestATallyCountsAsTheHistoryDoes(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(3, 4))
	var tally health.Tally
	if !tally.Empty() {
		t.Error("an empty tally is not empty")
	}
	for n := range 400 {
		x := some(random, n)
		if err := s.Record(ctx, x); err != nil {
			t.Fatal(err)
		}
		tally.Add(x)
		if n%100 != 0 {
			continue
		}
		want, err := s.Figures(ctx, store.Filter{})
		if got := tally.Figures(); err != nil || got != want {
			t.Fatalf("after %d: %v\ngot  %+v\nwant %+v", n, err, got, want)
		}
	}
}

// some returns an exchange of any sort.
func some(random *rand.Rand, n int) *record.Exchange {
	x := &record.Exchange{Kind: record.Sent, Attempt: 1 + random.IntN(3), Start: time.Unix(int64(1_768_910_400+n), 0),
		Took: time.Duration(random.IntN(1e9)), Ended: random.IntN(9) > 0,
		Request: record.Request{Method: "POST", URL: "http://a.test/", Target: "/", Proto: "HTTP/1.1"}}
	if random.IntN(3) == 0 {
		x.Kind, x.Attempt, x.Handshake = record.Received, 1, []string{"", "zoom"}[random.IntN(2)]
		x.Verdict.Status = []record.VerdictStatus{record.Valid, record.Invalid, record.Unchecked}[random.IntN(3)]
	}
	if !x.Ended {
		return x
	}
	if status := []int{0, 200, 204, 300, 404, 503}[random.IntN(6)]; status > 0 {
		x.Response = &record.Response{Status: status, Proto: "HTTP/1.1"}
	} else {
		x.Err = &record.Failure{Kind: []record.FailureKind{record.FailInterrupted, record.FailTimeout}[random.IntN(2)]}
	}
	if x.Kind == record.Sent {
		x.NextIn = time.Duration(random.IntN(2)) * time.Second
	}
	return x
}
