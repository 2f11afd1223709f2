package sqlite

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/engine"
)

// selected yields the webhooks of a filter whose newest exchange is in all. It looks for them by one condition, and
// keeps those that fulfil the others, too.
func (s *Engine) selected(ctx context.Context, f *engine.Filter, all engine.Range, yield func([]int64, error) bool) {
	narrow, narrowed := narrowest(f)
	most, mostly := mostOf(f, all)
	if !narrowed {
		narrow = engine.Filter{Event: f.Event, Scheme: f.Scheme}
	}
	also, some, err := s.also(ctx, f, &narrow)
	switch {
	case err != nil:
		yield(nil, s.told(err))
		return
	case !some:
		return
	case mostly:
		most.also = also
		s.walked(ctx, f.OldestFirst, most, all, all.To, yield)
		return
	}
	rest, common := all, false
	if mayBeCommon(f, also) {
		if rest, common, err = s.newest(ctx, &narrow, also, all, yield); err == nil && rest.To < rest.From {
			return
		}
	}
	sc, few := &scope{}, narrowed
	switch {
	case err != nil:
	case narrowed:
		sc, err = s.scope(ctx, &narrow)
	case common:
		sc, err = s.conditions(ctx, &narrow)
	default:
		sc, few, err = s.named(ctx, &narrow)
	}
	if err != nil {
		yield(nil, s.told(err))
		return
	}
	if sc.also = also; few {
		s.narrowed(ctx, f, &narrow, sc, all, rest.To, common, yield)
	} else {
		s.walked(ctx, f.OldestFirst, sc, rest, all.To, yield)
	}
}

// newest yields webhooks among the newest ids. It returns the rest of the ids, none when no more webhooks are wanted,
// and whether there were several webhooks.
func (s *Engine) newest(ctx context.Context, narrow *engine.Filter, also []*scope, all engine.Range,
	yield func([]int64, error) bool,
) (rest engine.Range, several bool, err error) {
	sc, err := s.conditions(ctx, narrow)
	if err != nil {
		return all, false, err
	}
	sc.also = also
	first := engine.Range{From: max(all.To-firstRows+1, all.From), To: all.To}
	found := 0
	more := s.walked(ctx, false, sc, first, all.To, func(page []int64, err error) bool {
		found += len(page)
		return yield(page, err)
	})
	if !more {
		return engine.Range{From: 1}, true, nil
	}
	return engine.Range{From: all.From, To: first.From - 1}, found > 2, nil
}

// mayBeCommon reports whether the newest rows are looked at before an index is: no index has the event type, the
// scheme, or several conditions, and many webhooks may fulfil them.
func mayBeCommon(f *engine.Filter, also []*scope) bool {
	return !f.OldestFirst && len(f.IDs) == 0 && f.WebhookID == "" && f.Marked == "" &&
		(len(also) > 0 || f.Event != "" || f.Scheme != "")
}

// also translates the conditions of f that narrow does not have, and reports whether an exchange may fulfil each. A
// webhook may fulfil each with another exchange.
func (s *Engine) also(ctx context.Context, f, narrow *engine.Filter) (also []*scope, some bool, err error) {
	had := narrow.Conditions()
	for _, c := range f.Conditions() {
		if len(c.IDs) > 0 || slices.ContainsFunc(had, func(h engine.Filter) bool { return reflect.DeepEqual(h, c) }) {
			continue
		}
		sc, err := s.conditions(ctx, &c)
		if err != nil || len(sc.spans) == 0 {
			return nil, false, err
		}
		also = append(also, sc)
	}
	return also, true, nil
}

// conditions is what a filter says of an exchange whose id is known. Of one that failed there may be no attempt, where
// its webhook died in the queue.
func (s *Engine) conditions(ctx context.Context, f *engine.Filter) (*scope, error) {
	sc, err := s.scopeBy(ctx, f, "")
	if err == nil && f.Failed {
		sc.terms = []string{"(" + strings.Join(sc.terms, " AND ") + " OR EXISTS (" + deadOf + "))"}
	}
	return sc, err
}

// manyIDs is from how many ids on a filter is held against what the history has: to gather them all takes memory.
const manyIDs = 10_000

// mostOf returns the scope of the ids of a filter, and whether they are many and at least a quarter of all.
func mostOf(f *engine.Filter, all engine.Range) (sc *scope, ok bool) {
	const maxRanges = 8 // each is compared with each row
	if len(f.IDs) == 0 || len(f.IDs) > maxRanges {
		return nil, false
	}
	sc = &scope{}
	var terms []string
	n := int64(0)
	for _, r := range engine.Within(all, f.IDs) {
		n += r.To - r.From + 1
		terms, sc.args = append(terms, "e.id BETWEEN ? AND ?"), append(sc.args, r.From, r.To)
	}
	sc.terms = []string{"(" + strings.Join(terms, " OR ") + ")"}
	return sc, n >= max(manyIDs, (all.To-all.From+1)/4)
}

// narrowest returns a filter of the one condition that the history finds fastest; false when none has an index.
func narrowest(f *engine.Filter) (engine.Filter, bool) {
	switch {
	case len(f.IDs) > 0:
		return engine.Filter{IDs: f.IDs}, true
	case f.WebhookID != "":
		return engine.Filter{WebhookID: f.WebhookID}, true
	case f.Marked != "":
		return engine.Filter{Marked: f.Marked}, true
	case f.Failed || f.Invalid:
		return engine.Filter{Failed: f.Failed, Invalid: f.Invalid}, true
	case f.Endpoint != "":
		return engine.Filter{Endpoint: f.Endpoint}, true
	case f.Status != engine.StatusRange{}:
		return engine.Filter{Status: f.Status}, true
	}
	return engine.Filter{}, false
}

// fewRows is up to how many exchanges of an event type or a scheme are found before their webhooks are read. With more
// than that, those of a page are soon found among the others.
const fewRows = 20000

// named returns the scope of a filter of the event type and the scheme, and whether it selects few exchanges. These are
// then in the scope by their ids: to look for them takes long in a large history.
func (s *Engine) named(ctx context.Context, f *engine.Filter) (sc *scope, few bool, err error) {
	sc, err = s.scope(ctx, f)
	if err != nil || len(sc.terms) == 0 && len(sc.spans) > 0 {
		return sc, false, err
	}
	ids, few, err := s.fewer(ctx, sc, fewRows)
	if err != nil || !few {
		return sc, false, err
	}
	return sc.only(ids), true, nil
}
