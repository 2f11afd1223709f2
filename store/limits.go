package store

import (
	"context"
	"time"

	"github.com/barbhq/barb/store/retain"
)

// Limits bound a history that prunes itself.
type Limits = retain.Limits

// Retain prunes the history by limits until it is closed; see package retain. It never removes open entries of the
// queue. It is called once, before the history is used by several goroutines.
func (s *Store) Retain(limits Limits) {
	s.retention = retain.New(limits, s.Size, func(ctx context.Context, olderThan time.Time, maxBytes int64) error {
		_, err := s.Prune(ctx, PruneRule{OlderThan: olderThan, MaxBytes: maxBytes})
		return err
	})
	s.retention.Start()
}
