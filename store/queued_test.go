package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// outbox is what an engine owes whose queue several processes, or several machines, deliver from.
type outbox interface {
	Record(context.Context, ...*record.Exchange) error
	Get(context.Context, int64) (*record.Exchange, error)
	Prune(context.Context, store.PruneRule) (store.PruneResult, error)

	RecordQueued(context.Context, *record.Exchange, ...*store.Queued) error
	Enqueue(context.Context, ...*store.Queued) error
	Lease(context.Context, store.LeaseRequest) ([]*store.Queued, error)
	Renew(context.Context, string, []int64, time.Time) ([]int64, error)
	Begin(context.Context, string, *store.Queued, *record.Exchange) error
	Try(context.Context, string, *store.Queued, time.Time) error
	Complete(context.Context, string, *store.Queued, time.Time, ...*store.Queued) error
	Ran(context.Context, int64, record.Run) error
	Answer(context.Context, *record.Exchange) error
	Flush(context.Context) error
	Accepted(context.Context, int64) ([]store.Acceptance, error)
	Queue(context.Context, store.QueueFilter) ([]*store.Queued, error)
	GetQueued(context.Context, int64) (*store.Queued, error)
	Upcoming(context.Context, store.QueueKind, string) ([]store.Due, error)
	Owners(context.Context) ([]string, error)
	Release(context.Context, string, time.Time) (int64, error)
	GiveBack(context.Context, string, []int64, time.Time) error
	Finish(context.Context, store.QueueFilter, time.Time) (int64, error)
	Stats(context.Context, store.Filter) (store.Stats, error)
	QueueDepth(context.Context, ...store.QueueKind) (map[store.QueueState]int64, error)
	QueueTargets(context.Context, store.QueueKind) ([]string, error)
	Retry(context.Context, store.QueueFilter, time.Time) (int64, error)
	Cancel(context.Context, store.QueueFilter, time.Time) (int64, error)
	Purge(context.Context, store.QueueFilter) (int64, error)
	Figures(context.Context, store.Filter) (store.Figures, error)
	QueueGauges(context.Context) (open, dead int64, err error)
}

func TestSQLiteKeepsTheContractOfTheQueue(t *testing.T) {
	queueContract(t, func(t *testing.T) (outbox, outbox) {
		path := filepath.Join(t.TempDir(), "history.db")
		return openHistory(t, path), openHistory(t, path)
	})
}

func TestPostgreSQLKeepsTheContractOfTheQueue(t *testing.T) {
	queueContract(t, func(t *testing.T) (outbox, outbox) {
		address := pgtest.Database(t)
		return openHistory(t, address), openHistory(t, address)
	})
}

// queueContract is a suite of sentences; open gives two processes' views of one new queue.
func queueContract(t *testing.T, open func(*testing.T) (outbox, outbox)) {
	clauses := map[string]func(*testing.T, outbox, outbox){
		"keeps a hook and its delivery in one":          keepsAHookAndItsDelivery,
		"leases what is due, and to one":                leasesWhatIsDueToOne,
		"leases again what a lease ended of":            leasesAgain,
		"lists an ended lease as waiting":               listsLeases,
		"renews leases, but only one's own":             renewsLeases,
		"keeps an order, one after the other":           keepsAnOrder,
		"keeps orders apart":                            keepsOrdersApart,
		"lets the first try go beside another":          letsTheFirstTryGo,
		"counts an attempt before it is made":           countsAnAttempt,
		"counts a try that is no exchange":              countsATry,
		"refuses an attempt without a lease":            refusesWithoutLease,
		"says when the next is due":                     saysWhenTheNextIsDue,
		"ends what was delivered, whoever has it":       endsWhatWasDelivered,
		"lets a lease last as long as its attempt":      coversTheAttempt,
		"leases by the policy, past all others":         leasesByPolicy,
		"delivers only for the target and kind":         deliversOnlyForTheTarget,
		"begins anew what was dead":                     beginsAnew,
		"cancels, and lets the next go on":              cancels,
		"purges only what has ended":                    purges,
		"gives an id to one entry only":                 givesAnIDToOneEntry,
		"filters the queue":                             filtersTheQueue,
		"puts in what follows in one with the end":      putsInWhatFollows,
		"keeps how a command ended before the answer":   keepsHowACommandEnded,
		"says what it has promised":                     saysWhatItHasPromised,
		"takes figures of the queue":                    tookFiguresOfTheQueue,
		"does not prune what waits":                     doesNotPruneWhatWaits,
		"delivers each once where many work on it":      deliversEachOnce,
		"gives up a lease nobody has any more":          settlesOnlyItsOwn,
		"keeps the order while its first one is tried":  keepsTheOrderWhileTheFirstIsTried,
		"puts what is tried again behind what is tried": putsTheRetriedBehind,
		"says of each target when it is due":            saysWhenEachTargetIsDue,
		"ends the leases of one that is gone":           endsTheLeasesOfOne,
		"finishes only what is dead":                    finishesOnlyTheDead,
		"counts a queued message as nothing sent":       countsAMessageAsNothingSent,
	}
	for name, clause := range clauses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			clause(t, a, b)
		})
	}
}

