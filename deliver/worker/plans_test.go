package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
)

// planText returns a plan with the policy of these tests, as it is stored.
func planText(t *testing.T, scheme string) string {
	t.Helper()
	text, err := worker.PolicyText(policy)
	if err != nil {
		t.Fatal(err)
	}
	return `{"policy":` + text + `,"scheme":"` + scheme + `"}`
}

func TestAPlanIsMadeOnceAndHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	slow, quick := planText(t, "slow"), planText(t, "quick")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		made := map[string]int{}
		plans := &worker.Plans{Make: func(_ context.Context, p *worker.Plan, target string) (*signer.Signer,
			*deliver.Client, error) {
			if p.Scheme == "slow" {
				time.Sleep(8 * time.Second)
			}
			mu.Lock()
			defer mu.Unlock()
			made[p.Scheme+" "+target]++
			return &signer.Signer{UUIDs: true}, nil, nil
		}}
		begun := time.Now()
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() {
				m, err := plans.Of(t.Context(), slow, "http://a")
				if err != nil || !m.Signer.UUIDs || m.Policy.Retries != policy.Retries {
					t.Errorf("%+v, %v", m, err)
				}
			})
		}
		synctest.Wait()
		if _, err := plans.Of(t.Context(), quick, "http://b"); err != nil || time.Since(begun) != 0 {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		waiting.Wait()
		if time.Since(begun) != 8*time.Second || made["slow http://a"] != 1 || made["quick http://b"] != 1 {
			t.Errorf("made %v in %v", made, time.Since(begun))
		}
		plans.Close()
	})
}

func TestAPlanThatFailedIsTriedAgainAWhileLater(t *testing.T) {
	t.Parallel()
	plan := planText(t, "")
	synctest.Test(t, func(t *testing.T) {
		lost, n := errors.New("no such variable"), 0
		plans := &worker.Plans{Make: func(context.Context, *worker.Plan, string) (*signer.Signer, *deliver.Client, error) {
			if n++; n == 1 {
				return nil, nil, lost
			}
			return &signer.Signer{}, nil, nil
		}}
		for at, want := range []error{lost, lost, nil, nil, nil, nil} { // what was made stays
			if _, err := plans.Of(t.Context(), plan, ""); !errors.Is(err, want) {
				t.Errorf("after %d × 15 s: %v, want %v", at, err, want)
			}
			time.Sleep(15 * time.Second)
		}
		if n != 2 {
			t.Errorf("made %d times", n)
		}
	})
}

func TestAPlanOfAnotherVersionIsAnError(t *testing.T) {
	t.Parallel()
	plans := &worker.Plans{}
	for text, want := range map[string]string{"no JSON": "cannot read its state in the queue: ",
		`{"policy":7}`: "policy of a queued delivery: "} {
		if _, err := plans.Of(t.Context(), text, ""); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
