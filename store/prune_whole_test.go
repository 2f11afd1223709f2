package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// forwarded is an ended forward of a received exchange.
func forwarded(of int64, start time.Time) *record.Exchange {
	x := answered(attempt(1, "app.test"), 200)
	x.Start, x.Thread, x.Role = start, of, record.Forward
	return x
}

// webhooksOf returns the exchanges of each webhook that are in a history.
func webhooksOf(t *testing.T, s *store.Store) map[int64][]int64 {
	t.Helper()
	all := map[int64][]int64{}
	for x, err := range s.List(context.Background(), store.Filter{OldestFirst: true}) {
		must(t, err)
		all[x.First()] = append(all[x.First()], x.ID)
	}
	return all
}

func TestPruneRemovesWholeWebhooksAndKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	ctx, old, cut := context.Background(), noon.Add(time.Second), noon.Add(time.Hour)
	rule := store.PruneRule{Whole: true, OlderThan: cut, Open: noon.Add(-time.Minute)}
	for name, c := range map[string]struct {
		more  func(s *store.Store, first int64) // beside a received exchange and a forward
		rule  func(*store.PruneRule)
		stays bool
	}{
		"old": {},
		"a redelivery began later": {more: func(s *store.Store, first int64) {
			x := answered(hook(1), 200)
			x.Start, x.Thread, x.Role = cut, first, record.Redelivery
			keep(t, s, x)
		}, stays: true},
		"the forward waits in the queue": {more: func(s *store.Store, first int64) {
			x := forwarded(first, old)
			must(t, s.RecordQueued(ctx, x, delivery("")))
		}, stays: true},
		"a forward is going on": {more: func(s *store.Store, first int64) {
			x := forwarded(first, old)
			x.Ended, x.Response = false, nil
			keep(t, s, x)
		}, stays: true},
		"the answer to a redelivery is on its way": {more: func(s *store.Store, first int64) {
			x := answered(hook(1), 200)
			x.Start, x.Thread, x.Role, x.Foreseen, x.Ended = old, first, record.Redelivery, true, false
			keep(t, s, x)
		}, stays: true},
		"a forward was given up long ago": {more: func(s *store.Store, first int64) {
			x := forwarded(first, noon.Add(-time.Hour))
			x.Ended, x.Response = false, nil
			keep(t, s, x)
		}},
		"its first exchange is gone": {more: func(s *store.Store, first int64) {
			_, err := s.Prune(ctx, store.PruneRule{OlderThan: cut, Filter: store.Filter{IDs: []store.Range{{From: first,
				To: first}}}})
			must(t, err)
		}},
		"only the forward is chosen": {rule: func(r *store.PruneRule) {
			r.Filter.Kind = record.Sent
		}, stays: true},
		"it is chosen": {rule: func(r *store.PruneRule) {
			r.Filter.IDs = []store.Range{{From: -1, To: -1}, {From: 1, To: 1}, {From: 9, To: 9}}
		}},
		"another is chosen": {rule: func(r *store.PruneRule) {
			r.Filter.IDs = []store.Range{{From: -1, To: -1}, {From: 3, To: 9}}
		}, stays: true},
		"by size": {rule: func(r *store.PruneRule) { r.OlderThan, r.MaxBytes = time.Time{}, 1 }},
		"by size what waits stays": {more: func(s *store.Store, first int64) {
			must(t, s.RecordQueued(ctx, forwarded(first, cut), delivery("")))
		}, rule: func(r *store.PruneRule) { r.OlderThan, r.MaxBytes = time.Time{}, 1 }, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHistory(t)
			first := answered(hook(0), 200)
			keep(t, s, first)
			keep(t, s, forwarded(first.ID, old))
			if c.more != nil {
				c.more(s, first.ID)
			}
			r := rule
			if c.rule != nil {
				c.rule(&r)
			}
			before := int64(len(listed(t, s, store.Filter{})))
			want := store.PruneResult{Removed: before, Webhooks: 1}
			if c.stays {
				want = store.PruneResult{}
			}
			would, err := s.WouldPrune(ctx, r)
			if must(t, err); would != want {
				t.Errorf("it would remove %+v, want %+v", would, want)
			}
			did, err := s.Prune(ctx, r)
			if must(t, err); did.Removed != want.Removed || did.Webhooks != want.Webhooks {
				t.Errorf("it removed %+v, want %+v", did, want)
			}
			if left := int64(len(listed(t, s, store.Filter{}))); left != before-want.Removed {
				t.Errorf("%d of %d are left", left, before)
			}
		})
	}
}

