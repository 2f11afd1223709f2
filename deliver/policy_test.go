package deliver_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/deliver"
)

func TestDelayWithoutJitterIsTheUpperEnd(t *testing.T) {
	t.Parallel()
	const base, limit = 500 * time.Millisecond, 30 * time.Second
	tests := []struct {
		backoff deliver.Backoff
		n       int
		want    time.Duration
	}{
		{deliver.Exponential, 1, base},
		{deliver.Exponential, 2, 2 * base},
		{deliver.Exponential, 6, 16 * time.Second},
		{deliver.Exponential, 7, limit},
		{deliver.Exponential, 5000, limit},
		{deliver.Linear, 3, 3 * base},
		{deliver.Linear, math.MaxInt, limit},
		{deliver.Constant, 1, base},
		{deliver.Constant, 9, base},
		{deliver.Schedule, 1, time.Minute},
		{deliver.Schedule, 2, time.Hour},
		{deliver.Schedule, 3, time.Hour},
	}
	for _, test := range tests {
		p := deliver.Policy{
			Backoff: test.backoff, Base: base, MaxDelay: limit, NoJitter: true,
			Schedule: []time.Duration{time.Minute, time.Hour},
		}
		if got := p.Delay(test.n, 0.3); got != test.want {
			t.Errorf("backoff %d, retry %d: %s, want %s", test.backoff, test.n, got, test.want)
		}
	}
}

func TestJitterStaysBelowTheUpperEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := deliver.Policy{
			Backoff: rapid.SampledFrom([]deliver.Backoff{deliver.Exponential, deliver.Linear, deliver.Constant}).Draw(t,
				"backoff"),
			Base:     time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "base")),
			MaxDelay: time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "max")),
		}
		n, random := rapid.IntRange(1, 10000).Draw(t, "n"), rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "random")
		jittered := p.Delay(n, random)
		p.NoJitter = true
		upper := p.Delay(n, random)
		if jittered < 0 || jittered > upper {
			t.Fatalf("%s is not in [0, %s]", jittered, upper)
		}
		if p.MaxDelay > 0 && upper > p.MaxDelay {
			t.Fatalf("%s is above %s", upper, p.MaxDelay)
		}
	})
}

func TestJitterReachesBothEnds(t *testing.T) {
	t.Parallel()
	p := deliver.DefaultPolicy()
	if low, high := p.Delay(3, 0), p.Delay(3, 0.999999); low != 0 || high < 1999*time.Millisecond || high > 2*time.Second {
		t.Errorf("from %s to %s", low, high)
	}
}

func TestParseBackoffReadsNamesAndLists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		want  deliver.Backoff
		waits []time.Duration
	}{
		{"exponential", deliver.Exponential, nil},
		{"linear", deliver.Linear, nil},
		{"constant", deliver.Constant, nil},
		{"1s,5s,30s,2m,10m", deliver.Schedule, []time.Duration{1e9, 5e9, 30e9, 120e9, 600e9}},
		{"0s, 250ms", deliver.Schedule, []time.Duration{0, 250e6}},
		{"1h,1d,1w", deliver.Schedule, []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}},
	}
	for _, test := range tests {
		got, waits, err := deliver.ParseBackoff(test.in)
		if err != nil || got != test.want || !cmp.Equal(waits, test.waits) {
			t.Errorf("%q: %d %v %v", test.in, got, waits, err)
		}
	}
}

func TestParseErrorsNameTheBadItem(t *testing.T) {
	t.Parallel()
	backoff := func(s string) error { _, _, err := deliver.ParseBackoff(s); return err }
	retryOn := func(s string) error { _, err := deliver.ParseRetryOn(s); return err }
	resolve := func(s string) error { _, _, err := deliver.ParseResolve(s); return err }
	tests := []struct {
		parse    func(string) error
		in, item string
	}{
		{backoff, "fibonacci", `"fibonacci"`}, {backoff, "1s,-5s", `"-5s"`}, {backoff, "1s,,2s", `""`}, {backoff, "", `""`},
		{backoff, "1s,7", `"7"`},
		{retryOn, "408,teapot", `"teapot"`}, {retryOn, "204", `"204"`}, {retryOn, "1000", `"1000"`}, {retryOn, "", `""`},
		{retryOn, "408,,5xx", `""`}, {retryOn, "+500", `"+500"`}, {retryOn, "2xx", `"2xx"`}, {retryOn, "any,!4xx", `"!4xx"`},
		{resolve, "example.com:443", `"example.com:443"`}, {resolve, "a:80:b", `"a:80:b"`},
		{resolve, ":80:127.0.0.1", `":80:127.0.0.1"`},
	}
	for _, test := range tests {
		if err := test.parse(test.in); err == nil || !strings.Contains(err.Error(), test.item) {
			t.Errorf("%q: %v does not name %s", test.in, err, test.item)
		}
	}
}

func TestRetryOnReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"408,425,429,5xx,network", "4xx", "501,5xx", "network", "any,!406,!407", "302,3xx",
		"connect,timeout"} {
		r, err := deliver.ParseRetryOn(s)
		if err != nil || r.String() != s {
			t.Errorf("%q became %q, %v", s, r, err)
		}
	}
	if (deliver.RetryOn{Any: true, Statuses: []int{410}}).Status(410) {
		t.Error("410 is in a set")
	}
	if got := deliver.DefaultRetryOn().String(); got != "408,425,429,5xx,network" {
		t.Errorf("default is %q", got)
	}
}

func TestPolicyThatMakesNoSenseEndsTheSequence(t *testing.T) {
	t.Parallel()
	for _, p := range []deliver.Policy{
		{Retries: -1}, {Base: -1}, {MaxDelay: -1}, {Timeout: -1}, {Deadline: -1},
		{Backoff: deliver.Schedule}, {Backoff: deliver.Schedule, Schedule: []time.Duration{-1}}, {Backoff: 9},
		{Speed: -1}, {Speed: math.NaN()}, {Speed: math.Inf(1)}, {Vary: -0.1}, {Vary: 2}, {Vary: math.NaN()},
	} {
		client := status(200)
		for _, err := range (&deliver.Sender{Client: client, Policy: p}).Attempts(t.Context(), hook()) {
			if err == nil || err.Error() != p.Validate().Error() {
				t.Errorf("%+v: %v", p, err)
			}
		}
		if len(client.sent) > 0 {
			t.Errorf("%+v was taken", p)
		}
	}
}
