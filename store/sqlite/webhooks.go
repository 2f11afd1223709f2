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
		if sc, ok := mostOf(&f, all); ok {
			s.walked(ctx, f.OldestFirst, sc, all, yield)
			return
		}
		if narrow, ok := narrowest(&f); ok {
			s.narrowed(ctx, &f, &narrow, all, yield)
			return
		}
		named := engine.Filter{Event: f.Event, Scheme: f.Scheme}
		sc, few, err := s.named(ctx, &named)
		switch {
		case err != nil:
			yield(nil, s.told(err))
			return
		case few:
			s.narrowedTo(ctx, &f, &named, sc, all, yield)
			return
		}
		s.walked(ctx, f.OldestFirst, sc, all, yield)
	}
}

// manyIDs is from how many ids on a filter is held against what the history has: to gather them all takes memory.
const manyIDs = 10_000

// mostOf returns the scope of the ids of a filter, and whether they are many and at least a quarter of all.
func mostOf(f *engine.Filter, all engine.Range) (sc *scope, ok bool) {
	const maxRanges = 8 // each is compared with each row
	if len(f.IDs) == 0 || len(f.IDs) > maxRanges {
		return nil, false
	}
	sc = &scope{}
	var terms []string
	n := int64(0)
	for _, r := range engine.Within(all, f.IDs) {
		n += r.To - r.From + 1
		terms, sc.args = append(terms, "e.id BETWEEN ? AND ?"), append(sc.args, r.From, r.To)
	}
	sc.terms = []string{"(" + strings.Join(terms, " OR ") + ")"}
	return sc, n >= max(manyIDs, (all.To-all.From+1)/4)
}

// narrowest returns a filter of the one condition that the history finds fastest; false when none has an index.
func narrowest(f *engine.Filter) (engine.Filter, bool) {
	switch {
	case len(f.IDs) > 0:
		return engine.Filter{IDs: f.IDs}, true
	case f.Marked != "":
		return engine.Filter{Marked: f.Marked}, true
	case f.Failed || f.Invalid:
		return engine.Filter{Failed: f.Failed, Invalid: f.Invalid}, true
	case f.Endpoint != "":
		return engine.Filter{Endpoint: f.Endpoint}, true
	case f.Status != engine.StatusRange{}:
		return engine.Filter{Status: f.Status}, true
	case f.WebhookID != "":
		return engine.Filter{WebhookID: f.WebhookID}, true
	}
	return engine.Filter{}, false
}

// fewRows is up to how many exchanges of an event type or a scheme are found before their webhooks are read. With more
// than that, those of a page are soon found among the others.
const fewRows = 20000

// named returns the scope of a filter of the event type and the scheme, and whether it selects few exchanges. These are
// then in the scope by their ids: to look for them takes long in a large history.
func (s *Engine) named(ctx context.Context, f *engine.Filter) (sc *scope, few bool, err error) {
	sc, err = s.scope(ctx, f)
	if err != nil || len(sc.terms) == 0 && len(sc.spans) > 0 {
		return sc, false, err
	}
	if few, err = s.areFewer(ctx, sc, fewRows); err != nil || !few {
		return sc, few, err
	}
	var ids []int64
	for i := 0; err == nil && i < len(sc.spans); i++ {
		query, args := sc.ids(sc.spans[i], "", fewRows)
		var more []int64
		more, err = columnOf[int64](ctx, s.db, query, args...)
		ids = append(ids, more...)
	}
	return sc.only(ids), true, err
}

// only is a scope of some exchanges.
func (sc *scope) only(ids []int64) *scope {
	return &scope{spans: sc.spans, index: noIndex, terms: []string{"e.id IN (SELECT value FROM json_each(?))"},
		args: []any{jsonOf(ids)}}
}

// areFewer reports whether a scope has fewer exchanges than most.
func (s *Engine) areFewer(ctx context.Context, sc *scope, most int) (bool, error) {
	found := 0
	for i := 0; i < len(sc.spans) && found < most; i++ {
		ids, args := sc.ids(sc.spans[i], "", most)
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM ("+ids+")", args...).Scan(&n); err != nil {
			return false, err
		}
		found += n
	}
	return found < most, nil
}

const (
	// fewNarrow is up to how many exchanges that a filter selects are all read before the first page.
	fewNarrow = 500
	// newestRows is among how many of the newest ids the webhooks of the first pages are looked for where there are more.
	newestRows = 20_000
)

// narrowed yields the webhooks that have an exchange which narrow selects, sorted. Where many do, those of the newest
// ids come first, one after the other: to sort all of them takes longer the larger the history is.
func (s *Engine) narrowed(ctx context.Context, f, narrow *engine.Filter, all engine.Range,
	yield func([]int64, error) bool,
) {
	sc, err := s.scope(ctx, narrow)
	if err != nil {
		yield(nil, s.told(err))
		return
	}
	s.narrowedTo(ctx, f, narrow, sc, all, yield)
}

