package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/postgres/prepared"
	"github.com/barbhq/barb/store/postgres/reason"
)

// cutter is a proxy that cuts the answer to a group instead of passing it on, when it was told to.
type cutter struct {
	*pgtest.Proxy
	armed atomic.Int64 // how many groups are to be cut
}

func newCutter(t *testing.T, address string) *cutter {
	t.Helper()
	c := &cutter{Proxy: pgtest.NewProxy(t, address)}
	c.CutAnswer = func(sent []byte) (int, bool) { return 0, isGroup(sent) && c.armed.Add(-1) >= 0 }
	return c
}

// isGroup reports whether the bytes have the statement that notes a group, as it is executed with its rows: by its
// text, or by the name that pgx gives it.
func isGroup(sent []byte) bool {
	text := string(sent)
	digest := sha256.Sum256([]byte(noteWritten))
	if strings.Contains(text, "stmt_"+hex.EncodeToString(digest[:24])) {
		return !strings.Contains(text, "INSERT INTO barb.written") // else it is being prepared
	}
	return strings.Contains(text, "INSERT INTO barb.written") && strings.Contains(text, "lock_shared") ||
		strings.Contains(text, "INSERT INTO barb.written") && strings.Contains(text, "barb.queue")
}

func TestAGroupWhoseAnswerIsLostIsWrittenOnce(t *testing.T) {
	t.Parallel()
	proxy := newCutter(t, pgtest.Database(t))
	s := openEngine(t, proxy.Address)
	recorded(t, s, hook(0)) // the statements are known now: a group is sent in one piece
	seen := map[int64]bool{}
	for i := range 30 {
		proxy.armed.Store(1)
		for _, id := range recorded(t, s, hook(3*i+1), hook(3*i+2), hook(3*i+3)) {
			if seen[id] {
				t.Errorf("id %d was given twice", id)
			}
			seen[id] = true
		}
	}
	proxy.armed.Store(0)
	rows := value[int64](t, s, "SELECT count(*) FROM barb.exchange")
	ids := value[int64](t, s, "SELECT count(DISTINCT webhook_id) FROM barb.exchange")
	if rows != 91 || ids != 91 || len(seen) != 90 {
		t.Errorf("%d rows of %d webhooks, %d ids given; want 91, 91, 90", rows, ids, len(seen))
	}
	if proxy.Cuts() < 30 {
		t.Errorf("%d answers were cut, want 30", proxy.Cuts())
	}
}

func TestWhatATaskDidIsKnownWhenItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string]*prepared.Statements{"planned each time": nil, "planned once": often()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			losesAnswersToTasks(t, statements)
		})
	}
}

func losesAnswersToTasks(t *testing.T, statements *prepared.Statements) {
	t.Helper()
	proxy := newCutter(t, pgtest.Database(t))
	s := openEngine(t, proxy.Address)
	s.writer.prepared = statements
	enqueue(t, s, entry("a"), entry("a"), entry(""))
	for _, id := range lease(t, s, "w", 9) {
		complete(t, s, "w", id, engine.Waiting)
	}
	cut := func(task engine.Task) {
		t.Helper()
		before := proxy.Cuts()
		proxy.armed.Store(1)
		do(t, s, task)
		proxy.armed.Store(0)
		if proxy.Cuts() == before {
			t.Fatalf("the answer to %T was not cut", task)
		}
	}
	l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app, Owner: "w", Want: 9,
		Now: noon, Until: noon.Add(time.Minute)}}
	cut(l)
	if !slices.Equal(l.IDs, []int64{1, 3}) {
		t.Errorf("leased %v, want 1 and 3", l.IDs)
	}
	a := &engine.Attempt{Owner: "w", Entry: &engine.Queued{ID: 1, Due: noon}, Now: noon}
	cut(a)
	if n := value[int64](t, s, "SELECT attempts FROM barb.queue WHERE id = 1"); !a.Ours || n != 1 {
		t.Errorf("attempt: ours %v, counted %d times; want true, 1", a.Ours, n)
	}
	next := entry("a")
	c := &engine.Complete{Owner: "w", Entry: &engine.Queued{ID: 1, State: engine.Dead, Due: noon}, Now: noon,
		Next: []*engine.Queued{next}}
	cut(c)
	if !c.Ours || next.ID == 0 || !next.Blocked {
		t.Errorf("complete: ours %v, next %+v", c.Ours, next)
	}
	if n := value[int64](t, s, "SELECT count(*) FROM barb.queue"); n != 4 {
		t.Errorf("%d entries, want 4", n)
	}
}

