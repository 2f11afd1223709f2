package postgres

import (
	"context"
	"math"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/retain"
)

// One transaction removes about as much as was written since the last, or at most so much, for others to write.
const (
	pruneRows  = 500
	pruneBytes = 4 << 20

	page     = 8192
	rowBytes = 600 // about what an exchange takes besides its heads and bodies, with its places in the indexes
)

// Prune removes exchanges. After an error, earlier removals remain. Ids are not given again. Open entries of the queue
// stay; ended ones go with their exchange. Where all or most of a partition goes, its bytes are given back.
// Otherwise the server keeps the space for other rows. Removed bytes may remain in it, and in the server's log.
func (s *Engine) Prune(ctx context.Context, rule engine.PruneRule, pace *retain.Retention) (engine.PruneResult, error) {
	p := &pruner{s: s, rule: rule, pace: pace, names: map[int64]bool{}}
	if s.refused != nil {
		return p.done, s.refused
	}
	before, err := s.measure(ctx)
	if err == nil {
		err = s.mayPrune(ctx)
	}
	if err == nil {
		err = p.pruneAndCompact(ctx)
	}
	if err == nil {
		err = p.tidy(ctx)
	}
	after, measured := s.measure(context.WithoutCancel(ctx))
	if err == nil {
		err = measured
	}
	p.done.Bytes, p.done.Remains = max(before-after, 0), p.done.Removed > 0
	return p.done, s.told(err)
}

// mayPrune returns an error unless the tables are this user's: only their owner may drop one.
func (s *Engine) mayPrune(ctx context.Context) error {
	row, err := s.one(ctx, "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'barb.exchange'::regclass")
	if err == nil && !row.Yes() {
		err = engine.Fault(s.name, engine.ErrNotOwner)
	}
	return err
}

// WouldPrune returns what Prune would remove by a rule, without Bytes, and removes nothing. By age the numbers are
// exact; by size they are near it, since the size of a row is an estimate.
func (s *Engine) WouldPrune(ctx context.Context, rule engine.PruneRule) (engine.PruneResult, error) {
	p := &pruner{s: s, rule: rule, forecast: &forecast{ids: map[int64]bool{}}}
	if s.refused != nil {
		return p.done, s.refused
	}
	err := p.prune(ctx)
	return p.done, s.told(err)
}

// pruner removes exchanges by a rule.
type pruner struct {
	s        *Engine
	rule     engine.PruneRule
	pace     *retain.Retention // nil: it does not prune on its own
	until    int64             // the start, in ns since 1970, from which an exchange keeps its webhook
	names    map[int64]bool    // that removed exchanges had
	stuck    int64             // partitions below this number are not to be swept
	done     engine.PruneResult
	more     int64     // bytes to remove besides the excess, where the estimate was too low
	forecast *forecast // nil: exchanges are removed and not only counted
}

// forecast is what a pruner would remove, where it only counts.
type forecast struct {
	ids   map[int64]bool // counted; an exchange may be in several stages
	bytes int64          // that the exchanges counted so far take, about
}

// stage selects exchanges that are removed before the others; the zero value selects all.
type stage struct {
	term string
	from int64 // the ids below are done
}

// spentCopies are duplicates that nothing follows from: they were not refused, they are not in the queue, and what
// they repeat was answered 2xx, is delivered if it was in the queue, and is here still. Anybody who has seen one
// webhook of a scheme without a timestamp can send them.
var spentCopies = `e.marks IS NOT NULL AND e.kind = 2 AND strpos(e.marks, ',duplicate:') > 0
	AND coalesce(e.status / 100, 2) = 2 AND NOT EXISTS (SELECT 1 FROM barb.queue q WHERE q.thread = e.id OFFSET 0)
	AND EXISTS (SELECT 1 FROM barb.exchange o WHERE o.id = substring(e.marks FROM ',duplicate:([0-9]{1,18})')::bigint
		AND o.status / 100 = 2 AND ` + strings.ReplaceAll(scope.WasAnswered, "e.", "o.") + `
		AND NOT EXISTS (SELECT 1 FROM barb.queue q WHERE q.thread = o.id AND q.state <> 2 OFFSET 0) OFFSET 0)`

// pruneAndCompact prunes, and has the files of the partitions as small as the rule asks for. The size of a row is an
// estimate: what is too much after that is pruned once more.
func (p *pruner) pruneAndCompact(ctx context.Context) error {
	for tries := 0; ; tries++ {
		removed := p.done.Removed
		if err := p.prune(ctx); err != nil || p.rule.MaxBytes <= 0 || tries == 3 {
			return err
		}
		most := p.rule.MaxBytes
		if p.pace != nil { // rewriting for each row would be too much: see retain.Limits
			most += most / 5
		}
		compacted, err := p.compact(ctx, most)
		if err != nil || !compacted && removed == p.done.Removed {
			return err
		}
		total, err := p.s.measure(ctx)
		if err != nil {
			return err
		}
		if p.more = 0; total > most {
			p.more = (total-most)/8 + page
		}
	}
}

