package webhooks

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// List yields the webhooks that a filter selects as a whole: the one with the newest exchange first, or with
// OldestFirst in the order in which they came. Bodies does not matter. An error ends the list.
func List(ctx context.Context, history *store.Store, f store.Filter, now time.Time) iter.Seq2[*Webhook, error] {
	return func(yield func(*Webhook, error) bool) {
		found := 0
		for part, err := range Parts(ctx, history, f, now) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, w := range part.Found {
				if found++; !yield(w, nil) || found == f.Limit {
					return
				}
			}
		}
	}
}

// Part is what one look into the history found.
type Part struct {
	Found []*Webhook
	Last  int64 // the newest exchange of the last webhook that was looked at
}

// Parts is List in parts, also those in which nothing was found, so that a long search can be stopped and gone on with:
// Part.Last is the Before of the next search. Limit does not matter.
func Parts(ctx context.Context, history *store.Store, f store.Filter, now time.Time) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		for firsts, err := range history.Webhooks(ctx, f) {
			var part Part
			if err == nil {
				part.Found, err = read(ctx, history, firsts, now)
			}
			if n := len(part.Found); n > 0 {
				part.Last = part.Found[n-1].Newest().ID
			}
			if err == nil {
				part.Found, err = matching(ctx, history, part.Found, &f)
			}
			if !yield(part, err) || err != nil {
				return
			}
		}
	}
}

// Get returns the webhook that an exchange belongs to, or store.ErrNotFound.
func Get(ctx context.Context, history *store.Store, id int64, now time.Time) (*Webhook, error) {
	for w, err := range List(ctx, history, store.Filter{IDs: []store.Range{{From: id, To: id}}}, now) {
		return w, err
	}
	return nil, store.ErrNotFound
}

// read returns webhooks in the order of their first exchanges.
func read(ctx context.Context, history *store.Store, firsts []int64, now time.Time) (page []*Webhook, err error) {
	all, err := history.Members(ctx, firsts)
	if err != nil {
		return nil, err
	}
	of, byFirst := map[int64]int64{}, map[int64][]*record.Exchange{}
	for _, x := range all.Exchanges {
		of[x.ID] = x.First()
		byFirst[x.First()] = append(byFirst[x.First()], x)
	}
	queued := map[int64][]*store.Queued{}
	for _, q := range all.Entries {
		queued[of[q.Thread]] = append(queued[of[q.Thread]], q)
	}
	for _, first := range firsts {
		if exchanges := byFirst[first]; len(exchanges) > 0 { // it may be pruned meanwhile
			w := New(exchanges, queued[first], now)
			w.Remark = all.Remarks[first]
			page = append(page, w)
		}
	}
	return page, nil
}

// matching returns the webhooks that a filter selects.
func matching(ctx context.Context, history *store.Store, page []*Webhook, f *store.Filter) ([]*Webhook, error) {
	page = slices.DeleteFunc(page, func(w *Webhook) bool { return !w.Matches(f) })
	if f.Grep == "" || len(page) == 0 {
		return page, nil
	}
	var ids []int64
	for _, w := range page {
		for _, x := range w.Exchanges {
			ids = append(ids, x.ID)
		}
	}
	found, err := history.Containing(ctx, ids, f.Grep)
	return slices.DeleteFunc(page, func(w *Webhook) bool {
		return !slices.ContainsFunc(w.Exchanges, func(x *record.Exchange) bool { return slices.Contains(found, x.ID) })
	}), err
}

// Matches reports whether a filter selects the webhook, but for Grep. An endpoint or an id is that of any of its
// exchanges, a status that of its sender or of its app, and its time is that of its newest exchange.
func (w *Webhook) Matches(f *store.Filter) bool {
	last, newest := w.Last(), w.Newest()
	some := func(is func(*record.Exchange) bool) bool { return slices.ContainsFunc(w.Exchanges, is) }
	switch {
	case f.Kind != 0 && w.Kind() != f.Kind,
		f.Before > 0 && newest.ID >= f.Before,
		f.Failed && w.State != Failed,
		f.Invalid && !w.Invalid(),
		f.Scheme != "" && (last.Scheme == "" || !record.MatchGlob(f.Scheme, last.Scheme)),
		f.Event != "" && (last.Event() == "" || !record.MatchGlob(f.Event, last.Event())),
		f.Status != store.StatusRange{} && !within(f.Status, last) && !within(f.Status, w.App()),
		!f.Since.IsZero() && newest.Start.Before(f.Since),
		!f.Until.IsZero() && newest.Start.After(f.Until):
		return false
	}
	return (len(f.IDs) == 0 || w.holds(f.IDs)) &&
		(f.WebhookID == "" || some(func(x *record.Exchange) bool { return x.WebhookID == f.WebhookID })) &&
		(f.Endpoint == "" || some(func(x *record.Exchange) bool {
			return record.MatchEndpoint(f.Endpoint, endpointOf(x.Request.URL))
		})) &&
		(f.Marked == "" || some(func(x *record.Exchange) bool { _, marked := x.Marked(f.Marked); return marked }))
}

func (w *Webhook) holds(ids []store.Range) bool {
	return slices.ContainsFunc(w.Exchanges, func(x *record.Exchange) bool {
		return slices.ContainsFunc(ids, func(r store.Range) bool { return r.From <= x.ID && x.ID <= r.To })
	})
}

func within(r store.StatusRange, x *record.Exchange) bool {
	return x != nil && r.From <= x.Status() && x.Status() <= r.To
}
