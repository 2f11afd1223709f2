package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// newEngine makes a history of its own and closes it in the end.
func newEngine(t *testing.T) *Engine {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// commit records exchanges as package store does, with an ending for each, and returns its error.
func commit(t *testing.T, s *Engine, ending engine.Ending, xs ...*record.Exchange) error {
	t.Helper()
	w := &engine.Write{}
	for _, x := range xs {
		b := &engine.Beginning{X: x, Given: x, Ending: ending}
		b.URL, b.Endpoint = record.SplitURL(x.Request.URL)
		w.Begin = append(w.Begin, b)
	}
	err := s.Commit(t.Context(), &engine.Group{Writes: []*engine.Write{w}})
	for i, b := range w.Begin {
		xs[i].ID = b.ID
	}
	return err
}
