package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// webhookRef is a webhook by its first exchange and its newest.
type webhookRef struct{ first, newest int64 }

// Webhooks yields pages of webhooks, each by the id of its first exchange: the one with the newest exchange first, or
// with OldestFirst the one that came first. They hold all that a filter may select, and more: a webhook matches as a
// whole, which the caller decides. Limit and Bodies do not matter. What is recorded meanwhile does not show.
func (s *Engine) Webhooks(ctx context.Context, f engine.Filter) iter.Seq2[[]int64, error] {
	return func(yield func([]int64, error) bool) {
		since := f.Since // of the newest exchange
		if f.OldestFirst {
			since = time.Time{}
		}
		all, err := during(ctx, s.db, since, f.Until)
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		if f.Before > 0 {
			all.To = min(all.To, f.Before-1)
		}
		s.selected(ctx, &f, all, yield)
	}
}

// only is a scope of some exchanges.
func (sc *scope) only(ids []int64) *scope {
	return &scope{spans: sc.spans, index: noIndex, terms: []string{"e.id IN (SELECT value FROM json_each(?))"},
		args: []any{jsonOf(ids)}, also: sc.also}
}

// fewer returns the exchanges of a scope, most of them at most, and whether they are fewer.
func (s *Engine) fewer(ctx context.Context, sc *scope, most int) (ids []int64, few bool, err error) {
	for i := 0; i < len(sc.spans) && len(ids) < most; i++ {
		query, args := sc.ids(sc.spans[i], "", most)
		more, err := columnOf[int64](ctx, s.db, query, args...)
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, more...)
	}
	return ids, len(ids) < most, nil
}

const (
	// fewNarrow is up to how many exchanges of a condition are all looked at before the first page, and fewOfSeveral
	// where there are more conditions.
	fewNarrow, fewOfSeveral = 500, 4096
	// firstRows is among how many of the newest ids the webhooks of several conditions are looked for at first, and
	// newestRows among how many where more exchanges fulfil the condition with an index.
	firstRows, newestRows = 2000, 20_000
)

// narrowed yields the webhooks that have an exchange of sc, which is the scope of narrow, sorted. Where many do, those
// of the newest ids come first, one after the other: to sort all of them takes longer the larger the history is. Those
// whose newest exchange is after upTo are left out. Webhooks that are common are not counted first.
func (s *Engine) narrowed(ctx context.Context, f, narrow *engine.Filter, sc *scope, all engine.Range, upTo int64,
	common bool, yield func([]int64, error) bool,
) {
	few := !common
	if few && !f.OldestFirst && len(f.IDs) == 0 {
		most := fewNarrow
		if len(sc.also) > 0 {
			most = fewOfSeveral
		}
		ids, isFew, err := s.fewer(ctx, sc, most)
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		if few = isFew; few { // looked for once: a status that is rare is in no index
			sc = sc.only(ids)
		}
	}
	if !few {
		older := max(upTo-newestRows, all.From-1)
		terms, err := s.conditions(ctx, narrow) // no index: the ids are gone through
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		terms.add("e.id <= ?", all.To)
		terms.also = sc.also
		if !s.walked(ctx, false, terms, engine.Range{From: older + 1, To: upTo}, all.To, yield) || older < all.From {
			return // enough, or all of the time that was asked for
		}
		upTo = older
	}
	s.sorted(ctx, f, narrow, sc, all, upTo, yield)
}

// deadOf finds the entry of the queue in which an exchange died, maybe without an attempt.
const deadOf = "SELECT 1 FROM queue d INDEXED BY queue_thread WHERE d.thread = e.id AND d.state = 3"

