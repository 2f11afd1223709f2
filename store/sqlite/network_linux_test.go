package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// No network file system can be mounted in a test: the engine is told that it lies on one.
func TestOnANetworkThereIsNoLog(t *testing.T) {
	s := &Engine{path: filepath.Join(t.TempDir(), "history.db"), network: true}
	s.writer.engine = s
	for _, step := range []error{disk.Make(s.path), migrate(s.path), s.openReaders(t.Context())} {
		if step != nil {
			t.Fatal(step)
		}
	}
	var err error
	if s.file, err = disk.Identify(s.path); err != nil {
		t.Fatal(err)
	}
	x := &record.Exchange{Kind: record.Received}
	if err := commit(t, s, engine.Ending{}, x); err != nil || x.ID != 1 {
		t.Fatalf("Commit = %v, id %d", err, x.ID)
	}
	if _, err := s.Get(t.Context(), 1); err != nil {
		t.Error(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if disk.Size(s.path+suffix) > 0 {
			t.Errorf("there is a %s", suffix)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
