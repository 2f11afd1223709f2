package store_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

func TestCommitsAreTold(t *testing.T) {
	s := newHistory(t)
	var commits, failed atomic.Int64
	s.Observe = func(took time.Duration, err error) {
		commits.Add(1)
		if took <= 0 {
			t.Errorf("a commit took %v", took)
		}
		if errors.Is(err, store.ErrReplaced) {
			failed.Add(1)
		}
	}
	ctx := context.Background()
	x := hook(1)
	if err := s.Record(ctx, x); err != nil || commits.Load() != 1 {
		t.Fatal(commits.Load(), err)
	}
	x.Ended = true
	if err := errors.Join(s.Answer(ctx, x), s.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	if n := commits.Load(); n < 2 || n > 3 || failed.Load() != 0 { // Answer and Flush may go together
		t.Errorf("told of %d commits, %d failures", n, failed.Load())
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	if err := s.Record(ctx, hook(2)); err == nil || failed.Load() != 1 {
		t.Errorf("%v, told of %d failures", err, failed.Load())
	}
}
