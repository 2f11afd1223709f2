package deliver_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/store/record"
)

// Every row becomes a policy that delivers at the times it says, gives up when it says, takes its no for a no, and
// comes back from the queue's JSON as it was.
func TestEveryProviderDeliversAsItsRowSays(t *testing.T) {
	t.Parallel()
	for _, p := range provider.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				policy, err := p.Policy()
				if err != nil || policy.Validate() != nil {
					t.Fatal(err, policy.Validate())
				}
				policy.NoJitter = true
				again := throughJSON(t, policy)
				client := broken(record.FailRefused)
				client.answers = client.answers[:1]
				attempts := run(t.Context(), t, &deliver.Sender{Client: client, Policy: again}, hook())
				if len(attempts) != p.Retries+1 || attempts[p.Retries].Decision != deliver.Exhausted {
					t.Errorf("%d attempts: %s", len(attempts), decisions(attempts))
				}
				for i, wait := range p.Schedule() {
					if got := client.at[i+1].Sub(client.at[i]); got != max(wait, time.Millisecond) {
						t.Errorf("wait %d is %s, want %s", i+1, got, wait)
					}
				}
				checkRefusal(t, p, again)
				checkRetryFields(t, p, client.sent)
			})
		})
	}
}

func throughJSON(t *testing.T, p deliver.Policy) (again deliver.Policy) {
	t.Helper()
	data, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(data, &again)
	}
	if diff := cmp.Diff(p, again); diff != "" || err != nil {
		t.Errorf("%s: %v\n%s", data, err, diff)
	}
	return again
}

func checkRefusal(t *testing.T, p provider.Provider, policy deliver.Policy) {
	t.Helper()
	if p.NoRetry == "" || p.Retries == 0 {
		return
	}
	name, value, _ := strings.Cut(p.NoRetry, ": ")
	client := status(500, 500, 200)
	client.answers[0].header = record.Header{{Name: strings.ToLower(name), Value: "other"}}
	client.answers[1].header = record.Header{{Name: strings.ToUpper(name), Value: value}}
	attempts := run(t.Context(), t, &deliver.Sender{Client: client, Policy: policy}, hook())
	if got := decisions(attempts); got != "retry, final" || !strings.Contains(attempts[1].Why, p.NoRetry) {
		t.Errorf("%s: %s", got, attempts[1].Why)
	}
}

func checkRetryFields(t *testing.T, p provider.Provider, sent []record.Request) {
	t.Helper()
	for i, r := range sent {
		for _, f := range p.RetryFields {
			if r.Header.Has(f.Name) != (i > 0) || strings.ContainsAny(r.Header.Get(f.Name), "{}") {
				t.Errorf("attempt %d has %s: %q", i+1, f.Name, r.Header.Get(f.Name))
			}
		}
	}
}

func TestSlackSaysWhyItComesAgainAndSignsThat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slack, _ := provider.Lookup("slack")
		policy, err := slack.Policy()
		if err != nil {
			t.Fatal(err)
		}
		policy.Retries = 6
		fail := func(kind record.FailureKind, late bool) answer {
			return answer{fail: &record.Failure{Kind: kind, Ambiguous: late}}
		}
		client := &scripted{answers: []answer{{status: 500}, {status: 302}, fail(record.FailTimeout, true),
			fail(record.FailRefused, false),
			fail(record.FailTLS, false), fail(record.FailProtocol, true), {status: 200}}}
		s := &deliver.Sender{Client: client, Policy: policy, Sign: func(_ time.Time, r *record.Request) error {
			r.Header = append(r.Header, record.Field{Name: "signed", Value: r.Header.Get("X-Slack-Retry-Num")})
			return nil
		}}
		captured := func() record.Exchange { // of a retry, which is sent again
			x := hook()
			x.Request.Header = append(x.Request.Header, record.Field{Name: "x-slack-retry-reason", Value: "of old"})
			return x
		}
		given := captured()
		run(t.Context(), t, s, given)
		var got []string
		for _, r := range client.sent {
			got = append(got, r.Header.Get("signed")+" "+r.Header.Get("X-Slack-Retry-Reason"))
		}
		want := []string{" of old", "1 http_error", "2 too_many_redirects", "3 http_timeout", "4 connection_failed",
			"5 ssl_error", "6 unknown_error"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(captured(), given); diff != "" {
			t.Errorf("the given request was changed: %s", diff)
		}
	})
}

