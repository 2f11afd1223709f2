package sqlite

import (
	"cmp"
	"context"

	"github.com/barbhq/barb/store/engine"
)

// plan is what a pruner would remove, where it only counts.
type plan struct {
	ids   map[int64]bool // counted; an exchange may be in several stages
	bytes int64          // that the exchanges counted so far take, about
}

// WouldPrune returns what Prune would remove by a rule, without Bytes, and removes nothing. By age the numbers are
// exact; by size they are near it, since SQLite frees whole pages.
func (s *Engine) WouldPrune(ctx context.Context, rule engine.PruneRule) (engine.PruneResult, error) {
	if s.refused != nil {
		return engine.PruneResult{}, s.refused
	}
	p, err := newPruner(s, rule)
	if err != nil {
		return engine.PruneResult{}, s.told(err)
	}
	p.plan = &plan{ids: map[int64]bool{}}
	err = p.prune(ctx)
	err = cmp.Or(err, p.c.Close())
	return p.done, s.told(err)
}

// foresee counts a batch as removed, but what was counted before.
func (p *pruner) foresee(batch []int64) error {
	for _, id := range batch {
		if p.plan.ids[id] {
			continue
		}
		parts, bytes, err := p.partsOf(id)
		if err != nil {
			return err
		}
		p.plan.ids[id] = true
		p.plan.bytes += bytes
		p.count(parts)
	}
	return nil
}

// count counts exchanges that are removed together.
func (p *pruner) count(parts []int64) {
	p.done.Removed += int64(len(parts))
	if p.rule.Whole && len(parts) > 0 {
		p.done.Webhooks++
	}
}
