package journal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func openHistory(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	s.Redact = masked
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// masked is what these histories keep: everything but the value of one field.
func masked(x *record.Exchange) *record.Exchange {
	kept := *x
	kept.Request.Header = x.Request.Header.Without("X-Token")
	return &kept
}

func message(url string) record.Exchange {
	return record.Exchange{WebhookID: "msg_1", EventType: "ping", Request: record.Request{
		Method: "POST", URL: url, Proto: "HTTP/1.1",
		Header: record.Header{{Name: "X-Token", Value: "hush"}}, Body: []byte(`{"n":1}`)}}
}

// newSender is a sender over real connections that waits a millisecond before each retry.
func newSender(t *testing.T, retries int) deliver.Sender {
	t.Helper()
	client, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return deliver.Sender{Client: client, Policy: deliver.Policy{Retries: retries, Backoff: deliver.Constant,
		Base: time.Millisecond, RetryOn: deliver.DefaultRetryOn(), Timeout: 10 * time.Second}}
}

// listed is the history in one line: each exchange's id, attempt, thread and outcome, the oldest first.
func listed(t *testing.T, history *store.Store) string {
	t.Helper()
	if err := history.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	var all []string
	for x, err := range history.List(context.Background(), store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d #%d of %d %s", x.ID, x.Attempt, x.Thread, x.Outcome()))
	}
	return strings.Join(all, ", ")
}

func TestAnAttemptIsInTheHistoryBeforeItsFirstByteLeaves(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	var attempt atomic.Int64
	before := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, err := history.Get(context.Background(), attempt.Add(1))
		if err != nil {
			before <- err.Error()
			return
		}
		before <- fmt.Sprintf("#%d %s %t %t", x.Attempt, x.Outcome(), x.Ended, x.Request.Header.Has("X-Token"))
		if attempt.Load() == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if r.Header.Get("X-Token") != "hush" {
			t.Error("what is masked in the history is sent all the same")
		}
	}))
	defer server.Close()
	j := journal.Journal{History: history}
	var o journal.Outcome
	for a, err := range j.Attempts(context.Background(), newSender(t, 3), message(server.URL)) {
		if err != nil {
			t.Fatal(err)
		}
		o.Add(a)
		if !a.Ended || !a.Exchange.Request.Header.Has("X-Token") {
			t.Errorf("attempt %d is yielded as %+v", a.Exchange.Attempt, a.Exchange)
		}
	}
	o.End(context.Background())
	server.Close()
	close(before)
	for n := range 2 {
		if got, want := <-before, fmt.Sprintf("#%d unknown false false", n+1); got != want {
			t.Errorf("when attempt %d arrived the history had %s, want %s", n+1, got, want)
		}
	}
	if got, want := listed(t, history), "1 #1 of 0 retrying, 2 #2 of 1 delivered"; got != want {
		t.Errorf("the history has %s, want %s", got, want)
	}
	if o.Attempts != 2 || o.First != 1 || o.Last.Exchange.ID != 2 || !o.Delivered() || !o.Answered || o.Interrupted {
		t.Errorf("outcome %+v", o)
	}
}

func TestAFirstAttemptThatIsRecordedLazilyHasNoIDUnlessSomebodyNeedsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status  int
		withIDs bool
		ids     string
		history string
	}{
		{200, false, "0", "1 #1 of 0 delivered"},
		{200, true, "1", "1 #1 of 0 delivered"},
		{503, false, "1 2", "1 #1 of 0 retrying, 2 #2 of 1 failed"},
	} {
		history := openHistory(t)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n, err := history.QueueDepth(context.Background(), store.Message); err != nil || len(n) > 0 {
				t.Error(n, err)
			}
			w.WriteHeader(test.status)
		}))
		j := journal.Journal{History: history, Lazily: true, WithIDs: test.withIDs}
		var ids []string
		for a, err := range j.Attempts(context.Background(), newSender(t, 1), message(server.URL)) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, fmt.Sprint(a.Exchange.ID))
		}
		if got := strings.Join(ids, " "); got != test.ids {
			t.Errorf("%d, ids %t: the attempts have the ids %s, want %s", test.status, test.withIDs, got, test.ids)
		}
		if got := listed(t, history); got != test.history {
			t.Errorf("%d, ids %t: the history has %s, want %s", test.status, test.withIDs, got, test.history)
		}
		server.Close()
	}
}

func TestWhatCannotBeRecordedIsNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent") }))
	defer server.Close()
	history := openHistory(t)
	broken := errors.New("no room")
	closed := openHistory(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for want, j := range map[error]journal.Journal{
		broken:          {History: history, Begin: func(context.Context, *record.Exchange) error { return broken }},
		store.ErrClosed: {History: closed},
	} {
		n := 0
		for a, err := range j.Attempts(context.Background(), newSender(t, 1), message(server.URL)) {
			if n++; a != nil || !errors.Is(err, want) {
				t.Errorf("yielded %v and %v, want %v alone", a, err, want)
			}
		}
		if n != 1 {
			t.Errorf("%v: yielded %d times", want, n)
		}
	}
	if got := listed(t, history); got != "" {
		t.Errorf("the history has %s", got)
	}
}

func TestAnAttemptThatWasMadeComesWithTheErrorThatKeptItsEndOut(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = history.Close()
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	j := journal.Journal{History: history}
	n := 0
	for a, err := range j.Attempts(context.Background(), newSender(t, 3), message(server.URL)) {
		if n++; a == nil || a.Exchange.Status() != http.StatusServiceUnavailable || !errors.Is(err, store.ErrClosed) {
			t.Errorf("yielded %v and %v", a, err)
		}
	}
	if n != 1 {
		t.Errorf("yielded %d times", n)
	}
}

func TestOnceMakesOneAttemptOfADeliveryAndSaysThatAnotherFollows(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	j := journal.Journal{History: history}
	next := message(server.URL)
	for n := range 3 {
		a, err := j.Once(context.Background(), newSender(t, 2), next)
		if err != nil || (a.Decision == deliver.Retry) != (n < 2) {
			t.Fatalf("attempt %d: %v, %v", n+1, a, err)
		}
		next.Attempt, next.Thread, next.Start = n+1, 1, a.Exchange.Start
	}
	if got, want := listed(t, history), "1 #1 of 0 retrying, 2 #2 of 1 retrying, 3 #3 of 1 failed"; got != want {
		t.Errorf("the history has %s, want %s", got, want)
	}
}

func TestAPolicyThatMakesNoSenseIsAnErrorAlone(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	j := journal.Journal{History: history}
	s := deliver.Sender{Policy: deliver.Policy{Retries: -1}}
	for a, err := range j.Attempts(context.Background(), s, message("http://a.test")) {
		if a != nil || err == nil {
			t.Errorf("yielded %v and %v", a, err)
		}
	}
}

// slow answers 503 after a minute of the bubble's time, or is interrupted.
type slow struct{}

func (slow) Do(ctx context.Context, x *record.Exchange) {
	x.Start = time.Now()
	select {
	case <-time.After(time.Minute):
		x.Response = &record.Response{Status: http.StatusServiceUnavailable}
	case <-ctx.Done():
		x.Err = &record.Failure{Kind: record.FailInterrupted, Text: "interrupted"}
	}
	x.Took, x.Ended = time.Since(x.Start), true
}