const (
	app        = "http://127.0.0.1:3000/hooks"
	policyText = `{"retries":4}`
)

// delivery is an entry that delivers something to the app, put in at noon.
func delivery(order string) *store.Queued {
	return &store.Queued{Kind: store.Forward, Target: app, Policy: policyText, Order: order, Due: noon, Created: noon}
}

// queued puts n hooks with a delivery each into the queue.
func queued(t *testing.T, d outbox, n int, order string) (entries []*store.Queued) {
	t.Helper()
	for i := range n {
		q := delivery(order)
		must(t, d.RecordQueued(context.Background(), hook(i), q))
		entries = append(entries, q)
	}
	return entries
}

// lease asks for one second's worth of lease at a time after noon.
func lease(t *testing.T, d outbox, owner string, after time.Duration, want int) (ids []int64) {
	t.Helper()
	all, err := d.Lease(context.Background(), store.LeaseRequest{Kind: store.Forward, Target: app, Policy: policyText,
		Owner: owner, Want: want,
		Now: noon.Add(after), Until: noon.Add(after + time.Second)})
	must(t, err)
	for _, q := range all {
		if q.Owner != owner || q.State != store.Leased || !q.Due.Equal(noon.Add(after+time.Second)) {
			t.Errorf("leased %+v", q)
		}
		ids = append(ids, q.ID)
	}
	return ids
}

func settle(t *testing.T, d outbox, owner string, id int64, state store.QueueState, due time.Duration) {
	t.Helper()
	q := &store.Queued{ID: id, State: state, Due: noon.Add(due), Why: "so it went"}
	must(t, d.Complete(context.Background(), owner, q, noon.Add(due)))
}

func same(t *testing.T, what string, got []int64, want ...int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func keepsAHookAndItsDelivery(t *testing.T, a, b outbox) {
	ctx := context.Background()
	x, q := hook(1), delivery("")
	q.Due = noon.Add(time.Minute)
	must(t, a.RecordQueued(ctx, x, q, delivery("k")))
	got, err := b.GetQueued(ctx, q.ID)
	must(t, err)
	want := *q
	want.Changed = noon
	if d := diff(&want, got); d != "" || x.ID == 0 || got.Thread != x.ID {
		t.Errorf("thread %d of %d\n%s", got.Thread, x.ID, d)
	}
	if _, err := b.Get(ctx, x.ID); err != nil {
		t.Error(err)
	}
	if all, err := b.Queue(ctx, store.QueueFilter{Thread: x.ID}); err != nil || len(all) != 2 {
		t.Errorf("%d entries, %v", len(all), err)
	}
	bad := &store.Queued{Kind: 9, Target: app}
	y := hook(2)
	if err := a.RecordQueued(ctx, y, bad); err == nil || y.ID != 0 {
		t.Errorf("an entry that cannot be kept: %v, the hook is %d", err, y.ID)
	}
	if _, err := a.Get(ctx, x.ID+1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the hook was kept without its entry: %v", err)
	}
}

func leasesWhatIsDueToOne(t *testing.T, a, b outbox) {
	es := queued(t, a, 3, "")
	late := delivery("")
	late.Due = noon.Add(time.Hour)
	must(t, b.RecordQueued(context.Background(), hook(9), late))
	same(t, "before noon", lease(t, a, "a", -time.Second, 9))
	same(t, "to a", lease(t, a, "a", 0, 2), es[0].ID, es[1].ID)
	same(t, "to b", lease(t, b, "b", 0, 9), es[2].ID)
	same(t, "to a again", lease(t, a, "a", 0, 9))
	settle(t, a, "a", es[0].ID, store.Done, 0)
	settle(t, a, "a", es[1].ID, store.Waiting, 30*time.Minute)
	settle(t, b, "b", es[2].ID, store.Dead, 0)
	same(t, "what waits", lease(t, b, "b", time.Hour, 9), es[1].ID, late.ID)
	q, err := a.GetQueued(context.Background(), es[2].ID)
	if err != nil || q.State != store.Dead || q.Why != "so it went" || q.Owner != "" {
		t.Errorf("%+v, %v", q, err)
	}
}

func leasesAgain(t *testing.T, a, b outbox) {
	es := queued(t, a, 1, "k")
	same(t, "to a", lease(t, a, "a", 0, 9), es[0].ID)
	same(t, "before its end", lease(t, b, "b", time.Second-1, 9))
	same(t, "at its end", lease(t, b, "b", time.Second, 9), es[0].ID)
}

// listsLeases: an entry whose lease has ended, or whose owner is gone, waits.
func listsLeases(t *testing.T, a, b outbox) {
	es := queued(t, a, 2, "")
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", 500*time.Millisecond, 1)
	in := func(state store.QueueState, after time.Duration, gone ...string) (ids []int64) {
		t.Helper()
		all, err := a.Queue(context.Background(), store.QueueFilter{States: []store.QueueState{state},
			At: noon.Add(after), Gone: gone})
		must(t, err)
		for _, q := range all {
			ids = append(ids, q.ID)
		}
		return ids
	}
	same(t, "leased at first", in(store.Leased, time.Second-1), es[0].ID, es[1].ID)
	same(t, "waiting at first", in(store.Waiting, time.Second-1))
	same(t, "leased when one has ended", in(store.Leased, time.Second), es[1].ID)
	same(t, "waiting when one has ended", in(store.Waiting, time.Second), es[0].ID)
	same(t, "waiting when an owner is gone", in(store.Waiting, 0, "b"), es[1].ID)
	n, err := a.Retry(context.Background(), store.QueueFilter{}, noon.Add(time.Second))
	if must(t, err); n != 1 {
		t.Errorf("%d retried, want the one whose lease has ended", n)
	}
}

func renewsLeases(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 3, "")
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", 0, 1)
	lease(t, a, "a", 0, 1)
	ids, err := a.Renew(ctx, "a", []int64{es[0].ID, es[1].ID}, noon.Add(time.Minute))
	must(t, err)
	same(t, "renewed", ids, es[0].ID)
	same(t, "whose leases have ended, one of them not renewed", lease(t, b, "c", time.Second, 9), es[1].ID, es[2].ID)
	ids, err = b.Renew(ctx, "b", []int64{es[1].ID}, noon.Add(time.Minute))
	must(t, err)
	same(t, "renewed by b, who has lost it", ids)
}

