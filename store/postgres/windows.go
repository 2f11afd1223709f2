package postgres

import (
	"cmp"
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
	reach   int64     // in about so many ids they are looked for next
	last    int64     // of the list
	size    int64     // of the next window
	found   int       // webhooks so far
	page    int       // webhooks of the next page; 0: of the first
	held    []int64   // webhooks of the first window that are no page yet
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

	// fewMatches is how many exchanges of a condition are enough for a window of all near ids.
	fewMatches = firstMatches / 2

	// fewRows is up to how many exchanges of a condition without an index are sorted when the newest rows were not
	// enough.
	newestRows, fewRows = 20_000, 20_000
)

// newestFirst yields the webhooks of some conditions, the one with the newest exchange first. Where no index finds one
// of them and none of the newest fulfils all, the few that fulfil the first one are sorted.
func (s *Engine) newestFirst(ctx context.Context, f *engine.Filter, conditions []engine.Filter, known *lookup,
	all engine.Range, yield func([]int64, error) bool,
) {
	l := s.windows(conditions, known, all.To, yield)
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
			sc := known.scope(&conditions[0])
			few, err := s.areFewer(ctx, sc, fewRows)
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
	for newest := ids.To; ids.From <= ids.To; {
		w := window{ids: engine.Range{From: max(ids.From, ids.To-l.size+1), To: ids.To}, by: -1}
		if err := l.rarest(ctx, &w, ids.From, matches); err != nil {
			l.yield(nil, err)
			return false
		}
		if w.by < 0 {
			l.size = min(8*l.size, largestWindow)
		}
		matches = min(4*matches, mostMatches)
		// The webhooks of a page are read together, which takes as long as a window.
		if ids.To = w.ids.From - 1; !l.look(ctx, &w, w.by < 0 && w.ids.To == newest && ids.To >= ids.From) {
			return false
		}
	}
	return true
}

// window is some of the ids of a list.
type window struct {
	ids   engine.Range
	by    int   // which of the indexed conditions finds its webhooks; -1: the ids are gone through
	other []int // of the indexed conditions, those that take about as many exchanges
	whole bool  // no exchange before the window fulfils the condition
	end   int64 // none of its webhooks begins later
}

// rarest has the rarest of the conditions that indexes find give the window as many ids as hold some matches, where it
// is rare enough. Its exchanges are then found by the index. The near ids are looked at first.
func (l *windows) rarest(ctx context.Context, w *window, from int64, matches int) error {
	if len(l.indexed) == 0 {
		return nil
	}
	if by := slices.IndexFunc(l.indexed, func(i indexed) bool { return i.few }); by >= 0 {
		w.ids.From, w.by, w.whole = from, by, true
		return nil
	}
	var counts []count
	for rare := true; rare; l.reach = min(16*l.reach, 1<<40) {
		within := engine.Range{From: max(1, l.s.floor(w.ids.To, l.reach)), To: w.ids.To}
		var err error
		if counts, err = l.count(ctx, within, matches); err != nil {
			return err
		}
		rare = within.From > 1 && slices.ContainsFunc(counts, func(c count) bool { return c.found < fewMatches })
	}
	by := slices.IndexFunc(counts, func(c count) bool {
		return c == slices.MinFunc(counts, func(a, b count) int {
			return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.found, b.found))
		})
	})
	low := counts[by].low
	w.ids.From = max(low, from)
	if w.ids.To-low < 16*int64(matches) && counts[by].found == matches { // to read all of them is as fast
		return nil
	}
	w.by, w.whole = by, low <= 1
	for i, c := range counts {
		if i != by && 8*(w.ids.To-c.low) > w.ids.To-low {
			w.other = append(w.other, i)
		}
	}
	return nil
}

// count is how many exchanges fulfil a condition from an id on.
type count struct {
	low   int64
	found int
}

// count counts, within some ids, the newest exchanges that fulfil each of the conditions that indexes find, up to most.
func (l *windows) count(ctx context.Context, within engine.Range, most int) (counts []count, err error) {
	sc, parts := &scope.Scope{}, []string(nil)
	for i := range l.indexed {
		found := l.indexed[i].within(sc, "e.id", within, most)
		parts = append(parts, fmt.Sprintf("SELECT coalesce(min(id), 1), count(*) FROM (%s) f", found))
	}
	err = l.s.each(ctx, strings.Join(parts, " UNION ALL "), sc.Args, func(row engine.Row) error {
		c := count{row.Number(), int(row.Number())}
		if c.found < most {
			c.low = within.From
		}
		counts = append(counts, c)
		return nil
	})
	return counts, err
}

