// Package scope turns conditions on exchanges into queries of PostgreSQL.
package scope

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/bulk"
	"github.com/barbhq/barb/store/postgres/glob"
)

// Scope is a filter in terms of the tables: the ids, the conditions and their values, which are numbered.
type Scope struct {
	Spans  []engine.Range // apart from each other, lowest first
	Terms  []string
	Args   []any
	Direct bool  // no list of ids or endpoints helps: an index of a few rows is there, or the ids are gone through
	Arms   *Arms // nil: one part without a condition
}

// Arms are the parts of the index by endpoint, in each of which the ids are in order: one for each endpoint and
// class of status from first to last, and with null for each endpoint's exchanges without a status.
type Arms struct {
	Endpoints   []int64
	first, last int
	null        bool
}

// MaxArms bounds what a query merges: with more endpoints than that going through the ids is as good.
const MaxArms = 8

// IsDirect reports whether a filter has a condition for which there is an index of a few rows.
func IsDirect(f *engine.Filter) bool {
	return f.Failed || f.Invalid || f.Marked != "" || FailsByAnswer(f)
}

// FailsByAnswer reports whether a filter asks for answers that are failures, which an index has, and for no endpoint.
func FailsByAnswer(f *engine.Filter) bool {
	return f.Status.From >= 300 && f.Endpoint == "" && !f.Failed && !f.Invalid && f.Marked == ""
}

// Arg adds a value and returns its place in the query.
func (sc *Scope) Arg(v any) string {
	sc.Args = append(sc.Args, v)
	return fmt.Sprintf("$%d", len(sc.Args))
}

// Take adds the values of a query and returns the query with their places here. It has no dollar sign besides these.
func (sc *Scope) Take(query string, args []any) string {
	before := len(sc.Args)
	sc.Args = append(sc.Args, args...)
	parts := strings.Split(query, "$")
	for i, part := range parts[1:] {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		n, _ := strconv.Atoi(part[:digits])
		parts[i+1] = strconv.Itoa(before+n) + part[digits:]
	}
	return strings.Join(parts, "$")
}

// Add adds a term.
func (sc *Scope) Add(term string) { sc.Terms = append(sc.Terms, term) }

// Where joins the terms with others.
func (sc *Scope) Where(more ...string) string {
	return strings.Join(append(append([]string{"true"}, more...), sc.Terms...), " AND ")
}

// With returns a copy to which a query adds values of its own.
func (sc *Scope) With() *Scope {
	clone := *sc
	clone.Args = sc.Args[:len(sc.Args):len(sc.Args)]
	clone.Terms = sc.Terms[:len(sc.Terms):len(sc.Terms)]
	return &clone
}

// BadSignature is the condition that an exchange was received with a bad signature. Such exchanges count as failed.
const BadSignature = "e.failed = 1 AND e.kind = 2 AND e.verdict = 2"

// Plain is what needs no look into the tables first.
func (sc *Scope) Plain(f *engine.Filter) {
	if f.Kind != 0 {
		sc.Add("e.kind = " + sc.Arg(int64(f.Kind)))
	}
	if f.Failed {
		sc.Add("e.failed = 1 AND (e.kind = 1 OR e.verdict IS DISTINCT FROM 2)")
	}
	if f.Invalid {
		sc.Add(BadSignature)
	}
	if f.Marked != "" {
		sc.Add("e.marks IS NOT NULL AND strpos(e.marks, " + sc.Arg(","+bulk.Escape(string(f.Marked))+":") + ") > 0")
	}
	if FailsByAnswer(f) {
		sc.Add("e.failed = 1")
	}
	if f.Status != (engine.StatusRange{}) {
		sc.Add("e.status BETWEEN " + sc.Arg(int64(f.Status.From)) + " AND " + sc.Arg(int64(f.Status.To)) + " AND " +
			WasAnswered)
	}
	if !f.Since.IsZero() {
		sc.Add("e.start >= " + sc.Arg(f.Since.UnixNano()))
	}
	if !f.Until.IsZero() {
		sc.Add("e.start <= " + sc.Arg(f.Until.UnixNano()))
	}
	if f.WebhookID != "" {
		sc.Add("e.webhook_id = " + sc.Arg(bulk.Escape(f.WebhookID)))
	}
	if f.Grep != "" {
		text := sc.Arg([]byte(f.Grep))
		sc.Add("(coalesce(position(" + text + "::bytea IN (SELECT body FROM barb.request WHERE id = e.id)) > 0, false) OR " +
			"coalesce(position(" + text + "::bytea IN coalesce(e.answer_body, (SELECT body FROM barb.response " +
			"WHERE id = e.id))) > 0, false))")
	}
}

// InNames is the condition that a column is a name that one of some globs matches. It must not stand alone: the planner
// would make a join of it, and IS TRUE or an OR makes a list of it that is read once.
func (sc *Scope) InNames(column string, kind engine.NameKind, globs []string) string {
	return fmt.Sprintf("e.%s IN (SELECT id FROM barb.name WHERE kind = %s AND text LIKE ANY(%s))", column,
		sc.Arg(int64(kind)), sc.Arg(glob.Likes(globs)))
}

// ClassesOf returns nil for a status that there is none of.
func ClassesOf(endpoints []int64, status engine.StatusRange) *Arms {
	a := &Arms{Endpoints: endpoints, first: 0, last: 9, null: true}
	if status != (engine.StatusRange{}) {
		a.first, a.last, a.null = max(0, status.From/100), min(9, status.To/100), false
	}
	if a.first > a.last && !a.null {
		return nil
	}
	return a
}