func keepsAnOrder(t *testing.T, a, b outbox) {
	es := queued(t, a, 3, "k")
	same(t, "first", lease(t, a, "a", 0, 9), es[0].ID)
	same(t, "while the first is tried", lease(t, b, "b", 0, 9))
	settle(t, a, "a", es[0].ID, store.Waiting, time.Second)
	same(t, "while the first waits", lease(t, b, "b", 0, 9))
	same(t, "the first again", lease(t, b, "b", time.Second, 9), es[0].ID)
	settle(t, b, "b", es[0].ID, store.Dead, 0)
	same(t, "second", lease(t, b, "b", 0, 9), es[1].ID)
	settle(t, b, "b", es[1].ID, store.Done, 0)
	same(t, "third", lease(t, a, "a", 0, 9), es[2].ID)
	settle(t, a, "a", es[2].ID, store.Done, 0)
	same(t, "after the last", lease(t, a, "a", 0, 9))
}

func keepsOrdersApart(t *testing.T, a, b outbox) {
	one, two, none := queued(t, a, 2, "1"), queued(t, b, 2, "2"), queued(t, a, 2, "")
	same(t, "the first of each", lease(t, a, "a", 0, 9), one[0].ID, two[0].ID, none[0].ID, none[1].ID)
	other := delivery("1")
	other.Target = app + "/other"
	must(t, a.RecordQueued(context.Background(), hook(7), other))
	if other.Blocked {
		t.Error("one for another target is behind")
	}
}

// straight is an entry that its owner wants to deliver at once.
func straight(t *testing.T, d outbox, owner, order string) *store.Queued {
	t.Helper()
	q := delivery(order)
	q.Inline, q.Owner, q.Due = true, owner, noon.Add(time.Second)
	q.Created = noon
	must(t, d.RecordQueued(context.Background(), hook(1), q))
	return q
}

func letsTheFirstTryGo(t *testing.T, a, b outbox) {
	first, second := straight(t, a, "a", "k"), straight(t, b, "b", "k")
	if first.State != store.Leased || second.State != store.Leased {
		t.Fatalf("%s and %s; both go at once", first.State, second.State)
	}
	settle(t, a, "a", first.ID, store.Waiting, time.Second)
	third := straight(t, a, "a", "k")
	if third.State != store.Waiting {
		t.Errorf("the third is %s although the first waits", third.State)
	}
	settle(t, b, "b", second.ID, store.Done, 0)
	same(t, "before it is due", lease(t, b, "b", 0, 9))
	same(t, "the first again", lease(t, b, "b", time.Second, 9), first.ID)
	if fourth := straight(t, a, "a", "k"); fourth.State != store.Waiting {
		t.Errorf("the fourth is %s although the first is tried again", fourth.State)
	}
	settle(t, b, "b", first.ID, store.Done, 0)
	same(t, "then the third", lease(t, a, "a", time.Second, 9), third.ID)
	if loose := straight(t, a, "a", ""); loose.State != store.Leased {
		t.Errorf("one without an order is %s", loose.State)
	}
}

