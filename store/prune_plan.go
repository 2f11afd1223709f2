package store

import "context"

// plan is what a pruner would remove, where it only counts.
type plan struct {
	ids   map[int64]bool  // counted; an exchange may be in several stages
	sizes map[int64]int64 // of the batch that is counted next
	bytes int64           // that the exchanges counted so far take, about
}

// WouldPrune returns how many exchanges Prune would remove by a rule, and removes nothing. By age the number is exact;
// by size it is near it, since SQLite frees whole pages.
func (s *Store) WouldPrune(ctx context.Context, rule PruneRule) (n int64, err error) {
	if s.refused != nil {
		return 0, s.refused
	}
	p, err := newPruner(s)
	if err != nil {
		return 0, s.told(err)
	}
	p.plan = &plan{ids: map[int64]bool{}, sizes: map[int64]int64{}}
	err = p.prune(ctx, rule)
	if closeErr := p.c.Close(); err == nil {
		err = closeErr
	}
	return p.removed, s.told(err)
}

// count counts a batch as removed, but what waits in the queue and what was counted before.
func (p *pruner) count(batch []int64) error {
	for _, id := range batch {
		if p.plan.ids[id] {
			continue
		}
		waits, err := some(p.waits, arguments(id))
		if err != nil {
			return err
		}
		if !waits {
			p.plan.ids[id] = true
			p.removed++
			p.plan.bytes += p.plan.sizes[id]
		}
	}
	clear(p.plan.sizes)
	return nil
}
