// Package query selects the rows of a list by a filter that a person types in one line, in the words of barb history.
// It prints nothing.
package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
)

// Query is a filter as it was typed.
type Query struct {
	Text      string
	Selectors []string     // ids and ranges; a webhook has one of them
	Filter    flags.Filter // status:500, --failed
	words     []string     // in lower case; the text of a row contains each
	args      []string     // flags and selectors, as barb history takes them
	flagged   []string     // the flags alone
	terms     []span       // a flag with its value, a selector, a word
	only      span         // the word, where there is one
}

// Read reads a line such as `status:5xx --failed 40..47 push`. A flag of barb history may also be written name:value.
// Quotes keep blanks together, and what begins with a quote is text to look for. An error is a *PartError.
func Read(line string) (*Query, error) {
	q := &Query{Text: strings.TrimSpace(line)}
	parts, err := split(q.Text)
	if err != nil {
		return nil, err
	}
	r := reader{flags: flagsOf(&q.Filter), rest: parts}
	for len(r.rest) > 0 {
		p := r.next()
		words := len(q.words)
		if err := q.take(&r, p); err != nil {
			return nil, &PartError{From: p.from, To: r.last.to, err: err}
		}
		if len(q.words) > words {
			q.only = p.span
		}
		q.terms = append(q.terms, span{p.from, r.last.to})
	}
	return q, nil
}

// take takes a part, and the value of a flag behind it.
func (q *Query) take(r *reader, p part) error {
	name, value, isFlag := r.flag(p.text)
	switch {
	case p.isQuoted:
		q.words = append(q.words, strings.ToLower(p.text))
	case isFlag:
		if err := r.set(name, value); err != nil {
			return err
		}
		q.args = append(q.args, r.arg(name)...)
		q.flagged = append(q.flagged, r.arg(name)...)
	case flags.IsSelector(p.text):
		q.Selectors = append(q.Selectors, p.text)
		q.args = append(q.args, p.text)
	default:
		if err := r.misspelt(p.text); err != nil {
			return err
		}
		q.words = append(q.words, strings.ToLower(p.text))
	}
	return nil
}

// Term is a condition of a query as it was typed, and the query without it.
type Term struct{ Text, Rest string }

// Terms returns the conditions of the query.
func (q *Query) Terms() []Term {
	all := make([]Term, len(q.terms))
	for i, t := range q.terms {
		rest := strings.TrimSpace(q.Text[:t.from]) + " " + strings.TrimSpace(q.Text[t.to:])
		all[i] = Term{q.Text[t.from:t.to], strings.TrimSpace(rest)}
	}
	return all
}

// InBodies returns the query that looks for the word in the bodies, where rows are looked at; "" for a query without
// words, with several, or with a text for the bodies.
func (q *Query) InBodies() string {
	if len(q.words) != 1 {
		return ""
	}
	text := q.Text[:q.only.from] + "grep:" + q.Text[q.only.from:]
	if _, err := Read(text); err != nil { // grep is given twice
		return ""
	}
	return text
}

// mostBlamed bounds how many conditions Blame tries.
const mostBlamed = 50

// Blame gives an error of the whole query its place: it returns a *PartError about the first condition that check
// refuses alone, and err where it refuses none, as of two conditions that exclude each other.
func (q *Query) Blame(err error, check func(*Query) error) error {
	for _, t := range q.terms[:min(len(q.terms), mostBlamed)] {
		one, wrong := Read(q.Text[t.from:t.to])
		if wrong == nil {
			wrong = check(one)
		}
		if wrong != nil {
			return &PartError{From: t.from, To: t.to, err: wrong}
		}
	}
	return err
}

// String returns the query as a sentence names it: words alone are in quotes.
func (q *Query) String() string {
	if q.Selects() || strings.ContainsAny(q.Text, `"'`) {
		return q.Text
	}
	return strconv.Quote(q.Text)
}

// IsEmpty reports whether the query selects everything.
func (q *Query) IsEmpty() bool { return len(q.words) == 0 && !q.Selects() }

// Selects reports whether the query has parts that only the history can answer.
func (q *Query) Selects() bool { return len(q.Selectors) > 0 || q.Filter.Given() }

// Has reports whether a text contains all words of the query, in any case.
func (q *Query) Has(text string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(q.words, func(w string) bool { return !strings.Contains(text, w) })
}

// Fix replaces @ and @-2 by the ids of rows of a list. ids are those of all its rows, the newest last.
func (q *Query) Fix(ids []int64) error {
	for i, text := range q.Selectors {
		back, ok := strings.CutPrefix(text, "@")
		if !ok {
			continue
		}
		n, _ := strconv.Atoi(strings.TrimPrefix(back, "-")) // @ alone is 0; Read has looked at the rest
		if n >= len(ids) {
			return fail.Usage("%s is below the last of the %d rows of the list", text, len(ids))
		}
		q.Selectors[i] = strconv.FormatInt(ids[len(ids)-1-n], 10)
	}
	return nil
}

// Mentions reports whether a text contains a word of the query, in any case.
func (q *Query) Mentions(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(q.words, func(w string) bool { return strings.Contains(text, w) })
}

// Args returns the arguments with which barb history selects the same, but for the words.
func (q *Query) Args() []string { return slices.Clone(q.args) }

// Flags returns the flags of the query, and reports whether they are all of it: ids and words have none.
func (q *Query) Flags() (args []string, all bool) {
	return slices.Clone(q.flagged), len(q.words)+len(q.Selectors) == 0
}

// Words returns the words of the query in lower case.
func (q *Query) Words() []string { return slices.Clone(q.words) }
