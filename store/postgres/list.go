package postgres

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
)

// A query reads so many exchanges at most. With bodies, which may be large, it ends with the exchange that makes so
// many bytes full: the server would send all of a longer answer, wanted or not.
const (
	// pageRows and largestPage are how many exchanges are read in one query at first and at most: to plan a query takes as
	// long as to read some hundred rows. With bodies a page has pageBytes at most, and pageRows.
	pageRows, largestPage = 256, 2048
	pageBytes             = 2 << 20

	// mostSpans is how many spans of ids are looked at in one query. The first query looks at one: the first span often
	// has all that is wanted.
	mostSpans = 512
)

// Get returns one exchange whole; ErrNotFound when there is none of this id.
func (s *Engine) Get(ctx context.Context, id int64) (*record.Exchange, error) {
	x, err := s.gets.Get(ctx, id)
	if err == nil && x == nil {
		err = fmt.Errorf("%d: %w", id, engine.ErrNotFound)
	}
	return x, err
}

// whole returns exchanges by their ids, in the order of these, nil for one that is not there.
func (s *Engine) whole(ctx context.Context, ids []int64) ([]*record.Exchange, error) {
	xs, err := s.exchanges(ctx, true, "SELECT "+lightCells+bodyCells+" FROM unnest($1::bigint[]) f(id)"+
		within(exchangeOf+bodyJoins, "$2", "$3"), ids, slices.Min(ids), slices.Max(ids))
	byID := map[int64][]*record.Exchange{}
	for _, x := range xs {
		byID[x.ID] = append(byID[x.ID], x)
	}
	all := make([]*record.Exchange, len(ids))
	for i, id := range ids {
		if same := byID[id]; len(same) > 0 {
			all[i], byID[id] = same[0], same[1:]
		}
	}
	return all, err
}

// List yields the exchanges that a filter selects, newest first unless it says otherwise. Without Filter.Bodies they
// have neither header fields nor bodies, and of a response only status, size and whether it was cut. An error ends the
// list. It is read in pages: what is recorded in between may show or not.
func (s *Engine) List(ctx context.Context, f engine.Filter) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		sc, err := s.scope(ctx, &f)
		if err != nil {
			yield(nil, err)
			return
		}
		spans, left := sc.Spans, f.Limit
		if !f.OldestFirst {
			slices.Reverse(spans)
		}
		if left <= 0 {
			left = math.MaxInt
		}
		if len(spans) > 0 {
			spans = s.nearFirst(spans, f.OldestFirst)
		}
		for many, rows := 1, pageRows; len(spans) > 0 && left > 0; {
			n := min(many, len(spans))
			xs, last, err := s.page(ctx, sc, &f, spans[:n], min(rows, left))
			if err != nil {
				yield(nil, err)
				return
			}
			for _, x := range xs {
				if !yield(x, nil) {
					return
				}
			}
			if left -= len(xs); !f.Bodies {
				rows = min(2*rows, largestPage)
			}
			if last == 0 {
				spans, many = spans[n:], min(8*many, mostSpans)
			} else {
				spans = behind(spans, last, f.OldestFirst)
			}
		}
	}
}

// nearFirst cuts the first of some spans, in the order of a list, behind its end that is looked at first.
func (s *Engine) nearFirst(spans []engine.Range, oldestFirst bool) []engine.Range {
	first := spans[0]
	near := s.nearBy(first, oldestFirst)
	if near == first {
		return spans
	}
	last := near.From
	if oldestFirst {
		last = near.To
	}
	return append([]engine.Range{near}, behind(spans, last, oldestFirst)...)
}

// behind returns what is left of spans, in the order of a list, behind an id.
func behind(spans []engine.Range, id int64, oldestFirst bool) []engine.Range {
	for len(spans) > 0 {
		r := &spans[0]
		if oldestFirst {
			r.From = max(r.From, id+1)
		} else {
			r.To = min(r.To, id-1)
		}
		if r.From <= r.To {
			return spans
		}
		spans = spans[1:]
	}
	return nil
}

