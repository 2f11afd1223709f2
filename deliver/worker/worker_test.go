package worker_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

const slow, quick = "http://slow.test/", "http://quick.test/"

func TestADrainGoesThroughAllRetries(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, quick, "", "a", "b")
		a := &apps{status: func(_ string, n int) int {
			if n <= 2 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}}
		w, s := newWorker(history, a)
		w.Run(context.Background(), worker.Drained)
		check(t, "the queue", states(t, history), "1 done 2, 2 done 2")
		check(t, "told", s.text(), "")
		if took := time.Since(a.begun); took < time.Minute || took > time.Minute+time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestOnceTriesWhatIsDueOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, quick, "", "a")
		later := put(t, history, slow, "", "b")[0]
		later.State, later.Due = store.Waiting, time.Now().Add(time.Minute)
		owner := worker.NewHolder("other")
		lease(t, history, later, owner, 1, time.Now().Add(time.Second))
		if err := history.Complete(context.Background(), owner, later, time.Now()); err != nil {
			t.Fatal(err)
		}
		a := &apps{status: func(string, int) int { return http.StatusServiceUnavailable }}
		w, _ := newWorker(history, a)
		w.Run(context.Background(), worker.Once)
		check(t, "came", a.came(), "a @0")
		check(t, "the queue", states(t, history), "1 waiting 1 503 Service Unavailable, 2 waiting 0")
	})
}

func TestMessagesOfOneOrderGoOneAfterTheOther(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "key 7", "a", "b", "c")
		put(t, history, slow, "key 8", "x")
		a := &apps{takes: map[string]time.Duration{slow: 10 * time.Second}}
		w, _ := newWorker(history, a)
		w.Run(context.Background(), worker.Drained)
		for _, way := range []string{"a @0, x @0, b @10, c @20", "x @0, a @0, b @10, c @20"} {
			if a.came() == way {
				return
			}
		}
		t.Errorf("came %s", a.came())
	})
}

func TestASlowPreparationHoldsUpNoOtherTarget(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		put(t, history, quick, "", "b")
		a := &apps{}
		w, _ := newWorker(history, a)
		h := w.Handle[store.Message]
		h.AtOnce = 1
		var prepared atomic.Int64
		h.Prepare = func(_ context.Context, target, policy string) error {
			if target == slow && policy == "plan of "+slow {
				prepared.Add(1)
				time.Sleep(8 * time.Second)
			}
			return nil
		}
		w.Handle[store.Message] = h
		w.Run(context.Background(), worker.Drained)
		check(t, "came", a.came(), "b @0, a @8")
		if n := prepared.Load(); n != 1 {
			t.Errorf("it was prepared %d times", n)
		}
	})
}

func TestWhatCannotBeDeliveredHereIsLeftToOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		put(t, history, quick, "", "b")
		w, s := newWorker(history, &apps{})
		h := w.Handle[store.Message]
		h.Prepare = func(_ context.Context, target, _ string) error {
			if target == slow {
				return errors.New("no secret")
			}
			return nil
		}
		w.Handle[store.Message] = h
		w.Run(context.Background(), worker.Drained)
		check(t, "the queue", states(t, history), "1 waiting 0, 2 done 1")
		check(t, "told", s.text(), slow+" no secret")
		if n, err := w.Blocked(context.Background()); n != 1 || err != nil {
			t.Errorf("%d are blocked, %v", n, err)
		}
	})
}

func TestWhatCouldNotBeDeliveredIsTriedAgainAWhileLater(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		a := &apps{}
		w, s := newWorker(history, a)
		h := w.Handle[store.Message]
		h.Recheck = 30 * time.Second
		h.Prepare = func(context.Context, string, string) error {
			if time.Since(a.begun) < 45*time.Second {
				return errors.New("no secret")
			}
			return nil
		}
		w.Handle[store.Message] = h
		time.AfterFunc(5*time.Minute, func() { w.Finish(worker.Now) })
		w.Run(context.Background(), worker.Forever)
		check(t, "told", s.text(), slow+" no secret, "+slow+" no secret")
		check(t, "came", a.came(), "a @60")
	})
}

func TestAHandlerMayBlockWhatItCannotDeliver(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		w, s := newWorker(history, &apps{})
		w.Handle[store.Message] = worker.Handler{Deliver: func(context.Context, *store.Queued) (worker.Result, error) {
			err := errors.New("cannot be signed")
			return worker.Result{State: store.Waiting, Due: time.Now(), Why: err.Error(), Blocked: err}, nil
		}}
		w.Run(context.Background(), worker.Drained)
		check(t, "the queue", states(t, history), "1 waiting 0 cannot be signed")
		check(t, "told", s.text(), slow+" cannot be signed")
	})
}

