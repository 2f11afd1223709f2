package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// killedHistory is the files that a killed writer left behind: the log is not in the file yet.
func killedHistory(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "history.db")
	cmd, _, out := child(t, "flood", path, "0")
	for n := 0; out.Scan(); n++ {
		if n == 300 {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("the kill left no log: %v", err)
	}
	return path
}

func TestATornLogLosesOnlyItsEnd(t *testing.T) {
	t.Parallel()
	killed := killedHistory(t)
	log, err := os.ReadFile(killed + "-wal")
	must(t, err)
	flipped := append([]byte(nil), log...)
	flipped[len(log)-100] ^= 1
	torn := map[string][]byte{
		"as it was": log, "a byte short": log[:len(log)-1], "a page short": log[:len(log)-20000], "a bit flipped": flipped,
		"garbage behind it": append(append([]byte(nil), log...), make([]byte, 5000)...), "half of it": log[:len(log)/2],
	}
	for name, log := range torn {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			data, err := os.ReadFile(killed)
			must(t, err)
			must(t, os.WriteFile(path, data, 0o600))
			must(t, os.WriteFile(path+"-wal", log, 0o600))
			s := openHistory(t, path)
			ids := listed(t, s, store.Filter{OldestFirst: true, Bodies: true})
			if len(ids) < 50 || ids[len(ids)-1] != int64(len(ids)) {
				t.Fatalf("%d are left, the newest is %d", len(ids), ids[len(ids)-1])
			}
			x := hook(9)
			keep(t, s, x)
			if x.ID != int64(len(ids)+1) {
				t.Errorf("after %d comes %d", len(ids), x.ID)
			}
			sound(t, path)
		})
	}
}

// linuxRoles are the roles of the tests in this file.
var linuxRoles = map[string]func(path string, args []string) error{"open": roleOpen, "full": roleFull,
	"strange": roleStrange, "share": roleShare, "tight": roleTight}

// roleOpen opens, and says so.
func roleOpen(path string, _ []string) error {
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return err
	}
	fmt.Println("open")
	return s.Close()
}

func TestKilledWhileItIsMadeAHistoryIsMadeByTheNext(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		path := filepath.Join(t.TempDir(), "history.db")
		cmd, _, _ := child(t, "open", path)
		for sizeOf(path) < 0 && cmd.ProcessState == nil { // not before there is anything to break
			if syscall.Kill(cmd.Process.Pid, 0) != nil {
				break
			}
		}
		for end := time.Now().Add(time.Duration(i*200) * time.Microsecond); time.Now().Before(end); { // a sleep is too coarse
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		keep(t, openHistory(t, path), hook(1))
		sound(t, path)
	}
}

