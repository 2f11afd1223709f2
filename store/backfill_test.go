package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// A thousand pages are 8 MiB; until then SQLite itself would leave everything in the log.
func TestTheFileGrowsWhileTheLogIsShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range 20 {
		x := hook(n)
		x.Request.Body = make([]byte, 100<<10)
		if err := s.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1<<20 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("2 MiB were recorded, and the file has %d bytes", info.Size())
		}
	}
}