func TestAWorkerIsWokenAndOtherwiseLooksNowAndThen(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &apps{}
		w, _ := newWorker(history, a)
		w.Targets = []string{quick}
		done := make(chan struct{})
		go func() { defer close(done); w.Run(context.Background(), worker.Forever) }()
		time.Sleep(3 * time.Second)
		put(t, history, slow, "", "not ours")
		put(t, history, quick, "", "a")
		w.Wake()
		time.Sleep(1 * time.Second)
		put(t, history, quick, "", "b")
		time.Sleep(time.Minute)
		w.Finish(worker.Idle)
		<-done
		check(t, "came", a.came(), "a @3, b @13")
	})
}

func TestLimitsHold(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a", "b", "c")
		put(t, history, quick, "", "x", "y")
		a := &apps{takes: map[string]time.Duration{slow: 10 * time.Second, quick: 4 * time.Second}}
		w, _ := newWorker(history, a)
		h := w.Handle[store.Message]
		h.AtOnce, h.PerTarget, h.Limits = 3, 2, &deliver.Limits{AtOnce: 1}
		w.Handle[store.Message] = h
		w.Run(context.Background(), worker.Drained)
		if took := time.Since(a.begun); took < 30*time.Second || took > 31*time.Second {
			t.Errorf("it took %s: %s", took, a.came())
		}
	})
}

func TestSoManyAreDeliveredAtATime(t *testing.T) {
	for name, test := range map[string]struct {
		atOnce, perTarget int
		took              time.Duration
	}{
		"one in all":        {1, 0, 40 * time.Second},
		"one for a target":  {0, 1, 20 * time.Second},
		"as many as wanted": {0, 0, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, history *store.Store) {
				put(t, history, slow, "", "a", "b")
				put(t, history, quick, "", "x", "y")
				a := &apps{takes: map[string]time.Duration{slow: 10 * time.Second, quick: 10 * time.Second}}
				w, _ := newWorker(history, a)
				h := w.Handle[store.Message]
				h.AtOnce, h.PerTarget = test.atOnce, test.perTarget
				w.Handle[store.Message] = h
				w.Run(context.Background(), worker.Drained)
				if took := time.Since(a.begun); took != test.took {
					t.Errorf("it took %s, want %s: %s", took, test.took, a.came())
				}
			})
		})
	}
}

func TestARestThatAnEndpointIsGivenEndsARunThatDoesNotDrain(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, quick, "", "a", "b", "c")
		a := &apps{status: func(string, int) int { return http.StatusServiceUnavailable }}
		w, _ := newWorker(history, a)
		h := w.Handle[store.Message]
		h.PerTarget, h.Limits = 1, &deliver.Limits{Failures: 1, Cooldown: time.Hour}
		w.Handle[store.Message] = h
		w.Run(context.Background(), worker.Once)
		check(t, "came", a.came(), "a @0")
	})
}

func TestTheEndWaitsForWhatIsUnderWayAndTheEndOfTheContextCutsIt(t *testing.T) {
	for _, test := range []struct {
		name, queue string
		cut         bool
		took        time.Duration
	}{
		{"waits", "1 done 1", false, 10 * time.Second},
		{"cuts", "1 waiting 1 interrupted", true, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, history *store.Store) {
				put(t, history, slow, "", "a")
				a := &apps{takes: map[string]time.Duration{slow: 10 * time.Second}}
				w, _ := newWorker(history, a)
				ctx, cut := context.WithCancel(context.Background())
				defer cut()
				time.AfterFunc(3*time.Second, func() {
					w.Finish(worker.Now)
					if w.UnderWay() != 1 {
						t.Errorf("%d are under way", w.UnderWay())
					}
					put(t, history, quick, "", "too late")
					if test.cut {
						cut()
					}
				})
				w.Run(ctx, worker.Forever)
				if took := time.Since(a.begun); took != test.took {
					t.Errorf("it took %s", took)
				}
				check(t, "the queue", states(t, history), test.queue+", 2 waiting 0")
			})
		})
	}
}

func TestWhatAnEntryPutsInIsDeliveredBeforeTheWorkerIsIdle(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		a := &apps{}
		w, _ := newWorker(history, a)
		first := w.Handle[store.Message].Deliver
		w.Handle[store.Forward] = worker.Handler{Deliver: first}
		w.Handle[store.Message] = worker.Handler{Deliver: func(ctx context.Context, q *store.Queued) (worker.Result, error) {
			time.Sleep(time.Second)
			r, err := first(ctx, q)
			now := time.Now()
			r.Next = []*store.Queued{{Kind: store.Forward, Thread: q.Thread, Target: quick, Due: now, Created: now}}
			return r, err
		}}
		w.Run(context.Background(), worker.Idle)
		check(t, "the queue", states(t, history), "1 done 1, 2 done 1")
	})
}

