package flags

import (
	"iter"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// WhereTrue keeps the exchanges for which the expression is true, at most limit of them (0: all). It calls judged for
// each exchange with the error of the expression, and leaves out those on which it fails.
func WhereTrue(all iter.Seq2[*record.Exchange, error], where *jq.Expr, limit int,
	judged func(*record.Exchange, error)) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		found := 0
		for x, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			ok, err := where.True(x, 0)
			if judged(x, err); !ok || err != nil {
				continue
			}
			found++
			if !yield(x, nil) || found == limit {
				return
			}
		}
	}
}
