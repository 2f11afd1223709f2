package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
)

// scope translates a filter. An unknown name selects nothing: then there are no spans.
func (s *Engine) scope(ctx context.Context, f *engine.Filter) (*scope.Scope, error) {
	return s.scopeBy(ctx, f, scope.IsDirect(f))
}

// scopeBy is scope with the choice of direct.
func (s *Engine) scopeBy(ctx context.Context, f *engine.Filter, direct bool) (*scope.Scope, error) {
	l, err := s.lookUp(ctx, f, f.Since, direct)
	if err != nil {
		return nil, err
	}
	sc := &scope.Scope{Direct: direct, Spans: engine.Within(l.during, f.IDs)}
	l.Translate(sc, f)
	return sc, nil
}

// lookup is what has to be known of the history to translate a filter, or its conditions one by one. It is asked in
// one go: over a network each question takes longer than all of them do here.
type lookup struct {
	all, during engine.Range // all ids, and those of the time of the filter
	scope.Known
}

// lookUp asks what Translate needs. since takes the place of the filter's.
func (s *Engine) lookUp(ctx context.Context, f *engine.Filter, since time.Time, direct bool) (*lookup, error) {
	l := &lookup{Known: scope.Known{Event: f.Event, Names: map[engine.NameKind][]int64{}}}
	var more []asked
	names := func(kind engine.NameKind, globs ...string) {
		more = append(more, namesLike(kind, globs, func(id int64) { l.Names[kind] = append(l.Names[kind], id) }))
	}
	prefix, _, isGlob := strings.Cut(f.Event, "*")
	var types []string
	handshake := scope.HandshakePrefix
	switch {
	case f.Event == "", strings.HasPrefix(prefix, handshake), isGlob && strings.HasPrefix(handshake, prefix):
	case isGlob:
		more = append(more, asked{"SELECT id, text FROM barb.name WHERE kind = $1 AND text LIKE $2 LIMIT 2",
			[]any{int64(engine.NameEvent), glob.Like(f.Event)}, func(row engine.Row) error {
				l.Names[engine.NameEvent] = append(l.Names[engine.NameEvent], row.Number())
				types = append(types, row.Text())
				return nil
			}})
	default:
		names(engine.NameEvent, f.Event)
	}
	if f.Scheme != "" && !strings.Contains(f.Scheme, "*") {
		names(engine.NameScheme, f.Scheme)
	}
	if f.Endpoint != "" && !direct {
		names(engine.NameEndpoint, record.EndpointGlobs(f.Endpoint)...)
	}
	if f.WebhookID != "" && !direct {
		more = append(more, asked{"SELECT id FROM barb.exchange WHERE webhook_id = $1 LIMIT $2",
			[]any{escape(f.WebhookID), int64(scope.MostOfID + 1)}, func(row engine.Row) error {
				l.OfWebhook = append(l.OfWebhook, row.Number())
				return nil
			}})
	}
	err := s.bounds(ctx, l, since, f.Until, more)
	if len(types) == 1 && !strings.Contains(types[0], "*") {
		l.Event = types[0]
	}
	return l, err
}

// namesLike asks for the ids of a few names that one of some globs matches.
func namesLike(kind engine.NameKind, globs []string, do func(id int64)) asked {
	each := func(row engine.Row) error {
		do(row.Number())
		return nil
	}
	if len(globs) == 1 && !strings.Contains(globs[0], "*") {
		return asked{"SELECT id FROM barb.name WHERE kind = $1 AND sum = $2", []any{int64(kind), bulk.SumOf(globs[0])}, each}
	}
	return asked{"SELECT id FROM barb.name WHERE kind = $1 AND text LIKE ANY($2) ORDER BY id LIMIT $3",
		[]any{int64(kind), glob.Likes(globs), int64(scope.MaxArms + 1)}, each}
}

// scope translates one condition of the filter, whatever its time.
func (l *lookup) scope(condition *engine.Filter) *scope.Scope {
	sc := &scope.Scope{Direct: scope.IsDirect(condition), Spans: engine.Within(l.all, condition.IDs)}
	l.Translate(sc, condition)
	return sc
}
