package gateway

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// Two listeners on one history know each other's webhooks, and whether they were accepted.
func TestTwoListenersKnowEachOthersWebhooks(t *testing.T) {
	ctx, path := context.Background(), temporary(t)
	a, b := newRecorder(t, path), newRecorder(t, path)
	end := func(g *Gateway, x *record.Exchange, status int) {
		t.Helper()
		x.Ended, x.Response = true, &record.Response{Status: status}
		if err := g.History.Answer(ctx, x); err != nil {
			t.Fatal(err)
		}
		if err := g.History.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	passed := func() *record.Response { return &record.Response{Status: 299} }
	look := func(g *Gateway) { g.looked.Store(0) } // as if a while had passed
	good := keepOne(t, a, received("/in", "good", "{}", "s")).Exchange
	bad := keepOne(t, a, received("/in", "bad", "{}", "t")).Exchange
	bare := keepOne(t, a, received("/in", "", "{}", "u")).Exchange
	end(a, good, 200)
	end(a, bad, 500)
	for i, c := range []struct {
		x      *record.Exchange
		want   string
		status int
	}{
		{received("/in", "new", "{}", "v"), "", 299},
		{received("/in", "good", "{}", "w"), "duplicate 1 ", 200},
		{received("/in", "good", "{ }", "x"), "reused_id 1 ", 299},
		{received("/in", "bad", "{}", "y"), "duplicate 2 ", 299},
		{received("/in", "", "{}", "u"), "duplicate 3 ", 299},
	} {
		look(b)
		if got := keepOne(t, b, c.x).handOnce(ctx, passed); markedAs(c.x) != c.want || got.Status != c.status {
			t.Errorf("%d: marked %q, want %q; answered %d, want %d", i, markedAs(c.x), c.want, got.Status, c.status)
		}
		end(b, c.x, c.status)
	}
	end(a, bare, 200)

	// What was learnt of before its answer was there is asked for again.
	open := keepOne(t, a, received("/in", "open", "{}", "o")).Exchange
	look(b)
	keepOne(t, b, received("/in", "other", "{}", "p"))
	end(a, open, 200)
	copied := keepOne(t, b, received("/in", "open", "{}", "q"))
	if got := copied.handOnce(ctx, passed); got.Status != 200 {
		t.Errorf("accepted by the other one, and answered %d", got.Status)
	}

	// And the other way round, with rows of its own in between.
	look(a)
	if x := keepOne(t, a, received("/in", "new", "{}", "z")).Exchange; markedAs(x) != "duplicate 4 " {
		t.Errorf("marked %q", markedAs(x))
	}
}

// Looking is rare: of many webhooks at once one looks.
func TestAListenerLooksAroundNowAndThen(t *testing.T) {
	g := newRecorder(t, temporary(t))
	at := time.Now().Add(time.Hour)
	g.lookAround(t.Context(), at)
	if g.lookAround(t.Context(), at.Add(lookAgain-1)); g.looked.Load() != at.UnixNano() {
		t.Error("looked again too soon")
	}
	if g.lookAround(t.Context(), at.Add(lookAgain)); g.looked.Load() == at.UnixNano() {
		t.Error("does not look again")
	}
}

// While the server is away each webhook waits for one look at most, and not for those of the webhooks before it.
func TestLooksDoNotAddUpWithoutPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	g := newRecorder(t, server.Database(t))
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	begun, at := time.Now(), time.Now().Add(time.Hour)
	var webhooks sync.WaitGroup
	for i := range 5 {
		webhooks.Go(func() { g.lookAround(context.Background(), at.Add(time.Duration(i)*lookAgain)) })
	}
	webhooks.Wait()
	if took := time.Since(begun); took > 9*lookFor { // a store that is not told to stop tries for 10 s
		t.Errorf("the webhooks waited for %s", took)
	}
}

func BenchmarkLookAround(b *testing.B) {
	g := &Gateway{Window: dedupe.New()}
	g.Window.Loaded()
	g.looked.Store(time.Now().Add(time.Hour).UnixNano())
	for b.Loop() {
		g.lookAround(b.Context(), time.Now())
	}
}
