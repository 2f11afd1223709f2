package postgres

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

const app = "http://app.test"

// entry is a new entry of the queue, of an order.
func entry(order string) *engine.Queued {
	return &engine.Queued{Kind: engine.Forward, Thread: 1, Target: app, Order: order, Due: noon, Created: noon}
}

// enqueue adds entries one after the other, in one group.
func enqueue(t *testing.T, s *Engine, entries ...*engine.Queued) {
	t.Helper()
	do(t, s, &engine.Enqueue{Entries: entries})
}

// lease leases what is due for the owner.
func lease(t *testing.T, s *Engine, owner string, want int) []int64 {
	t.Helper()
	l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app, Owner: owner, Want: want,
		Now: noon, Until: noon.Add(time.Minute)}}
	do(t, s, l)
	return l.IDs
}

// complete ends a lease with a state, and adds what follows.
func complete(t *testing.T, s *Engine, owner string, id int64, state engine.QueueState, next ...*engine.Queued) bool {
	t.Helper()
	c := &engine.Complete{Owner: owner, Entry: &engine.Queued{ID: id, State: state, Due: noon}, Now: noon, Next: next}
	do(t, s, c)
	return c.Ours
}

func TestAnOrderGoesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	entries := []*engine.Queued{entry("a"), entry("a"), entry("b"), entry(""), entry("a")}
	enqueue(t, s, entries...)
	blocked := []bool{}
	for i, q := range entries {
		blocked = append(blocked, q.Blocked)
		if q.ID != int64(i+1) || q.State != engine.Waiting {
			t.Errorf("entry %d: %+v", i, q)
		}
	}
	if want := []bool{false, true, false, false, true}; !slices.Equal(blocked, want) {
		t.Errorf("blocked %v, want %v", blocked, want)
	}
	if got, want := lease(t, s, "w", 9), []int64{1, 3, 4}; !slices.Equal(got, want) {
		t.Fatalf("leased %v, want %v", got, want)
	}
	if !complete(t, s, "w", 1, engine.Done) || complete(t, s, "other", 3, engine.Dead) {
		t.Error("a lease ends for its owner alone")
	}
	if got, want := lease(t, s, "w", 9), []int64{2}; !slices.Equal(got, want) {
		t.Errorf("after the first: leased %v, want %v", got, want)
	}
}

func TestWhatFollowsIsAddedWithTheLeaseOnly(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	enqueue(t, s, entry(""), entry(""))
	lease(t, s, "w", 9)
	next := entry("n")
	if complete(t, s, "other", 1, engine.Dead, entry("n")) {
		t.Error("another's lease was ended")
	}
	if !complete(t, s, "w", 1, engine.Dead, next) || next.ID == 0 || next.Blocked {
		t.Errorf("the entry that follows: %+v", next)
	}
	if n := value[int64](t, s, "SELECT count(*) FROM barb.queue"); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestAnInlineEntryIsTheAdders(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	inline := func() *engine.Queued {
		q := entry("a")
		q.Inline, q.Owner, q.Due = true, "me", noon.Add(time.Minute)
		return q
	}
	first, second, waiting, late := inline(), inline(), entry("a"), inline()
	enqueue(t, s, first, second, waiting, late)
	if first.State != engine.Leased || second.State != engine.Leased || !second.Inline || !second.Blocked {
		t.Errorf("inline entries: %+v, %+v", first, second)
	}
	if late.Inline || late.State != engine.Waiting || late.Owner != "" || !late.Due.Equal(noon) {
		t.Errorf("behind one that waits: %+v", late)
	}
}

func TestAnAttemptIsRecordedUnderItsLeaseOnly(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	enqueue(t, s, entry(""), entry(""))
	lease(t, s, "w", 9)
	ours, theirs := begun(hook(1), hook(2)), begun(hook(3))
	attempt := func(owner string, id int64) *engine.Attempt {
		return &engine.Attempt{Owner: owner, Entry: &engine.Queued{ID: id, Due: noon}, Recorded: true, Now: noon}
	}
	ours.Work, theirs.Work = attempt("w", 1), attempt("x", 2)
	alone := begun(hook(4))
	commit(t, s, ours, theirs, alone)
	if ours.Left || !theirs.Left {
		t.Errorf("left: %v and %v, want false and true", ours.Left, theirs.Left)
	}
	if got, want := list[string](t, s, "SELECT webhook_id FROM barb.exchange ORDER BY id"),
		[]string{"msg_1", "msg_2", "msg_4"}; !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
	if got := list[int64](t, s, "SELECT attempts FROM barb.queue ORDER BY id"); !slices.Equal(got, []int64{1, 0}) {
		t.Errorf("attempts %v, want 1 and 0", got)
	}
	again := &engine.Attempt{Owner: "w", Entry: &engine.Queued{ID: 1, Due: noon}, Now: noon}
	twice := &engine.Attempt{Owner: "w", Entry: &engine.Queued{ID: 1, Due: noon}, Now: noon}
	commit(t, s, &engine.Write{Work: again}, &engine.Write{Work: twice})
	if got := value[int64](t, s, "SELECT attempts FROM barb.queue WHERE id = 1"); got != 3 || !again.Ours || !twice.Ours {
		t.Errorf("%d attempts, want 3", got)
	}
}

// An attempt that begins a moment after its lease changes no index. One that needs a longer lease has it.
func TestAnAttemptExtendsItsLeaseWhereThatMatters(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	enqueue(t, s, entry(""))
	lease(t, s, "w", 9)
	ends := "SELECT due FROM barb.queue"
	given := value[int64](t, s, ends)
	for _, by := range []time.Duration{-time.Minute, 900 * time.Millisecond, 15 * time.Second} {
		until := time.Unix(0, given).Add(by)
		begin := &engine.Attempt{Owner: "w", Entry: &engine.Queued{ID: 1, Due: until}, Now: noon}
		do(t, s, begin)
		want := given
		if by > time.Second {
			want = s.clock.in(until)
		}
		if got := value[int64](t, s, ends); !begin.Ours || got != want {
			t.Errorf("by %s: it ends at %d, want %d", by, got, want)
		}
	}
}

// Two sessions may not lease one entry, however they race.
func TestTwoSessionsNeverShareALease(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	sessions := []*Engine{openEngine(t, address), openEngine(t, address), openEngine(t, address)}
	const n = 300
	entries := make([]*engine.Queued, n)
	for i := range entries {
		entries[i] = entry("")
	}
	enqueue(t, sessions[0], entries...)
	taken := make([][]int64, len(sessions))
	var all errgroup.Group
	for i, s := range sessions {
		all.Go(func() error {
			for {
				l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app,
					Owner: fmt.Sprint("w", i), Want: 7, Now: noon, Until: noon.Add(time.Minute)}}
				if err := s.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{{Work: l}}}); err != nil {
					return err
				}
				if len(l.IDs) == 0 {
					return nil
				}
				taken[i] = append(taken[i], l.IDs...)
			}
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	ids := slices.Sorted(slices.Values(slices.Concat(taken...)))
	if len(ids) != n || len(slices.Compact(ids)) != n {
		t.Errorf("%d leases of %d entries", len(ids), n)
	}
}

