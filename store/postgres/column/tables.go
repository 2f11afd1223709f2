package column

import (
	"fmt"
	"strings"
	"sync"

	"github.com/barbhq/barb/store/engine"
)

// Tables are the columns of exchange, request and response, as New takes them, and the statements that fill them.
type Tables struct {
	Ending, Exchange, Request, Response []string

	AddExchanges, AddRequests, AddResponses string // from rows with the columns of WithEntry
	EndExchanges, Respond                   string // from rows
}

// TheTables are made when something is first written: most commands need none of them.
var TheTables = sync.OnceValue(func() *Tables {
	t := &Tables{
		Ending:   append([]string{"id"}, Listed(engine.EndingColumns)...),
		Exchange: append(append(Listed(engine.BeginningColumns), Listed(engine.EndingColumns)...), "writer"),
		Request:  Listed(engine.RequestColumns),
		Response: responseKinds(),
	}
	t.AddExchanges, t.AddRequests = adding("exchange", t.Exchange), adding("request", t.Request)
	t.AddResponses = adding("response", t.Response)
	t.EndExchanges, t.Respond = endExchanges(t.Ending), respond(t.Response)
	return t
})

// responseKinds is apart because reason is a text there and the id of a name in exchange.
func responseKinds() []string {
	columns := Listed(engine.ResponseColumns)
	for i, c := range columns {
		if c == "reason" {
			columns[i] = "reason " + text
		}
	}
	return columns
}

// adding is the statement that adds exchanges, from rows with two more columns: an entry of the queue, NULL for none,
// and the first exchange of the call. Where the entry's lease was gone its attempt was not counted, and nothing is
// added.
func adding(table string, columns []string) string {
	return "INSERT INTO barb." + table + " (" + Names(columns, "") + ") SELECT " + Names(columns, "u.") + " FROM " +
		Unnest(WithEntry(columns)) +
		" WHERE u.entry IS NULL OR (SELECT q.last = u.begun FROM barb.queue q WHERE q.id = u.entry)"
}

// WithEntry is columns with the two that AddExchanges asks about: see adding.
func WithEntry(columns []string) []string {
	return append(append([]string{}, columns...), "entry", "begun")
}

// ofThese has the server plan for the partitions that have the ids, and read their rows by an index whatever the join.
// By a range of ids it would read all rows between them, and might look through all of the arguments for each.
const ofThese = "e.id = u.id AND e.id = ANY($1)"

// endExchanges stores endings. An exchange that is gone stays away. A command may have ended before the answer did.
func endExchanges(columns []string) string {
	return "UPDATE barb.exchange e SET " + settingEndings(columns) + " FROM " + Unnest(columns) + " WHERE " + ofThese
}

func settingEndings(columns []string) string {
	sets := make([]string, 0, len(columns))
	for _, c := range columns[1:] {
		name, _, _ := strings.Cut(c, " ")
		value := "u." + name
		if name == "masks" || name == "exec_exit" || name == "exec_took" {
			value = "coalesce(u." + name + ", e." + name + ")"
		}
		sets = append(sets, name+" = "+value)
	}
	return strings.Join(sets, ", ")
}

// respond stores answers.
func respond(columns []string) string {
	return fmt.Sprintf(`INSERT INTO barb.response (%s) SELECT %s FROM %s
	WHERE EXISTS (SELECT FROM barb.exchange e WHERE %s)
	ON CONFLICT (id) DO UPDATE SET head = excluded.head, fields = excluded.fields, proto = excluded.proto,
		reason = excluded.reason, body = excluded.body`, Names(columns, ""), Names(columns, "u."), Unnest(columns), ofThese)
}
