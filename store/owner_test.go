//go:build unix

package store_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
)

// aHistory is the path of one that another process is writing: its log and its index are beside it.
func aHistory(t *testing.T) string {
	t.Helper()
	s := newHistory(t)
	keep(t, s, hook(1))
	for _, end := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(s.Path() + end); err != nil {
			t.Fatal(err)
		}
	}
	return s.Path()
}

func TestAHistoryThatOthersCouldReadOrWriteIsMadePrivate(t *testing.T) {
	t.Parallel()
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting} {
		for name, through := range map[string]func(*testing.T, string) string{
			"by its name":  func(_ *testing.T, path string) string { return path },
			"over a link":  linkTo,
			"over two":     func(t *testing.T, path string) string { return linkTo(t, linkTo(t, path)) },
			"in a project": func(t *testing.T, path string) string { must(t, os.Chmod(filepath.Dir(path), 0o755)); return path },
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				path := aHistory(t)
				for end, mode := range map[string]fs.FileMode{"": 0o666, "-wal": 0o644, "-shm": 0o660} {
					must(t, os.Chmod(path+end, mode))
				}
				s, err := open(context.Background(), through(t, path))
				must(t, err)
				defer s.Close()
				for _, end := range []string{"", "-wal", "-shm"} {
					if info, err := os.Stat(path + end); err != nil || info.Mode().Perm() != 0o600 {
						t.Errorf("history%s: %v, %v", end, info.Mode(), err)
					}
				}
				if ids := listed(t, s, store.Filter{}); len(ids) != 1 {
					t.Errorf("it has %v", ids)
				}
			})
		}
	}
}

// A log that another user has put beside a history would be written into it; a history of another user would be
// believed.
func TestAHistoryThatIsNotTheUsersIsRefusedAndNotTouched(t *testing.T) {
	t.Parallel()
	rows := map[string]func(*testing.T, string){
		"its log is a link": func(t *testing.T, path string) { moveAway(t, path+"-wal") },
		"its index is one":  func(t *testing.T, path string) { moveAway(t, path+"-shm") },
		"its journal is a link to nothing": func(t *testing.T, path string) {
			must(t, os.Symlink(path+".none", path+"-journal"))
		},
	}
	if os.Getuid() == 0 {
		for name, end := range map[string]string{"a stranger's history": "", "a stranger's log": "-wal",
			"a stranger's index": "-shm"} {
			rows[name] = func(t *testing.T, path string) { must(t, os.Chown(path+end, 54321, 0)) }
		}
		rows["a stranger's journal"] = func(t *testing.T, path string) {
			must(t, os.WriteFile(path+"-journal", nil, 0o600))
			must(t, os.Chown(path+"-journal", 54321, 0))
		}
	}
	for name, spoil := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := aHistory(t)
			spoil(t, path)
			refused(t, path, path)
		})
	}
	if os.Getuid() == 0 {
		t.Run("a stranger's link", func(t *testing.T) {
			t.Parallel()
			path := aHistory(t)
			link := linkTo(t, path)
			must(t, os.Lchown(link, 54321, 0))
			refused(t, link, path)
		})
	}
}

// refused: opening it fails, says which file it is about, and changes nothing.
func refused(t *testing.T, path, history string) {
	t.Helper()
	before := snapshot(t, filepath.Dir(history))
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting} {
		s, err := open(context.Background(), path)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s opens it", how)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", how, err)
		}
	}
	if d := cmp.Diff(before, snapshot(t, filepath.Dir(history))); d != "" {
		t.Errorf("the folder was changed:\n%.2000s", d)
	}
}

func linkTo(t *testing.T, path string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(path, link))
	return link
}

// moveAway leaves a link in the place of a file.
func moveAway(t *testing.T, path string) {
	t.Helper()
	must(t, os.Rename(path, path+".moved"))
	must(t, os.Symlink(path+".moved", path))
}
