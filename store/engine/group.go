package engine

import (
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// Group is the writes of one transaction.
type Group struct {
	Writes []*Write
	// Again says that some of the answers are of groups that failed: they may be durable already.
	Again bool
	// Waited is how long the first of the callers has waited, most often for the group before.
	Waited time.Duration
}

// Write is one call to be committed: exchanges, an answer, a task, or none of them for a flush.
type Write struct {
	Begin []*Beginning
	End   *Ending
	Went  ahead.Answer // that went out as it was recorded; ID 0: none
	Work  Task         // nil: none
	Left  bool         // Work needs a lease that is gone, so Begin is left out; set by Commit
	Done  chan error   // capacity 1; nil when no caller waits
	Since time.Time    // when a caller began to wait
}

// Awaited reports whether a caller waits until the write is durable.
func (w *Write) Awaited() bool { return w.Done != nil }

// Added reports whether the write has exchanges.
func (w *Write) Added() bool { return len(w.Begin) > 0 }

// Bytes is about how much memory the write takes.
func (w *Write) Bytes() (n int) {
	for _, b := range w.Begin {
		n += len(b.X.Request.Head) + len(b.X.Request.Body) + b.Ending.bytes()
	}
	if w.End != nil {
		n += w.End.bytes()
	}
	return n
}

// Rows is how many exchanges and how many bytes a group holds.
func (g *Group) Rows() (rows, bytes int) {
	for _, w := range g.Writes {
		rows, bytes = rows+len(w.Begin), bytes+w.Bytes()
	}
	return rows, bytes
}

// Beginning is an exchange on its way into the tables, made by the caller of Record so that the one writer has less to
// do. It shares memory with the exchange: Record does not return before the writer is done with it.
type Beginning struct {
	X               *record.Exchange // as it is kept
	Given           *record.Exchange // by the caller, whose ID is set after the commit unless it was added
	URL, Endpoint   string
	Target, Proto   any // a string; nil: as in the head, or "" where there is none
	Fields, Trailer []byte
	Shared          bool // nothing of it is ever changed, so its body may be kept once for several
	Ending          Ending

	ID      int64 // set by Commit
	Webhook int64 // the first exchange of its webhook, 0 for itself; set by Commit
}

// Ending is how an exchange ended. It shares no memory that the caller of Answer may change.
type Ending struct {
	ID       int64
	Ended    int64 // 1, or ahead.Ended where the answer is recorded before it goes out
	Failed   bool
	Verdict  int64 // a code
	Judged   record.Verdict
	Took     any // ns as an int64; nil: not known
	Phases   record.Phases
	NextIn   int64
	Status   any // an int64; nil when nothing came back
	Size     int64
	Cut      bool
	Failure  *record.Failure
	Marks    string
	Masks    string
	Scripted string
	Late     record.Lateness // of no provider: it was in time
	Exit     any             // an int64; nil when no command was run
	Run      any
	Response *Answer // nil when there is nothing to keep but the status
}

// Answer is a response as it is kept.
type Answer struct {
	Head          string
	Proto, Reason any // a string; nil: as in the head
	Fields, Body  []byte
	Rest          string // the head without its date
	Date          any    // s since 1970 as an int64; nil: nothing was cut out
	Named         bool   // it is a part of its exchange and has no row; see Ending.Append
}

// bytes is about how much memory the answer holds while it waits.
func (e *Ending) bytes() int {
	if e.Response == nil {
		return 0
	}
	return len(e.Response.Body) + len(e.Response.Fields)
}
