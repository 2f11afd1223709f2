package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Due is when there is something to deliver next of a target and a policy.
type Due struct {
	Target, Policy string
	At             time.Time // the next entry's, or the end of the lease of one; may have passed
}

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
func (s *Store) Upcoming(ctx context.Context, kind QueueKind, target string) (all []Due, err error) {
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var d Due
		var at *int64
		err := rows.Scan(&d.Target, &d.Policy, &at)
		if at != nil { // it did not end between two looks
			d.At = record.TimeOf(*at)
			all = append(all, d)
		}
		return err
	}, upcoming, int64(kind), target, int64(nameTarget))
	return all, s.told(err)
}

// Owners returns who has leases, whether they have ended or not.
func (s *Store) Owners(ctx context.Context) ([]string, error) {
	owners, err := columnOf[string](ctx, s.db, "SELECT DISTINCT owner FROM queue WHERE owner IS NOT NULL ORDER BY owner")
	return owners, s.told(err)
}

// Release ends all leases of an owner that exits or is dead, and returns how many. Their entries are due at now.
func (s *Store) Release(ctx context.Context, owner string, now time.Time) (n int64, err error) {
	r := &release{owner: owner, now: now}
	err = s.do(ctx, r)
	return r.ended, err
}

const releaseStatement = "UPDATE queue SET owner = NULL, straight = 0, due = ?2 WHERE owner = ?1 AND state = 1 " +
	"RETURNING id"