func TestAnInterruptionIsRecorded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		after   time.Duration
		history string
	}{
		{"in an attempt", 30 * time.Second, "1 #1 of 0 failed"},
		{"in the wait for the next", 90 * time.Second, "1 #1 of 0 failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				history, err := store.Open(context.Background(), filepath.Join(dir, "history.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer history.Close()
				ctx, cancel := context.WithTimeout(context.Background(), test.after)
				defer cancel()
				s := deliver.Sender{Client: slow{}, Policy: deliver.Policy{Retries: 3, Backoff: deliver.Constant,
					Base: time.Hour, NoJitter: true, RetryOn: deliver.DefaultRetryOn()}}
				j := journal.Journal{History: history}
				var o journal.Outcome
				for a, err := range j.Attempts(ctx, s, message("http://a.test")) {
					if err != nil {
						t.Fatal(err)
					}
					o.Add(a)
				}
				o.End(ctx)
				if !o.Interrupted || o.Delivered() || o.Last.Decision != deliver.Interrupted || o.Last.Exchange.NextIn != 0 {
					t.Errorf("outcome %+v, last %+v", o, o.Last)
				}
				if got := listed(t, history); got != test.history {
					t.Errorf("the history has %s, want %s", got, test.history)
				}
			})
		})
	}
}

func TestATallyCountsEachDeliveryOnce(t *testing.T) {
	t.Parallel()
	ended := func(status int, decision deliver.Decision) *deliver.Attempt {
		x := record.Exchange{ID: 7, Ended: true}
		if status != 0 {
			x.Response = &record.Response{Status: status}
		}
		return &deliver.Attempt{Exchange: &x, Ended: true, Decision: decision}
	}
	cut, cancel := context.WithCancel(context.Background())
	cancel()
	var tally journal.Tally
	for _, d := range []struct {
		ctx      context.Context
		attempts []*deliver.Attempt
	}{
		// What was delivered is, also when ^C comes then.
		{cut, []*deliver.Attempt{ended(503, deliver.Retry), ended(200, deliver.Delivered)}},
		{cut, []*deliver.Attempt{ended(503, deliver.Interrupted)}},
		{context.Background(), []*deliver.Attempt{ended(503, deliver.Retry), ended(0, deliver.Exhausted)}},
		{context.Background(), []*deliver.Attempt{ended(0, deliver.Exhausted)}},
	} {
		var o journal.Outcome
		for _, a := range d.attempts {
			o.Add(a)
		}
		o.End(d.ctx)
		tally.Add(&o)
	}
	tally.Add(&journal.Outcome{Queued: true})
	if want := (journal.Tally{Delivered: 1, Interrupted: 1, Refused: 1, Unanswered: 1, Queued: 1}); tally != want {
		t.Errorf("tally %+v, want %+v", tally, want)
	}
}

func TestADeliveryGoesOnWhenNobodyCanBeTold(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	j, told := journal.Journal{History: history}, 0
	o, err := j.Deliver(t.Context(), newSender(t, 3), message(server.URL), func(*deliver.Attempt) error {
		told++
		return fmt.Errorf("stdout is full since attempt %d", told)
	})
	if err == nil || err.Error() != "stdout is full since attempt 1" {
		t.Errorf("the error is %v, not the first", err)
	}
	if !o.Delivered() || o.Attempts != 3 || o.First != 1 || told != 3 {
		t.Errorf("%d told, outcome %+v", told, o)
	}
}

func TestADeliveryEndsWithTheHistory(t *testing.T) {
	t.Parallel()
	history := openHistory(t)
	_ = history.Close()
	j := journal.Journal{History: history}
	o, err := j.Deliver(t.Context(), newSender(t, 3), message("http://localhost:1"), func(a *deliver.Attempt) error {
		t.Errorf("told of %+v", a)
		return nil
	})
	if err == nil || o.Attempts != 0 {
		t.Errorf("outcome %+v, %v", o, err)
	}
}

func TestAnInterruptedDeliverySaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	sender := newSender(t, 3)
	sender.Policy.Base = time.Hour
	j := journal.Journal{History: openHistory(t)}
	o, err := j.Deliver(ctx, sender, message(server.URL), func(*deliver.Attempt) error {
		cancel()
		return nil
	})
	if !o.Interrupted || !o.Answered || o.Attempts != 1 || err != nil {
		t.Errorf("outcome %+v, %v", o, err)
	}
}
