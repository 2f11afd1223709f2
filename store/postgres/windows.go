package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
)

// windows is a list of webhooks, the one with the newest exchange first. It goes through the ids from the newest down,
// many in one query: to look at each webhook by itself takes ten times as long.
type windows struct {
	s     *Engine
	sc    *scope   // with the values of the terms
	terms []string // conditions on an exchange e; a webhook may fulfil each with another exchange
	first string   // the first of them, without what died in the queue
	died  bool     // those that died in the queue fulfil the first one, too
	last  int64    // of the list
	size  int64    // of the next window
	found int      // webhooks so far
	yield func([]int64, error) bool
}

const (
	// firstWindow and largestWindow are numbers of ids. The first window is small, since the first page is read most
	// often, and each of the next is larger.
	firstWindow, largestWindow = 1 << 10, 1 << 16

	// fewNarrow is up to how many exchanges of a condition are all read when the first window was not enough, and fewRows
	// when the newest rows were not.
	fewNarrow, newestRows, fewRows = 300, 20_000, 20_000
)

// newestFirst yields the webhooks of some conditions. Where few exchanges fulfil one of them, those are sorted.
func (s *Engine) newestFirst(ctx context.Context, f *engine.Filter, conditions []engine.Filter, all engine.Range,
	yield func([]int64, error) bool,
) {
	l, err := s.windows(ctx, conditions, all.To, yield)
	if err != nil {
		yield(nil, err)
	}
	if l == nil {
		return
	}
	rest, first := all, int64(firstWindow)
	if conditions[0].WebhookID != "" { // it is rare, nearly always
		first = 0
	}
	for _, step := range []struct {
		ids  int64
		most int
	}{{first, fewNarrow}, {newestRows, fewRows}} {
		newest := engine.Range{From: max(all.From, rest.To-step.ids+1), To: rest.To}
		if !l.walk(ctx, newest) || newest.From == all.From {
			return
		}
		if rest.To = newest.From - 1; l.found > 1 { // then those of a page are soon found among the others
			continue
		}
		sc, condition, err := s.rare(ctx, conditions, all.To, step.most)
		switch {
		case err != nil:
			yield(nil, err)
			return
		case sc != nil:
			s.sorted(ctx, f, condition, sc, all, rest.To, yield)
			return
		}
	}
	l.walk(ctx, rest)
}

// windows translates conditions; nil when no exchange can fulfil one of them.
func (s *Engine) windows(ctx context.Context, conditions []engine.Filter, last int64,
	yield func([]int64, error) bool,
) (*windows, error) {
	l := &windows{s: s, sc: &scope{direct: true}, last: last, size: firstWindow, yield: yield}
	for i := range conditions {
		l.sc.spans, l.sc.terms = []engine.Range{{From: 1, To: last}}, nil
		if err := s.translate(ctx, l.sc, &conditions[i]); err != nil || len(l.sc.spans) == 0 {
			return nil, err
		}
		term := "(" + l.sc.where() + ")"
		if i == 0 {
			l.first, l.died = term, conditions[i].Failed
		}
		if conditions[i].Failed {
			term = "(" + term + " OR EXISTS (" + deadOf + "))"
		}
		l.terms = append(l.terms, term)
	}
	return l, nil
}

// rare returns the first of some conditions that an index finds and that fewer exchanges than most fulfil.
func (s *Engine) rare(ctx context.Context, conditions []engine.Filter, last int64, most int) (*scope, *engine.Filter,
	error,
) {
	for i := range conditions {
		c := &conditions[i]
		if !isIndexed(c) {
			continue
		}
		sc := &scope{direct: isDirect(c), spans: []engine.Range{{From: 1, To: last}}}
		if err := s.translate(ctx, sc, c); err != nil {
			return nil, nil, err
		}
		if few, err := s.areFewer(ctx, sc, most); few || err != nil {
			return sc, c, err
		}
	}
	return nil, nil, nil
}

// windowQuery finds the webhooks whose newest exchange is in a window. An exchange before it may fulfil a term, too.
// The same two subqueries look at all terms: the planner needs some time for each subquery and partition.
const windowQuery = `WITH found AS MATERIALIZED (SELECT coalesce(e.webhook, e.id) AS first FROM barb.exchange e
		WHERE e.id BETWEEN @from AND @to AND (@first OR e.webhook < @from)
		GROUP BY 1@died)
	SELECT f.first FROM (SELECT DISTINCT first FROM found) f
	LEFT JOIN LATERAL (SELECT @own FROM barb.exchange e WHERE e.id = f.first LIMIT 1) own ON true
	LEFT JOIN LATERAL (SELECT max(e.id + 0) AS newest, @later FROM barb.exchange e
		WHERE e.webhook = f.first AND e.id > f.first AND e.id <= @last) later ON true
	WHERE coalesce(later.newest, f.first) BETWEEN @from AND @to AND @all ORDER BY coalesce(later.newest, f.first) DESC`

// query is the query for the webhooks of a window.
func (l *windows) query(ids engine.Range) (query string, args []any) {
	sc := l.sc.with()
	own, later, all := make([]string, len(l.terms)), make([]string, len(l.terms)), make([]string, len(l.terms))
	for i, term := range l.terms {
		own[i], later[i] = fmt.Sprintf("%s AS t%d", term, i), fmt.Sprintf("bool_or%s AS t%d", term, i)
		all[i] = fmt.Sprintf("(own.t%d OR later.t%d)", i, i)
	}
	died := ""
	if l.died { // to ask this of each exchange would take longer than all the rest
		died = " UNION ALL SELECT coalesce(e.webhook, e.id) FROM (SELECT thread AS id FROM barb.queue WHERE state = 3" +
			" AND thread BETWEEN " + sc.arg(ids.From) + " AND " + sc.arg(ids.To) + ") f" + exchangeOf
	}
	return strings.NewReplacer("@first", l.first, "@died", died, "@from", sc.arg(ids.From), "@to", sc.arg(ids.To), "@last",
		sc.arg(l.last), "@own", strings.Join(own, ", "), "@later", strings.Join(later, ", "), "@all",
		strings.Join(all, " AND ")).Replace(windowQuery), sc.args
}

// walk yields the webhooks whose newest exchanges are some ids. It returns false when no more are wanted.
func (l *windows) walk(ctx context.Context, ids engine.Range) (more bool) {
	for ids.From <= ids.To {
		window := engine.Range{From: max(ids.From, ids.To-l.size+1), To: ids.To}
		query, args := l.query(window)
		firsts, err := l.s.numbers(ctx, query, args...)
		if err != nil {
			l.yield(nil, err)
			return false
		}
		l.found += len(firsts)
		for page := range slices.Chunk(firsts, firstPage) {
			if !l.yield(page, nil) {
				return false
			}
		}
		ids.To, l.size = window.From-1, min(4*l.size, largestWindow)
	}
	return true
}
