package scope

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
)

// NoLimit is as many rows as there are.
const NoLimit = math.MaxInt32

const classes = " c(class)"

// InOrder reports whether a query goes by the index by endpoint. It is to be planned without sorting where an index has
// the order: else the planner goes through all ids of the bounds where it takes few of them for many.
func InOrder(query string) bool { return strings.Contains(query, classes) }

// Found is the query for a column, id or what follows e.id, of the next exchanges of some spans, in the order of ids.
func (sc *Scope) Found(columns string, spans []engine.Range, desc string, want int) string {
	limit := " LIMIT " + sc.Arg(int64(want))
	low, high, within := spans[0].From, spans[0].To, ""
	for _, r := range spans {
		low, high = min(low, r.From), max(high, r.To)
	}
	var from []string
	if len(spans) > 1 {
		froms, tos := make([]int64, len(spans)), make([]int64, len(spans))
		for i, r := range spans {
			froms[i], tos[i] = r.From, r.To
		}
		from = append(from, "unnest("+sc.Arg(froms)+"::bigint[], "+sc.Arg(tos)+"::bigint[]) s(low, high)")
		within = " AND e.id BETWEEN s.low AND s.high"
	}
	// The planner leaves partitions out by the lowest and the highest; it cannot do so by the ids of a list.
	bounds := func() string { return "e.id BETWEEN " + sc.Arg(low) + " AND " + sc.Arg(high) + within }
	one := func(order string, terms ...string) string {
		return "SELECT " + columns + " FROM barb.exchange e WHERE " + sc.Where(terms...) + " ORDER BY " + order + "e.id" +
			desc + limit
	}
	if sc.Arms == nil && len(from) == 0 {
		return one("", bounds())
	}
	parts := []string{}
	part := func(from []string, one string) {
		parts = append(parts, "SELECT f.* FROM "+strings.Join(from, " CROSS JOIN ")+" CROSS JOIN LATERAL ("+one+") f")
	}
	switch {
	case sc.Arms == nil:
		part(from, one("", bounds()))
	case want == NoLimit: // then their order is of no use
		part(append(from, "unnest("+sc.Arg(sc.Arms.Endpoints)+"::bigint[]) a(endpoint)"),
			one("", "e.endpoint = a.endpoint", bounds()))
	default:
		sc.eachArm(from, desc, bounds, spans, one, part)
	}
	return "SELECT * FROM (" + strings.Join(parts, " UNION ALL ") + ") f ORDER BY 1" + desc + limit
}

// eachArm makes the parts of a query for the index by endpoint. The planner must not go through the ids instead,
// where it takes an endpoint for frequent that is not: it does not know the values of a list. So a part compares
// rows, and has the order of that index, which no other index has. By the bounds it leaves partitions out;
// see InOrder.
func (sc *Scope) eachArm(from []string, desc string, bounds func() string, spans []engine.Range,
	one func(string, ...string) string,
	part func([]string, string),
) {
	from = append(slices.Clone(from), "unnest("+sc.Arg(sc.Arms.Endpoints)+"::bigint[]) a(endpoint)")
	if sc.Arms.null {
		part(from, one("e.status / 100"+desc+", ", "e.endpoint = a.endpoint AND e.status / 100 IS NULL", bounds()))
	}
	if sc.Arms.first > sc.Arms.last {
		return
	}
	low, high := "s.low", "s.high"
	if len(spans) == 1 {
		low, high = sc.Arg(spans[0].From)+"::bigint", sc.Arg(spans[0].To)+"::bigint"
	}
	from = append(from, fmt.Sprintf("generate_series(%d::bigint, %d::bigint)"+classes, sc.Arms.first, sc.Arms.last))
	const row = "(e.endpoint, e.status / 100, e.id)"
	part(from, one("e.endpoint"+desc+", e.status / 100"+desc+", ",
		row+" >= (a.endpoint, c.class, "+low+") AND "+row+" <= (a.endpoint, c.class, "+high+")", bounds()))
}
