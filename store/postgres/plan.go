package postgres

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/column"
	"github.com/barbhq/barb/store/postgres/pipeline"
)

// plan is the statements of one group, in their order. Nothing in it depends on what an earlier statement returned:
// where one does, the condition is part of the statement.
type plan struct {
	w        *writer
	r        *reserved
	token    int64 // queue.token of the leases that this group ends
	tokens   int64 // given for other changes of entries
	begun    []*engine.Beginning
	webhooks []int64 // of begun
	isPlain  bool    // it has no tasks, so that no result is read and no row depends on one

	steps []step
}

// step is a statement. apply reads its rows; reread are the same rows once the group is there.
type step struct {
	query, reread string
	into          string // where rows are copied to in place of a query
	args          []any
	rows          *column.Rows // whose arguments come first; nil: none
	again         []any        // of reread
	apply         func(rows pgx.Rows) error
}

func (p *plan) step(query string, args ...any) {
	p.steps = append(p.steps, step{query: query, args: args})
}

// nextToken is a token for one statement.
func (p *plan) nextToken() int64 {
	p.tokens++
	return p.token + p.tokens
}

// newPlan makes the plan of a group; names that it uses have to be resolved before it is sent.
func newPlan(w *writer, g *engine.Group, r *reserved) *plan {
	p := &plan{w: w, r: r, token: rand.Int64N(1<<62) + 1, isPlain: !slices.ContainsFunc(g.Writes, hasTask)}
	w.names.used = w.names.used[:0]
	p.place(g)
	p.tasks(g)
	p.exchanges(g)
	p.endings(g)
	p.wentSteps(g)
	if worst := w.clock.disorder(p.begun, r); 2*worst > r.disorder {
		p.step("UPDATE barb.history SET disorder = greatest(disorder, $1)", 3*worst) // some in advance: not with every row
	}
	return p
}

// place gives the exchanges of a group their ids.
func (p *plan) place(g *engine.Group) {
	for _, e := range g.Writes {
		e.Left = false
		for _, b := range e.Begin {
			p.begun = append(p.begun, b)
			p.webhooks = append(p.webhooks, p.r.webhookOf(b.X))
		}
	}
}

// statements hands the statements to do. First the group is noted, so that a group that is there already ends at once.
func (p *plan) statements(do func(s *step)) {
	do(&step{query: noteWritten, args: []any{p.w.engine.self, p.w.number}})
	if p.w.number%forgetEvery == 0 {
		do(&step{query: forgetWritten, args: []any{p.w.engine.self, p.w.number}})
	}
	if p.w.number == 1 && p.w.engine.self%forgetOf == 0 {
		do(&step{query: forgetEnded, args: []any{int64(writtenHolds)}})
	}
	if len(p.w.names.used) > 0 {
		do(&step{query: lockNamesToUse, args: []any{lockClass, lockNames}})
		do(&step{query: askRemoved, args: []any{p.w.names.removed}})
	}
	for _, s := range p.steps {
		args := make([]any, len(s.args))
		for i, arg := range s.args {
			if args[i] = arg; isName(arg) {
				args[i] = arg.(*name).id
			}
		}
		if s.args = args; s.rows != nil && s.into == "" {
			s.args = append(s.rows.Args(), args...)
		}
		do(&s)
	}
}

const (
	lockNamesToUse = "SELECT pg_advisory_xact_lock_shared($1, $2)"
	askRemoved     = "SELECT 1 / (names_removed = $1)::int FROM barb.history"
)

// batch is the statements of a group whose results are read.
func (p *plan) batch() *pgx.Batch {
	b := &pgx.Batch{}
	p.statements(func(s *step) {
		if q := b.Queue(s.query, s.args...); s.apply != nil {
			q.Query(s.apply)
		}
	})
	return b
}

// copied sends a plain group.
func (p *plan) copied(ctx context.Context, conn *pgx.Conn) error {
	to := pipeline.Begin(ctx, conn)
	p.statements(func(s *step) {
		if s.into != "" {
			to.Copy(s.into, s.rows)
		} else {
			to.Queue(s.query, s.args...)
		}
	})
	return to.Commit(ctx)
}

func hasTask(w *engine.Write) bool { return w.Work != nil }

func isName(arg any) bool {
	_, ok := arg.(*name)
	return ok
}

// queueReading queues what reads the results of a group that is there.
func (p *plan) queueReading(b *pgx.Batch) {
	for _, s := range p.steps {
		if s.reread != "" {
			b.Queue(s.reread, s.again...).Query(s.apply)
		}
	}
}

// exchanges plans the rows of new exchanges.
func (p *plan) exchanges(g *engine.Group) {
	if len(p.begun) == 0 {
		return
	}
	t, entry := column.TheTables(), column.WithEntry
	if p.isPlain {
		entry = func(columns []string) []string { return columns }
	}
	exchanges, requests, responses := column.New(entry(t.Exchange)...), column.New(entry(t.Request)...),
		column.New(entry(t.Response)...)
	var row []any
	i := 0
	for _, e := range g.Writes {
		of := make([]any, 0, 2)
		if a, ok := e.Work.(*engine.Attempt); ok && a.Recorded {
			of = append(of, a.Entry.ID, p.r.exchanges[min(i, len(p.r.exchanges)-1)])
		} else if !p.isPlain {
			of = of[:2]
		}
		for _, b := range e.Begin {
			id := p.r.exchanges[i]
			row = b.Ending.Append(b.Append(row[:0], id, p.webhooks[i], &p.w.names), &p.w.names)
			exchanges.Add(append(append(row, p.w.engine.self), of...)...)
			requests.Add(append(b.AppendRequest(row[:0], id, b.X.Request.Body), of...)...)
			if a := b.Ending.Response; a != nil && !a.Named {
				responses.Add(append(a.Append(row[:0], id), of...)...)
			}
			i++
		}
	}
	p.add("barb.exchange", t.AddExchanges, exchanges)
	p.add("barb.request", t.AddRequests, requests)
	if responses.Len() > 0 {
		p.add("barb.response", t.AddResponses, responses)
	}
}

// add plans to add rows to a table.
func (p *plan) add(table, query string, rows *column.Rows) {
	if p.isPlain {
		p.steps = append(p.steps, step{into: table, rows: rows})
	} else {
		p.steps = append(p.steps, step{query: query, rows: rows})
	}
}

// endings plans how exchanges ended; of two endings of one exchange the last counts.
func (p *plan) endings(g *engine.Group) {
	last := map[int64]*engine.Ending{}
	for _, e := range g.Writes {
		if e.End != nil {
			last[e.End.ID] = e.End
		}
	}
	if len(last) == 0 {
		return
	}
	t := column.TheTables()
	ended, responses := column.New(t.Ending...), column.New(t.Response...)
	var row []any
	for _, e := range g.Writes {
		end := e.End
		if end == nil || last[end.ID] != end {
			continue
		}
		row = end.Append(append(row[:0], end.ID), &p.w.names)
		ended.Add(row...)
		if a := end.Response; a != nil && !a.Named {
			responses.Add(a.Append(row[:0], end.ID)...)
		}
	}
	p.steps = append(p.steps, step{query: t.EndExchanges, rows: ended})
	if responses.Len() > 0 {
		p.steps = append(p.steps, step{query: t.Respond, rows: responses})
	}
}