// sizeOf is -1 for what is not there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// The moment in which a kill finds all pages of the migration written and its journal not yet removed: what the file
// seems to be then is undone by whoever opens it.
func TestKilledInTheCommitOfTheMigrationTheHistoryIsMadeByTheNext(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	made := filepath.Join(folder, "made.db")
	db, err := sql.Open("sqlite3", "file:"+made)
	must(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	script, err := os.ReadFile("migrations/0001_history.sql")
	must(t, err)
	for _, statement := range []string{"PRAGMA page_size = 16384", "PRAGMA auto_vacuum = INCREMENTAL",
		"PRAGMA cache_size = 2", "PRAGMA cache_spill = 1", "BEGIN IMMEDIATE", string(script),
		"CREATE TABLE spill (x); INSERT INTO spill SELECT randomblob(9000) FROM (VALUES (1), (2), (3), (4), (5), (6), " +
			"(7), (8), (9)); DROP TABLE spill",
		"PRAGMA application_id = 1650553442", "PRAGMA user_version = 1"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	journal, err := os.ReadFile(made + "-journal")
	must(t, err)
	if len(journal) == 0 {
		t.Fatal("nothing was written before the commit")
	}
	_, err = db.Exec("COMMIT")
	must(t, err)
	data, err := os.ReadFile(made)
	must(t, err)
	for how, open := range map[string]func(context.Context, string) (*store.Store, error){"Open": store.Open,
		"OpenExisting": store.OpenExisting} {
		path := filepath.Join(folder, how+".db")
		must(t, os.WriteFile(path, data, 0o600))
		must(t, os.WriteFile(path+"-journal", journal, 0o600))
		s, err := open(context.Background(), path)
		if err != nil {
			t.Errorf("%s: %v", how, err)
			continue
		}
		keep(t, s, hook(1))
		must(t, s.Close())
		sound(t, path)
	}
}

// fill records until the disk is full and checks what is promised then.
func fill(s *store.Store) (acknowledged map[int]int64, err error) {
	ctx, acknowledged := context.Background(), map[int]int64{}
	for n := 0; n < 100_000; n++ {
		x := hook(n)
		if err = s.Record(ctx, x); err != nil {
			break
		}
		acknowledged[n] = x.ID
		if n%3 == 0 {
			_ = s.Answer(ctx, answered(x, 200)) // may be refused once the disk is full
		}
	}
	for x, err := range s.List(ctx, store.Filter{Limit: 20}) {
		if err != nil || x == nil {
			return nil, fmt.Errorf("a list on a full disk: %w", err)
		}
	}
	return acknowledged, err
}

func TestAFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=12m"); err != nil {
		t.Logf("no file system may be mounted here (%v): TestAFileThatMayNotGrow… has to do", err)
		return
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	ballast := filepath.Join(folder, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 3<<20), 0o600))
	path := filepath.Join(folder, "history.db")
	s := openHistory(t, path)
	acknowledged, err := fill(s)
	mustBe(t, err, store.ErrFull)
	for n := range 20 { // a checkpoint may make room for a few in the log
		x := hook(200_000 + n)
		if err := s.Record(context.Background(), x); err == nil {
			acknowledged[200_000+n] = x.ID
		} else {
			mustBe(t, err, store.ErrFull)
		}
	}
	if len(acknowledged) < 200 {
		t.Fatalf("only %d fitted", len(acknowledged))
	}
	began := time.Now()
	must(t, os.Remove(ballast))
	x := hook(1_000_000)
	for err = s.Record(context.Background(), x); err != nil && time.Since(began) < 5*time.Second; {
		err = s.Record(context.Background(), x)
	}
	must(t, err)
	acknowledged[1_000_000] = x.ID
	if err := s.Flush(context.Background()); err != nil {
		t.Errorf("Flush: %v", err)
	}
	must(t, s.Close())
	hasAll(t, path, acknowledged)
	sound(t, path)
}

// roleFull is the same on any file system: the process may not make its files larger than so many bytes.
func roleFull(path string, args []string) error {
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	before := limit
	size, _ := strconv.Atoi(args[0])
	limit.Cur = uint64(size)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	acknowledged, err := fill(s)
	fmt.Println(err)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	x := hook(1_000_000)
	if err := s.Record(context.Background(), x); err != nil {
		return fmt.Errorf("after space came back: %w", err)
	}
	acknowledged[1_000_000] = x.ID
	for n, id := range acknowledged {
		fmt.Println(n, id)
	}
	return s.Close()
}

func TestAFileThatMayNotGrowLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	cmd, _, out := child(t, "full", path, strconv.Itoa(5<<19))
	if out.Scan(); out.Text() != "history "+path+" cannot grow: the disk is full" &&
		!hasPrefixOf(out.Text(), "history "+path+" cannot grow: the disk is full (") {
		t.Errorf("at the limit the error is %q", out.Text())
	}
	acknowledged := map[int]int64{}
	for out.Scan() {
		var n int
		var id int64
		if _, err := fmt.Sscan(out.Text(), &n, &id); err != nil {
			t.Fatal(err)
		}
		acknowledged[n] = id
	}
	must(t, cmd.Wait())
	if len(acknowledged) < 50 {
		t.Fatalf("only %d fitted", len(acknowledged))
	}
	hasAll(t, path, acknowledged)
	sound(t, path)
}

