package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/postgres/reason"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/jackc/pgx/v5"
)

// sweep removes much of one partition, or all: what stays is copied to new tables, which take the place of the old
// ones. That takes a fraction of the time of removing row by row, and gives the space back to the file system. It is
// one transaction. Nobody waits for the copying. Then, alone, it copies what came or changed meanwhile.
type sweep struct {
	p      *pruner
	number int64
	upTo   int64 // what begins with a higher id stays
	whole  bool  // nothing stays, as it seems
	last   bool  // the partition is needed
}

const (
	// stayKeys selects the webhooks, or with a rule for exchanges those, that have to stay in a partition: by what they
	// are, or by what others say of them.
	stayKeys  = "SELECT @key AS key FROM barb.exchange_@n e WHERE " + hasToStay + " UNION " + isToStay
	hasToStay = `(e.start >= @until OR @key > @upto
			OR e.start >= @open AND (e.ended = 0 OR NOT ` + scope.WasAnswered + `))`
	isToStay = `SELECT @key FROM barb.queue q JOIN barb.exchange_@n e ON e.id = q.thread
			WHERE q.state = 1 AND q.thread BETWEEN @low AND @high
		UNION SELECT @key FROM barb.remark m JOIN barb.exchange_@n e ON coalesce(e.webhook, e.id) = m.webhook
			WHERE m.pinned @crossing`

	makeCopies = "CREATE TABLE barb.@table_@n_new (LIKE barb.@table INCLUDING ALL EXCLUDING INDEXES)"

	// indexesOfCopies returns the statements for the indexes that the copies need: to make them when most rows are there
	// takes a fraction of the time.
	indexesOfCopies = `SELECT string_agg(CASE WHEN i.indisprimary
			THEN 'ALTER TABLE barb.' || c.relname || '_@n_new ADD PRIMARY KEY (id)'
			ELSE regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \S+ ON (ONLY )?\S+',
				' INDEX ON barb.' || c.relname || '_@n_new') END, '; ' ORDER BY i.indexrelid)
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'barb' AND c.relname IN ('exchange', 'request', 'response')`

	// copyStaying copies what stays and is not copied yet. What stays are mostly rows beside each other, which their
	// index finds without all the others being read.
	copyStaying = `WITH stay AS MATERIALIZED (@stay),
		copied AS MATERIALIZED (SELECT e.id FROM barb.exchange_@n e WHERE EXISTS (SELECT 1 FROM stay s WHERE s.key = @key)
			AND NOT EXISTS (SELECT 1 FROM barb.exchange_@n_new x WHERE x.id = e.id)),
		q AS (INSERT INTO barb.request_@n_new SELECT r.* FROM copied f
			CROSS JOIN LATERAL (SELECT * FROM barb.request_@n x WHERE x.id = f.id LIMIT 1) r),
		p AS (INSERT INTO barb.response_@n_new SELECT r.* FROM copied f
			CROSS JOIN LATERAL (SELECT * FROM barb.response_@n x WHERE x.id = f.id LIMIT 1) r)
		INSERT INTO barb.exchange_@n_new SELECT r.* FROM copied f
			CROSS JOIN LATERAL (SELECT * FROM barb.exchange_@n x WHERE x.id = f.id LIMIT 1) r`

	// dropChanged removes copies of what is gone, or was changed after a moment: by a transaction that had not ended
	// then. A request is never changed, and an answer only together with its exchange.
	dropChanged = `WITH changed AS MATERIALIZED (SELECT c.id FROM barb.exchange_@n_new c
			LEFT JOIN barb.exchange_@n e ON e.id = c.id WHERE e.id IS NULL OR age(e.xmin) <= age('@moment'::xid)),
		q AS (DELETE FROM barb.request_@n_new r USING changed c WHERE r.id = c.id),
		p AS (DELETE FROM barb.response_@n_new r USING changed c WHERE r.id = c.id)
		DELETE FROM barb.exchange_@n_new r USING changed c WHERE r.id = c.id`

	replaceTables = `DROP TABLE barb.@table_@n; ALTER TABLE barb.@table_@n_new RENAME TO @table_@n;
		ALTER TABLE barb.@table ATTACH PARTITION barb.@table_@n FOR VALUES FROM (@low) TO (@high + 1)`

	countAll = "SELECT coalesce(bool_or(" + hasToStay + "), false) OR EXISTS (" + isToStay + "), count(*), " +
		"count(DISTINCT @key), coalesce(max(e.id), 0) FROM barb.exchange_@n e"
	countGone = "SELECT false, count(*), count(DISTINCT @key), coalesce(max(e.id), 0) FROM barb.exchange_@n e " +
		"WHERE NOT EXISTS (SELECT 1 FROM barb.exchange_@n_new x WHERE x.id = e.id)"
	unlessCopied = "AND NOT EXISTS (SELECT 1 FROM barb.exchange_@n x WHERE x.id ="

	// removeRest removes what goes with removed exchanges, of which @last is the newest.
	removeRest = `DELETE FROM barb.queue q WHERE q.thread BETWEEN @low AND @high AND q.state <> 1 @unless q.thread);
		DELETE FROM barb.mirror m WHERE m.id BETWEEN @low AND @high @unless m.id);
		DELETE FROM barb.kept k WHERE k.id BETWEEN @low AND @high @unless k.id);
		DELETE FROM barb.remark m WHERE m.webhook <= @high
			AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.id = m.webhook)
			AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.webhook = m.webhook);
		DELETE FROM barb.freed WHERE partition = @n;
		UPDATE barb.history SET last_id = @last WHERE last_id < @last`
)

// errInTheWay says that others use the tables, as a backup does, for longer than it is worth to wait.
var errInTheWay = errors.New("others are in the way")

