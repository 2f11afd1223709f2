package worker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver/worker"
)

func TestAPlanIsMadeOnceAndASlowOneHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := map[string]int{}
		plans := worker.Plans[string]{Recheck: 29 * time.Second, Make: func(_ context.Context, text, target string) (string,
			error) {
			asked[text]++
			switch {
			case text == "slow":
				time.Sleep(8 * time.Second)
			case text == "late" && asked[text] == 1:
				return "", errors.New("no secret")
			}
			return text + " for " + target, nil
		}}
		of := func(text string) (string, error) { return plans.Of(t.Context(), text, "a") }
		begun := time.Now()
		for range 2 {
			go func() {
				if got, err := of("slow"); got != "slow for a" || err != nil || time.Since(begun) != 8*time.Second {
					t.Errorf("%q, %v after %s", got, err, time.Since(begun))
				}
			}()
		}
		synctest.Wait()
		if got, err := of("quick"); got != "quick for a" || err != nil || time.Since(begun) > 0 {
			t.Errorf("%q, %v after %s", got, err, time.Since(begun))
		}
		for range 2 {
			if _, err := of("late"); err == nil || asked["late"] != 1 {
				t.Errorf("%v, asked %d times", err, asked["late"])
			}
		}
		var all []string
		plans.Each(func(plan string) { all = append(all, plan) })
		if slices.Sort(all); !slices.Equal(all, []string{"quick for a", "slow for a"}) {
			t.Errorf("made were %q", all)
		}
		time.Sleep(30 * time.Second)
		if got, err := of("late"); got != "late for a" || err != nil {
			t.Errorf("%q, %v when it is asked again", got, err)
		}
		if _, err := of("quick"); err != nil {
			t.Error(err)
		}
		if asked["slow"] != 1 || asked["quick"] != 1 {
			t.Errorf("made again: %v", asked)
		}
	})
}
