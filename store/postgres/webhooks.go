package postgres

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
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
		known, err := s.lookUp(ctx, &f, since, false)
		if err != nil {
			yield(nil, err)
			return
		}
		f.Event = known.Event
		all := known.during
		if f.Before > 0 {
			all.To = min(all.To, f.Before-1)
		}
		conditions := conditionsOf(&f)
		sc, most := mostOf(&f, all)
		switch {
		case most && f.OldestFirst:
			s.walked(ctx, true, sc, all, all.To, yield)
		case most:
			term := "(" + sc.Where() + ")"
			l := &windows{s: s, sc: sc, terms: []string{term}, first: term, last: all.To, size: firstWindow, yield: yield}
			l.walk(ctx, all)
		case len(conditions) == 0:
			s.walked(ctx, f.OldestFirst, &scope.Scope{}, all, all.To, yield)
		case f.OldestFirst || len(f.IDs) > 0:
			s.gathered(ctx, &f, &conditions[0], known, all, yield)
		default:
			s.newestFirst(ctx, &f, conditions, known, all, yield)
		}
	}
}

// manyIDs is from how many ids on a filter is held against what the history has: to gather them all takes memory.
const manyIDs = 10_000

// mostOf returns the scope of the ids of a filter, and whether they are many and at least a quarter of all.
func mostOf(f *engine.Filter, all engine.Range) (sc *scope.Scope, ok bool) {
	const maxRanges = 8 // each is compared with each row
	if len(f.IDs) == 0 || len(f.IDs) > maxRanges {
		return nil, false
	}
	sc = &scope.Scope{}
	var terms []string
	n := int64(0)
	for _, r := range engine.Within(all, f.IDs) {
		n += r.To - r.From + 1
		terms = append(terms, "e.id BETWEEN "+sc.Arg(r.From)+" AND "+sc.Arg(r.To))
	}
	sc.Terms = []string{"(" + strings.Join(terms, " OR ") + ")"}
	return sc, n >= max(manyIDs, (all.To-all.From+1)/4)
}

// conditionsOf is the conditions of a filter. Those with an index come first, usually the rarest before the others.
func conditionsOf(f *engine.Filter) []engine.Filter {
	all := f.Conditions()
	unindexed := func(c *engine.Filter) int {
		if isIndexed(c) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b engine.Filter) int { return cmp.Compare(unindexed(&a), unindexed(&b)) })
	return all
}

// isIndexed reports whether an index finds a condition.
func isIndexed(f *engine.Filter) bool {
	return f.Scheme == "" && !strings.Contains(f.Event, "*") && !strings.HasPrefix(f.Event, scope.HandshakePrefix) &&
		(f.Status == engine.StatusRange{} || scope.FailsByAnswer(f))
}

// gathered yields the webhooks of one condition, sorted, or with the oldest first those of a condition without an index
// that many fulfil.
func (s *Engine) gathered(ctx context.Context, f, condition *engine.Filter, known *lookup, all engine.Range,
	yield func([]int64, error) bool,
) {
	sc := known.scope(condition)
	few := true
	var err error
	if !isIndexed(condition) {
		few, err = s.areFewer(ctx, sc, fewRows)
	}
	switch {
	case err != nil:
		yield(nil, err)
	case few:
		s.sorted(ctx, f, condition, sc, all, all.To, yield)
	default:
		s.walked(ctx, true, sc, all, all.To, yield)
	}
}

// areFewer reports whether a scope has fewer exchanges than most.
func (s *Engine) areFewer(ctx context.Context, sc *scope.Scope, most int) (bool, error) {
	found := 0
	for spans := range slices.Chunk(sc.Spans, mostSpans) {
		q := sc.With()
		row, err := s.one(ctx, "SELECT count(*) FROM ("+q.Found("e.id", spans, " DESC", most)+") f", q.Args...)
		if err != nil {
			return false, err
		}
		if found += int(row.Number()); found >= most {
			return false, nil
		}
	}
	return true, nil
}

// deadOf finds the entry of the queue in which an exchange died, maybe without an attempt.
const deadOf = "SELECT 1 FROM barb.queue d WHERE d.thread = e.id AND d.state = 3"

