package postgres

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

// beats has a worker beat and returns the others, by their holders.
func beats(t *testing.T, s *Engine, w engine.Worker) map[string]engine.Worker {
	t.Helper()
	all, err := s.Beat(t.Context(), &w)
	if err != nil {
		t.Fatal(err)
	}
	byHolder := map[string]engine.Worker{}
	for _, w := range all {
		byHolder[w.Holder] = w
	}
	return byHolder
}

// ago moves a time of a worker into the past.
func ago(t *testing.T, s *Engine, column, holder string, by time.Duration) {
	t.Helper()
	query := fmt.Sprintf("UPDATE barb.worker SET %[1]s = %[1]s - $2 WHERE holder = $1", column)
	if _, err := s.pool.Exec(t.Context(), query, holder, int64(by)); err != nil {
		t.Fatal(err)
	}
}

func TestABeatSaysWhatAWorkerDoes(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	a := engine.Worker{Holder: "a\x00", Machine: "web-1", Version: "1.2", Claims: []int64{1, -2}, Blocked: []int64{3},
		Busy: []int64{4}, Seen: 5}
	beats(t, s, a)
	got := beats(t, s, engine.Worker{Holder: "b"})
	w := got["a\x00"]
	if len(got) != 2 || w.Machine != "web-1" || w.Version != "1.2" || !slices.Equal(w.Claims, a.Claims) ||
		!slices.Equal(w.Blocked, a.Blocked) || !slices.Equal(w.Busy, a.Busy) || w.Seen != 5 || w.Beat == 0 || w.Age <= 0 {
		t.Errorf("%+v", got)
	}
	do(t, s, &engine.Release{Owner: a.Holder, Now: noon})
	if got := beats(t, s, engine.Worker{Holder: "b"}); len(got) != 1 {
		t.Errorf("it has left: %+v", got)
	}
}

// A worker counts as new where it was silent or failed, since others may have done its work meanwhile, and where it
// can deliver what it could not.
func TestAWorkerBeginsAnewAfterAGap(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	a := engine.Worker{Holder: "a", Blocked: []int64{1}}
	since := beats(t, s, a)["a"].Since
	steps := []struct {
		what   string
		change func()
		anew   bool
	}{
		{"the next beat", func() {}, false},
		{"something more is blocked", func() { a.Blocked = []int64{1, 2} }, false},
		{"a gap", func() { ago(t, s, "beat", "a", engine.BeatGap) }, true},
		{"a clock that was set back", func() { ago(t, s, "beat", "a", -time.Hour) }, true},
		{"a failure", func() { a.Anew = true }, true},
		{"after the failure", func() { a.Anew = false }, false},
		{"something is blocked no more", func() { a.Blocked = []int64{2} }, true},
	}
	for _, step := range steps {
		step.change()
		now := beats(t, s, a)["a"].Since
		if (now != since) != step.anew {
			t.Errorf("%s: since %d, before %d", step.what, now, since)
		}
		since = now
	}
}

// silent makes a worker that holds all entries and was not heard of for long, and one that asks.
func silent(t *testing.T, s *Engine) {
	t.Helper()
	enqueue(t, s, entry(""), entry(""), entry(""))
	beats(t, s, engine.Worker{Holder: "dead"})
	beats(t, s, engine.Worker{Holder: "me"})
	if ids := lease(t, s, "dead", 9); len(ids) != 3 {
		t.Fatal(ids)
	}
	ago(t, s, "beat", "dead", engine.SilentAfter)
}

