package store

import (
	"context"
	"database/sql"
	"math"

	"github.com/barbhq/barb/store/record"
)

// Sort is exchanges that have the same kind, scheme, secret and URL, are all attempts or all queued messages, have all
// whole bodies or all truncated ones, and are all kept exactly or all with masks.
type Sort struct {
	Example *record.Exchange // one of them, whole
	Count   int
	Last    int64 // the highest id
}

// Sorts groups what a filter selects; its limit, order and bodies do not matter. That is much
// faster than reading each exchange. A sort may come once for each of the filter's ranges.
func (s *Store) Sorts(ctx context.Context, f Filter) (sorts []Sort, err error) {
	sc, err := s.scope(ctx, &f)
	if err != nil {
		return nil, s.told(err)
	}
	for _, span := range sc.spans {
		ids, args := sc.ids(span, "", math.MaxInt)
		query := "SELECT min(id), max(id), count(*) FROM exchange WHERE id IN (" + ids +
			") GROUP BY kind, attempt = 0, scheme, secret, endpoint, url, instr(marks, ',truncated:') > 0, masks IS NULL " +
			"ORDER BY 1"
		err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
			one := Sort{Example: new(record.Exchange)}
			err := rows.Scan(&one.Example.ID, &one.Last, &one.Count)
			sorts = append(sorts, one)
			return err
		}, query, args...)
		if err != nil {
			return nil, s.told(err)
		}
	}
	for i := range sorts {
		if sorts[i].Example, err = s.Get(ctx, sorts[i].Example.ID); err != nil {
			return nil, err
		}
	}
	return sorts, nil
}