// sorted yields the webhooks of a scope whose newest exchange is at most upTo, and within all.
func (s *Engine) sorted(ctx context.Context, f, narrow *engine.Filter, sc *scope.Scope, all engine.Range, upTo int64,
	yield func([]int64, error) bool,
) {
	var refs []webhookRef
	var within []engine.Range
	for _, span := range sc.Spans {
		if span.To = min(span.To, all.To); span.From <= span.To {
			within = append(within, span)
		}
	}
	for spans := range slices.Chunk(within, mostSpans) {
		query, args := sortedQuery(sc, spans, narrow.Failed, all.To)
		err := s.each(ctx, query, args, func(row engine.Row) error {
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

// sortedQuery is the query for the webhooks of some spans with their newest exchanges up to last. With died, those of
// which an exchange died in the queue belong to them.
func sortedQuery(sc *scope.Scope, spans []engine.Range, died bool, last int64) (query string, args []any) {
	sc = sc.With()
	found := "SELECT first FROM (" + sc.Found("e.id, coalesce(e.webhook, e.id) AS first", spans, "", scope.NoLimit) + ") f"
	if died { // one that died in the queue may have no attempt
		found += " UNION SELECT coalesce(e.webhook, e.id) FROM (SELECT thread AS id FROM barb.queue WHERE state = 3) f" +
			exchangeOf
	}
	// The sum keeps the planner from looking for the highest id through all ids.
	return "WITH found AS MATERIALIZED (SELECT DISTINCT first FROM (" + found + ") f) SELECT first, coalesce((SELECT " +
		"max(x.id + 0) FROM barb.exchange x WHERE x.webhook = first AND x.id > first AND x.id <= " + sc.Arg(last) +
		"), first) FROM found", sc.Args
}

// The newest exchange of each webhook, and the oldest that is still there. Of its other exchanges only later ones, or
// earlier ones, matter: so the bound of the ids is theirs, too, by which the planner leaves partitions out. Exchanges
// beyond the last id of the list came while it was read. OFFSET 0 keeps the planner from making a join of a subquery,
// for which it would read all.
const (
	newestOfEach = `SELECT w.id, coalesce(w.webhook, w.id) FROM barb.exchange w WHERE w.id BETWEEN @from AND @to
		AND NOT EXISTS (SELECT 1 FROM barb.exchange x
			WHERE x.webhook = coalesce(w.webhook, w.id) AND x.id > w.id AND x.id BETWEEN @from AND @last OFFSET 0)
		@some ORDER BY w.id DESC LIMIT @want`
	oldestOfEach = `SELECT w.id, coalesce(w.webhook, w.id) FROM barb.exchange w WHERE w.id BETWEEN @from AND @to
		AND (w.webhook IS NULL
			OR NOT EXISTS (SELECT 1 FROM barb.exchange p WHERE p.id = w.webhook AND p.id <= @to OFFSET 0)
			AND NOT EXISTS (SELECT 1 FROM barb.exchange x
				WHERE x.webhook = w.webhook AND x.id > w.webhook AND x.id < w.id AND x.id <= @to OFFSET 0))
		@some ORDER BY w.id LIMIT @want`

	// someOf keeps the webhooks with an exchange that fulfils terms. It saves reading all the others.
	someOf = ` AND (EXISTS (SELECT 1 FROM barb.exchange e WHERE e.id = coalesce(w.webhook, w.id) AND @terms OFFSET 0)
		OR EXISTS (SELECT 1 FROM barb.exchange e WHERE e.webhook = coalesce(w.webhook, w.id)
			AND e.id > coalesce(w.webhook, w.id) AND @terms OFFSET 0))`
)

// walkQuery is the query for the webhooks with an exchange that fulfils the terms of a scope.
func walkQuery(sc *scope.Scope, oldestFirst bool, ids engine.Range, last int64, want int) (query string, args []any) {
	sc = sc.With()
	query, some := newestOfEach, ""
	if oldestFirst {
		query = oldestOfEach
	} else {
		query = strings.Replace(query, "@last", sc.Arg(last), 1)
	}
	if len(sc.Terms) > 0 {
		some = strings.ReplaceAll(someOf, "@terms", sc.Where())
	}
	return strings.NewReplacer("@from", sc.Arg(ids.From), "@to", sc.Arg(ids.To), "@want", sc.Arg(int64(want)),
		"@some", some).Replace(query), sc.Args
}

// firstPage is how many webhooks the first page has at most: what is shown most often is soon found.
const firstPage = 32

// walked yields the webhooks of a scope, page by page through some ids; last is the last id of the list.
func (s *Engine) walked(ctx context.Context, oldestFirst bool, sc *scope.Scope, all engine.Range, last int64,
	yield func([]int64, error) bool,
) {
	want := firstPage
	for all.From <= all.To {
		var firsts []int64
		var at int64
		near := s.nearBy(all, oldestFirst)
		query, args := walkQuery(sc, oldestFirst, near, last, want)
		err := s.each(ctx, query, args, func(row engine.Row) error {
			at = row.Number()
			firsts = append(firsts, row.Number())
			return nil
		})
		if err != nil {
			yield(nil, err)
			return
		}
		if len(firsts) > 0 && !yield(firsts, nil) {
			return
		}
		switch more := len(firsts) == want; {
		case oldestFirst && more:
			all.From = at + 1
		case oldestFirst:
			all.From = near.To + 1
		case more:
			all.To = at - 1
		default:
			all.To = near.From - 1
		}
		if len(firsts) > 0 {
			want = pageRows
		}
	}
}

// Containing returns those of some exchanges with a text in either body, byte for byte.
func (s *Engine) Containing(ctx context.Context, exchanges []int64, text string) ([]int64, error) {
	sc := &scope.Scope{}
	sc.Plain(&engine.Filter{Grep: text})
	ids := sc.Arg(exchanges)
	return s.numbers(ctx, "SELECT e.id FROM barb.exchange e WHERE e.id = ANY("+ids+") AND "+sc.Where()+" ORDER BY e.id",
		sc.Args...)
}