func keepsTheOrderWhileTheFirstIsTried(t *testing.T, a, b outbox) {
	first, second := straight(t, a, "a", "k"), straight(t, b, "b", "k")
	settle(t, b, "b", second.ID, store.Waiting, 0)
	same(t, "the second, which failed, while the first is tried", lease(t, b, "b", 0, 9))
	settle(t, a, "a", first.ID, store.Waiting, 0)
	same(t, "the first", lease(t, b, "b", 0, 9), first.ID)
	same(t, "after the end of its lease, of a process that was killed", lease(t, a, "a", time.Second, 9), first.ID)
}

func countsAnAttempt(t *testing.T, a, b outbox) {
	ctx := context.Background()
	queued(t, a, 1, "k")
	q, err := a.Lease(ctx, store.LeaseRequest{Kind: store.Forward, Target: app, Policy: policyText, Owner: "a", Want: 1,
		Now: noon, Until: noon.Add(time.Second)})
	must(t, err)
	x, y := attempt(1, "app"), attempt(2, "app")
	must(t, a.Begin(ctx, "a", q[0], x))
	must(t, a.Begin(ctx, "a", q[0], y))
	got, err := b.GetQueued(ctx, q[0].ID)
	must(t, err)
	if got.Attempts != 2 || got.First != x.ID || got.Last != y.ID || q[0].Attempts != 2 || q[0].First != x.ID ||
		q[0].Last != y.ID {
		t.Errorf("%+v\n%+v", got, q[0])
	}
	if kept, err := b.Get(ctx, y.ID); err != nil || kept.Outcome() != record.Unknown {
		t.Errorf("the attempt that has begun: %v", err)
	}
}

func countsATry(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 1, "k")
	mustBe(t, a.Try(ctx, "a", es[0], noon), store.ErrLease)
	lease(t, a, "a", 0, 1)
	must(t, a.Try(ctx, "a", es[0], noon.Add(time.Second)))
	got, err := b.GetQueued(ctx, es[0].ID)
	must(t, err)
	if got.Attempts != 1 || got.First != 0 || got.Last != 0 || !got.Changed.Equal(noon.Add(time.Second)) ||
		es[0].Attempts != 1 {
		t.Errorf("%+v\n%+v", got, es[0])
	}
}

func refusesWithoutLease(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 1, "")
	x := attempt(1, "app")
	mustBe(t, a.Begin(ctx, "a", es[0], x), store.ErrLease)
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", time.Second, 1)
	mustBe(t, a.Begin(ctx, "a", es[0], x), store.ErrLease)
	if x.ID != 0 || es[0].Attempts != 0 {
		t.Errorf("the attempt is %d", x.ID)
	}
	must(t, b.Begin(ctx, "b", es[0], x))
	if _, err := a.Get(ctx, x.ID+1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something else was recorded: %v", err)
	}
}

func settlesOnlyItsOwn(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 1, "")
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", time.Second, 1)
	gone := &store.Queued{ID: es[0].ID, State: store.Waiting}
	for _, q := range []*store.Queued{gone, {ID: es[0].ID, State: store.Dead},
		{ID: es[0].ID, State: store.Done, Answered: true}} {
		mustBe(t, a.Complete(ctx, "a", q, noon), store.ErrLease)
	}
	settle(t, b, "b", es[0].ID, store.Dead, 0)
	mustBe(t, b.Complete(ctx, "b", gone, noon), store.ErrLease)
	if q, err := a.GetQueued(ctx, es[0].ID); err != nil || q.State != store.Dead {
		t.Errorf("%+v, %v", q, err)
	}
}

func endsWhatWasDelivered(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 3, "k")
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", time.Second, 1)
	must(t, a.Complete(ctx, "a", &store.Queued{ID: es[0].ID, State: store.Done}, noon))
	mustBe(t, b.Complete(ctx, "b", &store.Queued{ID: es[0].ID, State: store.Dead}, noon), store.ErrLease)
	mustBe(t, b.Begin(ctx, "b", es[0], hook(1)), store.ErrLease)
	if q, err := a.GetQueued(ctx, es[0].ID); err != nil || q.State != store.Done {
		t.Errorf("%+v, %v", q, err)
	}
	same(t, "the next goes on", lease(t, b, "b", time.Second, 9), es[1].ID)
	if _, err := a.Cancel(ctx, store.QueueFilter{IDs: []store.Range{{From: es[1].ID, To: es[1].ID}}}, noon); err != nil {
		t.Error(err)
	}
	mustBe(t, b.Complete(ctx, "b", &store.Queued{ID: es[1].ID, State: store.Done}, noon), store.ErrLease)
}

