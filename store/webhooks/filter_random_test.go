package webhooks_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// A list looks for webhooks by indexes, in parts, and by several conditions at once. It has what Matches selects.
func TestListsHaveWhatTheirFilterMatches(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	b := newBook(t)
	b.fillAtRandom(chance, 20_600)
	now := noon.Add(24 * time.Hour)
	var all []*webhooks.Webhook
	for w, err := range webhooks.List(context.Background(), b.Store, store.Filter{}, now) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	for range 25 {
		f := anyFilter(chance)
		want := slices.DeleteFunc(slices.Clone(all), func(w *webhooks.Webhook) bool { return !w.Matches(&f) })
		if f.OldestFirst {
			slices.SortFunc(want, func(a, b *webhooks.Webhook) int { return int(a.ID - b.ID) })
		}
		var got []int64
		for w, err := range webhooks.List(context.Background(), b.Store, f, now) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, w.ID)
		}
		if !slices.EqualFunc(got, want, func(id int64, w *webhooks.Webhook) bool { return id == w.ID }) {
			t.Errorf("%+v: %d webhooks, want %d", f, len(got), len(want))
		}
	}
}

// fillAtRandom records webhooks that came and went: some failed, some were sent again long after.
func (b *book) fillAtRandom(chance *rand.Rand, n int) {
	b.t.Helper()
	var threads []int64
	for recorded := 0; recorded < n; {
		var group []*record.Exchange
		for range 512 {
			x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon.Add(time.Duration(b.n) * time.Second),
				Ended: true, Took: time.Millisecond, WebhookID: fmt.Sprintf("msg_%d", chance.IntN(n/2)),
				EventType: fmt.Sprintf("order.%d", chance.IntN(12)), Scheme: []string{"stripe", "github", ""}[chance.IntN(3)],
				Verdict: record.Verdict{Status: record.Valid},
				Request: record.Request{Method: "POST", URL: "http://127.0.0.1:4242/in"}}
			b.n++
			status([]int{200, 200, 200, 202, 404, 503}[chance.IntN(6)])(x)
			if chance.IntN(3) == 0 {
				invalid(x)
			}
			if chance.IntN(9) == 0 {
				mark(record.Stale)(x)
			}
			if len(threads) > 0 && chance.IntN(3) == 0 {
				thread := threads[max(0, len(threads)-1-int(chance.ExpFloat64()*40))]
				sentTo(fmt.Sprintf("api-%d.example.com", chance.IntN(10)), thread, record.Replay)(x)
			} else if chance.IntN(2) == 0 {
				sentTo(fmt.Sprintf("api-%d.example.com", chance.IntN(10)), 0, record.First)(x)
			}
			group = append(group, x)
		}
		if err := b.Record(context.Background(), group...); err != nil {
			b.t.Fatal(err)
		}
		for _, x := range group {
			if x.Thread == 0 {
				threads = append(threads, x.ID)
			}
		}
		recorded += len(group)
	}
}

// anyFilter is one of one to four conditions.
func anyFilter(chance *rand.Rand) (f store.Filter) {
	f.OldestFirst = chance.IntN(4) == 0
	for range 1 + chance.IntN(4) {
		switch chance.IntN(10) {
		case 0:
			f.Failed = true
		case 1:
			f.Invalid = true
		case 2:
			f.Event = []string{"order.3", "order.1*", "order.none", "*"}[chance.IntN(4)]
		case 3:
			f.Endpoint = []string{"api-3.example.com", "*.com", "nowhere", ":4242"}[chance.IntN(4)]
		case 4:
			f.Status = []store.StatusRange{{From: 503, To: 503}, {From: 200, To: 299}, {From: 400, To: 499}}[chance.IntN(3)]
		case 5:
			f.Scheme = []string{"stripe", "git*", "none", "*"}[chance.IntN(4)]
		case 6:
			f.Marked = record.Stale
		case 7:
			f.Kind = []record.Kind{record.Received, record.Sent}[chance.IntN(2)]
		case 8:
			from := int64(chance.IntN(20_000))
			f.IDs = []store.Range{{From: from, To: from + int64(chance.IntN(15_000))}}
		case 9:
			f.WebhookID = fmt.Sprintf("msg_%d", chance.IntN(10_000))
		}
	}
	return f
}
