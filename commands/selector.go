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
)

// selected yields the exchanges that the selectors and flags choose, with the filter that adjust has changed.
func (sh *shell) selected(ctx context.Context, selectors []string, chosen *flags.Filter, adjust func(*store.Filter)) (
	iter.Seq2[*record.Exchange, error], error) {
	filter, where, err := sh.selection(ctx, selectors, chosen)
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

// selection returns the filter of the selectors and flags. The history is open afterwards.
func (sh *shell) selection(ctx context.Context, selectors []string, chosen *flags.Filter) (filter store.Filter,
	where *jq.Expr, err error) {
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
	filter.IDs, err = flags.SelectIDs(ctx, history, selectors)
	return filter, where, err
}

// narrowed returns the filter of the flags, in which ids stand for --where; none reports that it is true for no id. The
// history is open afterwards.
func (sh *shell) narrowed(ctx context.Context, chosen *flags.Filter) (filter store.Filter, none bool, err error) {
	filter, where, err := sh.selection(ctx, nil, chosen)
	if err != nil || where == nil {
		return filter, false, err
	}
	oldestFirst := filter
	oldestFirst.OldestFirst = true
	for x, err := range sh.listed(ctx, oldestFirst, where) {
		if err != nil {
			return filter, false, err
		}
		if n := len(filter.IDs); n > 0 && filter.IDs[n-1].To == x.ID-1 {
			filter.IDs[n-1].To = x.ID
		} else {
			filter.IDs = append(filter.IDs, store.Range{From: x.ID, To: x.ID})
		}
	}
	return filter, len(filter.IDs) == 0, nil
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