// page reads the next exchanges of some spans, at most want. last is the id behind which more may follow, 0 when none
// do.
func (s *Engine) page(ctx context.Context, sc *scope.Scope, f *engine.Filter, spans []engine.Range, want int) (
	xs []*record.Exchange, last int64, err error,
) {
	query, args := listQuery(sc, f, spans, want)
	if xs, err = s.exchanges(ctx, f.Bodies, query, args...); err != nil {
		return nil, 0, err
	}
	size := 0
	for _, x := range xs {
		size += len(x.Request.Body)
		if x.Response != nil {
			size += len(x.Response.Body)
		}
	}
	if len(xs) == want || f.Bodies && size >= pageBytes {
		last = xs[len(xs)-1].ID
	}
	return xs, last, nil
}

// sized cuts the rows f behind the one whose bodies make the page full. To ask for the length of a value does not read
// it.
const sized = `, sized AS MATERIALIZED (SELECT f.id, sum(coalesce(octet_length(q.body), 0) +
			coalesce(octet_length(e.answer_body), octet_length(p.body), 0))
			OVER (ORDER BY f.id@desc ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
		FROM found f@whole)`

// listQuery is the query for the next exchanges of some spans.
func listQuery(sc *scope.Scope, f *engine.Filter, spans []engine.Range, want int) (query string, args []any) {
	sc = sc.With()
	desc := " DESC"
	if f.OldestFirst {
		desc = ""
	}
	if !f.Bodies && sc.Arms == nil && len(spans) == 1 {
		query = sc.Found(lightCells, spans, desc, want)
		return query, sc.Args
	}
	found := "WITH found AS MATERIALIZED (" + sc.Found("e.id", spans, desc, want) + ")"
	low, high := spans[0].From, spans[0].To
	for _, r := range spans {
		low, high = min(low, r.From), max(high, r.To)
	}
	from, to := sc.Arg(low), sc.Arg(high)
	exchange, whole := within(exchangeOf, from, to), within(exchangeOf+bodyJoins, from, to)
	if !f.Bodies {
		return found + " SELECT " + lightCells + " FROM found f" + exchange + " ORDER BY e.id" + desc, sc.Args
	}
	return found + strings.NewReplacer("@desc", desc, "@whole", whole).Replace(sized) + " SELECT " + lightCells +
		bodyCells + " FROM (SELECT id FROM sized WHERE coalesce(before, 0) < " + fmt.Sprint(pageBytes) + ") f" + whole +
		" ORDER BY e.id" + desc, sc.Args
}

// Requests returns copies of exchanges of a list, by id, that have their requests whole, as Get returns them: of those
// that are there the first, until they have 2 MiB of bodies together.
func (s *Engine) Requests(ctx context.Context, light []*record.Exchange) (whole []*record.Exchange, err error) {
	byID, ids := map[int64]*record.Exchange{}, make([]int64, len(light))
	for i, x := range light {
		byID[x.ID], ids[i] = x, x.ID
	}
	query := `WITH sized AS MATERIALIZED (SELECT id, sum(coalesce(octet_length(body), 0))
			OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
		FROM barb.request WHERE id = ANY($1))
		SELECT q.id, ` + requestCells + ` FROM (SELECT id FROM sized WHERE coalesce(before, 0) < ` + fmt.Sprint(pageBytes) +
		`) f CROSS JOIN LATERAL (SELECT * FROM barb.request x WHERE x.id = f.id LIMIT 1) q ORDER BY q.id`
	err = s.each(ctx, query, []any{ids}, func(row engine.Row) error {
		x := *byID[row.Number()]
		if err := engine.Request(&row, &x); err != nil {
			return err
		}
		whole = append(whole, &x)
		return nil
	})
	return whole, err
}

// Newest returns the id of the newest exchange (n = 0) or of the one n before it, or ErrNotFound.
func (s *Engine) Newest(ctx context.Context, n int) (int64, error) {
	row, err := s.one(ctx, "SELECT id FROM barb.exchange ORDER BY id DESC LIMIT 1 OFFSET $1", int64(n))
	if err == nil && row == nil {
		return 0, fmt.Errorf("@-%d: %w", n, engine.ErrNotFound)
	}
	if err != nil {
		return 0, err
	}
	return row.Number(), nil
}