// windows translates conditions; nil when no exchange can fulfil one of them.
func (s *Engine) windows(conditions []engine.Filter, known *lookup, last int64,
	yield func([]int64, error) bool,
) *windows {
	l := &windows{s: s, sc: &scope.Scope{}, reach: s.near, last: last, size: firstWindow, yield: yield}
	for i := range conditions {
		c := &conditions[i]
		sc := &scope.Scope{Direct: scope.IsDirect(c), Spans: []engine.Range{{From: 1, To: last}}}
		if known.Translate(sc, c); len(sc.Spans) == 0 {
			return nil
		}
		if isIndexed(c) {
			few := c.WebhookID != "" && len(known.OfWebhook) <= scope.MostOfID
			l.indexed = append(l.indexed, indexed{sc, c.Failed, few})
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
	return l
}

// indexed is a condition that an index finds.
type indexed struct {
	sc   *scope.Scope
	died bool // those that died in the queue fulfil it, too
	few  bool // its spans are the exchanges that may fulfil it
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
	from, to := sc.Arg(ids.From), sc.Arg(ids.To)
	return " UNION ALL SELECT coalesce(e.webhook, e.id) FROM (SELECT thread AS id FROM barb.queue WHERE state = 3" +
		" AND thread BETWEEN " + from + " AND " + to + ") f" + within(exchangeOf, from, to)
}

// windowQuery finds the webhooks @found whose newest exchange is in a window, and that exchange. The same two
// subqueries look at all terms: the planner needs some time for each subquery and partition. Nearly all webhooks of a
// window begin not long before it: those that begin before @begin are returned without a look at them. None begins
// after @end.
const windowQuery = `WITH found AS MATERIALIZED (@found)
	SELECT f.first, coalesce(later.newest, f.first) FROM (SELECT DISTINCT first FROM found) f
	LEFT JOIN LATERAL (SELECT @own FROM barb.exchange e WHERE e.id = f.first AND e.id BETWEEN @begin AND @end
		LIMIT 1) own ON true
	LEFT JOIN LATERAL (SELECT max(e.id + 0) AS newest, @later FROM barb.exchange e
		WHERE e.webhook = f.first AND e.id > f.first AND e.id BETWEEN @begin AND @last) later ON true
	WHERE f.first < @begin OR coalesce(later.newest, f.first) BETWEEN @from AND @to AND @all`

// throughIDs finds the webhooks of a window that may fulfil the first condition @first. An exchange before the window
// may fulfil it, too.
const throughIDs = `SELECT coalesce(e.webhook, e.id) AS first FROM barb.exchange e
		WHERE e.id BETWEEN @from AND @to AND (@first OR e.webhook < @from)
		GROUP BY 1`

// query is the query for the webhooks of a window that candidates finds, but for those that begin before an id.
func (l *windows) query(w *window, begin int64, candidates func(sc *scope.Scope, from, to string) string) (query string,
	args []any,
) {
	sc := l.sc.With()
	own, later, all := make([]string, len(l.terms)), make([]string, len(l.terms)), make([]string, len(l.terms))
	for i, term := range l.terms {
		own[i], later[i] = fmt.Sprintf("%s AS t%d", term, i), fmt.Sprintf("bool_or%s AS t%d", term, i)
		all[i] = fmt.Sprintf("(own.t%d OR later.t%d)", i, i)
	}
	from, to := sc.Arg(w.ids.From), sc.Arg(w.ids.To)
	return strings.NewReplacer("@from", from, "@to", to, "@last", sc.Arg(l.last), "@own", strings.Join(own, ", "),
		"@later", strings.Join(later, ", "), "@all", strings.Join(all, " AND "), "@begin", sc.Arg(begin),
		"@end", sc.Arg(w.end),
		"@found", candidates(sc, from, to)).Replace(windowQuery), sc.Args
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

// look yields the webhooks of a window; few of the first ones it may hold, for the next window to yield. It returns
// false when no more are wanted.
func (l *windows) look(ctx context.Context, w *window, hold bool) (more bool) {
	firsts, err := l.in(ctx, w)
	if err != nil {
		l.yield(nil, err)
		return false
	}
	l.found += len(firsts)
	firsts, l.held = append(l.held, firsts...), nil
	if hold && len(firsts) < firstPage/2 {
		l.held = firsts
		return true
	}
	for len(firsts) > 0 {
		page := firsts[:min(len(firsts), max(l.page, firstPage))]
		firsts, l.page = firsts[len(page):], pageRows
		if !l.yield(page, nil) {
			return false
		}
	}
	return true
}

// before is the first id of the partition before which few webhooks begin that have an exchange from an id on.
func (s *Engine) before(id int64) int64 { return max(1, (id-2*late)/s.near*s.near) }

// in returns the webhooks of a window, the one with the newest exchange first.
func (l *windows) in(ctx context.Context, w *window) (firsts []int64, err error) {
	var refs []webhookRef
	var early []int64 // webhooks that begin long before
	begin := int64(1)
	w.end = w.ids.To
	switch {
	case !w.whole:
		begin = l.s.before(w.ids.From)
	case l.indexed[w.by].few:
		spans := l.indexed[w.by].sc.Spans
		begin, w.end = l.s.before(spans[0].From), min(w.end, spans[len(spans)-1].To)
	}
	read := func(row engine.Row) error {
		ref := webhookRef{row.Number(), row.Number()}
		if ref.first < begin {
			early = append(early, ref.first)
		} else {
			refs = append(refs, ref)
		}
		return nil
	}
	query, args := l.query(w, begin, func(sc *scope.Scope, from, to string) string {
		return l.candidates(sc, w, from, to)
	})
	if err = l.s.each(ctx, query, args, read); err == nil && len(early) > 0 {
		begin = slices.Min(early)
		query, args = l.query(w, begin, func(sc *scope.Scope, _, _ string) string {
			return "SELECT first FROM unnest(" + sc.Arg(early) + "::bigint[]) f(first)"
		})
		err = l.s.each(ctx, query, args, read)
	}
	slices.SortFunc(refs, func(a, b webhookRef) int { return cmp.Compare(b.newest, a.newest) })
	for _, ref := range refs {
		firsts = append(firsts, ref.first)
	}
	return firsts, err
}
