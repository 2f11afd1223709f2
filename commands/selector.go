package commands

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// selected yields the exchanges that the selectors and flags choose, one by one as --all shows them, with the filter
// that adjust has changed.
func (sh *shell) selected(ctx context.Context, selectors []string, chosen *flags.Filter, adjust func(*store.Filter)) (
	iter.Seq2[*record.Exchange, error], error) {
	filter, where, err := sh.selectionBy(ctx, selectors, chosen, func(ctx context.Context, n int) (int64, error) {
		return sh.history.Newest(ctx, n)
	})
	if err != nil {
		return nil, err
	}
	adjust(&filter)
	return sh.listed(ctx, filter, where), nil
}

// listed yields the exchanges of a selection.
func (sh *shell) listed(ctx context.Context, filter store.Filter, where *jq.Expr) iter.Seq2[*record.Exchange, error] {
	if sh.filter != nil && sh.filter.NeedsBodies() {
		filter.Bodies = true
	}
	if where == nil {
		return sh.history.List(ctx, filter)
	}
	limit := filter.Limit
	filter.Limit, filter.Bodies = 0, filter.Bodies || where.NeedsAll()
	return flags.WhereTrue(sh.history.List(ctx, filter), where, limit, func(x *record.Exchange, err error) {
		sh.judged("--where", x, err)
	})
}

// selection returns the filter of the selectors and flags, for webhooks. The history is open afterwards.
func (sh *shell) selection(ctx context.Context, selectors []string, chosen *flags.Filter) (store.Filter, *jq.Expr,
	error) {
	return sh.selectionBy(ctx, selectors, chosen, sh.newest)
}

// selectionBy is selection with the meaning of @; see flags.SelectIDs.
func (sh *shell) selectionBy(ctx context.Context, selectors []string, chosen *flags.Filter,
	newest func(ctx context.Context, n int) (int64, error)) (filter store.Filter, where *jq.Expr, err error) {
	if filter, where, err = filterOf(sh, chosen); err != nil {
		return filter, nil, err
	}
	for _, text := range selectors { // what is not a selector is a mistake whether or not there is a history
		if _, err := flags.ParseSelector(text); err != nil {
			return filter, nil, fail.Usage("%w", err).Hint("barb history lists the ids")
		}
	}
	history, err := sh.readHistory(ctx)
	if err != nil {
		return filter, nil, err
	}
	filter.IDs, err = flags.SelectIDs(ctx, history, selectors, newest)
	return filter, where, err
}

// newest returns the id of the webhook n rows below the top one of barb history, or store.ErrNotFound.
func (sh *shell) newest(ctx context.Context, n int) (int64, error) {
	for w, err := range webhooks.List(ctx, sh.history, store.Filter{Limit: n + 1}, sh.Now()) {
		if err != nil {
			return 0, err
		}
		if n--; n < 0 {
			return w.ID, nil
		}
	}
	return 0, store.ErrNotFound
}

// narrowed returns a filter for exchanges. Where the flags ask for what only a webhook as a whole has, ids of exchanges
// stand for them; none reports that there are none. The history is open afterwards.
func (sh *shell) narrowed(ctx context.Context, chosen *flags.Filter) (filter store.Filter, none bool, err error) {
	filter, where, err := sh.selection(ctx, nil, chosen)
	if err != nil || where == nil && !filter.Failed && !filter.Invalid {
		return filter, false, err
	}
	ids, err := sh.exchangesOf(ctx, filter, where)
	return store.Filter{IDs: ids, Since: filter.Since, Until: filter.Until, Endpoint: filter.Endpoint}, len(ids) == 0, err
}

// filterOf is the filter of the flags, and the expression of --where, which may be nil.
func filterOf(sh *shell, chosen *flags.Filter) (store.Filter, *jq.Expr, error) {
	return chosen.Parse(sh.Now(), func(name string) (string, error) {
		var err error
		if name != "" && !strings.Contains(name, "*") {
			if _, err = sh.file.LookupScheme(name); err != nil {
				err = ofScheme(err)
			}
		}
		return sh.file.Catalog().Name(name), err
	})
}

// ofScheme turns the hints of an unknown scheme, which are about -s, into hints about the filter.
func ofScheme(err error) error {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		for i, hint := range f.Hints {
			f.Hints[i] = strings.ReplaceAll(hint, "-s ", "--of-scheme ")
		}
	}
	return err
}
