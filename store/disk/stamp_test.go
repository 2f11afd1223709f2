package disk_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/barbhq/barb/store/disk"
)

func TestEachWriteChangesTheStamp(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the time of an open file says nothing there")
	}
	path := filepath.Join(t.TempDir(), "history.db")
	write := func(name string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(name, []byte("some bytes"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	if _, sure := disk.StampOf(path, now); sure {
		t.Error("a file that is not there has a stamp")
	}
	write(path, now.Add(-time.Hour))
	first, sure := disk.StampOf(path, now)
	if again, _ := disk.StampOf(path, now); !sure || again != first {
		t.Errorf("an old file: %v %v, sure %v", first, again, sure)
	}
	write(path+"-wal", now.Add(-time.Second))
	logged, sure := disk.StampOf(path, now)
	if logged == first || sure {
		t.Errorf("a log that was written a second ago: %v, sure %v", logged, sure)
	}
	if _, sure := disk.StampOf(path, now.Add(time.Minute)); !sure {
		t.Error("nothing is written for a minute, and the stamp is not sure")
	}
	write(path+"-wal", now.Add(time.Second)) // of the same size
	if s, sure := disk.StampOf(path, now); s == logged || sure {
		t.Errorf("a log of the same size was written: %v, sure %v", s, sure)
	}
	if err := os.Truncate(path+"-wal", 0); err != nil {
		t.Fatal(err)
	}
	if s, _ := disk.StampOf(path, now); s == logged {
		t.Error("the log was emptied, and the stamp is the same")
	}
}