func coversTheAttempt(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 2, "")
	lease(t, a, "a", 0, 2)
	for i, begin := range []func(q *store.Queued) error{
		func(q *store.Queued) error { return a.Begin(ctx, "a", q, hook(1)) },
		func(q *store.Queued) error { return a.Try(ctx, "a", q, noon) },
	} {
		q := *es[i]
		q.Due = noon.Add(time.Minute)
		must(t, begin(&q))
	}
	_, err := a.Renew(ctx, "a", []int64{es[0].ID, es[1].ID}, noon.Add(2*time.Second)) // does not shorten it
	must(t, err)
	same(t, "before the attempts are over", lease(t, b, "b", time.Minute-1, 9))
	same(t, "after that", lease(t, b, "b", time.Minute, 9), es[0].ID, es[1].ID)
}

func saysWhenTheNextIsDue(t *testing.T, a, b outbox) {
	ctx := context.Background()
	if due, err := a.Upcoming(ctx, store.Forward, app); len(due) > 0 || err != nil {
		t.Errorf("in an empty queue: %v, %v", due, err)
	}
	es := queued(t, a, 2, "k")
	for _, want := range []time.Duration{0, time.Second, time.Hour, 0} {
		due, err := b.Upcoming(ctx, store.Forward, app)
		if err != nil || len(due) != 1 || !due[0].At.Equal(noon.Add(want)) {
			t.Errorf("due %v, %v; want %v later", due, err, want)
		}
		switch want {
		case 0:
			lease(t, a, "a", 0, 1)
		case time.Second:
			settle(t, a, "a", es[0].ID, store.Waiting, time.Hour)
		case time.Hour:
			lease(t, a, "a", time.Hour, 1)
			settle(t, a, "a", es[0].ID, store.Done, 0)
		}
	}
}

// However many come first that a worker cannot deliver, they hide nothing of what it can.
func leasesByPolicy(t *testing.T, a, b outbox) {
	ctx := context.Background()
	var others []*store.Queued
	for range 1000 {
		other := delivery("")
		other.Policy, other.Thread = `{"needs":"another's secret"}`, 1
		others = append(others, other)
	}
	must(t, a.Enqueue(ctx, others...))
	mine, plain := delivery(""), delivery("")
	mine.Due, plain.Policy, plain.Due = noon.Add(time.Minute), "", noon.Add(2*time.Minute)
	must(t, a.RecordQueued(ctx, hook(1), mine, plain))
	got, err := b.Upcoming(ctx, store.Forward, app)
	must(t, err)
	want := []store.Due{{Target: app, Policy: others[0].Policy, At: noon},
		{Target: app, Policy: policyText, At: noon.Add(time.Minute)}, {Target: app, At: noon.Add(2 * time.Minute)}}
	if d := diff(want, got); d != "" {
		t.Error(d)
	}
	same(t, "leased", lease(t, b, "b", time.Hour, 9), mine.ID)
	if got, err := b.Upcoming(ctx, store.Forward, "http://another"); len(got) > 0 || err != nil {
		t.Errorf("of another target: %v, %v", got, err)
	}
	all, err := b.Lease(ctx, store.LeaseRequest{Kind: store.Forward, Target: app, Owner: "b", Want: 9,
		Now: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)})
	if err != nil || len(all) != 1 || all[0].ID != plain.ID {
		t.Errorf("without a policy: %v, %v", all, err)
	}
}

func deliversOnlyForTheTarget(t *testing.T, a, b outbox) {
	ctx := context.Background()
	message, other := delivery(""), delivery("")
	message.Kind, other.Target = store.Message, "http://127.0.0.1:1/"
	must(t, a.RecordQueued(ctx, hook(1), message, other))
	same(t, "leased", lease(t, b, "b", 0, 9))
	targets, err := b.QueueTargets(ctx, store.Forward)
	if err != nil || !slices.Equal(targets, []string{other.Target}) {
		t.Errorf("targets of forwards: %v, %v", targets, err)
	}
	if targets, _ := b.QueueTargets(ctx, store.Message); !slices.Equal(targets, []string{app}) {
		t.Errorf("targets of messages: %v", targets)
	}
}

func saysWhenEachTargetIsDue(t *testing.T, a, b outbox) {
	ctx := context.Background()
	to := func(target string, kind store.QueueKind, order string, after time.Duration) {
		q := delivery(order)
		q.Kind, q.Target, q.Due = kind, target, noon.Add(after)
		must(t, a.RecordQueued(ctx, hook(1), q))
	}
	to("http://late", store.Message, "", time.Hour)
	to("http://soon", store.Message, "k", time.Minute)
	to("http://soon", store.Message, "k", 0) // behind the one before
	to("http://late", store.Message, "", 2*time.Hour)
	to("http://other", store.Forward, "", 0)
	got, err := b.Upcoming(ctx, store.Message, "")
	must(t, err)
	if d := diff([]store.Due{{Target: "http://soon", Policy: policyText, At: noon.Add(time.Minute)},
		{Target: "http://late", Policy: policyText, At: noon.Add(time.Hour)}}, got); d != "" {
		t.Error(d)
	}
	n, err := a.Cancel(ctx, store.QueueFilter{Kind: store.Message}, noon)
	if got, nextErr := b.Upcoming(ctx, store.Message, ""); n != 4 || err != nil || nextErr != nil || len(got) > 0 {
		t.Errorf("cancelled %d, %v; %v, %v", n, err, got, nextErr)
	}
}

