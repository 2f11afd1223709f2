package store

import (
	"context"
	"time"

	"github.com/barbhq/barb/store/record"
)

// task is what one call wants done in the transaction of its group, before its exchanges are recorded: one of the types
// of this file. It is data, so that an engine can do it again after a transaction was rolled back, or all of one kind
// at once. An engine sets the fields that say how it went; they hold once the transaction is durable.
type task interface{ isTask() }

type (
	// enqueue adds entries. With ofFirst they deliver the first exchange of the call.
	enqueue struct {
		entries []*Queued
		ofFirst bool
	}
	// lease gives leases, as Store.Lease does.
	lease struct {
		LeaseRequest
		ids []int64 // of the entries
	}
	// renew extends leases, as Store.Renew does.
	renew struct {
		owner   string
		entries []int64
		until   time.Time
		held    []int64
	}
	// release ends the leases of an owner.
	release struct {
		owner string
		now   time.Time
		ended int64
	}
	// attempt counts an attempt of an entry and extends its lease until entry.Due. When the lease is gone, the exchanges
	// of the call are not recorded.
	attempt struct {
		owner    string
		entry    *Queued
		recorded bool // it is the first exchange of the call; false: it is no exchange of its own
		now      time.Time
		leased
	}
	// complete ends a lease, stores the state of an entry, and adds the entries that follow it.
	complete struct {
		owner string
		entry *Queued
		now   time.Time
		next  []*Queued
		leased
	}
	// change changes entries that a filter selects.
	change struct {
		filter  QueueFilter
		to      changeKind
		now     time.Time
		changed int64
	}
	// ran stores how the command of an exchange ended.
	ran struct {
		id  int64
		run record.Run
	}
	// startRun adds a run and forgets the old ones.
	startRun struct{ run *Run }
	// noteRun stores how far a run is.
	noteRun struct{ run Run }
	// takeRun gives a run to an owner, unless another than before has it.
	takeRun struct {
		run    Run
		before string
		taken  bool
	}
	// mirror notes that the first exchange of the call repeats another.
	mirror struct{ of int64 }
	// compareMirror notes how a mirror answered.
	compareMirror struct {
		id   int64
		same bool
	}
	// announce notes when an answer is about to go out.
	announce struct {
		id   int64
		took time.Duration
	}
	// pin pins a secret, as Store.Pin does.
	pin struct {
		Pin
		replaces string
		now      time.Time
		held     string
	}
	// unpin forgets pins.
	unpin struct {
		scheme    string // * stands for any part
		forgotten int64
	}
	// remark stores what a person says of a webhook.
	remark struct {
		first int64
		Remark
	}
)

func (*enqueue) isTask()       {}
func (*lease) isTask()         {}
func (*renew) isTask()         {}
func (*release) isTask()       {}
func (*attempt) isTask()       {}
func (*complete) isTask()      {}
func (*change) isTask()        {}
func (*ran) isTask()           {}
func (*startRun) isTask()      {}
func (*noteRun) isTask()       {}
func (*takeRun) isTask()       {}
func (*mirror) isTask()        {}
func (*compareMirror) isTask() {}
func (*announce) isTask()      {}
func (*pin) isTask()           {}
func (*unpin) isTask()         {}
func (*remark) isTask()        {}

// leased is of work that only the owner of a lease may have done.
type leased struct{ ours bool } // the owner has the lease

func (l *leased) isOurs() bool { return l.ours }

// changeKind is what a person does to entries of the queue.
type changeKind int

const (
	retryEntries changeKind = iota
	cancelEntries
	finishEntries
	purgeEntries
)

// do has a work done, and exchanges recorded with it, and waits until both are durable. The error is ErrLease when it
// needs a lease that is gone: then nothing was done.
func (s *Store) do(ctx context.Context, work task, begin ...*beginning) error {
	err := s.await(ctx, &write{begin: begin, work: work})
	if l, ok := work.(interface{ isOurs() bool }); ok && err == nil && !l.isOurs() {
		err = fault(s.path, ErrLease)
	}
	return err
}