// A history in no order, of which some webhooks are chosen: those that go are told by another rule than the store's.
func TestWhatPruneRemovesIsWholeAndWhatItWouldRemove(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		s, chance := newHistory(t), rand.New(rand.NewPCG(seed, 1))
		type state struct{ late, waits bool }
		all, cut := map[int64]*state{}, noon.Add(time.Hour)
		var firsts []int64
		var xs []*record.Exchange
		var waiting []*store.Queued
		for id := range int64(1500) {
			id++
			x := answered(hook(1), 200)
			x.Start = noon.Add(time.Duration(chance.IntN(4000)) * time.Second)
			first := id
			if len(firsts) > 0 && chance.IntN(2) == 0 {
				first = firsts[max(0, len(firsts)-1-chance.IntN(50))]
				x = forwarded(first, x.Start)
			} else {
				firsts, all[id] = append(firsts, id), &state{}
			}
			of := all[first]
			of.late = of.late || !x.Start.Before(cut)
			if chance.IntN(40) == 0 {
				q := delivery("")
				q.Thread, of.waits = id, true
				waiting = append(waiting, q)
			}
			xs = append(xs, x)
		}
		must(t, s.Record(context.Background(), xs...))
		must(t, s.Enqueue(context.Background(), waiting...))
		before, want := webhooksOf(t, s), map[int64][]int64{}
		rule := store.PruneRule{Whole: true, OlderThan: cut}
		for first, ids := range before {
			chosen := chance.IntN(3) > 0
			if chosen {
				for _, id := range ids {
					rule.Filter.IDs = append(rule.Filter.IDs, store.Range{From: id, To: id})
				}
			}
			if of := all[first]; !chosen || of.late || of.waits {
				want[first] = ids
			}
		}
		would, err := s.WouldPrune(context.Background(), rule)
		must(t, err)
		did, err := s.Prune(context.Background(), rule)
		if must(t, err); did.Removed != would.Removed || did.Webhooks != would.Webhooks || did.Webhooks == 0 ||
			did.Webhooks != int64(len(before)-len(want)) {
			t.Errorf("seed %d: it removed %+v, would remove %+v, want %d webhooks", seed, did, would, len(before)-len(want))
		}
		if d := diff(want, webhooksOf(t, s)); d != "" {
			t.Errorf("seed %d: left, but for:\n%s", seed, d)
		}
	}
}

// A forward that came before its webhook was removed keeps it, or by size goes with it.
func TestForwardsThatComeWhilePruneGoesOnAreNotLeftAlone(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]store.PruneRule{"by age": {OlderThan: noon.Add(time.Hour)},
		"by size": {MaxBytes: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const many = 3000
			rule.Whole = true
			s := filled(t, many)
			other := openHistory(t, s.Path())
			done, came := make(chan struct{}), map[int64]int64{} // the forward of a webhook that was there afterwards
			var wg sync.WaitGroup
			wg.Go(func() {
				ctx, chance := context.Background(), rand.New(rand.NewPCG(1, 2))
				for {
					select {
					case <-done:
						return
					default:
					}
					first := chance.Int64N(many) + 1
					x := forwarded(first, noon.Add(2*time.Hour))
					if _, err := other.Get(ctx, first); err != nil || came[first] != 0 {
						continue
					}
					if err := other.Record(ctx, x); err != nil {
						t.Error(err)
						return
					}
					if _, err := other.Get(ctx, first); err == nil {
						came[first] = x.ID
					}
				}
			})
			_, err := s.Prune(context.Background(), rule)
			close(done)
			wg.Wait()
			must(t, err)
			left := webhooksOf(t, s)
			for first, forward := range came {
				kept, whole := left[first], []int64{first, forward}
				if !slices.Equal(kept, whole) && (len(kept) > 0 || rule.MaxBytes == 0) {
					t.Errorf("of webhook %v %v is left", whole, kept)
				}
			}
			if len(came) == 0 {
				t.Error("no forward came meanwhile")
			}
			t.Logf("%d came meanwhile, %d webhooks are left", len(came), len(left))
		})
	}
}
