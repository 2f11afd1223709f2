package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
)

// windows is a list of webhooks, the one with the newest exchange first. It goes through the ids from the newest down,
// many in one query: to look at each webhook by itself takes ten times as long.
type windows struct {
	s     *Engine
	sc    *scope.Scope // with the values of the terms
	terms []string     // conditions on an exchange e; a webhook may fulfil each with another exchange
	first string       // the first of them, without what died in the queue
	died  bool         // those that died in the queue fulfil the first one, too

	indexed []indexed // the conditions that indexes find
	last    int64     // of the list
	size    int64     // of the next window
	found   int       // webhooks so far
	page    int       // webhooks of the next page; 0: of the first
	yield   func([]int64, error) bool
}

const (
	// firstWindow and largestWindow are numbers of ids. The first window is small, since the first page is read most
	// often, and each of the next is larger.
	firstWindow, largestWindow = 1 << 7, 1 << 16

	// late is how many ids after the first exchange of its webhook one is in the index exchange_late.
	late = 4096

	// firstMatches and mostMatches are how many exchanges of the rarest condition are looked for at first and at most:
	// where there are several conditions, few of them fulfil the others, too.
	firstMatches, firstOfSeveral, mostMatches = 64, 512, 4096

	// fewRows is up to how many exchanges of a condition without an index are sorted when the newest rows were not
	// enough.
	newestRows, fewRows = 20_000, 20_000
)

// newestFirst yields the webhooks of some conditions, the one with the newest exchange first. Where no index finds one
// of them and none of the newest fulfils all, the few that fulfil the first one are sorted.
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
	rest := all
	if len(l.indexed) == 0 {
		newest := engine.Range{From: max(all.From, all.To-newestRows+1), To: all.To}
		if !l.walk(ctx, newest) || newest.From == all.From {
			return
		}
		if rest.To = newest.From - 1; l.found <= 1 {
			sc, err := s.scope(ctx, &conditions[0])
			few := false
			if err == nil {
				few, err = s.areFewer(ctx, sc, fewRows)
			}
			switch {
			case err != nil:
				yield(nil, err)
				return
			case few:
				s.sorted(ctx, f, &conditions[0], sc, all, rest.To, yield)
				return
			}
		}
	}
	l.walk(ctx, rest)
}

// walk yields the webhooks whose newest exchanges are some ids. Where an index finds the rarest condition, a window is
// as large as it takes to hold some exchanges that fulfil that one. It returns false when no more are wanted.
func (l *windows) walk(ctx context.Context, ids engine.Range) (more bool) {
	matches := firstMatches
	if len(l.indexed) > 1 {
		matches = firstOfSeveral
	}
	for ids.From <= ids.To {
		w := window{ids: engine.Range{From: max(ids.From, ids.To-l.size+1), To: ids.To}, by: -1}
		if err := l.rarest(ctx, &w, ids.From, matches); err != nil {
			l.yield(nil, err)
			return false
		}
		if w.by < 0 {
			l.size = min(8*l.size, largestWindow)
		}
		matches = min(4*matches, mostMatches)
		if !l.look(ctx, &w) {
			return false
		}
		ids.To = w.ids.From - 1
	}
	return true
}

// window is some of the ids of a list.
type window struct {
	ids   engine.Range
	by    int   // which of the indexed conditions finds its webhooks; -1: the ids are gone through
	other []int // of the indexed conditions, those that take about as many exchanges
	whole bool  // no exchange before the window fulfils the condition
}

