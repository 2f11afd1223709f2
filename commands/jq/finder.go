package jq

import (
	"context"

	"github.com/itchyny/gojq"
)

// maxTries bounds how many parts of an expression are run in search of the failing part.
const maxTries = 100

// finder finds the smallest part of an expression that fails with a certain error. jq's errors have no place, so it
// runs the parts, from the outside inward.
type finder struct {
	ctx  context.Context
	what string // the text of the error
	left int    // how many parts may still be run
}

// run returns the values that a part yields before it fails or ends, and whether it fails with the error.
func (f *finder) run(q *gojq.Query, v any) (values []any, fails bool) {
	if f.left--; f.left < 0 || q == nil {
		return nil, false
	}
	code, err := gojq.Compile(q) // a part with a variable of the whole does not compile
	if err != nil {
		return nil, false
	}
	for iter := code.RunWithContext(f.ctx, v); len(values) <= maxTries; {
		out, ok := iter.Next()
		if !ok {
			break
		}
		if err, isErr := out.(error); isErr {
			return values, err.Error() == f.what
		}
		values = append(values, out)
	}
	return values, false
}

// among returns the smallest part that fails among parts that have the same input, "" where none fails.
func (f *finder) among(v any, parts ...*gojq.Query) string {
	for _, q := range parts {
		if _, fails := f.run(q, v); fails {
			return f.query(q, v)
		}
	}
	return ""
}

// query returns the smallest part of a query that fails on v. The query itself fails on it.
func (f *finder) query(q *gojq.Query, v any) string {
	part := ""
	switch {
	case q.Term != nil:
		part = f.term(q.Term, v)
	case q.Op == gojq.OpPipe && len(q.Patterns) == 0:
		values, fails := f.run(q.Left, v)
		if fails {
			return f.query(q.Left, v)
		}
		for _, value := range values {
			if part = f.among(value, q.Right); part != "" {
				break
			}
		}
		if part == q.Right.String() && isCall(q.Right) {
			part = "" // a function alone does not say what it was called for
		}
	default:
		part = f.among(v, q.Left, q.Right)
	}
	if part == "" {
		return q.String()
	}
	return part
}

// isCall reports whether a query is a function without arguments.
func isCall(q *gojq.Query) bool {
	return q.Term != nil && q.Term.Type == gojq.TermTypeFunc && len(q.Term.Func.Args) == 0
}

// term is query for a term, "" where that fails as a whole.
func (f *finder) term(t *gojq.Term, v any) string {
	for n := range t.SuffixList {
		shorter := *t
		shorter.SuffixList = t.SuffixList[:n]
		if part := f.among(v, &gojq.Query{Term: &shorter}); part != "" {
			return part
		}
	}
	if len(t.SuffixList) > 0 {
		return ""
	}
	var parts []*gojq.Query
	switch t.Type {
	case gojq.TermTypeFunc:
		parts = t.Func.Args
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			parts = append(parts, kv.KeyQuery, kv.Val)
		}
	case gojq.TermTypeArray:
		parts = []*gojq.Query{t.Array.Query}
	case gojq.TermTypeIf:
		parts = []*gojq.Query{t.If.Cond, t.If.Then, t.If.Else}
	case gojq.TermTypeString:
		parts = t.Str.Queries
	case gojq.TermTypeQuery:
		parts = []*gojq.Query{t.Query}
	}
	return f.among(v, parts...)
}
