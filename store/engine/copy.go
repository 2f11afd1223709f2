package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Errors of a copy, beside those of reading and of writing.
var (
	ErrNotEmpty = errors.New("is not empty")
	ErrSame     = errors.New("is the history that is to be copied")
)

// Table is one of the tables that every engine keeps a history in, with the columns that all of them have. Their values
// are the same in all: a flag is 0 or 1, times are ns since 1970 by the clock of this machine.
type Table struct {
	Name    string
	Columns []string
	Of      string // the column with the id of an exchange whose row goes where that goes; "": it goes always
}

// Tables returns the tables in the order in which they are copied, the same at each call. The body of a request is a
// column, however it is kept.
func Tables() []*Table { return tables() }

// tables are made when they are first needed: most commands copy nothing.
var tables = sync.OnceValue(func() []*Table {
	return []*Table{
		{Name: "name", Columns: columns("id, kind, text")},
		{Name: "exchange", Columns: columns(BeginningColumns + ", " + EndingColumns), Of: "id"},
		{Name: "request", Columns: columns(RequestColumns), Of: "id"},
		{Name: "response", Columns: columns(ResponseColumns), Of: "id"},
		{Name: "answered", Columns: columns("id, first, at, head")},
		{Name: "queue", Columns: columns("id, kind, thread, target, policy, ord, behind, straight, state, owner, due, " +
			"created, changed, attempts, first, last, why, answered"), Of: "thread"},
		{Name: "mirror", Columns: columns("id, of, same"), Of: "id"},
		{Name: "pin", Columns: columns("route, secret, scheme, since")},
		{Name: "run", Columns: columns("id, created, changed, options, total, next, open, owner, ended")},
		{Name: "remark", Columns: columns("webhook, pinned, note"), Of: "webhook"},
		{Name: "kept", Columns: columns("id, pieces"), Of: "id"},
	}
})

func columns(list string) []string { return strings.Split(list, ", ") }

// Place is the place of a column, -1 where the table has none of that name.
func (t *Table) Place(column string) int {
	for i, c := range t.Columns {
		if c == column {
			return i
		}
	}
	return -1
}

// Facts are what a history knows as a whole.
type Facts struct {
	LastID   int64 // the highest id of an exchange that was removed
	LastName int64 // the highest id of a name that was given
	LastWait int64 // the highest id of an entry of the queue that was given
	Disorder int64 // ns: no exchange starts earlier than one before it in the order of ids by more than this
	PinKey   []byte

	Exchanges int64 // about how many there are, for a person who waits
	Waiting   int64 // open entries of the queue
	Leased    int64 // those of them whose lease holds
}

// CopyRule says which rows of a history are copied.
type CopyRule struct {
	Waiting bool      // open entries of the queue too, without their leases
	Since   time.Time // only webhooks whose first exchange began since then, whole; zero: all
	Now     time.Time // when leases are looked at
}

// Where is the condition for the rows of a table, in the SQL that both engines understand. Tables have a prefix.
func (r CopyRule) Where(t *Table, prefix string) string {
	conditions := []string{"1 = 1"}
	if !r.Since.IsZero() && t.Of != "" {
		conditions = append(conditions, fmt.Sprintf("EXISTS (SELECT 1 FROM %sexchange x LEFT JOIN %sexchange w "+
			"ON w.id = coalesce(x.webhook, x.id) WHERE x.id = t.%s AND coalesce(w.start, x.start) >= %d)", prefix, prefix,
			t.Of, record.Nanos(r.Since)))
	}
	switch {
	case t.Name == "queue" && !r.Waiting:
		conditions = append(conditions, "state <> 1")
	case t.Name == "kept" && !r.Waiting: // pieces are for entries that may be delivered yet
		conditions = append(conditions, fmt.Sprintf("EXISTS (SELECT 1 FROM %squeue q WHERE q.thread = t.id AND q.state = 3)",
			prefix))
	}
	return strings.Join(conditions, " AND ")
}

// Sink takes the rows of a history, all of one table before the next, in the order of Tables.
type Sink interface {
	Begin(Facts) error // is called first
	Put(t *Table, row Row) error
}

// Dumper reads a history row by row.
type Dumper interface {
	// Dump gives a sink what a history is at one moment. The memory that it takes does not grow with the history.
	Dump(ctx context.Context, rule CopyRule, to Sink) error
}
