package postgres

import (
	"context"
	"slices"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
)

// mostOfID is up to how many exchanges of a webhook id are found before those of a filter. Of a webhook id that is more
// frequent, a walk through the history finds enough.
const mostOfID = 1000

// webhookID narrows the ids to those with a webhook id, unless an index of a few rows is there already. The planner
// does not do so where it takes a webhook id for frequent.
func (s *Engine) webhookID(ctx context.Context, sc *scope.Scope, id string) error {
	if id == "" || sc.Direct {
		return nil
	}
	found, err := s.numbers(ctx, "SELECT id FROM barb.exchange WHERE webhook_id = $1 LIMIT $2", escape(id),
		int64(mostOfID+1))
	if err != nil || len(found) > mostOfID {
		return err
	}
	slices.Sort(found)
	var spans []engine.Range
	for _, id := range found {
		if !engine.Holds(sc.Spans, id) {
			continue
		}
		if last := len(spans) - 1; last >= 0 && spans[last].To+1 == id {
			spans[last].To = id
		} else {
			spans = append(spans, engine.Range{From: id, To: id})
		}
	}
	sc.Spans = spans
	return nil
}