// narrowedTo is narrowed with the scope of narrow.
func (s *Engine) narrowedTo(ctx context.Context, f, narrow *engine.Filter, sc *scope, all engine.Range,
	yield func([]int64, error) bool,
) {
	few := true
	var err error
	if !f.OldestFirst && len(f.IDs) == 0 {
		few, err = s.areFewer(ctx, sc, fewNarrow)
	}
	if err != nil {
		yield(nil, s.told(err))
		return
	}
	older := all.To // than this the newest exchanges are that are left
	if !few {
		older = max(all.To-newestRows, all.From-1)
		terms, err := s.scopeBy(ctx, narrow, "") // no index: the ids are gone through
		if err != nil {
			yield(nil, s.told(err))
			return
		}
		if narrow.Failed {
			terms.terms = []string{"(" + strings.Join(terms.terms, " AND ") + " OR EXISTS (" + deadOf + "))"}
		}
		terms.add("e.id <= ?", all.To)
		if !s.walked(ctx, false, terms, engine.Range{From: older + 1, To: all.To}, yield) || older < all.From {
			return // enough, or all of the time that was asked for
		}
	}
	s.sorted(ctx, f, narrow, sc, all, older, yield)
}

// deadOf finds the entry of the queue in which an exchange died, maybe without an attempt.
const deadOf = "SELECT 1 FROM queue d INDEXED BY queue_thread WHERE d.thread = e.id AND d.state = 3"

// sorted yields the webhooks of a scope whose newest exchange is at most upTo, and within all.
func (s *Engine) sorted(ctx context.Context, f, narrow *engine.Filter, sc *scope, all engine.Range, upTo int64,
	yield func([]int64, error) bool,
) {
	var refs []webhookRef
	for i, span := range sc.spans {
		span.To = min(span.To, all.To)
		ids, args := sc.ids(span, "", math.MaxInt)
		if i == 0 && narrow.Failed { // one that died in the queue may have no attempt
			ids = "SELECT id FROM (" + ids + ") UNION SELECT thread FROM queue INDEXED BY queue_dead WHERE state = 3"
		}
		query := `WITH found AS (SELECT DISTINCT ifnull(webhook, id) AS first FROM exchange WHERE id IN (` +
			ids + `)) SELECT first, ifnull((SELECT max(x.id) FROM exchange x INDEXED BY exchange_webhook
			WHERE x.webhook = first AND x.id <= ?), first) FROM found`
		err := s.eachCells(ctx, query, append(args, all.To), func(_ *raw.Conn, row engine.Row) error {
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
	someOf = ` AND (EXISTS (SELECT 1 FROM exchange e WHERE e.id = ifnull(w.webhook, w.id) AND @terms)
		OR EXISTS (SELECT 1 FROM exchange e INDEXED BY exchange_webhook WHERE e.webhook = ifnull(w.webhook, w.id)
			AND @terms))`
)

// walk returns the query for the webhooks with an exchange that fulfils the terms of a scope, and the values of its
// terms. Before them it has the first id, the last, and the last of the list; after them the number of rows.
func (sc *scope) walk(oldestFirst bool) (query string, args []any) {
	query, some := newestOfEach, ""
	if oldestFirst {
		query = oldestOfEach
	}
	if len(sc.terms) > 0 {
		some = strings.ReplaceAll(someOf, "@terms", strings.Join(sc.terms, " AND "))
		args = slices.Concat(sc.args, sc.args)
	}
	return strings.Replace(query, "@some", some, 1), args
}

// firstPage is how many webhooks the first page has at most: the twenty that a list shows unless it is told otherwise,
// and some that a filter may leave out.
const firstPage = 24

// walked yields the webhooks of a scope, page by page through the ids. It returns false when no more are wanted.
func (s *Engine) walked(ctx context.Context, oldestFirst bool, sc *scope, all engine.Range,
	yield func([]int64, error) bool,
) (more bool) {
	query, args := sc.walk(oldestFirst)
	last, want := all.To, firstPage
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

// Containing returns those of some exchanges with a text in either body, byte for byte.
func (s *Engine) Containing(ctx context.Context, exchanges []int64, text string) ([]int64, error) {
	sc := scope{}
	sc.plain(&engine.Filter{Grep: text})
	ids, err := columnOf[int64](ctx, s.db, "SELECT e.id FROM exchange e WHERE e.id IN (SELECT value FROM "+
		"json_each(?)) AND "+
		sc.terms[0], append([]any{jsonOf(exchanges)}, sc.args...)...)
	return ids, s.told(err)
}
