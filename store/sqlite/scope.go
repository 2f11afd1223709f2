package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/record"
)

// scope is a filter in terms of the tables: the ids, the index and the conditions.
type scope struct {
	spans []engine.Range // apart from each other, lowest first
	index string         // "INDEXED BY …": without statistics the planner would guess
	terms []string
	args  []any
	arms  []arm    // parts of the index that together have all; none means one part without a condition
	also  []*scope // what a webhook fulfils besides, each with any of its exchanges
}

// arm is a part of an index in which the ids are in order.
type arm struct {
	term string
	args []any
}

// noIndex is the index of a scope that goes through the ids, unless endpoint finds a better one.
const noIndex = "NOT INDEXED"

// maxArms bounds what a query merges: with more endpoints than that going through the ids is as good. mostNames bounds
// the names that a query has as values. SQLite would look for them anew for each row.
const maxArms, mostNames = 8, 256

// scope translates a filter. An unknown name selects nothing: then there are no spans.
func (s *Engine) scope(ctx context.Context, f *engine.Filter) (*scope, error) {
	return s.scopeBy(ctx, f, noIndex)
}

// scopeBy is scope with the index for a filter that needs none.
func (s *Engine) scopeBy(ctx context.Context, f *engine.Filter, index string) (*scope, error) {
	sc := &scope{index: index}
	sc.plain(f)
	for _, step := range []func() error{
		func() error { return sc.span(ctx, s.db, f) },
		func() error { return sc.lookup(ctx, s.db, f.WebhookID) },
		func() error { return sc.event(ctx, s.db, f.Event) },
		func() error { return sc.name(ctx, s.db, "scheme", engine.NameScheme, f.Scheme) },
		func() error { return sc.endpoint(ctx, s.db, f) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return sc, nil
}

func (sc *scope) add(term string, args ...any) {
	sc.terms, sc.args = append(sc.terms, term), append(sc.args, args...)
}

// plain is what needs no look into the tables first.
func (sc *scope) plain(f *engine.Filter) {
	if f.Kind != 0 {
		sc.add("e.kind = ?", int64(f.Kind))
	}
	if f.Failed {
		sc.add("e.failed = 1 AND (e.kind = 1 OR e.verdict IS NOT 2)")
	}
	if f.Invalid {
		sc.add("e.failed = 1 AND e.kind = 2 AND e.verdict = 2")
	}
	if f.Failed || f.Invalid {
		sc.index = "INDEXED BY exchange_failed"
	}
	if f.Marked != "" {
		sc.add("e.marks IS NOT NULL AND instr(e.marks, ?)", ","+string(f.Marked)+":")
		if !f.Failed && !f.Invalid {
			sc.index = "INDEXED BY exchange_marked"
		}
	}
	if f.Status.From >= 300 && f.Endpoint == "" && sc.index == noIndex { // such an answer is a failure: few rows are
		sc.add("e.failed = 1")
		sc.index = "INDEXED BY exchange_failed"
	}
	if f.Status != (engine.StatusRange{}) {
		sc.add("e.status BETWEEN ? AND ? AND "+ahead.WasAnswered, f.Status.From, f.Status.To)
	}
	if !f.Since.IsZero() {
		sc.add("e.start >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		sc.add("e.start <= ?", f.Until.UnixNano())
	}
	if f.WebhookID != "" {
		sc.add("e.webhook_id = ?", f.WebhookID)
	}
	if f.Grep != "" {
		sc.add("(instr((SELECT ifnull(body, (SELECT data FROM body b WHERE b.id = shared)) FROM request "+
			"WHERE id = e.id), ?) OR "+
			"instr(ifnull(e.answer_body, (SELECT body FROM response WHERE id = e.id)), ?))", []byte(f.Grep), []byte(f.Grep))
	}
}

// name is an exact name or a glob.
func (sc *scope) name(ctx context.Context, db *sql.DB, column string, kind engine.NameKind, text string) error {
	if text == "" {
		return nil
	}
	ids, err := nameIDs(ctx, db, kind, text)
	switch {
	case err != nil:
	case len(ids) == 0:
		sc.spans = nil
	case len(ids) > mostNames:
		sc.add("e."+column+" IN (SELECT id FROM name WHERE kind = ? AND text GLOB ?)", int64(kind), globOf(text))
	default:
		sc.among("e."+column, ids)
	}
	return err
}

// among adds that a column has one of some values.
func (sc *scope) among(column string, ids []int64) {
	sc.add(column+" IN (?"+strings.Repeat(", ?", len(ids)-1)+")", anyOf(ids)...)
}

func anyOf(ids []int64) (all []any) {
	for _, id := range ids {
		all = append(all, id)
	}
	return all
}

// event is an exact event type or a glob. A handshake has none and is found by its name: see record.Exchange.Event.
func (sc *scope) event(ctx context.Context, db *sql.DB, text string) error {
	const named = "(e.event IN (SELECT id FROM name WHERE kind = ? AND text GLOB ?)"
	handshake, isHandshake := strings.CutPrefix(text, "handshake:")
	switch glob := globOf(text); {
	case strings.Contains(text, "*") && mayBeHandshake(text):
		sc.add(named+" OR 'handshake:' || e.handshake GLOB ?)", int64(engine.NameEvent), glob, glob)
		return nil
	case isHandshake:
		sc.add(named+" OR e.handshake = ?)", int64(engine.NameEvent), glob, handshake)
		return nil
	}
	return sc.name(ctx, db, "event", engine.NameEvent, text)
}

// mayBeHandshake reports whether a glob may mean the name of a handshake.
func mayBeHandshake(glob string) bool {
	const handshakes = "handshake:"
	begin, _, _ := strings.Cut(glob, "*")
	n := min(len(begin), len(handshakes))
	return begin[:n] == handshakes[:n]
}

// endpoint goes through the index by endpoint unless a better one is chosen already. Within an endpoint and a class of
// status that index is in the order of ids, so that the newest are found without sorting all.
func (sc *scope) endpoint(ctx context.Context, db *sql.DB, f *engine.Filter) error {
	if f.Endpoint == "" {
		return nil
	}
	globs, args := record.EndpointGlobs(f.Endpoint), []any{int64(engine.NameEndpoint)}
	for _, glob := range globs {
		args = append(args, globOf(glob))
	}
	named := "SELECT id FROM name WHERE kind = ? AND (text GLOB ?" + strings.Repeat(" OR text GLOB ?", len(globs)-1) + ")"
	ids, err := columnOf[int64](ctx, db, named+" LIMIT ?", append(args, mostNames+1)...)
	switch {
	case err != nil:
		return err
	case len(ids) > mostNames:
		sc.add("e.endpoint IN ("+named+")", args...)
	case len(ids) == 0:
		sc.spans = nil
	case sc.index != noIndex, len(ids) > maxArms:
		sc.among("e.endpoint", ids)
	default:
		sc.index = "INDEXED BY exchange_endpoint"
		for _, id := range ids {
			sc.classes(id, f.Status)
		}
	}
	return nil
}

func (sc *scope) classes(endpoint int64, status engine.StatusRange) {
	from, to := 0, 9
	if status != (engine.StatusRange{}) {
		from, to = max(from, status.From/100), min(to, status.To/100)
	} else {
		sc.arms = append(sc.arms, arm{"e.endpoint = ? AND e.status / 100 IS NULL", []any{endpoint}})
	}
	for class := from; class <= to; class++ {
		sc.arms = append(sc.arms, arm{"e.endpoint = ? AND e.status / 100 = ?", []any{endpoint, class}})
	}
	if len(sc.arms) == 0 { // a status that there is none of
		sc.spans = nil
	}
}

// nameIDs returns the ids of the names that text means, at most one more than mostNames.
func nameIDs(ctx context.Context, db *sql.DB, kind engine.NameKind, text string) ([]int64, error) {
	is := "="
	if strings.Contains(text, "*") {
		is, text = "GLOB", globOf(text)
	}
	return columnOf[int64](ctx, db, "SELECT id FROM name WHERE kind = ? AND text "+is+" ? LIMIT ?", int64(kind), text,
		mostNames+1)
}

// globOf is text for GLOB, in which only * is special here.
func globOf(text string) string { return strings.NewReplacer("[", "[[]", "?", "[?]").Replace(text) }

// columnOf returns the only column of a query.
func columnOf[T any](ctx context.Context, db *sql.DB, query string, args ...any) (all []T, err error) {
	err = eachRow(ctx, db, func(rows *sql.Rows) error {
		var one T
		err := rows.Scan(&one)
		all = append(all, one)
		return err
	}, query, args...)
	return all, err
}

// eachRow calls do for each row of a query until it fails.
func eachRow(ctx context.Context, db *sql.DB, do func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// span narrows the ids to those asked for and to those of the time asked for.
func (sc *scope) span(ctx context.Context, db *sql.DB, f *engine.Filter) error {
	ids, err := during(ctx, db, f.Since, f.Until)
	if err != nil {
		return err
	}
	sc.spans = engine.Within(ids, f.IDs)
	return nil
}

// lookup narrows the ids to those that may have a webhook id, unless an index of a few rows is chosen already.
func (sc *scope) lookup(ctx context.Context, db *sql.DB, id string) error {
	if id == "" || sc.index != noIndex {
		return nil
	}
	found, few, err := lookup.Find(ctx, db, id)
	if err != nil || !few {
		return err
	}
	var spans []engine.Range
	for _, span := range sc.spans {
		spans = append(spans, engine.Within(span, found)...)
	}
	sc.spans = spans
	return nil
}

// during returns the range of ids that holds everything begun in a span of time. It ends at the newest id of now:
// replay records while it lists, and must not list its own records. There is no index on the start: the order of ids is
// nearly that of time, and the history knows by how much it is not (see timeline).
func during(ctx context.Context, db *sql.DB, since, until time.Time) (engine.Range, error) {
	var low, high, disorder int64
	err := db.QueryRowContext(ctx, "SELECT coalesce((SELECT min(id) FROM exchange), 1), coalesce((SELECT max(id) FROM "+
		"exchange), 0), disorder FROM history").Scan(&low, &high, &disorder)
	if err != nil {
		return engine.Range{}, err
	}
	ids := engine.Range{From: low, To: high}
	if !since.IsZero() {
		ids.From, err = bisect(ctx, db, low, high+1, func(start int64) bool { return start >= since.UnixNano()-disorder })
	}
	if err == nil && !until.IsZero() {
		ids.To, err = bisect(ctx, db, low, high+1, func(start int64) bool { return start > until.UnixNano()+disorder })
	}
	return ids, err
}

// bisect returns the first id from low on whose start is late, or high when none is.
func bisect(ctx context.Context, db *sql.DB, low, high int64, late func(start int64) bool) (int64, error) {
	stmt, err := db.PrepareContext(ctx, "SELECT id, start FROM exchange WHERE id >= ? ORDER BY id LIMIT 1")
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	for low < high {
		middle := low + (high-low)/2
		var id, start int64
		if err := stmt.QueryRowContext(ctx, middle).Scan(&id, &start); err != nil {
			return 0, err
		}
		if late(start) {
			high = middle
		} else {
			low = id + 1
		}
	}
	return low, nil
}
