package batch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// endpoint is a receiver in a bubble: it takes a second for each request and answers with a status.
type endpoint struct {
	status func(id string) int // nil: always 200

	mu    sync.Mutex
	ids   []string
	begun []time.Time
}

func (e *endpoint) Do(ctx context.Context, x *record.Exchange) {
	x.Start = time.Now()
	e.mu.Lock()
	e.ids, e.begun = append(e.ids, x.WebhookID), append(e.begun, x.Start)
	e.mu.Unlock()
	select {
	case <-time.After(time.Second):
		status := 200
		if e.status != nil {
			status = e.status(x.WebhookID)
		}
		if status == 0 {
			x.Err = &record.Failure{Kind: record.FailRefused, Text: "connection refused"}
		} else {
			x.Response = &record.Response{Status: status}
		}
	case <-ctx.Done():
		x.Err = &record.Failure{Kind: record.FailInterrupted, Text: "interrupted"}
	}
	x.Took, x.Ended = time.Since(x.Start), true
}

func (e *endpoint) seen() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.ids, " ")
}

// inBubble runs a test with a history of its own in a bubble.
func inBubble(t *testing.T, test func(t *testing.T, history *store.Store)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		history, err := store.Open(context.Background(), filepath.Join(dir, "history.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer history.Close()
		test(t, history)
	})
}

// newRun returns a run of so many messages, named msg_1, msg_2 …, to an endpoint.
func newRun(history *store.Store, to *endpoint, messages int64) *batch.Run {
	return &batch.Run{
		Journal: &journal.Journal{History: history, Lazily: true},
		Sender: deliver.Sender{Client: to, Policy: deliver.Policy{Retries: 1, Backoff: deliver.Constant,
			Base: time.Second, NoJitter: true,
			RetryOn: deliver.DefaultRetryOn()}},
		Bodies: payload.Repeated("digest"), Order: batch.NewOrder(messages, 0), Workers: 1,
		Message: func(j batch.Job) (record.Exchange, error) {
			return record.Exchange{WebhookID: fmt.Sprintf("msg_%d", j.Message+1),
				Request: record.Request{Method: "POST", URL: "http://a.test", Proto: "HTTP/1.1"}}, nil
		},
		Sign: func(*record.Exchange) func(time.Time, *record.Request) error { return nil },
		Tell: func(*deliver.Attempt) error { return nil },
		Now:  time.Now, Owner: "me", IsGone: func(string) bool { return false }, Options: `{"kept":1}`,
	}
}

// send begins and sends a run.
func send(ctx context.Context, t *testing.T, r *batch.Run) {
	t.Helper()
	if err := r.Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := r.Send(ctx); err != nil {
		t.Fatal(err)
	}
}

// row returns the newest run of a history, as another process reads it.
func row(t *testing.T, history *store.Store) store.Run {
	t.Helper()
	if err := history.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	r, err := history.GetRun(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARunSendsEveryMessageOnceAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{status: func(id string) int {
			return map[string]int{"msg_2": 503, "msg_3": 0}[id] + map[bool]int{true: 200}[id == "msg_1" || id == "msg_4"]
		}}
		r := newRun(history, to, 4)
		var told int
		r.Tell = func(*deliver.Attempt) error { told++; return nil }
		if j, err := r.First(context.Background()); err != nil || j.Message != 0 {
			t.Fatal(j, err)
		}
		send(context.Background(), t, r)
		if want := "msg_1 msg_2 msg_2 msg_3 msg_3 msg_4"; to.seen() != want || told != 6 {
			t.Errorf("%d attempts: %s, want %s", told, to.seen(), want)
		}
		tally := r.Tally()
		if want := (journal.Tally{Delivered: 2, Refused: 1, Unanswered: 1}); tally.Tally != want || tally.Attempts != 6 ||
			tally.Retries != 2 {
			t.Errorf("tally %+v", tally)
		}
		if tally.Statuses[200] != 2 || tally.Statuses[503] != 2 || tally.Failures[record.FailRefused] != 2 {
			t.Errorf("statuses %v, failures %v", tally.Statuses, tally.Failures)
		}
		want := []batch.DeadLetter{{WebhookID: "msg_2", Status: 503, Attempts: 2, Why: tally.Dead[0].Why},
			{WebhookID: "msg_3", Kind: "refused", Attempts: 2, Why: tally.Dead[1].Why}}
		if !slices.Equal(tally.Dead, want) || tally.DeadCount != 2 {
			t.Errorf("dead letters %+v", tally.Dead)
		}
		if took := tally.Took(); took.P50.Round(10*time.Millisecond) != time.Second || tally.Late() != (batch.Spread{}) {
			t.Errorf("took %+v, late %+v", took, tally.Late())
		}
		if p := r.Progress(); p.Done != 4 || p.Total != 4 || p.Failed != 2 ||
			p.P99.Round(10*time.Millisecond) != time.Second {
			t.Errorf("progress %+v", p)
		}
		got := row(t, history)
		if r.Progress().Total != 4 || r.Total() != 4 || !got.Ended || got.Next != 4 || len(got.Open) != 0 ||
			got.Owner != "" || got.Options != "{}" || got.ID != r.Row().ID {
			t.Errorf("row %+v", got)
		}
	})
}

