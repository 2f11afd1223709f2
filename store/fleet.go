package store

import "context"

// Beat notes that a worker lives, and returns all workers, itself among them; none where the history is a file, which
// keeps no signs of life. It takes up to engine.BeatPatience.
func (s *Store) Beat(ctx context.Context, w *Worker) ([]Worker, error) {
	if err := s.engine.Refused(); err != nil {
		return nil, err
	}
	all, err := s.engine.Beat(ctx, w)
	return all, s.told(err)
}

// ReleaseSilent ends the leases of workers that were silent for engine.SilentAfter, forgets these, and returns their
// holders. Nothing is released unless the worker that asks has beaten for as long without a failure.
func (s *Store) ReleaseSilent(ctx context.Context, holder string) ([]string, error) {
	released, err := s.engine.ReleaseSilent(ctx, holder)
	return released, s.told(err)
}

// Workers returns the workers that beat or hold leases, by their holders.
func (s *Store) Workers(ctx context.Context) ([]Worker, error) {
	all, err := s.engine.Workers(ctx)
	return all, s.told(err)
}