// A group that is still on its way when its process asks for it must not be written afterwards.
func TestALateGroupIsRefused(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	recorded(t, s, hook(1))
	w := &s.writer
	w.number++
	if there, err := w.written(t.Context()); there || err != nil {
		t.Fatalf("a group that was never sent is there: %v", err)
	}
	_, err := s.pool.Exec(t.Context(), noteWritten, s.self, w.number)
	if reason.Code(err) != reason.Uniqueness {
		t.Errorf("the late group: %v, want %s", err, reason.Uniqueness)
	}
	if there, err := w.written(t.Context()); there || err != nil { // the first answer may have been lost
		t.Errorf("asked again: %v, %v", there, err)
	}
	recorded(t, s, hook(2))
	if there, err := w.written(t.Context()); !there || err != nil {
		t.Errorf("a group that is there: %v, %v", there, err)
	}
}

// After a crash the server may give ids again that are another process's by then.
func TestIDsThatWereGivenTwiceAreGivenAnew(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	s, other := openEngine(t, address), openEngine(t, address)
	recorded(t, s, hook(1), hook(2))
	if _, err := s.pool.Exec(t.Context(), "SELECT setval('barb.exchange_id', 1, false)"); err != nil {
		t.Fatal(err)
	}
	if ids := recorded(t, other, hook(3), hook(4)); !slices.Equal(ids, []int64{3, 4}) {
		t.Errorf("ids %v, want 3 and 4", ids)
	}
	if n := value[int64](t, s, "SELECT count(*) FROM barb.exchange"); n != 4 {
		t.Errorf("%d exchanges, want 4", n)
	}
}

func TestNothingIsLostWhenTheServerCrashes(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := openEngine(t, server.Database(t))
	var kept []int64
	stop, recording := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				recording <- nil
				return
			default:
			}
			w := begun(hook(n))
			if err := s.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{w}}); err != nil {
				recording <- err
				return
			}
			kept = append(kept, w.Begin[0].ID)
		}
	}()
	for range 2 {
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-recording; err != nil && !errors.Is(err, engine.ErrAway) {
		t.Fatal(err)
	}
	there := list[int64](t, s, "SELECT id FROM barb.exchange")
	slices.Sort(there)
	for _, id := range kept {
		if _, ok := slices.BinarySearch(there, id); !ok {
			t.Errorf("exchange %d was acknowledged and is gone", id)
		}
	}
	if twice := list[string](t, s, "SELECT webhook_id FROM barb.exchange GROUP BY 1 HAVING count(*) > 1"); len(twice) > 0 {
		t.Errorf("recorded twice: %v", twice)
	}
}

