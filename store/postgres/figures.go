package postgres

import (
	"context"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
)

// Figures returns the figures of the exchanges that a filter selects, without reading earlier ones. It ignores received
// handshakes. The figures of the queue follow only the time and the endpoint of the filter.
func (s *Engine) Figures(ctx context.Context, f engine.Filter) (out engine.Figures, err error) {
	sc, err := s.scopeBy(ctx, &f, true) // a time is better found by the ids than by an endpoint
	if err != nil {
		return out, err
	}
	if len(sc.Spans) > 0 {
		query, args := figuresOf(sc, sortedRows)
		row, err := s.one(ctx, query, args...)
		if err != nil {
			return out, err
		}
		out = engine.Figures{Attempts: row.Number(), Retries: row.Number(), Delivered: row.Number(),
			Exhausted: row.Number(), Checked: row.Number(), Invalid: row.Number(), P99: row.Duration()}
	}
	query, args := s.queueFigures(&f)
	row, err := s.one(ctx, query, args...)
	if err == nil {
		out.Waiting, out.Dead = row.Number(), row.Number()
	}
	return out, err
}

// For the percentile one has to know how many there are. The server sorts the times of some exchanges while it counts
// them; of more than sortedRows, which would take its memory, it goes through the rows again.
const figuresQuery = `WITH counted AS MATERIALIZED (SELECT count(*) FILTER (WHERE e.kind = 1) AS attempts,
			count(*) FILTER (WHERE e.kind = 1 AND e.attempt > 1) AS retries,
			count(*) FILTER (WHERE e.kind = 1 AND e.status / 100 = 2) AS delivered,
			count(*) FILTER (WHERE e.kind = 1 AND e.next_in IS NULL AND e.status / 100 IS DISTINCT FROM 2) AS exhausted,
			count(*) FILTER (WHERE e.kind = 2) AS checked,
			count(*) FILTER (WHERE e.kind = 2 AND e.verdict = 2) AS invalid@sorted
		FROM @spans WHERE (@attempt OR e.kind = 2 AND e.verdict IS NOT NULL AND e.handshake IS NULL) AND @terms)
	SELECT attempts, retries, delivered, exhausted, checked, invalid, coalesce(@percentile, 0) FROM counted`

const (
	sortedRows       = 1 << 20
	sortedTimes      = ", array_agg(e.took ORDER BY e.took DESC NULLS LAST) FILTER (WHERE e.kind = 1) AS sorted"
	sortedPercentile = "sorted[1 + attempts / 100]"
	readPercentile   = `(SELECT e.took FROM @spans WHERE @attempt AND @terms ORDER BY e.took DESC NULLS LAST LIMIT 1
		OFFSET (SELECT attempts / 100 FROM counted))`
)

// figuresOf is the query for what the exchanges tell, which sorts the times of less than most of them.
func figuresOf(sc *scope.Scope, most int64) (query string, args []any) {
	sc = sc.With()
	low, high := sc.Spans[0].From, sc.Spans[len(sc.Spans)-1].To
	spans, terms := "barb.exchange e", sc.Where("e.id BETWEEN "+sc.Arg(low)+" AND "+sc.Arg(high))
	if len(sc.Spans) > 1 {
		froms, tos := make([]int64, len(sc.Spans)), make([]int64, len(sc.Spans))
		for i, r := range sc.Spans {
			froms[i], tos[i] = r.From, r.To
		}
		spans = "unnest(" + sc.Arg(froms) + "::bigint[], " + sc.Arg(tos) + "::bigint[]) s(low, high) CROSS JOIN LATERAL " +
			"(SELECT * FROM barb.exchange x WHERE x.id BETWEEN s.low AND s.high OFFSET 0) e"
	}
	attempt := "e.kind = 1 AND e.ended = 1 AND e.failure IS DISTINCT FROM " + sc.Arg(string(record.FailInterrupted))
	sorted, percentile := sortedTimes, sortedPercentile
	if high-low >= most {
		sorted, percentile = "", readPercentile
	}
	query = strings.NewReplacer("@sorted", sorted, "@percentile", percentile).Replace(figuresQuery)
	return strings.NewReplacer("@spans", spans, "@terms", terms, "@attempt", attempt).Replace(query), sc.Args
}

// queueFigures is the query for what the queue tells.
func (s *Engine) queueFigures(f *engine.Filter) (query string, args []any) {
	var sc scope.Scope
	target, died := "", ""
	if f.Endpoint != "" {
		host := "*://" + f.Endpoint
		target = " AND (target IN (SELECT id FROM barb.name WHERE kind = " + sc.Arg(int64(engine.NameTarget)) +
			" AND text LIKE ANY(" + sc.Arg(glob.Likes([]string{host, host + "/*", host + "?*", host + "#*"})) + "))) IS TRUE"
	}
	if !f.Since.IsZero() {
		died += " AND changed >= " + sc.Arg(s.clock.in(f.Since))
	}
	if !f.Until.IsZero() {
		died += " AND changed <= " + sc.Arg(s.clock.in(f.Until))
	}
	return "SELECT (SELECT count(*) FROM barb.queue WHERE state = 1 AND NOT behind" + target +
		") + (SELECT count(*) FROM barb.queue WHERE state = 1 AND lane IS NOT NULL AND behind" + target +
		"), (SELECT count(*) FROM barb.queue WHERE state = 3" + died + target + ")", sc.Args
}

// QueueGauges returns how many entries of the queue are open and how many dead.
func (s *Engine) QueueGauges(ctx context.Context) (open, dead int64, err error) {
	query, args := s.queueFigures(&engine.Filter{})
	row, err := s.one(ctx, query, args...)
	if err != nil {
		return 0, 0, err
	}
	return row.Number(), row.Number(), nil
}
