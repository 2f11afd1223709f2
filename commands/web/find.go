package web

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// found is a part of the list, newest first.
type found struct {
	rows   []*webhooks.Webhook
	older  int64 // before which the next part begins; 0: there is none
	paused bool  // the search was stopped before the part was full
	failed int   // webhooks on which the expression of where: failed
}

// slice is how long a request looks for rows before it answers with what it has. A list without much to look at is
// finished on a busy machine, too: without scripts nobody goes on with it.
const (
	slice     = 200 * time.Millisecond
	longSlice = 10 * slice // for the first pageRows webhooks that are looked at
)

// selection returns what a filter selects. The words of the filter are not part of it.
func (p *Page) selection(ctx context.Context, q *query.Query) (s pick.Selection, err error) {
	s.History, s.Within = p.History, flags.WhereTimeout
	s.Judged = func(*record.Exchange, error) {}
	if s.Filter, s.Where, err = p.Filter(&q.Filter); err != nil {
		return s, err
	}
	if len(q.Selectors) == 0 {
		return s, nil
	}
	s.Filter.IDs, err = flags.SelectIDs(ctx, p.History, q.Selectors, func(ctx context.Context, n int) (int64, error) {
		return pick.Newest(ctx, p.History, n, p.Now())
	})
	return s, err
}

// chosen is selection, whose error about a condition of the filter says where that stands.
func (p *Page) chosen(ctx context.Context, q *query.Query) (pick.Selection, error) {
	s, err := p.selection(ctx, q)
	if err != nil && isUsage(err) {
		err = q.Blame(err, func(one *query.Query) error {
			_, err := p.selection(ctx, one)
			return err
		})
	}
	return s, err
}

// find returns up to limit rows before an exchange (0: the newest).
func (p *Page) find(ctx context.Context, q *query.Query, before int64, limit int) (out found, err error) {
	s, err := p.chosen(ctx, q)
	if err != nil {
		return out, err
	}
	s.Filter.Before = before
	s.Judged = func(_ *record.Exchange, err error) {
		if err != nil {
			out.failed++
		}
	}
	begun, looked := time.Now(), 0
	late := func(c *candidate) bool {
		took := time.Since(begun)
		isShort := c.Webhook != nil && looked < pageRows && s.Where == nil
		return took > slice && !isShort || took > longSlice
	}
	for c, err := range everything(ctx, &s, p.Now()) {
		switch {
		case err != nil:
			return out, err
		case c.selected && q.Has(words(c.Webhook)):
			if len(out.rows) == limit {
				return out, nil
			}
			out.rows = append(out.rows, c.Webhook)
		}
		looked++
		if out.older = c.at; late(&c) && len(out.rows) < limit {
			out.paused = true
			return out, nil
		}
	}
	out.older = 0
	return out, nil
}

// candidate is a webhook that was looked at, or the end of a part of the history in which nothing more was found.
type candidate struct {
	*webhooks.Webhook
	selected bool
	at       int64 // its newest exchange
}

// everything yields the webhooks that a selection may select. It yields those that an expression leaves out too, and
// the end of each part of the history, so that a search that finds nothing can be paused.
func everything(ctx context.Context, s *pick.Selection, now time.Time) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for part, err := range webhooks.Parts(ctx, s.History, s.Filter, now) {
			for _, w := range part.Found {
				c := candidate{w, true, w.Newest().ID}
				if err == nil && s.Where != nil {
					c.selected, err = isTrue(ctx, s, w)
				}
				if !yield(c, err) || err != nil {
					return
				}
			}
			if (err != nil || part.Last != 0) && !yield(candidate{at: part.Last}, err) {
				return
			}
		}
	}
}

// isTrue reports whether the expression of a selection is true of a webhook.
func isTrue(ctx context.Context, s *pick.Selection, w *webhooks.Webhook) (bool, error) {
	subject, err := pick.Subject(ctx, s.History, w, s.Where.With(), s.Where.NeedsAll())
	if err != nil {
		return false, err
	}
	ok, err := s.Where.TrueOf(subject, s.Within)
	s.Judged(subject.Exchange, err)
	return ok && err == nil, ctx.Err()
}

// words is the text of a row that the words of a filter look at.
func words(w *webhooks.Webhook) string {
	x := w.Last()
	text := strconv.FormatInt(w.ID, 10) + " " + x.Kind.String() + " " + x.Request.Method + " " + x.Request.URL + " " +
		x.Event() + " " + x.Scheme + " " + x.Verdict.Words() + " " + x.WebhookID + " " + string(w.State)
	if status := x.Status(); status != 0 {
		text += " " + strconv.Itoa(status)
	}
	if app := w.App(); app != nil {
		text += " " + strconv.Itoa(app.Status()) + " " + app.Request.URL
	}
	return text
}

// came counts how often the sender of a received webhook delivered it.
func came(w *webhooks.Webhook) (n int) {
	for _, x := range w.Exchanges {
		if x.Kind == record.Received {
			n++
		}
	}
	return n
}

// tries counts the attempts of a sent webhook, and those of a received one at its app.
func tries(w *webhooks.Webhook) (n int) {
	app := w.App()
	for _, x := range w.Exchanges {
		switch {
		case x.Attempt == 0 || x.Role == record.Elsewhere || x.Role == record.Mirror:
		case app == nil && w.Kind() == record.Sent && x.Kind == record.Sent, app != nil && webhooks.SameApp(x, app):
			n++
		}
	}
	return n
}

// waits reports whether an entry of the queue delivers the webhook later, or has given up.
func waits(w *webhooks.Webhook, states ...store.QueueState) bool {
	return slices.ContainsFunc(w.Entries, func(q *store.Queued) bool { return slices.Contains(states, q.State) })
}
