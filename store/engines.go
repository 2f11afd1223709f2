package store

import "github.com/barbhq/barb/store/engine"

// Callers and engines share these types; package engine has their fields.
type (
	// Filter selects exchanges.
	Filter = engine.Filter
	// Range is ids from From to To, both included.
	Range = engine.Range
	// StatusRange is answers with a status from From to To, both included.
	StatusRange = engine.StatusRange
	// Figures are what tells whether deliveries go well.
	Figures = engine.Figures
	// Mirror describes an exchange that repeats a forward to another app.
	Mirror = engine.Mirror
	// Remark is what a person has said of a webhook.
	Remark = engine.Remark
	// Members is all that belongs to some webhooks.
	Members = engine.Members
	// Pin says which scheme a secret verifies on a route.
	Pin = engine.Pin
	// Run is a batch of messages and its progress.
	Run = engine.Run
	// PruneRule selects the exchanges that Prune removes.
	PruneRule = engine.PruneRule
	// PruneResult is what Prune did.
	PruneResult = engine.PruneResult
	// Queued is an entry of the queue.
	Queued = engine.Queued
	// QueueKind says who can deliver an entry.
	QueueKind = engine.QueueKind
	// QueueState is how far an entry is.
	QueueState = engine.QueueState
	// QueueFilter selects entries of the queue.
	QueueFilter = engine.QueueFilter
	// LeaseRequest asks for entries that are due.
	LeaseRequest = engine.LeaseRequest
	// Due is when there is something to deliver next.
	Due = engine.Due
	// Acceptance is what the queue holds of an exchange.
	Acceptance = engine.Acceptance
	// AddressError says what is wrong with the address of a server.
	AddressError = engine.AddressError
	// Worker is a process that delivers what waits in the queue.
	Worker = engine.Worker
)

// The kinds and the states of queued entries.
const (
	Forward = engine.Forward
	Message = engine.Message
	Command = engine.Command

	Waiting   = engine.Waiting
	Leased    = engine.Leased
	Done      = engine.Done
	Dead      = engine.Dead
	Cancelled = engine.Cancelled
)

// What callers decide on; see package engine.
var (
	ErrNotFound = engine.ErrNotFound
	ErrNotExist = engine.ErrNotExist
	ErrNewer    = engine.ErrNewer
	ErrForeign  = engine.ErrForeign
	ErrCorrupt  = engine.ErrCorrupt
	ErrOwner    = engine.ErrOwner
	ErrReadOnly = engine.ErrReadOnly
	ErrStandby  = engine.ErrStandby
	ErrNoRight  = engine.ErrNoRight
	ErrNotOwner = engine.ErrNotOwner
	ErrLocked   = engine.ErrLocked
	ErrFull     = engine.ErrFull
	ErrReplaced = engine.ErrReplaced
	ErrAway     = engine.ErrAway
	ErrRefused  = engine.ErrRefused
	ErrLacking  = engine.ErrLacking
	ErrNowhere  = engine.ErrNowhere
	ErrClosed   = engine.ErrClosed
	ErrNoEntry  = engine.ErrNoEntry
	ErrLease    = engine.ErrLease
	ErrNotEmpty = engine.ErrNotEmpty
	ErrSame     = engine.ErrSame
)