// rarest has the rarest of the conditions that indexes find give the window as many ids as hold some matches, where it
// is rare enough. Its exchanges are then found by the index.
func (l *windows) rarest(ctx context.Context, w *window, from int64, matches int) error {
	if len(l.indexed) == 0 {
		return nil
	}
	sc, parts := &scope.Scope{}, []string(nil)
	for i := range l.indexed {
		found := l.indexed[i].within(sc, "e.id", engine.Range{From: 1, To: w.ids.To}, matches)
		parts = append(parts, fmt.Sprintf("SELECT coalesce(min(id), 1), count(*) FROM (%s) f", found))
	}
	var low []int64
	err := l.s.each(ctx, strings.Join(parts, " UNION ALL "), sc.Args, func(row engine.Row) error {
		if low = append(low, row.Number()); row.Number() < int64(matches) {
			low[len(low)-1] = 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	by := slices.Index(low, slices.Min(low))
	w.ids.From = max(low[by], from)
	if w.ids.To-low[by] < 16*int64(matches) && low[by] > 0 { // to read all of them is as fast
		return nil
	}
	w.by, w.whole = by, low[by] == 0
	for i := range low {
		if i != by && 8*(w.ids.To-low[i]) > w.ids.To-low[by] {
			w.other = append(w.other, i)
		}
	}
	return nil
}

// windows translates conditions; nil when no exchange can fulfil one of them.
func (s *Engine) windows(ctx context.Context, conditions []engine.Filter, last int64,
	yield func([]int64, error) bool,
) (*windows, error) {
	l := &windows{s: s, sc: &scope.Scope{}, last: last, size: firstWindow, yield: yield}
	for i := range conditions {
		c := &conditions[i]
		sc := &scope.Scope{Direct: scope.IsDirect(c), Spans: []engine.Range{{From: 1, To: last}}}
		if err := s.translate(ctx, sc, c); err != nil || len(sc.Spans) == 0 {
			return nil, err
		}
		if isIndexed(c) {
			l.indexed = append(l.indexed, indexed{sc, c.Failed})
		}
		whole := sc.With()
		if whole.Arms != nil {
			whole.Add("e.endpoint = ANY(" + whole.Arg(whole.Arms.Endpoints) + ")")
		}
		term := "(" + l.sc.Take(whole.Where(), whole.Args) + ")"
		if i == 0 {
			l.first, l.died = term, c.Failed
		}
		if c.Failed {
			term = "(" + term + " OR EXISTS (" + deadOf + "))"
		}
		l.terms = append(l.terms, term)
	}
	return l, nil
}

// indexed is a condition that an index finds.
type indexed struct {
	sc   *scope.Scope
	died bool // those that died in the queue fulfil it, too
}

// within is the query for the exchanges of some ids that fulfil the condition. It takes its values into a scope.
func (i *indexed) within(into *scope.Scope, columns string, ids engine.Range, want int) string {
	sc := i.sc.With()
	spans := engine.Within(ids, sc.Spans)
	if len(spans) == 0 {
		spans = []engine.Range{{From: 1, To: 0}}
	}
	query := sc.Found(columns, spans, " DESC", want)
	return into.Take(query, sc.Args)
}

// webhooks is the query for the webhooks of those exchanges.
func (i *indexed) webhooks(into *scope.Scope, ids engine.Range) string {
	query := "SELECT first FROM (" + i.within(into, "e.id, coalesce(e.webhook, e.id) AS first", ids, scope.NoLimit-1) +
		") f"
	if i.died {
		query += died(into, ids)
	}
	return query
}

// died adds the webhooks of some ids that died in the queue. To ask this of each exchange would take longer than all
// the rest.
func died(sc *scope.Scope, ids engine.Range) string {
	return " UNION ALL SELECT coalesce(e.webhook, e.id) FROM (SELECT thread AS id FROM barb.queue WHERE state = 3" +
		" AND thread BETWEEN " + sc.Arg(ids.From) + " AND " + sc.Arg(ids.To) + ") f" + exchangeOf
}

// windowQuery finds the webhooks @found whose newest exchange is in a window. The same two subqueries look at all
// terms: the planner needs some time for each subquery and partition.
const windowQuery = `WITH found AS MATERIALIZED (@found)
	SELECT f.first FROM (SELECT DISTINCT first FROM found) f
	LEFT JOIN LATERAL (SELECT @own FROM barb.exchange e WHERE e.id = f.first LIMIT 1) own ON true
	LEFT JOIN LATERAL (SELECT max(e.id + 0) AS newest, @later FROM barb.exchange e
		WHERE e.webhook = f.first AND e.id > f.first AND e.id <= @last) later ON true
	WHERE coalesce(later.newest, f.first) BETWEEN @from AND @to AND @all ORDER BY coalesce(later.newest, f.first) DESC`

// throughIDs finds the webhooks of a window that may fulfil the first condition @first. An exchange before the window
// may fulfil it, too.
const throughIDs = `SELECT coalesce(e.webhook, e.id) AS first FROM barb.exchange e
		WHERE e.id BETWEEN @from AND @to AND (@first OR e.webhook < @from)
		GROUP BY 1`

// query is the query for the webhooks of a window.
func (l *windows) query(w *window) (query string, args []any) {
	sc := l.sc.With()
	own, later, all := make([]string, len(l.terms)), make([]string, len(l.terms)), make([]string, len(l.terms))
	for i, term := range l.terms {
		own[i], later[i] = fmt.Sprintf("%s AS t%d", term, i), fmt.Sprintf("bool_or%s AS t%d", term, i)
		all[i] = fmt.Sprintf("(own.t%d OR later.t%d)", i, i)
	}
	from, to := sc.Arg(w.ids.From), sc.Arg(w.ids.To)
	return strings.NewReplacer("@from", from, "@to", to, "@last", sc.Arg(l.last), "@own", strings.Join(own, ", "),
		"@later", strings.Join(later, ", "), "@all", strings.Join(all, " AND "), "@found", l.candidates(sc, w, from, to)).
		Replace(windowQuery), sc.Args
}

// candidates is the query for the webhooks that may be in a window. An exchange before it may have made one fulfil a
// condition: one at most late ids before it, or the newest is in the index exchange_late.
func (l *windows) candidates(sc *scope.Scope, w *window, from, to string) string {
	if w.by < 0 {
		query := throughIDs
		if l.died {
			query += died(sc, w.ids)
		}
		return strings.NewReplacer("@from", from, "@to", to, "@first", l.first).Replace(query)
	}
	ids := engine.Range{From: 1, To: w.ids.To}
	if !w.whole {
		ids.From = max(1, w.ids.From-late)
	}
	query := "(" + l.indexed[w.by].webhooks(sc, ids) + ")"
	for _, i := range w.other {
		query += " INTERSECT (" + l.indexed[i].webhooks(sc, ids) + ")"
	}
	if !w.whole {
		query += fmt.Sprintf(" UNION ALL SELECT e.webhook FROM barb.exchange e WHERE e.id BETWEEN %s AND %s AND "+
			"e.id - e.webhook > %d", from, to, late)
	}
	return query
}

// look yields the webhooks of a window. It returns false when no more are wanted.
func (l *windows) look(ctx context.Context, w *window) (more bool) {
	query, args := l.query(w)
	firsts, err := l.s.numbers(ctx, query, args...)
	if err != nil {
		l.yield(nil, err)
		return false
	}
	l.found += len(firsts)
	for len(firsts) > 0 {
		page := firsts[:min(len(firsts), max(l.page, firstPage))]
		firsts, l.page = firsts[len(page):], pageRows
		if !l.yield(page, nil) {
			return false
		}
	}
	return true
}
