package deliver_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

func TestEveryProviderSaysWhereItsFiguresComeFrom(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range deliver.Providers() {
		names = append(names, p.Name)
		if p.Title == "" || p.Scheme == "" || p.Timeout <= 0 || p.RetryOn == "" || p.Redirects == "" || len(p.Docs) == 0 || p.Doubt == "" {
			t.Errorf("%s is not complete: %+v", p.Name, p)
		}
		for _, address := range p.Docs {
			if !strings.HasPrefix(address, "https://") {
				t.Errorf("%s: %q is no address", p.Name, address)
			}
		}
		if sum := total(p.Waits); len(p.Waits) > 0 && len(p.Waits) != p.Retries || sum > p.Within && p.Within > 0 {
			t.Errorf("%s: %d waits of %s in all for %d retries within %s", p.Name, len(p.Waits), sum, p.Retries, p.Within)
		}
		for _, v := range p.Variants {
			if !strings.HasPrefix(v.Name, p.Name+"-") || v.Note == "" || len(v.Schedule()) != v.Retries {
				t.Errorf("%s: %+v", p.Name, v)
			}
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("%v are not in order", names)
	}
}

func total(waits []time.Duration) (sum time.Duration) {
	for _, wait := range waits {
		sum += wait
	}
	return sum
}

func TestProvidersWaitAsLongAsIsKnown(t *testing.T) {
	t.Parallel()
	for _, want := range []struct {
		name            string
		timeout         time.Duration
		retries         int
		within          time.Duration
		first, lastWait time.Duration
	}{
		{"stripe", 20 * time.Second, 8, 72 * time.Hour, 16*time.Minute + 56*time.Second, 36*time.Hour + 8*time.Minute + 28*time.Second},
		{"github", 10 * time.Second, 3, 6*time.Minute + 10*time.Second, 10 * time.Second, 5 * time.Minute},
		{"shopify", 5 * time.Second, 8, 4 * time.Hour, 56 * time.Second, 2*time.Hour + 28*time.Second},
		{"twilio", 15 * time.Second, 1, 0, 0, 0},
		{"paypal", 20 * time.Second, 25, 72 * time.Hour, 30 * time.Second, 0},
		{"slack", 3 * time.Second, 3, 6 * time.Minute, 0, 5 * time.Minute},
		{"svix", 15 * time.Second, 7, 27*time.Hour + 35*time.Minute + 5*time.Second, 5 * time.Second, 10 * time.Hour},
		{"standard-webhooks", 15 * time.Second, 9, 75*time.Hour + 35*time.Minute + 5*time.Second, 5 * time.Second, 24 * time.Hour},
		{"square", 10 * time.Second, 11, 24 * time.Hour, time.Minute, 8 * time.Hour},
		{"gitlab", 10 * time.Second, 0, 0, 0, 0},
	} {
		p, ok := deliver.LookupProvider(want.name)
		waits := p.Schedule()
		if !ok || p.Timeout != want.timeout || p.Retries != want.retries || len(waits) != want.retries || total(waits) != want.within {
			t.Errorf("%s waits %s, then %v (%s in all)", want.name, p.Timeout, waits, total(waits))
			continue
		}
		if want.retries > 0 && (waits[0] != want.first || want.lastWait > 0 && waits[len(waits)-1] != want.lastWait) {
			t.Errorf("%s: %v", want.name, waits)
		}
	}
	if p, ok := deliver.LookupProvider("nobody"); ok {
		t.Errorf("nobody is %+v", p)
	}
}

// What is made up has the number of retries and the time that are public, and grows.
func TestMadeUpSchedulesFillTheirTime(t *testing.T) {
	t.Parallel()
	for _, name := range deliver.ScheduleNames() {
		waits, _, ok := deliver.LookupSchedule(name)
		if !ok || len(waits) == 0 {
			t.Errorf("%s has no waits", name)
		}
		if !slices.IsSorted(waits) {
			t.Errorf("%s does not grow: %v", name, waits)
		}
	}
	if waits, _, _ := deliver.LookupSchedule("shopify-2023"); len(waits) != 19 || total(waits) != 48*time.Hour {
		t.Errorf("shopify-2023: %v", waits)
	}
	for _, name := range []string{"gitlab", "nobody"} {
		if _, _, ok := deliver.LookupSchedule(name); ok {
			t.Errorf("%s has a schedule", name)
		}
	}
}

// Every row becomes a policy that delivers at the times it says, gives up when it says, takes its no for a no, and comes back
// from the queue's JSON as it was.
func TestEveryProviderDeliversAsItsRowSays(t *testing.T) {
	t.Parallel()
	for _, p := range deliver.Providers() {
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

func checkRefusal(t *testing.T, p deliver.Provider, policy deliver.Policy) {
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

func checkRetryFields(t *testing.T, p deliver.Provider, sent []record.Request) {
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
		slack, _ := deliver.LookupProvider("slack")
		policy, err := slack.Policy()
		if err != nil {
			t.Fatal(err)
		}
		policy.Retries = 6
		fail := func(kind record.FailureKind, late bool) answer {
			return answer{fail: &record.Failure{Kind: kind, Ambiguous: late}}
		}
		client := &scripted{answers: []answer{{status: 500}, {status: 302}, fail(record.FailTimeout, true), fail(record.FailRefused, false),
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
		want := []string{" of old", "1 http_error", "2 too_many_redirects", "3 http_timeout", "4 connection_failed", "5 ssl_error", "6 unknown_error"}
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
		square, _ := deliver.LookupProvider("square")
		policy, err := square.Policy()
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)
		for reason, before := range map[string]record.Exchange{
			"http_error": {Response: &record.Response{Status: 503}}, "http_timeout": {Err: &record.Failure{Kind: record.FailTimeout}}, "other_error": {},
		} {
			client := status(200)
			before.Attempt, before.Thread, before.Start = 3, 42, begun
			run(t.Context(), t, &deliver.Sender{Client: client, Policy: throughJSON(t, policy)}, before)
			want := record.Header{{Name: "square-initial-delivery-timestamp", Value: "2026-01-20T14:32:00Z"}, {Name: "square-retry-number", Value: "3"}, {Name: "square-retry-reason", Value: reason}}
			if diff := cmp.Diff(want, client.sent[0].Header); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestSpeedShortensEveryWaitButNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stripe, _ := deliver.LookupProvider("stripe")
		policy, err := stripe.Policy()
		if err != nil {
			t.Fatal(err)
		}
		policy.Speed = 100_000
		client := status(500)
		client.answers[0].takes = time.Minute // longer than an attempt may take
		client.answers = append(client.answers, answer{status: 429, header: record.Header{{Name: "Retry-After", Value: "200"}}}, answer{status: 500})
		attempts := run(t.Context(), t, &deliver.Sender{Client: client, Policy: throughJSON(t, policy), Rand: func() float64 { return 0 }}, hook())
		begun := client.at[0]
		for i, scheduled := range stripe.Schedule() {
			if i == 1 {
				scheduled = 200 * time.Second
			}
			a := attempts[i]
			wait := max(scheduled/100_000, time.Millisecond)
			if a.Scheduled != scheduled || a.Wait != wait || a.Exchange.NextIn != wait {
				t.Errorf("attempt %d: scheduled %s, waits %s and says %s, want %s", i+1, a.Scheduled, a.Wait, a.Exchange.NextIn, scheduled)
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

func TestOverridesAreReadAsTwilioWritesThem(t *testing.T) {
	t.Parallel()
	o, err := deliver.ParseOverride("rc=2&rp=4xx,5xx,ct&ct=2000&rt=5000&tt=9000&sni=y&e=ashburn")
	if err != nil {
		t.Fatal(err)
	}
	twilio, _ := deliver.LookupProvider("twilio")
	policy, err := twilio.Policy()
	if err == nil {
		err = o.Apply(&policy)
	}
	if err != nil || policy.Retries != 2 || policy.Timeout != 5*time.Second || policy.Deadline != 9*time.Second || o.Connect != 2*time.Second ||
		policy.RetryOn.String() != "501,505,511,4xx,5xx,connect" || !slices.Equal(o.Ignored, []string{"sni", "e"}) {
		t.Errorf("%+v of %+v, %v", policy, o, err)
	}
	if o, err := deliver.ParseOverride("rc=0"); err != nil || o.Retries == nil || *o.Retries != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range []string{"rc=6", "rc=-1", "rc=", "rp=3xx", "rp=", "ct=99", "ct=10001", "rt=15001", "tt=x", "top", "=", "rc=1&"} {
		if _, err := deliver.ParseOverride(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What an older barb has put into a queue is still read.
func TestAPolicyOfOldIsRead(t *testing.T) {
	t.Parallel()
	var p deliver.Policy
	err := json.Unmarshal([]byte(`{"retries":"unlimited","backoff":"1s,5m0s","base":"500ms","max_delay":"30s","jitter":"none","retry_on":"408,5xx,network","timeout":"15s","deadline":"72h0m0s"}`), &p)
	if err != nil || p.Retries < 1e9 || len(p.Schedule) != 2 || !p.NoJitter || p.Deadline != 72*time.Hour || !p.RetryOn.Network {
		t.Errorf("%+v, %v", p, err)
	}
	throughJSON(t, p)
	for _, bad := range []string{`{}`, `{"retries":"x"}`, `[]`, `{"retries":"1","backoff":"constant","base":"1s","max_delay":"1s","timeout":"1s","deadline":"1s","speed":-1}`} {
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
