package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// startRun plans a new run. Runs that have not changed for long are forgotten.
func (p *plan) startRun(t *engine.StartRun) {
	r := t.Run
	r.ID, r.Changed = p.r.runs[0], r.Created
	p.r.runs = p.r.runs[1:]
	p.step("DELETE FROM barb.run WHERE changed < $1", record.Nanos(t.Forget))
	p.step("INSERT INTO barb.run (id, created, changed, options, total, next, open, owner, ended) "+
		"VALUES ($1, $2, $2, $3, $4, $5, $6, $7, false)", r.ID, record.Nanos(r.Created), escape(r.Options),
		engine.UnlessZero(r.Total), r.Next, openText(r.Open), textOrNull(r.Owner))
}

func (p *plan) noteRun(r *engine.Run) {
	p.step("UPDATE barb.run SET changed = $2, next = $3, open = $4, owner = $5, ended = $6, total = $7, "+
		"options = CASE WHEN $6 THEN '{}' ELSE options END WHERE id = $1", r.ID, record.Nanos(r.Changed), r.Next,
		openText(r.Open), textOrNull(r.Owner), r.Ended, engine.UnlessZero(r.Total))
}

func (p *plan) takeRun(t *engine.TakeRun) {
	t.Taken = false
	took := func(rows pgx.Rows) error {
		t.Taken = rows.Next()
		rows.Close()
		return rows.Err()
	}
	p.steps = append(p.steps, step{query: "UPDATE barb.run SET owner = $2, changed = $3 " +
		"WHERE id = $1 AND coalesce(owner, '') = $4 AND NOT ended RETURNING id",
		args:   []any{t.Run.ID, textOrNull(t.Run.Owner), record.Nanos(t.Run.Changed), escape(t.Before)},
		reread: "SELECT id FROM barb.run WHERE id = $1 AND owner = $2 AND changed = $3",
		again:  []any{t.Run.ID, textOrNull(t.Run.Owner), record.Nanos(t.Run.Changed)}, apply: took})
}

// pin plans a pin, and reads which scheme is held.
func (p *plan) pin(t *engine.AddPin) {
	p.step(`INSERT INTO barb.pin AS p (route, secret, scheme, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (route, secret) DO UPDATE SET scheme = excluded.scheme, since = excluded.since WHERE p.scheme = $5`,
		escape(t.Route), []byte(t.Secret), escape(t.Scheme), record.Nanos(t.Now), escape(t.Replaces))
	const held = "SELECT scheme FROM barb.pin WHERE route = $1 AND secret = $2"
	args := []any{escape(t.Route), []byte(t.Secret)}
	p.steps = append(p.steps, step{query: held, args: args, reread: held, again: args, apply: func(rows pgx.Rows) error {
		scheme, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
		t.Held = unescape(scheme)
		return err
	}})
}

// textOrNull is an escaped text, or nil for "".
func textOrNull(s string) any { return engine.UnlessZero(escape(s)) }

// openText is the open numbers of a run, "17,40".
func openText(numbers []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
}

// numbered puts the places of two arguments, from a number on, where a statement has $N and $T.
func numbered(query string, from int) string {
	return strings.NewReplacer("$N", fmt.Sprintf("$%d", from), "$T", fmt.Sprintf("$%d", from+1)).Replace(query)
}
