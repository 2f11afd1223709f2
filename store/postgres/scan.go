package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/words"
)

// lightCells are what a list shows, in the order of engine.Light. bodyCells are in the order of engine.Request,
// engine.NamedResponse and engine.Response.
const (
	lightCells   = engine.LightColumns + ", " + scope.AnsweredAt
	requestCells = "q.head, q.fields, q.target, q.proto, q.trailer, q.body, q.chunks, q.server_name, q.full_length, " +
		"q.full_sha256"
	bodyCells = ", " + requestCells + ", e.answer, e.answer_date, e.answer_body, coalesce(p.head, " + scope.AnswerHead +
		"), p.fields, p.proto, p.reason, p.body"
)

// A row of a partitioned table is looked up by its id in a subquery with LIMIT 1. The planner does not merge such a
// subquery into the rest, so it never reads a whole table to join it, and it knows that there is one row and not one in
// each partition: queries that seem to have many rows are compiled first (jit), which takes 100 times as long.
const (
	exchangeOf = " CROSS JOIN LATERAL (SELECT * FROM barb.exchange x WHERE x.id = f.id LIMIT 1) e"
	bodyJoins  = " LEFT JOIN LATERAL (SELECT * FROM barb.request x WHERE x.id = e.id LIMIT 1) q ON true" +
		" LEFT JOIN LATERAL (SELECT * FROM barb.response x WHERE x.id = e.id LIMIT 1) p ON true"
)

// within gives the joins the bounds of all ids: the server then plans only for the partitions that have them.
func within(joins, from, to string) string {
	return strings.ReplaceAll(joins, " LIMIT 1", " AND x.id BETWEEN "+from+" AND "+to+" LIMIT 1")
}

// exchanges reads the exchanges that a query of lightCells, and of bodyCells when whole, finds.
func (s *Engine) exchanges(ctx context.Context, whole bool, query string, args ...any) ([]*record.Exchange, error) {
	rows, err := s.all(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return s.scanned(ctx, rows, whole)
}

// scanned reads the exchanges of some rows.
func (s *Engine) scanned(ctx context.Context, rows []engine.Row, whole bool) ([]*record.Exchange, error) {
	n := nameReader{words: &s.words}
	xs, err := scanAll(rows, whole, n.of)
	if err == nil && len(n.missing) > 0 { // then it is read again, with all names
		if err = s.readNames(ctx, &n); err == nil {
			xs, err = scanAll(rows, whole, n.of)
		}
	}
	return xs, s.told(err)
}

func scanAll(rows []engine.Row, whole bool, name func(int64) string) (xs []*record.Exchange, err error) {
	for _, row := range rows {
		x := new(record.Exchange)
		if err := scan(row, x, whole, name); err != nil {
			return nil, err
		}
		xs = append(xs, x)
	}
	return xs, nil
}

// scan reads one exchange, with heads and bodies when whole.
func scan(row engine.Row, x *record.Exchange, whole bool, name func(int64) string) error {
	if err := engine.Light(&row, x, name); err != nil || !whole {
		return err
	}
	if err := engine.Request(&row, x); err != nil {
		return err
	}
	if engine.NamedResponse(&row, x.Response, name) {
		return nil
	}
	return engine.Response(&row, x.Response)
}

// nameReader gives the names of some rows, and notes those that have to be read first.
type nameReader struct {
	words   *words.Words
	found   map[int64]string
	missing []int64
}

// of returns the name with an id, "" for 0 and for an id that has no name.
func (n *nameReader) of(id int64) string {
	if id == 0 {
		return ""
	}
	text, ok := n.found[id]
	if !ok {
		text, ok = n.words.Get(id)
	}
	if !ok {
		n.missing = append(n.missing, id)
	}
	return text
}

// readNames reads the names that are missing.
func (s *Engine) readNames(ctx context.Context, n *nameReader) error {
	slices.Sort(n.missing)
	n.found = map[int64]string{}
	for _, id := range slices.Compact(n.missing) {
		n.found[id] = "" // of a damaged history: it is not looked for again
	}
	rows, err := s.all(ctx, "SELECT id, text FROM barb.name WHERE id = ANY($1)", slices.Compact(n.missing))
	for _, row := range rows {
		id, text := row.Number(), row.Text()
		n.found[id] = text
		n.words.Put(id, text)
	}
	return err
}
