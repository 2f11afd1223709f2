package deliver_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

const api = "https://api.example.com/hooks"

// The attempts that a permit may end with.
var (
	refusing = &deliver.Attempt{Ended: true, Decision: deliver.Retry,
		Exchange: &record.Exchange{Response: &record.Response{Status: 503}}}
	final = &deliver.Attempt{Ended: true, Decision: deliver.Final,
		Exchange: &record.Exchange{Response: &record.Response{Status: 404}}}
	untrusty = &deliver.Attempt{Ended: true, Decision: deliver.Final,
		Exchange: &record.Exchange{Err: &record.Failure{Kind: record.FailTLS}}}
	fine = &deliver.Attempt{Ended: true, Decision: deliver.Delivered,
		Exchange: &record.Exchange{Response: &record.Response{Status: 200}}}
	cutOff = &deliver.Attempt{Ended: true, Decision: deliver.Interrupted, Exchange: &record.Exchange{}}
)

// one takes one permit that must be free.
func one(t *testing.T, l *deliver.Limits, url string) *deliver.Permit {
	t.Helper()
	grant := l.Acquire(url, 1)
	if len(grant.Permits) != 1 {
		t.Fatalf("there is no permit: %+v", grant)
	}
	return grant.Permits[0]
}

func none(t *testing.T, l *deliver.Limits, url string, wait time.Duration, resting bool) {
	t.Helper()
	if grant := l.Acquire(url, 1); len(grant.Permits) != 0 || grant.Wait != wait || grant.Open != resting {
		t.Fatalf("got %+v, want none for %v, resting %v", grant, wait, resting)
	}
}

func TestNoLimitsIsAnyNumber(t *testing.T) {
	var l deliver.Limits
	if grant := l.Acquire(api, 1000); len(grant.Permits) != 1000 || grant.Wait != 0 {
		t.Errorf("%d permits", len(grant.Permits))
	}
}

func TestAnEndpointHasSoManyPlaces(t *testing.T) {
	l := &deliver.Limits{AtOnce: 3}
	first := l.Acquire(api, 2).Permits
	second := l.Acquire("https://api.example.com:443/other", 9).Permits // the same endpoint
	if len(first) != 2 || len(second) != 1 {
		t.Fatalf("%d and %d", len(first), len(second))
	}
	none(t, l, api, 0, false)
	one(t, l, "https://api.example.com:8443/hooks") // another one
	first[0].End(fine)
	one(t, l, api)
	none(t, l, api, 0, false)
}

func TestARateIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &deliver.Limits{Rate: 10}
		one(t, l, api).End(fine)
		none(t, l, api, 100*time.Millisecond, false)
		time.Sleep(100 * time.Millisecond)
		one(t, l, api).End(nil) // nothing was there to be sent, so nothing is used up
		one(t, l, api).End(fine)
		none(t, l, api, 100*time.Millisecond, false)
		begun, sent := time.Now(), 0
		for time.Since(begun) < 10*time.Second {
			grant := l.Acquire(api, 5)
			for _, p := range grant.Permits {
				sent++
				p.End(refusing)
			}
			time.Sleep(max(grant.Wait, time.Millisecond))
		}
		if sent < 99 || sent > 101 {
			t.Errorf("%d in 10 s", sent)
		}
	})
}

func TestAFastRateComesInSmallBursts(t *testing.T) {
	l := &deliver.Limits{Rate: rate.Limit(500)}
	if grant := l.Acquire(api, 1000); len(grant.Permits) != 50 || grant.Wait <= 0 {
		t.Errorf("%d permits, then %v", len(grant.Permits), grant.Wait)
	}
}

func TestABreakerRestsAndThenTriesOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		l := &deliver.Limits{Failures: 3, Cooldown: 30 * time.Second,
			Changed: func(endpoint string, resting bool) { told = append(told, fmt.Sprint(endpoint, " ", resting)) }}
		say := func(what string, want ...string) {
			t.Helper()
			if !slices.Equal(told, want) {
				t.Fatalf("%s: told %v, want %v", what, told, want)
			}
		}
		for _, a := range []*deliver.Attempt{refusing, untrusty, final, refusing, untrusty, nil, cutOff} {
			one(t, l, api).End(a)
		}
		late := one(t, l, api)
		say("two in a row, an answer between them and some that say nothing")
		one(t, l, api).End(refusing)
		say("three in a row", "api.example.com:443 true")
		rest := 30*time.Second + time.Millisecond
		none(t, l, api, rest, true)
		if !l.Open(api) || l.Open("https://other.example.com/") {
			t.Error("which of them rests?")
		}
		late.End(fine) // it began before: what it found is old
		time.Sleep(10 * time.Second)
		none(t, l, api, rest-10*time.Second, true)
		one(t, l, "https://other.example.com/")
		time.Sleep(rest - 10*time.Second)

		probe := one(t, l, api)
		none(t, l, api, 0, true) // one, not more
		probe.End(nil)           // somebody else had taken the webhook
		probe = one(t, l, api)
		probe.End(refusing)
		say("it is still down", "api.example.com:443 true")
		none(t, l, api, rest, true)
		time.Sleep(rest)
		one(t, l, api).End(fine)
		say("it is back", "api.example.com:443 true", "api.example.com:443 false")
		if grant := l.Acquire(api, 9); len(grant.Permits) != 9 {
			t.Errorf("%+v", grant)
		}
	})
}
