package postgres

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/column"
)

// in is a time by the server's clock.
func (w *writer) in(t time.Time) int64 { return w.engine.clock.in(t) }

// A subquery with LIMIT may be run again by an update that joins it, and lock more than it says: hence MATERIALIZED.
const leaseEntries = `WITH d AS MATERIALIZED (SELECT id FROM barb.queue
		WHERE kind = $4 AND target = $5 AND coalesce(policy, 0) = coalesce($6::int8, 0) AND state = 1 AND NOT behind
			AND due <= $3 ORDER BY due, id LIMIT $7 FOR UPDATE SKIP LOCKED)
	UPDATE barb.queue q SET owner = $1, straight = false, due = $2, changed = $3, token = $8 FROM d WHERE q.id = d.id
	RETURNING ` + queuedCells

// lease plans a lease. One whose answer was lost is found by its token: else its entries would wait until it ends.
func (p *plan) lease(t *engine.Lease) {
	token := p.nextToken()
	owner := escape(t.Owner)
	names := &p.w.names
	p.steps = append(p.steps, step{query: leaseEntries, args: []any{owner, p.w.in(t.Until), p.w.in(t.Now), int64(t.Kind),
		names.ID(engine.NameTarget, t.Target), names.ID(engine.NamePolicy, t.Policy), int64(t.Want), token},
		reread: "SELECT " + queuedCells + " FROM barb.queue q WHERE owner = $1 AND token = $2 AND state = 1",
		again:  []any{owner, token}, apply: p.w.leasedInto(t)})
}

// leasedInto reads the entries of a lease.
func (w *writer) leasedInto(t *engine.Lease) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		t.IDs, t.Entries = nil, nil
		for rows.Next() {
			row, err := bulk.RowOf(rows)
			if err != nil {
				return err
			}
			q := w.engine.entryOf(&row)
			q.Target, q.Policy = t.Target, t.Policy
			t.Entries = append(t.Entries, q)
		}
		slices.SortFunc(t.Entries, func(a, b *engine.Queued) int { return cmp.Compare(a.ID, b.ID) })
		for _, q := range t.Entries {
			t.IDs = append(t.IDs, q.ID)
		}
		return rows.Err()
	}
}

func (p *plan) renew(t *engine.Renew) {
	owner := escape(t.Owner)
	p.steps = append(p.steps, step{query: `UPDATE barb.queue SET due = greatest(due, $2)
		WHERE id = ANY($3) AND owner = $1 AND state = 1 RETURNING id`, args: []any{owner, p.w.in(t.Until), t.Entries},
		reread: "SELECT id FROM barb.queue WHERE id = ANY($2) AND owner = $1 AND state = 1",
		again:  []any{owner, t.Entries}, apply: idsInto(&t.Held)})
}

func (p *plan) release(t *engine.Release) {
	token, owner := p.nextToken(), escape(t.Owner)
	if len(t.Entries) == 0 {
		p.step("DELETE FROM barb.worker WHERE holder = $1", owner)
	}
	p.steps = append(p.steps, step{query: `UPDATE barb.queue SET owner = NULL, straight = false, due = $2, token = $3
		WHERE owner = $1 AND state = 1 AND (cardinality($4::int8[]) = 0 OR id = ANY($4)) RETURNING id`,
		args:   []any{owner, p.w.in(t.Now), token, some(t.Entries)},
		reread: "SELECT id FROM barb.queue WHERE token = $1 AND state = 1", again: []any{token}, apply: countInto(&t.Ended)})
}

// attempt is an attempt with its write.
type attempt struct {
	*engine.Attempt
	write *engine.Write
	first any // the exchange of the attempt; nil: it is none of its own
}

const (
	// A statement changes a row once, so that two attempts of one entry are two statements. A lease that was given a
	// moment ago is not extended by that moment: without a new due time no index changes. Holders allow for five seconds.
	countAttempts = `UPDATE barb.queue q SET attempts = q.attempts + 1, first = coalesce(q.first, u.exchange),
			last = u.exchange, changed = u.now, due = CASE WHEN u.due > q.due + 1000000000 THEN u.due ELSE q.due END, token = $6
		FROM unnest($1::int8[], $2::text[], $3::int8[], $4::int8[], $5::int8[]) AS u(id, owner, exchange, now, due)
		WHERE q.id = u.id AND q.owner = u.owner AND q.state = 1 RETURNING q.id`
	withToken = "SELECT id FROM barb.queue WHERE id = ANY($1) AND token = $2"
)

