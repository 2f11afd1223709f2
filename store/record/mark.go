package record

import (
	"fmt"
	"time"
)

// MarkKind is a property of a received exchange, as stored in the history and written to JSON.
type MarkKind string

// The kinds of marks. The first three refer to an earlier exchange, Mark.Of.
const (
	Duplicate MarkKind = "duplicate" // the same webhook was received before
	ReusedID  MarkKind = "reused_id" // another webhook with a different body had the same id
	Older     MarkKind = "older"     // signed before an already received webhook of the same event type
	Stale     MarkKind = "stale"     // the timestamp is outside the tolerance, too old or ahead
	Filtered  MarkKind = "filtered"  // excluded by the filter: answered, not passed on
	Undecided MarkKind = "undecided" // the filter did not finish in time: answered 503, not passed on
	Unrouted  MarkKind = "unrouted"  // no route of barb.toml has its path: answered 404
	Truncated MarkKind = "truncated" // only the beginning of the body was kept: see Request.Whole
	Imported  MarkKind = "imported"  // read from a file: barb did not answer it
)

// MarkKinds returns all kinds.
func MarkKinds() []MarkKind {
	return []MarkKind{Duplicate, ReusedID, Older, Stale, Filtered, Undecided, Unrouted, Truncated,
		Imported}
}

// Mark is one property of a received exchange.
type Mark struct {
	Kind MarkKind
	Of   int64 // id of the earlier exchange for Duplicate, ReusedID and Older; else 0
}

// Run is the result of the command for an exchange.
type Run struct {
	// Exit is the exit code, and as in a shell 124 after a timeout, 126 when the command could not be started, and 128
	// plus the number of the signal that ended it.
	Exit int
	Took time.Duration
}

// Words returns the result in a word or two.
func (r *Run) Words() string {
	switch r.Exit {
	case 124:
		return "timed out"
	case 126:
		return "not started"
	}
	return fmt.Sprintf("exit %d", r.Exit)
}

// Marked reports whether the exchange has a mark of this kind, and returns the mark's Of.
func (x *Exchange) Marked(kind MarkKind) (of int64, ok bool) {
	for _, m := range x.Marks {
		if m.Kind == kind {
			return m.Of, true
		}
	}
	return 0, false
}
