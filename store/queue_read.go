package store

import (
	"context"

	"github.com/barbhq/barb/store/record"
)

// Queue returns the entries that a filter selects, by id.
func (s *Store) Queue(ctx context.Context, f QueueFilter) ([]*Queued, error) {
	all, err := s.engine.Queue(ctx, f)
	return all, s.told(err)
}

// GetQueued returns one entry; ErrNoEntry when there is none.
func (s *Store) GetQueued(ctx context.Context, id int64) (*Queued, error) {
	q, err := s.engine.GetQueued(ctx, id)
	return q, s.told(err)
}

// QueueDepth returns how many entries of some kinds there are in each state that has any; of no kind means of all.
func (s *Store) QueueDepth(ctx context.Context, kinds ...QueueKind) (map[QueueState]int64, error) {
	depth, err := s.engine.QueueDepth(ctx, kinds...)
	return depth, s.told(err)
}

// QueueTargets returns the targets for which there are open entries of a kind, in their order.
func (s *Store) QueueTargets(ctx context.Context, kind QueueKind) ([]string, error) {
	targets, err := s.engine.QueueTargets(ctx, kind)
	return targets, s.told(err)
}

// QueueGauges returns how many entries of the queue are open and how many dead. It reads indexes only.
func (s *Store) QueueGauges(ctx context.Context) (open, dead int64, err error) {
	open, dead, err = s.engine.QueueGauges(ctx)
	return open, dead, s.told(err)
}

// Upcoming returns the next due time of each target, or of one, and policy with open entries of a kind, the longest due
// first.
func (s *Store) Upcoming(ctx context.Context, kind QueueKind, target string) ([]Due, error) {
	all, err := s.engine.Upcoming(ctx, kind, target)
	return all, s.told(err)
}

// Owners returns who has leases, whether they have ended or not.
func (s *Store) Owners(ctx context.Context) ([]string, error) {
	owners, err := s.engine.Owners(ctx)
	return owners, s.told(err)
}

// Accepted returns, by id, the exchanges from an id on whose delivery is up to the queue: they have entries that are
// open, delivered or dead. Cancelled entries, and those only tried while the sender waited, do not count.
func (s *Store) Accepted(ctx context.Context, from int64) ([]Acceptance, error) {
	all, err := s.engine.Accepted(ctx, from)
	return all, s.told(err)
}

// Pieces puts what the queue keeps into the masks of an exchange, as long as an entry is to be delivered.
func (s *Store) Pieces(ctx context.Context, x *record.Exchange) error {
	if len(x.Masks) == 0 {
		return nil
	}
	pieces, err := s.engine.Pieces(ctx, x.ID)
	if err != nil {
		return s.told(err)
	}
	for i := range min(len(pieces), len(x.Masks)) {
		x.Masks[i].Piece = string(pieces[i])
	}
	return nil
}
