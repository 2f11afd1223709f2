package postgres

import (
	"context"
	"strings"

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
	spans, err := s.within(ctx, f)
	if err != nil {
		return nil, err
	}
	sc := &scope.Scope{Direct: direct, Spans: spans}
	return sc, s.translate(ctx, sc, f)
}

// translate adds the conditions of a filter but for its ids, and narrows the ids where that helps.
func (s *Engine) translate(ctx context.Context, sc *scope.Scope, f *engine.Filter) error {
	sc.Plain(f)
	for _, step := range []func() error{
		func() error { return s.webhookID(ctx, sc, f.WebhookID) },
		func() error { return s.event(ctx, sc, f.Event) },
		func() error { return s.named(ctx, sc, "scheme", engine.NameScheme, f.Scheme) },
		func() error { return s.endpoint(ctx, sc, f) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// named is an exact name or a glob.
func (s *Engine) named(ctx context.Context, sc *scope.Scope, column string, kind engine.NameKind, text string) error {
	switch {
	case text == "":
		return nil
	case strings.Contains(text, "*"):
		sc.Add("(" + sc.InNames(column, kind, []string{text}) + ") IS TRUE")
		return nil
	}
	ids, err := s.namesLike(ctx, kind, []string{text}, 1)
	if len(ids) == 0 {
		sc.Spans = nil
		return err
	}
	sc.Add("e." + column + " = " + sc.Arg(ids[0]))
	return err
}

// handshakePrefix is what the event type of a handshake begins with.
const handshakePrefix = "handshake:"

// event is an exact event type or a glob. A handshake has none and is found by its name: see record.Exchange.Event.
func (s *Engine) event(ctx context.Context, sc *scope.Scope, text string) error {
	text, err := s.onlyEvent(ctx, text)
	if err != nil {
		return err
	}
	handshake, isHandshake := strings.CutPrefix(text, handshakePrefix)
	switch {
	case strings.Contains(text, "*"):
		sc.Add("(" + sc.InNames("event", engine.NameEvent, []string{text}) + "" +
			" OR coalesce('handshake:' || e.handshake LIKE " +
			sc.Arg(glob.Like(text)) + ", false))")
		return nil
	case isHandshake:
		sc.Add("(" + sc.InNames("event", engine.NameEvent, []string{text}) + " OR e.handshake IS NOT DISTINCT FROM " +
			sc.Arg(escape(handshake)) + ")")
		return nil
	}
	return s.named(ctx, sc, "event", engine.NameEvent, text)
}

// onlyEvent returns the event type that a glob means where that is only one, which an index finds; else the glob.
func (s *Engine) onlyEvent(ctx context.Context, text string) (string, error) {
	prefix, _, isGlob := strings.Cut(text, "*")
	if !isGlob || strings.HasPrefix(handshakePrefix, prefix) || strings.HasPrefix(prefix, handshakePrefix) {
		return text, nil
	}
	found, err := s.texts(ctx, "SELECT text FROM barb.name WHERE kind = $1 AND text LIKE $2 LIMIT 2",
		int64(engine.NameEvent), glob.Like(text))
	if err != nil || len(found) != 1 || strings.Contains(found[0], "*") {
		return text, err
	}
	return found[0], nil
}

// endpoint goes through the index by endpoint unless a better one is there. Within an endpoint and a class of status
// that index is in the order of ids, so that the newest are found without sorting all.
func (s *Engine) endpoint(ctx context.Context, sc *scope.Scope, f *engine.Filter) error {
	if f.Endpoint == "" {
		return nil
	}
	globs := record.EndpointGlobs(f.Endpoint)
	var ids []int64
	if !sc.Direct {
		var err error
		if ids, err = s.namesLike(ctx, engine.NameEndpoint, globs, scope.MaxArms+1); err != nil {
			return err
		}
	}
	switch {
	case sc.Direct, len(ids) > scope.MaxArms:
		sc.Add("(" + sc.InNames("endpoint", engine.NameEndpoint, globs) + ") IS TRUE")
	case len(ids) == 0:
		sc.Spans = nil
	default:
		sc.Arms = scope.ClassesOf(ids, f.Status)
		if sc.Arms == nil {
			sc.Spans = nil
		}
	}
	return nil
}

// namesLike returns the ids of at most so many names that one of some globs matches.
func (s *Engine) namesLike(ctx context.Context, kind engine.NameKind, globs []string, most int) ([]int64, error) {
	if len(globs) == 1 && !strings.Contains(globs[0], "*") {
		return s.numbers(ctx, "SELECT id FROM barb.name WHERE kind = $1 AND sum = $2", int64(kind), bulk.SumOf(globs[0]))
	}
	return s.numbers(ctx, "SELECT id FROM barb.name WHERE kind = $1 AND text LIKE ANY($2) ORDER BY id LIMIT $3",
		int64(kind),
		glob.Likes(globs), int64(most))
}
