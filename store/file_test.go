//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
)

// snapshot is every file below a folder with its bytes and the time it was last written.
func snapshot(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		text := info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += info.ModTime().String() + string(data)
		}
		all[path] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAFileThatIsNotOursIsRefusedAndNotTouched(t *testing.T) {
	t.Parallel()
	write := func(data []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	noise := make([]byte, 8192)
	for i := range noise {
		noise[i] = byte(rand.IntN(256))
	}
	closed := func(t *testing.T, path string) {
		s := openHistory(t, path)
		keep(t, s, hook(1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		make func(*testing.T, string)
		want error
	}{
		"random bytes":       {write(noise), store.ErrForeign},
		"a byte":             {write([]byte{0}), store.ErrForeign},
		"text":               {write([]byte(strings.Repeat("dear diary\n", 100))), store.ErrForeign},
		"SQLite's name only": {write([]byte("SQLite format 3\x00")), store.ErrForeign},
		"a folder":           {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o755)) }, store.ErrForeign},
		"a pipe":             {func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o644)) }, store.ErrForeign},
		"another's tables": {func(t *testing.T, path string) { execute(t, path, "CREATE TABLE exchange (id)") },
			store.ErrForeign},
		"another's, with a log": {func(t *testing.T, path string) {
			execute(t, path, "PRAGMA journal_mode = WAL", "CREATE TABLE t (id)")
		}, store.ErrForeign},
		"another's mark": {func(t *testing.T, path string) {
			execute(t, path, "PRAGMA application_id = 4711", "CREATE TABLE t (id)")
		}, store.ErrForeign},
		"zeros":                             {write(make([]byte, 8192)), store.ErrForeign},
		"zeros, with the journal of a page": {func(t *testing.T, path string) { begun(t, path, 1) }, store.ErrForeign},
		"a newer history": {func(t *testing.T, path string) {
			closed(t, path)
			execute(t, path, "PRAGMA user_version = 99")
		}, store.ErrNewer},
		"a history cut in half": {func(t *testing.T, path string) {
			closed(t, path)
			if err := os.Truncate(path, 20<<10); err != nil {
				t.Fatal(err)
			}
		}, store.ErrCorrupt},
	}
	opens := map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting}
	for name, c := range cases {
		for how, open := range opens {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				path := filepath.Join(folder, "h.db")
				c.make(t, path)
				before := snapshot(t, folder)
				s, err := open(context.Background(), path)
				mustBe(t, err, c.want)
				if err == nil {
					_ = s.Close()
				} else if text := err.Error(); !strings.Contains(text, path) || strings.Contains(text, "\n") {
					t.Errorf("the error is not one line with the path: %q", text)
				}
				if d := cmp.Diff(before, snapshot(t, folder)); d != "" {
					t.Errorf("the folder was changed:\n%.2000s", d)
				}
			})
		}
	}
}

func TestOpenExistingMakesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, folder)
	for _, path := range []string{empty, filepath.Join(folder, "none.db"),
		filepath.Join(folder, "no", "folder", "none.db")} {
		_, err := store.OpenExisting(context.Background(), path)
		mustBe(t, err, store.ErrNotExist)
	}
	if d := cmp.Diff(before, snapshot(t, folder)); d != "" {
		t.Errorf("the folder was changed:\n%s", d)
	}
	keep(t, openHistory(t, empty), hook(1)) // what mktemp made may become a history
}

// begun writes what a power cut in the first write of a history can leave: the page is without its first bytes. The
// journal says how many pages the file had before.
func begun(t *testing.T, path string, pages byte) {
	t.Helper()
	page, journal := make([]byte, 8192), make([]byte, 512)
	page[8191] = 1
	copy(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\x00\x00\x00\x00nonc\x00\x00\x00"+string(pages)+
		"\x00\x00\x02\x00\x00\x00\x20\x00")
	must(t, os.WriteFile(path, page, 0o600))
	must(t, os.WriteFile(path+"-journal", journal, 0o600))
}

func TestAHistoryCutOffInItsFirstWriteIsMadeAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h.db")
	begun(t, path, 0)
	_, err := store.OpenExisting(context.Background(), path)
	mustBe(t, err, store.ErrNotExist)
	keep(t, openHistory(t, path), hook(1))
}

func TestOpeningAHistoryWritesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "a b%20c?#.db") // a name that must not be taken for a URL
	s := openHistory(t, path)
	keep(t, s, answered(hook(1), 200))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, folder)
	if len(before) != 2 {
		t.Errorf("a clean stop leaves %d files", len(before)-1)
	}
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting} {
		s, err := open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		if ids := listed(t, s, store.Filter{Bodies: true}); len(ids) != 1 {
			t.Errorf("%s: listed %v", how, ids)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, snapshot(t, folder)); d != "" {
			t.Errorf("%s changed the folder:\n%.2000s", how, d)
		}
	}
}

func TestAReplacedHistoryIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	replace := map[string]func(*testing.T, string){
		"removed": func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"removed with its log": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Remove(path+"-wal"))
			must(t, os.Remove(path+"-shm"))
		},
		"moved away": func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) },
		"replaced by another": func(t *testing.T, path string) {
			other := filepath.Join(t.TempDir(), "other.db")
			s := openHistory(t, other)
			keep(t, s, hook(77))
			must(t, s.Close())
			must(t, os.Rename(other, path))
		},
		"log removed":    func(t *testing.T, path string) { must(t, os.Remove(path+"-wal")) },
		"folder removed": func(t *testing.T, path string) { must(t, os.RemoveAll(filepath.Dir(path))) },
		"folder moved": func(t *testing.T, path string) {
			must(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".old"))
		},
	}
	for name, change := range replace {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openHistory(t, filepath.Join(t.TempDir(), "in", "history.db"))
			keep(t, s, hook(1))
			change(t, s.Path())
			for range 2 {
				x := hook(2)
				mustBe(t, s.Record(context.Background(), x), store.ErrReplaced)
				if x.ID != 0 {
					t.Errorf("it has the id %d", x.ID)
				}
			}
			if _, err := s.Newest(t.Context(), 0); name != "log removed" { // the file itself can still be opened
				mustBe(t, err, store.ErrReplaced)
			}
			if name == "replaced by another" {
				sound(t, s.Path())
			}
		})
	}
}

// A writer whose first look at the log failed connects anew before it writes.
func TestARemovedLogIsNoticedAfterAFailedStart(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	other, err := sql.Open("sqlite3", s.Path())
	must(t, err)
	t.Cleanup(func() { _ = other.Close() })
	change := func(statement string) {
		_, err := other.Exec(statement)
		must(t, err)
	}
	change("ALTER TABLE history RENAME COLUMN last_id TO hidden")
	if s.Record(t.Context(), hook(1)) == nil {
		t.Fatal("recorded without the column")
	}
	change("ALTER TABLE history RENAME COLUMN hidden TO last_id")
	keep(t, s, hook(1))
	must(t, os.Remove(s.Path()+"-wal"))
	mustBe(t, s.Record(t.Context(), hook(2)), store.ErrReplaced)
}

// A listener that is told of a replaced file opens the history again; the old one must not disturb the new one then.
func TestAHistoryMadeAnewInThePlaceOfARemovedOneIsNotDisturbed(t *testing.T) {
	t.Parallel()
	old := newHistory(t)
	keep(t, old, hook(1))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Remove(old.Path()+suffix))
	}
	fresh := openHistory(t, old.Path())
	x := hook(2)
	keep(t, fresh, x)
	mustBe(t, old.Record(context.Background(), hook(3)), store.ErrReplaced)
	if err := old.Close(); err != nil && !errors.Is(err, store.ErrReplaced) {
		t.Errorf("Close: %v", err)
	}
	y := hook(4)
	keep(t, fresh, y)
	must(t, fresh.Close())
	again := openHistory(t, fresh.Path())
	if ids := fmt.Sprint(listed(t, again, store.Filter{})); ids != "[2 1]" {
		t.Errorf("the new history has %s", ids)
	}
	sound(t, again.Path())
}

func TestALinkLeadsToTheHistory(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	keep(t, s, hook(1))
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(s.Path(), link))
	keep(t, openHistory(t, link), hook(2))
	if ids := listed(t, s, store.Filter{}); len(ids) != 2 {
		t.Errorf("through the link it has %v", ids)
	}
}
