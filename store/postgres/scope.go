package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/record"
)

// scope is a filter in terms of the tables: the ids, the conditions and their values, which are numbered.
type scope struct {
	spans  []engine.Range // apart from each other, lowest first
	terms  []string
	args   []any
	direct bool  // no list of ids or endpoints helps: an index of a few rows is there, or the ids are gone through
	arms   *arms // nil: one part without a condition
}

// arms are the parts of the index by endpoint, in each of which the ids are in order: one for each endpoint and
// class of status from first to last, and with null for each endpoint's exchanges without a status.
type arms struct {
	endpoints   []int64
	first, last int
	null        bool
}

// maxArms bounds what a query merges: with more endpoints than that going through the ids is as good.
const maxArms = 8

// scope translates a filter. An unknown name selects nothing: then there are no spans.
func (s *Engine) scope(ctx context.Context, f *engine.Filter) (*scope, error) {
	return s.scopeBy(ctx, f, isDirect(f))
}

// isDirect reports whether a filter has a condition for which there is an index of a few rows.
func isDirect(f *engine.Filter) bool {
	return f.Failed || f.Invalid || f.Marked != "" || failsByAnswer(f)
}

// failsByAnswer reports whether a filter asks for answers that are failures, which an index has, and for no endpoint.
func failsByAnswer(f *engine.Filter) bool {
	return f.Status.From >= 300 && f.Endpoint == "" && !f.Failed && !f.Invalid && f.Marked == ""
}

// scopeBy is scope with the choice of direct.
func (s *Engine) scopeBy(ctx context.Context, f *engine.Filter, direct bool) (*scope, error) {
	spans, err := s.within(ctx, f)
	if err != nil {
		return nil, err
	}
	sc := &scope{direct: direct, spans: spans}
	return sc, s.translate(ctx, sc, f)
}

