package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store"
)

func TestAProcessNoticesWhatOthersRecord(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "history.db")
	a, b := openHistory(t, path), openHistory(t, path)
	write := func(s *store.Store, n int) {
		t.Helper()
		for i := range n {
			must(t, s.Record(ctx, hook(i)))
		}
	}
	want := func(s *store.Store, from, to int64) {
		t.Helper()
		got, any, err := s.Others(ctx)
		must(t, err)
		if any != (to > 0) || got != (store.Range{From: from, To: to}) {
			t.Errorf("%+v %t, want %d to %d", got, any, from, to)
		}
	}
	want(a, 0, 0)
	write(a, 2)
	want(a, 0, 0)
	want(b, 1, 2)
	want(b, 0, 0)
	write(b, 2) // 3, 4
	want(a, 3, 4)
	write(a, 1) // 5, and its writer sees 3 and 4 once more
	want(a, 0, 0)
	write(b, 1) // 6
	write(a, 1) // 7
	write(b, 1) // 8
	want(a, 6, 8)
	want(b, 5, 7)
	want(a, 0, 0)
}
