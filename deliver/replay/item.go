package replay

import (
	"iter"
	"slices"
	"strings"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
	"github.com/barbhq/barb/store/webhooks"
)

// Item is one webhook that is replayed: the exchange that holds its request, and where it goes.
type Item struct {
	*record.Exchange
	Target string        // where the webhook went before; "" for a received one that went nowhere
	Letter *store.Queued // the dead letter it is replayed for; nil: none
	// Then has the answer that the webhook got before, without headers and body: its app's, else that of barb. It is nil
	// where no answer came.
	Then  *record.Exchange
	whole bool // the exchange has its request whole
}

// Items returns an item for each of the webhooks. With letters that are not nil it is one for each letter of a webhook,
// which has several where it was forwarded to several apps.
func (l Letters) Items(all iter.Seq2[*webhooks.Webhook, error]) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for w, err := range all {
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, item := range l.itemsOf(w) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

func (l Letters) itemsOf(w *webhooks.Webhook) (items []Item) {
	if l == nil {
		x := requestOf(w)
		return []Item{{Exchange: x, Target: wentTo(w, x), Then: answered(w)}}
	}
	for _, x := range w.Exchanges {
		for _, q := range l[x.ID] {
			items = append(items, Item{Exchange: x, Target: q.Target, Letter: q, Then: answered(w)})
		}
	}
	return items
}

// answered returns the exchange with the answer of a webhook's app, or of barb where no app was asked.
func answered(w *webhooks.Webhook) *record.Exchange {
	x := w.App()
	if x == nil {
		x = w.Last()
	}
	if x.Response == nil {
		return nil
	}
	return x
}

// requestOf returns the exchange whose request is sent again: of a received webhook the last delivery of its sender, of
// a sent one the first, which may be a message of the queue.
func requestOf(w *webhooks.Webhook) *record.Exchange {
	if w.Kind() == record.Received {
		return w.Last()
	}
	return w.Exchanges[0]
}

// wentTo returns where a webhook went first, "" where that is not known. Of several apps it is the first that has not
// taken the webhook: the others have it. Mirrors and replays to other places do not count. A webhook that waits for its
// first forward goes where it is to go.
func wentTo(w *webhooks.Webhook, x *record.Exchange) string {
	if x.Kind == record.Sent {
		return x.Request.URL
	}
	var first *record.Exchange
	for _, f := range w.Exchanges {
		if f.Role != record.Forward {
			continue
		}
		if first == nil {
			first = f
		}
		if !w.TakenBy(f.Request.URL) {
			first = f
			break
		}
	}
	if first != nil {
		return known(withoutQueryOf(first.Request.URL, &x.Request))
	}
	for _, q := range w.Entries {
		if q.Kind == store.Forward {
			return known(q.Target)
		}
	}
	return ""
}

// Homes returns the addresses that a webhook went to or waits to go to, each once. The first is that of a replay. None
// are known of a webhook that went nowhere.
func Homes(w *webhooks.Webhook) (all []string) {
	x := requestOf(w)
	add := func(address string) {
		if address != "" && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	add(wentTo(w, x))
	if w.Kind() == record.Sent {
		return all
	}
	for _, f := range w.Exchanges {
		if f.Role == record.Forward {
			add(known(withoutQueryOf(f.Request.URL, &x.Request)))
		}
	}
	for _, q := range w.Entries {
		if q.Kind == store.Forward {
			add(known(q.Target))
		}
	}
	return all
}

// known returns an address of which the history masks nothing, "" for another.
func known(address string) string {
	if strings.Contains(address, redact.Placeholder) {
		return ""
	}
	return address
}

// withoutQueryOf returns the address of a forward without the query of the request that it passes on, which a replay
// adds again.
func withoutQueryOf(address string, r *record.Request) string {
	_, query, _ := strings.Cut(r.WireTarget(), "?")
	if query == "" {
		return address
	}
	if before, ok := strings.CutSuffix(address, "&"+query); ok {
		return before
	}
	return strings.TrimSuffix(address, "?"+query)
}
