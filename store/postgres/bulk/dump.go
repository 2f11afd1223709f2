package bulk

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

// Unhurried lets the statements of a transaction take as long as a history is large.
const Unhurried = `SELECT set_config('statement_timeout', '0', true), set_config('jit', 'off', true),
	set_config('idle_in_transaction_session_timeout', '0', true)`

const dumpFacts = `SELECT last_id,
		(SELECT coalesce(max(last_value), 0) FROM pg_sequences WHERE schemaname = 'barb' AND sequencename = 'name_id'),
		(SELECT coalesce(max(last_value), 0) FROM pg_sequences WHERE schemaname = 'barb' AND sequencename = 'queue_id'),
		disorder, pin_key, (SELECT count(*) FROM barb.exchange), (SELECT count(*) FROM barb.queue WHERE state = 1),
		(SELECT count(*) FROM barb.queue WHERE state = 1 AND owner IS NOT NULL AND due > $1),
		coalesce((SELECT max(id) FROM barb.exchange), 0) FROM barb.history`

// Dumper gives a sink all rows, in a transaction.
type Dumper struct {
	Tx     pgx.Tx
	Rule   engine.CopyRule
	To     engine.Sink
	Offset int64             // ns: of the server's clock to ours
	Told   func(error) error // an error of the server in words
}

// Run gives the sink what is known of the history, and its rows.
func (d *Dumper) Run(ctx context.Context, leasesHold int64) error {
	var f engine.Facts
	err := d.each(ctx, dumpFacts, func(row engine.Row) error {
		f = engine.Facts{LastID: row.Number(), LastName: row.Number(), LastWait: row.Number(), Disorder: row.Number(),
			PinKey: row.Bytes(), Exchanges: row.Number(), Waiting: row.Number(), Leased: row.Number()}
		if newest := row.Number(); !d.Rule.Since.IsZero() { // newer ones may be left out
			f.LastID = max(f.LastID, newest)
		}
		return nil
	}, leasesHold)
	if err == nil {
		err = d.To.Begin(f)
	}
	for _, t := range engine.Tables() {
		if err != nil {
			break
		}
		err = d.each(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM barb."+t.Name+" t WHERE "+
			d.Rule.Where(t, "barb.")+" ORDER BY 1", func(row engine.Row) error {
			shift(t, row, -d.Offset)
			return d.To.Put(t, row)
		})
	}
	return err
}

// shift turns the times of a row of the queue from our clock into the server's, or back.
func shift(t *engine.Table, row engine.Row, offset int64) {
	if t.Name != "queue" || offset == 0 {
		return
	}
	for _, column := range []string{"due", "created", "changed"} {
		if at, ok := row[t.Place(column)].(int64); ok && at != 0 {
			row[t.Place(column)] = at + offset
		}
	}
}

// each hands the rows of a query to do. An error of do stays as it is.
func (d *Dumper) each(ctx context.Context, query string, do func(engine.Row) error, args ...any) error {
	rows, err := d.Tx.Query(ctx, query, args...)
	if err != nil {
		return d.Told(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := RowOf(rows)
		if err != nil {
			return d.Told(err)
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return d.Told(rows.Err())
}
