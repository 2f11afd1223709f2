package store

import "github.com/barbhq/barb/store/engine"

// What the engines share with those who call.
type (
	Filter       = engine.Filter
	Range        = engine.Range
	StatusRange  = engine.StatusRange
	Figures      = engine.Figures
	Mirror       = engine.Mirror
	Remark       = engine.Remark
	Pin          = engine.Pin
	Run          = engine.Run
	PruneRule    = engine.PruneRule
	PruneResult  = engine.PruneResult
	Queued       = engine.Queued
	QueueKind    = engine.QueueKind
	QueueState   = engine.QueueState
	QueueFilter  = engine.QueueFilter
	LeaseRequest = engine.LeaseRequest
	Due          = engine.Due
	Acceptance   = engine.Acceptance
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
	ErrLocked   = engine.ErrLocked
	ErrFull     = engine.ErrFull
	ErrReplaced = engine.ErrReplaced
	ErrClosed   = engine.ErrClosed
	ErrNoEntry  = engine.ErrNoEntry
	ErrLease    = engine.ErrLease
)