// run sweeps the partition; false when that is not possible now.
func (w *sweep) run(ctx context.Context) (bool, error) {
	did, err := w.once(ctx)
	if err == nil && !did && w.whole { // something stays
		w.whole = false
		return w.once(ctx)
	}
	return did, err
}

func (w *sweep) once(ctx context.Context) (bool, error) {
	var done swept
	err := patiently(ctx, func() error {
		return pgx.BeginFunc(ctx, w.p.s.pool, func(tx pgx.Tx) (err error) {
			done = swept{}
			return w.within(ctx, tx, &done)
		})
	})
	if errors.Is(err, errInTheWay) {
		return false, nil
	}
	if err == nil && done.is {
		w.p.done.Removed += done.exchanges
		if w.p.rule.Whole {
			w.p.done.Webhooks += done.webhooks
		}
		w.p.note(done.names)
	}
	return done.is, err
}

// swept is what a sweep has removed.
type swept struct {
	is                  bool
	exchanges, webhooks int64
	names               []int64 // that it may have removed the last exchange of
}

// within sweeps in a transaction.
func (w *sweep) within(ctx context.Context, tx pgx.Tx, done *swept) error {
	for _, prepare := range []string{longerLocks, w.place(keepVacuumOut), shortLocks} {
		if _, err := tx.Exec(ctx, prepare); reason.Code(err) == reason.NotAvailable {
			return errInTheWay
		} else if err != nil {
			return err
		}
	}
	var moment string
	if err := tx.QueryRow(ctx, "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295)::text").
		Scan(&moment); err != nil {
		return err
	}
	if !w.whole {
		if err := w.copy(ctx, tx); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, w.place(namesOfPartition))
	if err == nil {
		done.names, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil {
		return err
	}
	return w.lockedOut(ctx, tx, func(tx pgx.Tx) error { return w.replace(ctx, tx, moment, done) })
}

// copy makes the copies.
func (w *sweep) copy(ctx context.Context, tx pgx.Tx) error {
	if err := w.eachTable(ctx, tx, makeCopies); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, w.place(copyStaying)); err != nil {
		return err
	}
	var indexes string
	if err := tx.QueryRow(ctx, w.place(indexesOfCopies)).Scan(&indexes); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, indexes, pgx.QueryExecModeSimpleProtocol)
	return err
}

// namesOfPartition finds the names of a partition that came from outside: see namesOf.
const namesOfPartition = `SELECT DISTINCT n FROM (SELECT DISTINCT endpoint, event, answer FROM barb.exchange_@n) e,
		unnest(ARRAY[e.endpoint, e.event, e.answer]) n WHERE n IS NOT NULL
	UNION SELECT DISTINCT n FROM (SELECT DISTINCT target, policy FROM barb.queue WHERE thread BETWEEN @low AND @high) q,
		unnest(ARRAY[q.target, q.policy]) n WHERE n IS NOT NULL`

const (
	// The server ends an autovacuum that somebody has waited for a second for, deadlock_timeout. This lock keeps it out
	// until the sweep has ended, and nobody else: readers and writers do not wait for it, nor behind it.
	longerLocks   = "SELECT set_config('lock_timeout', '3s', true)"
	keepVacuumOut = "LOCK TABLE barb.exchange_@n, barb.request_@n, barb.response_@n IN SHARE UPDATE EXCLUSIVE MODE"
	shortLocks    = "SELECT set_config('lock_timeout', '100ms', true), set_config('jit', 'off', true), " +
		"set_config('work_mem', '64MB', true)"
	// swapTries is how often a sweep waits for readers, a tenth of a second at a time, since others wait behind it.
	swapTries = 15
)

// lockPartition locks the tables, and of their partitions only the one that goes: an autovacuum of another may take
// long, and is not what has to be waited for.
const lockPartition = "LOCK TABLE ONLY barb.exchange, ONLY barb.request, ONLY barb.response, barb.exchange_@n, " +
	"barb.request_@n, barb.response_@n"

// lockedOut does something while nobody reads or writes the tables.
func (w *sweep) lockedOut(ctx context.Context, tx pgx.Tx, do func(tx pgx.Tx) error) error {
	for tries := 1; ; tries++ {
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, $2)", lockClass, lockNames); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, w.place(lockPartition)); err != nil {
				return err
			}
			return do(tx)
		})
		switch code := reason.Code(err); {
		case code != reason.NotAvailable && code != reason.Deadlock:
			return err
		case tries == swapTries:
			return errInTheWay
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// replace puts the copies in place of the partition, or drops it where nothing stays.
func (w *sweep) replace(ctx context.Context, tx pgx.Tx, moment string, done *swept) error {
	count, replacing, gone := countAll, "DROP TABLE barb.@table_@n", "AND (true OR 0 ="
	if !w.whole {
		count, replacing, gone = countGone, replaceTables, unlessCopied
		for _, update := range []string{replaced(dropChanged, "@moment", moment), copyStaying} {
			if _, err := tx.Exec(ctx, w.place(update)); err != nil {
				return err
			}
		}
	}
	var stays bool
	var highest int64
	row := tx.QueryRow(ctx, w.place(count))
	if err := row.Scan(&stays, &done.exchanges, &done.webhooks, &highest); err != nil || stays {
		return err
	}
	err := w.eachTable(ctx, tx, replacing)
	if err == nil {
		rest := replaced(removeRest, "@last", strconv.FormatInt(highest, 10), "@unless", gone)
		_, err = tx.Exec(ctx, w.place(rest), pgx.QueryExecModeSimpleProtocol)
	}
	done.is = err == nil
	return err
}
