// Package engine is what a history asks of the database that keeps it. It holds the values that both sides know, and
// how an exchange is coded in columns. Package store gathers what is to be written and hands groups to an Engine.
package engine

import (
	"context"
	"iter"
	"time"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/retain"
)

// Engine is an open history in one kind of database. Commit is called by one goroutine at a time, all other methods by
// many. Errors are those of this package, in the words of Fault.
type Engine interface {
	// Commit makes a group durable, all of it or nothing, and sets the ids and the results in it. It may be called again
	// with the writes of a group that failed: of answers, some may be durable already. A RowError says that one of the
	// writes is to blame; ErrLocked, after some seconds, that others were in the way.
	Commit(ctx context.Context, g *Group) error

	Reader
	QueueReader
	Fleet
	Keeper
	Dumper
}

// Reader reads exchanges and what is known of them.
type Reader interface {
	Get(ctx context.Context, id int64) (*record.Exchange, error)
	List(ctx context.Context, f Filter) iter.Seq2[*record.Exchange, error]
	Requests(ctx context.Context, light []*record.Exchange) ([]*record.Exchange, error)
	Newest(ctx context.Context, n int) (int64, error)
	Thread(ctx context.Context, id int64) ([]*record.Exchange, error)
	Webhooks(ctx context.Context, f Filter) iter.Seq2[[]int64, error]
	Exchanges(ctx context.Context, firsts []int64) ([]*record.Exchange, error)
	Members(ctx context.Context, firsts []int64) (Members, error)
	Containing(ctx context.Context, exchanges []int64, text string) ([]int64, error)
	EventTypes(ctx context.Context, prefix string, limit int) ([]string, error)
	Figures(ctx context.Context, f Filter) (Figures, error)
	Others(ctx context.Context) (Range, bool, error)
	Unsettled(ctx context.Context, upTo int64, since, until time.Time) (newest, open int64, err error)

	Mirror(ctx context.Context, id int64) (Mirror, bool, error)
	Remarks(ctx context.Context, firsts []int64) (map[int64]Remark, error)
	PinKey(ctx context.Context) ([]byte, error) // the random key of the history, for fingerprints
	Pinned(ctx context.Context, route string) (map[string]string, error)
	CountPins(ctx context.Context, scheme string) (int64, error)
	GetRun(ctx context.Context, id int64) (Run, error)
}

// Members is all that belongs to some webhooks.
type Members struct {
	Exchanges []*record.Exchange // by id
	Entries   []*Queued          // that deliver them, by id
	Remarks   map[int64]Remark   // by the first exchange
}

// QueueReader reads the queue.
type QueueReader interface {
	Queue(ctx context.Context, f QueueFilter) ([]*Queued, error) // by id
	GetQueued(ctx context.Context, id int64) (*Queued, error)
	QueuedByID(ctx context.Context, ids []int64) ([]*Queued, error)
	QueueOf(ctx context.Context, exchanges []int64) ([]*Queued, error)
	QueueDepth(ctx context.Context, kinds ...QueueKind) (map[QueueState]int64, error)
	QueueTargets(ctx context.Context, kind QueueKind) ([]string, error)
	QueueGauges(ctx context.Context) (open, dead int64, err error)
	Upcoming(ctx context.Context, kind QueueKind, target string) ([]Due, error)
	Owners(ctx context.Context) ([]string, error)
	Accepted(ctx context.Context, from int64) ([]Acceptance, error)
	Pieces(ctx context.Context, exchange int64) ([][]byte, error) // nil: the queue keeps none
}

// Keeper is about the history as a whole.
type Keeper interface {
	Prune(ctx context.Context, rule PruneRule, pace *retain.Retention) (PruneResult, error)
	WouldPrune(ctx context.Context, rule PruneRule) (PruneResult, error)
	Name() string   // the absolute path of a file; the address of a server, without a password
	Refused() error // why it cannot be written; nil when it can
	Network() bool  // a file on a network file system
	Size() int64    // bytes on disk
	Close() error   // is called once, when no Commit runs any more
}
