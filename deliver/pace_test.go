package deliver_test

import (
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"pgregory.net/rapid"
)

func TestParseRateKnowsItsForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]deliver.Rate{
		"50/s":    {N: 50, Per: time.Second},
		"1000/s":  {N: 1000, Per: time.Second},
		"5/m":     {N: 5, Per: time.Minute},
		"7/h":     {N: 7, Per: time.Hour},
		"100/5s":  {N: 100, Per: 5 * time.Second},
		"1/500ms": {N: 1, Per: 500 * time.Millisecond},
		"1/1m30s": {N: 1, Per: 90 * time.Second},
		"12/d":    {N: 12, Per: 24 * time.Hour},
		"7/10s":   {N: 7, Per: 10 * time.Second},
	} {
		got, err := deliver.ParseRate(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v %q, %v", text, got, got, err)
		}
	}
	for _, text := range []string{"", "50", "50/", "/s", "0/s", "-1/s", "1.5/s", "50/x", "50/0s", "50/-1s", "50/48h",
		"2000000/s", "1000000/1ns", "50/w", "50/2d", "fast", "5/s/s"} {
		if got, err := deliver.ParseRate(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

// Number i is due at i/rate, whatever the numbers: nothing is rounded twice and nothing overflows.
func TestDueDoesNotDrift(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := deliver.Rate{N: rapid.Int64Range(1, 1e6).Draw(t, "n"),
			Per: time.Duration(rapid.Int64Range(1e6, 864e11).Draw(t, "per"))}
		i := rapid.Int64Range(0, 1e9).Draw(t, "i")
		if whole := r.Due(i); whole > r.Due(i+1) {
			t.Fatalf("%d is due at %s, the next one at %s", i, whole, r.Due(i+1))
		}
		periods := rapid.Int64Range(0, 1000).Draw(t, "periods")
		if got := r.Due(periods * r.N); got != time.Duration(periods)*r.Per {
			t.Fatalf("after %d periods: %s", periods, got)
		}
		r.Burst = rapid.Bool().Draw(t, "burst")
		d := time.Duration(rapid.Int64Range(1, 864e11).Draw(t, "for"))
		if n := r.Within(d); r.Due(n-1) >= d || r.Due(n) < d {
			t.Fatalf("%d within %s: the last at %s, the next at %s", n, d, r.Due(n-1), r.Due(n))
		}
	})
}

func TestABurstComesAtOnce(t *testing.T) {
	t.Parallel()
	r := deliver.Rate{N: 100, Per: 5 * time.Second, Burst: true}
	for i, want := range map[int64]time.Duration{0: 0, 99: 0, 100: 5 * time.Second, 199: 5 * time.Second,
		250: 10 * time.Second} {
		if got := r.Due(i); got != want {
			t.Errorf("%d is due at %s, want %s", i, got, want)
		}
	}
}