func TestTwentyFirstOpeningsMakeOneHistory(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	var all errgroup.Group
	for n := range 20 {
		all.Go(func() error {
			s, err := Open(context.Background(), address, true)
			if err != nil {
				return err
			}
			defer s.Close()
			return s.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{begun(hook(n))}})
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	s := openEngine(t, address)
	if n := value[int64](t, s, "SELECT count(*) FROM barb.exchange"); n != 20 {
		t.Errorf("%d exchanges, want 20", n)
	}
	if n := value[int64](t, s, "SELECT count(*) FROM barb.history"); n != 1 {
		t.Errorf("%d histories, want 1", n)
	}
}

// More processes than the server has connections for wait for each other.
func TestManyProcessesShareFewConnections(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, "max_connections=12")
	address := server.Database(t)
	openEngine(t, address)
	var all errgroup.Group
	for n := range 30 {
		all.Go(func() error {
			s, err := Open(context.Background(), address, false)
			if err != nil {
				return err
			}
			defer s.Close()
			return s.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{begun(hook(n))}})
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

// A commit that no standby confirms is not acknowledged.
func TestACommitWaitsForItsStandby(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := openEngine(t, server.Database(t))
	recorded(t, s, hook(1))
	if err := server.Restart("synchronous_standby_names=nobody"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err := s.Commit(t.Context(), &engine.Group{Writes: []*engine.Write{begun(hook(2))}})
	if !errors.Is(err, engine.ErrAway) {
		t.Errorf("without a standby: %v, want ErrAway", err)
	}
	if took := time.Since(began); took > 2*patience {
		t.Errorf("it took %v", took)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	recorded(t, s, hook(3))
}

// Who only reads waits for the server, too.
func TestReadingGoesOnWhileTheServerRestarts(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	s := openEngine(t, server.Database(t))
	recorded(t, s, hook(1), hook(2))
	for tries := 1; ; tries++ {
		stop, read := make(chan struct{}), make(chan error, 1)
		go func() { read <- listUntil(stop, s) }()
		begun := time.Now()
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		away := time.Since(begun)
		close(stop)
		err := <-read
		switch {
		case err == nil:
			return
		case away < patience || tries == 5:
			t.Fatalf("the server was away for %v: %v", away, err)
		}
		t.Logf("the server was away for %v, longer than is waited", away) // on a machine that does much else
	}
}

// listUntil lists both exchanges of a history again and again.
func listUntil(stop chan struct{}, s *Engine) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		n, began := 0, time.Now()
		for _, err := range s.List(context.Background(), engine.Filter{}) {
			if err != nil {
				return fmt.Errorf("after %v: %w", time.Since(began), err)
			}
			n++
		}
		if n != 2 {
			return fmt.Errorf("%d exchanges are listed, want 2", n)
		}
	}
}

// A server that goes without a word, as one whose packets are dropped, is not waited for by who reads or writes.
func TestAServerThatVanishesIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.Database(t))
	s := openEngine(t, proxy.Address)
	recorded(t, s, hook(1))
	proxy.Vanish()
	begun, long := time.Now(), 2*patience
	var all errgroup.Group
	all.Go(func() error {
		_, err := s.Get(t.Context(), 1)
		return err
	})
	all.Go(func() error {
		return s.Commit(t.Context(), &engine.Group{Writes: []*engine.Write{{Work: &engine.Ran{ID: 1}}}})
	})
	if err := all.Wait(); !errors.Is(err, engine.ErrAway) || time.Since(begun) > long {
		t.Errorf("%v after %v, want ErrAway within %v", err, time.Since(begun), long)
	}
}

// A statement that takes long is waited for.
func TestALongStatementIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	value[any](t, s, "SELECT 1 FROM pg_sleep(9)")
}

// Where nobody listens a command says so soon.
func TestNoServerIsToldSoon(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "postgres://barb@" + l.Addr().String() + "/barb"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := Open(t.Context(), address, false); !errors.Is(err, engine.ErrAway) {
		t.Errorf("%v, want ErrAway", err)
	}
	if took := time.Since(began); took < openPatience || took > patience {
		t.Errorf("it took %v, want little more than %v", took, openPatience)
	}
}

func TestWhatProcessesLeftIsCleared(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	exec(t, s, "INSERT INTO barb.written VALUES (7, 1, "+serverNow+" - 86400000000001), (7, 2, "+serverNow+
		" - 1000000000)")
	s.self -= s.self % forgetOf // one that clears
	recorded(t, s, hook(1))
	if left := list[int64](t, s, "SELECT number FROM barb.written WHERE writer = 7"); !slices.Equal(left, []int64{2}) {
		t.Errorf("groups %v are noted, want the one of today", left)
	}
}
