package postgres

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/scope"
)

const (
	// oldestLeft selects one exchange of each webhook.
	oldestLeft = `(e.webhook IS NULL OR NOT EXISTS (SELECT 1 FROM barb.exchange p WHERE p.id = e.webhook OFFSET 0)
		AND NOT EXISTS (SELECT 1 FROM barb.exchange x
			WHERE x.webhook = e.webhook AND x.id > e.webhook AND x.id < e.id OFFSET 0))`

	// The exchanges that are removed with each of some, the candidates.
	itself = "parts AS MATERIALIZED (SELECT id AS candidate, id FROM chosen)"
	allOf  = `parts AS MATERIALIZED (SELECT c.id AS candidate, m.id FROM chosen c
		CROSS JOIN LATERAL (SELECT coalesce(w.webhook, w.id) AS first FROM barb.exchange w WHERE w.id = c.id LIMIT 1) w
		CROSS JOIN LATERAL (SELECT w.first AS id UNION ALL
			SELECT x.id FROM barb.exchange x WHERE x.webhook = w.first AND x.id > w.first OFFSET 0) m)`

	// partsQuery tells of each of them whether it keeps them all, and about how many bytes it takes.
	partsQuery = ` SELECT f.candidate, e.id,
		e.start >= @until OR e.start >= @open AND (e.ended = 0 OR NOT ` + scope.WasAnswered +
		`) OR EXISTS (SELECT 1 FROM barb.queue w WHERE w.thread = e.id AND w.state = 1 OFFSET 0)
		OR EXISTS (SELECT 1 FROM barb.remark m WHERE m.webhook = coalesce(e.webhook, e.id) AND m.pinned OFFSET 0),
		(coalesce(octet_length(q.head), 0) + coalesce(octet_length(q.fields), 0) + coalesce(octet_length(q.trailer), 0)
		+ coalesce(octet_length(q.body), 0) + coalesce(octet_length(q.chunks), 0) + coalesce(octet_length(p.head), 0)
		+ coalesce(octet_length(p.body), 0))::bigint
		FROM parts f` + exchangeOf + bodyJoins + " ORDER BY f.candidate, e.id"
)

// removal is exchanges that are removed together.
type removal struct {
	candidate int64
	ids       []int64 // none: one of them keeps all
	stays     bool
	bytes     int64
	sizes     []int64 // of ids
}

// partsOf is the query for the removals of what chosen selects.
func (p *pruner) partsOf(sc *scope.Scope, chosen string) (query string, args []any) {
	parts, open := itself, int64(math.MaxInt64)
	if p.rule.Whole {
		parts = allOf
	}
	if !p.rule.Open.IsZero() {
		open = p.rule.Open.UnixNano()
	}
	query = "WITH chosen AS MATERIALIZED (" + chosen + "), " + parts + replaced(partsQuery, "@until", sc.Arg(p.until),
		"@open", sc.Arg(open))
	return query, sc.Args
}

// gather joins the rows of partsOf.
func gather(rows []engine.Row) (all []removal) {
	for _, row := range rows {
		candidate, id, stays, size := row.Number(), row.Number(), row.Yes(), row.Number()+rowBytes
		if last := len(all) - 1; last < 0 || all[last].candidate != candidate {
			all = append(all, removal{candidate: candidate})
		}
		r := &all[len(all)-1]
		r.ids, r.sizes = append(r.ids, id), append(r.sizes, size)
		r.bytes += size
		r.stays = r.stays || stays
	}
	return all
}

