package sqlite

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/barbhq/barb/store/engine"
)

// A connection that is opened for a query finds no file, and SQLite then says only that it cannot open it.
func TestAQueryOfARemovedFileSaysThatItIsGone(t *testing.T) {
	t.Parallel()
	asks := map[string]func(context.Context, *Engine) error{
		"Thread": func(ctx context.Context, s *Engine) error { _, err := s.Thread(ctx, 1); return err },
		"List": func(ctx context.Context, s *Engine) error {
			for _, err := range s.List(ctx, engine.Filter{}) {
				return err
			}
			return nil
		},
		"Webhooks": func(ctx context.Context, s *Engine) error {
			for _, err := range s.Webhooks(ctx, engine.Filter{Failed: true}) {
				return err
			}
			return nil
		},
		"EventTypes": func(ctx context.Context, s *Engine) error { _, err := s.EventTypes(ctx, "", 9); return err },
	}
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEngine(t)
			keepBusy(t, s)
			for _, change := range []func() error{
				func() error { return os.Rename(s.path, s.path+".away") },
				func() error { return os.WriteFile(s.path, []byte("something else, and no database at all"), 0o600) },
			} {
				if err := change(); err != nil {
					t.Fatal(err)
				}
				if err := ask(t.Context(), s); !errors.Is(err, engine.ErrReplaced) {
					t.Errorf("%v", err)
				}
			}
			if err := os.Rename(s.path+".away", s.path); err != nil {
				t.Fatal(err)
			}
			if err := ask(t.Context(), s); errors.Is(err, engine.ErrReplaced) {
				t.Error("it is said of a file that is there")
			}
		})
	}
}

// keepBusy has the next query open a connection of its own.
func keepBusy(t *testing.T, s *Engine) {
	t.Helper()
	for range s.db.Stats().OpenConnections {
		busy, err := s.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = busy.Close() })
	}
}
