package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// scripted is a Doer that answers from a list, the last item for ever.
type scripted struct {
	answers []answer
	sent    []record.Request
	at      []time.Time
}

// answer is what one attempt comes to, after it took its time.
type answer struct {
	status int
	header record.Header
	fail   *record.Failure
	takes  time.Duration
}

func (s *scripted) Do(ctx context.Context, x *record.Exchange) {
	a := s.answers[min(len(s.sent), len(s.answers)-1)]
	s.sent, s.at = append(s.sent, x.Request), append(s.at, time.Now())
	x.Start, x.Ended = time.Now(), true
	select {
	case <-time.After(a.takes):
	case <-ctx.Done():
		x.Err = &record.Failure{Kind: record.FailTimeout, Text: "timed out", Ambiguous: true}
		if errors.Is(ctx.Err(), context.Canceled) {
			x.Err.Kind = record.FailInterrupted
		}
		return
	}
	if x.Err = a.fail; a.status != 0 {
		x.Response = &record.Response{Status: a.status, Header: a.header}
	}
}

func status(codes ...int) *scripted {
	s := &scripted{}
	for _, code := range codes {
		s.answers = append(s.answers, answer{status: code})
	}
	return s
}

func retryAfter(code int, values ...string) *scripted {
	s := status(code, 200)
	for _, v := range values {
		s.answers[0].header = append(s.answers[0].header, record.Field{Name: "retry-after", Value: v})
	}
	return s
}

func broken(kind record.FailureKind) *scripted {
	return &scripted{answers: []answer{{fail: &record.Failure{Kind: kind, Text: string(kind) + " it was"}}, {status: 200}}}
}

// run collects the ended attempts and gives each its ID at its first yield.
func run(ctx context.Context, t *testing.T, s *deliver.Sender, x record.Exchange) []deliver.Attempt {
	t.Helper()
	var ended []deliver.Attempt
	var last *deliver.Attempt
	for a, err := range s.Attempts(ctx, x) {
		if err != nil {
			t.Fatal(err)
		}
		last = a
		if !a.Ended {
			a.Exchange.ID = int64(100 + a.Exchange.Attempt)
			continue
		}
		ended = append(ended, *a)
	}
	ended[len(ended)-1] = *last
	return ended
}

func hook() record.Exchange {
	return record.Exchange{WebhookID: "msg_1", EventType: "order.completed", Scheme: "generic", Request: record.Request{
		Method: "POST", URL: "http://hooks.example/in", Body: []byte(`{"n":1}`),
		Header: record.Header{{Name: "webhook-id", Value: "msg_1"}},
	}}
}

// decisions is the course of a delivery in one line.
func decisions(attempts []deliver.Attempt) string {
	var words []string
	for _, a := range attempts {
		words = append(words, string(a.Decision))
	}
	return strings.Join(words, ", ")
}

