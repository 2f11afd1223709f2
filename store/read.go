package store

import (
	"context"
	"iter"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Get returns one exchange whole; ErrNotFound when there is none of this id.
func (s *Store) Get(ctx context.Context, id int64) (*record.Exchange, error) {
	x, err := s.engine.Get(ctx, id)
	return x, s.told(err)
}

// List yields the exchanges that a filter selects, newest first unless it says otherwise. Without Filter.Bodies they
// have neither header fields nor bodies, and of a response only status, size and whether it was cut. An error ends the
// list. It is read in pages: what is recorded in between may show or not.
func (s *Store) List(ctx context.Context, f Filter) iter.Seq2[*record.Exchange, error] {
	return tell(s, s.engine.List(ctx, f))
}

// Webhooks yields pages of webhooks, each by the id of its first exchange: the one with the newest exchange first, or
// with OldestFirst the one that came first. They hold all that a filter may select, and more: a webhook matches as a
// whole, which the caller decides. Limit and Bodies do not matter. What is recorded meanwhile does not show.
func (s *Store) Webhooks(ctx context.Context, f Filter) iter.Seq2[[]int64, error] {
	return tell(s, s.engine.Webhooks(ctx, f))
}

// tell is a list with the errors for callers.
func tell[T any](s *Store, list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range list {
			if !yield(one, s.told(err)) {
				return
			}
		}
	}
}

// Requests returns copies of exchanges of a list, by id, that have their requests whole, as Get returns them: of those
// that are there the first, until they have 2 MiB of bodies together.
func (s *Store) Requests(ctx context.Context, light []*record.Exchange) ([]*record.Exchange, error) {
	whole, err := s.engine.Requests(ctx, light)
	return whole, s.told(err)
}

// Newest returns the id of the newest exchange (n = 0) or of the one n before it, or ErrNotFound.
func (s *Store) Newest(ctx context.Context, n int) (int64, error) {
	id, err := s.engine.Newest(ctx, n)
	return id, s.told(err)
}

// Thread returns all exchanges of the webhook that an exchange belongs to, by id and as light as List has them.
// ErrNotFound when there is no exchange of this id.
func (s *Store) Thread(ctx context.Context, id int64) ([]*record.Exchange, error) {
	xs, err := s.engine.Thread(ctx, id)
	return xs, s.told(err)
}

// Exchanges returns all exchanges of webhooks, each given by the id of its first, by id and as light as List has them.
func (s *Store) Exchanges(ctx context.Context, firsts []int64) ([]*record.Exchange, error) {
	xs, err := s.engine.Exchanges(ctx, firsts)
	return xs, s.told(err)
}

// Members returns all exchanges of webhooks as Exchanges does, their entries of the queue, and their remarks.
func (s *Store) Members(ctx context.Context, firsts []int64) (Members, error) {
	m, err := s.engine.Members(ctx, firsts)
	return m, s.told(err)
}

// Containing returns those of some exchanges with a text in either body, byte for byte.
func (s *Store) Containing(ctx context.Context, exchanges []int64, text string) ([]int64, error) {
	ids, err := s.engine.Containing(ctx, exchanges, text)
	return ids, s.told(err)
}

// EventTypes returns up to limit types that begin with prefix among the newest few thousand exchanges, sorted.
func (s *Store) EventTypes(ctx context.Context, prefix string, limit int) ([]string, error) {
	types, err := s.engine.EventTypes(ctx, prefix, limit)
	return types, s.told(err)
}

// Figures returns the figures of the exchanges that a filter selects, without reading earlier ones. It ignores received
// handshakes. The figures of the queue follow only the time and the endpoint of the filter.
func (s *Store) Figures(ctx context.Context, f Filter) (Figures, error) {
	figures, err := s.engine.Figures(ctx, f)
	return figures, s.told(err)
}

// Others returns the ids among which other processes have recorded since the last call, maybe with some of ours
// between; false when there are none. The first call returns all ids. It costs a look at the newest id.
func (s *Store) Others(ctx context.Context) (Range, bool, error) {
	ids, found, err := s.engine.Others(ctx)
	return ids, found, s.told(err)
}

// Unsettled returns the newest id, and how many of the thousand newest exchanges up to an id (0: all) lack an answer
// that was announced for a time from since to until. A writer that lives has it in the history some milliseconds after
// it went out.
func (s *Store) Unsettled(ctx context.Context, upTo int64, since, until time.Time) (newest, open int64, err error) {
	newest, open, err = s.engine.Unsettled(ctx, upTo, since, until)
	return newest, open, s.told(err)
}
