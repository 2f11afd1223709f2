package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

func replaced(text string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(text)
}

// partitions returns the numbers of the partitions, but for those that new exchanges may go into, lowest first.
func (p *pruner) partitions(ctx context.Context) ([]int64, error) {
	names, err := p.s.texts(ctx, `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'barb.exchange'::regclass`)
	if err != nil {
		return nil, err
	}
	row, err := p.s.one(ctx, "SELECT coalesce((SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1), 0)")
	if err != nil {
		return nil, err
	}
	newest := partitionOf(row.Number())
	var numbers []int64
	for _, name := range names {
		number, err := strconv.ParseInt(strings.TrimPrefix(name, "exchange_"), 10, 64)
		if err == nil && number < newest {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// dropOldest drops the oldest partition where all of it goes: it takes no more than there is too much, and nothing
// in it has to stay. Where it has to stay it is not looked at again.
func (p *pruner) dropOldest(ctx context.Context, over int64) (bool, error) {
	numbers, err := p.partitions(ctx)
	if err != nil || len(numbers) == 0 || numbers[0] < p.stuck {
		return false, err
	}
	number := numbers[0]
	row, err := p.s.one(ctx, fmt.Sprintf(`SELECT pg_total_relation_size('barb.exchange_%[1]d') +
		pg_total_relation_size('barb.request_%[1]d') + pg_total_relation_size('barb.response_%[1]d')`, number))
	if err != nil || row.Number() > over {
		return false, err
	}
	if p.rule.Whole {
		if err := p.removeCrossing(ctx, number); err != nil {
			return false, err
		}
	}
	dropped, err := p.drop(ctx, number)
	if err == nil && !dropped {
		p.stuck = number + 1
	}
	return dropped, err
}

// crossing selects webhooks that have exchanges in a partition and outside of it.
const crossing = `SELECT x.webhook AS id FROM barb.exchange x WHERE x.webhook BETWEEN @low AND @high AND x.id > @high
	UNION SELECT e.webhook FROM barb.exchange e WHERE e.id BETWEEN @low AND @high AND e.webhook < @low`

// removeCrossing removes the webhooks that have exchanges in a partition and outside of it, where they may go.
func (p *pruner) removeCrossing(ctx context.Context, number int64) error {
	low, high := number*perPartition, (number+1)*perPartition-1
	firsts, err := p.s.numbers(ctx, "SELECT coalesce((SELECT min(e.id) FROM barb.exchange e WHERE e.id = f.id OR "+
		"e.webhook = f.id), f.id) FROM ("+replaced(crossing, "@low", "$1::bigint", "@high", "$2::bigint")+") f", low, high)
	for batch := range slices.Chunk(firsts, pruneRows) {
		if err == nil {
			err = p.commit(ctx, batch)
		}
	}
	return err
}

// keepsPartition is whether something in a partition has to stay.
const keepsPartition = `SELECT EXISTS (SELECT 1 FROM barb.exchange_@n e WHERE e.start >= @until)
	OR EXISTS (SELECT 1 FROM barb.exchange_@n e WHERE e.start >= @open AND (e.ended = 0 OR NOT ` + wasAnswered + `))
	OR EXISTS (SELECT 1 FROM barb.queue WHERE state = 1 AND thread BETWEEN @low AND @high)
	OR EXISTS (SELECT 1 FROM barb.remark m JOIN barb.exchange_@n e ON m.webhook = coalesce(e.webhook, e.id)
		WHERE m.pinned)`

// drop drops a partition unless something in it has to stay.
func (p *pruner) drop(ctx context.Context, number int64) (dropped bool, err error) {
	low, high, open := number*perPartition, (number+1)*perPartition-1, int64(math.MaxInt64)
	if !p.rule.Open.IsZero() {
		open = p.rule.Open.UnixNano()
	}
	keeps := keepsPartition
	if p.rule.Whole {
		keeps += " OR EXISTS (" + crossing + ")"
	}
	place := func(text string) string {
		return replaced(text, "@n", fmt.Sprint(number), "@until", fmt.Sprint(p.until), "@open", fmt.Sprint(open),
			"@low", fmt.Sprint(low), "@high", fmt.Sprint(high))
	}
	var found engine.PruneResult
	var names []int64
	err = p.alone(ctx, func(tx pgx.Tx) error {
		dropped = false
		var stays bool
		if err := tx.QueryRow(ctx, place(keeps)).Scan(&stays); err != nil || stays {
			return err
		}
		webhooks := "0::bigint"
		if p.rule.Whole {
			webhooks = "count(DISTINCT coalesce(webhook, id))"
		}
		if err := tx.QueryRow(ctx, place("SELECT count(*), "+webhooks+" FROM barb.exchange_@n")).Scan(&found.Removed,
			&found.Webhooks); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, fmt.Sprintf(namesOf, fmt.Sprint("exchange_", number), "true",
			place("q.thread BETWEEN @low AND @high")))
		if err == nil {
			names, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		}
		if err == nil {
			_, err = tx.Exec(ctx, place(dropPartition), pgx.QueryExecModeSimpleProtocol)
		}
		dropped = err == nil
		return err
	})
	if err != nil || !dropped {
		return false, err
	}
	p.done.Removed, p.done.Webhooks = p.done.Removed+found.Removed, p.done.Webhooks+found.Webhooks
	p.note(names)
	return true, nil
}

const dropPartition = `DROP TABLE barb.exchange_@n, barb.request_@n, barb.response_@n;
	DELETE FROM barb.queue WHERE thread BETWEEN @low AND @high;
	DELETE FROM barb.mirror WHERE id BETWEEN @low AND @high;
	DELETE FROM barb.kept WHERE id BETWEEN @low AND @high;
	DELETE FROM barb.remark m WHERE m.webhook <= @high
		AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.id = m.webhook)
		AND NOT EXISTS (SELECT 1 FROM barb.exchange x WHERE x.webhook = m.webhook);
	DELETE FROM barb.freed WHERE partition = @n;
	UPDATE barb.history SET last_id = @high WHERE last_id < @high`

// dropEmpty drops partitions of which no exchange is left.
func (p *pruner) dropEmpty(ctx context.Context) error {
	numbers, err := p.partitions(ctx)
	for _, number := range numbers {
		if err != nil {
			return err
		}
		var row engine.Row
		if row, err = p.s.one(ctx, fmt.Sprintf("SELECT 1 FROM barb.exchange_%d LIMIT 1", number)); err == nil && row == nil {
			_, err = p.drop(ctx, number)
		}
	}
	return err
}
