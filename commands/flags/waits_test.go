package flags

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

// policyFor is what the flags come to; each is name=value, and a value behind a ~ stands in barb.toml.
func policyFor(t *testing.T, as string, flags ...string) (deliver.Policy, *Retry) {
	t.Helper()
	f := &Retry{}
	cmd := &cobra.Command{}
	f.AddFlags(cmd)
	weights := map[string]int{}
	set := func(text string) {
		name, value, _ := strings.Cut(text, "=")
		weights[name] = 3
		if plain, weak := strings.CutPrefix(value, "~"); weak {
			weights[name], value = 1, plain
		}
		if name == "as" {
			p, err := provider.Lookup(value)
			if err != nil {
				t.Fatal(err)
			}
			f.Provider = &p
			return
		}
		if err := cmd.Flag(name).Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	if as != "" {
		set("as=" + as)
	}
	for _, text := range flags {
		set(text)
	}
	p, err := f.Policy(func(flag string) int { return weights[flag] })
	if err != nil {
		t.Fatalf("%s %v: %v", as, flags, err)
	}
	return p, f
}

func TestWhoAskedLoudestMakesThePolicy(t *testing.T) {
	t.Parallel()
	type want struct {
		retries  int
		first    time.Duration
		timeout  time.Duration
		deadline time.Duration
		retryOn  string
	}
	const usual = "408,425,429,5xx,network"
	for _, c := range []struct {
		as    string
		flags string
		want  want
	}{
		{"", "", want{4, 500 * time.Millisecond, 15 * time.Second, 5 * time.Minute, usual}},
		{"svix", "", want{7, 5 * time.Second, 15 * time.Second, 0, "any"}},
		{"twilio", "", want{1, 0, 15 * time.Second, 15 * time.Second, "connect"}},
		{"gitlab", "", want{0, 500 * time.Millisecond, 10 * time.Second, 0, "any"}},
		{"gitlab", "retries=2", want{2, 500 * time.Millisecond, 10 * time.Second, 0, "any"}},
		{"slack", "timeout=9s deadline=1h retries=1 retry-on=5xx", want{1, 0, 9 * time.Second, time.Hour, "5xx"}},
		{"slack", "timeout=~9s deadline=~1h retries=~1 retry-on=~5xx backoff=~7s", want{3, 0, 3 * time.Second, 0, "any"}},
		{"~slack", "timeout=~9s", want{3, 0, 9 * time.Second, 0, "any"}},
		{"slack", "backoff=7s,8s", want{2, 7 * time.Second, 3 * time.Second, 0, "any"}},
		{"slack", "backoff=7s,8s retries=5", want{5, 7 * time.Second, 3 * time.Second, 0, "any"}},
		{"slack", "schedule=linear", want{3, time.Minute, 3 * time.Second, 0, "any"}},
		{"slack", "schedule=~linear", want{3, 0, 3 * time.Second, 0, "any"}},
		{"twilio", "schedule=svix", want{7, 5 * time.Second, 15 * time.Second, 0, "connect"}},
		{"", "schedule=svix", want{7, 5 * time.Second, 15 * time.Second, 0, usual}},
		{"", "schedule=1s,2s", want{2, time.Second, 15 * time.Second, 0, usual}},
		{"", "schedule=1s,2s retries=9 deadline=2h", want{9, time.Second, 15 * time.Second, 2 * time.Hour, usual}},
		{"", "schedule=1s,2s retries=~9 deadline=~2h", want{2, time.Second, 15 * time.Second, 0, usual}},
		{"", "schedule=~1s backoff=3s", want{1, 3 * time.Second, 15 * time.Second, 5 * time.Minute, usual}},
		{"", "until-2xx=true", want{math.MaxInt32, 500 * time.Millisecond, 15 * time.Second, 0, "any"}},
		{"", "until-2xx=true deadline=1h retry-on=503", want{math.MaxInt32, 500 * time.Millisecond, 15 * time.Second,
			time.Hour, "503"}},
		{"", "until-2xx=~true retries=1", want{1, 500 * time.Millisecond, 15 * time.Second, 5 * time.Minute, usual}},
		{"shopify", "until-2xx=true", want{math.MaxInt32, 56 * time.Second, 5 * time.Second, 0, "any"}},
	} {
		p, _ := policyFor(t, c.as, strings.Fields(c.flags)...)
		p.NoJitter = true
		got := want{p.Retries, p.Delay(1, 0), p.Timeout, p.Deadline, p.RetryOn.String()}
		if got != c.want {
			t.Errorf("--as %s %s: %+v, want %+v", c.as, c.flags, got, c.want)
		}
	}
	if _, f := policyFor(t, "shopify"); f.ConnectIn != time.Second {
		t.Errorf("shopify has %s to connect", f.ConnectIn)
	}
	if _, f := policyFor(t, "shopify", "connect-timeout=3s"); f.ConnectIn != 3*time.Second {
		t.Errorf("shopify has %s to connect", f.ConnectIn)
	}
	if p, _ := policyFor(t, "", "schedule=standard-webhooks", "speed=10x"); p.Vary != 0.1 || p.Speed != 10 {
		t.Errorf("%+v", p)
	}
}

func TestSpeedsAreNumbersAboveZero(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"1000x": 1000, "10": 10, "0.5x": 0.5, "1e6": 1e6} {
		var v float64
		if err := Speed(&v).Set(text); err != nil || v != want {
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "x", "0", "0x", "-2x", "+2", "NaN", "Inf", "fast", "10xx", "10 x", "1e999"} {
		if err := Speed(new(float64)).Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestOnlyListsAndProvidersThatRetryAreSchedules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"exponential", "linear,1s", "gitlab", "acme", "1s,x", ""} {
		f := Retry{schedule: name}
		if err := f.takeSchedule(func(string) int { return 0 }, &deliver.Policy{}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}