func endsTheLeasesOfOne(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 3, "")
	first := straight(t, a, "a", "k")
	lease(t, a, "a", 0, 1)
	lease(t, b, "b", 0, 1)
	owners, err := b.Owners(ctx)
	if err != nil || !slices.Equal(owners, []string{"a", "b"}) {
		t.Errorf("owners %v, %v", owners, err)
	}
	if n, err := b.Release(ctx, "a", noon); n != 2 || err != nil {
		t.Errorf("released %d, %v", n, err)
	}
	mustBe(t, a.Begin(ctx, "a", es[0], attempt(1, "app")), store.ErrLease)
	same(t, "what was a's, and what nobody had", lease(t, b, "c", 0, 9), es[0].ID, es[2].ID, first.ID)
	if owners, _ = b.Owners(ctx); !slices.Equal(owners, []string{"b", "c"}) {
		t.Errorf("owners %v", owners)
	}
	must(t, a.GiveBack(ctx, "a", []int64{es[0].ID}, noon)) // it is no longer its own
	must(t, a.GiveBack(ctx, "c", nil, noon))
	same(t, "after nothing was given back", lease(t, b, "d", 0, 9))
	must(t, a.GiveBack(ctx, "c", []int64{es[0].ID, es[2].ID}, noon))
	same(t, "given back", lease(t, b, "d", 0, 9), es[0].ID, es[2].ID)
}

func finishesOnlyTheDead(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 2, "")
	lease(t, a, "a", 0, 1)
	settle(t, a, "a", es[0].ID, store.Dead, 0)
	if n, err := b.Finish(ctx, store.QueueFilter{}, noon); n != 1 || err != nil {
		t.Errorf("finished %d, %v", n, err)
	}
	q, err := b.GetQueued(ctx, es[0].ID)
	if err != nil || q.State != store.Done {
		t.Errorf("%+v, %v", q, err)
	}
	same(t, "what waits", lease(t, b, "b", 0, 9), es[1].ID)
}

func countsAMessageAsNothingSent(t *testing.T, a, b outbox) {
	ctx := context.Background()
	message, q := attempt(1, "app"), delivery("")
	message.Attempt, q.Kind = 0, store.Message
	must(t, a.RecordQueued(ctx, message, q))
	sums, err := b.Stats(ctx, store.Filter{})
	must(t, err)
	if d := diff(store.Stats{ByStatus: map[int]int64{}, ByFailure: map[string]int64{}}, sums); d != "" {
		t.Error(d)
	}
	x, err := b.Get(ctx, message.ID)
	if err != nil || x.Outcome() != record.Queued {
		t.Errorf("%s, %v", x.Outcome(), err)
	}
	depth, err := b.QueueDepth(ctx, store.Message)
	if none, noneErr := b.QueueDepth(ctx, store.Forward); err != nil || noneErr != nil ||
		depth[store.Waiting] != 1 || len(none) != 0 {
		t.Errorf("%v, %v; %v, %v", depth, err, none, noneErr)
	}
}

func beginsAnew(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 2, "")
	lease(t, a, "a", 0, 1)
	must(t, a.Begin(ctx, "a", es[0], attempt(1, "app")))
	settle(t, a, "a", es[0].ID, store.Dead, 0)
	n, err := b.Retry(ctx, store.QueueFilter{States: []store.QueueState{store.Dead}}, noon.Add(time.Minute))
	if n != 1 || err != nil {
		t.Errorf("retried %d, %v", n, err)
	}
	q, err := a.GetQueued(ctx, es[0].ID)
	must(t, err)
	if q.State != store.Waiting || q.Attempts != 0 || q.First != 0 || !q.Created.Equal(noon.Add(time.Minute)) ||
		!q.Due.Equal(q.Created) {
		t.Errorf("%+v", q)
	}
}

func putsTheRetriedBehind(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 3, "k")
	lease(t, a, "a", 0, 1)
	settle(t, a, "a", es[0].ID, store.Dead, 0)
	same(t, "second", lease(t, a, "a", 0, 9), es[1].ID)
	if n, err := b.Retry(ctx, store.QueueFilter{}, noon); n != 2 || err != nil { // the leased one is being tried
		t.Errorf("retried %d, %v", n, err)
	}
	same(t, "beside the second", lease(t, b, "b", 0, 9))
	settle(t, a, "a", es[1].ID, store.Done, 0)
	same(t, "the one that was dead", lease(t, b, "b", 0, 9), es[0].ID)
}

