package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// inBubble runs a test with a history of its own while time stands still but for waits.
func inBubble(t *testing.T, test func(t *testing.T, history *store.Store)) {
	t.Helper()
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	synctest.Test(t, func(t *testing.T) {
		history, err := store.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer history.Close()
		test(t, history)
	})
}

// apps are endpoints that answer when their time has passed, and know what they got.
type apps struct {
	takes  map[string]time.Duration // by target; what is not in it answers at once
	status func(target string, n int) int

	begun time.Time
	mu    sync.Mutex
	got   []string // "webhook id @ seconds since begun"
	n     map[string]int
}

// Do answers a request after the time its target takes, and notes when it came.
func (a *apps) Do(ctx context.Context, x *record.Exchange) {
	x.Start = time.Now()
	target := x.Request.URL
	a.mu.Lock()
	if a.n == nil {
		a.n = map[string]int{}
	}
	a.n[target]++
	n := a.n[target]
	a.got = append(a.got, fmt.Sprintf("%s @%g", x.WebhookID, time.Since(a.begun).Seconds()))
	a.mu.Unlock()
	select {
	case <-time.After(a.takes[target]):
		x.Response = &record.Response{Status: http.StatusOK}
		if a.status != nil {
			x.Response.Status = a.status(target, n)
		}
	case <-ctx.Done():
		x.Err = &record.Failure{Kind: record.FailInterrupted, Text: "interrupted"}
	}
	x.Took, x.Ended = time.Since(x.Start), true
}

func (a *apps) came() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.got, ", ")
}

// told collects what a worker tells.
type told struct {
	mu  sync.Mutex
	all []string
}

func (s *told) tell(e worker.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, strings.TrimSpace(fmt.Sprintf("%s %v", e.Target, e.Err)))
}

func (s *told) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, ", ")
}

// policy retries twice, a minute apart.
var policy = deliver.Policy{
	Retries: 2, Backoff: deliver.Constant, Base: time.Minute, NoJitter: true, RetryOn: deliver.DefaultRetryOn(),
}

// newWorker is a worker whose messages go to apps.
func newWorker(history *store.Store, a *apps) (*worker.Worker, *told) {
	a.begun = time.Now()
	s := &told{}
	leases := &worker.Leases{History: history, Holder: worker.NewHolder("test"), Tell: s.tell}
	handle := map[store.QueueKind]worker.Handler{store.Message: {Deliver: deliverTo(leases, a)}}
	return &worker.Worker{Leases: leases, Every: 10 * time.Second, Handle: handle}, s
}

func deliverTo(leases *worker.Leases, a *apps) func(context.Context, *store.Queued) (worker.Result, error) {
	return func(ctx context.Context, q *store.Queued) (worker.Result, error) {
		x, err := leases.History.Get(ctx, q.Thread)
		if err != nil {
			return worker.Result{}, err
		}
		next := record.Exchange{Thread: x.ID, Request: x.Request, WebhookID: x.WebhookID}
		attempt, err := leases.Attempt(ctx, q, deliver.Sender{Client: a, Policy: worker.LastChance(policy, q)}, next)
		if err != nil {
			return worker.Result{Attempt: attempt}, err
		}
		return worker.ResultOf(attempt), nil
	}
}

// put puts messages into the queue, each after the one before it with the same order.
func put(t *testing.T, history *store.Store, target, order string, ids ...string) []*store.Queued {
	t.Helper()
	var all []*store.Queued
	for _, id := range ids {
		x := &record.Exchange{Kind: record.Sent, Start: time.Now(), WebhookID: id,
			Request: record.Request{Method: "POST", URL: target, Proto: "HTTP/1.1"}}
		q := &store.Queued{Kind: store.Message, Target: target, Policy: "plan of " + target, Order: order,
			Due: time.Now(), Created: time.Now()}
		if err := history.RecordQueued(context.Background(), x, q); err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

// states are the entries of the queue in one line: state, attempts and why.
func states(t *testing.T, history *store.Store) string {
	t.Helper()
	entries, err := history.Queue(context.Background(), store.QueueFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, q := range entries {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %d %s", q.ID, q.State, q.Attempts, q.Why)))
	}
	return strings.Join(all, ", ")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func message(t *testing.T, history *store.Store, id int64) record.Exchange {
	t.Helper()
	x, err := history.Get(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return *x
}

// lease gives entries that are due to a holder.
func lease(t *testing.T, history *store.Store, q *store.Queued, holder string, want int,
	until time.Time) []*store.Queued {
	t.Helper()
	leased, err := history.Lease(context.Background(), store.LeaseRequest{
		Kind: store.Message, Target: q.Target, Policy: q.Policy,
		Owner: holder, Want: want, Now: time.Now(), Until: until})
	if err != nil || len(leased) != want {
		t.Fatal(leased, err)
	}
	return leased
}
