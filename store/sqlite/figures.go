package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// Figures returns the figures of the exchanges that a filter selects, without reading earlier ones. It ignores received
// handshakes. The figures of the queue follow only the time and the endpoint of the filter.
func (s *Engine) Figures(ctx context.Context, f engine.Filter) (engine.Figures, error) {
	var out engine.Figures
	sc, err := s.scopeBy(ctx, &f, "") // its index is not used: a time is better found by the ids than by an endpoint
	if err != nil {
		return out, s.told(err)
	}
	if len(sc.spans) > 0 {
		query, args := sc.figures()
		err = s.db.QueryRowContext(ctx, query, args...).Scan(&out.Attempts, &out.Retries, &out.Delivered, &out.Exhausted,
			&out.Checked, &out.Invalid, &out.P99)
		if err != nil {
			return out, s.told(err)
		}
	}
	query, args := queueFigures(&f)
	return out, s.told(s.db.QueryRowContext(ctx, query, args...).Scan(&out.Waiting, &out.Dead))
}

// The rows are looked at once and kept, narrowed to what counts, since the percentile needs to know how many there are.
const figuresQuery = `WITH seen AS MATERIALIZED (
		SELECT e.kind, e.attempt > 1 AS again, e.took, e.status / 100 IS 2 AS well, e.next_in IS NULL AS last, e.verdict
		FROM json_each(?) span CROSS JOIN exchange e NOT INDEXED
		WHERE e.id BETWEEN span.value ->> 0 AND span.value ->> 1
			AND (e.kind = 1 AND e.ended = 1 AND e.failure IS NOT ?
				OR e.kind = 2 AND e.verdict IS NOT NULL AND e.handshake IS NULL)
			AND @terms),
	counted AS (SELECT count(*) FILTER (WHERE kind = 1) AS attempts, count(*) FILTER (WHERE kind = 1 AND again) AS retries,
			count(*) FILTER (WHERE kind = 1 AND well) AS delivered,
			count(*) FILTER (WHERE kind = 1 AND last AND NOT well) AS exhausted,
			count(*) FILTER (WHERE kind = 2) AS checked, count(*) FILTER (WHERE kind = 2 AND verdict = 2) AS invalid FROM seen)
	SELECT attempts, retries, delivered, exhausted, checked, invalid,
		ifnull((SELECT took FROM seen WHERE kind = 1 ORDER BY took DESC LIMIT 1
			OFFSET (SELECT attempts / 100 FROM counted)), 0) FROM counted`

// figures is the query for what the exchanges tell.
func (sc *scope) figures() (query string, args []any) {
	spans := make([][2]int64, len(sc.spans))
	for i, r := range sc.spans {
		spans[i] = [2]int64{r.From, r.To}
	}
	query = strings.Replace(figuresQuery, "@terms", strings.Join(append([]string{"1"}, sc.terms...), " AND "), 1)
	return query, append([]any{jsonOf(spans), string(record.FailInterrupted)}, sc.args...)
}

// queueFigures is the query for what the queue tells. The open entries are counted by two indexes that have each of
// them once: those whose turn it is, and those behind one of the same order.
func queueFigures(f *engine.Filter) (query string, args []any) {
	var target, died string
	var targets, times []any
	if f.Endpoint != "" {
		target = " AND target IN (SELECT id FROM name WHERE kind = ? AND (text GLOB ? OR text GLOB ?))"
		host := "*://" + globOf(f.Endpoint)
		targets = []any{int64(engine.NameTarget), host, host + "[/?#]*"}
	}
	if !f.Since.IsZero() {
		died, times = died+" AND changed >= ?", append(times, f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		died, times = died+" AND changed <= ?", append(times, f.Until.UnixNano())
	}
	query = "SELECT (SELECT count(*) FROM queue INDEXED BY queue_due WHERE state = 1 AND behind = 0" + target + ")" +
		" + (SELECT count(*) FROM queue INDEXED BY queue_ord WHERE state = 1 AND ord IS NOT NULL AND behind = 1" +
		target + "), (SELECT count(*) FROM queue INDEXED BY queue_dead WHERE state = 3" + died + target + ")"
	return query, slices.Concat(targets, targets, times, targets)
}

// QueueGauges returns how many entries of the queue are open and how many dead. It reads indexes only.
func (s *Engine) QueueGauges(ctx context.Context) (open, dead int64, err error) {
	query, args := queueFigures(&engine.Filter{})
	err = s.db.QueryRowContext(ctx, query, args...).Scan(&open, &dead)
	return open, dead, s.told(err)
}