func TestACancelledRunIsResumedWhereItStopped(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{}
		ctx, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		first := newRun(history, to, 6)
		first.Workers = 2
		first.Order = batch.NewOrder(6, 0).Shuffle(3)
		send(ctx, t, first)
		stopped := row(t, history)
		if stopped.Ended || stopped.Next != 6 || len(stopped.Open) != 2 || stopped.Owner != "" ||
			first.Tally().Delivered != 4 || first.Tally().Interrupted != 2 {
			t.Fatalf("row %+v, tally %+v", stopped, first.Tally().Tally)
		}
		cut := slices.Sorted(slices.Values(to.ids[4:]))
		to.ids = nil
		second := newRun(history, to, 6)
		second.Order, second.Resumed = first.Order, &stopped
		if j, err := second.First(context.Background()); err != nil || fmt.Sprintf("msg_%d", j.Message+1) != cut[0] &&
			fmt.Sprintf("msg_%d", j.Message+1) != cut[1] {
			t.Errorf("the first message is %d, cut off were %s; %v", j.Message, cut, err)
		}
		send(context.Background(), t, second)
		if got := slices.Sorted(slices.Values(to.ids)); !slices.Equal(got, cut) {
			t.Errorf("resumed with %s, want %s", got, cut)
		}
		if got := row(t, history); !got.Ended || got.ID != stopped.ID || second.Progress().Total != 2 || second.Total() != 2 {
			t.Errorf("row %+v, planned %d, total %d", got, second.Progress().Total, second.Total())
		}
		firsts := map[int64]bool{}
		for x, err := range history.List(context.Background(), store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			firsts[x.First()] = true
		}
		if len(firsts) != 6 {
			t.Errorf("the history has %d webhooks, want the 6 messages: what was cut off is another attempt", len(firsts))
		}
	})
}

// A process that is killed writes nothing more: what its last checkpoint has open is sent again under the same ids.
func TestAKilledRunIsTakenOverOnceItsOwnerIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		killed := newRun(history, &endpoint{}, 5)
		killed.Owner = "another"
		if err := killed.Begin(context.Background()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() { _ = killed.Send(ctx) })
		time.Sleep(2500 * time.Millisecond) // two messages are delivered, the third is under way
		at := row(t, history)
		if at.Next != 3 || !slices.Equal(at.Open, []int64{2}) || at.Owner != "another" {
			t.Fatalf("checkpoint %+v", at)
		}
		to := &endpoint{}
		second := newRun(history, to, 5)
		second.Resumed = &at
		busy, ok := errors.AsType[*batch.BusyError](second.Begin(context.Background()))
		if !ok || busy.ID != at.ID || busy.Error() != fmt.Sprintf("run %d is already being sent", at.ID) {
			t.Errorf("%v, want a *BusyError", busy)
		}
		gone := newRun(history, to, 5)
		gone.Resumed, gone.IsGone = &at, func(owner string) bool { return owner == "another" }
		send(context.Background(), t, gone)
		if want := "msg_3 msg_4 msg_5"; to.seen() != want {
			t.Errorf("resumed with %s, want %s", to.seen(), want)
		}
		late := newRun(history, to, 5)
		late.Resumed = &at // as it was before the other one took it
		late.Now = func() time.Time { return time.Now().Add(time.Hour) }
		if err := late.Begin(context.Background()); err == nil {
			t.Error("two go on with one run")
		}
		cancel()
		group.Wait()
	})
}

func TestARunKeepsItsRateAndMeasuresHowLateItIs(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{}
		r := newRun(history, to, 0) // with one worker: a bubble's time stands still while another waits for a mutex
		r.Pace = &deliver.Pace{Rate: deliver.Rate{N: 2, Per: time.Minute}, For: 2 * time.Minute}
		begun := time.Now()
		send(context.Background(), t, r)
		if len(to.begun) != 4 || r.Progress().Total != 4 {
			t.Fatalf("%d began, %d were planned, want 4", len(to.begun), r.Progress().Total)
		}
		for i, at := range to.begun {
			if due := time.Duration(i) * 30 * time.Second; at.Sub(begun).Round(time.Second) != due {
				t.Errorf("message %d began after %s, due after %s", i+1, at.Sub(begun), due)
			}
		}
		if late := r.Tally().Late(); late.Max > time.Second {
			t.Errorf("late %+v", late)
		}
	})
}

