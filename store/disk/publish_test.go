package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store/disk"
)

func TestAPublishedFileHasTheModeThatOthersHave(t *testing.T) {
	dir := t.TempDir()
	usual, path := filepath.Join(dir, "usual"), filepath.Join(dir, "r.xml")
	f, err := os.Create(usual)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if err := disk.Publish(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(usual)
	got, err := os.Stat(path)
	if err != nil || got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v: %v", got.Mode(), want.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("r.xml", link); err != nil {
		t.Fatal(err)
	}
	if err := disk.Publish(link, []byte("two")); err != nil {
		t.Fatal(err)
	}
	if got, err = os.Lstat(path); err != nil || got.Mode() != 0o640 {
		t.Errorf("mode %v: %v", got.Mode(), err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "two" {
		t.Errorf("%q, %v", data, err)
	}
	if to, err := os.Readlink(link); err != nil || to != "r.xml" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".barb-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWhatIsNoFileIsWrittenAsItIs(t *testing.T) {
	if err := disk.Publish(os.DevNull, []byte("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
	dir := t.TempDir()
	for path, ok := range map[string]bool{filepath.Join(dir, "new"): true, dir: false, os.DevNull: true,
		filepath.Join(dir, "no", "new"): false} {
		if err := disk.Placeable(path); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}
