package pick

import (
	"context"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/webhooks"
)

// Subject returns a webhook as an expression and the JSON output have it. Whole reads its bodies and headers, and those
// of the app that answered it.
func Subject(ctx context.Context, history *store.Store, w *webhooks.Webhook, with export.With, whole bool) (jq.Subject,
	error) {
	last, app := w.Last(), w.App()
	if whole {
		var err error
		if last, err = history.Get(ctx, last.ID); err != nil {
			return jq.Subject{}, err
		}
		if app != nil {
			if app, err = history.Get(ctx, app.ID); err != nil {
				return jq.Subject{}, err
			}
		}
	}
	s := jq.Subject{Exchange: last, Answered: app, Line: w.JSON(last, with)}
	if last.ID != w.ID { // messages about it name the webhook
		named := *last
		named.ID = w.ID
		s.Exchange = &named
	}
	return s, nil
}
