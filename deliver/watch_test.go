package deliver_test

import (
	"context"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// once makes the first attempt of a delivery by a policy without retries.
func once(ctx context.Context, t *testing.T, c *deliver.Client, timeout time.Duration, url string) *record.Exchange {
	t.Helper()
	s := &deliver.Sender{Client: c, Policy: deliver.Policy{Timeout: timeout, RetryOn: deliver.DefaultRetryOn()}}
	x := record.Exchange{Request: record.Request{Method: "POST", URL: url, Body: []byte("{}")}}
	for a, err := range s.Attempts(ctx, x) {
		if err != nil {
			t.Fatal(err)
		}
		if a.Ended {
			return a.Exchange
		}
	}
	t.Fatal("no attempt")
	return nil
}

func TestAConnectionIsUsedAgainWhateverBecameOfTheLastContext(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{})
	first, cancel := context.WithCancel(t.Context())
	for once(first, t, c, 100*time.Millisecond, p.url()).Err != nil { // a loaded machine may take longer
	}
	answered, connections := time.Now(), p.connections()
	cancel()
	<-time.After(time.Until(answered.Add(200 * time.Millisecond))) // its time is over, too
	for range 2 {
		second, cancel := context.WithCancel(t.Context())
		if x := once(second, t, c, time.Minute, p.url()); x.Err != nil || p.connections() != connections {
			t.Errorf("%v over %d connections, not %d", x.Err, p.connections(), connections)
		}
		cancel()
	}
}

func TestAContextCutsEachAttemptOfItsRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := listen(t, nil, answers(ok, func(c *talk) { cancel(); _, _ = c.br.ReadByte() }))
	c := newClient(t, deliver.Options{})
	if x := once(ctx, t, c, time.Minute, p.url()); x.Err != nil {
		t.Fatal(x.Err)
	}
	if x := once(ctx, t, c, time.Minute, p.url()); kindOf(x) != record.FailInterrupted || x.Took > 10*time.Second {
		t.Errorf("%v after %s", x.Err, x.Took)
	}
	if p.connections() != 1 {
		t.Errorf("%d connections", p.connections())
	}
}

func TestAnAttemptOnAKeptConnectionHasATimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok, func(c *talk) { _, _ = c.br.ReadByte() }))
	c := newClient(t, deliver.Options{})
	if x := once(t.Context(), t, c, time.Minute, p.url()); x.Err != nil {
		t.Fatal(x.Err)
	}
	if x := once(t.Context(), t, c, 50*time.Millisecond, p.url()); kindOf(x) != record.FailTimeout ||
		x.Took > 10*time.Second || x.Took < 50*time.Millisecond {
		t.Errorf("%v after %s", x.Err, x.Took)
	}
}
