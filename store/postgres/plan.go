package postgres

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
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

	steps []step
}

// step is a statement. apply reads its rows; reread are the same rows once the group is there.
type step struct {
	query, reread string
	args          []any
	rows          *rows // whose arguments come first; nil: none
	again         []any // of reread
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
	p := &plan{w: w, r: r, token: rand.Int64N(1<<62) + 1}
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

// queue queues the statements. First the group is noted, so that a group that is there already ends at once.
func (p *plan) queue(b *pgx.Batch) {
	b.Queue(noteWritten, p.w.engine.self, p.w.number)
	if p.w.number%forgetEvery == 0 {
		b.Queue(forgetWritten, p.w.engine.self, p.w.number)
	}
	if p.w.number == 1 && p.w.engine.self%forgetOf == 0 {
		b.Queue(forgetEnded, int64(writtenHolds))
	}
	if len(p.w.names.used) > 0 {
		b.Queue("SELECT pg_advisory_xact_lock_shared($1, $2)", lockClass, lockNames)
		b.Queue("SELECT 1 / (names_removed = $1)::int FROM barb.history", p.w.names.removed)
	}
	for _, s := range p.steps {
		args := make([]any, len(s.args))
		for i, arg := range s.args {
			if args[i] = arg; isName(arg) {
				args[i] = arg.(*name).id
			}
		}
		if s.rows != nil {
			args = append(s.rows.args(), args...)
		}
		q := b.Queue(s.query, args...)
		if s.apply != nil {
			q.Query(s.apply)
		}
	}
}

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

// adding is the statement that adds exchanges, from rows with two more columns: an entry of the queue, NULL for none,
// and the first exchange of the call. Where the entry's lease was gone its attempt was not counted, and nothing is
// added.
func adding(table string, columns []string) string {
	return "INSERT INTO barb." + table + " (" + namesIn(columns, "") + ") SELECT " + namesIn(columns, "u.") + " FROM " +
		unnest(withEntry(columns)) +
		" WHERE u.entry IS NULL OR EXISTS (SELECT FROM barb.queue q WHERE q.id = u.entry AND q.last = u.begun)"
}

func withEntry(columns []string) []string {
	return append(append([]string{}, columns...), "entry", "begun")
}

// exchanges plans the rows of new exchanges.
func (p *plan) exchanges(g *engine.Group) {
	if len(p.begun) == 0 {
		return
	}
	t := theTables()
	exchanges, requests, responses := newRows(withEntry(t.exchange)...), newRows(withEntry(t.request)...),
		newRows(withEntry(t.response)...)
	var row []any
	i := 0
	for _, e := range g.Writes {
		var entry, begun any
		if a, ok := e.Work.(*engine.Attempt); ok && a.Recorded {
			entry, begun = a.Entry.ID, p.r.exchanges[min(i, len(p.r.exchanges)-1)]
		}
		for _, b := range e.Begin {
			id := p.r.exchanges[i]
			row = b.Ending.Append(b.Append(row[:0], id, p.webhooks[i], &p.w.names), &p.w.names)
			exchanges.add(append(row, p.w.engine.self, entry, begun)...)
			requests.add(append(b.AppendRequest(row[:0], id, b.X.Request.Body), entry, begun)...)
			if a := b.Ending.Response; a != nil && !a.Named {
				responses.add(append(a.Append(row[:0], id), entry, begun)...)
			}
			i++
		}
	}
	p.steps = append(p.steps, step{query: t.addExchanges, rows: exchanges},
		step{query: t.addRequests, rows: requests})
	if responses.n > 0 {
		p.steps = append(p.steps, step{query: t.addResponses, rows: responses})
	}
}

// endExchanges stores endings. An exchange that is gone stays away. A command may have ended before the answer did.
func endExchanges(columns []string) string {
	return fmt.Sprintf("UPDATE barb.exchange e SET %s FROM %s WHERE e.id = u.id AND e.id BETWEEN $%d AND $%d",
		settingEndings(columns), unnest(columns), len(columns)+1, len(columns)+2)
}

func settingEndings(columns []string) string {
	sets := make([]string, 0, len(columns))
	for _, c := range columns[1:] {
		name, _, _ := strings.Cut(c, " ")
		value := "u." + name
		if name == "masks" || name == "exec_exit" || name == "exec_took" {
			value = "coalesce(u." + name + ", e." + name + ")"
		}
		sets = append(sets, name+" = "+value)
	}
	return strings.Join(sets, ", ")
}

// respond stores answers. The range of ids lets the server plan for the partitions that have them.
func respond(columns []string) string {
	return fmt.Sprintf(`INSERT INTO barb.response (%s) SELECT %s FROM %s
	WHERE EXISTS (SELECT FROM barb.exchange e WHERE e.id = u.id AND e.id BETWEEN $%d AND $%d)
	ON CONFLICT (id) DO UPDATE SET head = excluded.head, fields = excluded.fields, proto = excluded.proto,
		reason = excluded.reason, body = excluded.body`, namesIn(columns, ""), namesIn(columns, "u."), unnest(columns),
		len(columns)+1, len(columns)+2)
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
	t := theTables()
	ended, responses := newRows(t.ending...), newRows(t.response...)
	lowest, highest := int64(1<<63-1), int64(0)
	var row []any
	for _, e := range g.Writes {
		end := e.End
		if end == nil || last[end.ID] != end {
			continue
		}
		lowest, highest = min(lowest, end.ID), max(highest, end.ID)
		row = end.Append(append(row[:0], end.ID), &p.w.names)
		ended.add(row...)
		if a := end.Response; a != nil && !a.Named {
			responses.add(a.Append(row[:0], end.ID)...)
		}
	}
	p.steps = append(p.steps, step{query: t.endExchanges, rows: ended, args: []any{lowest, highest}})
	if responses.n > 0 {
		p.steps = append(p.steps, step{query: t.respond, rows: responses, args: []any{lowest, highest}})
	}
}
