package provider_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/store/record"
)

func lookup(t *testing.T, name string) *provider.Provider {
	t.Helper()
	p, err := provider.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestNamesAreFoundInUpperAndLowerCase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stripe", "Stripe", "STRIPE"} {
		if p := lookup(t, name); p.Name != "stripe" {
			t.Errorf("%s is %s", name, p.Name)
		}
		if waits, _, ok := provider.LookupSchedule(name + "-Sandbox"); !ok || len(waits) != 3 {
			t.Errorf("%s-Sandbox: %v", name, waits)
		}
	}
	if p, err := provider.Lookup("Acme"); !errors.Is(err, provider.ErrUnknown) ||
		err.Error() != `unknown provider "Acme"` {
		t.Errorf("%+v, %v", p, err)
	}
	if names := provider.Names(); len(names) != len(provider.All()) || !slices.Contains(names, "svix") {
		t.Errorf("%q", names)
	}
}

func TestEveryProviderSaysWhereItsFiguresComeFrom(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range provider.All() {
		names = append(names, p.Name)
		if p.Title == "" || p.Scheme == "" || p.Timeout <= 0 || p.RetryOn == "" || p.Redirects == "" || len(p.Docs) == 0 ||
			p.Doubt == "" {
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
		{"stripe", 20 * time.Second, 8, 72 * time.Hour, 16*time.Minute + 56*time.Second,
			36*time.Hour + 8*time.Minute + 28*time.Second},
		{"github", 10 * time.Second, 3, 6*time.Minute + 10*time.Second, 10 * time.Second, 5 * time.Minute},
		{"shopify", 5 * time.Second, 8, 4 * time.Hour, 56 * time.Second, 2*time.Hour + 28*time.Second},
		{"twilio", 15 * time.Second, 1, 0, 0, 0},
		{"paypal", 20 * time.Second, 25, 72 * time.Hour, 30 * time.Second, 0},
		{"slack", 3 * time.Second, 3, 6 * time.Minute, 0, 5 * time.Minute},
		{"svix", 15 * time.Second, 7, 27*time.Hour + 35*time.Minute + 5*time.Second, 5 * time.Second, 10 * time.Hour},
		{"standard-webhooks", 15 * time.Second, 9, 75*time.Hour + 35*time.Minute + 5*time.Second, 5 * time.Second,
			24 * time.Hour},
		{"square", 10 * time.Second, 11, 24 * time.Hour, time.Minute, 8 * time.Hour},
		{"gitlab", 10 * time.Second, 0, 0, 0, 0},
	} {
		p, err := provider.Lookup(want.name)
		waits := p.Schedule()
		if err != nil || p.Timeout != want.timeout || p.Retries != want.retries || len(waits) != want.retries ||
			total(waits) != want.within {
			t.Errorf("%s waits %s, then %v (%s in all)", want.name, p.Timeout, waits, total(waits))
			continue
		}
		if want.retries > 0 && (waits[0] != want.first || want.lastWait > 0 && waits[len(waits)-1] != want.lastWait) {
			t.Errorf("%s: %v", want.name, waits)
		}
	}
}

// What is made up has the number of retries and the time that are public, and grows.
func TestMadeUpSchedulesFillTheirTime(t *testing.T) {
	t.Parallel()
	for _, name := range provider.ScheduleNames() {
		waits, _, ok := provider.LookupSchedule(name)
		if !ok || len(waits) == 0 {
			t.Errorf("%s has no waits", name)
		}
		if !slices.IsSorted(waits) {
			t.Errorf("%s does not grow: %v", name, waits)
		}
	}
	if waits, _, _ := provider.LookupSchedule("shopify-2023"); len(waits) != 19 || total(waits) != 48*time.Hour {
		t.Errorf("shopify-2023: %v", waits)
	}
	for _, name := range []string{"gitlab", "nobody"} {
		if _, _, ok := provider.LookupSchedule(name); ok {
			t.Errorf("%s has a schedule", name)
		}
	}
}

func TestOverridesAreReadAsTwilioWritesThem(t *testing.T) {
	t.Parallel()
	twilio := lookup(t, "twilio")
	override := func(fragment string) (provider.Override, error) {
		return twilio.Override("https://hooks.example/in#" + fragment)
	}
	o, err := override("rc=2&rp=4xx%2C5xx,ct&ct=2000&rt=5000&tt=9000&sni=y&e=ashburn")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := twilio.Policy()
	if err == nil {
		err = o.Apply(&policy)
	}
	if err != nil || policy.Retries != 2 || policy.Timeout != 5*time.Second || policy.Deadline != 9*time.Second ||
		o.Connect != 2*time.Second ||
		policy.RetryOn.String() != "501,505,511,4xx,5xx,connect" || !slices.Equal(o.Ignored, []string{"sni", "e"}) {
		t.Errorf("%+v of %+v, %v", policy, o, err)
	}
	if o, err := override("rc=0"); err != nil || o.Retries == nil || *o.Retries != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	stripe := lookup(t, "stripe")
	for p, address := range map[*provider.Provider]string{twilio: "https://hooks.example/in",
		stripe: "https://hooks.example/in#rc=9"} {
		if o, err := p.Override(address); err != nil || !reflect.DeepEqual(o, provider.Override{}) {
			t.Errorf("%s of %s: %+v, %v", p.Name, address, o, err)
		}
	}
	for _, bad := range []string{"rc=6", "rc=-1", "rc=", "rp=3xx", "rp=", "ct=99", "ct=10001", "rt=15001", "tt=x", "top",
		"=", "rc=1&"} {
		if _, err := override(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPolicyOfEachRowIsValid(t *testing.T) {
	t.Parallel()
	for _, p := range provider.All() {
		policy, err := p.Policy()
		if err != nil || policy.Validate() != nil {
			t.Errorf("%s: %v, %v", p.Name, err, policy.Validate())
		}
		if policy.As != p.Name || policy.Timeout != p.Timeout || policy.Retries != p.Retries || p.Retries > 0 &&
			!slices.Equal(policy.Schedule, p.Schedule()) {
			t.Errorf("%s: %+v", p.Name, policy)
		}
		if p.IsMadeUp() != (p.Waits == nil && p.Retries > 0) {
			t.Errorf("%s is made up: %v", p.Name, p.IsMadeUp())
		}
	}
	bad := provider.Provider{Name: "acme", RetryOn: "sometimes"}
	if policy, err := bad.Policy(); err == nil || !strings.HasPrefix(err.Error(), "acme: ") {
		t.Errorf("%+v, %v", policy, err)
	}
}

func TestApplyAddsHeadersOfTheProvider(t *testing.T) {
	t.Parallel()
	sent := func(name, contentType string, keepType bool, given ...record.Field) record.Header {
		header := append(record.Header{{Name: "Content-Type", Value: contentType}}, given...)
		x := record.Exchange{WebhookID: "msg_1", EventType: "orders/create", Request: record.Request{Header: header}}
		lookup(t, name).Apply(&x, keepType, time.Date(2026, 1, 20, 14, 32, 0, 0, time.FixedZone("", 3600)))
		return x.Request.Header
	}
	got := sent("shopify", "application/json; charset=utf-8", false)
	last := len(got) - 1
	if event := got[last]; event.Name != "X-Shopify-Event-Id" || len(event.Value) != 36 {
		t.Errorf("%+v", event)
	}
	want := record.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent",
		Value: "Shopify-Captain-Hook"},
		{Name: "X-Shopify-Topic", Value: "orders/create"}, {Name: "X-Shopify-Shop-Domain",
			Value: "barb-example.myshopify.com"},
		{Name: "X-Shopify-API-Version", Value: "2026-01"}, {Name: "X-Shopify-Webhook-Id", Value: "msg_1"},
		{Name: "X-Shopify-Triggered-At", Value: "2026-01-20T13:32:00Z"}}
	if diff := cmp.Diff(want, got[:last]); diff != "" {
		t.Error(diff)
	}
	if h := sent("github", "application/json", false, record.Field{Name: "x-github-event",
		Value: "mine"}); h.Get("User-Agent") != "GitHub-Hookshot/barb" || h.Get("X-GitHub-Event") != "mine" {
		t.Errorf("%+v", h)
	}
	if h := sent("github", "application/json", false, record.Field{Name: "x-github-event",
		Value: "mine"}); len(h.Without("X-GitHub-Event")) != len(h)-1 {
		t.Errorf("a header that was there is there twice: %+v", h)
	}
	for _, c := range []struct {
		given string
		keep  bool
		want  string
	}{
		{"text/plain; charset=utf-8", false, "application/x-www-form-urlencoded; charset=UTF-8"},
		{"text/plain; charset=utf-8", true, "text/plain; charset=utf-8"},
		{"application/json", false, "application/json"},
		{"image/png", false, "image/png"},
	} {
		if h := sent("twilio", c.given, c.keep); h.Get("Content-Type") != c.want {
			t.Errorf("%+v: %q", c, h.Get("Content-Type"))
		}
	}
}

// A run that is resumed sends a message again, with the headers that it had.
func TestTheSameMessageAtTheSameTimeHasTheSameHeaders(t *testing.T) {
	t.Parallel()
	shopify, now := lookup(t, "shopify"), time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)
	eventID := func(id string, now time.Time) string {
		x := record.Exchange{WebhookID: id}
		shopify.Apply(&x, false, now)
		return x.Request.Header.Get("X-Shopify-Event-Id")
	}
	first := eventID("msg_1", now)
	if again := eventID("msg_1", now); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	if eventID("msg_2", now) == first || eventID("msg_1", now.Add(1)) == first {
		t.Error("another message has the same id of its event")
	}
	if !shopify.IsTimed() || !lookup(t, "gitlab").IsTimed() || lookup(t, "github").IsTimed() {
		t.Error("who has the time in its headers is not known")
	}
}

func TestAftermathFollowsTheLastAttempt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		attempt int
		became  deliver.Decision
		want    string
	}{
		{"standard-webhooks", 410, 1, deliver.Final, "standard-webhooks would now disable the endpoint"},
		{"stripe", 410, 1, deliver.Final, "stripe treats a 410 like any other failure"},
		{"stripe", 200, 1, deliver.Delivered, ""},
		{"stripe", 500, 1, deliver.Retry, ""},
		{"stripe", 500, 9, deliver.Exhausted,
			"stripe disables an endpoint after days without a 2xx, and emails its owner"},
		{"shopify", 500, 9, deliver.Exhausted,
			"shopify would now remove the subscription if it was created through the API"},
		{"shopify", 500, 3, deliver.OutOfTime,
			"shopify disables an endpoint after the last retry of a webhook has failed, " +
				"if the subscription was created through the API"},
		{"paypal", 500, 26, deliver.Exhausted, ""},
	} {
		x := record.Exchange{Attempt: c.attempt, Response: &record.Response{Status: c.status}}
		if got := lookup(t, c.name).Aftermath(&deliver.Attempt{Exchange: &x, Decision: c.became}); got != c.want {
			t.Errorf("%s after %d: %q, want %q", c.name, c.status, got, c.want)
		}
	}
}