func cancels(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 4, "k")
	lease(t, a, "a", 0, 1)
	n, err := b.Cancel(ctx, store.QueueFilter{IDs: []store.Range{{From: es[0].ID, To: es[1].ID}}}, noon)
	if n != 2 || err != nil {
		t.Errorf("cancelled %d, %v", n, err)
	}
	mustBe(t, a.Begin(ctx, "a", es[0], attempt(1, "app")), store.ErrLease)
	same(t, "the next", lease(t, b, "b", 0, 9), es[2].ID)
	if n, _ := b.Cancel(ctx, store.QueueFilter{IDs: []store.Range{{From: es[3].ID, To: es[3].ID}}}, noon); n != 1 {
		t.Errorf("cancelled %d", n)
	}
	same(t, "while the third is tried", lease(t, a, "a", 0, 9))
}

func purges(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 4, "")
	lease(t, a, "a", 0, 3)
	settle(t, a, "a", es[0].ID, store.Done, 0)
	settle(t, a, "a", es[1].ID, store.Dead, 0)
	depth, err := b.QueueDepth(ctx)
	must(t, err)
	if d := diff(map[store.QueueState]int64{store.Done: 1, store.Dead: 1, store.Leased: 1, store.Waiting: 1},
		depth); d != "" {
		t.Error(d)
	}
	if n, err := b.Purge(ctx, store.QueueFilter{}); n != 2 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
	_, err = a.GetQueued(ctx, es[1].ID)
	mustBe(t, err, store.ErrNoEntry)
	if _, err := a.Get(ctx, es[1].Thread); err != nil {
		t.Errorf("the hook went with its entry: %v", err)
	}
}

// A worker is still at its attempt when its entry is cancelled and forgotten: what it settles then is no other entry.
func givesAnIDToOneEntry(t *testing.T, a, b outbox) {
	ctx := context.Background()
	old := queued(t, a, 1, "")[0]
	lease(t, a, "a", 0, 1)
	for _, forget := range []func() error{
		func() error { _, err := b.Purge(ctx, store.QueueFilter{}); return err },
		func() error { _, err := b.Prune(ctx, store.PruneRule{OlderThan: noon.Add(time.Hour)}); return err },
	} {
		_, err := b.Cancel(ctx, store.QueueFilter{}, noon)
		must(t, err)
		must(t, forget())
		next := queued(t, b, 1, "")[0]
		if next.ID <= old.ID {
			t.Fatalf("entry %d comes after entry %d", next.ID, old.ID)
		}
		same(t, "the next", lease(t, a, "a", 0, 1), next.ID)
		mustBe(t, a.Complete(ctx, "a", old, noon), store.ErrLease)
		old = next
	}
}

func filtersTheQueue(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 4, "")
	lease(t, a, "a", 0, 2)
	settle(t, a, "a", es[0].ID, store.Dead, 0)
	for name, c := range map[string]struct {
		f    store.QueueFilter
		want []int64
	}{
		"all":     {store.QueueFilter{}, []int64{es[0].ID, es[1].ID, es[2].ID, es[3].ID}},
		"newest":  {store.QueueFilter{NewestFirst: true, Limit: 2}, []int64{es[3].ID, es[2].ID}},
		"waiting": {store.QueueFilter{States: []store.QueueState{store.Waiting}}, []int64{es[2].ID, es[3].ID}},
		"two":     {store.QueueFilter{States: []store.QueueState{store.Leased, store.Dead}}, []int64{es[0].ID, es[1].ID}},
		"ids": {store.QueueFilter{IDs: []store.Range{{From: es[1].ID, To: es[2].ID}},
			States: []store.QueueState{store.Waiting}}, []int64{es[2].ID}},
		"target": {store.QueueFilter{Target: "http://nowhere"}, nil},
		"kind":   {store.QueueFilter{Kind: store.Message}, nil},
		"thread": {store.QueueFilter{Thread: es[1].Thread}, []int64{es[1].ID}},
		"since":  {store.QueueFilter{Since: noon.Add(1)}, nil},
	} {
		all, err := b.Queue(ctx, c.f)
		must(t, err)
		var got []int64
		for _, q := range all {
			got = append(got, q.ID)
		}
		same(t, name, got, c.want...)
	}
}

func doesNotPruneWhatWaits(t *testing.T, a, b outbox) {
	ctx := context.Background()
	es := queued(t, a, 3, "")
	lease(t, a, "a", 0, 1)
	settle(t, a, "a", es[0].ID, store.Done, 0)
	result, err := b.Prune(ctx, store.PruneRule{OlderThan: noon.AddDate(1, 0, 0)})
	if err != nil || result.Removed != 1 {
		t.Errorf("pruned %+v, %v", result, err)
	}
	for i, q := range es {
		_, hook := a.Get(ctx, q.Thread)
		_, entry := a.GetQueued(ctx, q.ID)
		if gone := i == 0; gone != (hook != nil) || gone != (entry != nil) {
			t.Errorf("%d: hook %v, entry %v", i, hook, entry)
		}
	}
}