// webhookOf finds the exchanges of the webhooks f. All but the first have a higher id than the first: they are recorded
// after it, by whatever process. The first exchange may be pruned: the others still are one webhook. own are exchanges
// that are asked for by their ids. No id is below @low.
const webhookOf = `ids AS MATERIALIZED (SELECT f.id FROM firsts f UNION SELECT o.id FROM own o UNION
		SELECT m.id FROM firsts f CROSS JOIN LATERAL (SELECT x.id FROM barb.exchange x
			WHERE x.webhook = f.id AND x.id > f.id AND x.id >= @low OFFSET 0) m)
	SELECT @cells FROM ids f CROSS JOIN LATERAL (SELECT * FROM barb.exchange x WHERE x.id = f.id AND x.id >= @low
		LIMIT 1) e ORDER BY e.id`

// Thread returns all exchanges of the webhook that an exchange belongs to, by id and as light as List has them.
// ErrNotFound when there is no exchange of this id.
func (s *Engine) Thread(ctx context.Context, id int64) ([]*record.Exchange, error) {
	xs, err := s.exchanges(ctx, false,
		"WITH firsts AS MATERIALIZED (SELECT coalesce(webhook, id) AS id FROM barb.exchange "+
			"WHERE id = $1), own AS (SELECT $1::bigint AS id), "+
			strings.NewReplacer("@low", "1", "@cells", lightCells).Replace(webhookOf), id)
	if err == nil && len(xs) == 0 {
		err = fmt.Errorf("%d: %w", id, engine.ErrNotFound)
	}
	return xs, err
}

// exchangesOf is the query for cells of all exchanges of webhooks.
func exchangesOf(firsts []int64, cells string) (query string, args []any) {
	low := int64(math.MaxInt64)
	for _, id := range firsts {
		low = min(low, id)
	}
	return "WITH firsts AS MATERIALIZED (SELECT id FROM unnest($1::bigint[]) f(id)), own AS (SELECT 0::bigint AS id), " +
		strings.NewReplacer("@low", "$2", "@cells", cells).Replace(webhookOf), []any{firsts, low}
}

// Exchanges returns all exchanges of webhooks, each given by the id of its first, by id and as light as List has them.
func (s *Engine) Exchanges(ctx context.Context, firsts []int64) ([]*record.Exchange, error) {
	query, args := exchangesOf(firsts, lightCells)
	return s.exchanges(ctx, false, query, args...)
}

// Members returns all exchanges of webhooks as Exchanges does, the entries of the queue that deliver them, by id, and
// the remarks.
func (s *Engine) Members(ctx context.Context, firsts []int64) (m engine.Members, err error) {
	const isQueued = ", (SELECT 1 FROM barb.queue q WHERE q.thread = e.id LIMIT 1)"
	var rows []engine.Row
	var queued []int64
	query, args := exchangesOf(firsts, lightCells+isQueued)
	m.Remarks = map[int64]engine.Remark{}
	err = s.together(ctx, asked{query, args, func(row engine.Row) error {
		rows = append(rows, row)
		if id, ok := row[0].(int64); ok && row[len(row)-1] != nil {
			queued = append(queued, id)
		}
		return nil
	}}, remarksOf(firsts, m.Remarks))
	if err == nil {
		m.Exchanges, err = s.scanned(ctx, rows, false)
	}
	if err == nil && len(queued) > 0 {
		m.Entries, err = s.QueueOf(ctx, queued)
	}
	return m, err
}

// EventTypes returns up to limit types that begin with prefix among the newest few thousand exchanges, sorted.
func (s *Engine) EventTypes(ctx context.Context, prefix string, limit int) ([]string, error) {
	return s.texts(ctx, `WITH newest AS MATERIALIZED (
			SELECT event, handshake FROM barb.exchange ORDER BY id DESC LIMIT 5000),
		types AS (SELECT text FROM barb.name WHERE id IN (SELECT event FROM newest)
			UNION SELECT 'handshake:' || handshake FROM newest)
		SELECT text FROM types WHERE starts_with(text, $1) ORDER BY text COLLATE "C" LIMIT $2`, escape(prefix), int64(limit))
}
