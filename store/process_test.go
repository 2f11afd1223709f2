//go:build unix

package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"go.uber.org/goleak"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// TestMain lets the test binary be the other processes of a test: what BARB_STORE_ROLE says, on the history that the
// first argument names.
func TestMain(m *testing.M) {
	name := os.Getenv("BARB_STORE_ROLE")
	role, ok := roles[name]
	if !ok {
		role, ok = linuxRoles[name]
	}
	if ok {
		if err := role(os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(withServer{m})
}

// withServer stops the PostgreSQL server that the tests share, before what is left is looked for.
type withServer struct{ *testing.M }

func (w withServer) Run() int { return pgtest.Main(w.M) }

var roles = map[string]func(path string, args []string) error{
	"write": roleWrite, "flood": roleFlood, "lock": roleLock, "umask": roleUmask, "copy": roleCopy,
}

// child starts a role. Its standard input stays open until the test ends it.
func child(t *testing.T, role, path string, args ...string) (cmd *exec.Cmd, in io.WriteCloser, out *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0], append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), "BARB_STORE_ROLE="+role)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, stdin, bufio.NewScanner(stdout)
}

// roleWrite records as many hooks as args say, one by one, and ends cleanly.
func roleWrite(path string, args []string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(args[0])
	for i := range n {
		x := hook(i)
		if err := s.Record(ctx, x); err != nil {
			return err
		}
		if err := s.Answer(ctx, answered(x, 200)); err != nil {
			return err
		}
		for light, err := range s.List(ctx, store.Filter{Limit: 1}) { // readers among the writers
			if err != nil || light.ID < x.ID {
				return fmt.Errorf("after %d the newest is %v, %w", x.ID, light, err)
			}
		}
	}
	return s.Close()
}

func TestEightProcessesShareAHistoryThatNoneHasMade(t *testing.T) {
	t.Parallel()
	const processes, rounds, each = 8, 3, 10
	for range rounds {
		path := filepath.Join(t.TempDir(), "new", "history.db")
		var wg sync.WaitGroup
		for range processes {
			cmd, _, _ := child(t, "write", path, strconv.Itoa(each))
			wg.Go(func() {
				if err := cmd.Wait(); err != nil {
					t.Errorf("a writer: %v", err)
				}
			})
		}
		wg.Wait()
		s := openHistory(t, path)
		if ids := listed(t, s, store.Filter{}); len(ids) != processes*each || ids[0] != processes*each {
			t.Errorf("%d exchanges, want %d", len(ids), processes*each)
		}
		if open := listed(t, s, store.Filter{Status: store.StatusRange{From: 200, To: 200}}); len(open) != processes*each {
			t.Errorf("%d answers, want %d", len(open), processes*each)
		}
		sound(t, path)
	}
}

// roleFlood records hooks as 16 callers do, numbered from args on, and says each number once it is durable.
func roleFlood(path string, args []string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	first, _ := strconv.Atoi(args[0])
	numbers, failed := make(chan int), make(chan error)
	go func() {
		for n := first; ; n++ {
			numbers <- n
		}
	}()
	for range 16 {
		go func() {
			for n := range numbers {
				x := hook(n)
				err := s.Record(ctx, x)
				if err == nil {
					_, err = fmt.Printf("%d %d\n", n, x.ID)
				}
				if err == nil {
					err = s.Answer(ctx, answered(x, 200))
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func TestKilledInTheMiddleLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	acknowledged := map[int]int64{}
	for i, kill := range []int{1, 700, 1700, 2600} { // together 5,000; each round goes on in the file that a kill left
		cmd, _, out := child(t, "flood", path, strconv.Itoa(i*100_000))
		for n := 0; out.Scan(); n++ { // also what was said between the decision and the kill
			var number int
			var id int64
			if _, err := fmt.Sscan(out.Text(), &number, &id); err != nil {
				break // cut by the kill
			}
			acknowledged[number] = id
			if n+1 == kill {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
	}
	if len(acknowledged) < 5000 {
		t.Fatalf("only %d were acknowledged", len(acknowledged))
	}
	hasAll(t, path, acknowledged)
	sound(t, path)
}

// hasAll checks that the history has every hook by number under its id, byte for byte, and no number twice.
func hasAll(t *testing.T, path string, acknowledged map[int]int64) {
	t.Helper()
	s := openHistory(t, path)
	found := map[string]bool{}
	byID := map[int64]*record.Exchange{}
	for x, err := range s.List(context.Background(), store.Filter{Bodies: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if found[x.WebhookID] {
			t.Errorf("%s is there twice", x.WebhookID)
		}
		found[x.WebhookID], byID[x.ID] = true, x
	}
	for n, id := range acknowledged {
		want, got := hook(n), byID[id]
		if got == nil || got.WebhookID != want.WebhookID || !bytes.Equal(got.Request.Body, want.Request.Body) ||
			got.Request.Head != want.Request.Head {
			t.Fatalf("hook %d was acknowledged as %d, which is now %+v", n, id, got)
		}
	}
}

// sound asks SQLite itself.
func sound(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s, %v", verdict, err)
	}
}

// roleLock holds the write lock until its input ends.
func roleLock(path string, _ []string) error {
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	_ = tx.Rollback()
	return err
}

func TestALockedHistoryIsRefusedInTimeAndWorksAfterRelease(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	before := hook(1)
	keep(t, s, before)
	cmd, in, out := child(t, "lock", s.Path())
	if !out.Scan() {
		t.Fatal("the other process has no lock")
	}
	again := openHistory(t, s.Path()) // opening needs no write lock
	if err := s.Answer(context.Background(), answered(before, 200)); err != nil {
		t.Errorf("Answer: %v", err)
	}
	began := time.Now()
	var wg sync.WaitGroup
	for _, h := range []*store.Store{s, again} {
		for range 3 {
			wg.Go(func() {
				x := hook(2)
				mustBe(t, h.Record(context.Background(), x), store.ErrLocked)
				if x.ID != 0 {
					t.Errorf("an exchange that was not recorded has the id %d", x.ID)
				}
			})
		}
	}
	wg.Wait()
	if took := time.Since(began); took > 11*time.Second {
		t.Errorf("it took %v to refuse", took)
	}
	if n := len(listed(t, s, store.Filter{})); n != 1 {
		t.Errorf("the history is read while it is locked and has %d exchanges", n)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	keep(t, s, hook(3))
	sameAfterwards(t, s, before) // the answer was kept through the failed group
}

func roleUmask(path string, args []string) error {
	mask, err := strconv.ParseUint(args[0], 8, 32)
	if err != nil {
		return err
	}
	syscall.Umask(int(mask))
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return err
	}
	if err := s.Record(context.Background(), hook(1)); err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestFilesAreForTheirOwnerAloneWhateverTheUmask(t *testing.T) {
	t.Parallel()
	for _, mask := range []string{"000", "022", "077", "777"} {
		t.Run(mask, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "made", "too")
			path := filepath.Join(folder, "history.db")
			_, _, out := child(t, "umask", path, mask)
			if !out.Scan() {
				t.Fatal("no history was made")
			}
			for name, want := range map[string]os.FileMode{
				filepath.Dir(folder): 0o700 | os.ModeDir, folder: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600,
				path + "-shm": 0o600,
			} {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode() != want {
					t.Errorf("%s is %v, want %v", filepath.Base(name), info.Mode(), want)
				}
			}
		})
	}
}
