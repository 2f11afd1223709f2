package record

import (
	"fmt"
	"time"
)

// MarkKind is what was noticed about a received exchange, as it stands in the history and in JSON.
type MarkKind string

// The kinds of marks. The first three are about an exchange that came before: Mark.Of.
const (
	Duplicate MarkKind = "duplicate" // the same webhook again
	ReusedID  MarkKind = "reused_id" // the id of another webhook, whose body is different
	Older     MarkKind = "older"     // signed before another of the same event type that was there already
	Stale     MarkKind = "stale"     // its timestamp is outside the tolerance, too old or ahead
	Filtered  MarkKind = "filtered"  // not asked for: answered, not handed on
	Undecided MarkKind = "undecided" // whether it is asked for could not be told in time: answered 503, not handed on
	Truncated MarkKind = "truncated" // only the beginning of its body was kept: see Request.Whole
)

// MarkKinds returns all kinds.
func MarkKinds() []MarkKind {
	return []MarkKind{Duplicate, ReusedID, Older, Stale, Filtered, Undecided, Truncated}
}

// Mark is one thing that was noticed.
type Mark struct {
	Kind MarkKind
	Of   int64 // the exchange that it is a duplicate of, whose id it reuses or that it is older than; else 0
}

// Run is how the command ended that was run for an exchange.
type Run struct {
	// Exit is its exit code, and as in a shell 124 when it took too long, 126 when it could not be started and 128 and the
	// signal's number when a signal ended it.
	Exit int
	Took time.Duration
}

// Words returns how the program ended, in a word or two.
func (r *Run) Words() string {
	switch r.Exit {
	case 124:
		return "timed out"
	case 126:
		return "not started"
	}
	return fmt.Sprintf("exit %d", r.Exit)
}

// Marked reports whether the exchange has a mark of this kind, and about which other exchange.
func (x *Exchange) Marked(kind MarkKind) (of int64, ok bool) {
	for _, m := range x.Marks {
		if m.Kind == kind {
			return m.Of, true
		}
	}
	return 0, false
}
