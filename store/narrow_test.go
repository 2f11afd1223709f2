package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Where many exchanges fulfil a condition, the newest webhooks are looked for first. They are the same, in the same
// order, as by a look at each exchange.
func TestTheWebhooksOfAConditionThatManyFulfilAreThoseThatFulfilIt(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	const many, batch = 26_000, 500
	random := rand.New(rand.NewPCG(1, 2))
	var xs []*record.Exchange
	for n := range many {
		x := &record.Exchange{Kind: record.Sent, Attempt: 1, Start: noon.Add(time.Duration(n) * time.Second), Ended: true,
			Request:  record.Request{Method: "POST", URL: fmt.Sprintf("http://127.0.0.1:%d/in", 4000+n%3)},
			Response: &record.Response{Status: 200}}
		if n%7 == 0 {
			x.Response.Status = 503
		}
		if n >= batch && random.IntN(5) == 0 { // of a webhook that may be long ago
			x.Thread, x.Role = int64(1+random.IntN(n-n%batch)), record.Attempt
		}
		xs = append(xs, x)
	}
	for some := range slices.Chunk(xs, batch) {
		keep(t, s, some...)
	}
	died := xs[many-2]
	if died.Response.Status != 200 {
		died = xs[many-1]
	}
	dead := &store.Queued{Kind: store.Message, Thread: died.ID, Target: "http://h/", Due: noon, Created: noon}
	must(t, s.Enqueue(t.Context(), dead))
	_, err := s.Lease(t.Context(), store.LeaseRequest{Kind: store.Message, Target: "http://h/", Owner: "o", Want: 1,
		Now: noon, Until: noon.Add(time.Hour)})
	must(t, err)
	dead.State = store.Dead
	must(t, s.Complete(t.Context(), "o", dead, noon))

	failed := func(x *record.Exchange) bool { return x.HasFailed() || x.ID == died.ID }
	there := func(x *record.Exchange) bool { return x.Request.URL == "http://127.0.0.1:4001/in" }
	upTo := noon.Add(many / 2 * time.Second)
	since := noon.Add((many - 25_000) * time.Second) // more than are gone through first
	recent := map[int64]bool{}                       // webhooks that have an exchange since then
	for x, err := range s.List(t.Context(), store.Filter{Since: since}) {
		must(t, err)
		recent[x.First()] = true
	}
	none := func(*record.Exchange) bool { return false }
	most := []store.Range{{From: 40, To: 14_000}, {From: 15_000, To: 1 << 40}}
	within := func(x *record.Exchange) bool { return x.ID >= 40 && x.ID <= 14_000 || x.ID >= 15_000 }
	notFound, serverError := store.StatusRange{From: 404, To: 404}, store.StatusRange{From: 500, To: 599}
	for name, c := range map[string]struct {
		filter store.Filter
		has    func(*record.Exchange) bool
		until  time.Time
		also   func(*record.Exchange) bool // that or another exchange
	}{
		"failed":               {store.Filter{Failed: true}, failed, time.Time{}, nil},
		"failed, up to a time": {store.Filter{Failed: true, Until: upTo}, failed, upTo, nil},
		"of an endpoint":       {store.Filter{Endpoint: "127.0.0.1:4001"}, there, time.Time{}, nil},
		"of an endpoint and 5xx": {store.Filter{Endpoint: "127.0.0.1:4001", Status: serverError}, there, time.Time{},
			(*record.Exchange).HasFailed},
		"failed, of an endpoint": {store.Filter{Endpoint: "127.0.0.1:4001", Failed: true}, failed, time.Time{}, there},
		"failed, from a time": {store.Filter{Failed: true, Since: since}, func(x *record.Exchange) bool {
			return failed(x) && recent[x.First()]
		}, time.Time{}, nil},
		"of a status":    {store.Filter{Status: serverError}, (*record.Exchange).HasFailed, time.Time{}, nil},
		"of no exchange": {store.Filter{Status: notFound}, none, time.Time{}, nil},
		"of most ids":    {store.Filter{IDs: most}, within, time.Time{}, nil},
	} {
		if c.also == nil {
			c.also = c.has
		}
		want := fulfilling(t, s, c.until, c.has, c.also)
		var got []int64
		for page, err := range s.Webhooks(t.Context(), c.filter) {
			must(t, err)
			got = append(got, page...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d webhooks, want %d; they differ from number %d on", name, len(got), len(want), differ(got, want))
		}
		if len(c.filter.IDs) == 0 {
			continue
		}
		var oldestFirst []int64
		c.filter.OldestFirst = true
		for page, err := range s.Webhooks(t.Context(), c.filter) {
			must(t, err)
			oldestFirst = append(oldestFirst, page...)
		}
		if slices.Sort(want); !slices.Equal(oldestFirst, want) {
			t.Errorf("%s, oldest first: %d webhooks, want %d; they differ from number %d on", name, len(oldestFirst), len(want),
				differ(oldestFirst, want))
		}
	}
}

func differ(a, b []int64) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// fulfilling returns the webhooks that fulfil two conditions, each with any of their exchanges. The webhook with the
// newest exchange comes first.
func fulfilling(t *testing.T, s *store.Store, until time.Time, has, also func(*record.Exchange) bool) (firsts []int64) {
	t.Helper()
	newest, some, others := map[int64]int64{}, map[int64]bool{}, map[int64]bool{}
	for x, err := range s.List(t.Context(), store.Filter{OldestFirst: true, Until: until}) {
		must(t, err)
		newest[x.First()] = x.ID
		some[x.First()] = some[x.First()] || has(x)
		others[x.First()] = others[x.First()] || also(x)
	}
	for first := range newest {
		if some[first] && others[first] {
			firsts = append(firsts, first)
		}
	}
	slices.SortFunc(firsts, func(a, b int64) int { return cmp.Compare(newest[b], newest[a]) })
	return firsts
}