// sorted yields the webhooks of a scope whose newest exchange is at most upTo, and within all.
func (s *Engine) sorted(ctx context.Context, f, narrow *engine.Filter, sc *scope, all engine.Range, upTo int64,
	yield func([]int64, error) bool,
) {
	var refs []webhookRef
	some, values := someOfEach("first", sc.also)
	for i, span := range sc.spans {
		span.To = min(span.To, all.To)
		ids, args := sc.ids(span, "", math.MaxInt)
		if i == 0 && narrow.Failed { // one that died in the queue may have no attempt
			ids = "SELECT id FROM (" + ids + ") UNION SELECT thread FROM queue INDEXED BY queue_dead WHERE state = 3"
		}
		query := `WITH found AS (SELECT DISTINCT ifnull(webhook, id) AS first FROM exchange WHERE id IN (` +
			ids + `)) SELECT first, ifnull((SELECT max(x.id) FROM exchange x INDEXED BY exchange_webhook
			WHERE x.webhook = first AND x.id <= ?), first) FROM found WHERE true` + some
		err := s.eachCells(ctx, query, slices.Concat(args, []any{all.To}, values), func(_ *raw.Conn, row engine.Row) error {
			if ref := (webhookRef{row.Number(), row.Number()}); ref.newest <= upTo && ref.newest >= all.From {
				refs = append(refs, ref)
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
			return
		}
	}
	slices.SortFunc(refs, func(a, b webhookRef) int { return cmp.Compare(a.first, b.first) })
	refs = slices.CompactFunc(refs, func(a, b webhookRef) bool { return a.first == b.first })
	if !f.OldestFirst {
		slices.SortFunc(refs, func(a, b webhookRef) int { return cmp.Compare(b.newest, a.newest) })
	}
	for page := range slices.Chunk(refs, pageRows) {
		firsts := make([]int64, len(page))
		for i, r := range page {
			firsts[i] = r.first
		}
		if !yield(firsts, nil) {
			return
		}
	}
}

// The newest exchange of each webhook, and the oldest that is still there. Exchanges beyond the last id of the list
// came while it was read.
const (
	newestOfEach = `SELECT w.id, ifnull(w.webhook, w.id) FROM exchange w NOT INDEXED WHERE w.id BETWEEN ? AND ?
		AND NOT EXISTS (SELECT 1 FROM exchange x INDEXED BY exchange_webhook
			WHERE x.webhook = ifnull(w.webhook, w.id) AND x.id > w.id AND x.id <= ?)@some ORDER BY w.id DESC LIMIT ?`
	oldestOfEach = `SELECT w.id, ifnull(w.webhook, w.id) FROM exchange w NOT INDEXED WHERE w.id BETWEEN ? AND ?
		AND ? AND (w.webhook IS NULL OR NOT EXISTS (SELECT 1 FROM exchange p WHERE p.id = w.webhook)
			AND NOT EXISTS (SELECT 1 FROM exchange x INDEXED BY exchange_webhook WHERE x.webhook = w.webhook AND x.id < w.id))
		@some ORDER BY w.id LIMIT ?`

	// someOf keeps the webhooks with an exchange that fulfils terms. It saves reading all the others.
	someOf = ` AND (EXISTS (SELECT 1 FROM exchange e WHERE e.id = @first AND @terms)
		OR EXISTS (SELECT 1 FROM exchange e INDEXED BY exchange_webhook WHERE e.webhook = @first AND @terms))`
)

// someOfEach is the condition that a webhook, given by its first exchange, has an exchange for the terms of each scope.
func someOfEach(first string, scopes []*scope) (condition string, args []any) {
	for _, each := range scopes {
		if len(each.terms) > 0 {
			condition += strings.NewReplacer("@first", first, "@terms", strings.Join(each.terms, " AND ")).Replace(someOf)
			args = slices.Concat(args, each.args, each.args)
		}
	}
	return condition, args
}

// walk returns the query for the webhooks with an exchange that fulfils the terms of a scope, and the values of its
// terms. Before them it has the first id, the last, and the last of the list; after them the number of rows.
func (sc *scope) walk(oldestFirst bool) (query string, args []any) {
	query = newestOfEach
	if oldestFirst {
		query = oldestOfEach
	}
	some, args := someOfEach("ifnull(w.webhook, w.id)", append([]*scope{sc}, sc.also...))
	return strings.Replace(query, "@some", some, 1), args
}

// firstPage is how many webhooks the first page has at most: the twenty that a list shows unless it is told otherwise,
// and some that a filter may leave out.
const firstPage = 24

// walked yields the webhooks of a scope whose newest exchange is in all, or with oldestFirst whose first one is, page
// by page through the ids. The list ends at last. It returns false when no more are wanted.
func (s *Engine) walked(ctx context.Context, oldestFirst bool, sc *scope, all engine.Range, last int64,
	yield func([]int64, error) bool,
) (more bool) {
	query, args := sc.walk(oldestFirst)
	want := firstPage
	for all.From <= all.To {
		var firsts []int64
		var at int64
		err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
			var first int64
			err := rows.Scan(&at, &first)
			firsts = append(firsts, first)
			return err
		}, query, slices.Concat([]any{all.From, all.To, last}, args, []any{want})...)
		if err != nil {
			yield(nil, s.told(err))
			return false
		}
		if len(firsts) > 0 && !yield(firsts, nil) {
			return false
		}
		if len(firsts) < want {
			return true
		}
		want = pageRows
		if oldestFirst {
			all.From = at + 1
		} else {
			all.To = at - 1
		}
	}
	return true
}

const exchangesQuery = "SELECT " + lightColumns +
	` FROM exchange e WHERE e.id IN (SELECT value FROM json_each(?1) UNION ALL
	SELECT x.id FROM json_each(?1) w CROSS JOIN exchange x INDEXED BY exchange_webhook ON x.webhook = w.value)
	ORDER BY e.id`

// Exchanges returns all exchanges of webhooks, each given by the id of its first, by id and as light as List has them.
func (s *Engine) Exchanges(ctx context.Context, firsts []int64) ([]*record.Exchange, error) {
	return s.scanAll(ctx, false, exchangesQuery, jsonOf(firsts))
}

// QueueOf returns the entries of the queue that deliver some exchanges, by id.
func (s *Engine) QueueOf(ctx context.Context, exchanges []int64) ([]*engine.Queued, error) {
	return s.queued(ctx, "thread IN (SELECT value FROM json_each(?)) ORDER BY id", jsonOf(exchanges))
}

// Members returns all exchanges of webhooks as Exchanges does, the entries of the queue that deliver them, by id, and
// the remarks.
func (s *Engine) Members(ctx context.Context, firsts []int64) (m engine.Members, err error) {
	if m.Exchanges, err = s.Exchanges(ctx, firsts); err != nil {
		return m, err
	}
	ids := make([]int64, len(m.Exchanges))
	for i, x := range m.Exchanges {
		ids[i] = x.ID
	}
	if m.Entries, err = s.QueueOf(ctx, ids); err != nil {
		return m, err
	}
	m.Remarks, err = s.Remarks(ctx, firsts)
	return m, err
}

// Containing returns those of some exchanges with a text in either body, byte for byte.
func (s *Engine) Containing(ctx context.Context, exchanges []int64, text string) ([]int64, error) {
	sc := scope{}
	sc.plain(&engine.Filter{Grep: text})
	ids, err := columnOf[int64](ctx, s.db, "SELECT e.id FROM exchange e WHERE e.id IN (SELECT value FROM "+
		"json_each(?)) AND "+
		sc.terms[0], append([]any{jsonOf(exchanges)}, sc.args...)...)
	return ids, s.told(err)
}
