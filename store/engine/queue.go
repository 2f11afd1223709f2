package engine

import (
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Queued is an entry of the queue: a delivery that is still to be made, or its outcome. It outlives the process that
// added it. A worker delivers it under a lease, so that no two do at once; each delivery happens at least once.
type Queued struct {
	ID     int64 // given by the queue
	Kind   QueueKind
	Thread int64  // the exchange that is delivered: a captured one, or a message
	Target string // the URL as it was asked for
	Policy string // JSON that the store does not look into
	// Order makes the entries of one Target and Order go one after the other, by id; "" sets no order.
	Order string
	// Inline asks for an entry that its adder delivers at once, as Owner with a lease until Due. Others of its order that
	// are delivered at once do not hold it up, waiting ones do: then adding it clears Inline and Owner.
	Inline  bool
	Blocked bool // one of the same order comes first

	State    QueueState
	Owner    string    // who has the lease
	Due      time.Time // when it is to be delivered, at the earliest; of a lease, its end
	Created  time.Time
	Changed  time.Time // the last lease, attempt or change of state
	Attempts int       // begun
	First    int64     // the exchange of the first attempt; 0 before
	Last     int64     // the exchange of the last attempt
	Why      string    // why the last attempt did not deliver it; may quote the peer
	Answered bool      // it is Done and was not delivered: its sender has the app's answer

	// Masks are the masks of the delivered exchange. Their pieces are stored until no entry needs them, and are read by
	// Pieces only.
	Masks []record.Mask
}

// QueueKind says who can deliver an entry.
type QueueKind uint8

// The kinds.
const (
	Forward QueueKind = 1 // a captured exchange, to an app as listen forwards it
	Message QueueKind = 2 // a message that is signed anew for each attempt
	Command QueueKind = 3 // a command that is to run for a captured exchange; Target names it
)

// String returns the name of a kind: forward, message or command.
func (k QueueKind) String() string {
	switch k {
	case Message:
		return "message"
	case Command:
		return "command"
	}
	return "forward"
}

// QueueState is how far an entry is.
type QueueState string

// The states. Waiting and Leased are open, the others are ends.
const (
	Waiting   QueueState = "waiting"
	Leased    QueueState = "leased"
	Done      QueueState = "done"
	Dead      QueueState = "dead"      // no further attempt will be made
	Cancelled QueueState = "cancelled" // by a person
)

// states are by their codes in the table; open entries have the code of Waiting.
var states = [...]QueueState{1: Waiting, 2: Done, 3: Dead, 4: Cancelled}

// Code is the state's code in the table, 0 for an unknown state.
func (s QueueState) Code() int64 {
	if s == Leased {
		s = Waiting
	}
	return max(int64(slices.Index(states[:], s)), 0)
}

// StateOf is the inverse of Code; leased says that an open entry has an owner.
func StateOf(code int64, leased bool) QueueState {
	switch {
	case code < 1 || code >= int64(len(states)): // of a damaged file
		return Cancelled
	case leased && states[code] == Waiting:
		return Leased
	}
	return states[code]
}

// LeaseRequest asks for entries that are due.
type LeaseRequest struct {
	Kind       QueueKind
	Target     string
	Policy     string // exactly
	Owner      string // the name of the worker that asks, unlike every other
	Want       int    // at most
	Now, Until time.Time
}

// Due is when there is something to deliver next of a target and a policy.
type Due struct {
	Target, Policy string
	At             time.Time // the next entry's, or the end of the lease of one; may have passed
}

// Acceptance is what the queue holds of an exchange.
type Acceptance struct {
	Thread int64
	Kept   bool // it is delivered, or will be; false: at least for one target it was given up
}

// QueueFilter selects entries of the queue; a zero field selects all.
type QueueFilter struct {
	IDs         []Range
	States      []QueueState
	Kind        QueueKind
	Target      string
	TargetGlob  string // a pattern of SQLite's GLOB; beside Target, one of the two has to match
	Thread      int64
	Since       time.Time // put in since then
	Until       time.Time // put in until then
	Limit       int
	NewestFirst bool
	// At is when leases are looked at: States takes an entry for Waiting whose lease has ended by then, or is held by one
	// of Gone. When At is zero, every lease counts.
	At   time.Time
	Gone []string
}
