package store_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func keepsRemarks(t *testing.T, h history) {
	ctx := context.Background()
	check := func(when string, want map[int64]store.Remark) {
		t.Helper()
		got, err := h.Remarks(ctx, []int64{1, 2, 3, 4})
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", when, got, err, want)
		}
	}
	old := noon.Add(time.Second)
	for range 3 { // 1 and 2, 3 and 4, 5 and 6
		first := answered(hook(1), 200)
		first.Start = old
		must(t, h.Record(ctx, first))
		must(t, h.Record(ctx, forwarded(first.ID, old.Add(time.Minute))))
	}
	check("before", map[int64]store.Remark{})
	for first, r := range map[int64]store.Remark{1: {Pinned: true, Note: "hello\x00\n"}, 3: {Note: "a"}, 5: {}} {
		must(t, h.SetRemark(ctx, first, store.Remark{Note: "replaced"}))
		must(t, h.SetRemark(ctx, first, r))
	}
	both := map[int64]store.Remark{1: {Pinned: true, Note: "hello\x00\n"}, 3: {Note: "a"}}
	check("said", both)
	_, err := h.Prune(ctx, store.PruneRule{OlderThan: old.Add(time.Second)}) // the received ones
	must(t, err)
	check("after the first exchanges were removed", both)
	_, err = h.Prune(ctx, store.PruneRule{OlderThan: old.Add(time.Hour), Whole: true})
	must(t, err)
	check("after all were removed", map[int64]store.Remark{1: {Pinned: true, Note: "hello\x00\n"}})
	left := 0
	for x, err := range h.List(ctx, store.Filter{OldestFirst: true}) {
		if left++; err != nil || x.First() != 1 || x.Kind == record.Sent && x.ID != 2 {
			t.Errorf("%+v, %v", x, err)
		}
	}
	if left != 2 {
		t.Errorf("%d exchanges of the pinned webhook are left", left)
	}
	must(t, h.SetRemark(ctx, 1, store.Remark{}))
	_, err = h.Prune(ctx, store.PruneRule{MaxBytes: 1})
	must(t, err)
	check("after it was unpinned", map[int64]store.Remark{})
}
