package disk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/barbhq/barb/store/disk"
)

func TestMakeMakesAFileForOneUserOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(folder, "file")
	for range 2 { // the second time it is there already
		if err := disk.Make(path); err != nil {
			t.Fatal(err)
		}
	}
	const private = fs.ModeDir | 0o700
	for path, want := range map[string]fs.FileMode{path: 0o600, folder: private, filepath.Dir(folder): private} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || !disk.IsMine(info) || disk.Stranger(info) != "" || disk.Writable(path) != nil {
		t.Errorf("%+v, %v: mine %t, stranger %q, %v", info, err, disk.IsMine(info), disk.Stranger(info), disk.Writable(path))
	}
}

func TestMakeLeavesWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("text"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := disk.Make(path); err != nil {
		t.Fatal(err)
	}
	if n := disk.Size(path); n != 4 {
		t.Errorf("it has %d bytes now", n)
	}
	if n := disk.Size(path + "-none"); n != 0 {
		t.Errorf("a missing one has %d bytes", n)
	}
	if err := disk.Make(filepath.Join(path, "below")); err == nil {
		t.Error("a file was made below a file")
	}
}

func TestAFileIDKnowsAReplacedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := disk.Make(path); err != nil {
		t.Fatal(err)
	}
	id, err := disk.Identify(path)
	if err != nil || !id.Same() || !(disk.FileID{}).Same() {
		t.Fatal("the file is not the same as itself:", err)
	}
	if err := disk.Make(path + "2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	if id.Same() {
		t.Error("another file under its name is taken for it")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if id.Same() {
		t.Error("it is the same after it was removed")
	}
	if _, err := disk.Identify(path); err == nil {
		t.Error("a missing file has an id")
	}
}

func TestMakeSaysWhyThereIsNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "x"), filepath.Join(file, "folder", "x")} {
		if err := disk.Make(path); err == nil {
			t.Errorf("%s was made below a file", path)
		}
	}
	if disk.OnNetwork(filepath.Join(file, "x")) {
		t.Error("a file that is not there lies on a network")
	}
}

func TestManyMayMakeAFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "c", "file")
	var made sync.WaitGroup
	for range 16 {
		made.Go(func() {
			if err := disk.Make(path); err != nil {
				t.Error(err)
			}
		})
	}
	made.Wait()
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
