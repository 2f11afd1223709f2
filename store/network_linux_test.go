package store

import (
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestNetworkFileSystemsAreKnown(t *testing.T) {
	for magic, want := range map[uint32]bool{0x6969: true, 0xfe534d42: true, 0x65735546: true, 0xef53: false /* ext4 */, 0x9123683e: false /* btrfs */, 0x01021994: false /* tmpfs */} {
		if got := isNetworkType(magic); got != want {
			t.Errorf("file system %#x: %v, want %v", magic, got, want)
		}
	}
	if onNetwork(t.TempDir()) {
		t.Error("the folder of the tests is taken for a network file system")
	}
}

// No network file system can be mounted in a test: the store is told that it lies on one.
func TestOnANetworkThereIsNoLog(t *testing.T) {
	s := &Store{path: filepath.Join(t.TempDir(), "history.db"), network: true}
	for _, step := range []error{makeFile(s.path), migrate(s.path), s.openReaders(t.Context())} {
		if step != nil {
			t.Fatal(step)
		}
	}
	var err error
	if s.file, err = newAnchor(s.path); err != nil {
		t.Fatal(err)
	}
	x := &record.Exchange{Kind: record.Received}
	if err := s.Record(t.Context(), x); err != nil || x.ID != 1 {
		t.Fatalf("Record = %v, id %d", err, x.ID)
	}
	if _, err := s.Get(t.Context(), 1); err != nil {
		t.Error(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if sizeOf(s.path+suffix) > 0 {
			t.Errorf("there is a %s", suffix)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
