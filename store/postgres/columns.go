package postgres

import (
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/barbhq/barb/store/engine"
)

// columnKind is the type of a column.
type columnKind string

const (
	number columnKind = "int8"
	text   columnKind = "text"
	blob   columnKind = "bytea"
	yes    columnKind = "bool"
)

// kindOf is the type of a column of exchange, request and response.
func kindOf(name string) columnKind {
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
	kind    columnKind
	some    bool // one of the values is not NULL
	numbers []pgtype.Int8
	texts   []pgtype.Text
	blobs   [][]byte
	bools   []pgtype.Bool
}

// rows are rows as columns, as unnest takes them: one statement has all rows of a group.
type rows struct {
	columns []column
	n       int
	refs    []ref
}

// ref is a value that is the id of a name, which is filled in before the rows are sent.
type ref struct {
	column, row int
	name        *name
}

// newRows makes no rows of columns, "name" for a number or "name kind".
func newRows(columns ...string) *rows {
	r := &rows{columns: make([]column, len(columns))}
	for i, c := range columns {
		name, kind, ok := strings.Cut(c, " ")
		if !ok {
			kind = string(number)
		}
		r.columns[i] = column{name: name, kind: columnKind(kind)}
	}
	return r
}

// listed returns the columns of a list of package engine with their kinds.
func listed(list string) []string {
	names := strings.Split(list, ", ")
	for i, name := range names {
		if kind := kindOf(name); kind != number {
			names[i] += " " + string(kind)
		}
	}
	return names
}

// tables are the columns of the tables, as newRows takes them, and the statements that fill them.
type tables struct {
	ending, exchange, request, response, entry []string

	addExchanges, addRequests, addResponses, addEntries string
	endExchanges, respond                               string
}

// theTables are made when something is first written: most commands need none of them.
var theTables = sync.OnceValue(func() *tables {
	t := &tables{
		ending:   append([]string{"id"}, listed(engine.EndingColumns)...),
		exchange: append(append(listed(engine.BeginningColumns), listed(engine.EndingColumns)...), "writer"),
		request:  listed(engine.RequestColumns),
		response: responseKinds(),
		entry:    strings.Split(entryColumns, ", "),
	}
	t.addExchanges, t.addRequests = adding("exchange", t.exchange), adding("request", t.request)
	t.addResponses, t.addEntries = adding("response", t.response), addEntries(t.entry)
	t.endExchanges, t.respond = endExchanges(t.ending), respond(t.response)
	return t
})

// responseKinds is apart because reason is a text there and the id of a name in exchange.
func responseKinds() []string {
	columns := listed(engine.ResponseColumns)
	for i, c := range columns {
		if c == "reason" {
			columns[i] = "reason " + string(text)
		}
	}
	return columns
}

// add adds a row of values: nil, int64, bool, string, []byte or *name, which is a number.
func (r *rows) add(row ...any) {
	for i, v := range row {
		c := &r.columns[i]
		if n, ok := v.(*name); ok {
			if v = nil; n != nil {
				r.refs = append(r.refs, ref{i, r.n, n})
				v = int64(0)
			}
		}
		c.append(v)
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
		c.texts = append(c.texts, pgtype.Text{String: escape(s), Valid: ok})
	case blob:
		b, _ := v.([]byte)
		c.blobs = append(c.blobs, b)
	case yes:
		b, ok := v.(bool)
		c.bools = append(c.bools, pgtype.Bool{Bool: b, Valid: ok})
	}
}

// args returns the columns as arguments of a statement that unnest begins. A column without a value is NULL.
func (r *rows) args() []any {
	for _, f := range r.refs {
		r.columns[f.column].numbers[f.row].Int64 = f.name.id
	}
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

// unnest is the rows as a table u in SQL, with the arguments from $1 on.
func unnest(columns []string) string {
	params, names := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		name, kind, ok := strings.Cut(c, " ")
		if !ok {
			kind = string(number)
		}
		params[i], names[i] = fmt.Sprintf("$%d::%s[]", i+1, kind), name
	}
	return "unnest(" + strings.Join(params, ", ") + ") AS u(" + strings.Join(names, ", ") + ")"
}

// namesIn is the names of columns, with a prefix for each.
func namesIn(columns []string, prefix string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		names[i] = prefix + name
	}
	return strings.Join(names, ", ")
}
