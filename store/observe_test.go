package store_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"github.com/barbhq/barb/store"
)

func TestCommitsAreTold(t *testing.T) {
	s := newHistory(t)
	var calls, failed atomic.Int64
	s.Observe = func(c store.Commit) {
		calls.Add(int64(c.Calls))
		if c.Took <= 0 {
			t.Errorf("a commit took %v", c.Took)
		}
		if errors.Is(c.Err, store.ErrReplaced) {
			failed.Add(1)
		}
	}
	ctx := context.Background()
	x := hook(1)
	if err := s.Record(ctx, x); err != nil {
		t.Fatal(err)
	}
	x.Ended = true
	if err := errors.Join(s.Answer(ctx, x), s.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 3 || failed.Load() != 0 { // Record, Answer, Flush
		t.Errorf("told of %d calls, %d failures", n, failed.Load())
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	if err := s.Record(ctx, hook(2)); err == nil || failed.Load() != 1 {
		t.Errorf("%v, told of %d failures", err, failed.Load())
	}
}
