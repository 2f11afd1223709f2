package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/postgres/scope"
)

// selected is a filter of the queue as SQL, with the values that it needs.
func (s *Engine) selected(f *engine.QueueFilter) (where string, args []any) {
	var sc scope.Scope
	if len(f.IDs) > 0 {
		parts := make([]string, len(f.IDs))
		for i, r := range f.IDs {
			parts[i] = "id BETWEEN " + sc.Arg(r.From) + " AND " + sc.Arg(r.To)
		}
		sc.Add("(" + strings.Join(parts, " OR ") + ")")
	}
	if len(f.States) > 0 {
		sc.Add("(" + strings.Join(statesOf(&sc, f, s.clock.in(f.At)), " OR ") + ")")
	}
	if f.Kind != 0 {
		sc.Add("kind = " + sc.Arg(int64(f.Kind)))
	}
	if f.Target != "" || f.TargetGlob != "" {
		sc.Add("(target IN (SELECT id FROM barb.name WHERE kind = " + sc.Arg(int64(engine.NameTarget)) + " AND (text = " +
			sc.Arg(escape(f.Target)) + " OR text ~ " + sc.Arg(glob.Regex(f.TargetGlob)) + "))) IS TRUE")
	}
	if f.Thread != 0 {
		sc.Add("thread = " + sc.Arg(f.Thread))
	}
	if !f.Since.IsZero() {
		sc.Add("created >= " + sc.Arg(s.clock.in(f.Since)))
	}
	if !f.Until.IsZero() {
		sc.Add("created <= " + sc.Arg(s.clock.in(f.Until)))
	}
	return sc.Where(), sc.Args
}

// statesOf are the conditions for the states of a filter.
func statesOf(sc *scope.Scope, f *engine.QueueFilter, at int64) []string {
	held := "(owner IS NOT NULL)" // an owner holds the entry
	parts := make([]string, len(f.States))
	for i, state := range f.States {
		parts[i] = fmt.Sprintf("state = %d", state.Code())
		if state != engine.Waiting && state != engine.Leased {
			continue
		}
		if !f.At.IsZero() {
			gone := make([]string, len(f.Gone))
			for i, owner := range f.Gone {
				gone[i] = escape(owner)
			}
			held = "(owner IS NOT NULL AND due > " + sc.Arg(at) + " AND owner <> ALL(" + sc.Arg(gone) + "))"
		}
		if state == engine.Waiting {
			parts[i] += " AND NOT " + held
		} else {
			parts[i] += " AND " + held
		}
	}
	return parts
}

// Queue returns the entries that a filter selects, by id.
func (s *Engine) Queue(ctx context.Context, f engine.QueueFilter) ([]*engine.Queued, error) {
	where, args := s.selected(&f)
	query := where + " ORDER BY id"
	if f.NewestFirst {
		query += " DESC"
	}
	if f.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return s.queued(ctx, query, args...)
}

// QueueDepth returns how many entries of some kinds there are in each state that has any; of no kind means of all.
func (s *Engine) QueueDepth(ctx context.Context, kinds ...engine.QueueKind) (map[engine.QueueState]int64, error) {
	depth, codes := map[engine.QueueState]int64{}, make([]int64, len(kinds))
	for i, kind := range kinds {
		codes[i] = int64(kind)
	}
	err := s.each(ctx, "SELECT state, owner IS NOT NULL, count(*) FROM barb.queue "+
		"WHERE kind = ANY($1) OR cardinality($1::bigint[]) = 0 GROUP BY 1, 2", []any{codes}, func(row engine.Row) error {
		state := engine.StateOf(row.Number(), row.Yes())
		depth[state] += row.Number()
		return nil
	})
	return depth, err
}

// targetsQuery looks once at each target with open entries of a kind, however many there are.
const targetsQuery = `WITH RECURSIVE t (id) AS (
		SELECT min(target) FROM barb.queue WHERE state = 1 AND NOT behind AND kind = $1
		UNION ALL SELECT (SELECT min(target) FROM barb.queue
			WHERE state = 1 AND NOT behind AND kind = $1 AND target > t.id) FROM t WHERE t.id IS NOT NULL)`

// QueueTargets returns the targets for which there are open entries of a kind, in their order.
func (s *Engine) QueueTargets(ctx context.Context, kind engine.QueueKind) ([]string, error) {
	return s.texts(ctx,
		targetsQuery+` SELECT text FROM barb.name WHERE id IN (SELECT id FROM t) ORDER BY text COLLATE "C"`,
		int64(kind))
}

// queuedCells are those of an entry q in the order of entryOf, without the names, which come behind them.
const (
	queuedCells = "q.id, q.kind, q.thread, q.ord, q.behind, q.straight, q.state, q.owner, q.due, q.created, q.changed, " +
		"q.attempts, q.first, q.last, q.why, q.answered"
	queuedNames = ", (SELECT text FROM barb.name WHERE id = q.target), (SELECT text FROM barb.name WHERE id = q.policy)"
)

