package deliver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barbhq/barb/deliver"
)

func TestRetryAfterIsNeverUndercut(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }
	tests := []struct {
		name     string
		values   func() []string
		min, max time.Duration // of the wait; the backoff alone gives 250 ms
		warned   bool
	}{
		{"seconds", func() []string { return []string{"2"} }, 2250 * time.Millisecond, 2250 * time.Millisecond, false},
		{"zero", func() []string { return []string{"0"} }, 250 * time.Millisecond, 250 * time.Millisecond, false},
		{"a date", func() []string { return []string{date(time.Minute)} }, 60 * time.Second, 61 * time.Second, false},
		{"a date that has passed", func() []string { return []string{date(-time.Hour)} }, 250 * time.Millisecond,
			250 * time.Millisecond, false},
		{"negative", func() []string { return []string{"-5"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"a word", func() []string { return []string{"abc"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"an exponent", func() []string { return []string{"1e9"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"hexadecimal", func() []string { return []string{"0x10"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"a fraction", func() []string { return []string{"2.5"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"other digits", func() []string { return []string{"٢"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"eleven digits", func() []string { return []string{"00000000002"} }, 250 * time.Millisecond,
			250 * time.Millisecond, true},
		{"empty", func() []string { return []string{""} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
		{"two of them", func() []string { return []string{"2", "2"} }, 250 * time.Millisecond, 250 * time.Millisecond, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := retryAfter(429, test.values()...)
				s := &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy(), Rand: func() float64 { return 0.5 }}
				first := run(t.Context(), t, s, hook())[0]
				if first.Wait < test.min || first.Wait > test.max || (first.Warning != "") != test.warned {
					t.Errorf("wait %s, warning %q", first.Wait, first.Warning)
				}
				if slept := client.at[1].Sub(client.at[0]); slept != first.Wait {
					t.Errorf("slept %s, said %s", slept, first.Wait)
				}
			})
		})
	}
}

func TestMalformedRetryAfterIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := retryAfter(503, "soon")
		client.answers = []answer{client.answers[0]}
		warnings := 0
		for _, a := range run(t.Context(), t, &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}, hook()) {
			if a.Warning != "" {
				warnings++
			}
		}
		if warnings != 1 || len(client.sent) != 5 {
			t.Errorf("%d warnings in %d attempts", warnings, len(client.sent))
		}
	})
}

func TestRetryAfterOfAFinalAnswerIsNotRead(t *testing.T) {
	t.Parallel()
	client := retryAfter(404, "soon")
	a := run(t.Context(), t, &deliver.Sender{Client: client, Policy: deliver.DefaultPolicy()}, hook())[0]
	if a.Decision != deliver.Final || a.Warning != "" {
		t.Errorf("%s, warning %q", a.Decision, a.Warning)
	}
}

func TestWhatDoesNotFitTheDeadlineEndsAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		client *scripted
		base   time.Duration
		speed  float64
		why    string
	}{
		{"Retry-After", retryAfter(503, "86400"), time.Second, 1, "retry-after 86400s would pass the deadline"},
		{"ten digits of Retry-After", retryAfter(503, "9999999999"), time.Second, 1,
			"retry-after 9223372036s would pass the deadline"},
		{"backoff", status(503), time.Hour, 1, "the next wait of 1h0m0s would pass the deadline"},
		{"a slower backoff", status(503), time.Second, 0.1, "the next wait of 1s (10s) would pass the deadline"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				p := deliver.DefaultPolicy()
				p.Base, p.MaxDelay, p.NoJitter, p.Deadline, p.Speed = test.base, 0, true, 5*time.Second, test.speed
				attempts := run(t.Context(), t, &deliver.Sender{Client: test.client, Policy: p}, hook())
				if a := attempts[0]; a.Decision != deliver.OutOfTime || a.Why != test.why || a.Exchange.NextIn != 0 {
					t.Errorf("%s: %s", a.Decision, a.Why)
				}
				if len(attempts) != 1 || time.Since(start) != 0 {
					t.Errorf("%d attempts in %s", len(attempts), time.Since(start))
				}
			})
		})
	}
}

func TestLongestRetryAfterIsNotUndercutEither(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := deliver.DefaultPolicy()
		p.Base, p.Deadline = time.Hour, 0
		s := &deliver.Sender{Client: retryAfter(503, "9999999999"), Policy: p, Rand: func() float64 { return 0.9 }}
		if a := run(ctx, t, s, hook())[0]; a.Wait < 9223372036*time.Second {
			t.Errorf("wait %s", a.Wait)
		}
	})
}
