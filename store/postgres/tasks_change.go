package postgres

import (
	"fmt"

	"github.com/barbhq/barb/store/engine"
)

// changes are the states in which an entry can be changed, and the statement that changes those of the table c, which
// was selected. $N is the time and $T the token.
var changes = [...]struct{ states, statement string }{
	engine.RetryEntries: {"state IN (1, 3, 4) AND (owner IS NULL OR due <= $N)",
		`, r AS (SELECT id, row_number() OVER (PARTITION BY lane ORDER BY id) > 1 AS follows FROM c WHERE state <> 1)
		UPDATE barb.queue q SET due = $N, changed = $N, owner = NULL, straight = false,
			behind = CASE q.state WHEN 1 THEN q.behind ELSE q.lane IS NOT NULL AND
				(r.follows OR EXISTS (SELECT FROM barb.queue o WHERE o.lane = q.lane AND o.state = 1)) END,
			created = CASE q.state WHEN 1 THEN q.created ELSE $N END,
			attempts = CASE q.state WHEN 1 THEN q.attempts ELSE 0 END,
			first = CASE q.state WHEN 1 THEN q.first END, state = 1, token = $T
		FROM c LEFT JOIN r ON r.id = c.id WHERE q.id = c.id RETURNING q.id`},
	engine.CancelEntries: {"state = 1", ` UPDATE barb.queue q SET state = 4, owner = NULL, straight = false, changed = $N,
		token = $T FROM c WHERE q.id = c.id RETURNING q.id`},
	engine.FinishEntries: {"state = 3", ` UPDATE barb.queue q SET state = 2, changed = $N, token = $T FROM c
		WHERE q.id = c.id RETURNING q.id`},
	engine.PurgeEntries: {"state <> 1 AND $N::int8 IS NOT NULL AND $T::int8 IS NOT NULL",
		" DELETE FROM barb.queue q USING c WHERE q.id = c.id RETURNING q.id"},
}

// change plans the change of the entries of a filter that are in the right state, and lets those go on that waited for
// them. Of one lane they change in the order of their ids.
func (p *plan) change(t *engine.Change) {
	where, args := p.w.engine.selected(&t.Filter)
	token := p.nextToken()
	p.step("SELECT pg_advisory_xact_lock(l.lane) FROM (SELECT DISTINCT lane FROM barb.queue WHERE "+where+
		" AND lane IS NOT NULL ORDER BY 1) l", args...)
	how := changes[t.To]
	query := "WITH c AS MATERIALIZED (SELECT id, state, lane FROM barb.queue WHERE " + where + " AND " + how.states +
		" ORDER BY id"
	if t.Filter.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", t.Filter.Limit)
	}
	query = numbered(query+" FOR UPDATE)"+how.statement, len(args)+1)
	changed := step{query: query, args: append(append([]any{}, args...), p.w.in(t.Now), token),
		apply: countInto(&t.Changed)}
	if t.To != engine.PurgeEntries {
		changed.reread, changed.again = "SELECT id FROM barb.queue WHERE token = $1", []any{token}
	}
	p.steps = append(p.steps, changed)
	if t.To == engine.CancelEntries {
		p.step(advanceChanged, token)
	}
}
