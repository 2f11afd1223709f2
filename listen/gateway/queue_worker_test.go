package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// queues is a gateway that forwards to an app by way of the queue: three attempts, a minute apart.
func queues(t *testing.T, history *store.Store, a *app, ack bool) (*Gateway, *telling) {
	t.Helper()
	a.begun = time.Now()
	g, told := newGateway(t, history, route.Target{URL: testApp})
	g.Client = a
	g.Policy = deliver.Policy{Retries: 2, Backoff: deliver.Constant, Base: time.Minute, NoJitter: true,
		RetryOn: deliver.DefaultRetryOn(), Timeout: time.Minute, Deadline: time.Hour}
	g.Queue = &Queue{Ack: ack, Concurrency: 1, Limits: &deliver.Limits{}, Order: byRoute}
	if err := g.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g, told
}

// after returns an app's statuses: the first ones, then 200.
func after(first ...int) func(n int) int {
	return func(n int) int {
		if n <= len(first) {
			return first[n-1]
		}
		return http.StatusOK
	}
}

func TestTheSenderHearsTheAppWhereItIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &app{status: after(http.StatusCreated, http.StatusBadRequest)}
		g, told := queues(t, history, a, false)
		end := start(t, g)
		x := through(t, g, hooked("a", "one"))
		same(t, "answered", x.Response.Status, http.StatusCreated)
		// What the app does not want is not tried again: its sender knows.
		same(t, "answered", through(t, g, hooked("b", "two")).Response.Status, http.StatusBadRequest)
		end(false)
		same(t, "came", a.came(), "one @0, two @0")
		same(t, "queue", states(t, history), "1 done 1, 1 done 1 answered to the sender: 400 Bad Request is final")
		same(t, "apps", len(told.of(Answered)[0].Apps), 1)
		same(t, "waits", len(told.of(Waits)), 0)
	})
}

func TestWhatTheAppDoesNotTakeIsDeliveredLaterInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &app{status: after(503, 503)}
		g, told := queues(t, history, a, false)
		end := start(t, g)
		x := through(t, g, hooked("a", "one"))
		same(t, "answered", x.Response.Status, http.StatusAccepted)
		synctest.Wait()                                                                          // it waits in the queue now
		same(t, "answered", string(through(t, g, hooked("b", "two")).Response.Body), "queued\n") // waits for the first one
		if e := told.of(Waits); len(e) != 1 || e[0].ID != x.ID || !strings.Contains(e[0].Detail, "503") {
			t.Errorf("told %+v", e)
		}
		same(t, "waiting", g.Waiting(t.Context()), 2)
		time.Sleep(3 * time.Minute)
		end(false)
		same(t, "came", a.came(), "one @0, one @60, one @120, two @120")
		same(t, "queue", states(t, history), "1 done 3, 1 done 1")
		attempts := told.of(Attempted)
		if len(attempts) != 3 || attempts[0].ID != x.ID || attempts[0].Attempt.Exchange.Status() != 503 {
			t.Errorf("told %+v", attempts)
		}
		same(t, "waiting", g.Waiting(t.Context()), 0)
	})
}

// What the queue gives up was not accepted: it is handed on when it comes again.
func TestWhatIsGivenUpIsHandedOnWhenItComesAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &app{status: after(503, 503, 503)}
		g, told := queues(t, history, a, true)
		end := start(t, g)
		r := post(t, "github", keyA, "{}", record.Field{Name: "X-GitHub-Delivery", Value: "a"})
		same(t, "answered", through(t, g, r).Response.Status, http.StatusOK)
		time.Sleep(time.Second)
		again := through(t, g, r)
		same(t, "a copy", again.Response.Status, http.StatusOK)
		time.Sleep(3 * time.Minute)
		e := told.of(NotDelivered)
		if len(e) != 1 || e[0].ID != 1 || e[0].Entry != 1 || e[0].Detail != "503 Service Unavailable, 3 attempts" {
			t.Errorf("told %+v", e)
		}
		same(t, "came", a.came(), "{} @0, {} @60, {} @120")
		through(t, g, r)
		end(false)
		same(t, "came", strings.Count(a.came(), "{}"), 4)
	})
}

// The end of a listener tries what is due, and waits for what has begun. A second ^C cuts that.
func TestTheEndTriesWhatIsDueUnlessItIsCut(t *testing.T) {
	for cut, want := range map[bool]string{false: "one @0, two @5", true: "one @0"} {
		t.Run(want, func(t *testing.T) {
			inBubble(t, func(t *testing.T, history *store.Store) {
				a := &app{takes: 5 * time.Second}
				g, _ := queues(t, history, a, true)
				end := start(t, g)
				through(t, g, hooked("a", "one"))
				through(t, g, hooked("b", "two"))
				synctest.Wait()
				end(cut)
				same(t, "came", a.came(), want)
			})
		})
	}
}

