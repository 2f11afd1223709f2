package jq

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// reading is what an expression looks at, found in its syntax. It may hold more than that, never less.
type reading struct {
	names map[string]bool // names of fields that it mentions anywhere
	whole bool            // it may look at the object as a whole, as with tostring, .[] or ..
}

// any reports whether the expression mentions one of the names.
func (r *reading) any(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return r.names[name] })
}

func readingOf(q *gojq.Query) reading {
	r := reading{names: map[string]bool{}}
	r.query(q, true)
	return r
}

// query reads a query whose input is the object itself (root) or something else. It reports whether its output may be
// the object.
func (r *reading) query(q *gojq.Query, root bool) bool {
	if q == nil {
		return false
	}
	for _, f := range q.FuncDefs { // its input is that of its calls
		r.whole = true
		r.query(f.Body, true)
	}
	switch {
	case q.Term != nil:
		return r.term(q.Term, root)
	case q.Op == gojq.OpPipe && len(q.Patterns) > 0:
		r.bind(r.query(q.Left, root), q.Patterns)
		return r.query(q.Right, root)
	case q.Op == gojq.OpPipe:
		return r.query(q.Right, r.query(q.Left, root))
	}
	left, right := r.query(q.Left, root), r.query(q.Right, root)
	switch q.Op {
	case gojq.OpComma, gojq.OpAlt:
		return left || right
	case gojq.OpAnd, gojq.OpOr: // ask whether there is something
		return false
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv,
		gojq.OpUpdateMod, gojq.OpUpdateAlt:
		r.take(right)
		return root
	}
	r.take(left || right)
	return false
}

// take notes that something is done with a value, which may be the object.
func (r *reading) take(root bool) { r.whole = r.whole || root }

// bind reads the names in patterns for a value, which may be the object.
func (r *reading) bind(root bool, patterns []*gojq.Pattern) {
	r.take(root)
	for _, p := range patterns {
		r.bind(false, p.Array)
		for _, field := range p.Object {
			r.name(strings.TrimPrefix(field.Key, "$"))
			r.constant(field.KeyString)
			r.query(field.KeyQuery, root)
			if field.Val != nil {
				r.bind(false, []*gojq.Pattern{field.Val})
			}
		}
	}
}

func (r *reading) name(name string) { r.names[name] = true }

// constant reads a text that is the name of a field, and reports whether it is always the same.
func (r *reading) constant(s *gojq.String) bool {
	if s == nil || s.Queries != nil {
		return false
	}
	r.name(s.Str)
	return true
}

// term is query for a term with what stands behind it.
func (r *reading) term(t *gojq.Term, root bool) bool {
	out := r.bare(t, root)
	for _, s := range t.SuffixList {
		switch {
		case s.Index != nil:
			out = r.index(s.Index, out, root)
		case s.Iter:
			r.take(out)
			out = false
		}
	}
	return out
}

// index reads .name, ["name"] or [query] behind a value that may be the object. The query's input is that of the term.
func (r *reading) index(i *gojq.Index, of, root bool) bool {
	r.query(i.Start, root)
	r.query(i.End, root)
	switch start := i.Start; {
	case i.Name != "":
		r.name(i.Name)
	case r.constant(i.Str):
	case !i.IsSlice && start != nil && start.Term != nil && len(start.Term.SuffixList) == 0 && r.constant(start.Term.Str):
	default:
		r.take(of)
		r.text(i.Str, root)
	}
	return false
}

// bare is term without what stands behind it.
func (r *reading) bare(t *gojq.Term, root bool) bool {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return root
	case gojq.TermTypeRecurse:
		r.take(root)
	case gojq.TermTypeIndex:
		return r.index(t.Index, root, root)
	case gojq.TermTypeFunc:
		return r.call(t.Func, root)
	case gojq.TermTypeObject:
		r.object(t.Object, root)
	case gojq.TermTypeArray:
		r.take(r.query(t.Array.Query, root))
	case gojq.TermTypeUnary:
		r.take(r.term(t.Unary.Term, root))
	case gojq.TermTypeFormat, gojq.TermTypeString:
		r.take(root && t.Str == nil)
		r.text(t.Str, root)
	case gojq.TermTypeQuery:
		return r.query(t.Query, root)
	default:
		return r.control(t, root)
	}
	return false
}

// control is bare for what decides or repeats.
func (r *reading) control(t *gojq.Term, root bool) bool {
	switch t.Type {
	case gojq.TermTypeIf:
		r.query(t.If.Cond, root)
		out := r.query(t.If.Then, root)
		for _, also := range t.If.Elif {
			r.query(also.Cond, root)
			out = r.query(also.Then, root) || out
		}
		if t.If.Else == nil {
			return root
		}
		return r.query(t.If.Else, root) || out
	case gojq.TermTypeTry:
		r.query(t.Try.Catch, false)
		return r.query(t.Try.Body, root)
	case gojq.TermTypeReduce:
		r.bind(r.query(t.Reduce.Query, root), t.Reduce.Patterns)
		r.query(t.Reduce.Update, r.query(t.Reduce.Start, root))
		r.take(root)
	case gojq.TermTypeForeach:
		r.bind(r.query(t.Foreach.Query, root), t.Foreach.Patterns)
		r.query(t.Foreach.Update, r.query(t.Foreach.Start, root))
		r.query(t.Foreach.Extract, root)
		r.take(root)
	case gojq.TermTypeLabel:
		return r.query(t.Label.Body, root)
	}
	return false
}

func (r *reading) text(s *gojq.String, root bool) {
	if s == nil {
		return
	}
	for _, q := range s.Queries {
		r.take(r.query(q, root))
	}
}

func (r *reading) object(o *gojq.Object, root bool) {
	for _, kv := range o.KeyVals {
		if kv.Val == nil { // {name} and {"name"}; {$name} is a variable
			r.name(kv.Key)
			r.constant(kv.KeyString)
		}
		r.take(r.query(kv.KeyQuery, root))
		r.take(r.query(kv.Val, root))
	}
}

// call reads a call of a function or a variable.
func (r *reading) call(f *gojq.Func, root bool) bool {
	switch {
	case strings.HasPrefix(f.Name, "$"), len(f.Args) == 0 && slices.Contains([]string{"not", "empty", "now"}, f.Name):
		return false
	case f.Name == "select" && len(f.Args) == 1:
		r.query(f.Args[0], root)
		return root
	case (f.Name == "any" || f.Name == "all") && len(f.Args) == 2:
		r.query(f.Args[1], r.query(f.Args[0], root))
		return false
	case (f.Name == "first" || f.Name == "last" || f.Name == "isempty") && len(f.Args) == 1:
		return r.query(f.Args[0], root)
	case f.Name == "has" || f.Name == "getpath" || f.Name == "in" || f.Name == "delpaths" || f.Name == "setpath":
		for _, arg := range f.Args {
			r.constants(arg)
		}
	}
	r.take(root)
	for _, arg := range f.Args {
		r.take(r.query(arg, root))
	}
	return false
}

// constants notes all texts in a query as names of fields.
func (r *reading) constants(q *gojq.Query) {
	switch {
	case q == nil:
	case q.Term == nil:
		r.constants(q.Left)
		r.constants(q.Right)
	case q.Term.Array != nil:
		r.constants(q.Term.Array.Query)
	default:
		r.constant(q.Term.Str)
	}
}
