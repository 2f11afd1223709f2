package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
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

// code is the state's code in the table, 0 for an unknown state.
func (s QueueState) code() int64 {
	if s == Leased {
		s = Waiting
	}
	return max(int64(slices.Index(states[:], s)), 0)
}

// stateOf is the inverse of code.
func stateOf(code int64, leased bool) QueueState {
	switch {
	case code < 1 || code >= int64(len(states)): // of a damaged file
		return Cancelled
	case leased && states[code] == Waiting:
		return Leased
	}
	return states[code]
}

// RecordQueued makes an exchange and entries of the queue that deliver it durable, in one transaction: after a kill
// there are all of them or none. It sets their ids, and what Enqueue sets. Errors are those of Record.
func (s *Store) RecordQueued(ctx context.Context, x *record.Exchange, entries ...*Queued) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	return s.do(ctx, &enqueue{entries: entries, ofFirst: true}, b)
}

// Enqueue makes entries durable that deliver exchanges which are recorded already. It sets ID, State and Blocked.
func (s *Store) Enqueue(ctx context.Context, entries ...*Queued) error {
	return s.do(ctx, &enqueue{entries: entries})
}

const enqueueStatement = `INSERT INTO queue (id, kind, thread, target, policy, ord, behind, straight, state, owner,
		due, created, changed, attempts)
	SELECT 1 + max((SELECT ifnull(max(id), 0) FROM queue), (SELECT last_queued FROM history)),
		?1, ?2, ?3, ?4, ?5, behind, straight, 1, iif(straight, ?7, NULL), iif(straight, ?8, ?10), ?9, ?9, 0 FROM (SELECT
		EXISTS (SELECT 1 FROM queue WHERE target = ?3 AND ord = ?5 AND state = 1) AS behind,
		?6 AND NOT EXISTS (SELECT 1 FROM queue WHERE target = ?3 AND ord = ?5 AND state = 1 AND straight = 0) AS straight)
	RETURNING id, behind, straight`

func (w *writer) enqueue(entries []*Queued) error {
	for _, q := range entries {
		if err := w.enqueueOne(q); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) enqueueOne(q *Queued) error {
	if q.Target == "" || q.Kind < Forward || q.Kind > Command {
		return fmt.Errorf("queue entry of kind %d for %q: one of them is missing", q.Kind, q.Target)
	}
	names := w.inserts.names
	target, policy := names.id(nameTarget, q.Target), names.id(namePolicy, q.Policy)
	if names.err != nil {
		return names.err
	}
	stmt, err := w.inserts.statement(enqueueStatement)
	if err != nil {
		return err
	}
	straight, waits := int64(0), q.Due
	if q.Inline {
		straight, waits = 1, q.Created // its Due is the end of the lease that it may not get
	}
	var behind int64
	err = sqlite.One(stmt, sqlite.Arguments(int64(q.Kind), q.Thread, target, policy, unlessZero(q.Order), straight,
		unlessZero(q.Owner), record.Nanos(q.Due), record.Nanos(q.Created), record.Nanos(waits)), &q.ID, &behind, &straight)
	if err == nil {
		err = w.keepPieces(q.Thread, q.Masks)
	}
	q.Blocked, q.State = behind != 0, Leased
	if straight == 0 {
		q.Inline, q.State, q.Owner, q.Due = false, Waiting, "", waits
	}
	return err
}