// An attempt that takes longer than endGrace is cut off, and its webhook waits for the next listener.
func TestAnAttemptIsCutOffAtTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		a := &app{takes: time.Minute}
		g, _ := queues(t, history, a, true)
		end := start(t, g)
		through(t, g, hooked("a", "one"))
		synctest.Wait()
		end(true)
		same(t, "it took", time.Since(a.begun), endGrace)
		same(t, "queue", states(t, history), "1 waiting 1 interrupted")
	})
}

// The history does not keep a token. Only a listener that has it can put it back, and the others leave the entry to it.
func TestAListenerWithoutTheSecretLeavesAWebhookToOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		token := sign.Secret{Name: "env:TOKEN", Key: []byte("a token of sixteen bytes")}
		a := &app{status: after(503)}
		g, _ := queues(t, history, a, true)
		g.Redactor.Add(token)
		g.Secrets = []sign.Secret{token}
		history.Redact = g.Redactor.Redact
		r := hooked("a", "one")
		r.Header = append(r.Header, record.Field{Name: "X-Gitlab-Token", Value: string(token.Key)})
		same(t, "answered", through(t, g, r).Response.Status, http.StatusOK)

		b := &app{}
		other, told := queues(t, history, b, true)
		end := start(t, other)
		time.Sleep(2 * time.Minute)
		end(false)
		same(t, "came", b.came(), "")
		left := told.of(TargetLeft)
		if len(left) != 1 || left[0].Of != store.Forward || left[0].Target != testApp ||
			!strings.Contains(left[0].Err.Error(), "it came with secret env:TOKEN, which") {
			t.Errorf("told %+v", left)
		}

		end = start(t, g)
		time.Sleep(2 * time.Minute)
		end(false)
		if got := a.came(); strings.Count(got, "one") != 2 {
			t.Errorf("came %q", got)
		}
		same(t, "queue", states(t, history), "1 done 2")
	})
}

func TestWhatNobodyCanPutTogetherIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, history *store.Store) {
		g, told := queues(t, history, &app{}, true)
		x := &record.Exchange{ID: 1, Request: hooked("a", "one")}
		entry := &store.Queued{ID: 7, Thread: 1}
		gone := g.Queue.putOff(x, entry, redact.ErrGone)
		same(t, "state", gone.State, store.Dead)
		same(t, "told", len(told.of(NotDelivered)), 1)
		for range 2 { // said once
			r := g.Queue.putOff(x, entry, errors.New("no secret"))
			same(t, "state", r.State, store.Waiting)
			same(t, "due in", time.Until(r.Due), blockedFor)
		}
		if e := told.of(LeftBehind); len(e) != 1 || e[0].ID != 1 {
			t.Errorf("told %+v", e)
		}
		r, err := g.Queue.deliver(t.Context(), &store.Queued{Thread: 99})
		same(t, "not in the history", r.State, store.Dead)
		same(t, "error", err, nil)
		r, err = g.Queue.command(t.Context(), &store.Queued{Thread: 99})
		same(t, "not in the history", r.Why, "the webhook is no longer in the history")
		same(t, "error", err, nil)
		g.Queue.tell(worker.Event{Err: errors.New("disk")})
		same(t, "trouble", len(told.of(Trouble)), 1)
	})
}

func TestAPlanThatCannotBeReadIsNotDelivered(t *testing.T) {
	g := newQueuer(t, false)
	for _, text := range []string{"", "{", `{"policy":{"retries":"x"}}`} {
		if g.Queue.prepare(t.Context(), "", text) == nil {
			t.Errorf("%q was taken for a plan", text)
		}
	}
	if err := g.Queue.prepare(t.Context(), "", g.Queue.plan("")); err != nil {
		t.Error(err)
	}
}

func TestWhatNeedsASecretIsAnOrderOfItsOwn(t *testing.T) {
	g := newQueuer(t, false)
	l, r := &Lane{Name: "/in"}, &record.Request{}
	same(t, "order", g.Queue.orderOf(l, r, ""), "route /in")
	same(t, "order", g.Queue.orderOf(l, r, "env:A 012345"), "route /in needs env:A 012345")
	g.Queue.Order = func(string, *record.Request) string { return "" }
	same(t, "order", g.Queue.orderOf(l, r, "env:A 012345"), "")
}
