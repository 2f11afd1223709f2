package web_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// The strip is read in steps: what came since, and again what had no end. It says the same as a page that reads all.
func TestTheStripGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	s := entered(t)
	pulse := func(want string) {
		t.Helper()
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) { // one is shown for a second
			got := s.get("/pulse")
			if strings.Contains(got, want) {
				return
			}
			if time.Now().After(late) {
				t.Fatalf("not %q:\n%s", want, got)
			}
		}
	}
	s.add(received(1))
	pulse("last 5 minutes: 1 message, 0 failed; p50 12ms")
	open := received(2)
	open.Ended, open.Response, open.Took = false, nil, 0
	s.add(open)
	queued := received(3)
	s.add(queued)
	pulse("last 5 minutes: 3 messages, 0 failed; p50 12ms")
	open.Ended, open.Response, open.Took = true, received(2).Response, 900*time.Millisecond
	open.Response.Status = 500
	if err := s.Answer(context.Background(), open); err != nil {
		t.Fatal(err)
	}
	pulse("last 5 minutes: 3 messages, 1 failed; p50 12ms, p95 900ms")
}
