package flags

import (
	"encoding/json"
	"iter"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// WhereTrue keeps the exchanges for which the expression is true, at most limit of them (0: all).
func WhereTrue(all iter.Seq2[*record.Exchange, error], where *JQ, limit int) iter.Seq2[*record.Exchange, error] {
	return func(yield func(*record.Exchange, error) bool) {
		found := 0
		for x, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			ok, err := where.Where(x, 0)
			if err != nil {
				yield(nil, fail.Usage("--where: %w", err))
				return
			}
			if !ok {
				continue
			}
			found++
			if !yield(x, nil) || found == limit {
				return
			}
		}
	}
}

// whereLine is the JSON form with everything, and the body parsed where it is JSON.
type whereLine struct {
	export.Line
	Body json.RawMessage `json:"body,omitempty"`
}

// Where is Truthy for the JSON form of an exchange, with the parsed body as .body, as --where asks.
func (f *JQ) Where(x *record.Exchange, within time.Duration) (bool, error) {
	l := whereLine{Line: export.JSON(x, export.With{Body: true, URL: true, Headers: true})}
	if json.Valid(x.Request.Body) {
		l.Body = x.Request.Body
	}
	return f.Truthy(l, within)
}