// deliversEachOnce has two stores with four workers each deliver 200 entries of five orders, with leases that never end
// while they work: no entry twice, and each order in its own.
func deliversEachOnce(t *testing.T, a, b outbox) {
	const orders, each = 5, 40
	for n := range orders * each {
		q := delivery(fmt.Sprint("key", n%orders))
		must(t, a.RecordQueued(context.Background(), hook(n), q))
	}
	var mu sync.Mutex
	delivered := map[string][]int64{}
	total := 0
	var wg sync.WaitGroup
	for i := range 8 {
		d, owner := []outbox{a, b}[i%2], fmt.Sprint("worker", i)
		wg.Go(func() {
			for {
				got, err := d.Lease(context.Background(), store.LeaseRequest{Kind: store.Forward, Target: app, Policy: policyText,
					Owner: owner, Want: 2, Now: noon, Until: noon.Add(time.Hour)})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, q := range got {
					delivered[q.Order] = append(delivered[q.Order], q.ID)
					total++
				}
				all := total == orders*each
				mu.Unlock()
				for _, q := range got {
					q.State = store.Done
					if err := d.Complete(context.Background(), owner, q, noon); err != nil {
						t.Error(err)
					}
				}
				if all {
					return
				}
			}
		})
	}
	wg.Wait()
	for order, ids := range delivered {
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != each {
			t.Errorf("%s: %v", order, ids)
		}
	}
}

func putsInWhatFollows(t *testing.T, a, b outbox) {
	ctx := context.Background()
	command := &store.Queued{Kind: store.Command, Target: "exec:handle", Order: "k", Due: noon, Created: noon}
	x := hook(1)
	must(t, a.RecordQueued(ctx, x, command))
	request := store.LeaseRequest{Kind: store.Command, Target: "exec:handle", Owner: "one", Want: 2, Now: noon,
		Until: noon.Add(time.Second)}
	leased, err := a.Lease(ctx, request)
	must(t, err)
	if len(leased) != 1 || leased[0].Thread != x.ID || leased[0].Kind != store.Command {
		t.Fatalf("leased %+v", leased)
	}
	next := func() *store.Queued { q := delivery("k"); q.Thread = x.ID; return q }
	done := &store.Queued{ID: command.ID, State: store.Done}
	if err := b.Complete(ctx, "two", done, noon, next()); !errors.Is(err, store.ErrLease) {
		t.Errorf("without the lease: %v", err)
	}
	bad := &store.Queued{Kind: 9, Target: app}
	if err := b.Complete(ctx, "one", done, noon, bad); err == nil {
		t.Error("something followed that cannot be kept")
	}
	if q, err := a.GetQueued(ctx, command.ID); err != nil || q.State != store.Leased {
		t.Errorf("what could not be followed ended all the same: %+v, %v", q, err)
	}
	must(t, b.Complete(ctx, "one", done, noon, next()))
	if all, err := a.Queue(ctx, store.QueueFilter{Thread: x.ID, Kind: store.Forward}); err != nil ||
		len(all) != 1 || all[0].Blocked {
		t.Errorf("%d followed, %v", len(all), err)
	}
}

func keepsHowACommandEnded(t *testing.T, a, b outbox) {
	ctx := context.Background()
	x := hook(1)
	must(t, a.Record(ctx, x))
	run := record.Run{Exit: 3, Took: 20 * time.Millisecond}
	must(t, b.Ran(ctx, x.ID, run))
	must(t, b.Ran(ctx, x.ID+1, run))
	x.Ended, x.Response = true, &record.Response{Status: 200}
	must(t, a.Answer(ctx, x))
	must(t, a.Flush(ctx))
	got, err := b.Get(ctx, x.ID)
	must(t, err)
	if got.Run == nil || *got.Run != run || got.Status() != 200 {
		t.Errorf("run %+v, status %d", got.Run, got.Status())
	}
}

func saysWhatItHasPromised(t *testing.T, a, b outbox) {
	ctx := context.Background()
	entries := queued(t, a, 6, "")
	lease(t, a, "one", 0, 6)
	settle(t, a, "one", entries[1].ID, store.Dead, 0)
	must(t, a.Complete(ctx, "one", &store.Queued{ID: entries[2].ID, State: store.Done}, noon))
	// its sender had the app's answer, which was no promise
	must(t, a.Complete(ctx, "one", &store.Queued{ID: entries[3].ID, State: store.Done, Answered: true}, noon))
	settle(t, a, "one", entries[4].ID, store.Cancelled, 0)
	got, err := b.Accepted(ctx, entries[0].Thread+1)
	must(t, err)
	want := []store.Acceptance{{Thread: entries[1].Thread}, {Thread: entries[2].Thread, Kept: true},
		{Thread: entries[5].Thread, Kept: true}}
	if d := diff(want, got); d != "" {
		t.Error(d)
	}
}
