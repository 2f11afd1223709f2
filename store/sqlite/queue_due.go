package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// upcoming looks once at each target and policy, however many entries there are. For the pluses see getQuery.
const upcoming = `WITH RECURSIVE
	t(id) AS (SELECT min(target) FROM queue WHERE state = 1 AND behind = 0 AND kind = +?1
		UNION SELECT (SELECT min(target) FROM queue WHERE state = 1 AND behind = 0 AND kind = +?1 AND target > t.id)
			FROM t WHERE t.id IS NOT NULL),
	p(target, policy) AS (
		SELECT id, (SELECT min(ifnull(policy, 0)) FROM queue WHERE state = 1 AND behind = 0 AND kind = +?1 AND target = t.id)
		FROM t WHERE id IS NOT NULL AND (?2 = '' OR id = (SELECT id FROM name WHERE kind = ?3 AND text = ?2))
		UNION SELECT target, (SELECT min(ifnull(policy, 0)) FROM queue
			WHERE state = 1 AND behind = 0 AND kind = +?1 AND target = p.target AND ifnull(policy, 0) > p.policy)
		FROM p WHERE policy IS NOT NULL)
	SELECT (SELECT text FROM name WHERE id = p.target), ifnull((SELECT text FROM name WHERE id = p.policy), ''),
		(SELECT min(due) FROM queue WHERE state = 1 AND behind = 0 AND kind = +?1 AND target = p.target
			AND ifnull(policy, 0) = p.policy) AS due
	FROM p WHERE policy IS NOT NULL ORDER BY due`

// Upcoming returns the next due time of each target, or of one, and policy with open entries of a kind, the longest due
// first.
func (s *Engine) Upcoming(ctx context.Context, kind engine.QueueKind, target string) (all []engine.Due, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var d engine.Due
		var at *int64
		err := rows.Scan(&d.Target, &d.Policy, &at)
		if at != nil { // it did not end between two looks
			d.At = record.TimeOf(*at)
			all = append(all, d)
		}
		return err
	}, upcoming, int64(kind), target, int64(engine.NameTarget))
	return all, s.told(err)
}

// Owners returns who has leases, whether they have ended or not.
func (s *Engine) Owners(ctx context.Context) ([]string, error) {
	owners, err := columnOf[string](ctx, s.db, "SELECT DISTINCT owner FROM queue WHERE owner IS NOT NULL ORDER BY owner")
	return owners, s.told(err)
}

// No entries are all entries.
const releaseStatement = `UPDATE queue SET owner = NULL, straight = 0, due = ?2 WHERE owner = ?1 AND state = 1
	AND (json_array_length(?3) = 0 OR id IN (SELECT value FROM json_each(?3))) RETURNING id`