// translate adds the conditions of a filter but for its ids, and narrows the ids where that helps.
func (s *Engine) translate(ctx context.Context, sc *scope, f *engine.Filter) error {
	sc.plain(f)
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

// arg adds a value and returns its place in the query.
func (sc *scope) arg(v any) string {
	sc.args = append(sc.args, v)
	return fmt.Sprintf("$%d", len(sc.args))
}

// take adds the values of a query and returns the query with their places here. It has no dollar sign besides these.
func (sc *scope) take(query string, args []any) string {
	before := len(sc.args)
	sc.args = append(sc.args, args...)
	parts := strings.Split(query, "$")
	for i, part := range parts[1:] {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		n, _ := strconv.Atoi(part[:digits])
		parts[i+1] = strconv.Itoa(before+n) + part[digits:]
	}
	return strings.Join(parts, "$")
}

func (sc *scope) add(term string) { sc.terms = append(sc.terms, term) }

// where joins the terms with others.
func (sc *scope) where(more ...string) string {
	return strings.Join(append(append([]string{"true"}, more...), sc.terms...), " AND ")
}

// with returns a copy to which a query adds values of its own.
func (sc *scope) with() *scope {
	clone := *sc
	clone.args = sc.args[:len(sc.args):len(sc.args)]
	clone.terms = sc.terms[:len(sc.terms):len(sc.terms)]
	return &clone
}

// badSignature is the condition that an exchange was received with a bad signature. Such exchanges count as failed.
const badSignature = "e.failed = 1 AND e.kind = 2 AND e.verdict = 2"

// plain is what needs no look into the tables first.
func (sc *scope) plain(f *engine.Filter) {
	if f.Kind != 0 {
		sc.add("e.kind = " + sc.arg(int64(f.Kind)))
	}
	if f.Failed {
		sc.add("e.failed = 1 AND (e.kind = 1 OR e.verdict IS DISTINCT FROM 2)")
	}
	if f.Invalid {
		sc.add(badSignature)
	}
	if f.Marked != "" {
		sc.add("e.marks IS NOT NULL AND strpos(e.marks, " + sc.arg(","+escape(string(f.Marked))+":") + ") > 0")
	}
	if failsByAnswer(f) {
		sc.add("e.failed = 1")
	}
	if f.Status != (engine.StatusRange{}) {
		sc.add("e.status BETWEEN " + sc.arg(int64(f.Status.From)) + " AND " + sc.arg(int64(f.Status.To)) + " AND " +
			wasAnswered)
	}
	if !f.Since.IsZero() {
		sc.add("e.start >= " + sc.arg(f.Since.UnixNano()))
	}
	if !f.Until.IsZero() {
		sc.add("e.start <= " + sc.arg(f.Until.UnixNano()))
	}
	if f.WebhookID != "" {
		sc.add("e.webhook_id = " + sc.arg(escape(f.WebhookID)))
	}
	if f.Grep != "" {
		text := sc.arg([]byte(f.Grep))
		sc.add("(coalesce(position(" + text + "::bytea IN (SELECT body FROM barb.request WHERE id = e.id)) > 0, false) OR " +
			"coalesce(position(" + text + "::bytea IN coalesce(e.answer_body, (SELECT body FROM barb.response " +
			"WHERE id = e.id))) > 0, false))")
	}
}

// named is an exact name or a glob.
func (s *Engine) named(ctx context.Context, sc *scope, column string, kind engine.NameKind, text string) error {
	switch {
	case text == "":
		return nil
	case strings.Contains(text, "*"):
		sc.add("(" + sc.inNames(column, kind, []string{text}) + ") IS TRUE")
		return nil
	}
	ids, err := s.namesLike(ctx, kind, []string{text}, 1)
	if len(ids) == 0 {
		sc.spans = nil
		return err
	}
	sc.add("e." + column + " = " + sc.arg(ids[0]))
	return err
}

// inNames is the condition that a column is a name that one of some globs matches. It must not stand alone: the planner
// would make a join of it, and IS TRUE or an OR makes a list of it that is read once.
func (sc *scope) inNames(column string, kind engine.NameKind, globs []string) string {
	return fmt.Sprintf("e.%s IN (SELECT id FROM barb.name WHERE kind = %s AND text LIKE ANY(%s))", column,
		sc.arg(int64(kind)), sc.arg(glob.Likes(globs)))
}

// handshakePrefix is what the event type of a handshake begins with.
const handshakePrefix = "handshake:"

// event is an exact event type or a glob. A handshake has none and is found by its name: see record.Exchange.Event.
func (s *Engine) event(ctx context.Context, sc *scope, text string) error {
	text, err := s.onlyEvent(ctx, text)
	if err != nil {
		return err
	}
	handshake, isHandshake := strings.CutPrefix(text, handshakePrefix)
	switch {
	case strings.Contains(text, "*"):
		sc.add("(" + sc.inNames("event", engine.NameEvent, []string{text}) + "" +
			" OR coalesce('handshake:' || e.handshake LIKE " +
			sc.arg(glob.Like(text)) + ", false))")
		return nil
	case isHandshake:
		sc.add("(" + sc.inNames("event", engine.NameEvent, []string{text}) + " OR e.handshake IS NOT DISTINCT FROM " +
			sc.arg(escape(handshake)) + ")")
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
func (s *Engine) endpoint(ctx context.Context, sc *scope, f *engine.Filter) error {
	if f.Endpoint == "" {
		return nil
	}
	globs := record.EndpointGlobs(f.Endpoint)
	var ids []int64
	if !sc.direct {
		var err error
		if ids, err = s.namesLike(ctx, engine.NameEndpoint, globs, maxArms+1); err != nil {
			return err
		}
	}
	switch {
	case sc.direct, len(ids) > maxArms:
		sc.add("(" + sc.inNames("endpoint", engine.NameEndpoint, globs) + ") IS TRUE")
	case len(ids) == 0:
		sc.spans = nil
	default:
		sc.arms = classesOf(ids, f.Status)
		if sc.arms == nil {
			sc.spans = nil
		}
	}
	return nil
}

// classesOf returns nil for a status that there is none of.
func classesOf(endpoints []int64, status engine.StatusRange) *arms {
	a := &arms{endpoints: endpoints, first: 0, last: 9, null: true}
	if status != (engine.StatusRange{}) {
		a.first, a.last, a.null = max(0, status.From/100), min(9, status.To/100), false
	}
	if a.first > a.last && !a.null {
		return nil
	}
	return a
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
