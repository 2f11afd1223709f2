package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// runs is what an engine owes those who send many messages as one.
type runs interface {
	StartRun(context.Context, *store.Run) error
	NoteRun(context.Context, store.Run) error
	TakeRun(context.Context, store.Run, string) (bool, error)
	GetRun(context.Context, int64) (store.Run, error)
	Add(context.Context, *record.Exchange) error
	Flush(context.Context) error
	Get(context.Context, int64) (*record.Exchange, error)
}

func TestSQLiteKeepsTheContractOfRuns(t *testing.T) {
	runContract(t, func(t *testing.T) (runs, runs) {
		path := filepath.Join(t.TempDir(), "history.db")
		return openHistory(t, path), openHistory(t, path)
	})
}

// runContract is a suite of sentences; open gives two processes' views of one new history.
func runContract(t *testing.T, open func(*testing.T) (runs, runs)) {
	clauses := map[string]func(*testing.T, runs, runs){
		"keeps how far a run is":            keepsHowFarARunIs,
		"says nothing is done before it is": saysNothingIsDoneBeforeItIs,
		"lets one of two go on":             letsOneOfTwoGoOn,
		"forgets what nobody touched":       forgetsWhatNobodyTouched,
		"says which runs there are not":     saysWhichRunsThereAreNot,
		"numbers runs and finds the newest": numbersRuns,
	}
	for name, clause := range clauses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := open(t)
			clause(t, ours, theirs)
		})
	}
}

func started(t *testing.T, h runs, at time.Time) store.Run {
	t.Helper()
	r := store.Run{Created: at, Options: `{"url":"http://x"}`, Total: 10, Owner: "a"}
	must(t, h.StartRun(context.Background(), &r))
	return r
}

func keepsHowFarARunIs(t *testing.T, ours, theirs runs) {
	ctx := context.Background()
	r := started(t, ours, noon)
	got, err := theirs.GetRun(ctx, r.ID)
	must(t, err)
	if d := diff(r, got); d != "" {
		t.Error(d)
	}
	r.Changed, r.Next, r.Open, r.Total = noon.Add(time.Second), 7, []int64{3, 5}, 0
	must(t, ours.NoteRun(ctx, r))
	r.Changed, r.Owner, r.Ended, r.Open, r.Next = noon.Add(time.Minute), "", true, nil, 10
	must(t, ours.NoteRun(ctx, r))
	must(t, ours.Flush(ctx))
	r.Options = "{}" // nothing of it is needed any more
	got, err = theirs.GetRun(ctx, r.ID)
	must(t, err)
	if d := diff(r, got); d != "" {
		t.Error(d)
	}
}

// What is noted as done must be in the history, whenever one looks.
func saysNothingIsDoneBeforeItIs(t *testing.T, ours, theirs runs) {
	ctx := context.Background()
	r := started(t, ours, noon)
	const messages = 3000
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range int64(messages) {
			x := answered(attempt(int(n), "example.com"), 200)
			x.Attempt = 1
			must(t, ours.Add(ctx, x))
			r.Next = n + 1
			must(t, ours.NoteRun(ctx, r))
		}
	}()
	for seen := int64(0); seen < messages; {
		got, err := theirs.GetRun(ctx, r.ID)
		must(t, err)
		if seen = got.Next; seen > 0 {
			if _, err := theirs.Get(ctx, seen); err != nil {
				t.Fatalf("%d messages are done; the last of them: %v", seen, err)
			}
		}
	}
	<-done
}

func letsOneOfTwoGoOn(t *testing.T, ours, theirs runs) {
	ctx := context.Background()
	r := started(t, ours, noon)
	r.Owner, r.Changed = "b", noon.Add(time.Hour)
	taken, err := ours.TakeRun(ctx, r, "a")
	must(t, err)
	again, err := theirs.TakeRun(ctx, store.Run{ID: r.ID, Owner: "c"}, "a")
	must(t, err)
	got, err := theirs.GetRun(ctx, r.ID)
	must(t, err)
	if !taken || again || got.Owner != "b" || !got.Changed.Equal(r.Changed) {
		t.Errorf("taken %t, then %t; the owner is %q since %s", taken, again, got.Owner, got.Changed)
	}
	r.Ended, r.Owner = true, ""
	must(t, ours.NoteRun(ctx, r))
	must(t, ours.Flush(ctx))
	if taken, err = theirs.TakeRun(ctx, store.Run{ID: r.ID, Owner: "c"}, ""); taken || err != nil {
		t.Errorf("a run that has ended was taken: %t, %v", taken, err)
	}
}

func forgetsWhatNobodyTouched(t *testing.T, ours, _ runs) {
	old, kept := started(t, ours, noon), started(t, ours, noon.AddDate(0, 0, 10))
	started(t, ours, noon.AddDate(0, 0, 31))
	_, err := ours.GetRun(context.Background(), old.ID)
	mustBe(t, err, store.ErrNotFound)
	_, err = ours.GetRun(context.Background(), kept.ID)
	must(t, err)
}

func saysWhichRunsThereAreNot(t *testing.T, ours, _ runs) {
	for _, id := range []int64{0, 1} {
		_, err := ours.GetRun(context.Background(), id)
		mustBe(t, err, store.ErrNotFound)
	}
}

func numbersRuns(t *testing.T, ours, theirs runs) {
	first, second := started(t, ours, noon), started(t, theirs, noon)
	newest, err := ours.GetRun(context.Background(), 0)
	must(t, err)
	if first.ID != 1 || second.ID != 2 || newest.ID != 2 {
		t.Errorf("%d, %d, the newest %d", first.ID, second.ID, newest.ID)
	}
	for _, c := range []struct {
		ends store.Run
		want int64
	}{{second, 1}, {first, 2}} {
		c.ends.Changed, c.ends.Ended = noon, true
		must(t, ours.NoteRun(context.Background(), c.ends))
		must(t, ours.Flush(context.Background()))
		newest, err = theirs.GetRun(context.Background(), 0)
		must(t, err)
		if newest.ID != c.want {
			t.Errorf("run %d has ended: the newest is %d, want %d", c.ends.ID, newest.ID, c.want)
		}
	}
}
