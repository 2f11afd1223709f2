package shell

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Nearest says in a hint which webhooks are near a selection of nothing: those with the next lower and higher id that
// the filters choose, else the newest one. It is "" for an empty history, and where the history cannot be read.
func (sh *Shell) Nearest(ctx context.Context, selectors []string, chosen *flags.Filter) string {
	filter, where, err := sh.FilterOf(chosen)
	if err != nil || sh.History == nil {
		return ""
	}
	s := pick.Selection{History: sh.History, Filter: filter, Where: where}
	if ids := sh.nearest(ctx, s, around(selectors)); len(ids) == 1 {
		return fmt.Sprintf("the nearest id is %d", ids[0])
	} else if len(ids) > 1 {
		return fmt.Sprintf("the nearest ids are %d and %d", ids[0], ids[1])
	}
	if newest, err := sh.Newest(ctx, 0); err == nil {
		return fmt.Sprintf("the newest webhook is %d", newest)
	}
	return ""
}

// around returns the ids below and above those that selectors name; nil where they name none.
func around(selectors []string) []store.Range {
	below, above := int64(math.MaxInt64), int64(0)
	for _, text := range selectors {
		if one, err := flags.ParseSelector(text); err == nil && one.IDs.From > 0 {
			below, above = min(below, one.IDs.From), max(above, one.IDs.To)
		}
	}
	if above == 0 {
		return nil
	}
	return []store.Range{{From: 1, To: below - 1}, {From: min(above, math.MaxInt64-1) + 1, To: math.MaxInt64}}
}

// nearest returns the highest id of the first range and the lowest of the second, as far as there are such webhooks.
func (sh *Shell) nearest(ctx context.Context, s pick.Selection, sides []store.Range) (found []int64) {
	const looked = 50 // webhooks: an old one that was sent again stands among new ones
	s.Judged = func(*record.Exchange, error) {}
	for i, side := range sides {
		s.Filter.IDs, s.Filter.Limit, s.Filter.OldestFirst = []store.Range{side}, looked, i == 1
		var ids []int64
		for w, err := range s.Webhooks(ctx, sh.Now()) {
			if err == nil && side.From <= w.ID && w.ID <= side.To {
				ids = append(ids, w.ID)
			}
		}
		if len(ids) > 0 {
			found = append(found, [2]int64{slices.Max(ids), slices.Min(ids)}[i])
		}
	}
	return found
}

// nearMissing adds to the error for an id that is not there which ids are near.
func (sh *Shell) nearMissing(ctx context.Context, err error) error {
	missing, isMissing := errors.AsType[*flags.NoWebhookError](err)
	f, ok := errors.AsType[*fail.Error](err)
	if !ok || !isMissing {
		return err
	}
	if hint := sh.Nearest(ctx, []string{missing.Selector}, &flags.Filter{}); hint != "" {
		f.Hints = append([]string{hint}, f.Hints...)
	}
	return err
}
