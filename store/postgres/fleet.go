package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/reason"
)

// The beats of a history follow each other: of two workers that begin at once, one sees the other. They need not be
// durable, and do not wait for a standby.
const (
	beatAlone = "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock($1, $2)"

	beat = `INSERT INTO barb.worker AS w (holder, machine, version, beat, since, seen, claims, blocked, busy)
		SELECT $1, $2, $3, now, now, $4, $5, $6, $7 FROM (SELECT ` + serverNow + ` AS now) n
		ON CONFLICT (holder) DO UPDATE SET beat = excluded.beat, seen = excluded.seen, claims = excluded.claims,
			blocked = excluded.blocked, busy = excluded.busy, since = CASE WHEN $8
				OR abs(excluded.beat - w.beat) > $9 OR NOT w.blocked <@ excluded.blocked THEN excluded.beat ELSE w.since END`

	workers = `SELECT holder, machine, version, beat, since, seen, claims, blocked, busy,
			` + serverNow + ` - beat, 0::bigint
		FROM barb.worker ORDER BY holder COLLATE "C"`

	workersWithLeases = `SELECT coalesce(w.holder, q.owner), coalesce(w.machine, ''), coalesce(w.version, ''),
			coalesce(w.beat, 0), coalesce(w.since, 0), coalesce(w.seen, 0), coalesce(w.claims, '{}'),
			coalesce(w.blocked, '{}'), coalesce(w.busy, '{}'), coalesce(` + serverNow + ` - w.beat, 0), coalesce(q.leases, 0)
		FROM barb.worker w FULL JOIN (SELECT owner, count(*) AS leases FROM barb.queue
			WHERE owner IS NOT NULL AND state = 1 GROUP BY owner) q ON q.owner = w.holder
		ORDER BY coalesce(w.holder, q.owner) COLLATE "C"`
)

// Beat notes that a worker lives, and returns all workers, itself among them. It waits for nobody, and gives up after
// engine.BeatPatience.
func (s *Engine) Beat(ctx context.Context, w *engine.Worker) (all []engine.Worker, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.BeatPatience)
	defer cancel()
	b := &pgx.Batch{}
	b.Queue(beatAlone, lockClass, lockFleet)
	b.Queue(beat, escape(w.Holder), escape(w.Machine), escape(w.Version), w.Seen, some(w.Claims), some(w.Blocked),
		some(w.Busy), w.Anew, int64(engine.BeatGap))
	b.Queue(workers).Query(func(rows pgx.Rows) (err error) {
		all, err = workersIn(rows)
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); ctx.Err() != nil {
		return nil, engine.Fault(s.name, reason.Away(fmt.Sprintf("it did not answer within %s", engine.BeatPatience)))
	} else if err != nil {
		return nil, s.told(err)
	}
	return all, nil
}

// some are numbers that are not NULL.
func some(all []int64) []int64 { return append([]int64{}, all...) }

func workersIn(rows pgx.Rows) ([]engine.Worker, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w engine.Worker, err error) {
		err = row.Scan(&w.Holder, &w.Machine, &w.Version, &w.Beat, &w.Since, &w.Seen, &w.Claims, &w.Blocked, &w.Busy,
			&w.Age, &w.Leases)
		w.Holder, w.Machine, w.Version = unescape(w.Holder), unescape(w.Machine), unescape(w.Version)
		return w, err
	})
}

// A worker that beats at the same moment is not among the silent: the row is looked at again once it is locked.
const releaseSilent = `WITH silent AS (DELETE FROM barb.worker w
		USING (SELECT ` + serverNow + ` AS now) n, barb.worker me
		WHERE me.holder = $1 AND w.holder <> $1 AND abs(n.now - w.beat) > $2 AND n.now - me.since >= $2
			AND n.now - me.beat < $3
		RETURNING w.holder),
	released AS (UPDATE barb.queue SET owner = NULL, straight = false, due = ` + serverNow + `, token = $4
		WHERE state = 1 AND owner IN (SELECT holder FROM silent))
	SELECT holder FROM silent`

// ReleaseSilent ends the leases of workers that have been silent, where the worker that asks has not; see engine.Fleet.
func (s *Engine) ReleaseSilent(ctx context.Context, holder string) ([]string, error) {
	released, err := s.texts(ctx, releaseSilent, escape(holder), int64(engine.SilentAfter), int64(engine.BeatGap),
		rand.Int64N(1<<62)+1)
	return released, err
}

// Workers returns all workers that beat or hold leases, with the number of these.
func (s *Engine) Workers(ctx context.Context) (all []engine.Worker, err error) {
	rows, err := s.pool.Query(ctx, workersWithLeases)
	if err == nil {
		all, err = workersIn(rows)
	}
	return all, s.told(err)
}
