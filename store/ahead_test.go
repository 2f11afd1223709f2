package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// foreseen is a hook that is recorded with the answer that it is going to get, in a second of the day.
func foreseen(n, second int) *record.Exchange {
	x := hook(n)
	r := &record.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1",
		Header: record.Header{{Name: "Content-Length", Value: "0"}, {Name: "Date", Value: fmt.Sprint(second)}}}
	r.Head = string(r.AppendHead(nil))
	x.Response, x.Foreseen, x.Took = r, true, time.Millisecond
	return x
}

// wentOut is x once its answer was written.
func wentOut(x *record.Exchange, took time.Duration) *record.Exchange {
	x.Took, x.Ended = took, true
	return x
}

// asStored is what the history has of a foreseen exchange.
func asStored(x *record.Exchange) *record.Exchange {
	c := *x
	c.Foreseen = false
	if !c.Ended {
		c.Response, c.Took = nil, 0
	}
	return &c
}

func get(t *testing.T, s *store.Store, id int64) *record.Exchange {
	t.Helper()
	x, err := s.Get(t.Context(), id)
	must(t, err)
	return x
}

// An answer that was recorded before it went out is there once it has gone out, and not before: after a kill the
// webhook reads as not answered, whatever is recorded and answered later.
func TestAnAnswerRecordedAheadIsThereOnceItWentOut(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	xs := []*record.Exchange{foreseen(0, 1), foreseen(1, 1), foreseen(2, 1)}
	must(t, s.Record(t.Context(), xs...))
	later := foreseen(3, 1)
	must(t, s.Record(t.Context(), later))
	must(t, s.Answer(t.Context(), wentOut(xs[1], 5*time.Millisecond)))
	must(t, s.Answer(t.Context(), wentOut(later, 7*time.Millisecond)))
	must(t, s.Flush(t.Context()))

	of200 := store.Filter{Status: store.StatusRange{From: 200, To: 200}}
	if got := fmt.Sprint(listed(t, s, of200)); got != "[4 2]" {
		t.Errorf("answered 200 are %s", got)
	}
	for _, x := range append(xs, later) {
		if d := diff(asStored(x), get(t, s, x.ID)); d != "" {
			t.Errorf("%d: %s", x.ID, d)
		}
	}
	due := func() int64 {
		_, open, err := s.Unsettled(t.Context(), 0, noon, noon.Add(time.Hour))
		must(t, err)
		return open
	}
	if open := due(); open != 2 {
		t.Errorf("%d are waited for, want the two that are not answered", open)
	}
	// one does not go out as it was foreseen, and its ending is written as any other
	failed := xs[2]
	failed.Foreseen, failed.Ended, failed.Took = false, true, time.Second
	failed.Err = &record.Failure{Kind: record.FailReset, Text: "the sender disconnected"}
	must(t, s.Answer(t.Context(), failed))
	must(t, s.Answer(t.Context(), wentOut(xs[0], 9*time.Millisecond)))
	must(t, s.Flush(t.Context()))
	for _, x := range xs {
		if d := diff(asStored(x), get(t, s, x.ID)); d != "" {
			t.Errorf("%d: %s", x.ID, d)
		}
	}
	if open := due(); open != 0 {
		t.Errorf("%d are waited for when all have ended", open)
	}
}

// However the answers of many webhooks are mixed, each is read back with its own head, and took as long as the last of
// those it was written with.
func TestAnswersRecordedAheadKeepTheirHeads(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	var xs []*record.Exchange
	for n := range 200 {
		xs = append(xs, foreseen(n, rand.IntN(2)))
	}
	must(t, s.Record(t.Context(), xs...))
	rand.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
	var open []*record.Exchange
	for n, x := range xs {
		if n%7 == 3 {
			open = append(open, x)
			continue
		}
		must(t, s.Answer(t.Context(), wentOut(x, time.Second+time.Duration(n))))
		if n%50 == 49 {
			must(t, s.Flush(t.Context()))
		}
	}
	must(t, s.Flush(t.Context()))
	for _, x := range xs {
		got := get(t, s, x.ID)
		if x.Ended {
			if late := got.Took - x.Took; late < 0 || late > 250*time.Millisecond {
				t.Errorf("%d took %s, want %s", x.ID, got.Took, x.Took)
			}
			got.Took = x.Took
		}
		if d := diff(asStored(x), got); d != "" {
			t.Errorf("%d: %s", x.ID, d)
		}
	}
	if rows := number(t, s.Path(), "SELECT count(*) FROM response"); rows != 0 {
		t.Errorf("%d answers have a row of their own", rows)
	}
	if _, err := s.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(150 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	if rows := number(t, s.Path(), "SELECT count(*) FROM answered WHERE id < (SELECT min(id) FROM exchange)"); rows != 0 {
		t.Errorf("%d rows tell of answers to pruned webhooks only", rows)
	}
	for _, x := range open {
		if x.Start.Before(noon.Add(150 * time.Millisecond)) {
			continue
		}
		if got := get(t, s, x.ID).Outcome(); got != record.Pending {
			t.Errorf("%d is %s", x.ID, got)
		}
	}
}
