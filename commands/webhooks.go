package commands

import (
	"context"
	"iter"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// chosenWebhooks yields the webhooks that the selectors and flags choose, with the filter that adjust has changed.
func (sh *shell) chosenWebhooks(ctx context.Context, selectors []string, chosen *flags.Filter,
	adjust func(*store.Filter)) (iter.Seq2[*webhooks.Webhook, error], error) {
	filter, where, err := sh.selection(ctx, selectors, chosen)
	if err != nil {
		return nil, err
	}
	adjust(&filter)
	return sh.webhooks(ctx, filter, where), nil
}

// webhooks yields the webhooks of a selection. One on which the expression fails is left out, and said.
func (sh *shell) webhooks(ctx context.Context, f store.Filter, where *jq.Expr) iter.Seq2[*webhooks.Webhook, error] {
	if where == nil {
		return webhooks.List(ctx, sh.history, f, sh.Now())
	}
	return func(yield func(*webhooks.Webhook, error) bool) {
		limit, found := f.Limit, 0
		f.Limit = 0
		for w, err := range webhooks.List(ctx, sh.history, f, sh.Now()) {
			var s jq.Subject
			if err == nil {
				s, err = sh.subject(ctx, w, where.With(), where.NeedsAll())
			}
			if err != nil {
				yield(nil, err)
				return
			}
			ok, err := where.TrueOf(s, 0)
			if sh.judged("--where", s.Exchange, err); !ok || err != nil {
				continue
			}
			if found++; !yield(w, nil) || found == limit {
				return
			}
		}
	}
}

// subject returns a webhook as an expression and the JSON output have it. Whole reads its bodies and headers, and those
// of the app that answered it.
func (sh *shell) subject(ctx context.Context, w *webhooks.Webhook, with export.With, whole bool) (jq.Subject, error) {
	last, app := w.Last(), w.App()
	if whole {
		var err error
		if last, err = sh.history.Get(ctx, last.ID); err != nil {
			return jq.Subject{}, err
		}
		if app != nil {
			if app, err = sh.history.Get(ctx, app.ID); err != nil {
				return jq.Subject{}, err
			}
		}
	}
	s := jq.Subject{Exchange: last, Answered: app, Line: w.JSON(last, with)}
	if last.ID != w.ID { // what is said about it names the webhook
		named := *last
		named.ID = w.ID
		s.Exchange = &named
	}
	return s, nil
}

// emitWebhook prints the JSON form of a webhook.
func (sh *shell) emitWebhook(ctx context.Context, w *webhooks.Webhook, with export.With) error {
	s, err := sh.subject(ctx, w, with, with.Body || with.Headers || sh.filter != nil && sh.filter.NeedsBodies())
	if err != nil {
		return err
	}
	return sh.emitSubject(s)
}

// exchangesOf returns the ids of all exchanges of the webhooks of a selection.
func (sh *shell) exchangesOf(ctx context.Context, f store.Filter, where *jq.Expr) (ids []store.Range, err error) {
	f.OldestFirst = true
	for w, err := range sh.webhooks(ctx, f, where) {
		if err != nil {
			return nil, err
		}
		for _, x := range w.Exchanges {
			ids = appendID(ids, x)
		}
	}
	return ids, nil
}

func appendID(ids []store.Range, x *record.Exchange) []store.Range {
	if n := len(ids); n > 0 && ids[n-1].To == x.ID-1 {
		ids[n-1].To = x.ID
		return ids
	}
	return append(ids, store.Range{From: x.ID, To: x.ID})
}
