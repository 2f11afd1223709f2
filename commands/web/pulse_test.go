package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/store/record"
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
	pulse("last 5 minutes: 1 webhook, 0 failed; p50 12ms")
	open := received(2)
	open.Ended, open.Response, open.Took = false, nil, 0
	s.add(open)
	queued := received(3)
	s.add(queued)
	pulse("last 5 minutes: 3 webhooks, 0 failed; p50 12ms")
	open.Ended, open.Response, open.Took = true, received(2).Response, 900*time.Millisecond
	open.Response.Status = 500
	if err := s.Answer(context.Background(), open); err != nil {
		t.Fatal(err)
	}
	pulse("last 5 minutes: 3 webhooks, 1 failed; p50 12ms, p95 900ms")
}

// The strip draws p50, p95 and p99 over time, each on one scale, with a gap where nothing came.
func TestTheStripHasThePercentilesOverTime(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for n := range 100 {
		x := received(n)
		x.Took = time.Millisecond
		if n == 98 || n == 99 {
			x.Took = time.Second
		}
		s.add(x)
	}
	old := received(0)
	old.Start, old.Took = noon.Add(-time.Minute), 30*time.Millisecond
	s.add(old)
	text := s.get("/pulse")
	has(t, text, "p50, p95 and p99 over the last 5 minutes, on a logarithmic scale up to 1s",
		`<path class="p50" d="M`, `<path class="p95" d="M`, `<path class="p99" d="M`)
	for name, lines := range map[string]int{"p50": 2, "p99": 2} {
		_, path, _ := strings.Cut(text, `<path class="`+name+`" d="`)
		path, _, _ = strings.Cut(path, `"`)
		if strings.Count(path, "M") != lines {
			t.Errorf("%s: %s", name, path)
		}
		if top := strings.Contains(path, "V1.0H"); top != (name == "p99") {
			t.Errorf("%s reaches the top: %v: %s", name, top, path)
		}
	}
}

// forwardOf is the forward of a webhook to an app that has not answered.
func forwardOf(id int64) *record.Exchange {
	f := received(0)
	f.Start, f.Kind, f.Role, f.Thread, f.Webhook = noon.Add(30*time.Second), record.Sent, record.Forward, id, id
	f.Request.URL, f.Verdict, f.Ended, f.Response, f.Took = "http://127.0.0.1:3000/", record.Verdict{}, false, nil, 0
	return f
}

// A webhook with its forwards is one webhook. A forward that is under way has not failed; one without an end long after
// has.
func TestTheStripCountsWebhooks(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		time.Minute:     "last 5 minutes: 2 webhooks, 1 failed",
		2 * time.Minute: "last 5 minutes: 2 webhooks, 2 failed",
	} {
		s := siteWith(t, newStore(t), func(p *web.Page) { p.Now = func() time.Time { return noon.Add(after) } })
		s.enter()
		bad := received(2)
		bad.Response.Status = 500
		s.add(received(1), bad)
		refused := forwardOf(2)
		refused.Ended, refused.Err = true, &record.Failure{Kind: record.FailRefused}
		s.add(forwardOf(1), refused)
		has(t, s.get("/pulse"), want)
	}
}

// A webhook whose app is at work is under way: nothing about it is known to be bad.
func TestAnAppAtWorkIsNotAFailure(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		time.Minute: `<b class="st c-none">…</b>`,
		time.Hour:   `<b class="st c-bad">… → unknown</b>`,
	} {
		s := siteWith(t, newStore(t), func(p *web.Page) { p.Now = func() time.Time { return noon.Add(after) } })
		s.enter()
		x := received(1)
		x.Ended, x.Response, x.Took = false, nil, 0
		s.add(x, forwardOf(1))
		has(t, s.get("/"), want)
	}
}
