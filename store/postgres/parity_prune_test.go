package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
)

// remains is everything of a history that a prune may remove.
type remains struct {
	Exchanges []int64
	Entries   []string
	Mirrors   map[int64]engine.Mirror
	Remarks   map[int64]engine.Remark
	Newest    int64
}

func remainsOf(t *testing.T, ids []int64) func(engine.Engine) (remains, error) {
	return func(e engine.Engine) (r remains, err error) {
		xs, err := listOf(e.List(t.Context(), engine.Filter{OldestFirst: true}))
		if err != nil {
			return r, err
		}
		for _, x := range xs {
			r.Exchanges = append(r.Exchanges, x.ID)
		}
		entries, err := e.Queue(t.Context(), engine.QueueFilter{})
		if err != nil {
			return r, err
		}
		for _, q := range entries {
			r.Entries = append(r.Entries, fmt.Sprintf("%d of %d: %s, behind %v", q.ID, q.Thread, q.State, q.Blocked))
		}
		r.Mirrors = map[int64]engine.Mirror{}
		for _, id := range ids {
			m, ok, err := e.Mirror(t.Context(), id)
			if err != nil {
				return r, err
			}
			if ok {
				r.Mirrors[id] = m
			}
		}
		if r.Remarks, err = e.Remarks(t.Context(), ids); err != nil {
			return r, err
		}
		r.Newest, err = e.Newest(t.Context(), 0)
		return r, err
	}
}

// anyRule makes a rule for a history of so many seconds.
func anyRule(chance *rand.Rand, n int) engine.PruneRule {
	rule := engine.PruneRule{OlderThan: noon.Add(time.Duration(chance.IntN(n)) * time.Second), Whole: chance.IntN(2) == 0}
	if rule.Whole {
		rule.Open = rule.OlderThan.Add(-time.Duration(chance.IntN(60)) * time.Second)
	}
	if chance.IntN(2) == 0 {
		f := anyFilter(chance, n)
		rule.Filter = store.Filter{Kind: f.Kind, Failed: f.Failed, Event: f.Event, Endpoint: f.Endpoint, Status: f.Status,
			IDs: f.IDs}
	}
	return rule
}

// TestPruneLeavesTheSameInBothEngines prunes copies of one history by the same rules, one after the other.
func TestPruneLeavesTheSameInBothEngines(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			const n = 250
			old, e := both(t, seed+100, n)
			engines := [2]engine.Engine{old, e}
			ids := make([]int64, 2*n)
			for i := range ids {
				ids[i] = int64(i + 1)
			}
			same(t, "before", remainsOf(t, ids), engines)
			chance := rand.New(rand.NewPCG(seed, 2))
			for range 6 {
				rule := anyRule(chance, n)
				what := fmt.Sprintf("%+v", rule)
				same(t, "would remove by "+what, func(e engine.Engine) (engine.PruneResult, error) {
					return counted(e.WouldPrune(t.Context(), rule))
				}, engines)
				same(t, "removed by "+what, func(e engine.Engine) (engine.PruneResult, error) {
					return counted(e.Prune(t.Context(), rule, nil))
				}, engines)
				same(t, "after "+what, remainsOf(t, ids), engines)
			}
		})
	}
}

// counted is a result without what follows from how an engine keeps its rows.
func counted(r engine.PruneResult, err error) (engine.PruneResult, error) {
	return engine.PruneResult{Removed: r.Removed, Webhooks: r.Webhooks}, err
}
