package commands

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/flags"
)

func TestAPolicyComesBackFromTheQueueAsItWas(t *testing.T) {
	sh := &shell{settings: map[string]source{"listen.retries": "default"}}
	for _, f := range []flags.Retry{
		{Retries: math.MaxInt32, Backoff: "exponential", Base: time.Second, MaxDelay: 5 * time.Second, Jitter: "full", RetryOn: "5xx,network", Timeout: time.Second, Deadline: 72 * time.Hour, ConnectIn: 1},
		{Retries: 7, Backoff: "1s,2s", Jitter: "none", RetryOn: "503", Timeout: time.Second, Deadline: time.Hour, ConnectIn: 1},
	} {
		want, err := f.Policy(sh.weight)
		if err != nil {
			t.Fatal(err)
		}
		want.Retries = f.Retries
		text, err := policyText(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := policyOf(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "{}", `{"retries":"x"}`} {
		if _, err := policyOf(text); err == nil {
			t.Errorf("%q was taken for a policy", text)
		}
	}
}
