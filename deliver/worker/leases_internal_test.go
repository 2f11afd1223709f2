package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
)

func TestADeadlineThatPassedInTheQueueLeavesOneWholeAttempt(t *testing.T) {
	t.Parallel()
	p := deliver.Policy{Deadline: time.Minute, Timeout: 10 * time.Second}
	if got := LastChance(p, &store.Queued{Created: time.Now()}); got.Deadline != time.Minute {
		t.Errorf("a fresh one has %s", got.Deadline)
	}
	if got := LastChance(p, &store.Queued{Created: time.Now().Add(-time.Hour)}); got.Deadline < time.Hour+10*time.Second {
		t.Errorf("an old one has %s", got.Deadline)
	}
}

func TestALeaseCoversTheAttempt(t *testing.T) {
	t.Parallel()
	now := time.Now()
	long := time.Minute + leaseMargin
	for limit, want := range map[time.Duration]time.Duration{0: LeaseFor, time.Second: LeaseFor, time.Minute: long} {
		if got := leaseUntil(now, limit).Sub(now.Round(0)); got != want {
			t.Errorf("an attempt of %s has a lease for %s, want %s", limit, got, want)
		}
	}
}

func TestALeaseIsHeldUntilItIsReleased(t *testing.T) {
	t.Parallel()
	var l Leases
	q := &store.Queued{ID: 1, Due: time.Now().Add(LeaseFor)}
	if l.extend(q) {
		t.Error("it is held before")
	}
	l.Reserve(q)
	ctx, release := l.Hold(context.Background(), q)
	if !l.extend(q) || len(l.Held()) != 1 || ctx.Err() != nil {
		t.Errorf("held %v, %v", l.Held(), ctx.Err())
	}
	if release(); l.extend(q) || len(l.Held()) != 0 || ctx.Err() == nil {
		t.Errorf("after its release held %v, %v", l.Held(), ctx.Err())
	}
}

// A server that is away is told of once a minute, and its return once.
func TestAnOutageIsToldOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		l := &Leases{Tell: func(e Event) { told = append(told, fmt.Sprint(e.Back, " ", e.Err)) }}
		away := fmt.Errorf("history %w", store.ErrAway)
		for _, err := range []error{nil, away, away, errors.New("full"), away, nil, nil, away} {
			l.trouble(t.Context(), "the queue", err)
		}
		seconds := func(n int, err error) {
			for range n {
				time.Sleep(time.Second)
				l.trouble(t.Context(), "the queue", err)
			}
		}
		seconds(90, away)
		seconds(20, nil)
		seconds(5, away)
		const out = "false the queue: history cannot be reached"
		want := []string{out, "false the queue: full", out, "true <nil>", out}
		if !slices.Equal(told, want) {
			t.Errorf("told  %q\nwanted %q", told, want)
		}
	})
}
