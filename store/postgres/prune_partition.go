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

// partitions returns the numbers of the partitions, lowest first, and of the one that the newest exchange is in: new
// ones may go into that and those above it.
func (p *pruner) partitions(ctx context.Context) (numbers []int64, newest int64, err error) {
	names, err := p.s.texts(ctx, `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'barb.exchange'::regclass`)
	if err != nil {
		return nil, 0, err
	}
	row, err := p.s.one(ctx, "SELECT coalesce((SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1), 0)")
	if err != nil {
		return nil, 0, err
	}
	newest = partitionOf(row.Number())
	for _, name := range names {
		number, err := strconv.ParseInt(strings.TrimPrefix(name, "exchange_"), 10, 64)
		if err == nil && number <= newest {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, newest, nil
}

// sweptRows is Engine.sweeps unless a test has it smaller.
const sweptRows = 20_000

// sweepOldest drops or rewrites the oldest partition of which all goes, or most. Where that is no use, or others are in
// the way, it is not looked at again. It takes no more than there is too much, about.
func (p *pruner) sweepOldest(ctx context.Context, over int64) (swept bool, err error) {
	numbers, newest, err := p.partitions(ctx)
	for _, number := range numbers {
		if err != nil {
			return false, err
		}
		if number < p.stuck {
			continue
		}
		p.stuck = max(p.stuck, number+1)
		var w *sweep
		if w, err = p.planned(ctx, number, newest, over); err != nil || w == nil {
			continue
		}
		swept, err = w.run(ctx)
		if err != nil || swept {
			return swept, err
		}
	}
	return false, err
}

// planned returns how a partition is swept, nil where that is no use.
func (p *pruner) planned(ctx context.Context, number, newest, over int64) (*sweep, error) {
	w := &sweep{p: p, number: number, upTo: math.MaxInt64, last: number == newest}
	size, err := w.size(ctx)
	if err != nil {
		return nil, err
	}
	// The newest has begun last, nearly. Whether all goes is looked at once more.
	row, err := p.s.one(ctx, w.place("SELECT start >= @until FROM barb.exchange_@n ORDER BY id DESC LIMIT 1"))
	if err != nil {
		return nil, err
	}
	if w.whole = !w.last && size <= over && (row == nil || !row.Yes()); !w.whole {
		if worth, err := w.cut(ctx, float64(over)/float64(size)); err != nil || !worth {
			return nil, err
		}
	}
	if w.upTo == math.MaxInt64 && p.rule.Whole {
		err = w.removeCrossing(ctx)
	}
	return w, err
}

// cut decides what goes of a partition of which not all does, and reports whether it is worth to copy the rest. By size
// it is as many exchanges as have a share of the bytes, about.
func (w *sweep) cut(ctx context.Context, share float64) (worth bool, err error) {
	row, err := w.p.s.one(ctx, w.place(`SELECT count(*), count(*) FILTER (WHERE start < @until) FROM barb.exchange_@n`))
	if err != nil {
		return false, err
	}
	rows, going := row.Number(), row.Number()
	if share < 1 {
		going = min(going, int64(float64(rows)*share))
		row, err := w.p.s.one(ctx, w.place("SELECT id FROM barb.exchange_@n ORDER BY id LIMIT 1 OFFSET $1"), going)
		if err != nil || row == nil {
			return false, err
		}
		w.upTo = row.Number()
	}
	if going < rows { // and so does none of a later partition, but for a few
		w.p.stuck = math.MaxInt64
	}
	return going >= w.p.s.sweeps && 2*going >= rows, nil
}

// crossing selects webhooks that have exchanges in a partition and outside of it.
const crossing = `SELECT x.webhook AS id FROM barb.exchange x WHERE x.webhook BETWEEN @low AND @high AND x.id > @high
	UNION SELECT e.webhook FROM barb.exchange e WHERE e.id BETWEEN @low AND @high AND e.webhook < @low`

// removeCrossing removes the webhooks that have exchanges in the partition and outside of it, where they may go.
func (w *sweep) removeCrossing(ctx context.Context) error {
	firsts, err := w.p.s.numbers(ctx, w.place("SELECT coalesce((SELECT min(e.id) FROM barb.exchange e WHERE "+
		"e.id = f.id OR e.webhook = f.id), f.id) FROM ("+crossing+") f"))
	for batch := range slices.Chunk(firsts, pruneRows) {
		if err == nil {
			err = w.p.commit(ctx, batch)
		}
	}
	return err
}

// dropEmpty drops partitions of which no exchange is left.
func (p *pruner) dropEmpty(ctx context.Context) error {
	numbers, newest, err := p.partitions(ctx)
	for _, number := range numbers {
		if err != nil || number == newest {
			return err
		}
		w := &sweep{p: p, number: number, upTo: math.MaxInt64, whole: true}
		var row engine.Row
		if row, err = p.s.one(ctx, w.place("SELECT 1 FROM barb.exchange_@n LIMIT 1")); err == nil && row == nil {
			_, err = w.run(ctx)
		}
	}
	return err
}

// compact rewrites the partitions whose files have the most space of removed rows, until the history takes no more than
// it should, and reports whether any became smaller.
func (p *pruner) compact(ctx context.Context, most int64) (did bool, err error) {
	for {
		total, err := p.s.measure(ctx)
		if err != nil || total <= most {
			return did, err
		}
		row, err := p.s.one(ctx, "SELECT partition FROM barb.freed WHERE bytes > 0 ORDER BY bytes DESC LIMIT 1")
		if err != nil || row == nil {
			return did, err
		}
		w := &sweep{p: p, number: row.Number(), upTo: -1, last: true}
		swept, err := w.run(ctx)
		if err != nil || !swept {
			return did, err
		}
		did = true
	}
}

// partitionSize is the bytes of a partition's tables with their indexes.
const partitionSize = `SELECT (pg_total_relation_size('barb.exchange_@n') + pg_total_relation_size('barb.request_@n') +
	pg_total_relation_size('barb.response_@n'))::bigint`

func (w *sweep) size(ctx context.Context) (int64, error) {
	row, err := w.p.s.one(ctx, w.place(partitionSize))
	if err != nil {
		return 0, err
	}
	return row.Number(), nil
}

// place fills in what the statements of a sweep are about.
func (w *sweep) place(text string) string {
	open, key, more := int64(math.MaxInt64), "e.id", ""
	if !w.p.rule.Open.IsZero() {
		open = w.p.rule.Open.UnixNano()
	}
	if w.p.rule.Whole {
		key, more = "coalesce(e.webhook, e.id)", "UNION "+crossing
	}
	text = replaced(text, "@stay", stayKeys)
	return replaced(replaced(text, "@crossing", more), "@key", key, "@n", fmt.Sprint(w.number), "@until",
		fmt.Sprint(w.p.until), "@open", fmt.Sprint(open), "@upto", fmt.Sprint(w.upTo), "@low",
		fmt.Sprint(w.number*perPartition), "@high", fmt.Sprint((w.number+1)*perPartition-1))
}

// eachTable runs a statement for each of the three tables that have partitions.
func (w *sweep) eachTable(ctx context.Context, tx pgx.Tx, text string) error {
	var all strings.Builder
	for _, table := range partitioned {
		all.WriteString(w.place(replaced(text, "@table", table)) + ";\n")
	}
	_, err := tx.Exec(ctx, all.String(), pgx.QueryExecModeSimpleProtocol)
	return err
}