func hasPrefixOf(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// roleStrange is a user who may read and not write.
func roleStrange(path string, _ []string) error {
	ctx := context.Background()
	_, err := store.Open(ctx, path)
	fmt.Printf("Open: %v\n", err)
	s, err := store.OpenExisting(ctx, path)
	if err != nil {
		return err
	}
	n := 0
	for _, err := range s.List(ctx, store.Filter{Bodies: true}) {
		if err != nil {
			return err
		}
		n++
	}
	_, prune := s.Prune(ctx, store.PruneRule{OlderThan: time.Now().AddDate(9, 0, 0)})
	fmt.Printf("%d\nRecord: %v\nPrune: %v\n", n, s.Record(ctx, hook(1)), prune)
	return s.Close()
}

func TestAReadOnlyHistoryIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	for name, live := range map[string]bool{"closed": false, "while another writes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := openHistory(t, filepath.Join(folder, "history.db"))
			keep(t, s, hook(1), hook(2))
			if !live {
				must(t, s.Close())
			}
			entries, err := os.ReadDir(folder)
			must(t, err)
			for _, e := range entries {
				must(t, os.Chmod(filepath.Join(folder, e.Name()), 0o444))
			}
			must(t, os.Chmod(folder, 0o555))
			t.Cleanup(func() { _ = os.Chmod(folder, 0o755) })
			got := asStranger(t, s.Path())
			refused := "history " + s.Path() + " cannot be written"
			want := fmt.Sprintf("Open: %s: permission denied\n2\nRecord: %s: permission denied\nPrune: %s: permission denied\n",
				refused, refused, refused)
			if got != want {
				t.Errorf("a reader sees\n%swant\n%s", got, want)
			}
		})
	}
}

// asStranger runs the role as somebody who is not root, for whom permissions mean nothing.
func asStranger(t *testing.T, path string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "strange")
	must(t, os.Chmod(filepath.Dir(filepath.Dir(binary)), 0o755)) // the folder of all folders of this test
	program, err := os.ReadFile(os.Args[0])
	must(t, err)
	// A process that another test starts meanwhile would hold the file open, and what is open for writing cannot be run.
	syscall.ForkLock.RLock()
	err = os.WriteFile(binary, program, 0o755)
	syscall.ForkLock.RUnlock()
	must(t, err)
	cmd := exec.Command(binary, path)
	cmd.Env = append(os.Environ(), "BARB_STORE_ROLE=strange")
	cmd.Stderr = os.Stderr
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("the reader: %v", err)
	}
	return string(out)
}

// roleShare adds messages of one body as 4 callers do, and says how many are durable.
func roleShare(path string, _ []string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	body, failed := hookBody(1), make(chan error)
	for range 4 {
		go func() {
			for n := 0; ; n++ {
				err := s.Add(ctx, sent(n, body))
				if err == nil && n%50 == 0 {
					err = s.Flush(ctx)
					fmt.Println(n)
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func TestKilledInTheMiddleEveryMessageHasItsSharedBody(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	for _, kill := range []int{1, 20, 45} { // each round goes on in the file that a kill left
		cmd, _, out := child(t, "share", path)
		for n := 0; out.Scan(); n++ {
			if n == kill {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
	}
	s, want := openHistory(t, path), map[int64][]byte{}
	for _, id := range listed(t, s, store.Filter{}) {
		want[id] = hookBody(1)
	}
	if len(want) < 2000 {
		t.Errorf("%d messages are left", len(want))
	}
	asWanted(t, s, want)
	if n := references(t, path); n != 3 {
		t.Errorf("three processes share %d bodies", n)
	}
	sound(t, path)
}
