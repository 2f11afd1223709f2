package engine

import (
	"time"

	"github.com/barbhq/barb/store/record"
)

// Task is what one call wants done in the transaction of its group, before its exchanges are recorded: one of the types
// of this file. It is data, so that an engine can do it again after a transaction was rolled back, or all of one kind
// at once. An engine sets the last field, which says how it went; it holds once the transaction is durable.
type Task interface{ isTask() }

type (
	// Enqueue adds entries. With OfFirst they deliver the first exchange of the call. Of each entry the ID is set, Blocked
	// and State, and what an entry that is not Inline has.
	Enqueue struct {
		Entries []*Queued
		OfFirst bool
	}
	// Lease gives leases, as Store.Lease does.
	Lease struct {
		LeaseRequest
		IDs     []int64   // of the entries
		Entries []*Queued // by id; nil where they are to be read
	}
	// Renew extends leases, as Store.Renew does.
	Renew struct {
		Owner   string
		Entries []int64
		Until   time.Time
		Held    []int64
	}
	// Release ends the leases of an owner. Without Entries it ends all, since the owner has ended, and forgets the worker.
	Release struct {
		Owner   string
		Entries []int64
		Now     time.Time
		Ended   int64
	}
	// Attempt counts an attempt of an entry and extends its lease until Entry.Due. When the lease is gone, the exchanges
	// of the call are not recorded.
	Attempt struct {
		Owner    string
		Entry    *Queued
		Recorded bool // it is the first exchange of the call; false: it is no exchange of its own
		Now      time.Time
		Ours     bool
	}
	// Complete ends a lease, stores the state of an entry, and adds the entries that follow it.
	Complete struct {
		Owner string
		Entry *Queued
		Now   time.Time
		Next  []*Queued
		Ours  bool
	}
	// Change changes entries that a filter selects.
	Change struct {
		Filter  QueueFilter
		To      ChangeKind
		Now     time.Time
		Changed int64
	}
	// Ran stores how the command of an exchange ended.
	Ran struct {
		ID  int64
		Run record.Run
	}
	// StartRun adds a run, sets its ID and Changed, and forgets those without a change since Forget.
	StartRun struct {
		Forget time.Time
		Run    *Run
	}
	// NoteRun stores how far a run is.
	NoteRun struct{ Run Run }
	// TakeRun gives a run to an owner, unless another than Before has it.
	TakeRun struct {
		Run    Run
		Before string
		Taken  bool
	}
	// AddMirror notes that the first exchange of the call repeats another.
	AddMirror struct{ Of int64 }
	// CompareMirror notes how a mirror answered.
	CompareMirror struct {
		ID   int64
		Same bool
	}
	// Announce notes when an answer is about to go out.
	Announce struct {
		ID   int64
		Took time.Duration
	}
	// AddPin pins a secret, as Store.Pin does.
	AddPin struct {
		Pin
		Replaces string
		Now      time.Time
		Held     string
	}
	// Unpin forgets pins.
	Unpin struct {
		Scheme    string // * stands for any part
		Forgotten int64
	}
	// SetRemark stores what a person says of a webhook.
	SetRemark struct {
		First int64
		Remark
	}
)

func (*Enqueue) isTask()       {}
func (*Lease) isTask()         {}
func (*Renew) isTask()         {}
func (*Release) isTask()       {}
func (*Attempt) isTask()       {}
func (*Complete) isTask()      {}
func (*Change) isTask()        {}
func (*Ran) isTask()           {}
func (*StartRun) isTask()      {}
func (*NoteRun) isTask()       {}
func (*TakeRun) isTask()       {}
func (*AddMirror) isTask()     {}
func (*CompareMirror) isTask() {}
func (*Announce) isTask()      {}
func (*AddPin) isTask()        {}
func (*Unpin) isTask()         {}
func (*SetRemark) isTask()     {}

// LeaseIsGone reports whether a task needs a lease that its owner did not have.
func LeaseIsGone(t Task) bool {
	switch t := t.(type) {
	case *Attempt:
		return !t.Ours
	case *Complete:
		return !t.Ours
	}
	return false
}

// ChangeKind is what a person does to entries of the queue.
type ChangeKind int

// The changes; see the methods of Store.
const (
	RetryEntries ChangeKind = iota
	CancelEntries
	FinishEntries
	PurgeEntries
)
