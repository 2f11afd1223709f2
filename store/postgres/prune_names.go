package postgres

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

// note remembers the names of removed exchanges.
func (p *pruner) note(names []int64) {
	for _, id := range names {
		p.names[id] = true
	}
}

// namesUsed finds which names are in use by exchanges and entries above two ids.
const namesUsed = `SELECT endpoint FROM barb.exchange WHERE id > $2 AND endpoint = ANY($1)
	UNION SELECT event FROM barb.exchange WHERE id > $2 AND event = ANY($1)
	UNION SELECT answer FROM barb.exchange WHERE id > $2 AND answer = ANY($1)
	UNION SELECT target FROM barb.queue WHERE id > $3 AND target = ANY($1)
	UNION SELECT policy FROM barb.queue WHERE id > $3 AND policy = ANY($1)`

// lateIDs is how far below the newest id there may be rows of groups that were under way.
const lateIDs = 1 << 16

// eraseNames removes the names that only removed exchanges had. It looks through the history while groups are written,
// since that takes long, and then, alone, only at what came meanwhile.
func (p *pruner) eraseNames(ctx context.Context) error {
	row, err := p.s.one(ctx, "SELECT coalesce((SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1), 0), "+
		"coalesce((SELECT max(id) FROM barb.queue), 0)")
	if err != nil || len(p.names) == 0 {
		return err
	}
	exchange, entry := row.Number()-lateIDs, row.Number()-lateIDs
	if err := p.unlistUsed(ctx, exchange); err != nil || len(p.names) == 0 {
		return err
	}
	return p.alone(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, namesUsed, p.listedNames(), exchange, entry)
		if err != nil {
			return err
		}
		used, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		p.unlist(used)
		_, err = tx.Exec(ctx, "WITH gone AS (DELETE FROM barb.name WHERE id = ANY($1) RETURNING 1) UPDATE barb.history "+
			"SET names_removed = names_removed + (SELECT count(*) FROM gone)", p.listedNames())
		return err
	})
}

// Looks at the exchanges for names, the cheapest first. Most names are in use among the newest exchanges. Endpoints and
// event types have indexes. The heads of answers have none, and few are as rare.
var looksForNames = []string{
	`SELECT DISTINCT n FROM (SELECT DISTINCT endpoint, event, answer FROM barb.exchange WHERE id > $2) e,
		unnest(ARRAY[e.endpoint, e.event, e.answer]) n WHERE n = ANY($1)`,
	`SELECT n FROM unnest($1::bigint[]) n WHERE EXISTS (SELECT 1 FROM barb.exchange e WHERE e.endpoint = n OFFSET 0)
		OR EXISTS (SELECT 1 FROM barb.exchange e WHERE e.event = n OFFSET 0)`,
}

// manyNames is from how many names on one look at all exchanges takes less time than one at each name.
const manyNames = 5000

// unlistUsed takes the names that are in use out of the list; newest is from where on exchanges are looked at first.
func (p *pruner) unlistUsed(ctx context.Context, newest int64) error {
	for i, look := range looksForNames {
		if len(p.names) == 0 || i > 0 && len(p.names) > manyNames {
			break
		}
		args := []any{p.listedNames()}
		if i == 0 {
			args = append(args, newest)
		}
		used, err := p.s.numbers(ctx, look, args...)
		if err != nil {
			return err
		}
		p.unlist(used)
	}
	heads, err := p.s.one(ctx, "SELECT count(*) FROM barb.name WHERE id = ANY($1) AND kind = $2", p.listedNames(),
		int64(engine.NameAnswer))
	if err != nil {
		return err
	}
	from := int64(math.MaxInt64)
	if heads.Number() > 0 || len(p.names) > manyNames {
		from = 0
	}
	used, err := p.s.numbers(ctx, namesUsed, p.listedNames(), from, int64(0))
	p.unlist(used)
	return err
}

// unlist takes names that are in use out of the list.
func (p *pruner) unlist(used []int64) {
	for _, id := range used {
		delete(p.names, id)
	}
}

func (p *pruner) listedNames() []int64 { return slices.Sorted(maps.Keys(p.names)) }