func TestAnErrorOfAHandlerLeavesTheEntryToTheEndOfItsLease(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		a := &apps{}
		w, s := newWorker(history, a)
		first, failed := w.Handle[store.Message].Deliver, false
		w.Handle[store.Message] = worker.Handler{Deliver: func(ctx context.Context, q *store.Queued) (worker.Result, error) {
			if !failed {
				failed = true
				return worker.Result{}, errors.New("the disk is full")
			}
			return first(ctx, q)
		}}
		w.Run(context.Background(), worker.Drained)
		check(t, "told", s.text(), "1: the disk is full")
		check(t, "came", a.came(), "a @30")
	})
}

func TestAHistoryThatCannotBeReadIsToldOf(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		w, s := newWorker(history, &apps{})
		if err := history.Close(); err != nil {
			t.Fatal(err)
		}
		w.Run(context.Background(), worker.Idle)
		if s.text() == "" {
			t.Error("nothing was told")
		}
		if _, err := w.Blocked(context.Background()); err == nil {
			t.Error("what is blocked is known")
		}
	})
}

// A worker that hangs is one that was stopped: its lease ends, and another takes its entry over.
func TestAWorkerThatDiesIsTakenOver(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		q := put(t, history, slow, "", "a")[0]
		dead := worker.NewHolder("dead")
		entries := lease(t, history, q, dead, 1, time.Now().Add(worker.LeaseFor))
		a := &apps{}
		w, _ := newWorker(history, a)
		w.Run(context.Background(), worker.Drained)
		check(t, "came", a.came(), "a @30")
		check(t, "the queue", states(t, history), "1 done 1")
		late := &worker.Leases{History: history, Holder: dead, Tell: (&told{}).tell}
		sender := deliver.Sender{Client: a, Policy: policy}
		_, err := late.Attempt(context.Background(), entries[0], sender, message(t, history, 1))
		if !errors.Is(err, store.ErrLease) {
			t.Errorf("the one that was taken for dead makes an attempt all the same: %v", err)
		}
		if late.Reclaim(context.Background(), entries[0]) {
			t.Error("it has its lease again")
		}
		if err := late.Begin(context.Background(), entries[0], time.Second); !errors.Is(err, store.ErrLease) {
			t.Errorf("it runs a command all the same: %v", err)
		}
		check(t, "came", a.came(), "a @30")
	})
}

// The attempt takes longer than a lease, which is renewed meanwhile: no other worker begins one.
func TestALeaseIsRenewedWhileItsAttemptTakesLong(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		a := &apps{takes: map[string]time.Duration{slow: 2 * time.Minute}}
		w, _ := newWorker(history, a)
		other, _ := newWorker(history, a)
		done := make(chan struct{})
		go func() { defer close(done); other.Run(context.Background(), worker.Drained) }()
		w.Run(context.Background(), worker.Drained)
		<-done
		check(t, "came", a.came(), "a @0")
		check(t, "the queue", states(t, history), "1 done 1")
	})
}

// Somebody else has the lease, as after the machine slept: the attempt is cut off before the next one may begin.
func TestAnAttemptIsCutOffWhoseLeaseIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		put(t, history, slow, "", "a")
		a := &apps{takes: map[string]time.Duration{slow: time.Hour}}
		w, _ := newWorker(history, a)
		time.AfterFunc(7*time.Second, func() {
			if _, err := history.Release(context.Background(), w.Leases.Holder, time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
		time.AfterFunc(50*time.Second, func() { w.Finish(worker.Now) })
		w.Run(context.Background(), worker.Forever)
		if took := time.Since(a.begun); took > 51*time.Second {
			t.Errorf("the attempt was cut off after %s", took)
		}
		check(t, "came", a.came(), "a @0")
		check(t, "the queue", states(t, history), "1 waiting 1")
	})
}

func TestALeaseThatWasForgottenIsNotRenewed(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		entries := put(t, history, slow, "", "a", "b")
		w, _ := newWorker(history, &apps{})
		w.Targets = []string{quick}
		now := time.Now()
		leased := lease(t, history, entries[0], w.Leases.Holder, 2, now.Add(worker.LeaseFor))
		w.Leases.Reserve(leased[0])
		w.Leases.Reserve(leased[1])
		w.Leases.Forget(leased[1])
		go w.Run(context.Background(), worker.Forever)
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, renewed := range []bool{true, false} {
			q, err := history.GetQueued(context.Background(), leased[i].ID)
			if err != nil || q.Due.After(now.Add(worker.LeaseFor)) != renewed {
				t.Errorf("%d: the lease ends at %s, %v", q.ID, q.Due.Sub(now), err)
			}
		}
		w.Finish(worker.Now)
		synctest.Wait()
	})
}
