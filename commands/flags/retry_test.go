package flags

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/deliver"
)

// once returns the flags of a command that makes one attempt by default, and where they were given: each is name=value,
// and a value behind a ~ is a variable's.
func once(t *testing.T, given ...string) (*Retry, Weights) {
	t.Helper()
	f := &Retry{Once: true}
	cmd := &cobra.Command{}
	f.AddFlags(cmd)
	weights := map[string]int{}
	for _, text := range given {
		name, value, _ := strings.Cut(text, "=")
		value, isVariable := strings.CutPrefix(value, "~")
		if weights[name] = typedWeight; isVariable {
			weights[name] = variableWeight
		}
		if err := cmd.Flag(name).Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	return f, func(flag string) int { return weights[flag] }
}

func TestACommandOfOneAttemptMakesMoreWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]int{"": 0, "timeout=1s": 0, "retries=3": 3, "retries=~3": 0, "backoff=1s,2s": 2,
		"backoff=linear": 0, "backoff=~1s,2s": 0, "retries=~3 backoff=linear": 0, "schedule=1s,2s,3s": 3,
		"retries=1 backoff=1s,2s": 1} {
		f, weight := once(t, strings.Fields(given)...)
		if p, err := f.Policy(weight); err != nil || p.Retries != want {
			t.Errorf("%s: %d retries, %v, want %d", given, p.Retries, err, want)
		}
	}
}

func TestFlagsChangePartsOfAQueuedPolicy(t *testing.T) {
	t.Parallel()
	queued := deliver.DefaultPolicy()
	queued.Retries, queued.Timeout, queued.As, queued.Base = 9, time.Minute, "stripe", time.Hour
	for given, want := range map[string]func(*deliver.Policy){
		"":               func(p *deliver.Policy) { p.Retries = 0 },
		"retries=2":      func(p *deliver.Policy) { p.Retries = 2 },
		"retries=~2":     func(p *deliver.Policy) { p.Retries = 0 },
		"timeout=1s":     func(p *deliver.Policy) { p.Retries, p.Timeout = 0, time.Second },
		"timeout=~1s":    func(p *deliver.Policy) { p.Retries = 0 },
		"speed=10":       func(p *deliver.Policy) { p.Retries, p.Speed = 0, 10 },
		"backoff=1s,2s":  func(p *deliver.Policy) { p.Retries, p.Backoff, p.Schedule = 2, deliver.Schedule, waits(1, 2) },
		"backoff=linear": func(p *deliver.Policy) { p.Retries, p.Backoff = 0, deliver.Linear },
	} {
		f, weight := once(t, strings.Fields(given)...)
		expected := queued
		want(&expected)
		got, err := f.Over(queued, weight)
		if err != nil || got.Retries != expected.Retries || got.Timeout != expected.Timeout || got.As != expected.As ||
			got.Speed != expected.Speed || got.Backoff != expected.Backoff || len(got.Schedule) != len(expected.Schedule) ||
			got.Base != expected.Base {
			t.Errorf("%s: %+v, %v, want %+v", given, got, err, expected)
		}
	}
	f, weight := once(t, "until-2xx=true")
	if got, err := f.Over(queued, weight); err != nil || got.Retries < 1000 || !got.RetryOn.Any {
		t.Errorf("%+v, %v", got, err)
	}
}

func waits(seconds ...int) (all []time.Duration) {
	for _, n := range seconds {
		all = append(all, time.Duration(n)*time.Second)
	}
	return all
}
