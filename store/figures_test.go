package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func figures(t *testing.T, h history, f store.Filter) store.Figures {
	t.Helper()
	got, err := h.Figures(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tookFigures(t *testing.T, h history) {
	if got := figures(t, h, store.Filter{Since: noon}); got != (store.Figures{}) {
		t.Errorf("of nothing: %+v", got)
	}
	at := func(n int, x *record.Exchange) *record.Exchange {
		x.Start = noon.Add(time.Duration(n) * time.Minute)
		return x
	}
	retried := at(1, answered(attempt(1, "a.test"), 503))
	retried.NextIn = time.Second
	again := at(1, answered(attempt(2, "a.test"), 200))
	again.Attempt, again.Thread, again.Took = 2, 1, 9*time.Second
	given := at(2, answered(attempt(3, "b.test"), 0))
	cut := at(2, answered(attempt(4, "b.test"), 0))
	cut.Err.Kind, cut.Took = record.FailInterrupted, time.Hour
	running := at(3, attempt(5, "b.test"))
	forged := at(3, answered(hook(6), 401))
	forged.Verdict = record.Verdict{Status: record.Invalid}
	unsigned := at(3, answered(hook(7), 200))
	unsigned.Verdict = record.Verdict{}
	handshake := at(3, answered(hook(8), 401))
	handshake.Handshake, handshake.Verdict = "discord", record.Verdict{Status: record.Invalid}
	for _, x := range []*record.Exchange{retried, again, given, cut, running, forged, unsigned,
		handshake, at(4, hook(9))} {
		keep(t, h, x)
	}
	for name, c := range map[string]struct {
		filter store.Filter
		want   store.Figures
	}{
		"all": {store.Filter{}, store.Figures{Attempts: 3, Retries: 1, P99: 9 * time.Second, Delivered: 1,
			Exhausted: 1, Checked: 2, Invalid: 1}},
		"since": {store.Filter{Since: noon.Add(2 * time.Minute)}, store.Figures{Attempts: 1, P99: 3 * time.Millisecond,
			Exhausted: 1, Checked: 2, Invalid: 1}},
		"until": {store.Filter{Until: noon.Add(time.Minute)},
			store.Figures{Attempts: 2, Retries: 1, P99: 9 * time.Second, Delivered: 1}},
		"an endpoint": {store.Filter{Endpoint: "a.test"},
			store.Figures{Attempts: 2, Retries: 1, P99: 9 * time.Second, Delivered: 1}},
		"endpoints":   {store.Filter{Endpoint: "?.test"}, store.Figures{}},
		"no endpoint": {store.Filter{Endpoint: "c.test"}, store.Figures{}},
		"received":    {store.Filter{Kind: record.Received}, store.Figures{Checked: 2, Invalid: 1}},
		"ids apart": {store.Filter{IDs: []store.Range{{From: 1, To: 1}, {From: 3, To: 3}, {From: 9, To: 9}}},
			store.Figures{Attempts: 2, P99: 3 * time.Millisecond, Exhausted: 1, Checked: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := figures(t, h, c.filter); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// What the tables answer is what going through the exchanges one by one comes to, of whatever there is.
func tookFiguresAsCounted(t *testing.T, h history) {
	random := rand.New(rand.NewPCG(1, 2))
	var xs []*record.Exchange
	for n := range 700 {
		x := attempt(n, []string{"a.test", "b.test"}[random.IntN(2)])
		if random.IntN(3) == 0 {
			x = hook(n)
			x.Verdict = record.Verdict{Status: []record.VerdictStatus{record.Valid, record.Invalid,
				record.Unchecked}[random.IntN(3)]}
			x.EventType, x.Handshake = []string{"invoice.paid", "handshake:x", ""}[random.IntN(3)],
				[]string{"", "x"}[random.IntN(2)]
		}
		x.Start = noon.Add(time.Duration(n)*time.Second + time.Duration(random.IntN(20)-10)*time.Second)
		if random.IntN(9) > 0 {
			answered(x, []int{0, 200, 204, 299, 300, 404, 503}[random.IntN(7)])
			x.Took = time.Duration(random.IntN(1e9))
			if x.Err != nil && random.IntN(2) == 0 {
				x.Err.Kind = record.FailInterrupted
			}
			if x.Kind == record.Sent {
				x.NextIn = time.Duration(random.IntN(2)) * time.Second
				x.Attempt = 1 + random.IntN(3)
			}
		}
		xs = append(xs, x)
	}
	keep(t, h, xs...)
	for range 50 {
		since := noon.Add(time.Duration(random.IntN(700)) * time.Second)
		f := store.Filter{Since: since, Until: since.Add(time.Duration(random.IntN(400)) * time.Second)}
		if random.IntN(2) == 0 {
			f.Endpoint = "a.test"
		}
		if got, want := figures(t, h, f), counted(xs, f); got != want {
			t.Fatalf("%+v:\ngot  %+v\nwant %+v", f, got, want)
		}
	}
}

func counted(xs []*record.Exchange, f store.Filter) (out store.Figures) {
	var took []time.Duration
	for _, x := range xs {
		switch {
		case x.Start.Before(f.Since), x.Start.After(f.Until), f.Endpoint != "" &&
			record.Origin(x.Request.URL) != "http://"+f.Endpoint && record.Origin(x.Request.URL) != "https://"+f.Endpoint:
			continue
		case x.Kind == record.Received:
			if x.Verdict.Status != record.Unchecked && x.Handshake == "" {
				out.Checked++
				if x.Verdict.Status == record.Invalid {
					out.Invalid++
				}
			}
			continue
		case !x.Ended, x.FailureKind() == record.FailInterrupted:
			continue
		}
		out.Attempts++
		took = append(took, x.Took)
		if x.Attempt > 1 {
			out.Retries++
		}
		switch x.Outcome() {
		case record.Delivered:
			out.Delivered++
		case record.Failed:
			out.Exhausted++
		default: // retrying
		}
	}
	if slices.Sort(took); len(took) > 0 {
		out.P99 = took[(len(took)*99+99)/100-1]
	}
	return out
}

func tookFiguresOfTheQueue(t *testing.T, a, b outbox) {
	ctx := context.Background()
	x := hook(1)
	must(t, a.Record(ctx, x))
	put := func(target, order string, at time.Time) *store.Queued {
		q := &store.Queued{Kind: store.Message, Thread: x.ID, Target: target, Order: order, Due: at, Created: at}
		must(t, a.Enqueue(ctx, q))
		return q
	}
	die := func(q *store.Queued, at time.Time) {
		leased, err := a.Lease(ctx, store.LeaseRequest{Kind: store.Message, Target: q.Target, Policy: q.Policy, Owner: "me",
			Want: 100, Now: at, Until: at.Add(time.Minute)})
		must(t, err)
		for _, l := range leased {
			l.State = store.Waiting
			if l.ID == q.ID {
				l.State = store.Dead
			}
			must(t, a.Complete(ctx, "me", l, at))
		}
	}
	const target, other = "http://a.test:8080/in?x", "https://b.test"
	early := put(target, "", noon)
	die(early, noon)
	for n := range 3 { // one whose turn it is, two behind it
		put(target, "k", noon.Add(time.Duration(n)))
	}
	put(other, "", noon.Add(time.Hour))
	late := put(other, "", noon)
	die(late, noon.Add(10*time.Minute))
	must(t, a.Enqueue(ctx, &store.Queued{Kind: store.Forward, Thread: x.ID, Target: target, Due: noon, Created: noon}))
	for name, c := range map[string]struct {
		filter        store.Filter
		waiting, dead int64
	}{
		"all":          {store.Filter{}, 5, 2},
		"since":        {store.Filter{Since: noon.Add(9 * time.Minute)}, 5, 1},
		"until":        {store.Filter{Until: noon.Add(9 * time.Minute)}, 5, 1},
		"an endpoint":  {store.Filter{Endpoint: "a.test:8080"}, 4, 1},
		"without path": {store.Filter{Endpoint: "b.test", Since: noon.Add(9 * time.Minute)}, 1, 1},
		"endpoints":    {store.Filter{Endpoint: "*.test*"}, 5, 2},
		"nobody":       {store.Filter{Endpoint: "a.tes"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := b.Figures(ctx, c.filter)
			must(t, err)
			if got.Waiting != c.waiting || got.Dead != c.dead {
				t.Errorf("%d wait and %d died, want %d and %d", got.Waiting, got.Dead, c.waiting, c.dead)
			}
		})
	}
	open, dead, err := b.QueueGauges(ctx)
	must(t, err)
	if fmt.Sprint(open, dead) != "5 2" {
		t.Errorf("gauges: %d open, %d dead", open, dead)
	}
}