// In another process only what the queue hands over is known of the attempt before.
func TestAnotherProcessKnowsWhyItComesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		square, _ := provider.Lookup("square")
		policy, err := square.Policy()
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)
		for reason, before := range map[string]record.Exchange{
			"http_error":   {Response: &record.Response{Status: 503}},
			"http_timeout": {Err: &record.Failure{Kind: record.FailTimeout}}, "other_error": {},
		} {
			client := status(200)
			before.Attempt, before.Thread, before.Start = 3, 42, begun
			run(t.Context(), t, &deliver.Sender{Client: client, Policy: throughJSON(t, policy)}, before)
			want := record.Header{{Name: "square-initial-delivery-timestamp", Value: "2026-01-20T14:32:00Z"},
				{Name: "square-retry-number", Value: "3"}, {Name: "square-retry-reason", Value: reason}}
			if diff := cmp.Diff(want, client.sent[0].Header); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestSpeedShortensEveryWaitButNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stripe, _ := provider.Lookup("stripe")
		policy, err := stripe.Policy()
		if err != nil {
			t.Fatal(err)
		}
		policy.Speed = 100_000
		client := status(500)
		client.answers[0].takes = time.Minute // longer than an attempt may take
		client.answers = append(client.answers, answer{status: 429, header: record.Header{{Name: "Retry-After",
			Value: "200"}}}, answer{status: 500})
		attempts := run(t.Context(), t, &deliver.Sender{Client: client, Policy: throughJSON(t, policy),
			Rand: func() float64 { return 0 }}, hook())
		begun := client.at[0]
		for i, scheduled := range stripe.Schedule() {
			if i == 1 {
				scheduled = 200 * time.Second
			}
			a := attempts[i]
			wait := max(scheduled/100_000, time.Millisecond)
			if a.Scheduled != scheduled || a.Wait != wait || a.Exchange.NextIn != wait {
				t.Errorf("attempt %d: scheduled %s, waits %s and says %s, want %s", i+1, a.Scheduled, a.Wait, a.Exchange.NextIn,
					scheduled)
			}
		}
		if took := time.Since(begun); took < stripe.Timeout || took > stripe.Timeout+3*time.Second {
			t.Errorf("three days took %s", took)
		}
	})
}

func TestJitterOnlyLengthensAScheduleThatVaries(t *testing.T) {
	t.Parallel()
	p := deliver.Policy{Backoff: deliver.Schedule, Schedule: []time.Duration{10 * time.Hour}, Vary: 0.1}
	if low, high := p.Delay(1, 0), p.Delay(1, 0.5); low != 10*time.Hour || high != 10*time.Hour+30*time.Minute {
		t.Errorf("from %s, half way %s", low, high)
	}
	p.NoJitter = true
	if got := p.Delay(1, 0.5); got != 10*time.Hour {
		t.Errorf("without jitter %s", got)
	}
}

// What an older barb has put into a queue is still read.
func TestAPolicyOfOldIsRead(t *testing.T) {
	t.Parallel()
	var p deliver.Policy
	const old = `{"retries":"unlimited","backoff":"1s,5m0s","base":"500ms","max_delay":"30s","jitter":"none",` +
		`"retry_on":"408,5xx,network","timeout":"15s","deadline":"72h0m0s"}`
	err := json.Unmarshal([]byte(old), &p)
	if err != nil || p.Retries < 1e9 || len(p.Schedule) != 2 || !p.NoJitter || p.Deadline != 72*time.Hour ||
		!p.RetryOn.Network {
		t.Errorf("%+v, %v", p, err)
	}
	throughJSON(t, p)
	for _, bad := range []string{`{}`, `{"retries":"x"}`, `[]`,
		`{"retries":"1","backoff":"constant","base":"1s","max_delay":"1s","timeout":"1s","deadline":"1s","speed":-1}`} {
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