func (p *plan) attempt(all []*attempt) {
	for len(all) > 0 {
		var later []*attempt
		token, ids, now := p.nextToken(), []int64{}, map[int64]*attempt{}
		entries := column.New("id", "owner text", "exchange", "now", "due")
		for _, a := range all {
			if now[a.Entry.ID] != nil {
				later = append(later, a)
				continue
			}
			a.Ours, a.write.Left = false, true
			now[a.Entry.ID], ids = a, append(ids, a.Entry.ID)
			entries.Add(a.Entry.ID, a.Owner, a.first, p.w.in(a.Now), p.w.in(a.Entry.Due))
		}
		p.steps = append(p.steps, step{query: countAttempts, rows: entries, args: []any{token}, reread: withToken,
			again: []any{ids, token}, apply: eachID(func(id int64) { now[id].Ours, now[id].write.Left = true, false })})
		all = later
	}
}

const endLeases = `UPDATE barb.queue q SET owner = NULL, straight = false, state = u.state, due = u.due, why = u.why,
		changed = u.now, answered = u.answered, token = $8
	FROM unnest($1::int8[], $2::text[], $3::int8[], $4::int8[], $5::text[], $6::int8[], $7::bool[])
		AS u(id, owner, state, due, why, now, answered)
	WHERE q.id = u.id AND q.state = 1 AND (q.owner = u.owner OR u.state = 2 AND u.answered IS NULL AND q.kind <> 3)
	RETURNING q.id`

// advance unblocks the first waiting entry of the lanes that some entries are in, unless another of the lane is. The
// second one is for the entries with a token, which no index finds: it is for what a person does.
const (
	advance        = advanceOf + "id = ANY($1)" + advanceTo
	advanceChanged = advanceOf + "token = $1" + advanceTo
)

const (
	advanceOf = `UPDATE barb.queue q SET behind = false FROM (SELECT DISTINCT lane FROM barb.queue
		WHERE lane IS NOT NULL AND `
	advanceTo = `) l
	CROSS JOIN LATERAL (SELECT w.id FROM barb.queue w WHERE w.lane = l.lane AND w.state = 1 AND w.behind
		ORDER BY w.id LIMIT 1) n
	WHERE q.id = n.id
		AND NOT EXISTS (SELECT FROM barb.queue o WHERE o.lane = l.lane AND o.state = 1 AND NOT o.behind)`
)

func (p *plan) complete(all []*engine.Complete) {
	var ended []int64
	for len(all) > 0 {
		var later []*engine.Complete
		ids, now := []int64{}, map[int64]*engine.Complete{}
		entries := column.New("id", "owner text", "state", "due", "why text", "now", "answered bool")
		for _, c := range all {
			q := c.Entry
			if now[q.ID] != nil {
				later = append(later, c)
				continue
			}
			c.Ours = false
			now[q.ID], ids = c, append(ids, q.ID)
			if hasLane(q) && q.State.Code() != engine.Waiting.Code() {
				ended = append(ended, q.ID)
			}
			entries.Add(q.ID, c.Owner, q.State.Code(), p.w.in(q.Due), engine.UnlessZero(q.Why), p.w.in(c.Now),
				engine.UnlessZero(q.Answered))
		}
		p.steps = append(p.steps, step{query: endLeases, rows: entries, args: []any{p.token}, reread: withToken,
			again: []any{ids, p.token}, apply: eachID(func(id int64) { now[id].Ours = true })})
		all = later
	}
	if len(ended) > 0 {
		p.step(advance, ended)
	}
}

// eachID calls do with each id that a statement returns.
func eachID(do func(id int64)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var id int64
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			do(id)
			return nil
		})
		return err
	}
}