func TestDecisionsFollowTheAnswer(t *testing.T) {
	t.Parallel()
	certificate := func() *scripted {
		return &scripted{answers: []answer{{fail: &record.Failure{Kind: record.FailTLS, Text: "unknown authority",
			Permanent: true}}}}
	}
	halfway := &scripted{answers: []answer{{status: 200, fail: &record.Failure{Kind: record.FailReset, Text: "reset"}}}}
	halfError := &scripted{answers: []answer{{status: 500, fail: &record.Failure{Kind: record.FailReset}}, {status: 200}}}
	late := func() *scripted {
		return &scripted{answers: []answer{{fail: &record.Failure{Kind: record.FailTimeout, Text: "late", Ambiguous: true}},
			{status: 200}}}
	}
	lateReset := &scripted{answers: []answer{
		{fail: &record.Failure{Kind: record.FailReset, Text: "reset", Ambiguous: true}}, {status: 200}}}
	redirect := status(302)
	redirect.answers[0].header = record.Header{{Name: "Location", Value: "https://elsewhere.example/secret?x=1"}}
	tests := []struct {
		name    string
		client  *scripted
		retryOn string
		want    string
		why     string
	}{
		{"2xx is delivered", status(204), "", "delivered", ""},
		{"5xx is retried", status(503, 503, 200), "", "retry, retry, delivered", ""},
		{"408, 425 and 429 are retried", status(408, 425, 429, 200), "", "retry, retry, retry, delivered", ""},
		{"501 is final", status(501), "", "final", "501 Not Implemented is final"},
		{"505 is final", status(505), "", "final", ""},
		{"511 is final", status(511), "", "final", ""},
		{"501 is retried when named", status(501, 200), "501", "retry, delivered", ""},
		{"other 4xx are final", status(404), "", "final", "404 Not Found is final"},
		{"404 is retried when named", status(404, 200), "404", "retry, delivered", ""},
		{"410 stays final whatever is named", status(410), "410,4xx,network", "final",
			"410 Gone: the endpoint wants no more webhooks"},
		{"410 stays final with any", status(410), "any", "final",
			"410 Gone: the endpoint wants no more webhooks"},
		{"any is whatever is not 2xx", status(301, 404, 501, 200), "any", "retry, retry, retry, delivered", ""},
		{"any is no answer too", broken(record.FailProtocol), "any", "retry, delivered", ""},
		{"any has no bad certificate", certificate(), "any", "final", "unknown authority"},
		{"what is excepted is final", status(500, 406), "any,!406", "retry, final", "406 Not Acceptable is final"},
		{"a redirect is retried when named", status(308, 200), "3xx", "retry, delivered", ""},
		{"no connection is retried with connect", broken(record.FailRefused), "connect", "retry, delivered", ""},
		{"a reset after the request is not", lateReset, "connect,timeout", "final", "reset"},
		{"no answer in time is retried with timeout", late(), "timeout", "retry, delivered", ""},
		{"no answer in time is no missing connection", late(), "connect", "final", "late"},
		{"a redirect is not followed", redirect, "", "final",
			"302 Found: redirect to host elsewhere.example is not followed"},
		{"304 has no target", status(304), "", "final", "304 Not Modified: redirect is not followed"},
		{"dns is retried", broken(record.FailDNS), "", "retry, delivered", ""},
		{"a reset is retried", broken(record.FailReset), "", "retry, delivered", ""},
		{"a cut handshake is retried", broken(record.FailTLS), "", "retry, delivered", ""},
		{"what is not HTTP is retried", broken(record.FailProtocol), "", "retry, delivered", ""},
		{"nothing is retried without network", broken(record.FailReset), "5xx", "final", "reset it was"},
		{"a bad certificate is final", certificate(), "", "final", "unknown authority"},
		{"a broken body after 2xx is delivered", halfway, "", "delivered",
			"delivered, but the answer's body was cut off: reset"},
		{"a broken body after 5xx is judged by its status", halfError, "", "retry, delivered", ""},
		{"no retry is left", status(500), "", "retry, retry, retry, retry, exhausted", "gave up after 5 attempts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &deliver.Sender{Client: test.client, Policy: deliver.DefaultPolicy()}
				if test.retryOn != "" {
					on, err := deliver.ParseRetryOn(test.retryOn)
					if err != nil {
						t.Fatal(err)
					}
					s.Policy.RetryOn = on
				}
				attempts := run(t.Context(), t, s, hook())
				if got := decisions(attempts); got != test.want {
					t.Errorf("decisions %s, want %s", got, test.want)
				}
				if got := attempts[len(attempts)-1].Why; test.why != "" && got != test.why {
					t.Errorf("why %q, want %q", got, test.why)
				}
			})
		})
	}
}

func TestScheduleOfHoursKeepsItsTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waits := []time.Duration{time.Second, time.Minute, time.Hour, 5 * time.Hour}
		client := status(503)
		s := &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}
		s.Policy.Backoff, s.Policy.Schedule, s.Policy.Deadline = deliver.Schedule, waits, 0
		attempts := run(t.Context(), t, s, hook())
		var slept []time.Duration
		for i, at := range client.at[1:] {
			slept = append(slept, at.Sub(client.at[i]))
			if next := attempts[i].Exchange.NextIn; next != waits[i] || attempts[i].Wait != next {
				t.Errorf("attempt %d says next in %s", i+1, next)
			}
		}
		if diff := cmp.Diff(waits, slept); diff != "" {
			t.Error(diff)
		}
		if last := attempts[4]; last.Exchange.NextIn != 0 || last.Decision != deliver.Exhausted {
			t.Errorf("last attempt: next in %s, %s", last.Exchange.NextIn, last.Decision)
		}
	})
}

