package jq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// Judge reports whether the expression is true for a form of an exchange, and if it is not, why: each sentence names a
// value that was found, as "amount_due is 4100". The expression may take as long as within, or any time for 0.
func (e *Expr) Judge(s Subject, within time.Duration) (ok bool, why []string) {
	switch ok, err := e.TrueOf(s, within); {
	case errors.Is(err, context.DeadlineExceeded):
		return false, []string{fmt.Sprintf("the expression takes longer than %v", within)}
	case err != nil:
		return false, []string{err.Error()}
	case ok:
		return true, nil
	}
	ctx, cancel := bounded(within)
	defer cancel()
	plain, err := e.object(s)
	if err != nil {
		return false, []string{err.Error()}
	}
	x := explainer{finder{ctx: ctx, left: maxTries}}
	return false, unique(x.query(e.query, plain))
}

// explainer says why a query yields neither a true value nor an error. It runs the parts of the query, from the outside
// inward, and names the values that the query compares.
type explainer struct{ finder }

// maxFacts is how many values of a stream an explanation names.
const maxFacts = 3

// isTrue reports whether a query yields a value that is neither false nor null.
func (x *explainer) isTrue(q *gojq.Query, v any) bool {
	values, _ := x.run(q, v)
	return slices.ContainsFunc(values, func(out any) bool { return out != nil && out != false })
}

// query explains a query that is not true for v.
func (x *explainer) query(q *gojq.Query, v any) (facts []string) {
	switch {
	case len(q.FuncDefs) > 0 || len(q.Patterns) > 0:
		return x.value(q, v)
	case q.Term != nil:
		return x.term(q, v)
	}
	switch q.Op {
	case gojq.OpPipe:
		facts = x.pipe(q, v)
	case gojq.OpAnd, gojq.OpOr, gojq.OpComma, gojq.OpAlt:
		for _, side := range []*gojq.Query{q.Left, q.Right} {
			if !x.isTrue(side, v) {
				facts = append(facts, x.query(side, v)...)
			}
		}
	case gojq.OpEq, gojq.OpNe, gojq.OpGt, gojq.OpLt, gojq.OpGe, gojq.OpLe:
		for _, side := range []*gojq.Query{q.Left, q.Right} {
			if !isConstant(side) {
				facts = append(facts, x.value(side, v)...)
			}
		}
	}
	if len(facts) == 0 {
		return x.value(q, v)
	}
	return facts
}

// pipe explains LEFT | RIGHT by what RIGHT says of the values of LEFT, or by these values.
func (x *explainer) pipe(q *gojq.Query, v any) []string {
	values, _ := x.run(q.Left, v)
	if len(values) == 0 {
		return x.query(q.Left, v)
	}
	if isFunction(q.Right) {
		return x.value(q.Left, v)
	}
	return x.each(q.Right, values)
}

// isFunction reports whether a query is the call of a function that does not choose by a condition: startswith("a").
func isFunction(q *gojq.Query) bool {
	return q.Term != nil && q.Term.Type == gojq.TermTypeFunc && len(q.Term.SuffixList) == 0 && condition(q.Term) == nil
}

// condition returns what select, any and all ask, nil for another term.
func condition(t *gojq.Term) *gojq.Query {
	if t.Type != gojq.TermTypeFunc || len(t.SuffixList) > 0 {
		return nil
	}
	switch name, args := t.Func.Name, t.Func.Args; {
	case (name == "select" || name == "any" || name == "all") && len(args) == 1:
		return args[0]
	case (name == "any" || name == "all") && len(args) == 2:
		return args[1]
	}
	return nil
}

// each explains a query for the first values for which it is not true.
func (x *explainer) each(q *gojq.Query, values []any) (facts []string) {
	for _, value := range values {
		if len(facts) < maxFacts && !x.isTrue(q, value) {
			facts = append(facts, x.query(q, value)...)
		}
	}
	return facts
}

// term explains a term.
func (x *explainer) term(q *gojq.Query, v any) (facts []string) {
	t := q.Term
	asked := condition(t)
	switch {
	case t.Type == gojq.TermTypeQuery && len(t.SuffixList) == 0:
		return x.query(t.Query, v)
	case asked == nil:
	case t.Func.Name == "select":
		return x.query(asked, v)
	case len(t.Func.Args) == 2:
		values, _ := x.run(t.Func.Args[0], v)
		facts = x.each(asked, values)
	default:
		values, _ := x.run(&gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity,
			SuffixList: []*gojq.Suffix{{Iter: true}}}}, v)
		facts = x.each(asked, values)
	}
	if len(facts) == 0 {
		return x.value(q, v)
	}
	return facts
}

// value says what a query yields.
func (x *explainer) value(q *gojq.Query, v any) []string {
	values, _ := x.run(q, v)
	name := nameOf(q)
	switch {
	case len(values) == 0:
		return []string{name + " has no value"}
	case len(values) == 1 && values[0] == nil && isPath(q):
		return []string{x.missing(q.Term, v)}
	}
	texts := make([]string, 0, maxFacts+1)
	for _, value := range values {
		if len(texts) == maxFacts {
			texts = append(texts, "…")
			break
		}
		texts = append(texts, show(value))
	}
	return []string{name + " is " + strings.Join(texts, ", ")}
}

// missing names the first part of a path that is not there.
func (x *explainer) missing(t *gojq.Term, v any) string {
	parent := v
	for n := 0; n <= len(t.SuffixList); n++ {
		part := &gojq.Term{Type: t.Type, Index: t.Index, SuffixList: t.SuffixList[:n]}
		values, _ := x.run(&gojq.Query{Term: part}, v)
		if len(values) != 1 {
			break
		}
		if values[0] == nil {
			names := namesOf(part)
			object, isObject := parent.(map[string]any)
			if _, has := object[names[len(names)-1]]; isObject && !has {
				return nameOf(&gojq.Query{Term: part}) + " is missing"
			}
			return nameOf(&gojq.Query{Term: part}) + " is null"
		}
		parent = values[0]
	}
	return nameOf(&gojq.Query{Term: t}) + " is null"
}

// isConstant reports whether a query does not look at its input.
func isConstant(q *gojq.Query) bool {
	r := reading{names: map[string]bool{}}
	return !r.query(q, true) && !r.whole && len(r.names) == 0
}

// unique leaves out what was said before.
func unique(facts []string) (once []string) {
	for _, fact := range facts {
		if !slices.Contains(once, fact) {
			once = append(once, fact)
		}
	}
	return once
}
