// Package column passes rows to a statement of PostgreSQL as columns.
package column

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/barbhq/barb/store/postgres/bulk"
)

// The types of columns.
const (
	number = "int8"
	text   = "text"
	blob   = "bytea"
	yes    = "bool"
)

// KindOf is the type of a column of exchange, request and response.
func KindOf(name string) string {
	switch name {
	case "remote", "method", "url", "webhook_id", "handshake", "failure", "failure_text", "marks", "masks", "scripted",
		"late_for", "target", "proto", "server_name":
		return text
	case "answer_body", "head", "fields", "trailer", "body", "chunks", "full_sha256":
		return blob
	}
	return number
}

// column is the values of one column, of all rows that a statement has.
type column struct {
	name    string
	kind    string
	some    bool // one of the values is not NULL
	numbers []pgtype.Int8
	texts   []pgtype.Text
	blobs   [][]byte
	bools   []pgtype.Bool
}

// Rows are rows as columns, as unnest takes them: one statement has all rows of a group.
type Rows struct {
	columns []column
	n       int
	refs    []ref
}

// Ref is a number that is known before the rows are sent, but not when they are added.
type Ref interface{ Number() int64 }

type ref struct {
	column, row int
	of          Ref
}

// New makes no rows of columns, "name" for a number or "name kind".
func New(columns ...string) *Rows {
	r := &Rows{columns: make([]column, len(columns))}
	for i, c := range columns {
		name, kind, ok := strings.Cut(c, " ")
		if !ok {
			kind = number
		}
		r.columns[i] = column{name: name, kind: kind}
	}
	return r
}

// Listed returns the columns of a list of package engine with their kinds.
func Listed(list string) []string {
	names := strings.Split(list, ", ")
	for i, name := range names {
		if kind := KindOf(name); kind != number {
			names[i] += " " + kind
		}
	}
	return names
}

// Len is the number of rows.
func (r *Rows) Len() int { return r.n }

// Add adds a row of values: nil, int64, bool, string, []byte or a Ref, which is a number.
func (r *Rows) Add(row ...any) {
	for i, v := range row {
		if of, ok := v.(Ref); ok {
			r.refs = append(r.refs, ref{i, r.n, of})
			v = int64(0)
		}
		r.columns[i].append(v)
	}
	r.n++
}

func (c *column) append(v any) {
	c.some = c.some || v != nil
	switch c.kind {
	case number:
		n, ok := v.(int64)
		if b, isBool := v.(bool); isBool && b {
			n, ok = 1, true
		} else if isBool {
			ok = true
		}
		c.numbers = append(c.numbers, pgtype.Int8{Int64: n, Valid: ok})
	case text:
		s, ok := v.(string)
		c.texts = append(c.texts, pgtype.Text{String: bulk.Escape(s), Valid: ok})
	case blob:
		b, _ := v.([]byte)
		c.blobs = append(c.blobs, b)
	case yes:
		b, ok := v.(bool)
		c.bools = append(c.bools, pgtype.Bool{Bool: b, Valid: ok})
	}
}

// Args returns the columns as arguments of a statement that unnest begins. A column without a value is NULL.
func (r *Rows) Args() []any {
	r.fill()
	args := make([]any, len(r.columns))
	for i := range r.columns {
		c := &r.columns[i]
		switch {
		case !c.some && i > 0: // the first one has a value in each row, so that unnest knows how many there are
		case c.kind == number:
			args[i] = pgtype.FlatArray[pgtype.Int8](c.numbers)
		case c.kind == text:
			args[i] = pgtype.FlatArray[pgtype.Text](c.texts)
		case c.kind == blob:
			args[i] = pgtype.FlatArray[[]byte](c.blobs)
		default:
			args[i] = pgtype.FlatArray[pgtype.Bool](c.bools)
		}
	}
	return args
}

// fill fills in the numbers that are known by now.
func (r *Rows) fill() {
	for _, f := range r.refs {
		r.columns[f.column].numbers[f.row].Int64 = f.of.Number()
	}
}

// Names is the names of the columns.
func (r *Rows) Names() string {
	names := make([]string, len(r.columns))
	for i := range r.columns {
		names[i] = r.columns[i].name
	}
	return strings.Join(names, ", ")
}

// Unnest is the rows as a table u in SQL, with the arguments from $1 on.
func Unnest(columns []string) string {
	params, names := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		name, kind, ok := strings.Cut(c, " ")
		if !ok {
			kind = number
		}
		params[i], names[i] = fmt.Sprintf("$%d::%s[]", i+1, kind), name
	}
	return "unnest(" + strings.Join(params, ", ") + ") AS u(" + strings.Join(names, ", ") + ")"
}

// Names is the names of columns, with a prefix for each.
func Names(columns []string, prefix string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		names[i] = prefix + name
	}
	return strings.Join(names, ", ")
}
