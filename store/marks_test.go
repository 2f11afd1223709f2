package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A history of the first version is brought forward by whoever opens it, and what is in it has no marks.
func TestAHistoryWithoutMarksGetsThem(t *testing.T) {
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting} {
		t.Run(how, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			script, err := os.ReadFile("migrations/0001_history.sql")
			must(t, err)
			execute(t, path, "PRAGMA auto_vacuum = INCREMENTAL", string(script),
				"INSERT INTO exchange (id, kind, attempt, start, method, url, request_size, ended, failed) VALUES (7, 2, 1, 1, "+
					"'POST', '://', 0, 1, 0)",
				"PRAGMA application_id = 1650553442", "PRAGMA user_version = 1")
			must(t, os.Chmod(path, 0o600))
			s, err := open(context.Background(), path)
			must(t, err)
			defer s.Close()
			x, err := s.Get(context.Background(), 7)
			if err != nil || len(x.Marks) != 0 || x.Run != nil {
				t.Fatalf("%+v, %v", x, err)
			}
			again := answered(hook(1), 200)
			again.Marks = []record.Mark{{Kind: record.Duplicate, Of: 7}}
			keep(t, s, again)
			if got := listed(t, s, store.Filter{Marked: record.Duplicate}); len(got) != 1 || got[0] != 8 {
				t.Errorf("listed %v", got)
			}
		})
	}
}
