// Package pick selects the webhooks of a history that a command works on. It knows no flag, and it prints nothing.
package pick

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Selection is what a filter and an expression choose of a history.
type Selection struct {
	History *store.Store
	Filter  store.Filter
	Where   *jq.Expr // nil: everything that the filter selects
	// Judged is told how the expression went on each exchange. An exchange or webhook on which it fails is left out.
	Judged func(x *record.Exchange, err error)
	Within time.Duration // how long the expression may take for one webhook; 0: any time
}

// Webhooks yields the selected webhooks with their state at a time. An error ends the list.
func (s *Selection) Webhooks(ctx context.Context, now time.Time) iter.Seq2[*webhooks.Webhook, error] {
	if s.Where == nil {
		return webhooks.List(ctx, s.History, s.Filter, now)
	}
	f := s.Filter
	f.Limit = 0
	return whereTrue(webhooks.List(ctx, s.History, f, now), s.Filter.Limit,
		func(w *webhooks.Webhook) (ok bool, broken error) {
			subject, err := Subject(ctx, s.History, w, s.Where.With(), s.Where.NeedsAll())
			if err = cmp.Or(err, ctx.Err()); err != nil {
				return false, err
			}
			ok, err = s.Where.TrueOf(subject, s.Within)
			s.Judged(subject.Exchange, err)
			return ok && err == nil, nil
		})
}

// Exchanges yields the selected exchanges one by one. An error ends the list.
func (s *Selection) Exchanges(ctx context.Context) iter.Seq2[*record.Exchange, error] {
	if s.Where == nil {
		return s.History.List(ctx, s.Filter)
	}
	f := s.Filter
	f.Limit, f.Bodies = 0, f.Bodies || s.Where.NeedsAll()
	return whereTrue(s.History.List(ctx, f), s.Filter.Limit, func(x *record.Exchange) (bool, error) {
		ok, err := s.Where.True(x, s.Within)
		s.Judged(x, err)
		return ok && err == nil, nil
	})
}

// whereTrue yields those for which is returns true, at most limit of them (0: all). An error of all or is ends the
// list.
func whereTrue[T any](all iter.Seq2[*T, error], limit int, is func(*T) (bool, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		found := 0
		for one, err := range all {
			ok := false
			if err == nil {
				ok, err = is(one)
			}
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !ok:
				continue
			}
			if found++; !yield(one, nil) || found == limit {
				return
			}
		}
	}
}

// ExchangeIDs returns the ids of all exchanges of the selected webhooks.
func (s *Selection) ExchangeIDs(ctx context.Context, now time.Time) (ids []store.Range, err error) {
	oldest := *s
	oldest.Filter.OldestFirst = true
	for w, err := range oldest.Webhooks(ctx, now) {
		if err != nil {
			return nil, err
		}
		for _, x := range w.Exchanges {
			ids = appendID(ids, x.ID)
		}
	}
	return ids, nil
}

// FirstIDs returns the ids of the first exchanges of the selected webhooks. Where nothing is selected it returns a
// range that holds no id, because a filter without ids selects everything.
func (s *Selection) FirstIDs(ctx context.Context, now time.Time) (ids []store.Range, err error) {
	for w, err := range s.Webhooks(ctx, now) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, store.Range{From: w.Exchanges[0].ID, To: w.Exchanges[0].ID})
	}
	if len(ids) == 0 {
		ids = []store.Range{{From: -1, To: -1}}
	}
	return ids, nil
}

func appendID(ids []store.Range, id int64) []store.Range {
	if n := len(ids); n > 0 && ids[n-1].To == id-1 {
		ids[n-1].To = id
		return ids
	}
	return append(ids, store.Range{From: id, To: id})
}

// Newest returns the id of the webhook n rows below the newest one, or store.ErrNotFound.
func Newest(ctx context.Context, history *store.Store, n int, now time.Time) (int64, error) {
	for w, err := range webhooks.List(ctx, history, store.Filter{Limit: n + 1}, now) {
		if err != nil {
			return 0, err
		}
		if n--; n < 0 {
			return w.ID, nil
		}
	}
	return 0, store.ErrNotFound
}