// One session ends the head of a lane while another adds to it. Whichever is first, the lane goes on.
func TestALaneGoesOnFromTwoSessions(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	adder, ender := openEngine(t, address), openEngine(t, address)
	for round := range 60 {
		order := fmt.Sprint("o", round)
		head := entry(order)
		enqueue(t, adder, head)
		lease(t, ender, "w", 1)
		var both errgroup.Group
		next := entry(order)
		both.Go(func() error {
			return adder.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{
				{Work: &engine.Enqueue{Entries: []*engine.Queued{next}}}}})
		})
		both.Go(func() error {
			return ender.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{{Work: &engine.Complete{
				Owner: "w", Now: noon, Entry: &engine.Queued{ID: head.ID, State: engine.Done, Due: noon}}}}})
		})
		if err := both.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := lease(t, ender, "w", 9); !slices.Equal(got, []int64{next.ID}) {
			t.Fatalf("round %d: the lane stands still: leased %v, want %d", round, got, next.ID)
		}
		complete(t, ender, "w", next.ID, engine.Done)
	}
}

// The end of a lane's head has not committed yet when an entry is added. Here the transactions overlap for certain.
func TestWhoAddsToALaneWaitsForWhoEndsItsHead(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	head := entry("a")
	enqueue(t, s, head)
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(lane) FROM barb.queue"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "UPDATE barb.queue SET state = 2"); err != nil {
		t.Fatal(err)
	}
	next, done := entry("a"), make(chan error, 1)
	go func() {
		done <- s.Commit(context.Background(), &engine.Group{Writes: []*engine.Write{
			{Work: &engine.Enqueue{Entries: []*engine.Queued{next}}}}})
	}()
	for value[int64](t, s, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0 {
		select {
		case err := <-done:
			t.Fatalf("the entry was added without the lane's lock: %v", err)
		default:
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || next.Blocked {
		t.Errorf("the entry is behind one that has ended: %+v, %v", next, err)
	}
}

func TestAPersonChangesEntries(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	enqueue(t, s, entry("a"), entry("a"), entry("a"), entry(""))
	change := func(to engine.ChangeKind, ids ...int64) int64 {
		c := &engine.Change{To: to, Now: noon.Add(time.Hour)}
		for _, id := range ids {
			c.Filter.IDs = append(c.Filter.IDs, engine.Range{From: id, To: id})
		}
		do(t, s, c)
		return c.Changed
	}
	states := func() string {
		return value[string](t, s, "SELECT string_agg(state || CASE WHEN behind THEN '-' ELSE '+' END, ' ' ORDER BY id) "+
			"FROM barb.queue")
	}
	for _, step := range []struct {
		to   engine.ChangeKind
		id   int64
		n    int64
		want string
	}{
		{engine.CancelEntries, 1, 1, "4+ 1+ 1- 1+"},
		{engine.CancelEntries, 1, 0, "4+ 1+ 1- 1+"},
		{engine.RetryEntries, 1, 1, "1- 1+ 1- 1+"},
		{engine.CancelEntries, 2, 1, "1+ 4+ 1- 1+"},
		{engine.FinishEntries, 2, 0, "1+ 4+ 1- 1+"},
		{engine.PurgeEntries, 2, 1, "1+ 1- 1+"},
	} {
		if n := change(step.to, step.id); n != step.n || states() != step.want {
			t.Fatalf("change %d of %d: %d changed, %s; want %d, %s", step.to, step.id, n, states(), step.n, step.want)
		}
	}
	if !complete(t, s, "", 4, engine.Done) {
		t.Error("what was delivered is done under any lease")
	}
}

func TestPiecesAreKeptWhileAnEntryNeedsThem(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	q := entry("")
	q.Masks = []record.Mask{{Piece: "s3cret"}}
	enqueue(t, s, q)
	if n := value[int64](t, s, "SELECT count(*) FROM barb.kept"); n != 1 {
		t.Fatalf("%d pieces kept, want 1", n)
	}
	complete(t, s, "", q.ID, engine.Done)
	if n := value[int64](t, s, "SELECT count(*) FROM barb.kept"); n != 0 {
		t.Errorf("%d pieces kept after the end, want 0", n)
	}
}