func TestEveryAttemptIsYieldedBegunThenEndedBeforeTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := status(503, 200)
		s := &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy(), Rand: func() float64 { return 0.5 }}
		start := time.Now()
		var course []string
		for a, err := range s.Attempts(t.Context(), hook()) {
			if err != nil {
				t.Fatal(err)
			}
			course = append(course, fmt.Sprintf("%s attempt %d ended %v sent %d next %s",
				time.Since(start), a.Exchange.Attempt, a.Exchange.Ended, len(client.sent), a.Exchange.NextIn))
			if a.Ended != a.Exchange.Ended {
				t.Errorf("attempt ended %v, exchange ended %v", a.Ended, a.Exchange.Ended)
			}
		}
		want := []string{
			"0s attempt 1 ended false sent 0 next 0s", "0s attempt 1 ended true sent 1 next 250ms",
			"250ms attempt 2 ended false sent 1 next 0s", "250ms attempt 2 ended true sent 2 next 0s",
		}
		if diff := cmp.Diff(want, course); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRetriesBelongToTheFirstAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		replay := hook()
		replay.Thread = 7
		s := &deliver.Sender{Client: status(500, 500, 200), Policy: deliver.DefaultPolicy()}
		var got []string
		for _, a := range run(t.Context(), t, s, replay) {
			x := a.Exchange
			got = append(got, fmt.Sprintf("id %d thread %d attempt %d %s %s %s", x.ID, x.Thread, x.Attempt, x.Kind,
				x.WebhookID, x.Outcome()))
		}
		want := []string{
			"id 101 thread 7 attempt 1 sent msg_1 retrying", "id 102 thread 101 attempt 2 sent msg_1 retrying",
			"id 103 thread 101 attempt 3 sent msg_1 delivered",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEachAttemptIsSignedAnewOverTheSameBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, given := status(503, 503, 200), hook()
		s := &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}
		s.Policy.NoJitter = true
		s.Sign = func(now time.Time, r *record.Request) error {
			r.Header[0].Value = strings.ToUpper(r.Header[0].Value) // even in place
			r.Header = append(r.Header, record.Field{Name: "t", Value: now.Format("05.0")})
			return nil
		}
		run(t.Context(), t, s, given)
		if diff := cmp.Diff(hook(), given); diff != "" {
			t.Errorf("the given request was changed: %s", diff)
		}
		var got []string
		for _, r := range client.sent {
			got = append(got, fmt.Sprintf("%v %s", r.Header, r.Body))
		}
		want := []string{
			`[{webhook-id MSG_1} {t 00.0}] {"n":1}`, `[{webhook-id MSG_1} {t 00.5}] {"n":1}`,
			`[{webhook-id MSG_1} {t 01.5}] {"n":1}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSequenceEndsWithTheErrorOfASignature(t *testing.T) {
	t.Parallel()
	no := errors.New("no such key")
	client := status(200)
	s := &deliver.Sender{Client: client, Sign: func(time.Time, *record.Request) error { return no }}
	for a, err := range s.Attempts(t.Context(), hook()) {
		if a != nil || !errors.Is(err, no) {
			t.Errorf("got %v, %v", a, err)
		}
	}
	if len(client.sent) != 0 {
		t.Error("something was sent")
	}
}

func TestBreakingOutAtTheFirstYieldSendsNothing(t *testing.T) {
	t.Parallel()
	client := status(200)
	for _, err := range (&deliver.Sender{Client: client}).Attempts(t.Context(), hook()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if len(client.sent) != 0 {
		t.Error("something was sent")
	}
}

func TestBegunExchangeIsNotTouchedAgain(t *testing.T) {
	t.Parallel()
	var begun *record.Exchange
	for a, err := range (&deliver.Sender{Client: status(200)}).Attempts(t.Context(), hook()) {
		if err != nil {
			t.Fatal(err)
		}
		if begun == nil {
			begun = a.Exchange
		}
	}
	if begun.Ended || begun.Response != nil {
		t.Errorf("the exchange handed to the recorder was changed: %+v", begun)
	}
}

func TestDeadlineCutsTheRunningAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := deliver.DefaultPolicy()
		p.Timeout, p.Deadline, p.Backoff, p.Schedule = 15*time.Second, 20*time.Second, deliver.Schedule,
			[]time.Duration{time.Second}
		client := &scripted{answers: []answer{{takes: time.Hour}}}
		attempts := run(t.Context(), t, &deliver.Sender{Client: client, Policy: p}, hook())
		if got := decisions(attempts); got != "retry, out of time" || time.Since(start) != p.Deadline {
			t.Errorf("%s after %s", got, time.Since(start))
		}
		last := attempts[1]
		if last.Exchange.FailureKind() != record.FailTimeout || last.Why != "the deadline of 20s has passed" {
			t.Errorf("%s: %s", last.Exchange.FailureKind(), last.Why)
		}
	})
}

func TestInterruptInAWaitEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		start := time.Now()
		p := deliver.DefaultPolicy()
		p.Backoff, p.Schedule, p.Deadline = deliver.Schedule, []time.Duration{time.Hour}, 0
		attempts := run(ctx, t, &deliver.Sender{Client: status(503), Policy: p}, hook())
		if time.Since(start) != time.Minute || len(attempts) != 1 {
			t.Errorf("%d attempts, ended after %s", len(attempts), time.Since(start))
		}
		if a := attempts[0]; a.Decision != deliver.Interrupted || a.Exchange.NextIn != time.Hour {
			t.Errorf("%s, next in %s", a.Decision, a.Exchange.NextIn)
		}
	})
}

func TestInterruptInAnAttemptEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		client := &scripted{answers: []answer{{takes: time.Hour}}}
		attempts := run(ctx, t, &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}, hook())
		if time.Since(start) != time.Second || decisions(attempts) != "interrupted" {
			t.Errorf("%s after %s", decisions(attempts), time.Since(start))
		}
		if attempts[0].Exchange.FailureKind() != record.FailInterrupted {
			t.Errorf("kind %s", attempts[0].Exchange.FailureKind())
		}
	})
}

// doer is a Doer that is a function.
type doer func(x *record.Exchange)

func (f doer) Do(_ context.Context, x *record.Exchange) { f(x) }

func TestInterruptBesideAnAnswerPlansNoRetry(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := doer(func(x *record.Exchange) {
		cancel()
		x.Response, x.Ended = &record.Response{Status: 503}, true
	})
	a := run(ctx, t, &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}, hook())[0]
	if a.Decision != deliver.Interrupted || a.Exchange.NextIn != 0 {
		t.Errorf("%s, next in %s", a.Decision, a.Exchange.NextIn)
	}
}

func TestRetryWithoutAWaitIsStillPlanned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &deliver.Sender{Client: status(500, 200), Policy: deliver.Policy{Retries: 1, RetryOn: deliver.DefaultRetryOn()}}
		if x := run(t.Context(), t, s, hook())[0].Exchange; x.Outcome() != record.Retrying {
			t.Errorf("outcome %s, next in %s", x.Outcome(), x.NextIn)
		}
	})
}

func TestADeliveryGoesOnWhereAnotherProcessLeftIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now().Add(-time.Minute)
		s := &deliver.Sender{Client: status(503),
			Policy: deliver.Policy{Retries: 4, Backoff: deliver.Schedule, NoJitter: true,
				Schedule: []time.Duration{time.Second, time.Minute, time.Hour}, RetryOn: deliver.DefaultRetryOn(),
				Deadline: 10 * time.Minute}}
		ended := run(t.Context(), t, s, record.Exchange{Attempt: 1, Thread: 42, Start: begun})
		var got []string
		for _, a := range ended {
			got = append(got, fmt.Sprintf("#%d of %d: %s", a.Exchange.Attempt, a.Exchange.Thread, a.Decision))
		}
		// the second wait is a minute; the third, an hour, does not fit what is left of the ten minutes
		if diff := cmp.Diff([]string{"#2 of 42: retry", "#3 of 42: out of time"}, got); diff != "" {
			t.Error(diff)
		}
		if wait := ended[0].Wait; wait != time.Minute {
			t.Errorf("waits %v after the second attempt", wait)
		}
	})
}