func release(t *testing.T, s *Engine, holder string) []string {
	t.Helper()
	released, err := s.ReleaseSilent(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	return released
}

func held(t *testing.T, s *Engine) int64 {
	t.Helper()
	return value[int64](t, s, "SELECT count(*) FROM barb.queue WHERE owner IS NOT NULL")
}

// After a restart of the server nobody has beaten for a while: who comes back first takes nothing from the others.
func TestOnlyWhoBeatsReleasesTheSilent(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	silent(t, s)
	if all := release(t, s, "me"); len(all) > 0 || held(t, s) != 3 {
		t.Errorf("one that has just begun released %q", all)
	}
	if all := release(t, s, "nobody"); len(all) > 0 || held(t, s) != 3 {
		t.Errorf("one without a beat released %q", all)
	}
	ago(t, s, "since", "me", engine.SilentAfter)
	if all := release(t, s, "me"); !slices.Equal(all, []string{"dead"}) || held(t, s) != 0 {
		t.Errorf("released %q, %d are still held", all, held(t, s))
	}
	if all := release(t, s, "me"); len(all) > 0 {
		t.Errorf("released again: %q", all)
	}
	if n := len(beats(t, s, engine.Worker{Holder: "me"})); n != 1 {
		t.Errorf("%d workers are left", n)
	}
}

// A worker that comes back keeps its leases, also where it beats while another releases it.
func TestABeatIsNotOvertakenByARelease(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	silent(t, s)
	ago(t, s, "since", "me", engine.SilentAfter)
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "UPDATE barb.worker SET beat = "+serverNow+" WHERE holder = 'dead'"); err != nil {
		t.Fatal(err)
	}
	var released []string
	var releasing sync.WaitGroup
	releasing.Go(func() { released = release(t, s, "me") })
	for value[int64](t, s, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	releasing.Wait()
	if len(released) > 0 || held(t, s) != 3 {
		t.Errorf("released %q, %d are held", released, held(t, s))
	}
}

// Of several that release at once, one does; none takes what another has leased since.
func TestSeveralReleaseAWorkerOnce(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	s := openEngine(t, address)
	silent(t, s)
	const many = 8
	var releases, leases [many][]int64
	var all errgroup.Group
	for i := range many {
		e, holder := openEngine(t, address), fmt.Sprint("me ", i)
		beats(t, e, engine.Worker{Holder: holder})
		ago(t, e, "since", holder, engine.SilentAfter)
		all.Go(func() error {
			released, err := e.ReleaseSilent(t.Context(), holder)
			releases[i] = make([]int64, len(released))
			if err != nil {
				return err
			}
			l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app, Owner: holder, Want: 9,
				Now: time.Now().Add(time.Second), Until: time.Now().Add(time.Minute)}}
			err = e.Commit(t.Context(), &engine.Group{Writes: []*engine.Write{{Work: l}}})
			leases[i] = l.IDs
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	released, leased := slices.Concat(releases[:]...), slices.Concat(leases[:]...)
	slices.Sort(leased)
	if len(released) != 1 || !slices.Equal(leased, []int64{1, 2, 3}) || held(t, s) != 3 {
		t.Errorf("released %d times, leased %v, %d are held", len(released), leased, held(t, s))
	}
}

// Of two workers that begin at once, at least one sees the other in its first beat.
func TestWorkersThatBeginAtOnceSeeEachOther(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	openEngine(t, address)
	const many = 10
	var seen [many]map[string]bool
	var all errgroup.Group
	start := make(chan bool)
	for i := range many {
		e := openEngine(t, address)
		all.Go(func() error {
			<-start
			workers, err := e.Beat(t.Context(), &engine.Worker{Holder: fmt.Sprint(i)})
			seen[i] = map[string]bool{}
			for _, w := range workers {
				seen[i][w.Holder] = true
			}
			return err
		})
	}
	close(start)
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		for j := range i {
			if !seen[i][fmt.Sprint(j)] && !seen[j][fmt.Sprint(i)] {
				t.Errorf("workers %d and %d did not see each other", i, j)
			}
		}
	}
}

// The list has the workers that beat and those that only hold leases, as one of an earlier barb does.
func TestWorkersAreListedWithTheirLeases(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	enqueue(t, s, entry(""), entry(""), entry(""))
	lease(t, s, "b", 2)
	lease(t, s, "c", 9)
	beats(t, s, engine.Worker{Holder: "a", Machine: "web-1"})
	beats(t, s, engine.Worker{Holder: "b"})
	all, err := s.Workers(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	got := ""
	for _, w := range all {
		got += fmt.Sprintf("%s %s %d %t; ", w.Holder, w.Machine, w.Leases, w.Beat > 0)
	}
	if want := "a web-1 0 true; b  2 true; c  1 false; "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