func (p *pruner) prune(ctx context.Context) error {
	rule, stages := p.rule, []stage{{term: scope.BadSignature}, {term: spentCopies}, {}}
	if rule.Whole {
		stages = []stage{{term: scope.BadSignature}, {}}
	}
	if !rule.OlderThan.IsZero() {
		p.until = rule.OlderThan.UnixNano()
		aged := rule.Filter
		if last := rule.OlderThan.Add(-1); aged.Until.IsZero() || last.Before(aged.Until) {
			aged.Until = last
		}
		if err := p.remove(ctx, aged, []stage{{}}, func() (int64, error) { return math.MaxInt64, nil }); err != nil {
			return err
		}
	}
	if rule.MaxBytes <= 0 {
		return nil
	}
	p.until, p.stuck = math.MaxInt64, 0
	return p.remove(ctx, rule.Filter, stages, func() (int64, error) {
		used, err := p.used(ctx)
		if p.forecast != nil {
			used -= p.forecast.bytes
		}
		return used + p.more - rule.MaxBytes, err
	})
}

// remove removes of what a filter selects the oldest of the first stage that has anything, while there is an excess. It
// looks anew for each transaction: new exchanges of an early stage go before older ones of a later stage.
func (p *pruner) remove(ctx context.Context, f engine.Filter, stages []stage, excess func() (int64, error)) error {
	for {
		over, err := excess()
		if err != nil || over <= 0 {
			return err
		}
		rows, bytes := p.pace.Pace()
		rows, bytes = max(rows, pruneRows), min(over, max(bytes, pruneBytes))
		if p.forecast != nil {
			rows, bytes = 20*pruneRows, over
		}
		var batch []int64
		swept := false
		for i := 0; i < len(stages) && len(batch) == 0 && !swept; i++ {
			if stages[i].term == "" && p.maySweep() {
				if swept, err = p.sweepOldest(ctx, over); err != nil || swept {
					break
				}
			}
			if batch, err = p.next(ctx, f, &stages[i], int(rows), bytes); err != nil {
				break
			}
		}
		if err == nil && len(batch) > 0 {
			err = p.commit(ctx, batch)
		}
		if err != nil || len(batch) == 0 && !swept {
			return err
		}
		p.pace.Move()
	}
}

// maySweep reports whether the rule selects all exchanges of a time.
func (p *pruner) maySweep() bool { return p.forecast == nil && reflect.ValueOf(p.rule.Filter).IsZero() }

// used is the bytes that the history would take without the space that removed rows have left in it.
func (p *pruner) used(ctx context.Context) (int64, error) {
	total, err := p.s.measure(ctx)
	if err != nil {
		return 0, err
	}
	// Of the last partition new rows may have filled the space again: compact finds out.
	row, err := p.s.one(ctx, `SELECT coalesce(sum(least(f.bytes, s.size)), 0)::bigint
		FROM barb.freed f CROSS JOIN LATERAL (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS size
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'barb' AND c.relname IN
				('exchange_' || f.partition, 'request_' || f.partition, 'response_' || f.partition)) s`)
	if err != nil {
		return 0, err
	}
	return total - row.Number(), nil
}

// tidy removes what only removed exchanges had.
func (p *pruner) tidy(ctx context.Context) error {
	used, err := p.used(ctx)
	if err != nil {
		return err
	}
	p.pace.RestAt(p.s.Size())
	if p.done.Removed == 0 || used < 0 {
		return nil
	}
	if err := p.dropEmpty(ctx); err != nil {
		return err
	}
	if _, err := p.s.pool.Exec(ctx, "DELETE FROM barb.answered WHERE id < coalesce((SELECT min(id) FROM barb.exchange), "+
		"9000000000000000000)"); err != nil {
		return err
	}
	return p.eraseNames(ctx)
}

// alone does something in a transaction that no group of any process runs beside. It waits for groups a tenth of a
// second at a time, since others wait behind it.
func (p *pruner) alone(ctx context.Context, do func(tx pgx.Tx) error) error {
	return patiently(ctx, func() error {
		return pgx.BeginFunc(ctx, p.s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, shortLocks); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", lockClass, lockNames); err != nil {
				return err
			}
			return do(tx)
		})
	})
}
