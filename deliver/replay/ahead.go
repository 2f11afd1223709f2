package replay

import (
	"context"
	"iter"

	"github.com/barbhq/barb/store/record"
)

// pageItems is how many requests are read at a time, at most.
const pageItems = 64

// ahead yields items with their requests read whole, many with one query: one by one they take three times as long. It
// leaves an item as it is, to be read alone, when it is a dead letter, since several may have one exchange, and when
// its request is too large for the page or was pruned.
func (r *Run) ahead(ctx context.Context, items iter.Seq2[Item, error]) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		page := make([]Item, 0, pageItems)
		for item, err := range items {
			if err == nil {
				page = append(page, item)
				if len(page) < pageItems {
					continue
				}
			}
			if !r.yieldWhole(ctx, page, yield) || err != nil && !yield(item, err) {
				return
			}
			page = page[:0]
		}
		r.yieldWhole(ctx, page, yield)
	}
}

// yieldWhole reads a page of items and yields them. It returns false when no more are wanted.
func (r *Run) yieldWhole(ctx context.Context, page []Item, yield func(Item, error) bool) bool {
	var light []*record.Exchange
	for _, item := range page {
		if item.Letter == nil {
			light = append(light, item.Exchange)
		}
	}
	found, err := r.Journal.History.Requests(ctx, light)
	if err != nil {
		return yield(Item{}, err)
	}
	whole := make(map[int64]*record.Exchange, len(found))
	for _, x := range found {
		whole[x.ID] = x
	}
	for _, item := range page {
		if x := whole[item.ID]; x != nil && item.Letter == nil {
			item.Exchange, item.whole = x, true
		}
		if !yield(item, nil) {
			return false
		}
	}
	return true
}
