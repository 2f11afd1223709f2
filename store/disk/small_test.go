package disk_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/barbhq/barb/store/disk"
)

// only checks that a folder holds one file, with that text, which nobody else can read.
func only(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("it holds %q, want %q; %v", got, want, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestAFileThatIsThereStaysUnlessItIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := disk.Create(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	only(t, path, "one")
	err := disk.Create(path, []byte("two"))
	if !errors.Is(err, fs.ErrExist) || !strings.HasPrefix(err.Error(), "open "+path+": ") {
		t.Errorf("%v", err)
	}
	only(t, path, "one")
	if err := disk.Replace(path, []byte("three")); err != nil {
		t.Fatal(err)
	}
	only(t, path, "three")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := disk.Replace(path, nil); err != nil {
		t.Fatal(err)
	}
	only(t, path, "")
}

func TestOneOfManyCreatesTheFileAndReadersSeeAllOfIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	var group sync.WaitGroup
	var made atomic.Int64
	for i := range 16 {
		group.Go(func() {
			text := bytes.Repeat([]byte{'a' + byte(i)}, 1<<16)
			switch err := disk.Create(path, text); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			if got, err := os.ReadFile(path); err != nil || len(got) != len(text) || bytes.Count(got, got[:1]) != len(got) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("%d made it", made.Load())
	}
}

func TestAnErrorNamesThePathThatWasAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing", "file")
	for name, err := range map[string]error{missing: disk.Create(missing, nil), dir: disk.Replace(dir, nil)} {
		if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