func (s *Engine) queued(ctx context.Context, where string, args ...any) (all []*engine.Queued, err error) {
	query := "SELECT " + queuedCells + queuedNames + " FROM barb.queue q WHERE " + where
	err = s.each(ctx, query, args, func(row engine.Row) error {
		q := s.entryOf(&row)
		q.Target, q.Policy = row.Text(), row.Text()
		all = append(all, q)
		return nil
	})
	return all, err
}

func (s *Engine) entryOf(row *engine.Row) *engine.Queued {
	q := &engine.Queued{ID: row.Number(), Kind: engine.QueueKind(row.Number()), Thread: row.Number(), Order: row.Text(),
		Blocked: row.Yes(), Inline: row.Yes()}
	code := row.Number()
	owner, leased := row.TextIf()
	q.Owner, q.State = owner, engine.StateOf(code, leased)
	q.Due, q.Created, q.Changed = s.clock.out(row.Number()), s.clock.out(row.Number()), s.clock.out(row.Number())
	q.Attempts = int(row.Number())
	q.First, q.Last, q.Why, q.Answered = row.Number(), row.Number(), row.Text(), row.Yes()
	return q
}

// QueuedByID returns some entries, by id.
func (s *Engine) QueuedByID(ctx context.Context, ids []int64) ([]*engine.Queued, error) {
	return s.queued(ctx, "id = ANY($1) ORDER BY id", ids)
}

// QueueOf returns the entries of the queue that deliver some exchanges, by id.
func (s *Engine) QueueOf(ctx context.Context, exchanges []int64) ([]*engine.Queued, error) {
	return s.queued(ctx, "thread = ANY($1) ORDER BY id", exchanges)
}

// GetQueued returns one entry; ErrNoEntry when there is none.
func (s *Engine) GetQueued(ctx context.Context, id int64) (*engine.Queued, error) {
	all, err := s.queued(ctx, "id = $1", id)
	if err == nil && len(all) == 0 {
		return nil, fmt.Errorf("%d: %w", id, engine.ErrNoEntry)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// upcoming looks once at each target and policy, however many entries there are.
const upcoming = targetsQuery + `,
	p (target, policy) AS (
		SELECT id, (SELECT min(coalesce(policy, 0)) FROM barb.queue
			WHERE state = 1 AND NOT behind AND kind = $1 AND target = t.id)
		FROM t WHERE id IS NOT NULL AND ($2::bytea IS NULL OR id = (SELECT id FROM barb.name WHERE kind = $3 AND sum = $2))
		UNION ALL SELECT target, (SELECT min(coalesce(policy, 0)) FROM barb.queue
			WHERE state = 1 AND NOT behind AND kind = $1 AND target = p.target AND coalesce(policy, 0) > p.policy)
		FROM p WHERE policy IS NOT NULL)
	SELECT (SELECT text FROM barb.name WHERE id = p.target), (SELECT text FROM barb.name WHERE id = p.policy),
		(SELECT min(due) FROM barb.queue WHERE state = 1 AND NOT behind AND kind = $1 AND target = p.target
			AND coalesce(policy, 0) = p.policy) AS due
	FROM p WHERE policy IS NOT NULL ORDER BY due`

// Upcoming returns the next due time of each target, or of one, and policy with open entries of a kind, the longest due
// first.
func (s *Engine) Upcoming(ctx context.Context, kind engine.QueueKind, target string) (all []engine.Due, err error) {
	var sum []byte
	if target != "" {
		sum = bulk.SumOf(target)
	}
	err = s.each(ctx, upcoming, []any{int64(kind), sum, int64(engine.NameTarget)}, func(row engine.Row) error {
		all = append(all, engine.Due{Target: row.Text(), Policy: row.Text(), At: s.clock.out(row.Number())})
		return nil
	})
	return all, err
}

// Owners returns who has leases, whether they have ended or not.
func (s *Engine) Owners(ctx context.Context) ([]string, error) {
	return s.texts(ctx, `SELECT owner FROM (SELECT DISTINCT owner FROM barb.queue WHERE owner IS NOT NULL) q `+
		`ORDER BY owner COLLATE "C"`)
}

// Accepted returns, by id, the exchanges from an id on whose delivery is up to the queue: they have entries that are
// open, delivered or dead. Cancelled entries, and those only tried while the sender waited, do not count.
func (s *Engine) Accepted(ctx context.Context, from int64) (all []engine.Acceptance, err error) {
	err = s.each(ctx, `SELECT thread, max(state) < 3 FROM barb.queue
		WHERE thread >= $1 AND (state IN (1, 3) OR state = 2 AND answered IS NULL) GROUP BY thread ORDER BY thread`,
		[]any{from}, func(row engine.Row) error {
			all = append(all, engine.Acceptance{Thread: row.Number(), Kept: row.Yes()})
			return nil
		})
	return all, err
}