func TestRepeatedMessagesHaveTheSameIDAndFollowAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{}
		r := newRun(history, to, 4)
		r.Order = batch.NewOrder(4, 0.5)
		send(context.Background(), t, r)
		if want := "msg_1 msg_2 msg_2 msg_3 msg_4 msg_4"; to.seen() != want {
			t.Errorf("sent %s, want %s", to.seen(), want)
		}
	})
}

func TestAStreamEndsTheRunWhenItIsExhausted(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{}
		r := newRun(history, to, 0)
		r.Bodies = payload.Stream(io.NopCloser(strings.NewReader("{\"a\":1}\n{\"a\":2}\n")), "stdin", false, nil)
		defer r.Bodies.Close()
		var bodies []string
		message := r.Message
		r.Message = func(j batch.Job) (record.Exchange, error) {
			bodies = append(bodies, string(j.Body))
			return message(j)
		}
		send(context.Background(), t, r)
		if got := strings.Join(bodies, " "); got != `{"a":1} {"a":2}` {
			t.Errorf("sent %s", got)
		}
		if got := row(t, history); !got.Ended || got.Total != 2 || r.Progress().Total != 0 || r.Total() != 2 {
			t.Errorf("row %+v, planned %d, total %d", got, r.Progress().Total, r.Total())
		}
	})
}

func TestTheFirstErrorEndsTheRun(t *testing.T) {
	broken := errors.New("broken")
	for name, breakIt := range map[string]func(r *batch.Run){
		"message": func(r *batch.Run) {
			r.Message = func(batch.Job) (record.Exchange, error) { return record.Exchange{}, broken }
		},
		"tell": func(r *batch.Run) { r.Tell = func(*deliver.Attempt) error { return broken } },
		"queue": func(r *batch.Run) {
			r.Queue = func(context.Context, record.Exchange) (journal.Outcome, error) { return journal.Outcome{}, broken }
		},
		"sign": func(r *batch.Run) {
			r.Sign = func(*record.Exchange) func(time.Time, *record.Request) error {
				return func(time.Time, *record.Request) error { return broken }
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, history *store.Store) {
				r := newRun(history, &endpoint{}, 100)
				r.Workers = 3
				breakIt(r)
				if err := r.Begin(context.Background()); err != nil {
					t.Fatal(err)
				}
				if err := r.Send(context.Background()); !errors.Is(err, broken) {
					t.Errorf("%v, want %v", err, broken)
				}
				if got := row(t, history); got.Ended || got.Next > 3 {
					t.Errorf("row %+v", got)
				}
			})
		})
	}
}

func TestAQueuedRunDeliversNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		to := &endpoint{}
		r := newRun(history, to, 3)
		r.Queue = func(context.Context, record.Exchange) (journal.Outcome, error) {
			return journal.Outcome{Queued: true}, nil
		}
		send(context.Background(), t, r)
		if tally := r.Tally(); tally.Queued != 3 || tally.Attempts != 0 || to.seen() != "" {
			t.Errorf("tally %+v, sent %s", tally, to.seen())
		}
	})
}

// The history has a message that waited for a retry as failed, and one whose attempt was cut off as interrupted.
func TestMessagesCutOffBeforeARetryAreCounted(t *testing.T) {
	tally := batch.NewTally(false)
	for _, x := range []*record.Exchange{
		{Response: &record.Response{Status: 503}, Ended: true},
		{Err: &record.Failure{Kind: record.FailInterrupted}, Ended: true},
		nil, // not begun
	} {
		var ends batch.Ends
		if x != nil {
			ends.Add(x)
		}
		tally.Add(&journal.Outcome{Interrupted: true}, &ends)
	}
	if tally.Cut != 1 || tally.DeadCount != 0 || tally.Interrupted != 3 {
		t.Errorf("%d cut off before a retry, %d given up, %d interrupted", tally.Cut, tally.DeadCount, tally.Interrupted)
	}
}

func TestOnlyTheFirstDeadLettersAreListed(t *testing.T) {
	tally := batch.NewTally(true)
	for n := range 25 {
		var ends batch.Ends
		x := &record.Exchange{WebhookID: fmt.Sprint(n), Response: &record.Response{Status: 500},
			Took: 2 * time.Hour, Ended: true}
		ends.Add(x)
		var o journal.Outcome
		o.Add(&deliver.Attempt{Exchange: x, Ended: true, Decision: deliver.Exhausted})
		tally.Add(&o, &ends)
	}
	if len(tally.Dead) != 20 || tally.DeadCount != 25 || tally.Took().Max < 59*time.Minute ||
		tally.Took().Max > 61*time.Minute {
		t.Errorf("%d listed of %d, at most %s", len(tally.Dead), tally.DeadCount, tally.Took().Max)
	}
}