// next returns the oldest ids of a stage that are not done, and counts them as done: about as many as have so many
// exchanges, and no more than needed to have so many bytes.
func (p *pruner) next(ctx context.Context, f engine.Filter, st *stage, rows int, bytes int64) (batch []int64,
	err error,
) {
	sc, err := p.s.scopeBy(ctx, &f, st.term != "" || f.Failed || f.Invalid || f.Marked != "")
	if err != nil {
		return nil, err
	}
	if st.term != "" {
		sc.Add("(" + st.term + ")")
	}
	if p.rule.Whole {
		sc.Add(oldestLeft)
	}
	for len(batch) == 0 && rows > 0 && bytes > 0 {
		spans := behind(slices.Clone(sc.Spans), st.from-1, true)
		if len(spans) == 0 {
			return nil, nil
		}
		spans = spans[:min(len(spans), mostSpans)]
		one := sc.With()
		query, args := p.partsOf(one, one.Found("e.id", spans, "", rows))
		found, err := p.s.all(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		all := gather(found)
		if len(all) == 0 {
			st.from = spans[len(spans)-1].To + 1
		}
		for i := 0; i < len(all) && rows > 0 && bytes > 0; i++ {
			r := &all[i]
			st.from = r.candidate + 1
			switch {
			case r.stays:
				continue
			case p.forecast != nil:
				p.foresee(r)
			default:
				batch = append(batch, r.candidate)
			}
			rows, bytes = rows-len(r.ids), bytes-r.bytes
		}
	}
	if p.forecast != nil && (rows <= 0 || bytes <= 0) {
		return []int64{0}, nil // there may be more to count
	}
	return batch, nil
}

// foresee counts a removal, but what was counted before.
func (p *pruner) foresee(r *removal) {
	if p.forecast.ids[r.candidate] {
		return
	}
	p.forecast.ids[r.candidate] = true
	p.forecast.bytes += r.bytes
	p.count(&p.done, r)
}

// count counts exchanges that are removed together.
func (p *pruner) count(done *engine.PruneResult, r *removal) {
	done.Removed += int64(len(r.ids))
	if p.rule.Whole && len(r.ids) > 0 {
		done.Webhooks++
	}
}

// commit removes a batch in one transaction. What goes with an id is read again: exchanges may have come since the
// batch was chosen.
func (p *pruner) commit(ctx context.Context, batch []int64) error {
	if p.forecast != nil {
		return nil
	}
	var done engine.PruneResult
	var names []int64
	err := p.alone(ctx, func(tx pgx.Tx) error {
		done = p.done
		sc := &scope.Scope{}
		query, args := p.partsOf(sc, "SELECT id FROM unnest("+sc.Arg(batch)+"::bigint[]) c(id)")
		var ids []int64
		freed := map[int64]int64{}
		err := eachOf(ctx, tx, query, args, func(rows []engine.Row) {
			for _, r := range gather(rows) {
				if r.stays {
					continue
				}
				p.count(&done, &r)
				for i, id := range r.ids {
					ids = append(ids, id)
					freed[partitionOf(id)] += r.sizes[i]
				}
			}
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		names, err = remove(ctx, tx, ids, freed)
		return err
	})
	if err == nil {
		p.done = done
		p.note(names)
	}
	return err
}

// eachOf hands all rows of a query in a transaction to do.
func eachOf(ctx context.Context, tx pgx.Tx, query string, args []any, do func([]engine.Row)) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []engine.Row
	for rows.Next() {
		row, err := bulk.RowOf(rows)
		if err != nil {
			return err
		}
		all = append(all, row)
	}
	if rows.Err() == nil {
		do(all)
	}
	return rows.Err()
}

// namesOf finds the names of exchanges and of their entries in the queue that came from outside: those of schemes,
// reasons, versions and secrets are words of the configuration. @where selects by the column of an exchange's id.
const namesOf = `SELECT n FROM barb.%[1]s e, unnest(ARRAY[e.endpoint, e.event, e.answer]) n
	WHERE n IS NOT NULL AND %[2]s
	UNION SELECT n FROM barb.queue q, unnest(ARRAY[q.target, q.policy]) n WHERE n IS NOT NULL AND %[3]s`

// remove removes exchanges and all that goes with them, and returns the names that they had.
func remove(ctx context.Context, tx pgx.Tx, ids []int64, freed map[int64]int64) (names []int64, err error) {
	b := &pgx.Batch{}
	b.Queue(fmt.Sprintf(namesOf, "exchange", "e.id = ANY($1)", "q.thread = ANY($1)"), ids).Query(
		func(rows pgx.Rows) (err error) {
			names, err = pgx.CollectRows(rows, pgx.RowTo[int64])
			return err
		})
	for _, where := range []string{"response WHERE id", "request WHERE id", "mirror WHERE id", "queue WHERE thread",
		"kept WHERE id"} {
		b.Queue("DELETE FROM barb."+where+" = ANY($1)", ids)
	}
	b.Queue("DELETE FROM barb.remark m WHERE m.webhook IN (SELECT coalesce(e.webhook, e.id) FROM barb.exchange e "+
		"WHERE e.id = ANY($1)) AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.id = m.webhook AND x.id <> ALL($1)) "+
		"AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.webhook = m.webhook AND x.id <> ALL($1))", ids)
	b.Queue("DELETE FROM barb.exchange WHERE id = ANY($1)", ids)
	b.Queue("UPDATE barb.history SET last_id = $1 WHERE last_id < $1", slices.Max(ids))
	partitions := slices.Sorted(maps.Keys(freed))
	bytes := make([]int64, len(partitions))
	for i, n := range partitions {
		bytes[i] = freed[n]
	}
	b.Queue("INSERT INTO barb.freed AS f (partition, bytes) SELECT * FROM unnest($1::bigint[], $2::bigint[]) "+
		"ON CONFLICT (partition) DO UPDATE SET bytes = f.bytes + excluded.bytes", partitions, bytes)
	return names, tx.SendBatch(ctx, b).Close()
}
