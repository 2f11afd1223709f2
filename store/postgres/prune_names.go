package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
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
	used, err := p.s.numbers(ctx, namesUsed, p.listedNames(), int64(0), int64(0))
	if err != nil {
		return err
	}
	p.unlist(used)
	if len(p.names) == 0 {
		return nil
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

// unlist takes names that are in use out of the list.
func (p *pruner) unlist(used []int64) {
	for _, id := range used {
		delete(p.names, id)
	}
}

func (p *pruner) listedNames() []int64 { return slices.Sorted(maps.Keys(p.names)) }
