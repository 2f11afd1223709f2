package shell

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// Selected yields the exchanges that the selectors and flags choose, one by one as --all shows them, with the filter
// that adjust has changed.
func (sh *Shell) Selected(ctx context.Context, selectors []string, chosen *flags.Filter, adjust func(*store.Filter)) (
	iter.Seq2[*record.Exchange, error], error) {
	s, err := sh.SelectionBy(ctx, selectors, chosen, func(ctx context.Context, n int) (int64, error) {
		return sh.History.Newest(ctx, n)
	})
	if err != nil {
		return nil, err
	}
	adjust(&s.Filter)
	s.Filter.Bodies = s.Filter.Bodies || sh.filter != nil && sh.filter.NeedsBodies()
	return s.Exchanges(ctx), nil
}

// ChosenWebhooks yields the webhooks that the selectors and flags choose, with the filter that adjust has changed.
func (sh *Shell) ChosenWebhooks(ctx context.Context, selectors []string, chosen *flags.Filter,
	adjust func(*store.Filter)) (iter.Seq2[*webhooks.Webhook, error], error) {
	s, err := sh.Selection(ctx, selectors, chosen)
	if err != nil {
		return nil, err
	}
	adjust(&s.Filter)
	return s.Webhooks(ctx, sh.Now()), nil
}

// EmitWebhook prints the JSON form of a webhook.
func (sh *Shell) EmitWebhook(ctx context.Context, w *webhooks.Webhook, with export.With) error {
	s, err := pick.Subject(ctx, sh.History, w, with, with.Body || with.Headers ||
		sh.filter != nil && sh.filter.NeedsBodies())
	if err != nil {
		return err
	}
	return sh.EmitSubject(s)
}

// Selection returns the webhooks that the selectors and flags choose. The history is open afterwards.
func (sh *Shell) Selection(ctx context.Context, selectors []string, chosen *flags.Filter) (pick.Selection, error) {
	return sh.SelectionBy(ctx, selectors, chosen, sh.Newest)
}

// SelectionBy is Selection with the meaning of @; see flags.SelectIDs.
func (sh *Shell) SelectionBy(ctx context.Context, selectors []string, chosen *flags.Filter,
	newest func(ctx context.Context, n int) (int64, error)) (s pick.Selection, err error) {
	s.Judged = func(x *record.Exchange, err error) { sh.Judgements.Note("--where", x, err) }
	if s.Filter, s.Where, err = sh.FilterOf(chosen); err != nil {
		return s, err
	}
	for _, text := range selectors { // what is not a selector is a mistake whether or not there is a history
		if _, err := flags.ParseSelector(text); err != nil {
			return s, flags.NoSelector(text, err)
		}
	}
	if s.History, err = sh.ReadHistory(ctx); err != nil {
		return s, err
	}
	s.Filter.IDs, err = flags.SelectIDs(ctx, s.History, selectors, newest)
	return s, sh.nearMissing(ctx, err)
}

// Newest returns the id of the webhook n rows below the top one of barb history, or store.ErrNotFound.
func (sh *Shell) Newest(ctx context.Context, n int) (int64, error) {
	return pick.Newest(ctx, sh.History, n, sh.Now())
}

// Narrowed returns a filter for exchanges. Where the flags ask for what only a webhook as a whole has, ids of exchanges
// stand for them; none reports that there are none. The history is open afterwards.
func (sh *Shell) Narrowed(ctx context.Context, chosen *flags.Filter) (filter store.Filter, none bool, err error) {
	s, err := sh.Selection(ctx, nil, chosen)
	filter = s.Filter
	if err != nil || s.Where == nil && !filter.Failed && !filter.Invalid {
		return filter, false, err
	}
	ids, err := s.ExchangeIDs(ctx, sh.Now())
	if none = len(ids) == 0; none {
		ids = []store.Range{{From: 1, To: 0}} // no ids at all would select everything
	}
	return store.Filter{IDs: ids, Since: filter.Since, Until: filter.Until, Endpoint: filter.Endpoint}, none, err
}

// FilterOf returns the filter of the flags, and the expression of --where, which may be nil.
func (sh *Shell) FilterOf(chosen *flags.Filter) (store.Filter, *jq.Expr, error) {
	return chosen.Parse(sh.Now(), func(name string) (string, error) {
		var err error
		if name != "" && !strings.Contains(name, "*") {
			if _, err = sh.File.LookupScheme(name); err != nil {
				err = ofScheme(err)
			}
		}
		return sh.File.Catalog().Name(name), err
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
