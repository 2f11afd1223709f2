package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Selection returns what selectors and flags choose of a history; see flags.SelectIDs for newest.
type Selection func(ctx context.Context, selectors []string, chosen *flags.Filter,
	newest func(ctx context.Context, n int) (int64, error)) (pick.Selection, error)

// Found is what a query selects of the rows of a list.
type Found struct {
	IDs     map[int64]bool
	Failed  int   // webhooks on which the expression of --where fails; they are left out
	Mistake error // what is probably wrong with a query that selects nothing; nil where nothing seems to be
}

// Finder returns the function that finds which rows of a list a query selects; ids are those of the rows. It looks at
// the webhooks of the list only, however long the history is. All attempts of a webhook are selected alike, as barb
// history does.
func Finder(selection Selection, now func() time.Time) func(context.Context, *Query, []int64) (Found, error) {
	return func(ctx context.Context, q *Query, ids []int64) (Found, error) {
		return find(ctx, selection, q, ids, now())
	}
}

func find(ctx context.Context, selection Selection, q *Query, ids []int64, now time.Time) (found Found, err error) {
	s, err := selection(ctx, q.Selectors, &q.Filter, func(context.Context, int) (int64, error) {
		return 0, store.ErrNotFound // Fix has replaced @
	})
	if err != nil {
		return found, q.withHint(err)
	}
	named := store.Filter{IDs: s.Filter.IDs}
	s.Filter.IDs, s.Filter.Limit, s.Within = ranges(ids), 0, flags.WhereTimeout
	judged := pick.Judgements{Warn: func(string, ...any) {}}
	s.Judged = func(x *record.Exchange, err error) { judged.Note("--where", x, err) }
	found.IDs = map[int64]bool{}
	for w, err := range s.Webhooks(ctx, now) {
		if err != nil {
			return found, err
		}
		if !w.Matches(&named) {
			continue
		}
		for _, x := range w.Exchanges {
			found.IDs[x.ID] = true
		}
	}
	if found.Failed = judged.Failures(); found.Failed > 0 {
		found.Mistake = judged.End()
	}
	if len(found.IDs) == 0 && found.Mistake == nil && q.status() != "" {
		found.Mistake = q.withHint(fail.Usage("no row of the list has the id %s", q.status()))
	}
	return found, nil
}

// ranges returns ids as ranges. Without ids it returns a range that holds no id, because a filter without ranges
// selects everything.
func ranges(ids []int64) (all []store.Range) {
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if n := len(all); n > 0 && id <= all[n-1].To+1 {
			all[n-1].To = id
			continue
		}
		all = append(all, store.Range{From: id, To: id})
	}
	if len(all) == 0 {
		return []store.Range{{From: 1, To: 0}}
	}
	return all
}

// status returns a selector that may be meant as a status; "" when there is none.
func (q *Query) status() string {
	for _, text := range q.Selectors {
		if n, err := strconv.Atoi(text); err == nil && n >= 100 && n <= 599 {
			return text
		}
	}
	return ""
}

// withHint puts the hint about a status before the others of a mistake.
func (q *Query) withHint(err error) error {
	f, ok := errors.AsType[*fail.Error](err)
	if ok && f.Code == fail.ExitUsage && q.status() != "" {
		f.Hints = append([]string{fmt.Sprintf("status:%s filters by the status", q.status())}, f.Hints...)
	}
	return err
}
